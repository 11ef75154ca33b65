// SPDX-License-Identifier: GPL-2.0
/* Processes: which one is meant, and how many VMAs each has; see process.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "tool.h"
#include "../vmainfo.h"

/* The first bytes of /proc/PID/WHAT, and a NUL; how many, -1 if it cannot be read. */
static ssize_t proc_read(pid_t pid, const char *what, char *buf, size_t room)
{
	char path[48];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, room - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = 0;
	return n;
}

/* The numbers of all processes, in order, 0 behind the last one. To be freed. */
static pid_t *all_processes(void)
{
	struct dirent *entry;
	pid_t *pids = NULL;
	size_t nr = 0, room = 0, j;
	uint64_t pid;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		error(exit_failure, errno, "/proc");
	while ((entry = readdir(dir))) {
		if (!parse_decimal(entry->d_name, INT32_MAX, &pid))
			continue;
		if (nr + 1 >= room) {
			room = 2 * room + 256;
			pids = xreallocarray(pids, room, sizeof(*pids));
		}
		/* procfs lists them in order already. */
		for (j = nr++; j && pids[j - 1] > (pid_t)pid; j--)
			pids[j] = pids[j - 1];
		pids[j] = pid;
	}
	closedir(dir);
	if (!nr)
		error(exit_failure, 0, "there are no processes in /proc: is procfs mounted there?");
	pids[nr] = 0;
	return pids;
}

struct named {
	const char *name;
	pid_t found;
	char all[256];		/* the pids, as text */
	int nr;
};

static void match_name(pid_t pid, struct named *n)
{
	char buf[4096], *base;
	size_t len;
	ssize_t got;

	if (pid == getpid())
		return;
	got = proc_read(pid, "comm", buf, sizeof(buf));
	if (got <= 0)
		return;
	buf[got - 1] = 0; /* its newline */
	if (strcmp(buf, n->name)) {
		if (proc_read(pid, "cmdline", buf, sizeof(buf)) <= 0)
			return;
		base = strrchr(buf, '/');
		if (strcmp(base ? base + 1 : buf, n->name))
			return;
	}
	n->found = pid;
	n->nr++;
	len = strlen(n->all);
	snprintf(n->all + len, sizeof(n->all) - len, " %d", pid);
}

pid_t process_find(const char *text)
{
	struct named n = { .name = text };
	pid_t *pids, *p;
	uint64_t pid;

	if (parse_decimal(text, INT32_MAX, &pid) && pid)
		return pid;
	if (isdigit((unsigned char)*text) && text[strspn(text, "0123456789")] == 0)
		error(exit_failure, 0, "there is no process '%s'", text);
	pids = all_processes();
	for (p = pids; *p; p++)
		match_name(*p, &n);
	free(pids);
	if (!n.nr)
		error(exit_failure, 0, "there is no process '%s'", text);
	if (n.nr > 1)
		error(exit_failure, 0, "%d processes have the name '%s', name one by its pid:%s%s",
		      n.nr, text, n.all, strlen(n.all) == sizeof(n.all) - 1 ? "..." : "");
	return n.found;
}

char *process_comm(pid_t pid)
{
	char comm[68];
	ssize_t n = proc_read(pid, "comm", comm, sizeof(comm));

	if (n <= 0)
		return xstrdup("?");
	comm[n - 1] = 0;
	return printable(comm);
}

void tasks_free(struct tasks *t)
{
	free(t->tasks);
	memset(t, 0, sizeof(*t));
}

static struct task *tasks_add(struct tasks *t)
{
	struct task *task;

	/* A power of two is when it is full. */
	if (!(t->nr & (t->nr - 1)))
		t->tasks = xreallocarray(t->tasks, t->nr ? 2 * t->nr : 1, sizeof(*t->tasks));
	task = &t->tasks[t->nr++];
	memset(task, 0, sizeof(*task));
	return task;
}

/* ---- with the module ---- */

static void tasks_from_module(struct tasks *t, FILE *file)
{
	char *line = NULL;
	struct task task;
	size_t room = 0;
	int at;

	while (errno = 0, getline(&line, &room, file) > 0) {
		if (*line == '#')
			continue;
		line[strcspn(line, "\n")] = 0;
		at = -1;
		if (sscanf(line, "%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64 "%n", &task.pid, &task.vmas, &task.total_kb,
			   &task.data_kb, &task.stack_kb, &task.exec_kb, &task.locked_kb,
			   &task.pinned_kb, &at) < 8 || at < 0 || line[at] != ' ')
			error(exit_failure, 0, "%s: cannot understand '%s'", VMAINFO_TASKS, line);
		/* Kernel threads and zombies */
		if (!task.vmas)
			continue;
		snprintf(task.comm, sizeof(task.comm), "%s", line + at + 1);
		*tasks_add(t) = task;
	}
	if (ferror(file))
		error(exit_failure, errno, "cannot read %s", VMAINFO_TASKS);
	free(line);
}

/* ---- without it ---- */

/* "Key:   123 kB" of /proc/PID/status */
static uint64_t status_kb(const char *status, const char *key)
{
	const char *p = strstr(status, key);

	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/* Its lines, but for that of the gate page; -1 if it cannot be read. */
static int64_t count_maps(pid_t pid)
{
	char path[32], *line = NULL;
	int64_t nr = 0;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	/* A file can be named like the gate page, but nothing else can be at its address. */
	while (getline(&line, &room, file) > 0)
		nr += strncmp(line, "ffffffffff600000-", 17) != 0;
	if (ferror(file) && errno != ESRCH)
		nr = -1;
	fclose(file);
	free(line);
	return nr;
}

/* All of /proc/PID/status, which can have 65536 groups; NULL if it is not there. */
static char *read_status(pid_t pid)
{
	char path[32], *status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	status = read_text(fd, SIZE_MAX);
	close(fd);
	return status;
}

static void count_process(pid_t pid, struct tasks *t)
{
	static const char first[] = "Name:\t";
	char *status, *name;
	struct task *task;
	int64_t nr;

	nr = count_maps(pid);
	if (nr < 0)
		t->unreadable++;
	status = nr > 0 ? read_status(pid) : NULL;
	if (!status || strncmp(status, first, strlen(first))) {
		free(status);
		return;
	}
	task = tasks_add(t);
	task->pid = pid;
	task->vmas = nr;
	task->total_kb = status_kb(status, "\nVmSize:");
	task->data_kb = status_kb(status, "\nVmData:");
	task->stack_kb = status_kb(status, "\nVmStk:");
	task->exec_kb = status_kb(status, "\nVmExe:") + status_kb(status, "\nVmLib:");
	task->locked_kb = status_kb(status, "\nVmLck:");
	task->pinned_kb = status_kb(status, "\nVmPin:");
	/* "Name:\tcomm\n", escaped as by the module; it can be empty, or begin with a space */
	name = status + strlen(first);
	snprintf(task->comm, sizeof(task->comm), "%.*s", (int)strcspn(name, "\n"), name);
	free(status);
}

static uint64_t cpu_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void tasks_read(struct tasks *t)
{
	uint64_t before = cpu_time_ns();
	pid_t *pids, *p;
	FILE *file;

	tasks_free(t);
	file = fopen(VMAINFO_TASKS, "re");
	if (file) {
		tasks_from_module(t, file);
		fclose(file);
	} else {
		/* Without the capability, even the directory says no. */
		if (errno != ENOENT && errno != EACCES && errno != EPERM)
			error(exit_failure, errno, "cannot open %s", VMAINFO_TASKS);
		t->from_maps = true;
		t->why = errno;
		pids = all_processes();
		for (p = pids; *p; p++)
			count_process(*p, t);
		free(pids);
	}
	t->cpu_ns = cpu_time_ns() - before;
}

char *tasks_cost(const struct tasks *t)
{
	char *text;

	if (asprintf(&text, "%s: /proc/PID/maps of %zu processes were read, which took %.1f ms of CPU",
		     t->why == ENOENT ? "the module is not loaded (modprobe vmainfo)" :
		     "no permission to ask the module",
		     t->nr, t->cpu_ns / 1e6) < 0)
		error(exit_failure, errno, "tasks");
	return text;
}

uint64_t max_map_count(void)
{
	static const char path[] = "/proc/sys/vm/max_map_count";
	uint64_t max = 0;
	FILE *file;

	file = fopen(path, "re");
	if (!file || fscanf(file, "%" SCNu64, &max) != 1)
		error(exit_failure, errno, "%s", path);
	fclose(file);
	return max;
}
