// SPDX-License-Identifier: GPL-2.0
/* vmainfo save: the VMAs of a process as a file, in the form of the module's raw. */
#include "listing.h"
#include "process.h"

static const char doc[] =
	"Saves the VMAs of a process to FILE, in the form of the module's raw, for\n"
	"--from of other commands, diff, and other machines. - is stdout.\n"
	"\vA FILE that exists, or a link, is replaced atomically. Its mode is 0600. A pipe\n"
	"or a device is written to, if it belongs to the user or to root.";

int save_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &process_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		NULL, NULL, "PID|NAME FILE", doc, children, NULL, NULL
	};
	const char *file;
	struct listing l;

	operands = (struct operands){
		.min = 2, .max = 2, .what = "a process and a file are needed",
	};
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	file = operands.list[1];
	if (!strcmp(file, "-") && isatty(STDOUT_FILENO))
		error(exit_failure, 0, "a listing is not for terminals: redirect it, or name a file");
	listing_of(&l, process_find(operands.list[0]));
	if (!strcmp(file, "-"))
		fwrite(l.raw, 1, l.raw_size, stdout);
	else
		write_private(file, l.raw, l.raw_size);
	listing_free(&l);
	return EXIT_SUCCESS;
}
