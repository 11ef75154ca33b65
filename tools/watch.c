// SPDX-License-Identifier: GPL-2.0
/* vmainfo watch: reports what is mapped, unmapped and changed in a process */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "changes.h"
#include "process.h"

/* For older C libraries. The number is the same on all architectures. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define MS_PER_SECOND 1000

static const char doc[] =
	"Reports what is mapped, unmapped and changed in a process from now on, as\n"
	"'vmainfo diff' does. Ends with status 0 when the process exits.\n"
	"\vChanges that are undone between two looks are not seen. On Linux 6.4 and\n"
	"later, a look at an unchanged process costs it nothing.";

enum { OPT_JSON = 256 };

static const struct argp_option options[] = {
	{ "interval", 'n', "SECONDS", 0,
	  "Time from one update to the next (1), at least 0.001", 1 },
	{ NULL, 'i', NULL, OPTION_ALIAS, NULL, 1 },
	{ "count", 'c', "N", 0, "End after N updates", 1 },
	{ "time", 't', NULL, 0, "Begin each line with the time", 1 },
	{ "json", OPT_JSON, NULL, 0, "JSON: an object on a line for each change", 1 },
	{ }
};

struct watch {
	pid_t pid;
	int fd;			/* of listing_open() */
	int pidfd;		/* becomes readable when the process exits; or -1 */
	struct listing last;	/* of the last look */
	bool colour;
	/* options */
	bool time;
	bool json;
	int interval_ms;
	uint64_t count;		/* 0 for no end */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch *w = state->input;
	double seconds;

	switch (key) {
	case 'i':
	case 'n':
		if (!parse_number(arg, 0.001, INT32_MAX / MS_PER_SECOND, &seconds))
			argp_error(state, "invalid interval: '%s'", arg);
		w->interval_ms = seconds * MS_PER_SECOND + 0.5;
		break;
	case 'c':
		if (!parse_decimal(arg, UINT64_MAX, &w->count) || !w->count)
			argp_error(state, "invalid number of updates: '%s'", arg);
		break;
	case 't':
		w->time = true;
		break;
	case OPT_JSON:
		w->json = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Prints what each line begins with. An object in JSON is to be closed. */
static void begin_line(const struct watch *w, struct json *j)
{
	char time[TIME_TEXT];

	*j = (struct json){ .out = stdout };
	if (w->json) {
		json_open(j, NULL, '{');
		json_text(j, "time", time_text(time));
		json_int(j, "pid", w->pid);
	} else if (w->time) {
		printf("%s ", time_text(time));
	}
}

static void end_line(const struct watch *w, struct json *j)
{
	if (!w->json)
		return;
	json_close(j, '}');
	putchar('\n');
}

/* Whether the last walk was atomic, and nothing has changed since */
static bool is_unchanged(const struct watch *w, bool *exited)
{
	const struct vmainfo_header *last = &w->last.header;
	struct vmainfo_header now = { .size = sizeof(now) };

	*exited = false;
	if (w->fd < 0)
		return false;
	if (ioctl(w->fd, VMAINFO_GET_HEADER, &now)) {
		/* Reading tells more about other errors: EIO after rmmod. */
		*exited = errno == ESRCH;
		return false;
	}
	return last->flags & VMAINFO_ATOMIC && last->flags & now.flags & VMAINFO_SEQ &&
	       last->mm_seq == now.mm_seq && last->exec_id == now.exec_id;
}

/* "comm: N VMAs, N kB", to be freed */
static char *totals(const struct watch *w, const struct listing *l)
{
	char *comm = process_comm(w->pid), *name = printable(comm, 0), *text;

	text = xasprintf("%s: %zu VMAs, %" PRIu64 " kB", name, listing_vmas(l),
			 listing_size(l) >> 10);
	free(comm);
	free(name);
	return text;
}

static void print_exec(const struct watch *w, const struct listing *now)
{
	char *text = w->json ? process_comm(w->pid) : totals(w, now);
	struct json j;

	begin_line(w, &j);
	if (w->json) {
		json_text(&j, "change", "exec");
		json_text(&j, "comm", text);
		json_int(&j, "vmas", listing_vmas(now));
		json_int(&j, "total_kb", listing_size(now) >> 10);
	} else {
		printf("%sexec     %s %s\n", w->colour ? "\033[1m" : "",
		       w->colour ? "\033[m" : "", text);
	}
	end_line(w, &j);
	free(text);
}

static void print_changes(const struct watch *w, const struct listing *now)
{
	const struct vmainfo_header *a = &w->last.header, *b = &now->header;
	struct changes c;
	struct json j;
	bool is_exec;
	size_t i;

	changes_between(&c, &w->last, now);
	if (a->flags & b->flags & VMAINFO_SEQ)
		is_exec = a->exec_id != b->exec_id;
	else
		is_exec = !c.kept && c.nr;
	if (is_exec)
		print_exec(w, now);
	for (i = 0; i < c.nr && !is_exec; i++) {
		begin_line(w, &j);
		if (w->json)
			change_json(&j, &c.list[i]);
		else
			change_print(stdout, &c.list[i], w->colour);
		end_line(w, &j);
	}
	changes_free(&c);
}

/* Looks at the process. False if it has exited. */
static bool look(struct watch *w)
{
	bool exited, exiting, in_exec;
	struct listing now;
	int err;

	if (is_unchanged(w, &exited))
		return true;
	if (exited)
		return false;
	err = listing_read(&now, w->fd, w->pid);
	if (err == ESRCH)
		return false;
	if (err)
		error(exit_failure, err, "process %d", w->pid);
	/* A process without VMAs is exiting. The pidfd tells the end. */
	exiting = !listing_vmas(&now) && listing_vmas(&w->last);
	/* In an exec, it has no sequence. The next look sees the new address space. */
	in_exec = w->fd >= 0 && w->last.header.flags & ~now.header.flags & VMAINFO_SEQ;
	if (exiting || in_exec) {
		listing_free(&now);
		return !exiting || w->pidfd >= 0;
	}
	print_changes(w, &now);
	listing_free(&w->last);
	w->last = now;
	return true;
}

int watch_command(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "PID|NAME", doc, process_children, NULL, NULL
	};
	struct watch w = { .interval_ms = MS_PER_SECOND };
	bool exited = false;
	uint64_t looks;
	struct json j;
	char *text;
	int err;

	operands = (struct operands){ .min = 1, .max = 1, .what = "one process is watched" };
	argp_parse(&argp, argc, argv, 0, NULL, &w);
	/* Otherwise this would only be found at the first change. */
	if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		error(exit_failure, EBADF, "write error");
	w.colour = use_colour();
	w.pid = process_find(operands.list[0]);
	w.fd = listing_open(w.pid, &err, LISTING_MAPS);
	w.pidfd = syscall(SYS_pidfd_open, w.pid, 0);
	err = err ?: listing_read(&w.last, w.fd, w.pid);
	if (err)
		error(exit_failure, err, "process %d", w.pid);
	text = totals(&w, &w.last);
	note("process %d, %s", w.pid, text);
	free(text);

	for (looks = 0; !exited && (!w.count || looks < w.count); looks++) {
		exited = wait_readable(w.pidfd, w.interval_ms) || !look(&w);
		flush_output();
	}
	if (exited) {
		begin_line(&w, &j);
		if (w.json)
			json_text(&j, "change", "exited");
		else
			printf("process %d has exited\n", w.pid);
		end_line(&w, &j);
	}
	listing_free(&w.last);
	return EXIT_SUCCESS;
}
