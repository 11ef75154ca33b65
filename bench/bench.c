// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to list the VMAs of a process, in each way there is, and what a process
 * that is listed feels of it. Runs in a guest of scripts/vm, see scripts/bench; prints
 * lines of a name and a number each, which bench/table.awk makes a table of.
 *
 *	bench cost [TARGET...]	costs in nanoseconds per VMA: instructions, where the guest's
 *				clock counts them (scripts/vm -i)
 *	bench hold		time under mmap_lock, per VMA
 *	bench memory		bytes per VMA that a snapshot holds
 *	bench writer		what a thread of the target that maps and unmaps feels (2 CPUs)
 *
 * The module is loaded already.
 */
#include "bench.h"

/* How often a measurement is repeated: its smallest result has no timer tick in it. */
#define ROUNDS_LARGE 3
#define ROUNDS_SMALL 300

static char buffer[64 * 1024];

void fatal(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(ap);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
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
static size_t vmas_room;
static size_t vmas_nr;
static char *names;
static size_t names_room;
static size_t names_used;

static struct vma *vma_new(void)
{
	if (vmas_nr == vmas_room) {
		vmas_room = vmas_room ? 2 * vmas_room : 1 << 16;
		vmas = realloc(vmas, vmas_room * sizeof(*vmas));
		if (!vmas)
			fatal("memory for %zu VMAs", vmas_room);
	}
	return &vmas[vmas_nr++];
}

/* Room for a name, which may turn out shorter. */
static char *name_room(size_t len)
{
	if (names_used + len > names_room) {
		names_room = 2 * (names_room + len) + (1 << 20);
		names = realloc(names, names_room);
		if (!names)
			fatal("memory for %zu bytes of names", names_room);
	}
	return names + names_used;
}

static void list_reset(void)
{
	vmas_nr = 0;
	names_used = 1;
	*name_room(1) = '\0';
	names[0] = '\0';
}

/* The ways to list. Each returns how many VMAs it saw. */

static int open_maps(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fatal("%s", path);
	return fd;
}

static int open_entry(const char *path, pid_t pid)
{
	char text[16];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int len = snprintf(text, sizeof(text), "%d", pid);

	if (fd < 0)
		fatal("%s", path);
	if (write(fd, text, len) != len)
		fatal("writing %s to %s", text, path);
	return fd;
}

static size_t read_all(int fd)
{
	size_t total = 0;
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		total += len;
	if (len < 0)
		fatal("read");
	close(fd);
	return total;
}

static size_t maps_read(pid_t pid)
{
	return read_all(open_maps(pid));
}

static size_t ours_read(pid_t pid)
{
	return read_all(open_entry(VMAINFO_MAPS, pid));
}

static size_t raw_read(pid_t pid)
{
	return read_all(open_entry(VMAINFO_RAW, pid));
}

static size_t vmas_read(pid_t pid)
{
	return read_all(open_entry(VMAINFO_VMAS, pid));
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
		fatal("fdopen");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx %31s %llx %x:%x %llu", &start, &end, perm,
			   &offset, &major, &minor, &ino) != 7)
			fatal("not a line of maps: %s", line);
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
	size_t len;

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
	len = newline - p;
	v->name = names_used;
	memcpy(name_room(len + 1), p, len);
	names[names_used + len] = '\0';
	names_used += len + 1;
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
		for (p = buffer; p < end; )
			p = parse_line(p, vma_new());
	}
	if (len < 0)
		fatal("read");
	close(fd);
	return vmas_nr;
}

/* The header says how many to expect. */
static void vmas_reserve(size_t n)
{
	if (vmas_nr + n <= vmas_room)
		return;
	vmas_room = vmas_nr + n;
	vmas = realloc(vmas, vmas_room * sizeof(*vmas));
	if (!vmas)
		fatal("memory for %zu VMAs", vmas_room);
}

static size_t raw_parse(pid_t pid)
{
	const struct vmainfo_header *h = NULL;
	const struct vmainfo_record *r;
	const char *p, *end;
	struct vma *v;
	ssize_t len;
	int fd = open_entry(VMAINFO_RAW, pid);

	list_reset();
	v = vmas;
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		p = buffer;
		end = buffer + len;
		if (!h) {
			h = (const void *)p;
			p += h->size;
			vmas_reserve(h->vmas + 1);
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
			v->name = 0;
			if (r->name_len) {
				v->name = names_used;
				memcpy(name_room(r->name_len), p + r->size, r->name_len);
				names_used += r->name_len;
			}
		}
	}
	if (len < 0)
		fatal("read");
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
		fatal("PROCMAP_QUERY");
	return false;
}

static size_t query_loop(int fd)
{
	struct procmap_query q;
	uint64_t addr = 0;
	size_t n = 0;

	while (query(fd, addr, PROCMAP_QUERY_COVERING_OR_NEXT_VMA, &q)) {
		addr = q.vma_end;
		n++;
	}
	close(fd);
	return n;
}

static size_t maps_query(pid_t pid)
{
	return query_loop(open_maps(pid));
}

static size_t ours_query(pid_t pid)
{
	return query_loop(open_entry(VMAINFO_MAPS, pid));
}

static size_t bpf_read(pid_t pid)
{
	int fd = task_vma_iter(pid);

	if (fd < 0) {
		errno = -fd;
		fatal("task_vma_iter");
	}
	return read_all(fd);
}

static const struct way {
	const char *name;
	size_t (*list)(pid_t pid);
	bool query;	/* of the kernel's own */
	bool bpf;
} ways[] = {
	{ .name = "maps", .list = maps_read },
	{ .name = "maps_sscanf", .list = maps_sscanf },
	{ .name = "maps_parse", .list = maps_parse },
	{ .name = "maps_query", .list = maps_query, .query = true },
	{ .name = "ours", .list = ours_read },
	{ .name = "ours_query", .list = ours_query },
	{ .name = "ours_vmas", .list = vmas_read },
	{ .name = "raw", .list = raw_read },
	{ .name = "raw_parse", .list = raw_parse },
	{ .name = "bpf", .list = bpf_read, .bpf = true },
};

static bool kernel_has_query(void)
{
	struct procmap_query q = { .size = sizeof(q) };
	int fd = open_maps(getpid());
	int ret = ioctl(fd, PROCMAP_QUERY, &q);
	int error = errno;

	close(fd);
	return !ret || error != ENOTTY;
}

/* The targets: processes that map, and then wait to be killed. */

static void map_one(unsigned long n, int fd, unsigned long pages)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, pages * page, PROT_READ,
		       MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	unsigned long i;

	if (p == MAP_FAILED)
		fatal("mmap of %lu pages", pages);
	for (i = 1; i < n; i += 2)
		if (mprotect(p + i * page, page, PROT_NONE))
			fatal("mprotect of page %lu", i);
}

/* Every second page has other rights. */
static void map_anonymous(unsigned long n)
{
	map_one(n, -1, n);
}

/* Eight VMAs a file, of files as deep down as libraries are. */
static void map_files(unsigned long n)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char path[64];
	unsigned long i;
	int fd;

	mkdir("/tmp/lib", 0755);
	mkdir("/tmp/lib/x86_64-linux-gnu", 0755);
	for (i = 0; i < n; i += 8) {
		snprintf(path, sizeof(path), "/tmp/lib/x86_64-linux-gnu/libbench%lu.so.1", i / 8);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || ftruncate(fd, 8 * page))
			fatal("%s", path);
		map_one(8, fd, 8);
		close(fd);
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

static const struct target {
	const char *name;
	void (*map)(unsigned long n);
	unsigned long n;
	unsigned int rounds;
} targets[] = {
	{ "anon35", map_small, 35, ROUNDS_SMALL },
	{ "anon1000", map_anonymous, 1000, 30 },
	{ "anon60000", map_anonymous, 60000, ROUNDS_LARGE },
	{ "files60000", map_files, 60000, ROUNDS_LARGE },
	{ "anon1000000", map_anonymous, 1000000, 1 },
};

/* A child that has mapped, and calls @then before it waits. */
pid_t start(void (*map)(unsigned long n), unsigned long n, void (*then)(void))
{
	int ready[2];
	pid_t pid;
	char c;

	fflush(NULL);
	if (pipe(ready))
		fatal("pipe");
	pid = fork();
	if (pid < 0)
		fatal("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map(n);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		if (then)
			then();
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		errno = ECHILD;
		fatal("the target");
	}
	close(ready[0]);
	return pid;
}

void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void set_max_map_count(unsigned long n)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "w");

	if (!f || fprintf(f, "%lu\n", n) < 0 || fclose(f))
		fatal("/proc/sys/vm/max_map_count");
}

static const struct target *find_target(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	errno = EINVAL;
	fatal("there is no target %s", name);
	return NULL;
}

static uint64_t cost_of(const struct way *way, const struct target *t, pid_t pid)
{
	uint64_t least = UINT64_MAX, began, took;
	unsigned int i;

	for (i = 0; i < t->rounds; i++) {
		began = now_ns();
		way->list(pid);
		took = now_ns() - began;
		if (took < least)
			least = took;
	}
	return least;
}

/* One question at a time, of VMAs all over: the mean, without what a timer tick adds. */
static void cost_of_query(const char *name, int fd, const struct target *t)
{
	uint64_t least, sum = 0, began, took;
	struct procmap_query q;
	size_t i, asked = 0;
	int again;

	for (i = 0; i < vmas_nr; i += 1 + vmas_nr / 1000, asked++) {
		least = UINT64_MAX;
		for (again = 0; again < 3; again++) {
			began = now_ns();
			query(fd, vmas[i].start, 0, &q);
			took = now_ns() - began;
			if (took < least)
				least = took;
		}
		sum += least;
	}
	close(fd);
	printf("%s.%s_one %.2f\n", t->name, name, (double)sum / asked);
}

static void cost(const struct target *t)
{
	const bool has_query = kernel_has_query();
	pid_t pid = start(t->map, t->n, NULL);
	size_t n = count_lines(pid), i;
	uint64_t total;

	printf("%s.vmas %zu\n", t->name, n);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (ways[i].query && !has_query)
			continue;
		if (ways[i].bpf && task_vma_open())
			continue;
		total = cost_of(&ways[i], t, pid);
		printf("%s.%s %.2f\n", t->name, ways[i].name, (double)total / n);
		fflush(stdout);
	}
	raw_parse(pid);
	if (has_query)
		cost_of_query("maps_query", open_maps(pid), t);
	cost_of_query("ours_query", open_entry(VMAINFO_MAPS, pid), t);
	stop(pid);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 4 && !strcmp(argv[1], "loop")) {
		const struct target *t = find_target(argv[3]);
		pid_t pid;

		set_max_map_count(2000000);
		pid = start(t->map, t->n, NULL);
		for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
			if (!strcmp(ways[i].name, argv[2]))
				break;
		printf("%zu\n", count_lines(pid));
		fflush(stdout);
		for (;;)
			ways[i].list(pid);
	}
	if (argc < 2) {
		fprintf(stderr, "usage: bench cost [TARGET...] | hold | memory | writer\n");
		return 2;
	}
	set_max_map_count(2000000);
	if (!strcmp(argv[1], "cost")) {
		if (argc > 2)
			for (i = 2; argv[i]; i++)
				cost(find_target(argv[i]));
		else
			for (i = 0; i < sizeof(targets) / sizeof(*targets); i++)
				cost(&targets[i]);
	}
	return 0;
}
