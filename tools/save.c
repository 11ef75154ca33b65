// SPDX-License-Identifier: GPL-2.0
/* vmainfo save: the VMAs of a process as a file, in the form of the module's raw. */
#include "listing.h"
#include "memory.h"
#include "process.h"

static const char doc[] =
	"Saves the VMAs of a process to FILE, in the form of the module's raw, for\n"
	"--from of other commands, diff, and other machines. - is stdout.\n"
	"\vA FILE that exists, or a link, is replaced atomically. Its mode is 0600. A pipe\n"
	"or a device is written to, if it belongs to the user or to root.";

static const struct argp_option options[] = {
	{ "memory", 'x', NULL, 0,
	  "Also save how much of each VMA is in memory. Reads /proc/PID/smaps, which delays the process",
	  1 },
	{ }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != 'x')
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

int save_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &process_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		options, parse, "PID|NAME FILE", doc, children, NULL, NULL
	};
	bool memory = false;
	const char *file;
	struct listing l;

	operands = (struct operands){
		.min = 2, .max = 2, .what = "a process and a file are needed",
	};
	argp_parse(&argp, argc, argv, 0, NULL, &memory);
	file = operands.list[1];
	if (!strcmp(file, "-") && isatty(STDOUT_FILENO))
		error(exit_failure, 0, "a listing is not for terminals: redirect it, or name a file");
	memory_or_end(&l, process_find(operands.list[0]), NULL, memory);
	if (memory)
		memory_pack(&l);
	if (!strcmp(file, "-"))
		fwrite(l.raw, 1, l.raw_size, stdout);
	else
		write_private(file, l.raw, l.raw_size);
	listing_free(&l);
	return EXIT_SUCCESS;
}
