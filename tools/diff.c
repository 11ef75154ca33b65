// SPDX-License-Identifier: GPL-2.0
/* vmainfo diff: what differs between two listings, or processes. */
#include "changes.h"
#include "process.h"
#include "show.h"
#include "why.h"

/* As those of diff(1) */
enum { EXIT_SAME = 0, EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

static const char doc[] =
	"Reports the changes that make the VMAs of A those of B. A and B are files of\n"
	"'vmainfo save', copies of /proc/PID/maps, - for stdin, or processes: digits\n"
	"are a pid, and pid:NAME is the process of that name. (./123 is a file.)\n"
	"\vEach line is about a range of addresses: mapped, unmapped, grown, shrunk,\n"
	"moved, protected (other permissions), renamed, flags (or NUMA policy), split,\n"
	"merged. Exit status: 0 for no difference, 1 for some, 2 for an error.";

enum { OPT_JSON = 256, OPT_GROUP };

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "JSON: an object, with a line for each of its changes", 1 },
	{ "memory", 'x', NULL, 0,
	  "Also by how much the memory of each VMA has grown or shrunk. Both sides are files of 'save -x', or processes: reads their /proc/PID/smaps, which delays them",
	  1 },
	{ "group", OPT_GROUP, NULL, 0,
	  "The VMAs of B that begin where no VMA of A does, in groups, as 'vmainfo why'", 1 },
	{ }
};

struct arguments {
	bool json;
	bool group;
	bool memory;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	if (key == OPT_JSON)
		a->json = true;
	else if (key == 'x')
		a->memory = true;
	else if (key == OPT_GROUP)
		a->group = true;
	else if (key == ARGP_KEY_END && !strcmp(operands.list[0], "-") &&
		 !strcmp(operands.list[1], "-"))
		argp_error(state, "only one of the two can be stdin");
	else if (key == ARGP_KEY_END && a->json && a->group)
		argp_error(state, "--json and --group exclude each other");
	else if (key == ARGP_KEY_END && a->memory && a->group)
		argp_error(state, "-x and --group exclude each other");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static void read_side(struct listing *l, const char *arg, bool memory)
{
	static const char prefix[] = "pid:";

	if (!strncmp(arg, prefix, strlen(prefix))) {
		memory_or_end(l, process_find(arg + strlen(prefix)), NULL, memory);
	} else if (*arg && !arg[strspn(arg, "0123456789")]) {
		memory_or_end(l, process_find(arg), NULL, memory);
	} else if (strcmp(arg, "-") && access(arg, F_OK) && errno == ENOENT && !strchr(arg, '/')) {
		/* It can be meant as the name of a process. */
		error(0, ENOENT, "cannot open '%s'", arg);
		fprintf(stderr, "Processes are named by their PID, or as pid:%s\n", arg);
		exit(exit_failure);
	} else {
		memory_or_end(l, 0, arg, memory);
	}
}

static void side_json(struct json *j, const char *key, const struct listing *l, const char *arg)
{
	json_open(j, key, '{');
	json_text(j, "argument", arg);
	listing_json(j, l);
	json_int(j, "vmas", listing_vmas(l));
	json_close(j, '}');
}

static void print_json(const struct changes *c, const struct listing sides[2])
{
	struct json j = { .out = stdout };
	size_t i;

	json_open(&j, NULL, '{');
	side_json(&j, "a", &sides[0], operands.list[0]);
	side_json(&j, "b", &sides[1], operands.list[1]);
	json_open(&j, "changes", '[');
	for (i = 0; i < c->nr; i++) {
		json_line(&j);
		json_open(&j, NULL, '{');
		change_json(&j, &c->list[i]);
		json_close(&j, '}');
	}
	putchar('\n');
	json_close(&j, ']');
	json_close(&j, '}');
	putchar('\n');
}

int diff_command(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "A B", doc, process_children, NULL, NULL
	};
	struct listing sides[2];
	struct arguments a = { };
	bool colour;
	struct changes c;
	size_t i;

	argp_err_exit_status = EXIT_TROUBLE;
	exit_failure = EXIT_TROUBLE;
	operands = (struct operands){
		.min = 2, .max = 2, .what = "two files or processes are compared",
	};
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	for (i = 0; i < 2; i++)
		read_side(&sides[i], operands.list[i], a.memory);
	changes_between(&c, &sides[0], &sides[1]);
	colour = use_colour();
	if (a.json)
		print_json(&c, sides);
	else if (a.group)
		why_added(stdout, &sides[0], &sides[1], isatty(STDOUT_FILENO));
	else
		for (i = 0; i < c.nr; i++)
			change_print(stdout, &c.list[i], colour);
	i = c.nr;
	changes_free(&c);
	listing_free(&sides[0]);
	listing_free(&sides[1]);
	return i ? EXIT_DIFFERENT : EXIT_SAME;
}
