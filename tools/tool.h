/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of the program vmainfo share. Each command is a file of its
 * own with a function of its name, which parses its options with argp. Errors
 * go to stderr by error(3) and end the program with exit_failure. All headers
 * here include this one, and so what most of the files need of the C library.
 */
#ifndef TOOL_H
#define TOOL_H

#include <argp.h>
#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* The commands. Each gets its own name in argv[0] and returns an exit status. */
int show_command(int argc, char **argv);
int draw_command(int argc, char **argv);
int why_command(int argc, char **argv);
int top_command(int argc, char **argv);
int watch_command(int argc, char **argv);
int save_command(int argc, char **argv);
int diff_command(int argc, char **argv);
int check_command(int argc, char **argv);
int export_command(int argc, char **argv);

/* EXIT_FAILURE, or what diff uses instead. */
extern int exit_failure;

/* --quiet */
extern bool quiet;

/* Prints a sentence on stderr, unless @quiet is set. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * What argp_parse() of the command accepts beside options. @what says in errors
 * what is needed.
 */
extern struct operands {
	unsigned int min, max;
	const char *what;
	char *list[2];
	unsigned int nr;	/* of @list */
} operands;

/* ---- options of several commands, as children of their argp ---- */

extern const struct argp help_argp;	/* operands, and -h: argp has only -? and --help */
extern const struct argp quiet_argp;	/* --quiet, and help_argp */
extern const struct argp colour_argp;	/* --color */

/* Whether stdout has colours: --color, its terminal and NO_COLOR tell. */
bool use_colour(void);

/* ---- memory: these end the program if an allocation fails ---- */

void *xmalloc(size_t size);
void *xreallocarray(void *old, size_t nr, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

FILE *xopen_memstream(char **text, size_t *size);

/* Makes space for one more element in an array of @nr that was made only by this. */
void *array_grow(void *array, size_t nr, size_t size);

/* A buffer that grows */
struct bytes {
	char *p;		/* from malloc(), to be freed */
	size_t size;		/* bytes in use */
	size_t capacity;	/* bytes that are allocated */
};

void bytes_add(struct bytes *b, const void *p, size_t size);

/*
 * Adds the content of @fd and a NUL, which is not counted. Stops early if
 * @goes_on, which may be NULL, returns false. Returns 0, or an errno and an
 * empty buffer.
 */
int bytes_read(struct bytes *b, int fd, bool (*goes_on)(const struct bytes *b));
/* Opens a file, "-" for stdin, or ends the program. */
int file_open(const char *file);
/* bytes_read() from such a file, or ends the program. */
void file_read(struct bytes *b, const char *file, bool (*goes_on)(const struct bytes *b));

/* ---- words and numbers ---- */

/* Whether two words are the same, apart from the case of ASCII letters */
bool same_word(const char *a, const char *b);

/*
 * A number as the kernel prints it, in base 10 or 16: digits, lower case, no
 * sign. Moves *@text to its end. Fails if there is no digit, or if the number
 * is larger than @max.
 */
bool parse_digits(char **text, unsigned int base, uint64_t max, uint64_t *value);

/* Arguments: false if @text is anything else than one number from 0 to @max. */
bool parse_decimal(const char *text, uint64_t max, uint64_t *value);
/* From @min to @max, possibly with a fraction, in any locale: "2", "0.5", ".5". */
bool parse_number(const char *text, double min, double max, double *value);
/* Hexadecimal, with or without 0x. */
bool parse_address(const char *text, uint64_t *address);

/* A rounded size with a unit, in at most 6 characters: "4 K", "1.5 M". Returns @buf. */
#define SIZE_TEXT 12
char *size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* The time, by RFC 3339, in ms. Returns @buf. */
#define TIME_TEXT 64
char *time_text(char buf[TIME_TEXT]);

/* ---- names ---- */

/*
 * A name can be any bytes. All output, except --maps to a file, shows it by
 * this function: each byte of a control character, and each byte that is not
 * part of valid UTF-8, becomes \xHH. A backslash before an x becomes \x5c, so
 * the bytes can be told from the text. The format's own escapes (of quotes in
 * CSV and JSON, for example) come on top. The result is to be freed.
 *
 * @flags: TEXT_UTF8: the output is UTF-8. Otherwise the locale decides, and all
 *	above ASCII is \xHH in a locale without UTF-8.
 *	TEXT_NO_BLANKS: spaces are \x20.
 */
enum { TEXT_UTF8 = 1, TEXT_NO_BLANKS = 2 };
char *printable(const char *name, unsigned int flags);

/* Prints that, with @escape before characters of @special, or without */
void print_escaped(FILE *out, const char *name, unsigned int flags, const char *special,
		   char escape);
void print_name(FILE *out, const char *name);

/* Whether a byte begins a character of UTF-8. */
static inline bool is_first_byte(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Decodes a character of UTF-8. Returns its number of bytes; 0 if it is not valid. */
size_t utf8_decode(const char *text, wchar_t *c);

/* The columns of the terminal that a printable() text takes, and its next character */
int text_width(const char *text);
int next_width(const char *text, size_t *bytes);

bool locale_is_utf8(void);

/* ---- input and output ---- */

/*
 * Writes what was printed so far to stdout. Ends the program with an error if
 * any of it is lost. Commands that run for long call this; for the others, it
 * is done at exit.
 */
void flush_output(void);

/*
 * Waits until @fd is readable, or for @ms milliseconds; true if it is readable.
 * @fd can be -1. Ends the program if nobody can read its output any more: by
 * SIGPIPE if stdout is a pipe, otherwise with an error.
 */
bool wait_readable(int fd, int ms);

struct stat;

/* Whether a file belongs to the user of this process, or to root */
bool is_ours_or_roots(const struct stat *st);

/*
 * Replaces @file atomically by a file with this content and @mode. A symbolic
 * link is replaced, not its target. Ends the program with an error and leaves
 * @file as it was if that fails. No signal can leave the temporary file behind.
 */
void replace_file(const char *file, const void *data, size_t size, mode_t mode);
/*
 * The same with mode 0600, for addresses. If @file is not a regular file, it is
 * written to: it must belong to the user or to root, or be the path of an open
 * file, such as /dev/stdout.
 */
void write_private(const char *file, const void *data, size_t size);

#endif /* TOOL_H */
