// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to list the VMAs of a process, in each way there is, and what a
 * process that is listed feels of it. Runs in a guest of scripts/vm, see
 * scripts/bench; prints lines of a name and a number each, which
 * tests/bench/table.awk makes a table of.
 *
 *	bench cost [TARGET...]	costs in nanoseconds per VMA: instructions, if
 *				the guest's clock counts them (scripts/vm -i)
 *	bench procs		how many VMAs each of 500 processes has:
 *				nanoseconds a process
 *	bench hold		time under mmap_lock per VMA, in nanoseconds
 *	bench memory		bytes per VMA that a snapshot holds
 *	bench writer		what a target that maps and unmaps feels
 *				(scripts/vm -n 2)
 *
 * The module is loaded already. For the floor, walk.ko is in the same
 * directory.
 */
#include <ctype.h>
#include <dirent.h>
#include <error.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "../util.h"
#include "task_vma.h"

static char buffer[64 * 1024];

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error(1, errno, "writing %s to %s", text, path);
	close(fd);
}

/* What a reader in user space would keep of a VMA. */
struct vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t ino;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t perm;
	uint32_t name;		/* index of its first byte in names[]; 0 is "" */
};

static struct vma *vmas;
static size_t vmas_capacity;
static size_t vmas_nr;
static char *names;
static size_t names_capacity;
static size_t names_used;

/* Returns an array of at least WANTED elements, with the contents of ARRAY. */
static void *grow(void *array, size_t *capacity, size_t wanted, size_t size)
{
	if (wanted <= *capacity)
		return array;
	*capacity = 2 * wanted + (1 << 16);
	array = realloc(array, *capacity * size);
	if (!array)
		error(1, errno, "memory for %zu elements", *capacity);
	return array;
}

static void vmas_reserve(size_t n)
{
	vmas = grow(vmas, &vmas_capacity, vmas_nr + n, sizeof(*vmas));
}

/* Stores a name, and returns its index. */
static uint32_t name_new(const char *name, size_t len)
{
	const uint32_t index = names_used;

	names = grow(names, &names_capacity, names_used + len + 1, 1);
	memcpy(names + index, name, len);
	names[index + len] = '\0';
	names_used += len + 1;
	return index;
}

static void list_reset(void)
{
	vmas_nr = 0;
	names_used = 0;
	name_new("", 0);
}

/* The ways to list. Each returns how many VMAs it saw. */

/* As in the module, 0 is the process that reads. */
static int open_maps(pid_t pid)
{
	char path[64] = "/proc/self/maps";

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	return open_or_die(path, O_RDONLY);
}

static int open_entry(const char *path, pid_t pid)
{
	return pid ? open_target(path, pid) : open_or_die(path, O_RDWR);
}

static size_t read_through(int fd)
{
	size_t total = 0;
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		total += len;
	if (len < 0)
		error(1, errno, "read");
	close(fd);
	return total;
}

static size_t maps_read(pid_t pid)
{
	return read_through(open_maps(pid));
}

/* As pmap of procps reads it. */
static size_t maps_sscanf(pid_t pid)
{
	char line[PATH_MAX + 128], perm[32];
	unsigned long long start, end, offset, ino;
	unsigned int major, minor;
	size_t n = 0;
	FILE *f = fdopen(open_maps(pid), "r");

	if (!f)
		error(1, errno, "fdopen");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx %31s %llx %x:%x %llu", &start, &end, perm,
			   &offset, &major, &minor, &ino) != 7)
			error(1, errno, "not a line of maps: %s", line);
		n++;
	}
	fclose(f);
	return n;
}

static uint64_t parse_hex(const char **p)
{
	uint64_t val = 0;
	unsigned char c;

	for (;;) {
		c = **p;
		if (c >= '0' && c <= '9')
			val = val << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			val = val << 4 | (c - 'a' + 10);
		else
			return val;
		(*p)++;
	}
}

/* A line of maps into a struct vma, by hand. Returns its end. */
static const char *parse_line(const char *p, struct vma *v)
{
	const char *newline;

	v->start = parse_hex(&p);
	p++;
	v->end = parse_hex(&p);
	p++;
	v->perm = (p[0] == 'r') | (p[1] == 'w') << 1 | (p[2] == 'x') << 2 | (p[3] == 's') << 3;
	p += 5;
	v->offset = parse_hex(&p);
	p++;
	v->dev_major = parse_hex(&p);
	p++;
	v->dev_minor = parse_hex(&p);
	p++;
	v->ino = 0;
	for (; *p != ' '; p++)
		v->ino = 10 * v->ino + (*p - '0');
	p++;
	v->name = 0;
	if (*p == '\n')
		return p + 1;
	while (*p == ' ')
		p++;
	newline = memchr(p, '\n', SIZE_MAX / 4);
	v->name = name_new(p, newline - p);
	return newline + 1;
}

static size_t maps_parse(pid_t pid)
{
	const char *p, *end;
	size_t left = 0;
	ssize_t len;
	int fd = open_maps(pid);

	list_reset();
	while ((len = read(fd, buffer + left, sizeof(buffer) - left)) > 0) {
		/* procfs gives whole lines. */
		end = buffer + len;
		for (p = buffer; p < end; ) {
			vmas_reserve(1);
			p = parse_line(p, &vmas[vmas_nr++]);
		}
	}
	if (len < 0)
		error(1, errno, "read");
	close(fd);
	return vmas_nr;
}

static size_t raw_parse(pid_t pid)
{
	const struct vmainfo_header *h = NULL;
	const struct vmainfo_record *r;
	const char *p, *end;
	struct vma *v;
	ssize_t len;
	int fd = open_target(VMAINFO_RAW, pid);

	list_reset();
	v = vmas;
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		p = buffer;
		end = buffer + len;
		if (!h) {
			h = (const void *)p;
			p += h->size;
			vmas_reserve(h->vmas + 1); /* The gate page is not counted. */
			v = vmas;
		}
		for (; p < end; p += r->next, v++) {
			r = (const void *)p;
			v->start = r->start;
			v->end = r->end;
			v->offset = r->offset;
			v->ino = r->ino;
			v->dev_major = r->dev_major;
			v->dev_minor = r->dev_minor;
			v->perm = (r->flags & 7) | (r->flags & VMAINFO_MAYSHARE) >> 4;
			v->name = r->name_len ? name_new(p + r->size, r->name_len - 1) : 0;
		}
	}
	if (len < 0)
		error(1, errno, "read");
	close(fd);
	vmas_nr = v - vmas;
	return vmas_nr;
}

static char query_name[PATH_MAX];

static bool query(int fd, uint64_t addr, uint64_t flags, struct procmap_query *q)
{
	memset(q, 0, sizeof(*q));
	q->size = sizeof(*q);
	q->query_flags = flags;
	q->query_addr = addr;
	q->vma_name_addr = (uintptr_t)query_name;
	q->vma_name_size = sizeof(query_name);
	if (!ioctl(fd, PROCMAP_QUERY, q))
		return true;
	if (errno != ENOENT)
		error(1, errno, "PROCMAP_QUERY");
	return false;
}

static size_t maps_query(pid_t pid)
{
	struct procmap_query q;
	uint64_t addr = 0;
	size_t n = 0;
	int fd = open_maps(pid);

	while (query(fd, addr, PROCMAP_QUERY_COVERING_OR_NEXT_VMA, &q)) {
		addr = q.vma_end;
		n++;
	}
	close(fd);
	return n;
}

static void set_filter(int fd, const struct vmainfo_filter *f)
{
	if (ioctl(fd, VMAINFO_SET_FILTER, f))
		error(1, errno, "VMAINFO_SET_FILTER");
}

/* What a profiler wants: the executable mappings of files */
static size_t raw_exec_files(pid_t pid)
{
	const struct vmainfo_filter f = {
		.size = sizeof(f),
		.kinds = 1 << VMAINFO_KIND_FILE | 1 << VMAINFO_KIND_SHMEM,
		.flags = VMAINFO_EXEC,
	};
	int fd = open_target(VMAINFO_RAW, pid);

	set_filter(fd, &f);
	return read_through(fd);
}

static size_t bpf_read(pid_t pid)
{
	int fd = task_vma_iter(pid);

	if (fd < 0)
		error(1, errno, "task_vma_iter");
	return read_through(fd);
}

static const struct way {
	const char *name;
	const char *entry;	/* to be read as it is, or NULL */
	size_t (*list)(pid_t pid);
	bool query;	/* of the kernel's own */
	bool bpf;
	bool self;	/* also by a process that reads itself */
} ways[] = {
	{ .name = "maps", .list = maps_read, .self = true },
	{ .name = "maps_sscanf", .list = maps_sscanf },
	{ .name = "maps_parse", .list = maps_parse },
	{ .name = "maps_query", .list = maps_query, .query = true },
	{ .name = "ours", .entry = VMAINFO_MAPS, .self = true },
	{ .name = "ours_vmas", .entry = VMAINFO_VMAS, .self = true },
	{ .name = "raw", .entry = VMAINFO_RAW, .self = true },
	{ .name = "raw_parse", .list = raw_parse },
	{ .name = "raw_exec", .list = raw_exec_files },
	{ .name = "bpf", .list = bpf_read, .bpf = true },
};

static size_t list(const struct way *way, pid_t pid)
{
	return way->entry ? read_through(open_entry(way->entry, pid)) : way->list(pid);
}

static const struct way *find_way(const char *name)
{
	size_t i;

	for (i = 0; strcmp(ways[i].name, name); i++)
		;
	return &ways[i];
}

static bool kernel_has_query(void)
{
	int fd = open_maps(getpid());
	const bool has = !ioctl(fd, PROCMAP_QUERY, NULL) || errno != ENOTTY;

	close(fd);
	return has;
}

/* The targets: processes that map, and then wait to be killed. */

static void map_one(unsigned long n, int fd, unsigned long pages)
{
	int flags = MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *p = map_file(NULL, pages * PAGE, PROT_READ, flags, fd, 0);
	unsigned long i;

	for (i = 1; i < n; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_NONE))
			error(1, errno, "mprotect of page %lu", i);
}

/* Every second page has other rights. */
static void map_anonymous(unsigned long n)
{
	map_one(n, -1, n);
}

/* A file as deep down as libraries are */
static int open_library(const char *name, unsigned long i, unsigned long pages)
{
	char path[64];

	mkdir("/tmp/lib", 0755);
	mkdir("/tmp/lib/x86_64-linux-gnu", 0755);
	snprintf(path, sizeof(path), "/tmp/lib/x86_64-linux-gnu/lib%s%lu.so.1", name, i);
	return create_file(path, pages * PAGE);
}

/* Eight VMAs a file */
static void map_files(unsigned long n)
{
	unsigned long i;
	int fd;

	for (i = 0; i < n; i += 8) {
		fd = open_library("bench", i / 8, 8);
		map_one(8, fd, 8);
		close(fd);
	}
}

/* A page each of two files in turns: no two neighbours have the same file. */
static void map_alternating(unsigned long n)
{
	const int fd[] = { open_library("turn", 0, 1), open_library("turn", 1, 1) };
	char *p = map_at(NULL, n * PAGE, PROT_NONE);
	unsigned long i;

	for (i = 0; i < n; i++)
		if (mmap(p + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd[i % 2], 0) ==
		    MAP_FAILED)
			error(1, errno, "mmap of page %lu", i);
}

#define EXECUTABLE 600

/* Executable mappings of that many files, in between anonymous VMAs */
static void map_executables(unsigned long n)
{
	const unsigned long gap = n / EXECUTABLE;
	unsigned long i;

	for (i = 0; i < EXECUTABLE; i++) {
		map_and_close(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			      open_library("exec", i, 1), 0);
		map_one(gap - 1, -1, gap - 1);
	}
}

static size_t count_lines(pid_t pid)
{
	int fd = open_maps(pid);
	size_t n = 0;
	ssize_t len, i;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		for (i = 0; i < len; i++)
			n += buffer[i] == '\n';
	close(fd);
	return n;
}

/* 35 VMAs, most of them of files: what a small dynamic program has. */
static void map_small(unsigned long n)
{
	map_files(24);
	while (count_lines(getpid()) < n)
		map_one(1, -1, 1);
}

static const struct bench_target {
	const char *name;
	void (*map)(unsigned long n);
	unsigned long n;
	unsigned int rounds;	/* the smallest result has the fewest timer ticks in it */
} targets[] = {
	{ "small35", map_small, 35, 300 },
	{ "anon1000", map_anonymous, 1000, 30 },
	{ "anon60000", map_anonymous, 60000, 5 },
	{ "files60000", map_files, 60000, 5 },
	{ "alternating60000", map_alternating, 60000, 5 },
	{ "exec60000", map_executables, 60000, 5 },
	{ "anon1000000", map_anonymous, 1000000, 1 },
};

/* A child that has mapped n, and calls then() (may be NULL) before it waits */
static pid_t start(void (*map)(unsigned long n), unsigned long n, void (*then)(void))
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		error(1, errno, "pipe");
	pid = fork_child();
	if (!pid) {
		map(n);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		if (then)
			then();
		wait_for_ever();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		error(1, ECHILD, "the target");
	close(ready[0]);
	return pid;
}

static const struct bench_target *find_target(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	error(1, EINVAL, "unknown target: %s", name);
	return NULL;
}

/* The nanoseconds that code takes, the least of some rounds */
#define LEAST_NS(rounds, ...) ({					\
	uint64_t least = UINT64_MAX, began, took;			\
	unsigned int round;						\
									\
	for (round = 0; round < (rounds); round++) {			\
		began = now_ns();					\
		__VA_ARGS__;						\
		took = now_ns() - began;				\
		if (took < least)					\
			least = took;					\
	}								\
	least;								\
})

/* One query at a time, of VMAs all over: the mean, without timer ticks */
static void cost_of_query(const char *name, int fd, const struct bench_target *t)
{
	struct procmap_query q;
	size_t i, asked = 0;
	uint64_t sum = 0;

	for (i = 0; i < vmas_nr; i += 1 + vmas_nr / 1000, asked++)
		sum += LEAST_NS(3, query(fd, vmas[i].start, 0, &q));
	close(fd);
	printf("%s.%s_one %.2f\n", t->name, name, (double)sum / asked);
}

#define ADDRESSES 1000

/* An address in each of that many VMAs, all over */
static void cost_of_addresses(pid_t pid, bool has_query, const struct bench_target *t)
{
	struct vmainfo_range ranges[ADDRESSES];
	const struct vmainfo_filter f = {
		.size = sizeof(f),
		.ranges = (uintptr_t)ranges,
		.nr_ranges = ADDRESSES,
	};
	struct procmap_query q;
	size_t i, got = 0;
	uint64_t total;
	int fd;

	for (i = 0; i < ADDRESSES; i++) {
		ranges[i].start = vmas[vmas_nr * i / ADDRESSES].start + PAGE / 2;
		ranges[i].end = ranges[i].start + 1;
	}
	total = LEAST_NS(t->rounds, {
		fd = open_target(VMAINFO_RAW, pid);
		set_filter(fd, &f);
		got = read_through(fd);
	});
	if (got < ADDRESSES * VMAINFO_RECORD_SIZE_VER0)
		error(1, ECHILD, "%zu bytes of records", got);
	printf("%s.filter_addresses %.2f\n", t->name, (double)total / ADDRESSES);
	if (!has_query)
		return;
	total = LEAST_NS(t->rounds, {
		fd = open_maps(pid);
		for (i = 0; i < ADDRESSES; i++)
			query(fd, ranges[i].start, 0, &q);
		close(fd);
	});
	printf("%s.query_addresses %.2f\n", t->name, (double)total / ADDRESSES);
}

/* What a walk that does nothing takes, by the module for that. */
static double walk(pid_t pid)
{
	char command[64];
	double ns;

	snprintf(command, sizeof(command), "insmod /walk.ko pid=%d", pid);
	if (system(command))
		error(1, ENOEXEC, "%s", command);
	ns = strtod(slurp_path("/sys/module/walk/parameters/ns").s, NULL);
	if (system("rmmod walk"))
		error(1, errno, "rmmod walk");
	return ns;
}

/* What a process that has mapped the same pays to read its own VMAs */
static void cost_of_self(const struct bench_target *t)
{
	size_t n, i;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		error(1, errno, "fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	t->map(t->n);
	n = count_lines(0);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (ways[i].self)
			printf("%s.self_%s %.2f\n", t->name, ways[i].name,
			       (double)LEAST_NS(t->rounds, list(&ways[i], 0)) / n);
	fflush(NULL);
	_exit(0);
}

static void cost(const struct bench_target *t)
{
	const bool has_query = kernel_has_query();
	pid_t pid = start(t->map, t->n, NULL);
	size_t n = count_lines(pid), i;
	uint64_t total;

	printf("%s.vmas %zu\n", t->name, n);
	printf("%s.walk %.2f\n", t->name, walk(pid) / n);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (ways[i].query && !has_query)
			continue;
		if (ways[i].bpf && task_vma_open())
			continue;
		total = LEAST_NS(t->rounds, list(&ways[i], pid));
		printf("%s.%s %.2f\n", t->name, ways[i].name, (double)total / n);
		fflush(stdout);
	}
	raw_parse(pid);
	if (has_query)
		cost_of_query("maps_query", open_maps(pid), t);
	cost_of_query("ours_query", open_target(VMAINFO_MAPS, pid), t);
	if (vmas_nr >= ADDRESSES)
		cost_of_addresses(pid, has_query, t);
	end_child(pid);
	if (t->map == map_small)
		cost_of_self(t);
}

/* How many VMAs each process has */

#define PROCESSES 500
#define PROCESS_VMAS 1000

static size_t processes_seen, processes_vmas;

static void process_seen(size_t n)
{
	processes_seen++;
	processes_vmas += n;
}

/* wc -l /proc/[0-9]*\/maps */
static void procs_by_maps(void)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		error(1, errno, "/proc");
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			process_seen(count_lines(atoi(entry->d_name)));
	closedir(dir);
}

static void procs_by_procs(void)
{
	int fd = open_or_die(VMAINFO_PROCS, O_RDONLY);
	char *line, *p;
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		for (line = buffer; line < buffer + len;
		     line = (char *)memchr(line, '\n', buffer + len - line) + 1) {
			if (*line == '#')
				continue;
			strtoul(line, &p, 10);
			process_seen(strtoul(p, NULL, 10));
		}
	}
	if (len < 0)
		error(1, errno, "read");
	close(fd);
}

static void cost_of_procs(const char *name, void (*count)(void), unsigned int rounds)
{
	uint64_t ns = LEAST_NS(rounds, {
		processes_seen = 0;
		processes_vmas = 0;
		count();
	});

	if (processes_vmas < PROCESSES * PROCESS_VMAS)
		error(1, ECHILD, "%s: %zu VMAs of %zu processes", name, processes_vmas,
		      processes_seen);
	printf("procs.%s %.2f\n", name, (double)ns / processes_seen);
	printf("procs.%s_vmas %zu\n", name, processes_vmas);
	fflush(stdout);
}

static void procs(void)
{
	pid_t pids[PROCESSES];
	size_t i;

	for (i = 0; i < PROCESSES; i++)
		pids[i] = start(map_anonymous, PROCESS_VMAS, NULL);
	cost_of_procs("maps", procs_by_maps, 3);
	cost_of_procs("ours", procs_by_procs, 30);
	for (i = 0; i < PROCESSES; i++)
		end_child(pids[i]);
}

/* Time under mmap_lock */

#define TRACING "/sys/kernel/tracing/"

/*
 * From the kernel's own events, whose times are those of the TSC: a nanosecond
 * a tick under QEMU. The mm that is locked for longest is the target's; others
 * are locked by faults.
 */
static double held(void)
{
	struct {
		char mm[32];
		double since;
		double sum;
	} mms[64] = {}, *m;
	char line[1024], mm[32], *at;
	double time, most = 0;
	FILE *f = fopen(TRACING "trace", "r");

	if (!f)
		error(1, errno, TRACING "trace");
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, ": mmap_lock_");
		if (*line == '#' || !at)
			continue;
		*at = '\0';
		time = strtod(strrchr(line, ' '), NULL);
		at += 2;
		if (sscanf(strstr(at, "mm="), "%31s", mm) != 1)
			continue;
		for (m = mms; *m->mm && strcmp(m->mm, mm); m++)
			if (m == mms + 63)
				error(1, E2BIG, "too many mms");
		strcpy(m->mm, mm);
		if (!strncmp(at, "mmap_lock_acquire", 17)) {
			m->since = time;
		} else if (!strncmp(at, "mmap_lock_released", 18) && m->since) {
			m->sum += time - m->since;
			m->since = 0;
		}
	}
	fclose(f);
	for (m = mms; m < mms + 64; m++)
		if (m->sum > most)
			most = m->sum;
	return most;
}

static void hold(void)
{
	static const char * const names[] = { "maps", "ours", "raw" };
	const struct bench_target *t = find_target("anon60000");
	const struct way *way;
	char filter[64];
	pid_t pid;
	size_t i, n;

	if (mount("none", TRACING, "tracefs", 0, NULL) && errno != EBUSY)
		error(1, errno, "mounting tracefs");
	if (access(TRACING "events/mmap_lock", F_OK)) {
		fprintf(stderr, "bench: this kernel does not trace mmap_lock\n");
		return;
	}
	pid = start(t->map, t->n, NULL);
	n = count_lines(pid);
	put(TRACING "trace_clock", "x86-tsc");
	put(TRACING "buffer_size_kb", "8192");
	snprintf(filter, sizeof(filter), "common_pid == %d", getpid());
	put(TRACING "events/mmap_lock/filter", filter);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		way = find_way(names[i]);
		list(way, pid);
		put(TRACING "trace", "");
		put(TRACING "events/mmap_lock/enable", "1");
		list(way, pid);
		put(TRACING "events/mmap_lock/enable", "0");
		printf("%s.%s_hold %.2f\n", t->name, names[i], held() / n);
	}
	end_child(pid);
}

/* Memory of snapshots, by a cgroup's account */

#define CGROUP "/tmp/cgroup"
#define SNAPSHOTS 16	/* the account can be off by some pages, whatever their number */

static double cgroup_memory(void)
{
	return strtod(slurp_path(CGROUP "/bench/memory.current").s, NULL);
}

static void memory(const char *name)
{
	const struct bench_target *t = find_target(name);
	pid_t pid = start(t->map, t->n, NULL);
	size_t n = count_lines(pid), i;
	int fds[SNAPSHOTS];
	double before;

	mkdir(CGROUP, 0755);
	if (mount("none", CGROUP, "cgroup2", 0, NULL) && errno != EBUSY)
		error(1, errno, "mounting cgroup2");
	put(CGROUP "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP "/bench", 0755) && errno != EEXIST)
		error(1, errno, CGROUP "/bench");
	put(CGROUP "/bench/cgroup.procs", "0");
	before = cgroup_memory();
	for (i = 0; i < SNAPSHOTS; i++) {
		fds[i] = open_target(VMAINFO_RAW, pid);
		if (read(fds[i], buffer, 4096) <= 0)
			error(1, errno, "read");
	}
	printf("%s.memory %.2f\n", name, (cgroup_memory() - before) / n / SNAPSHOTS);
	for (i = 0; i < SNAPSHOTS; i++)
		close(fds[i]);
	end_child(pid);
}

/* A target that maps and unmaps while somebody lists it */

#define WRITER_OPS_MAX (8 << 20)
#define WRITER_ROUNDS 5
#define WRITER_ROUND_NS 1500000000ull

static struct writer {
	atomic_int go;
	atomic_int idle;
	atomic_uint ops;
	uint32_t ns[WRITER_OPS_MAX];
} *writer;

static void write_maps(void)
{
	uint64_t began, took;
	uint32_t ops;
	char *p;

	for (;;) {
		writer->idle = 1;
		while (!writer->go)
			usleep(100);
		writer->idle = 0;
		for (ops = 0; writer->go && ops < WRITER_OPS_MAX; ops++) {
			began = now_ns();
			p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (p == MAP_FAILED || munmap(p, 4096))
				_exit(1);
			took = now_ns() - began;
			writer->ns[ops] = took < UINT32_MAX ? took : UINT32_MAX;
		}
		writer->ops = ops;
	}
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t median(uint32_t *values)
{
	qsort(values, WRITER_ROUNDS, sizeof(*values), compare);
	return values[WRITER_ROUNDS / 2];
}

static void writer_bench(void)
{
	static const struct {
		const char *name;
		const char *way;
		const char *max_hold_us;
	} modes[] = {
		{ "nobody", NULL, "250" },
		{ "maps", "maps", "250" },
		{ "ours", "ours", "250" },
		{ "raw", "raw", "250" },
		{ "ours25", "ours", "25" },
	};
	enum { MODES = sizeof(modes) / sizeof(*modes) };
	uint32_t ops[MODES][WRITER_ROUNDS], p99[MODES][WRITER_ROUNDS], most[MODES][WRITER_ROUNDS];
	const struct bench_target *t = find_target("anon60000");
	uint64_t began, took, listings[MODES] = {};
	size_t i, round;
	pid_t pid;

	writer = get_shared(sizeof(*writer));
	memset(writer->ns, 1, sizeof(writer->ns)); /* so that it does not fault */
	pid = start(t->map, t->n, write_maps);
	/* In turns, so that what else the machine does falls on all of them. */
	for (round = 0; round < WRITER_ROUNDS; round++) {
		for (i = 0; i < MODES; i++) {
			put("/sys/module/vmainfo/parameters/max_hold_us", modes[i].max_hold_us);
			writer->go = 1;
			began = now_ns();
			do {
				if (modes[i].way) {
					list(find_way(modes[i].way), pid);
					listings[i]++;
				} else {
					usleep(10000);
				}
				took = now_ns() - began;
			} while (took < WRITER_ROUND_NS);
			writer->go = 0;
			while (!writer->idle)
				usleep(100);
			if (!writer->ops)
				error(1, ECHILD, "the writer");
			qsort(writer->ns, writer->ops, sizeof(*writer->ns), compare);
			ops[i][round] = writer->ops / (took / 1e9);
			p99[i][round] = writer->ns[writer->ops * 99ull / 100];
			most[i][round] = writer->ns[writer->ops - 1];
		}
	}
	for (i = 0; i < MODES; i++) {
		printf("writer.%s_listings %llu\n", modes[i].name, (unsigned long long)listings[i]);
		printf("writer.%s_ops %u\n", modes[i].name, median(ops[i]));
		printf("writer.%s_p99 %.1f\n", modes[i].name, median(p99[i]) / 1e3);
		printf("writer.%s_max %.1f\n", modes[i].name, median(most[i]) / 1e3);
	}
	end_child(pid);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		error(2, 0, "wanted: cost [TARGET...], procs, hold, memory or writer");
	put("/proc/sys/vm/max_map_count", "2000000");
	if (!strcmp(argv[1], "cost")) {
		for (i = 2; argv[i]; i++)
			cost(find_target(argv[i]));
		for (i = 0; argc == 2 && i < sizeof(targets) / sizeof(*targets); i++)
			cost(&targets[i]);
	} else if (!strcmp(argv[1], "procs")) {
		procs();
	} else if (!strcmp(argv[1], "hold")) {
		hold();
	} else if (!strcmp(argv[1], "memory")) {
		memory("anon60000");
		memory("files60000");
		memory("alternating60000");
	} else if (!strcmp(argv[1], "writer")) {
		writer_bench();
	} else {
		error(2, 0, "unknown part: %s", argv[1]);
	}
	return 0;
}
