// SPDX-License-Identifier: GPL-2.0
/* vmainfo: its commands, and what they share */
#include <ctype.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>

#include "tool.h"
#include "../include/version.h"

int exit_failure = EXIT_FAILURE;

struct operands operands;

bool quiet;
static enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;

enum { KEY_COLOUR = 1024 };

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "show", show_command, "the VMAs of a process, as a listing, JSON, CSV or as in maps" },
	{ "draw", draw_command, "its whole address space, in the terminal, a page or a picture" },
	{ "watch", watch_command, "what is mapped, unmapped and changed from now on" },
	{ "save", save_command, "its VMAs to a file, for the other commands and machines" },
	{ "diff", diff_command, "what differs between two files, or processes" },
	{ "why", why_command, "why it has so many VMAs: what they are, and why they do not merge" },
	{ "top", top_command, "the processes that are nearest to the limit of VMAs" },
	{ "check", check_command, "whether a process is near it, as a monitoring plugin" },
	{ "export", export_command, "the numbers of top for Prometheus, as OpenMetrics text" },
};

/* ---- memory ---- */

void *xreallocarray(void *old, size_t nr, size_t size)
{
	void *p = reallocarray(old, nr ?: 1, size);

	if (!p)
		error(exit_failure, errno, "%zu times %zu bytes", nr, size);
	return p;
}

void *xmalloc(size_t size)
{
	return xreallocarray(NULL, size, 1);
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		error(exit_failure, errno, "%s", format);
	va_end(args);
	return text;
}

FILE *xopen_memstream(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		error(exit_failure, errno, "memory");
	return out;
}

/* The array is full when @nr is a power of two. */
void *array_grow(void *array, size_t nr, size_t size)
{
	return nr & (nr - 1) ? array : xreallocarray(array, nr ? 2 * nr : 1, size);
}

static void bytes_reserve(struct bytes *b, size_t more)
{
	if (b->capacity - b->size >= more)
		return;
	b->capacity = b->size + more > 2 * b->capacity ? b->size + more : 2 * b->capacity;
	b->p = xreallocarray(b->p, b->capacity, 1);
}

void bytes_add(struct bytes *b, const void *p, size_t size)
{
	bytes_reserve(b, size);
	memcpy(b->p + b->size, p, size);
	b->size += size;
}

/* ---- options of several commands ---- */

void note(const char *format, ...)
{
	va_list args;

	if (quiet)
		return;
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case 'q':
		quiet = true;
		return 0;
	case KEY_COLOUR:
		if (!arg || !strcmp(arg, "always"))
			colour = COLOUR_ALWAYS;
		else if (!strcmp(arg, "never"))
			colour = COLOUR_NEVER;
		else if (!strcmp(arg, "auto"))
			colour = COLOUR_AUTO;
		else
			argp_error(state, "invalid argument for --color: '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (!operands.max)
			return ARGP_ERR_UNKNOWN;
		if (operands.nr == operands.max)
			argp_error(state, "extra operand '%s': %s", arg, operands.what);
		operands.list[operands.nr++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (operands.nr < operands.min)
			argp_error(state, "missing operand: %s", operands.what);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp help_argp = {
	.options = (const struct argp_option[]){ { NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0 }, { } },
	.parser = parse_common,
};

const struct argp quiet_argp = {
	.options = (const struct argp_option[]){
		{ "quiet", 'q', NULL, 0,
		  "No notes on stderr, such as that the module is not loaded", 8 },
		{ }
	},
	.parser = parse_common,
	.children = (const struct argp_child[]){ { &help_argp, 0, NULL, 0 }, { } },
};

const struct argp colour_argp = {
	.options = (const struct argp_option[]){
		{ "color", KEY_COLOUR, "WHEN", OPTION_ARG_OPTIONAL,
		  "Colours: always, never, or auto, the default: on a terminal, unless NO_COLOR is set",
		  8 },
		{ }
	},
	.parser = parse_common,
};

bool use_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") && isatty(STDOUT_FILENO);
}

/* ---- words and numbers ---- */

bool same_word(const char *a, const char *b)
{
	/* Always the same object, which needs no memory */
	return !strcasecmp_l(a, b, newlocale(LC_ALL_MASK, "C", NULL));
}

bool parse_digits(char **text, unsigned int base, uint64_t max, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	char *p = *text;

	for (*value = 0; *p && (digit = memchr(digits, *p, base)); p++)
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit - digits, value) || *value > max)
			return false;
	if (p == *text)
		return false;
	*text = p;
	return true;
}

bool parse_decimal(const char *text, uint64_t max, uint64_t *value)
{
	char *end = (char *)text;
	uint64_t parsed;

	if (!parse_digits(&end, 10, max, &parsed) || *end)
		return false;
	*value = parsed;
	return true;
}

/* The locale of numbers is always "C". Signs and exponents are not accepted. */
bool parse_number(const char *text, double min, double max, double *value)
{
	char *end;
	const double parsed = strtod(text, &end);

	if (text[strspn(text, "0123456789.")] || end == text || *end ||
	    !(parsed >= min && parsed <= max))
		return false;
	*value = parsed;
	return true;
}

bool parse_address(const char *text, uint64_t *address)
{
	uintmax_t parsed;
	char *end;

	errno = 0;
	parsed = strtoumax(text, &end, 16);
	if (!isxdigit((unsigned char)*text) || errno || *end)
		return false;
	*address = parsed;
	return true;
}

/* Rounded; 53 bits are enough for three digits. */
char *size_text(char buf[SIZE_TEXT], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0, tenths;
	double value = bytes;

	while (value >= 1023.5) {
		value /= 1024;
		unit++;
	}
	tenths = value * 10 + 0.5;
	if (tenths < 100 && tenths % 10)
		snprintf(buf, SIZE_TEXT, "%u.%u %c", tenths / 10, tenths % 10, units[unit]);
	else
		snprintf(buf, SIZE_TEXT, "%.0f %c", value, units[unit]);
	return buf;
}

char *time_text(char buf[TIME_TEXT])
{
	char text[TIME_TEXT / 2], zone[8];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%FT%T", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(buf, TIME_TEXT, "%s.%03d%.3s:%s", text, (int)(now.tv_nsec / 1000000), zone,
		 zone + 3);
	return buf;
}

/* ---- names ---- */

size_t utf8_decode(const char *text, wchar_t *c)
{
	/* By the length: characters below are overlong. */
	static const wchar_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char first = *text;
	const size_t len = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 :
			   first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	size_t i;

	*c = len > 1 ? first & 0x7f >> len : first;
	for (i = 1; i < len; i++) {
		if (is_first_byte(text[i]))
			return 0;
		*c = *c << 6 | (text[i] & 0x3f);
	}
	/* Surrogates are not characters. */
	return *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : len;
}

int next_width(const char *text, size_t *bytes)
{
	wchar_t c;
	int width;

	*bytes = utf8_decode(text, &c) ?: 1;
	width = wcwidth(c);
	return width < 0 ? 1 : width;
}

int text_width(const char *text)
{
	int width = 0;
	size_t bytes;

	for (; *text; text += bytes)
		width += next_width(text, &bytes);
	return width;
}

bool locale_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

char *printable(const char *name, unsigned int flags)
{
	const bool utf8 = flags & TEXT_UTF8 || locale_is_utf8();
	char *text = xreallocarray(NULL, strlen(name) + 1, 4), *to = text;
	bool is_plain;
	size_t len, i;
	wchar_t c;

	for (; *name; name += len) {
		len = utf8_decode(name, &c);
		if (len == 1)
			is_plain = c >= 0x20 && c < 0x7f && !(c == '\\' && name[1] == 'x') &&
				   !(c == ' ' && flags & TEXT_NO_BLANKS);
		else	/* U+0080 to U+009F are control characters. */
			is_plain = len && utf8 && c >= 0xa0;
		len = len ?: 1;
		if (is_plain)
			to = mempcpy(to, name, len);
		for (i = 0; i < len && !is_plain; i++)
			to += sprintf(to, "\\x%02x", (unsigned char)name[i]);
	}
	*to = 0;
	return text;
}

void print_escaped(FILE *out, const char *name, unsigned int flags, const char *special,
		   char escape)
{
	char *text = printable(name, flags), *p;

	for (p = text; *p; p++) {
		if (strchr(special, *p))
			putc_unlocked(escape, out);
		putc_unlocked(*p, out);
	}
	free(text);
}

void print_name(FILE *out, const char *name)
{
	print_escaped(out, name, 0, "", 0);
}

/* ---- files ---- */

/* The first read() asks for this, later ones for more. */
#define READ_SIZE (64 << 10)

int bytes_read(struct bytes *b, int fd, bool (*goes_on)(const struct bytes *b))
{
	ssize_t n;
	int err;

	do {
		bytes_reserve(b, READ_SIZE + 1);
		n = read(fd, b->p + b->size, b->capacity - b->size - 1);
		b->size += n > 0 ? n : 0;
		b->p[b->size] = 0;
	} while ((n > 0 && (!goes_on || goes_on(b))) || (n < 0 && errno == EINTR));
	if (n >= 0)
		return 0;
	err = errno;
	free(b->p);
	memset(b, 0, sizeof(*b));
	return err;
}

int file_open(const char *file)
{
	const int fd = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

	if (fd < 0)
		error(exit_failure, errno, "cannot open '%s'", file);
	return fd;
}

void file_read(struct bytes *b, const char *file, bool (*goes_on)(const struct bytes *b))
{
	const int fd = file_open(file);
	int err;

	err = bytes_read(b, fd, goes_on);
	if (err)
		error(exit_failure, err, "cannot read '%s'", file);
	if (fd != STDIN_FILENO)
		close(fd);
}

/* Returns 0 or an errno. */
static int write_all(int fd, const char *p, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		p += n;
		size -= n;
	}
	return 0;
}

bool is_ours_or_roots(const struct stat *st)
{
	return st->st_uid == geteuid() || !st->st_uid;
}

/* Whether the path is that of a file descriptor in the directory, which ends in '/' */
static bool is_fd_in(const char *dir, const char *path, uint64_t *fd)
{
	return !strncmp(path, dir, strlen(dir)) &&
	       parse_decimal(path + strlen(dir), INT32_MAX, fd);
}

/*
 * The file descriptor that a path such as /dev/stdout or /dev/fd/63 stands for,
 * or -1. Whoever started the program has opened it, so its owner does not
 * matter. These links are not replaced, because other programs need them. A
 * link of another user is not trusted.
 */
static int named_fd(const char *file)
{
	static const char * const dirs[] = { "/proc/self/fd/", "/dev/fd/" };
	char target[64];
	struct stat st;
	uint64_t fd;
	ssize_t n;
	size_t i;

	if (lstat(file, &st) || !S_ISLNK(st.st_mode) || !is_ours_or_roots(&st))
		return -1;
	n = readlink(file, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (is_fd_in(dirs[i], file, &fd) || is_fd_in(dirs[i], target, &fd))
			return fd;
	return -1;
}

void replace_file(const char *file, const void *data, size_t size, mode_t mode)
{
	const char *slash = strrchr(file, '/');
	sigset_t all, old;
	char *name;
	int fd, err;

	if (named_fd(file) >= 0)
		error(exit_failure, 0, "'%s' is an open file, which cannot be replaced", file);
	name = xasprintf("%.*s.vmainfo-XXXXXX", slash ? (int)(slash + 1 - file) : 0, file);
	/* Signals wait, including SIGXFSZ: write() reports that error. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	/* With mode 0600, which some file systems cannot change */
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		error(exit_failure, errno, "cannot create a file beside '%s'", file);
	err = write_all(fd, data, size);
	/* Regardless of the umask */
	if (!err && mode != 0600 && fchmod(fd, mode))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(name, file))
		err = errno;
	if (err) {
		unlink(name);
		error(exit_failure, err, "cannot write '%s'", file);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(name);
}

/*
 * Opens a file that is not a regular one. Returns -1 if @file is one, or a link
 * to one, or does not exist: then it is to be replaced. A file of another user,
 * or a link, could make root write to any device, so it is an error. O_PATH
 * pins the file, so the file that is checked is the file that is opened.
 */
static int open_special(const char *file)
{
	struct stat st, target;
	char path[32];
	int fd, pinned;

	fd = named_fd(file);
	if (fd >= 0) {
		if (fstat(fd, &st))
			error(exit_failure, errno, "cannot write '%s'", file);
		return S_ISREG(st.st_mode) ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	pinned = open(file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (pinned < 0)
		return -1;
	if (fstat(pinned, &st))
		error(exit_failure, errno, "'%s'", file);
	if (S_ISREG(st.st_mode) ||
	    (S_ISLNK(st.st_mode) && (stat(file, &target) || S_ISREG(target.st_mode)))) {
		close(pinned);
		return -1;
	}
	if (S_ISLNK(st.st_mode))
		error(exit_failure, 0,
		      "'%s' is a link to what is not a regular file: it is not followed, name that itself",
		      file);
	if (!is_ours_or_roots(&st))
		error(exit_failure, 0,
		      "'%s' is not a regular file and belongs to another user (%u): name another file",
		      file, st.st_uid);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pinned);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		error(exit_failure, errno, "cannot open '%s'", file);
	close(pinned);
	return fd;
}

void write_private(const char *file, const void *data, size_t size)
{
	const int fd = open_special(file);
	sighandler_t sigpipe;
	int err;

	if (fd < 0) {
		replace_file(file, data, size, 0600);
		return;
	}
	/* This pipe is not stdout, see ignore_sigpipe(). */
	sigpipe = signal(SIGPIPE, SIG_IGN);
	err = write_all(fd, data, size);
	if (close(fd) && !err)
		err = errno;
	if (err)
		error(exit_failure, err, "cannot write '%s'", file);
	signal(SIGPIPE, sigpipe);
}

/* ---- stdout ---- */

/* Ends the program. If @err is 0, another write tells the error. */
static void __attribute__((noreturn)) output_lost(int err)
{
	if (!err && write(STDOUT_FILENO, "\n", 1) < 0)
		err = errno;
	error(0, err, "write error");
	/* exit() would call close_stdout(), which would report the error again. */
	_exit(exit_failure);
}

void flush_output(void)
{
	const bool failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) || failed)
		output_lost(errno);
}

/* Runs at exit, also if argp calls exit(). */
static void close_stdout(void)
{
	flush_output();
	/* NFS can report here that the disk is full. */
	if (fclose(stdout)) {
		error(0, errno, "write error");
		_exit(exit_failure);
	}
}

bool wait_readable(int fd, int ms)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		/* Without events, this is POLLERR, POLLHUP and POLLNVAL. */
		{ .fd = STDOUT_FILENO },
	};

	if (poll(fds, 2, ms) < 0 && errno != EINTR)
		error(exit_failure, errno, "cannot wait");
	if (fds[1].revents)
		output_lost(0);
	return fds[0].revents;
}

/*
 * SIGPIPE ends the program without a message if stdout is a pipe, as users expect
 * ("vmainfo ... | head"). Otherwise write() fails with EPIPE.
 */
static void ignore_sigpipe(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) || !S_ISFIFO(st.st_mode))
		signal(SIGPIPE, SIG_IGN);
}

/*
 * No file that is opened later becomes stdin, stdout or stderr. Using one that
 * was closed stays an error: it is opened for the other direction.
 */
static void open_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			error(exit_failure, errno, "/dev/null");
	}
}

static void help(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: vmainfo COMMAND [OPTION...] [ARGUMENT...]\n"
		"The virtual memory areas (VMAs) of processes, from the kernel module vmainfo, or\n"
		"from /proc/PID/maps where it is not loaded.\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'vmainfo COMMAND -h' or '--help' shows its options, vmainfo(1) the rest.\n");
}

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "vmainfo %s\n", VMAINFO_RELEASE);
}

int main(int argc, char **argv)
{
	size_t i;

	program_invocation_name = "vmainfo";
	/* For names. Messages are in English, and numbers have a point. */
	setlocale(LC_CTYPE, "");
	open_standard_files();
	ignore_sigpipe();
	atexit(close_stdout);
	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_FAILURE;
	if (argc < 2) {
		help(stderr);
		return EXIT_FAILURE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "-?") ||
	    !strcmp(argv[1], "help")) {
		help(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print_version(stdout, NULL);
		return EXIT_SUCCESS;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		/* The prefix of the messages of argp */
		argv[1] = xasprintf("vmainfo %s", commands[i].name);
		return commands[i].run(argc - 1, argv + 1);
	}
	error(0, 0, "there is no command '%s'", argv[1]);
	if (argv[1][strspn(argv[1], "0123456789")])
		fprintf(stderr, "Try 'vmainfo --help' for more information.\n");
	else
		fprintf(stderr, "Try 'vmainfo show %s', or 'vmainfo --help' for more information.\n",
			argv[1]);
	return EXIT_FAILURE;
}
