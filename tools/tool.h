/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of the program vmainfo share: how they are run, how they say what is
 * wrong, and how they print.
 *
 * Each command is a file of its own with a function of its name; it parses its own options with
 * argp. Errors go to stderr by error(3), "vmainfo: what: why", and end the program with
 * exit_failure, as those of coreutils do.
 */
#ifndef TOOL_H
#define TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* The commands. Each gets its own name in argv[0], for its messages, and returns an exit status. */
int show_command(int argc, char **argv);
int draw_command(int argc, char **argv);
int top_command(int argc, char **argv);
int watch_command(int argc, char **argv);
int save_command(int argc, char **argv);
int diff_command(int argc, char **argv);
int export_command(int argc, char **argv);

/* EXIT_FAILURE, unless a command says that this has another meaning there: diff. */
extern int exit_failure;

/*
 * A sentence on stderr that is no error, "vmainfo: ...", unless the user said
 * --quiet, or it would be the same as the last one.
 */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern bool quiet;

/* malloc() and the like that end the program if there is no memory. */
void *xmalloc(size_t size);
void *xreallocarray(void *old, size_t nr, size_t size);
char *xstrdup(const char *text);

/*
 * Whether two words are the same, apart from the case of ASCII letters.
 * strcasecmp() depends on the locale: in a Turkish one, "i" and "I" are two
 * letters.
 */
bool same_word(const char *a, const char *b);

/*
 * -h: a child of the argp of each command, for argp itself has only -? and
 * --help.
 */
extern const struct argp help_argp;

/*
 * The argument of --color, which may be NULL. Anything unknown ends the
 * program.
 */
enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum colour parse_colour(const struct argp_state *state, const char *when);

/*
 * Whether to write colours to @out: with COLOUR_AUTO if it is a terminal that can show some, and
 * the environment has no NO_COLOR (no-color.org).
 */
bool use_colour(enum colour colour, FILE *out);

/*
 * A number as the kernel prints it, in base 10 or 16: digits, lower case, no
 * sign. Moves *@text behind it; false if there is none, or it is more than
 * @max.
 */
bool parse_digits(char **text, unsigned int base, uint64_t max, uint64_t *value);

/* Numbers as arguments have them; false if it is not one, from 0 to @max, and nothing else. */
bool parse_decimal(const char *text, uint64_t max, uint64_t *value);
/*
 * A number from @min to @max, with or without a fraction: "2", "0.5", ".5"; in
 * any locale.
 */
bool parse_number(const char *text, double min, double max, double *value);
/* An address: hexadecimal, with or without 0x. */
bool parse_address(const char *text, uint64_t *address);

/*
 * A size for people, rounded, in at most 6 characters: "4 K", "1.5 M", "128 T": the units of
 * ls -h. Returns @buf.
 */
#define SIZE_TEXT 12
char *size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* How many bytes the character of UTF-8 has that @text begins with; 0 if it is none. */
size_t utf8_length(const char *text);
/* Whether that is one that a terminal obeys. */
bool is_control(const char *text);

/*
 * A name is any bytes that somebody chose, and a terminal obeys some of them: they are
 * printed as '?', as ls does, and so is what is no UTF-8, or all above ASCII where the locale has
 * another encoding. Returns how many columns were printed.
 */
int print_name(FILE *out, const char *name);
/*
 * The same in memory, with as many bytes as the name has; ends the program if there is no memory.
 * To be freed.
 */
char *printable(const char *name);

/*
 * Writes what was printed so far to stdout. Ends the program with an error if
 * any of it is lost. Commands that print again and again call this; for the
 * others, it is done at exit.
 */
void flush_output(void);

/*
 * Waits until @fd is readable, or for @ms milliseconds; true if it is readable.
 * @fd can be -1. Ends the program if nobody can read its output any more: by
 * SIGPIPE if stdout is a pipe, otherwise with an error.
 */
bool wait_readable(int fd, int ms);

/*
 * All of a text of at most @max bytes, from where @fd stands; NULL with errno if it cannot be read,
 * EFBIG if there is more. To be freed.
 */
char *read_text(int fd, size_t max);

/*
 * All of @data is in @file then, with @mode, or the program ends with an error and @file is what it
 * was: it is written under another name in the same directory, which no signal leaves behind. A
 * link is replaced, never what it points to: it can be somebody else's.
 */
void replace_file(const char *file, const void *data, size_t size, mode_t mode);
/*
 * The same with a mode of 0600, for what has addresses. A file that is not a
 * regular one is written to, if it belongs to the user or to root, or if @file
 * is the path of an open file, such as /dev/stdout.
 */
void write_private(const char *file, const void *data, size_t size);

#endif /* TOOL_H */
