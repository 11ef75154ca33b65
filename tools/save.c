// SPDX-License-Identifier: GPL-2.0
/* vmainfo save: the VMAs of a process as a file, in the form of the module's raw. */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"
#include "process.h"
#include "tool.h"

static const char doc[] =
	"Saves the VMAs of a process to FILE, as the module gives them: for the\n"
	"--from of other commands, for diff, and for other machines. Without the\n"
	"module, what /proc/PID/maps says in the same form.\n"
	"\vFILE is - for stdout, which may not be a terminal. A FILE that is there is\n"
	"replaced when all is written: there is never a part of a listing. It can be\n"
	"read by its owner alone, as it tells what otherwise takes the right to trace\n"
	"the process.";

static const struct argp_option options[] = {
	{ "quiet", 'q', NULL, 0, "No notes on stderr, such as that the module is not loaded", 0 },
	{ }
};

struct arguments {
	const char *process;
	const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		quiet = true;
		break;
	case ARGP_KEY_ARG:
		if (!a->process)
			a->process = arg;
		else if (!a->file)
			a->file = arg;
		else
			argp_error(state, "there is one argument too many: '%s'", arg);
		break;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "a process and a file are wanted");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* 0 or an errno */
static int write_all(int fd, const char *p, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		p += n;
		size -= n;
	}
	return 0;
}

/* A device or a pipe is written to as it is: it must not become a file. */
static void write_special(const char *file, const struct listing *l)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), err;

	if (fd < 0)
		error(exit_failure, errno, "cannot open '%s'", file);
	err = write_all(fd, l->raw, l->raw_size);
	if (!err && close(fd))
		err = errno;
	if (err)
		error(exit_failure, err, "cannot write '%s'", file);
}

/*
 * Under another name in the same directory, until all is written. No signal leaves that behind:
 * they wait, the one for a file that is too large included, which write() reports.
 */
static void write_file(const char *file, const struct listing *l)
{
	/* What a link points to is replaced, not the link. */
	char *target = realpath(file, NULL) ?: xstrdup(file);
	char *name = xmalloc(strlen(target) + sizeof("/.vmainfo-XXXXXX"));
	const char *slash = strrchr(target, '/');
	sigset_t all, old;
	int fd, err;

	sprintf(name, "%.*s.vmainfo-XXXXXX", slash ? (int)(slash + 1 - target) : 0, target);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	/* With mode 0600 */
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		error(exit_failure, errno, "cannot create a file beside '%s'", file);
	err = write_all(fd, l->raw, l->raw_size);
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(name, target))
		err = errno;
	if (err) {
		unlink(name);
		error(exit_failure, err, "cannot write '%s'", file);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(name);
	free(target);
}

int save_command(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "PID|NAME FILE", doc, NULL, NULL, NULL };
	struct arguments a = { };
	struct listing l;
	struct stat st;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!strcmp(a.file, "-") && isatty(STDOUT_FILENO))
		error(exit_failure, 0, "a listing is not for terminals: redirect it, or name a file");
	listing_of(&l, process_find(a.process));
	if (!strcmp(a.file, "-"))
		fwrite(l.raw, 1, l.raw_size, stdout);
	else if (!stat(a.file, &st) && !S_ISREG(st.st_mode))
		write_special(a.file, &l);
	else
		write_file(a.file, &l);
	listing_free(&l);
	return EXIT_SUCCESS;
}
