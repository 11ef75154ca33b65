// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo check - whether a process is near vm.max_map_count, for cron and as a
 * monitoring plugin. It prints a line on stdout. Its exit status is the state.
 */

#include "process.h"

enum status { OK, WARNING, CRITICAL, UNKNOWN };

struct check {
	double warn, critical;	/* in percent of the limit */
	const char *name;	/* of the processes to look at, NULL for all */
};

/* Begins an error message. Monitoring systems show the first line of stdout. */
static void print_unknown(void)
{
	printf("VMAS UNKNOWN - ");
	fflush(stdout);
}

/* A process' name, without the character that ends the text */
static void print_process(const struct proc *task)
{
	char *name = proc_printable(task), *p;

	for (p = name; *p; p++) {
		if (*p == '|')
			fputs("\\x7c", stdout);
		else
			putchar(*p);
	}
	free(name);
	printf(" (pid %d)", task->pid);
}

/* Leaves only the processes that have the name. */
static void select_processes(struct procs *t, const char *name)
{
	size_t nr_pids, nr = 0, i, j = 0;
	pid_t *pids;

	/* Both are in the order of PIDs. */
	nr_pids = processes_find(name, &pids);
	for (i = 0; i < t->nr; i++) {
		while (j < nr_pids && pids[j] < t->procs[i].pid)
			j++;
		if (j < nr_pids && pids[j] == t->procs[i].pid)
			t->procs[nr++] = t->procs[i];
	}
	free(pids);
	t->nr = nr;
}

/* Prints the line. */
static enum status report(const struct check *c, const struct procs *t)
{
	static const char * const words[] = { "OK", "WARNING", "CRITICAL" };
	const uint64_t max = max_map_count();
	/* The conversion rounds down. A whole number is above a level if it is above that. */
	const uint64_t warn = c->warn * max / 100, critical = c->critical * max / 100;
	const struct proc *nearest = t->procs;
	enum status status;
	size_t over = 0, i;

	for (i = 0; i < t->nr; i++) {
		over += t->procs[i].vmas > warn;
		if (t->procs[i].vmas > nearest->vmas)
			nearest = &t->procs[i];
	}
	status = nearest->vmas > critical ? CRITICAL : nearest->vmas > warn ? WARNING : OK;
	printf("VMAS %s - ", words[status]);
	print_process(nearest);
	printf(" has %" PRIu64 " of %" PRIu64 " VMAs", nearest->vmas, max);
	/* The limit can be 0. */
	if (max)
		printf(" (%.1f %%)", 100.0 * nearest->vmas / max);
	if (over > 1)
		printf(", %zu more above %g %%", over - 1, c->warn);
	printf(" | 'vmas'=%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";0;%" PRIu64 " 'over'=%zu;;;0\n",
	       nearest->vmas, warn, critical, max, over);
	return status;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check *c = state->input;

	switch (key) {
	case 'w':
	case 'c':
		if (!parse_number(arg, 0, 100, key == 'w' ? &c->warn : &c->critical))
			argp_error(state, "invalid percentage: '%s'", arg);
		break;
	case 'n':
		c->name = arg;
		break;
	case ARGP_KEY_END:
		if (c->warn > c->critical)
			argp_error(state, "--warn is %g, above --critical, which is %g", c->warn,
				   c->critical);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int check_command(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "warn", 'w', "PERCENT", 0,
		  "WARNING if a process is above PERCENT of the limit (85)", 0 },
		{ "critical", 'c', "PERCENT", 0,
		  "CRITICAL if a process is above PERCENT of the limit (95)", 0 },
		{ "name", 'n', "NAME|PID", 0,
		  "Only the processes of that name, or that process", 0 },
		{}
	};
	static const struct argp_child children[] = { { &help_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		.children = children,
		.options = options,
		.parser = parse,
		.doc = "Prints whether a process is near vm.max_map_count, the limit of VMAs: one\n"
		       "line with performance data, as monitoring plugins do. The exit status is\n"
		       "0 for OK, 1 for WARNING, 2 for CRITICAL, and 3 for UNKNOWN: bad options,\n"
		       "no such process, or the module is not loaded.\n",
	};
	struct check c = { .warn = 85, .critical = 95 };
	struct procs t = {};
	enum status status;
	int err;

	exit_failure = UNKNOWN;
	argp_err_exit_status = UNKNOWN;
	error_print_progname = print_unknown;
	dup2(STDOUT_FILENO, STDERR_FILENO);
	argp_parse(&argp, argc, argv, 0, NULL, &c);
	err = procs_read_module(&t);
	if (err)
		error(UNKNOWN, 0, "%s", module_missing(err));
	if (c.name)
		select_processes(&t, c.name);
	if (!t.nr)
		error(UNKNOWN, 0, "the process has no VMAs");
	status = report(&c, &t);
	procs_free(&t);
	return status;
}
