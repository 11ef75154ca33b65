// SPDX-License-Identifier: GPL-2.0
/* Finding a process, and counting the VMAs of all processes; see process.h */
#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include "listing.h"
#include "process.h"
#include "../include/version.h"

int module_open(const char *entry, int flags)
{
	const int fd = open(entry, flags | O_CLOEXEC);

	/* Without the capability, even the directory cannot be searched. */
	if (fd < 0 && errno != ENOENT && errno != EACCES && errno != EPERM)
		error(exit_failure, errno, "cannot open %s", entry);
	return fd;
}

const char *module_missing(int err)
{
	return err == ENOENT ? "the module is not loaded (modprobe vmainfo)" :
			       "no permission to ask the module";
}

static int proc_open(const char *dir, const char *what)
{
	char path[PROCESS_DIR + 16];

	snprintf(path, sizeof(path), "%s/%s", dir, what);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads the beginning of DIR/WHAT as a text. Returns its length, or -1. */
static ssize_t proc_read(const char *dir, const char *what, char *buf, size_t room)
{
	int fd = proc_open(dir, what), err;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, room - 1);
	err = errno;
	close(fd);
	buf[n < 0 ? 0 : n] = 0;
	errno = err;
	return n;
}

int process_read(struct bytes *b, const char *dir, const char *what,
		 bool (*goes_on)(const struct bytes *b))
{
	int fd = proc_open(dir, what), err;

	if (fd < 0)
		return errno == ENOENT ? ESRCH : errno;
	err = bytes_read(b, fd, goes_on);
	close(fd);
	return err;
}

/* The kernel keeps the numbers of "statm": reading it takes no lock. */
static bool has_vmas(const char *dir)
{
	char statm[64];
	ssize_t n = proc_read(dir, "statm", statm, sizeof(statm));

	if (n < 0)
		return errno == EACCES || errno == EPERM;
	return n && *statm != '0';
}

static void main_dir(char dir[PROCESS_DIR], pid_t pid)
{
	snprintf(dir, PROCESS_DIR, "/proc/%d", pid);
}

bool process_dir(char dir[PROCESS_DIR], pid_t pid)
{
	struct dirent *entry;
	char threads_dir[PROCESS_DIR];
	bool found = false;
	uint64_t tid;
	DIR *threads;

	main_dir(dir, pid);
	if (has_vmas(dir))
		return true;
	snprintf(threads_dir, sizeof(threads_dir), "/proc/%d/task", pid);
	threads = opendir(threads_dir);
	while (threads && !found && (entry = readdir(threads))) {
		if (!parse_decimal(entry->d_name, INT32_MAX, &tid) || tid == (uint64_t)pid)
			continue;
		snprintf(dir, PROCESS_DIR, "/proc/%d/task/%d", pid, (int)tid);
		found = has_vmas(dir);
	}
	if (threads)
		closedir(threads);
	if (!found)
		main_dir(dir, pid);
	return found;
}

static int is_process(const struct dirent *entry)
{
	uint64_t pid;

	return parse_decimal(entry->d_name, INT32_MAX, &pid);
}

/* Returns all pids in order, with a 0 at the end, to be freed. */
static pid_t *all_processes(void)
{
	struct dirent **entries;
	pid_t *pids;
	int nr, i;

	nr = scandir("/proc", &entries, is_process, versionsort);
	if (nr < 0)
		error(exit_failure, errno, "/proc");
	if (!nr)
		error(exit_failure, 0, "there are no processes in /proc: is procfs mounted there?");
	pids = xreallocarray(NULL, nr + 1, sizeof(*pids));
	pids[nr] = 0;
	for (i = 0; i < nr; i++) {
		pids[i] = atoi(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return pids;
}

/* The length of the names that the kernel keeps */
#define COMM_LENGTH 15

/* Of a script: the interpreter, an option, and the script */
#define ARGUMENTS 3

/*
 * "cmdline" is in the memory of the process. Reading it waits for the mmap_lock
 * of the process, possibly for ever. So it is read only if "comm" is full and
 * is the beginning of the name.
 */
static bool has_name(pid_t pid, const char *name)
{
	char dir[PROCESS_DIR], buf[4096], *arg, *base;
	ssize_t got;
	int i;

	main_dir(dir, pid);
	got = proc_read(dir, "comm", buf, sizeof(buf));
	if (got <= 0)
		return false;
	buf[got - 1] = 0; /* its newline */
	if (!strcmp(buf, name))
		return true;
	if (strlen(buf) != COMM_LENGTH || strncmp(buf, name, COMM_LENGTH))
		return false;
	process_dir(dir, pid);
	got = proc_read(dir, "cmdline", buf, sizeof(buf));
	for (arg = buf, i = 0; arg - buf < got && i < ARGUMENTS; arg += strlen(arg) + 1, i++) {
		base = strrchr(arg, '/');
		if (!strcmp(base ? base + 1 : arg, name))
			return true;
	}
	return false;
}

/* ---- which one of several ---- */

static enum { PICK_ALL, PICK_OLDEST = 512, PICK_NEWEST } pick;

static const struct argp_option pick_options[] = {
	{ "oldest", PICK_OLDEST, NULL, 0,
	  "Of several processes of that name, the one that started first", 10 },
	{ "newest", PICK_NEWEST, NULL, 0,
	  "Of several processes of that name, the one that started last", 10 },
	{ }
};

static error_t parse_pick(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != PICK_OLDEST && key != PICK_NEWEST)
		return ARGP_ERR_UNKNOWN;
	if (pick != PICK_ALL && key != (int)pick)
		argp_error(state, "--oldest and --newest exclude each other");
	pick = key;
	return 0;
}

const struct argp process_argp = {
	.options = pick_options,
	.parser = parse_pick,
	.children = (const struct argp_child[]){ { &quiet_argp, 0, NULL, 0 }, { } },
};

const struct argp_child process_children[] = {
	{ &process_argp, 0, NULL, 0 }, { &colour_argp, 0, NULL, 0 }, { }
};

uint64_t process_start(pid_t pid)
{
	/* Field 22 of stat. Field 2, comm, can have spaces and parentheses. */
	const int fields = 22 - 2;
	char dir[PROCESS_DIR], buf[4096], *p;
	int i;

	main_dir(dir, pid);
	if (proc_read(dir, "stat", buf, sizeof(buf)) <= 0)
		return 0;
	p = strrchr(buf, ')');
	for (i = 0; p && i < fields; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* Returns an index. In a tick, the lowest PID counts as the oldest. */
static size_t pick_one(const pid_t *pids, size_t nr)
{
	uint64_t best = process_start(pids[0]), time;
	size_t picked = 0, i;

	for (i = 1; i < nr; i++) {
		time = process_start(pids[i]);
		if (time && (!best || (pick == PICK_OLDEST ? time < best : time >= best))) {
			best = time;
			picked = i;
		}
	}
	return picked;
}

size_t processes_find(const char *text, pid_t **found)
{
	pid_t *pids, *p;
	size_t nr = 0;
	uint64_t pid;

	if (*text && !text[strspn(text, "0123456789")]) {
		if (!parse_decimal(text, INT32_MAX, &pid) || !pid)
			error(exit_failure, 0, "invalid PID: '%s'", text);
		*found = xreallocarray(NULL, 1, sizeof(**found));
		**found = pid;
		return 1;
	}
	/* Processes with that name, except this one, move to the front. */
	pids = all_processes();
	for (p = pids; *p; p++)
		if (*p != getpid() && has_name(*p, text))
			pids[nr++] = *p;
	if (!nr) {
		error(0, 0, "there is no process '%s'", text);
		if (!access(text, F_OK))
			fprintf(stderr, "There is a file of that name: show and draw read it with --from.\n");
		exit(exit_failure);
	}
	if (pick != PICK_ALL) {
		pids[0] = pids[pick_one(pids, nr)];
		nr = 1;
	}
	*found = pids;
	return nr;
}

void process_too_many(const char *text, const pid_t *pids, size_t nr)
{
	const size_t max = 20;
	size_t i;

	error(0, 0, "%zu processes have the name '%s'", nr, text);
	fprintf(stderr, "Name one by its PID, or use --oldest or --newest:");
	for (i = 0; i < nr && i < max; i++)
		fprintf(stderr, " %d", pids[i]);
	fprintf(stderr, "%s\n", nr > max ? " ..." : "");
	exit(exit_failure);
}

pid_t process_find(const char *text)
{
	pid_t *pids, pid;
	size_t nr;

	nr = processes_find(text, &pids);
	if (nr > 1)
		process_too_many(text, pids, nr);
	pid = pids[0];
	free(pids);
	return pid;
}

char *process_comm(pid_t pid)
{
	char dir[PROCESS_DIR], comm[68];
	ssize_t n;

	main_dir(dir, pid);
	n = proc_read(dir, "comm", comm, sizeof(comm));
	if (n <= 0)
		return xstrdup("?");
	comm[n - 1] = 0;
	return xstrdup(comm);
}

void procs_free(struct procs *t)
{
	free(t->procs);
	memset(t, 0, sizeof(*t));
}

char *proc_name(const struct proc *task)
{
	char *name = xstrdup(task->comm), *to = name;
	const char *from;

	/* Newlines and backslashes */
	for (from = task->comm; *from; from++) {
		if (*from == '\\' && (from[1] == 'n' || from[1] == '\\'))
			*to++ = *++from == 'n' ? '\n' : '\\';
		else
			*to++ = *from;
	}
	*to = 0;
	return name;
}

char *proc_printable(const struct proc *task)
{
	char *name = proc_name(task), *text = printable(name, 0);

	free(name);
	return text;
}

static void procs_add(struct procs *t, struct proc *task)
{
	task->kb[PROC_RSS] = task->kb[PROC_RSS_ANON] + task->kb[PROC_RSS_FILE] +
			     task->kb[PROC_RSS_SHMEM];
	t->procs = array_grow(t->procs, t->nr, sizeof(*t->procs));
	t->procs[t->nr++] = *task;
}

/* Where the sizes are. "status" has a size in one or two lines. */
static const struct {
	const char *column;
	const char *status[2];
} sizes[PROC_COLUMNS] = {
	[PROC_TOTAL] = { "total_kB", { "VmSize" } },
	[PROC_DATA] = { "data_kB", { "VmData" } },
	[PROC_STACK] = { "stack_kB", { "VmStk" } },
	[PROC_EXEC] = { "exec_kB", { "VmExe", "VmLib" } },
	[PROC_LOCKED] = { "locked_kB", { "VmLck" } },
	[PROC_PINNED] = { "pinned_kB", { "VmPin" } },
	[PROC_RSS_ANON] = { "rss_anon_kB", { "RssAnon" } },
	[PROC_RSS_FILE] = { "rss_file_kB", { "RssFile" } },
	[PROC_RSS_SHMEM] = { "rss_shmem_kB", { "RssShmem" } },
	[PROC_SWAP] = { "swap_kB", { "VmSwap" } },
};

/* ---- with the module ---- */

/* Later versions have more. */
#define MAX_COLUMNS 64

/* Sets @numbers to what is in the columns between pid and comm. Returns their number. */
static size_t columns_parse(char *line, struct proc *task, uint64_t *numbers[MAX_COLUMNS])
{
	static uint64_t unknown;
	size_t nr = 0, known = 0, i;
	char *word;

	while ((word = strsep(&line, " ")) && strcmp(word, "comm") && nr < MAX_COLUMNS) {
		if (!*word || !strcmp(word, "#") || !strcmp(word, "pid"))
			continue;
		numbers[nr] = strcmp(word, "vmas") ? &unknown : &task->vmas;
		for (i = 0; i < PROC_COLUMNS; i++)
			if (!strcmp(word, sizes[i].column))
				numbers[nr] = &task->kb[i];
		known += numbers[nr++] != &unknown;
	}
	if (known != PROC_COLUMNS + 1)
		error(exit_failure, 0, "%s lacks columns: load the module of version %s",
		      VMAINFO_PROCS, VMAINFO_RELEASE);
	return nr;
}

int procs_read_module(struct procs *t)
{
	const int fd = module_open(VMAINFO_PROCS, O_RDONLY);
	uint64_t *numbers[MAX_COLUMNS];
	char *line, *rest, *p, *end;
	struct bytes text = {};
	struct proc task;
	size_t nr, i;
	int err;

	if (fd < 0)
		return errno;
	procs_free(t);
	err = bytes_read(&text, fd, NULL);
	if (err)
		error(exit_failure, err, "cannot read %s", VMAINFO_PROCS);
	close(fd);
	rest = text.p;
	nr = columns_parse(strsep(&rest, "\n"), &task, numbers);
	while ((line = strsep(&rest, "\n")) && (*line || rest)) {
		task.pid = strtol(line, &end, 10);
		for (i = 0, p = line; i < nr && end != p; i++) {
			p = end;
			*numbers[i] = strtoull(p, &end, 10);
		}
		if (end == p || *end != ' ')
			error(exit_failure, 0, "%s: cannot understand '%s'", VMAINFO_PROCS, line);
		/* Kernel threads and zombies are left out. */
		if (!task.vmas)
			continue;
		snprintf(task.comm, sizeof(task.comm), "%s", end + 1);
		procs_add(t, &task);
	}
	free(text.p);
	return 0;
}

/* ---- without it ---- */

/* "Key:   123 kB" of /proc/PID/status; 0 if @key is NULL or not there */
static uint64_t status_kb(const char *status, const char *key)
{
	char line[32];
	const char *p;

	if (!key)
		return 0;
	snprintf(line, sizeof(line), "\n%s:", key);
	p = strstr(status, line);
	return p ? strtoull(p + strlen(line), NULL, 10) : 0;
}

/* Returns the number of its VMAs, or -1 if its maps cannot be read. */
static int64_t count_maps(const char *dir)
{
	int fd = proc_open(dir, "maps");
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL, *name, *p;
	uint64_t start, last_end = 0;
	bool is_gate = false;
	int64_t nr = 0;
	size_t room = 0;

	if (!file)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		name = strrchr(line, ' ');
		start = strtoull(line, &p, 16);
		/* A line follows: it was a VMA. */
		nr += is_gate;
		is_gate = is_gate_page(start, name ? name + 1 : "", last_end);
		nr += !is_gate;
		last_end = *p ? strtoull(p + 1, NULL, 16) : 0;
	}
	if (ferror(file) && errno != ESRCH)
		nr = -1;
	fclose(file);
	free(line);
	return nr;
}

static void count_process(pid_t pid, struct procs *t)
{
	static const char first[] = "Name:\t";
	char dir[PROCESS_DIR], named[PROCESS_DIR], *status, *name;
	struct bytes main_status = {}, thread_status = {};
	struct proc task = { .pid = pid };
	int tries = PROCESS_DIR_TRIES;
	int64_t nr = 0;
	size_t i;

	while (!nr && tries-- && process_dir(dir, pid))
		nr = count_maps(dir);
	if (nr < 0)
		t->unreadable++;
	if (nr <= 0)
		return;
	task.vmas = nr;
	/* A process has its main thread's name. status can be long: 65536 groups. */
	main_dir(named, pid);
	process_read(&main_status, named, "status", NULL);
	if (strcmp(dir, named))
		process_read(&thread_status, dir, "status", NULL);
	name = main_status.p;
	status = strcmp(dir, named) ? thread_status.p : name;
	if (status && name && !strncmp(name, first, strlen(first))) {
		name += strlen(first);
		for (i = 0; i < PROC_COLUMNS; i++)
			task.kb[i] = status_kb(status, sizes[i].status[0]) +
				     status_kb(status, sizes[i].status[1]);
		/* Escaped as by the module. It can be empty, or begin with a space. */
		snprintf(task.comm, sizeof(task.comm), "%.*s", (int)strcspn(name, "\n"), name);
		procs_add(t, &task);
	}
	free(main_status.p);
	free(thread_status.p);
}

uint64_t cpu_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void procs_read(struct procs *t)
{
	uint64_t before = cpu_time_ns();
	pid_t *pids, *p;
	int err;

	err = procs_read_module(t);
	if (err) {
		procs_free(t);
		t->from_maps = true;
		t->why = err;
		pids = all_processes();
		for (p = pids; *p; p++)
			count_process(*p, t);
		free(pids);
	}
	t->cpu_ns = cpu_time_ns() - before;
}

char *procs_cost(const struct procs *t)
{
	return xasprintf("%s: /proc/PID/maps of %zu processes were read, which took %.1f ms of CPU",
			 module_missing(t->why), t->nr, t->cpu_ns / 1e6);
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
