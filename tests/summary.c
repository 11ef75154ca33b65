// SPDX-License-Identifier: GPL-2.0
/*
 * summary, line by line: what the VMAs come to against vmas and /proc/PID/maps, the layout
 * against /proc/PID/stat and what a process knows of itself, the kernel's regions against
 * what is in them, and who is shown them. And that it is read, aimed and refused as the other
 * entries are.
 */
#include <linux/elf.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "vmainfo_test.h"

#define SUMMARY PROC "summary"
#define PAGE 4096ul
#define ROW_AT ((char *)0x200000000000)
#define ROW 1500u
#define MARK ((char *)0x500000000000)
#define HUGE (2ul << 20)

/* Its lines, in order, and what stands behind the key and a tab */
enum form {
	NUMBER,		/* 123 */
	WORD,		/* atomic */
	COUNT,		/* 12	48 kB */
	RANGE,		/* 00400000-00600000	2048 kB, or - */
	ADDRESS,	/* 00400000, or - */
};

enum key {
	PID, WALK, VMAS, VMAS_ANON, VMAS_FILE, VMAS_HEAP, VMAS_STACK, VMAS_SHMEM, VMAS_HUGETLB,
	VMAS_VDSO, VMAS_VVAR, VMAS_DEV, VMAS_SPECIAL, LARGEST_GAP, CODE, DATA, BRK, STACK,
	ARGUMENTS, ENVIRONMENT, START_STACK, MMAP_BASE, TASK_SIZE, KERNEL_VMAS, KERNEL_START,
	KEYS
};

static const struct {
	const char *name;
	enum form form;
} keys[KEYS] = {
	[PID] = { "Pid", NUMBER },
	[WALK] = { "Walk", WORD },
	[VMAS] = { "Vmas", COUNT },
	[VMAS_ANON] = { "VmasAnon", COUNT },
	[VMAS_FILE] = { "VmasFile", COUNT },
	[VMAS_HEAP] = { "VmasHeap", COUNT },
	[VMAS_STACK] = { "VmasStack", COUNT },
	[VMAS_SHMEM] = { "VmasShmem", COUNT },
	[VMAS_HUGETLB] = { "VmasHugetlb", COUNT },
	[VMAS_VDSO] = { "VmasVdso", COUNT },
	[VMAS_VVAR] = { "VmasVvar", COUNT },
	[VMAS_DEV] = { "VmasDev", COUNT },
	[VMAS_SPECIAL] = { "VmasSpecial", COUNT },
	[LARGEST_GAP] = { "LargestGap", RANGE },
	[CODE] = { "Code", RANGE },
	[DATA] = { "Data", RANGE },
	[BRK] = { "Brk", RANGE },
	[STACK] = { "Stack", RANGE },
	[ARGUMENTS] = { "Arguments", RANGE },
	[ENVIRONMENT] = { "Environment", RANGE },
	[START_STACK] = { "StartStack", ADDRESS },
	[MMAP_BASE] = { "MmapBase", ADDRESS },
	[TASK_SIZE] = { "TaskSize", ADDRESS },
	[KERNEL_VMAS] = { "KernelVmas", NUMBER },
	[KERNEL_START] = { "KernelStart", ADDRESS },
};

struct value {
	bool none;			/* - */
	unsigned long long nr;		/* NUMBER, COUNT, ADDRESS */
	unsigned long long start, end;	/* RANGE */
	unsigned long long kb;		/* COUNT, RANGE */
	char word[16];			/* WORD */
};

/* What follows them, if it does: KernelVmalloc: ffffc90000000000-ffffe90000000000 34359738368 kB */
#define REGIONS 8

struct region {
	char name[32];
	struct value v;
};

struct summary {
	struct text text;
	struct value v[KEYS];
	struct region region[REGIONS];
	unsigned int regions;
};

/* A value as summary prints it */
static void print_value(char *s, size_t size, enum form form, const struct value *v)
{
	if (v->none) {
		snprintf(s, size, "-");
		return;
	}
	switch (form) {
	case NUMBER:
		snprintf(s, size, "%llu", v->nr);
		break;
	case WORD:
		snprintf(s, size, "%s", v->word);
		break;
	case COUNT:
		snprintf(s, size, "%llu\t%llu kB", v->nr, v->kb);
		break;
	case RANGE:
		snprintf(s, size, "%08llx-%08llx\t%llu kB", v->start, v->end, v->kb);
		break;
	case ADDRESS:
		snprintf(s, size, "%08llx", v->nr);
		break;
	}
}

static void parse_value(const char *s, enum form form, struct value *v)
{
	memset(v, 0, sizeof(*v));
	v->none = (form == RANGE || form == ADDRESS) && !strncmp(s, "-\n", 2);
	switch (form) {
	case NUMBER:
		sscanf(s, "%llu", &v->nr);
		break;
	case WORD:
		sscanf(s, "%15s", v->word);
		break;
	case COUNT:
		sscanf(s, "%llu %llu", &v->nr, &v->kb);
		break;
	case RANGE:
		sscanf(s, "%llx-%llx %llu", &v->start, &v->end, &v->kb);
		break;
	case ADDRESS:
		sscanf(s, "%llx", &v->nr);
		break;
	}
}

/* The next line is that of the kernel's next region, above the last one. Its end, or NULL */
static const char *parse_region(const char *s, struct summary *sum)
{
	struct region *r = &sum->region[sum->regions];
	char value[100], line[150];

	if (sum->regions == REGIONS || sscanf(s, "%31[A-Za-z]:", r->name) != 1 ||
	    strncmp(r->name, "Kernel", 6))
		return NULL;
	parse_value(s + strlen(r->name) + 1, RANGE, &r->v);
	print_value(value, sizeof(value), RANGE, &r->v);
	snprintf(line, sizeof(line), "%s:\t%s\n", r->name, value);
	if (strncmp(s, line, strlen(line)) || r->v.none || r->v.start >= r->v.end ||
	    r->v.kb != (r->v.end - r->v.start) >> 10 ||
	    r->v.start < (sum->regions ? r[-1].v.start : sum->v[KERNEL_START].nr))
		return NULL;
	sum->regions++;
	return s + strlen(line);
}

/*
 * Takes a text apart. Each line must be what its value is printed as: so nothing of a line
 * is left over, and all keys are there in their order.
 */
static struct summary parse(struct text t)
{
	struct summary sum = { .text = t };
	char value[100], line[150];
	const char *s = t.s;
	unsigned int i;

	errno = 0;
	for (i = 0; i < KEYS; i++) {
		size_t len = strcspn(s, "\t");

		parse_value(s + len + !!s[len], keys[i].form, &sum.v[i]);
		print_value(value, sizeof(value), keys[i].form, &sum.v[i]);
		snprintf(line, sizeof(line), "%s:\t%s\n", keys[i].name, value);
		if (strncmp(s, line, strlen(line)))
			fatal("line %u is \"%.*s\", and should be like %s", i + 1,
			      (int)strcspn(s, "\n"), s, line);
		s += strlen(line);
	}
	while (s != t.s + t.len) {
		const char *end = parse_region(s, &sum);

		if (!end)
			fatal("there is more: %s", s);
		s = end;
	}
	return sum;
}

static struct summary from_start(int fd)
{
	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return parse(slurp(fd, 65536));
}

static struct summary summary_of(pid_t pid)
{
	int fd = open_target(SUMMARY, pid);
	struct summary sum = from_start(fd);

	close(fd);
	return sum;
}

/* Truths from elsewhere */

struct mapping {
	unsigned long start, end;
	char name[100];
};

struct mappings {
	struct mapping *m;
	unsigned int nr;
	unsigned long kb;
};

/* /proc/PID/maps without the vsyscall page, which is none of the process */
static struct mappings maps_of(pid_t pid)
{
	struct text t = slurp_proc(pid, "maps");
	struct mappings all = { .m = get_memory((t.len / 30 + 1) * sizeof(*all.m)) };
	struct mapping *m;
	const char *s;

	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		m = &all.m[all.nr];
		*m->name = 0;
		if (sscanf(s, "%lx-%lx %*s %*s %*s %*s%*[ ]%99[^\n]", &m->start, &m->end,
			   m->name) < 2)
			fatal("a line of maps: %s", s);
		if (!strcmp(m->name, "[vsyscall]"))
			continue;
		all.kb += (m->end - m->start) >> 10;
		all.nr++;
	}
	free(t.s);
	return all;
}

/* How many have a name that begins so, and where from and to */
static unsigned int named(struct mappings all, const char *name, struct value *v)
{
	unsigned int i, n = 0;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < all.nr; i++) {
		if (strncmp(all.m[i].name, name, strlen(name)))
			continue;
		if (!n++)
			v->start = all.m[i].start;
		v->end = all.m[i].end;
		v->kb += (all.m[i].end - all.m[i].start) >> 10;
	}
	return n;
}

/* A field of /proc/PID/stat by its number in proc(5); the second one may contain anything. */
static unsigned long long stat_field(pid_t pid, unsigned int nr)
{
	struct text t = slurp_proc(pid, "stat");
	unsigned long long value;
	char *s = strrchr(t.s, ')');
	unsigned int i;

	if (!s)
		fatal("/proc/%d/stat: %s", pid, t.s);
	for (s += 2, i = 3; i < nr; i++) {
		s = strchr(s, ' ');
		if (!s++)
			fatal("/proc/%d/stat has no field %u", pid, nr);
	}
	value = strtoull(s, NULL, 10);
	free(t.s);
	return value;
}

static const struct {
	enum key key;
	unsigned int start, end;	/* fields of stat, 0 if it is not there */
} in_stat[] = {
	{ CODE, 26, 27 },
	{ DATA, 45, 46 },
	{ BRK, 47, 0 },
	{ ARGUMENTS, 48, 49 },
	{ ENVIRONMENT, 50, 51 },
	{ START_STACK, 28, 0 },
};

/* What of a layout is not what stat says, or NULL */
static const char *differs_from_stat(const struct summary *sum, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(in_stat); i++) {
		enum key key = in_stat[i].key;
		const struct value *v = &sum->v[key];
		bool range = keys[key].form == RANGE;

		if (v->none || (range ? v->start : v->nr) != stat_field(pid, in_stat[i].start))
			return keys[key].name;
		if (in_stat[i].end && v->end != stat_field(pid, in_stat[i].end))
			return keys[key].name;
		if (range && v->kb != (v->end - v->start + 1023) / 1024)
			return keys[key].name;
	}
	return NULL;
}

/* The target: mappings of many kinds. What it says is in shared memory. */

static struct shared {
	unsigned long brk;
	unsigned long at;	/* where 't' shall map, and NULL if it may choose */
	unsigned long mapped;	/* where it did, or a negative errno */
	int ret[8];
	unsigned long value[8];
} *shared;

static void map_fd(int fd, unsigned int pages)
{
	if (fd < 0 ||
	    mmap(NULL, pages * PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		fatal("a mapping of %u pages", pages);
	close(fd);
}

static void init(void)
{
	char dir[] = "/tmp/vmainfo-summary-XXXXXX";

	map_row(ROW_AT, ROW);
	map_fd(memfd_create("summary", 0), 3);
	map_fd(open_or_die("/dev/zero", O_RDONLY), 7);
	/* all else may be on a tmpfs here */
	if (!mkdtemp(dir) || mount("none", dir, "ramfs", 0, NULL) || chdir(dir))
		fatal("a ramfs");
	map_fd(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600), 2);
	if (chdir("/") || umount2(dir, MNT_DETACH) || rmdir(dir))
		fatal("rmdir");
	if (mmap(NULL, 5 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		fatal("shared memory");
	/* if there are any */
	mmap(NULL, HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	/* not a whole number of pages */
	if (sbrk(123457) == (void *)-1)
		fatal("sbrk");
	shared->brk = (unsigned long)sbrk(0);
}

static void set_mm(unsigned int i, int what, unsigned long value)
{
	shared->value[i] = value;
	shared->ret[i] = prctl(PR_SET_MM, what, value, 0, 0) ? -errno : 0;
}

static void command(char c)
{
	static const struct {
		int what;
		unsigned int field;	/* of stat */
		int by;
	} moves[] = {
		{ PR_SET_MM_START_CODE, 26, 16 }, { PR_SET_MM_END_CODE, 27, -16 },
		{ PR_SET_MM_ARG_START, 48, 1 }, { PR_SET_MM_ARG_END, 49, -1 },
		{ PR_SET_MM_ENV_START, 50, 2 }, { PR_SET_MM_ENV_END, 51, -2 },
		{ PR_SET_MM_BRK, 0, 4321 },
	};
	unsigned int i;
	void *p;

	switch (c) {
	case 'm':
		map_at(MARK, PAGE, PROT_READ);
		break;
	case 'u':
		if (munmap(MARK, PAGE))
			_exit(1);
		break;
	case 't':	/* a page, and away with it */
		p = mmap((void *)shared->at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
			 (shared->at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
		shared->mapped = p == MAP_FAILED ? -(unsigned long)errno : (unsigned long)p;
		if (p != MAP_FAILED && munmap(p, PAGE))
			_exit(1);
		break;
	case 'p':
		for (i = 0; i < ARRAY_SIZE(moves); i++)
			set_mm(i, moves[i].what, moves[i].by + (moves[i].field ?
			       stat_field(getpid(), moves[i].field) : shared->brk));
		/* another [stack] */
		set_mm(i, PR_SET_MM_START_STACK, (unsigned long)ROW_AT + 8 * PAGE + 64);
		break;
	}
}

FIXTURE(summary)
{
	struct target target;
	struct summary sum;
	struct mappings maps;
	char huge[16];
	int fd;
};

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

FIXTURE_SETUP(summary)
{
	struct text t;
	int fd;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	if (!access(NR_HUGEPAGES, W_OK)) {
		t = slurp_path(NR_HUGEPAGES);
		snprintf(self->huge, sizeof(self->huge), "%s", t.s);
		fd = open_or_die(NR_HUGEPAGES, O_WRONLY);
		if (atoi(self->huge) < 4)
			write_string(fd, "4");
		close(fd);
	}
	target_start(&self->target, init, command);
	self->fd = open_target(SUMMARY, self->target.pid);
	self->sum = from_start(self->fd);
	self->maps = maps_of(self->target.pid);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(summary)
{
	int fd;

	target_end(&self->target);
	if (*self->huge) {
		fd = open_or_die(NR_HUGEPAGES, O_WRONLY);
		EXPECT_EQ(0, write_string(fd, self->huge));
		close(fd);
	}
}

/* What reads /proc/PID/status reads this, too: a key, a colon, a tab, and something. */
TEST_F(summary, lines_are_as_in_status)
{
	struct text t[] = { self->sum.text, slurp_proc(self->target.pid, "status") };
	char seen[100][32], *s, *end;
	unsigned int i, j, n;
	int found;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		for (s = t[i].s, n = 0; *s; s = end + 1, n++) {
			end = strchr(s, '\n');
			ASSERT_NE(NULL, end);
			*end = 0;
			found = sscanf(s, "%31[A-Za-z0-9_]:", seen[n]);
			ASSERT_EQ(1, found) {
				TH_LOG("%s", s);
			}
			ASSERT_EQ(0, strncmp(s + strlen(seen[n]), ":\t", 2)) {
				TH_LOG("%s", s);
			}
			for (j = 0; j < n; j++)
				ASSERT_STRNE(seen[j], seen[n]);
			/* but for a list that may be empty */
			if (t[i].s == self->sum.text.s)
				ASSERT_TRUE(s[strlen(seen[n]) + 2] && !strchr(" \t", end[-1]));
		}
		ASSERT_LE(20u, n);
	}
}

TEST_F(summary, whose_it_is_and_how_it_was_taken)
{
	EXPECT_EQ((unsigned long long)self->target.pid, self->sum.v[PID].nr);
	EXPECT_STREQ("atomic", self->sum.v[WALK].word);
}

TEST_F(summary, kinds_are_those_of_vmas)
{
	struct text t = slurp(open_target(PROC "vmas", self->target.pid), 65536);
	unsigned long long nr[KEYS] = { 0 }, kb[KEYS] = { 0 }, n;
	char number[16], kind[32] = "Vmas";
	unsigned int i;
	const char *s;
	int found;

	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		if (*s == '#')
			continue;
		found = sscanf(s, "%15s %*s %*s %llu %*s %*s %*s %*s %15s", number, &n, kind + 4);
		ASSERT_EQ(3, found);
		if (!strcmp(number, "-"))
			continue;
		kind[4] += 'A' - 'a';
		for (i = VMAS_ANON; i <= VMAS_SPECIAL && strcmp(kind, keys[i].name); i++)
			;
		ASSERT_GE((unsigned int)VMAS_SPECIAL, i) {
			TH_LOG("%s", kind);
		}
		nr[i]++;
		kb[i] += n;
		nr[VMAS]++;
		kb[VMAS] += n;
	}
	for (i = VMAS; i <= VMAS_SPECIAL; i++) {
		EXPECT_EQ(nr[i], self->sum.v[i].nr) {
			TH_LOG("%s", keys[i].name);
		}
		EXPECT_EQ(kb[i], self->sum.v[i].kb) {
			TH_LOG("%s: kB", keys[i].name);
		}
		if (i != VMAS_HUGETLB && i != VMAS_SPECIAL)
			EXPECT_LT(0u, nr[i]) {
				TH_LOG("%s", keys[i].name);
			}
	}
	EXPECT_LE((unsigned long long)ROW, nr[VMAS_ANON]);
}

TEST_F(summary, sums_are_those_of_maps)
{
	static const struct {
		enum key key;
		const char *name;
	} names[] = {
		{ VMAS_HEAP, "[heap]" }, { VMAS_STACK, "[stack]" }, { VMAS_VDSO, "[vdso]" },
		{ VMAS_VVAR, "[vvar" }, { VMAS_HUGETLB, "/anon_hugepage" },
	};
	unsigned int i;
	struct value v;

	EXPECT_EQ(self->maps.nr, self->sum.v[VMAS].nr);
	EXPECT_EQ(self->maps.kb, self->sum.v[VMAS].kb);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(named(self->maps, names[i].name, &v), self->sum.v[names[i].key].nr) {
			TH_LOG("%s", names[i].name);
		}
		EXPECT_EQ(v.kb, self->sum.v[names[i].key].kb) {
			TH_LOG("%s", names[i].name);
		}
	}
	EXPECT_EQ(7 * PAGE >> 10, self->sum.v[VMAS_DEV].kb);
}

/* The largest one between two mappings, with nothing in it and a mapping at either end */
static struct value gap_in(struct mappings all)
{
	struct value v = { .none = true };
	unsigned int i;

	for (i = 1; i < all.nr; i++) {
		if (all.m[i].start - all.m[i - 1].end <= v.end - v.start)
			continue;
		v.none = false;
		v.start = all.m[i - 1].end;
		v.end = all.m[i].start;
		v.kb = (v.end - v.start) >> 10;
	}
	return v;
}

TEST_F(summary, the_largest_gap)
{
	struct value v = gap_in(self->maps), now;

	EXPECT_FALSE(v.none);
	EXPECT_EQ(0, memcmp(&v, &self->sum.v[LARGEST_GAP], sizeof(v)));
	/* that gap becomes two */
	tell(&self->target, 'm');
	ASSERT_TRUE(v.start < (unsigned long)MARK && (unsigned long)MARK < v.end);
	now = gap_in(maps_of(self->target.pid));
	EXPECT_NE(0, memcmp(&v, &now, sizeof(v)));
	v = from_start(self->fd).v[LARGEST_GAP];
	EXPECT_EQ(0, memcmp(&v, &now, sizeof(v)));
}

TEST_F(summary, layout)
{
	struct value heap, *brk = &self->sum.v[BRK];

	EXPECT_EQ(NULL, differs_from_stat(&self->sum, self->target.pid)) {
		TH_LOG("%s", differs_from_stat(&self->sum, self->target.pid));
	}
	EXPECT_EQ(shared->brk, brk->end);
	ASSERT_LE(1u, named(self->maps, "[heap]", &heap));
	EXPECT_LE(heap.start, brk->start);
	EXPECT_EQ(heap.end, (brk->end + PAGE - 1) & -PAGE);
	/* this very function, and these very variables */
	EXPECT_LE(self->sum.v[CODE].start, (unsigned long)differs_from_stat);
	EXPECT_GT(self->sum.v[CODE].end, (unsigned long)differs_from_stat);
	EXPECT_LE(self->sum.v[ENVIRONMENT].start, (unsigned long)*environ);
	EXPECT_GT(self->sum.v[ENVIRONMENT].end, (unsigned long)*environ);
}

TEST_F(summary, the_stack)
{
	struct value *v = &self->sum.v[STACK], stack;

	ASSERT_EQ(1u, named(self->maps, "[stack]", &stack));
	EXPECT_EQ(stack.start, v->start);
	EXPECT_EQ(stack.end, v->end);
	EXPECT_EQ(stack.kb, v->kb);
	EXPECT_LE(v->start, self->sum.v[START_STACK].nr);
	EXPECT_GT(v->end, self->sum.v[START_STACK].nr);
	EXPECT_LE(v->start, self->sum.v[ENVIRONMENT].start);
	EXPECT_GE(v->end, self->sum.v[ENVIRONMENT].end);
}

/* Mappings end there, and not a page further. */
TEST_F(summary, the_task_size)
{
	unsigned long long size = self->sum.v[TASK_SIZE].nr;

	EXPECT_LE(self->maps.m[self->maps.nr - 1].end, size);
	shared->at = size - PAGE;
	tell(&self->target, 't');
	EXPECT_EQ(shared->at, shared->mapped);
	shared->at = size;
	tell(&self->target, 't');
	EXPECT_EQ(-(unsigned long)ENOMEM, shared->mapped);
}

/* The kernel lets a process say otherwise, and so does summary. */
TEST_F(summary, a_layout_that_was_set)
{
	static const struct {
		enum key key;
		bool end;
	} set[] = {
		{ CODE, false }, { CODE, true }, { ARGUMENTS, false }, { ARGUMENTS, true },
		{ ENVIRONMENT, false }, { ENVIRONMENT, true }, { BRK, true },
		{ START_STACK, false },
	};
	struct summary now;
	struct value v;
	unsigned int i;

	tell(&self->target, 'p');
	if (shared->ret[0] == -EPERM || shared->ret[0] == -EINVAL)
		SKIP(return, "no PR_SET_MM: %s", strerror(-shared->ret[0]));
	now = from_start(self->fd);
	for (i = 0; i < ARRAY_SIZE(set); i++) {
		v = now.v[set[i].key];
		ASSERT_EQ(0, shared->ret[i]) {
			TH_LOG("%s: %s", keys[set[i].key].name, strerror(-shared->ret[i]));
		}
		EXPECT_EQ(shared->value[i], set[i].key == START_STACK ? v.nr :
			  set[i].end ? v.end : v.start) {
			TH_LOG("%s", keys[set[i].key].name);
		}
	}
	EXPECT_EQ(NULL, differs_from_stat(&now, self->target.pid));
	ASSERT_EQ(1u, named(maps_of(self->target.pid), "[stack]", &v));
	EXPECT_EQ((unsigned long)ROW_AT + 8 * PAGE, v.start);
	EXPECT_EQ(v.start, now.v[STACK].start);
	EXPECT_EQ(v.end, now.v[STACK].end);
	EXPECT_EQ(1u, now.v[VMAS_STACK].nr);
}

/* However it is read, it is the same; all of it fits into a page. */
TEST_F(summary, in_pieces)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 65536 };
	size_t i, at, len = self->sum.text.len;
	char *buffer = get_memory(65536);
	struct text t;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, sizes[i]);
		EXPECT_TRUE(same(self->sum.text, t)) {
			TH_LOG("in reads of %zu bytes", sizes[i]);
		}
		free(t.s);
		for (at = 0; at <= len; at += i % 2 ? 13 : 1) {
			n = pread(self->fd, buffer, sizes[i], at);
			ASSERT_EQ(sizes[i] < len - at ? sizes[i] : len - at, (size_t)n) {
				TH_LOG("pread of %zu at %zu", sizes[i], at);
			}
			ASSERT_EQ(0, memcmp(buffer, self->sum.text.s + at, n)) {
				TH_LOG("pread of %zu at %zu", sizes[i], at);
			}
		}
	}
	ASSERT_LT(len, 4096u);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ((ssize_t)len, read(self->fd, buffer, 4096));
	EXPECT_EQ(0, read(self->fd, buffer, 4096));
	/* the end stays the end, and is not the only place to go to */
	EXPECT_EQ(0, read(self->fd, buffer, 1));
	ASSERT_EQ((off_t)len / 2, lseek(self->fd, len / 2, SEEK_SET));
	t = slurp(self->fd, 50);
	EXPECT_EQ(len - len / 2, t.len);
	EXPECT_EQ(0, memcmp(self->sum.text.s + len / 2, t.s, t.len));
	EXPECT_EQ(0, pread(self->fd, buffer, 10, len + 5000));
}

TEST_F(summary, is_of_one_snapshot)
{
	char *buffer = get_memory(65536);
	size_t at, len = self->sum.text.len;
	struct summary now;
	ssize_t n;

	/* the first byte takes it, what is between changes nothing in it */
	ASSERT_EQ(1, read(self->fd, buffer, 1));
	tell(&self->target, 'm');
	for (at = len - 10; at > 10; at -= 7) {
		n = pread(self->fd, buffer + 100, 5, at);
		ASSERT_EQ(5, n);
		ASSERT_EQ(0, memcmp(self->sum.text.s + at, buffer + 100, 5)) {
			TH_LOG("pread at %zu", at);
		}
	}
	for (at = 1; (n = read(self->fd, buffer + at, 100)) > 0;)
		at += n;
	ASSERT_EQ(len, at);
	EXPECT_EQ(0, memcmp(self->sum.text.s, buffer, len));

	/* a rewind takes a new one */
	now = from_start(self->fd);
	EXPECT_EQ(self->sum.v[VMAS].nr + 1, now.v[VMAS].nr);
	EXPECT_EQ(self->sum.v[VMAS].kb + 4, now.v[VMAS].kb);
	EXPECT_EQ(self->sum.v[VMAS_ANON].nr + 1, now.v[VMAS_ANON].nr);
	EXPECT_EQ(self->sum.v[VMAS_ANON].kb + 4, now.v[VMAS_ANON].kb);
	/* in the middle of it, too */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(100, read(self->fd, buffer, 100));
	tell(&self->target, 'u');
	now = from_start(self->fd);
	EXPECT_TRUE(same(self->sum.text, now.text));
}

static void other_init(void)
{
	map_row(MARK, 10);
}

TEST_F(summary, whom_it_is_aimed_at)
{
	struct target other;
	char s[16], buffer[100];
	int fd[2];

	target_start(&other, other_init, NULL);
	/* the opener by default, even if another one reads */
	fd[0] = open_or_die(SUMMARY, O_RDWR);
	EXPECT_EQ((unsigned long long)getpid(), from_start(fd[0]).v[PID].nr);
	/* the parameter is for files that are opened then */
	snprintf(s, sizeof(s), "%d", other.pid);
	ASSERT_EQ(0, set_param("pid", s));
	fd[1] = open_or_die(SUMMARY, O_RDWR);
	ASSERT_EQ(0, set_param("pid", "0"));
	EXPECT_EQ((unsigned long long)other.pid, from_start(fd[1]).v[PID].nr);
	EXPECT_EQ((unsigned long long)getpid(), from_start(fd[0]).v[PID].nr);

	/* a write rewinds, in the middle of another's */
	ASSERT_EQ(100, read(self->fd, buffer, 100));
	ASSERT_EQ(0, write_string(self->fd, strcat(s, "\n")));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_TRUE(same(summary_of(other.pid).text, slurp(self->fd, 4096)));
	EXPECT_EQ(0, set_target(fd[0], self->target.pid));
	EXPECT_TRUE(same(self->sum.text, slurp(fd[0], 4096)));

	/* what is no process leaves everything as it was */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(100, read(self->fd, buffer, 100));
	EXPECT_EQ(-EINVAL, write_string(self->fd, "x"));
	EXPECT_EQ(-ESRCH, write_string(self->fd, "2147483647"));
	EXPECT_EQ(100, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ((unsigned long long)other.pid, from_start(self->fd).v[PID].nr);

	target_end(&other);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(self->fd, buffer, 100));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, pread(self->fd, buffer, 100, 0));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(0, set_target(self->fd, self->target.pid));
	EXPECT_TRUE(same(self->sum.text, slurp(self->fd, 4096)));
}

/* A process without an address space: no VMAs, no layout, but all of the keys */
static bool is_empty(const struct summary *sum, pid_t pid)
{
	unsigned int i;

	for (i = VMAS; i <= VMAS_SPECIAL; i++)
		if (sum->v[i].nr || sum->v[i].kb)
			return false;
	for (; i <= TASK_SIZE; i++)
		if (!sum->v[i].none)
			return false;
	return sum->v[PID].nr == (unsigned long long)pid && !strcmp(sum->v[WALK].word, "atomic") &&
	       strstr(sum->text.s, "\nVmas:\t0\t0 kB\n");
}

TEST_F(summary, a_zombie)
{
	struct target z;
	struct summary sum;
	siginfo_t info;
	char c;

	target_start(&z, NULL, NULL);
	ASSERT_EQ(0, set_target(self->fd, z.pid));
	sum = from_start(self->fd);
	EXPECT_FALSE(is_empty(&sum, z.pid));
	kill(z.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, z.pid, &info, WEXITED | WNOWAIT));
	sum = from_start(self->fd);
	EXPECT_TRUE(is_empty(&sum, z.pid)) {
		TH_LOG("%s", sum.text.s);
	}
	target_end(&z);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(ESRCH, errno);
}

static void *pause_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void thread_init(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, pause_for_ever, NULL))
		_exit(1);
}

static void end_leader_command(char c)
{
	if (c == 'l')
		pthread_exit(NULL);
}

/* The VMAs are those of the threads that live. */
TEST_F(summary, a_leader_that_has_exited)
{
	struct summary before, sum;
	struct target t;

	target_start(&t, thread_init, end_leader_command);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	before = from_start(self->fd);
	ASSERT_EQ(1, write(t.to, "l", 1));
	await_end_of_leader(t.pid);
	sum = from_start(self->fd);
	EXPECT_LT(0u, sum.v[VMAS].nr);
	EXPECT_LE(before.v[VMAS].nr, sum.v[VMAS].nr);
	EXPECT_EQ(t.pid, (pid_t)sum.v[PID].nr);
	target_end(&t);
}

TEST_F(summary, a_kernel_thread)
{
	struct summary sum;

	if (access("/proc/2/comm", R_OK) || strcmp(slurp_proc(2, "comm").s, "kthreadd\n"))
		SKIP(return, "process 2 is none: is this a container?");
	sum = summary_of(2);
	EXPECT_TRUE(is_empty(&sum, 2)) {
		TH_LOG("%s", sum.text.s);
	}
}

/* While a page moves from below everything to above it and back, in one step */

static void *move(void *arg)
{
	char *from = ROW_AT - 16 * PAGE, *to = MARK, *t;

	for (;;) {
		if (mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			_exit(1);
		t = from;
		from = to;
		to = t;
	}
	return arg;
}

static void busy_init(void)
{
	pthread_t mover;

	map_row(ROW_AT, ROW);
	map_at(ROW_AT - 16 * PAGE, PAGE, PROT_READ);
	if (pthread_create(&mover, NULL, move, NULL))
		_exit(1);
}

/* A snapshot that says it is of one instant has the page in one place. */
TEST_F(summary, of_one_that_changes)
{
	static const char * const holds[] = { "0", "1" };
	unsigned int i, h, n[2] = { 0 };
	struct mappings maps;
	struct target busy;
	struct summary sum;
	bool split;

	target_start(&busy, busy_init, NULL);
	ASSERT_EQ(0, kill(busy.pid, SIGSTOP));
	ASSERT_EQ(busy.pid, waitpid(busy.pid, NULL, WUNTRACED));
	maps = maps_of(busy.pid);
	ASSERT_EQ(0, kill(busy.pid, SIGCONT));
	ASSERT_EQ(0, set_target(self->fd, busy.pid));
	for (h = 0; h < ARRAY_SIZE(holds); h++) {
		ASSERT_EQ(0, set_param("max_hold_us", holds[h]));
		for (i = 0; i < 50; i++) {
			sum = from_start(self->fd);
			split = strcmp(sum.v[WALK].word, "atomic");
			n[split]++;
			if (split) {
				ASSERT_STREQ("split", sum.v[WALK].word);
				ASSERT_EQ(1u, h);
			} else {
				ASSERT_EQ(maps.nr, sum.v[VMAS].nr);
				ASSERT_EQ(maps.kb, sum.v[VMAS].kb);
			}
			free(sum.text.s);
		}
	}
	printf("# %u atomic, %u split\n", n[0], n[1]);
	ASSERT_EQ(0, set_param("max_hold_us", "250"));
	target_end(&busy);
}

/* Other programs: what an exec sets up */

#define WHERE "--where"

/* What runs for that: maps a page wherever the kernel likes, says where, and waits. */
static int where(void)
{
	unsigned long at = (unsigned long)map_at(NULL, PAGE, PROT_READ);
	char c;

	if (write(1, &at, sizeof(at)) != sizeof(at))
		return 1;
	while (read(0, &c, 1) == 1)
		;
	return 0;
}

struct program {
	pid_t pid;
	char said[sizeof(unsigned long)];
	int end;	/* closing it lets it end */
};

/* A file beside this one, NULL for this one. False if it does not run. */
static bool program_start(struct program *p, const char *name, unsigned long persona)
{
	char path[PATH_MAX];
	int to[2], from[2];
	ssize_t n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 30);
	if (n <= 0 || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		fatal("pipe");
	path[n] = 0;
	if (name)
		strcpy(strrchr(path, '/') + 1, name);
	p->pid = fork();
	if (p->pid < 0)
		fatal("fork");
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(to[0], 0);
		dup2(from[1], 1);
		if (personality(persona) < 0)
			_exit(1);
		execl(path, path, WHERE, (char *)NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	p->end = to[1];
	memset(p->said, 0, sizeof(p->said));
	n = read(from[0], p->said, sizeof(p->said));
	close(from[0]);
	if (n <= 0)
		waitpid(p->pid, NULL, 0);
	return n > 0;
}

static void program_end(struct program *p)
{
	close(p->end);
	if (kill(p->pid, SIGKILL) || waitpid(p->pid, NULL, 0) != p->pid)
		fatal("ending program %d", p->pid);
}

/* Is every page from start to end in a mapping? */
static bool all_mapped(struct mappings all, unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		if (all.m[i].start <= start && start < all.m[i].end)
			start = all.m[i].end;
	return start >= end;
}

FIXTURE(layouts) { };

FIXTURE_VARIANT(layouts)
{
	unsigned long persona;
};

FIXTURE_VARIANT_ADD(layouts, top_down) { PER_LINUX };
FIXTURE_VARIANT_ADD(layouts, bottom_up) { ADDR_COMPAT_LAYOUT };

FIXTURE_SETUP(layouts) { }
FIXTURE_TEARDOWN(layouts) { }

/* A page that the kernel found a place for is the next free one from MmapBase on. */
TEST_F(layouts, mappings_begin_at_the_base)
{
	struct mappings maps;
	struct program p;
	struct summary sum;
	struct value stack;
	unsigned long at, base;

	ASSERT_TRUE(program_start(&p, NULL, variant->persona));
	memcpy(&at, p.said, sizeof(at));
	sum = summary_of(p.pid);
	maps = maps_of(p.pid);
	EXPECT_EQ(NULL, differs_from_stat(&sum, p.pid));
	base = sum.v[MMAP_BASE].nr;
	ASSERT_EQ(1u, named(maps, "[stack]", &stack));
	EXPECT_EQ(0ul, base % PAGE);
	EXPECT_LT(base, stack.start);
	if (variant->persona) {
		EXPECT_LE(base, at);
		EXPECT_TRUE(all_mapped(maps, base, at));
	} else {
		EXPECT_LE(at + PAGE, base);
		EXPECT_TRUE(all_mapped(maps, at, base));
	}
	program_end(&p);
}

TEST(a_32_bit_process)
{
	struct mappings maps;
	struct program p;
	struct summary sum;

	if (!program_start(&p, "ia32", PER_LINUX))
		SKIP(return, "this kernel, or this machine, does not run 32-bit programs");
	sum = summary_of(p.pid);
	maps = maps_of(p.pid);
	EXPECT_EQ(maps.nr, sum.v[VMAS].nr);
	EXPECT_EQ(maps.kb, sum.v[VMAS].kb);
	EXPECT_EQ(NULL, differs_from_stat(&sum, p.pid));
	EXPECT_LE(maps.m[maps.nr - 1].end, sum.v[TASK_SIZE].nr);
	EXPECT_GT(1ull << 32, sum.v[TASK_SIZE].nr);
	EXPECT_GT(sum.v[TASK_SIZE].nr, sum.v[MMAP_BASE].nr);
	program_end(&p);
}

/* The kernel */

#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"

static void set_kptr_restrict(const char *value)
{
	int fd = open_or_die(KPTR_RESTRICT, O_WRONLY);

	if (write_string(fd, value))
		fatal(KPTR_RESTRICT);
	close(fd);
}

/* The region of that name, or the first one that an address is in; NULL if there is none */
static const struct region *region(const struct summary *sum, const char *name,
				   unsigned long long address)
{
	const struct region *r;

	for (r = sum->region; r < sum->region + sum->regions; r++)
		if (name ? !strcmp(r->name, name) : r->v.start <= address && address < r->v.end)
			return r;
	return NULL;
}

static bool holds(const struct region *r, unsigned long long address)
{
	return r && r->v.start <= address && address < r->v.end;
}

/* The number at the beginning of a line, or behind a word in it */
static unsigned long long address_in(struct text t, const char *line_begins, const char *word)
{
	const char *s;

	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		if (strncmp(s, line_begins, strlen(line_begins)))
			continue;
		if (word)
			s = strstr(s, word) + strlen(word);
		return strtoull(s, NULL, 16);
	}
	fatal("no line that begins with %s", line_begins);
}

FIXTURE(kernel)
{
	struct text kptr_restrict;
};

FIXTURE_SETUP(kernel)
{
	self->kptr_restrict = slurp_path(KPTR_RESTRICT);
	set_kptr_restrict("1");
}

FIXTURE_TEARDOWN(kernel)
{
	set_kptr_restrict(self->kptr_restrict.s);
}

static struct summary own_summary(void)
{
	return parse(slurp_path(SUMMARY));
}

TEST_F(kernel, has_no_vmas_and_begins_where_it_can)
{
	struct summary sum = own_summary();

	EXPECT_EQ(0u, sum.v[KERNEL_VMAS].nr);
#ifdef __x86_64__
	if (strstr(slurp_path("/proc/cpuinfo").s, " la57"))
		printf("# five levels of page tables, perhaps\n");
	else
		EXPECT_EQ(0xffff800000000000, sum.v[KERNEL_START].nr);
#endif
	/* Where the addresses of processes end, there is a hole, at least. */
	EXPECT_LT(sum.v[TASK_SIZE].nr, sum.v[KERNEL_START].nr);
}

/* What the kernel says of itself elsewhere is where summary says. */
TEST_F(kernel, regions)
{
	struct summary sum = own_summary();
	unsigned int vmalloced = 0, mapped = 0, i;
	unsigned long long at;
	struct text t;
	const char *s;

	ASSERT_LE(5u, sum.regions);
	for (i = 0; i < sum.regions; i++)
		printf("# %s %llx-%llx\n", sum.region[i].name, sum.region[i].v.start,
		       sum.region[i].v.end);

	at = address_in(slurp_path("/proc/modules"), "vmainfo ", " 0x");
#ifdef __x86_64__
	EXPECT_TRUE(holds(region(&sum, "KernelModules", 0), at)) {
		TH_LOG("%llx", at);
	}
	for (s = slurp_path("/proc/kallsyms").s; *s; s = strchr(s, '\n') + 1)
		if (!strncmp(s + 16, " T _text\n", 9))
			break;
	ASSERT_NE(0, *s);
	at = strtoull(s, NULL, 16);
	EXPECT_TRUE(holds(region(&sum, "KernelImage", 0), at)) {
		TH_LOG("%llx", at);
	}
#else
	EXPECT_TRUE(holds(region(&sum, "KernelVmalloc", 0), at)) {
		TH_LOG("%llx", at);
	}
#endif
	t = slurp_path("/proc/vmallocinfo");
	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		at = strtoull(s, NULL, 16);
		mapped++;
		vmalloced += holds(region(&sum, "KernelVmalloc", 0), at);
		ASSERT_TRUE(holds(region(&sum, "KernelVmalloc", 0), at) ||
			    holds(region(&sum, "KernelModules", 0), at)) {
			TH_LOG("%.*s", (int)strcspn(s, "\n"), s);
		}
	}
	EXPECT_LT(mapped / 2, vmalloced);
}

/* All that /proc/kcore has of the kernel lies in one region or another. */
TEST_F(kernel, kcore)
{
	struct summary sum = own_summary();
	const struct region *direct = region(&sum, "KernelDirectMap", 0), *r;
	const struct region *vmalloc = region(&sum, "KernelVmalloc", 0);
	unsigned long long last = 0, end;
	bool all_of_vmalloc = false;
	struct elf64_phdr ph;
	struct elf64_hdr e;
	int fd, i;

	fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no /proc/kcore: %s", strerror(errno));
	ASSERT_EQ((ssize_t)sizeof(e), pread(fd, &e, sizeof(e), 0));
	ASSERT_TRUE(direct && vmalloc);
	for (i = 0; i < e.e_phnum; i++) {
		ASSERT_EQ((ssize_t)sizeof(ph), pread(fd, &ph, sizeof(ph),
						     e.e_phoff + i * sizeof(ph)));
		if (ph.p_type != PT_LOAD)
			continue;
		end = ph.p_vaddr + ph.p_memsz;
#ifdef __aarch64__
		/* where modules would be, were the kernel not at a random address */
		if (end == vmalloc->v.start)
			continue;
#endif
		r = region(&sum, NULL, ph.p_vaddr);
		EXPECT_TRUE(r && end <= r->v.end) {
			TH_LOG("%llx-%llx", (unsigned long long)ph.p_vaddr, end);
		}
		if (r == direct && end > last)
			last = end;
		/* x86 has it end a byte before its end. */
		if (ph.p_vaddr == vmalloc->v.start && vmalloc->v.end - end <= 1)
			all_of_vmalloc = true;
	}
	EXPECT_EQ(direct->v.end, last);
	EXPECT_TRUE(all_of_vmalloc);
	close(fd);
}

static const struct {
	const char *kptr_restrict;
	bool shown;
} restricts[] = {
	{ "0", true },
	{ "1", true },
	{ "2", false },
};

/* With CAP_SYSLOG, kptr_restrict decides about the regions. Where they begin is no secret. */
TEST_F(kernel, kptr_restrict)
{
	struct summary sum;
	unsigned int i;

	for (i = 0; i < sizeof(restricts) / sizeof(*restricts); i++) {
		set_kptr_restrict(restricts[i].kptr_restrict);
		sum = own_summary();
		EXPECT_EQ(restricts[i].shown, sum.regions > 0) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
		EXPECT_NE(0u, sum.v[KERNEL_START].nr);
	}
}

/* Who opens the file has to have CAP_SYSLOG, and not who reads it. */
TEST_F(kernel, without_cap_syslog)
{
	int fd = open_or_die(SUMMARY, O_RDONLY);
	struct summary sum;
	unsigned int i;

	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYSLOG));
	for (i = 0; i < sizeof(restricts) / sizeof(*restricts); i++) {
		set_kptr_restrict(restricts[i].kptr_restrict);
		sum = own_summary();
		EXPECT_EQ(0u, sum.regions) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
		EXPECT_NE(0u, sum.v[KERNEL_START].nr);
		EXPECT_EQ(restricts[i].shown, from_start(fd).regions > 0) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
	}
}

static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fatal("a mount namespace");
}

/* A procfs that has lost its sysctls does not say what kptr_restrict is. */
TEST_F(kernel, procfs_without_sysctls)
{
	char dir[] = "/tmp/vmainfo.XXXXXX", path[64];
	struct summary sum;
	int fd, err;

	own_mounts();
	if (!mkdtemp(dir) || mount("proc", dir, "proc", 0, NULL))
		fatal("a procfs on %s", dir);
	snprintf(path, sizeof(path), "%s/vmainfo/summary", dir);
	fd = open_or_die(path, O_RDONLY);
	err = mount(NULL, dir, NULL, MS_REMOUNT, "subset=pid") ? errno : 0;
	sum = from_start(fd);
	close(fd);
	if (umount2(dir, MNT_DETACH) || rmdir(dir))
		fatal("the end of %s", dir);
	if (err)
		SKIP(return, "this kernel does not take them away: %s", strerror(err));
	EXPECT_EQ(0u, sum.regions);
	EXPECT_NE(0u, sum.v[KERNEL_START].nr);
	EXPECT_LT(0u, own_summary().regions);
}

/* Nor does a file that is mounted over it, even one of the same procfs. */
TEST_F(kernel, kptr_restrict_under_a_mount)
{
	static const char zero[] = "/proc/sys/kernel/panic_on_oops";
	const char *value;

	own_mounts();
	set_kptr_restrict("2");
	if (mount(zero, KPTR_RESTRICT, NULL, MS_BIND, NULL))
		fatal("a mount over " KPTR_RESTRICT);
	value = slurp_path(KPTR_RESTRICT).s;
	ASSERT_TRUE(!strcmp(value, "0\n") || !strcmp(value, "1\n"));
	EXPECT_EQ(0u, own_summary().regions);
	ASSERT_EQ(0, umount(KPTR_RESTRICT));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], WHERE))
		return where();
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
