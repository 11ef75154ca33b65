// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo export - the processes that are nearest to vm.max_map_count, as OpenMetrics
 *
 * The output is also valid in the Prometheus text format, for the textfile
 * collector of node_exporter: UNIT and EOF are comments there. It has no timestamps,
 * which the collector rejects.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"
#include "process.h"
#include "../include/version.h"

struct export {
	const char *file;	/* NULL for stdout */
	double threshold;	/* percent of the limit: processes from here on have series */
	uint64_t count;		/* so do this many nearest processes */
	double save_above;	/* percent of the limit: captures are saved from here on */
	const char *save_to;	/* a directory for them, or NULL */
};

/* ---- OpenMetrics ---- */

/* A name as the value of a label, whose escapes come on top of printable(). */
static void put_label(FILE *out, const struct proc *task)
{
	char *name = proc_name(task);

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
	const char *help;
	enum proc_size size;
} gauges[] = {
	{ "process_virtual_memory_bytes", "Size of all VMAs of the process.", PROC_TOTAL },
	{ "process_data_bytes", "Private and writable, without the stack.", PROC_DATA },
	{ "process_stack_bytes", "Stack.", PROC_STACK },
	{ "process_executable_bytes", "Executable and not writable.", PROC_EXEC },
	{ "process_locked_bytes", "Locked in memory by mlock.", PROC_LOCKED },
	{ "process_pinned_bytes", "Pinned in memory by devices and io_uring.", PROC_PINNED },
	{ "process_resident_anon_bytes", "Anonymous memory of the process.", PROC_RSS_ANON },
	{ "process_resident_file_bytes", "Pages of files that the process has in memory.",
	  PROC_RSS_FILE },
	{ "process_resident_shmem_bytes", "Shared memory that the process has in memory.",
	  PROC_RSS_SHMEM },
	{ "process_swap_bytes", "Memory of the process that is in swap.", PROC_SWAP },
};

static void put_sample(FILE *out, const char *name, const struct proc *task, uint64_t value)
{
	fprintf(out, "vmainfo_%s{pid=\"%d\",comm=\"", name, task->pid);
	put_label(out, task);
	fprintf(out, "\"} %" PRIu64 "\n", value);
}

static void put_processes(FILE *out, const struct proc *procs, size_t nr)
{
	size_t i, j;

	put_family(out, "process_vmas", NULL, "VMAs that the process has.");
	for (j = 0; j < nr; j++)
		put_sample(out, "process_vmas", &procs[j], procs[j].vmas);
	for (i = 0; i < ARRAY_SIZE(gauges); i++) {
		put_family(out, gauges[i].name, "bytes", gauges[i].help);
		for (j = 0; j < nr; j++)
			put_sample(out, gauges[i].name, &procs[j],
				   procs[j].kb[gauges[i].size] * 1024);
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

/* ---- captures ---- */

/* A process has one capture, from when it crossed the level. The oldest are removed. */
#define MAX_CAPTURES 16
#define MAX_CAPTURE_BYTES (512 << 20)
static const char suffix[] = ".vmas";

struct capture {
	char *name;
	uint64_t size;
	struct timespec time;
};

static int compare_captures(const void *a, const void *b)
{
	const struct capture *x = a, *y = b;

	if (x->time.tv_sec != y->time.tv_sec)
		return x->time.tv_sec < y->time.tv_sec ? 1 : -1;
	if (x->time.tv_nsec != y->time.tv_nsec)
		return x->time.tv_nsec < y->time.tv_nsec ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Whether it is the name of a capture: *-PID-START.vmas */
static bool is_capture(const char *name)
{
	const size_t len = strlen(name);
	const char *p, *end;
	unsigned int i;

	if (len < strlen(suffix))
		return false;
	p = name + len - strlen(suffix);
	if (strcmp(p, suffix))
		return false;
	for (i = 0; i < 2; i++) {
		for (end = p; p > name && p[-1] >= '0' && p[-1] <= '9'; p--)
			;
		if (p == end || p == name || *--p != '-')
			return false;
	}
	return p > name;
}

/* Removes the oldest captures, so that there is space for a new one of @size bytes. */
static void remove_captures(const char *path, uint64_t size)
{
	struct capture *list = NULL;
	struct dirent *entry;
	size_t nr = 0, i;
	struct stat st;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		error(EXIT_FAILURE, errno, "cannot read '%s'", path);
	while ((entry = readdir(dir))) {
		if (!is_capture(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		list = array_grow(list, nr, sizeof(*list));
		list[nr++] = (struct capture){ xstrdup(entry->d_name), st.st_size, st.st_mtim };
	}
	if (nr)
		qsort(list, nr, sizeof(*list), compare_captures);
	for (i = 0; i < nr; i++) {
		size += list[i].size;
		if ((i >= MAX_CAPTURES - 1 || size > MAX_CAPTURE_BYTES) &&
		    unlinkat(dirfd(dir), list[i].name, 0) && errno != ENOENT)
			error(EXIT_FAILURE, errno, "cannot remove '%s/%s'", path, list[i].name);
		free(list[i].name);
	}
	free(list);
	closedir(dir);
}

/* DIR/java-4711-123456.vmas, to be freed; NULL if the process has exited */
static char *capture_name(const struct export *e, const struct proc *task)
{
	const uint64_t ticks = process_start(task->pid);
	char *comm = xstrdup(task->comm), *p, *name;

	for (p = comm; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *p))
			*p = '_';
	name = xasprintf("%s/%s-%d-%" PRIu64 "%s", e->save_to, comm, task->pid, ticks, suffix);
	free(comm);
	if (ticks)
		return name;
	free(name);
	return NULL;
}

/* Saves a capture of each process above the level, unless it has one. @t is sorted. */
static void save_captures(const struct export *e, const struct procs *t, uint64_t max)
{
	struct listing l;
	struct stat st;
	char *name;
	size_t i;

	if (stat(e->save_to, &st))
		error(EXIT_FAILURE, errno, "'%s'", e->save_to);
	if (!S_ISDIR(st.st_mode))
		error(EXIT_FAILURE, ENOTDIR, "'%s'", e->save_to);
	if (!is_ours_or_roots(&st))
		error(EXIT_FAILURE, 0, "'%s' belongs to another user (%u): name another directory",
		      e->save_to, st.st_uid);
	if (st.st_mode & 022)
		error(EXIT_FAILURE, 0, "other users can write to '%s': run chmod go-w, or name another directory",
		      e->save_to);
	for (i = 0; i < t->nr && i < MAX_CAPTURES; i++) {
		if (100.0 * t->procs[i].vmas < e->save_above * max)
			break;
		name = capture_name(e, &t->procs[i]);
		if (name && access(name, F_OK) && !listing_try(&l, t->procs[i].pid)) {
			if (l.raw_size <= MAX_CAPTURE_BYTES) {
				remove_captures(e->save_to, l.raw_size);
				replace_file(name, l.raw, l.raw_size, 0600);
			}
			listing_free(&l);
		}
		free(name);
	}
}

/* ---- the command ---- */

enum { OPT_SAVE_ABOVE = 256, OPT_SAVE_TO };

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
	case OPT_SAVE_ABOVE:
		if (!parse_number(arg, 0, 100, &e->save_above))
			argp_error(state, "invalid percentage: '%s'", arg);
		break;
	case OPT_SAVE_TO:
		e->save_to = arg;
		break;
	case ARGP_KEY_END:
		if (e->save_to ? e->save_above < 0 : e->save_above >= 0)
			argp_error(state, "--save-above and --save-to need each other");
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
		{ "save-above", OPT_SAVE_ABOVE, "PERCENT", 0,
		  "Save a capture, for 'vmainfo why --from', of each process at or above PERCENT of the limit",
		  0 },
		{ "save-to", OPT_SAVE_TO, "DIR", 0,
		  "In this directory: the newest 16 captures, of at most 512 MB; their mode is 0600",
		  0 },
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
	struct export e = { .threshold = 50, .count = 10, .save_above = -1 };
	struct procs t = {};
	char *text, *cost;
	struct stat st;
	uint64_t max;
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
	max = max_map_count();
	put_all(out, &e, &t, max);
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
	if (e.save_to)
		save_captures(&e, &t, max);
	procs_free(&t);
	return EXIT_SUCCESS;
}
