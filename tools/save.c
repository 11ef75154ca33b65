// SPDX-License-Identifier: GPL-2.0
/* vmainfo save: the VMAs of a process as a file, in the form of the module's raw. */
#include "listing.h"
#include "process.h"

static const char doc[] =
	"Saves the VMAs of a process to FILE, in the form of the module's raw, for\n"
	"--from of other commands, diff, and other machines. - is stdout.\n"
	"\vA FILE that exists, or a link, is replaced atomically. Its mode is 0600. A pipe\n"
	"or a device is written to, if it belongs to the user or to root.";

struct arguments {
	const char *process;
	const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!a->process)
			a->process = arg;
		else if (!a->file)
			a->file = arg;
		else
			argp_error(state, "extra operand '%s'", arg);
		break;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "missing operand: a process and a file are needed");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int save_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &process_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		NULL, parse, "PID|NAME FILE", doc, children, NULL, NULL
	};
	struct arguments a = { };
	struct listing l;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!strcmp(a.file, "-") && isatty(STDOUT_FILENO))
		error(exit_failure, 0, "a listing is not for terminals: redirect it, or name a file");
	listing_of(&l, process_find(a.process));
	if (!strcmp(a.file, "-"))
		fwrite(l.raw, 1, l.raw_size, stdout);
	else
		write_private(a.file, l.raw, l.raw_size);
	listing_free(&l);
	return EXIT_SUCCESS;
}
