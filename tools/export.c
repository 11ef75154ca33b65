// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo export - the processes that are nearest to vm.max_map_count, as OpenMetrics
 *
 * The output is also valid in the Prometheus text format, for the textfile
 * collector of node_exporter: UNIT and EOF are comments there. It has no timestamps,
 * which the collector rejects.
 */
#include <sys/stat.h>

#include "process.h"
#include "../include/version.h"

struct export {
	const char *file;	/* NULL for stdout */
	double threshold;	/* percent of the limit: processes from here on have series */
	uint64_t count;		/* so do this many nearest processes */
};

/* ---- OpenMetrics ---- */

/* Removes the kernel's escapes of newline and backslash, in place. */
static void unescape(char *name)
{
	char *from = name, *to = name;

	for (; *from; from++) {
		if (*from == '\\' && (from[1] == 'n' || from[1] == '\\'))
			*to++ = *++from == 'n' ? '\n' : '\\';
		else
			*to++ = *from;
	}
	*to = 0;
}

/* A name as the value of a label, whose escapes come on top of printable(). */
static void put_label(FILE *out, const char *escaped)
{
	char *name = xstrdup(escaped);

	unescape(name);
	print_escaped(out, name, TEXT_UTF8, "\"\\", '\\');
	free(name);
}

/* Prints the head of a gauge. Its name ends in @unit, unless that is NULL. */
static void put_family(FILE *out, const char *name, const char *unit, const char *help)
{
	fprintf(out, "# HELP vmainfo_%s %s\n# TYPE vmainfo_%s gauge\n", name, help, name);
	if (unit)
		fprintf(out, "# UNIT vmainfo_%s %s\n", name, unit);
}

static void put_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	put_family(out, name, NULL, help);
	fprintf(out, "vmainfo_%s %" PRIu64 "\n", name, value);
}

static const struct {
	const char *name;
	const char *unit;
	const char *help;
	size_t field;		/* of struct proc */
	unsigned int scale;
} gauges[] = {
	{ "process_vmas", NULL, "VMAs that the process has.", offsetof(struct proc, vmas), 1 },
	{ "process_virtual_memory_bytes", "bytes", "Size of all VMAs of the process.",
	  offsetof(struct proc, total_kb), 1024 },
	{ "process_data_bytes", "bytes", "Private and writable, without the stack.",
	  offsetof(struct proc, data_kb), 1024 },
	{ "process_stack_bytes", "bytes", "Stack.", offsetof(struct proc, stack_kb), 1024 },
	{ "process_executable_bytes", "bytes", "Executable and not writable.",
	  offsetof(struct proc, exec_kb), 1024 },
	{ "process_locked_bytes", "bytes", "Locked in memory by mlock.",
	  offsetof(struct proc, locked_kb), 1024 },
	{ "process_pinned_bytes", "bytes", "Pinned in memory by devices and io_uring.",
	  offsetof(struct proc, pinned_kb), 1024 },
};

static void put_processes(FILE *out, const struct proc *procs, size_t nr)
{
	uint64_t value;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(gauges); i++) {
		put_family(out, gauges[i].name, gauges[i].unit, gauges[i].help);
		for (j = 0; j < nr; j++) {
			memcpy(&value, (const char *)&procs[j] + gauges[i].field, sizeof(value));
			fprintf(out, "vmainfo_%s{pid=\"%d\",comm=\"", gauges[i].name, procs[j].pid);
			put_label(out, procs[j].comm);
			fprintf(out, "\"} %" PRIu64 "\n", value * gauges[i].scale);
		}
	}
}

/* ---- what is exported ---- */

static int compare_vmas(const void *a, const void *b)
{
	const struct proc *x = a, *y = b;

	if (x->vmas != y->vmas)
		return x->vmas < y->vmas ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/*
 * An alert needs a series without gaps as long as the process is above its level.
 * So all processes above a lower threshold have series, which are few.
 */
static void put_all(FILE *out, const struct export *e, struct procs *t, uint64_t max)
{
	uint64_t vmas = 0;
	size_t shown = 0, i;

	/* Without processes, there is no array. */
	if (t->nr)
		qsort(t->procs, t->nr, sizeof(*t->procs), compare_vmas);
	for (i = 0; i < t->nr; i++) {
		vmas += t->procs[i].vmas;
		shown += i < e->count || 100.0 * t->procs[i].vmas >= e->threshold * max;
	}
	put_family(out, "build_info", NULL, "1, with the version of the program vmainfo.");
	fprintf(out, "vmainfo_build_info{version=\"%s\"} 1\n", VMAINFO_RELEASE);
	put_gauge(out, "module_used",
		  "1 if the kernel module was used, 0 if /proc/PID/maps was counted.",
		  !t->from_maps);
	put_gauge(out, "vmas_limit", "Limit of the VMAs of a process: vm.max_map_count.", max);
	put_gauge(out, "processes", "Processes that have an address space.", t->nr);
	put_gauge(out, "unreadable_processes", "Processes whose maps could not be read.",
		  t->unreadable);
	put_gauge(out, "vmas", "VMAs of all processes.", vmas);
	put_gauge(out, "largest_process_vmas", "VMAs of the process that has most.",
		  t->nr ? t->procs[0].vmas : 0);
	put_processes(out, t->procs, shown);
	fputs("# EOF\n", out);
}

/* ---- the command ---- */

#define MAX_COUNT 1000000

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct export *e = state->input;

	switch (key) {
	case 'o':
		e->file = strcmp(arg, "-") ? arg : NULL;
		if (!*arg)
			argp_error(state, "invalid file name: ''");
		break;
	case 't':
		if (!parse_number(arg, 0, 100, &e->threshold))
			argp_error(state, "invalid percentage: '%s'", arg);
		break;
	case 'n':
		if (!parse_decimal(arg, MAX_COUNT, &e->count))
			argp_error(state, "invalid number of processes: '%s'", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int export_command(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Replace FILE atomically; its mode is 0644", 0 },
		{ "threshold", 't', "PERCENT", 0,
		  "All processes at or above PERCENT of the limit have series (50); the level of an alert must be higher",
		  0 },
		{ "count", 'n', "N", 0,
		  "So do the N processes that are nearest to the limit (10)", 0 },
		{}
	};
	static const struct argp_child children[] = { { &quiet_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		.children = children,
		.options = options,
		.parser = parse,
		.doc = "The distance of processes to vm.max_map_count, the limit of VMAs, as\n"
		       "OpenMetrics text for Prometheus, or for the textfile collector of\n"
		       "node_exporter. vmainfo(1) has the list of metrics.\n",
	};
	struct export e = { .threshold = 50, .count = 10 };
	struct procs t = {};
	char *text, *cost;
	struct stat st;
	size_t size;
	bool failed;
	FILE *out;

	argp_parse(&argp, argc, argv, 0, NULL, &e);
	procs_read(&t);
	if (t.from_maps) {
		cost = procs_cost(&t);
		note("%s", cost);
		free(cost);
	}
	out = xopen_memstream(&text, &size);
	put_all(out, &e, &t, max_map_count());
	failed = ferror(out);
	if (fclose(out) || failed)
		error(EXIT_FAILURE, errno, "memory");
	/* Replacing it would remove a device or a pipe. */
	if (e.file && !stat(e.file, &st) && !S_ISREG(st.st_mode))
		error(EXIT_FAILURE, S_ISDIR(st.st_mode) ? EISDIR : 0,
		      S_ISDIR(st.st_mode) ? "'%s'" : "'%s' is not a regular file", e.file);
	/* Another user reads it. The collector reads *.prom, and no temporary file. */
	if (e.file)
		replace_file(e.file, text, size, 0644);
	else
		fwrite(text, size, 1, stdout);
	free(text);
	procs_free(&t);
	return EXIT_SUCCESS;
}
