// SPDX-License-Identifier: GPL-2.0
/*
 * summary, line by line: the totals against vmas and /proc/PID/maps, the layout
 * against /proc/PID/stat and what a process knows of itself. The kernel's
 * regions are in kernel_regions.c.
 */
#include <sys/mount.h>
#include <sys/personality.h>

#include "maps.h"
#include "summary_text.h"
#include "vmainfo_test.h"

#define ROW_AT ((char *)FAR(0x20))
#define ROW 1500u
#define MARK ((char *)FAR(0x50))
#define HUGE (2ul << 20)

/* What procfs says */

/* Counts the regions whose names begin with @name. @v is their range. */
static unsigned int named(struct listing all, const char *name, struct value *v)
{
	unsigned int i, n = 0;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < all.nr; i++) {
		if (strncmp(all.regions[i].name, name, strlen(name)))
			continue;
		if (!n++)
			v->start = all.regions[i].start;
		v->end = all.regions[i].end;
		v->kb += (all.regions[i].end - all.regions[i].start) >> 10;
	}
	return n;
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

/* The first key that differs from /proc/PID/stat, or "" */
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
	}
	return "";
}

/* The target: mappings of many kinds. What it says is in shared memory. */

static struct shared {
	unsigned long brk;
	unsigned long at;	/* where 't' shall map */
	unsigned long mapped;	/* where it did, or a negative errno */
	int ret[8];
	unsigned long value[8];
} *shared;

static void init(void)
{
	char dir[] = "/tmp/vmainfo-summary-XXXXXX";

	map_row(ROW_AT, ROW);
	map_and_close(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, memfd_create("summary", 0), 0);
	map_and_close(NULL, 7 * PAGE, PROT_READ, MAP_PRIVATE,
		      open_or_die("/dev/zero", O_RDONLY), 0);
	/* all else may be on a tmpfs here */
	if (!mkdtemp(dir) || mount("none", dir, "ramfs", 0, NULL) || chdir(dir))
		fatal("a ramfs");
	map_and_close(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, create_file("file", 0), 0);
	if (chdir("/") || umount2(dir, MNT_DETACH) || rmdir(dir))
		fatal("rmdir");
	map_file(NULL, 5 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* if there are any */
	mmap(NULL, HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	/* not a whole number of pages */
	if (sbrk(123457) == (void *)-1)
		fatal("sbrk");
	shared->brk = (unsigned long)sbrk(0);
}

static const struct {
	int what;		/* of PR_SET_MM */
	unsigned int field;	/* of stat; 0: by the end of the brk area */
	int by;
	enum key key;
	bool end;
} moves[] = {
	{ PR_SET_MM_START_CODE, 26, 16, CODE, false },
	{ PR_SET_MM_END_CODE, 27, -16, CODE, true },
	{ PR_SET_MM_ARG_START, 48, 1, ARGUMENTS, false },
	{ PR_SET_MM_ARG_END, 49, -1, ARGUMENTS, true },
	{ PR_SET_MM_ENV_START, 50, 2, ENVIRONMENT, false },
	{ PR_SET_MM_ENV_END, 51, -2, ENVIRONMENT, true },
	{ PR_SET_MM_BRK, 0, 4321, BRK, true },
};

static void set_mm(unsigned int i, int what, unsigned long value)
{
	shared->value[i] = value;
	shared->ret[i] = result_of(prctl(PR_SET_MM, what, value, 0, 0));
}

static void command(char c)
{
	unsigned int i;
	void *p;

	switch (c) {
	case 'm':
		map_at(MARK, PAGE, PROT_READ);
		break;
	case 't':	/* a page, and away with it */
		p = mmap((void *)shared->at, PAGE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		shared->mapped = p == MAP_FAILED ? -(unsigned long)errno : (unsigned long)p;
		CHECK(p == MAP_FAILED || !munmap(p, PAGE));
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
	struct listing maps;
	char huge[16];
	int fd;
};

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

FIXTURE_SETUP(summary)
{
	struct text t;

	FATAL_IS_ASSERT();
	shared = get_shared(sizeof(*shared));
	if (!access(NR_HUGEPAGES, W_OK)) {
		t = slurp_path(NR_HUGEPAGES);
		snprintf(self->huge, sizeof(self->huge), "%s", t.s);
		if (atoi(self->huge) < 4)
			write_file(NR_HUGEPAGES, "4");
	}
	target_start(&self->target, init, command);
	self->fd = open_target(SUMMARY, self->target.pid);
	self->sum = from_start(self->fd);
	self->maps = load_maps(self->target.pid, "maps");
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(summary)
{
	target_end(&self->target);
	if (*self->huge)
		EXPECT_EQ(0, write_file(NR_HUGEPAGES, self->huge));
}

TEST_F(summary, pid_and_walk)
{
	EXPECT_EQ((unsigned long long)self->target.pid, self->sum.v[PID].nr);
	EXPECT_STREQ("atomic", self->sum.v[WALK].word);
	/* one read of a page is sufficient */
	EXPECT_GT(PAGE, self->sum.text.len);
}

TEST_F(summary, kinds_match_vmas)
{
	struct text t = slurp(open_target(PROC "vmas", self->target.pid), 65536);
	unsigned long long nr[KEYS] = { 0 }, kb[KEYS] = { 0 };
	struct listing vmas = { 0 };
	unsigned int i, key;
	const char *kind;

	ASSERT_EQ(NULL, parse_vmas(&vmas, t));
	for (i = 0; i < vmas.nr; i++) {
		kind = vmas.regions[i].kind;
		for (key = VMAS_ANON; key <= VMAS_SPECIAL; key++)
			if (!strncasecmp(kind, keys[key].name + 4, strcspn(kind, " ")))
				break;
		ASSERT_GE((unsigned int)VMAS_SPECIAL, key) {
			TH_LOG("%.*s", (int)strcspn(kind, " "), kind);
		}
		nr[key]++;
		kb[key] += (vmas.regions[i].end - vmas.regions[i].start) >> 10;
	}
	nr[VMAS] = self->maps.nr;
	kb[VMAS] = total_kb(&self->maps);
	for (i = VMAS; i <= VMAS_SPECIAL; i++) {
		EXPECT_TRUE(nr[i] == self->sum.v[i].nr && kb[i] == self->sum.v[i].kb) {
			TH_LOG("%s should be %llu, %llu kB", keys[i].name, nr[i], kb[i]);
		}
		EXPECT_TRUE(nr[i] || i == VMAS_HUGETLB || i == VMAS_SPECIAL ||
			    (IS_UML && i == VMAS_VVAR)) {
			TH_LOG("the target has no %s", keys[i].name);
		}
	}
	EXPECT_LE((unsigned long long)ROW, nr[VMAS_ANON]);
	EXPECT_EQ(7 * PAGE >> 10, self->sum.v[VMAS_DEV].kb);
}

/* The largest gap between two mappings */
static struct value gap_in(struct listing all)
{
	struct value v = { .none = true };
	unsigned int i;

	for (i = 1; i < all.nr; i++) {
		if (all.regions[i].start - all.regions[i - 1].end <= v.end - v.start)
			continue;
		v.none = false;
		v.start = all.regions[i - 1].end;
		v.end = all.regions[i].start;
		v.kb = (v.end - v.start) >> 10;
	}
	return v;
}

TEST_F(summary, largest_gap)
{
	struct value v = gap_in(self->maps), now;

	EXPECT_FALSE(v.none);
	EXPECT_EQ(0, memcmp(&v, &self->sum.v[LARGEST_GAP], sizeof(v)));
	/* that gap becomes two */
	tell(&self->target, 'm');
	ASSERT_TRUE(v.start < (unsigned long)MARK && v.end > (unsigned long)MARK);
	now = gap_in(load_maps(self->target.pid, "maps"));
	EXPECT_NE(0, memcmp(&v, &now, sizeof(v)));
	v = from_start(self->fd).v[LARGEST_GAP];
	EXPECT_EQ(0, memcmp(&v, &now, sizeof(v)));
}

TEST_F(summary, layout_matches_stat)
{
	struct value heap, *brk = &self->sum.v[BRK];

	EXPECT_STREQ("", differs_from_stat(&self->sum, self->target.pid));
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

TEST_F(summary, stack_range)
{
	struct value *v = &self->sum.v[STACK], stack;

	ASSERT_EQ(1u, named(self->maps, "[stack]", &stack));
	EXPECT_EQ(0, memcmp(&stack, v, sizeof(stack)));
	EXPECT_LE(v->start, self->sum.v[START_STACK].nr);
	EXPECT_GT(v->end, self->sum.v[START_STACK].nr);
	EXPECT_LE(v->start, self->sum.v[ENVIRONMENT].start);
	EXPECT_GE(v->end, self->sum.v[ENVIRONMENT].end);
}

/* Mappings end there, and not a page further. */
TEST_F(summary, task_size)
{
	unsigned long long size = self->sum.v[TASK_SIZE].nr;

	EXPECT_LE(self->maps.regions[self->maps.nr - 1].end, size);
	shared->at = size - PAGE;
	tell(&self->target, 't');
	/* User-mode Linux may have its vDSO there. */
	EXPECT_TRUE(shared->mapped == shared->at ||
		    (shared->mapped == -(unsigned long)EEXIST &&
		     self->maps.regions[self->maps.nr - 1].end == size));
	shared->at = size;
	tell(&self->target, 't');
	EXPECT_EQ(-(unsigned long)ENOMEM, shared->mapped);
}

/* The kernel lets a process say otherwise, and so does summary. */
TEST_F(summary, prctl_set_mm)
{
	struct summary now;
	struct value v;
	unsigned int i;

	tell(&self->target, 'p');
	if (shared->ret[0] == -EPERM || shared->ret[0] == -EINVAL)
		SKIP(return, "no PR_SET_MM: %s", strerror(-shared->ret[0]));
	now = from_start(self->fd);
	for (i = 0; i < ARRAY_SIZE(moves); i++) {
		v = now.v[moves[i].key];
		EXPECT_EQ(0, shared->ret[i]);
		EXPECT_EQ(shared->value[i], moves[i].end ? v.end : v.start) {
			TH_LOG("%s", keys[moves[i].key].name);
		}
	}
	EXPECT_EQ(0, shared->ret[i]);
	EXPECT_EQ(shared->value[i], now.v[START_STACK].nr);
	EXPECT_STREQ("", differs_from_stat(&now, self->target.pid));
	ASSERT_EQ(1u, named(load_maps(self->target.pid, "maps"), "[stack]", &v));
	EXPECT_EQ((unsigned long)ROW_AT + 8 * PAGE, v.start);
	EXPECT_EQ(v.start, now.v[STACK].start);
	EXPECT_EQ(v.end, now.v[STACK].end);
	EXPECT_EQ(1u, now.v[VMAS_STACK].nr);
}

/* A process without an address space: no VMAs, memory and layout, but all keys */
static bool is_empty(const struct summary *sum, pid_t pid)
{
	unsigned int i;

	for (i = VMAS; i <= VM_SWAP; i++)
		if (sum->v[i].nr || sum->v[i].kb)
			return false;
	for (; i <= TASK_SIZE; i++)
		if (!sum->v[i].none)
			return false;
	return sum->v[PID].nr == (unsigned long long)pid && !strcmp(sum->v[WALK].word, "atomic") &&
	       strstr(sum->text.s, "\nVmas:\t0\t0 kB\n");
}

TEST_F(summary, empty_without_mm)
{
	struct summary sum;

	target_kill(&self->target);
	sum = from_start(self->fd);
	EXPECT_TRUE(is_empty(&sum, self->target.pid)) {
		TH_LOG("%s", sum.text.s);
	}
	if (!has_kthreadd())
		SKIP(return, "process 2 is not kthreadd: this is a container");
	sum = summary_of(2);
	EXPECT_TRUE(is_empty(&sum, 2)) {
		TH_LOG("%s", sum.text.s);
	}
}

/* Other programs: what an exec sets up */

#define WHERE "--where"

/* That program: lets the kernel place a page, says where, and waits. */
static int where(void)
{
	unsigned long at = (unsigned long)map_at(NULL, PAGE, PROT_READ);

	if (write(1, &at, sizeof(at)) != sizeof(at))
		return 1;
	wait_for_ever();
}

/* Is every page from start to end in a mapping? */
static bool all_mapped(struct listing all, unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		if (all.regions[i].start <= start && start < all.regions[i].end)
			start = all.regions[i].end;
	return start >= end;
}

/* The page that the kernel places is the next free one from MmapBase on. */
TEST(mmap_base)
{
	static const unsigned long personas[] = { PER_LINUX, ADDR_COMPAT_LAYOUT };
	unsigned long at, base;
	struct listing maps;
	struct summary sum;
	struct value stack;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(personas); i++) {
		pid = program_start("summary", WHERE, personas[i], &at);
		ASSERT_NE(0, pid);
		sum = summary_of(pid);
		maps = load_maps(pid, "maps");
		EXPECT_STREQ("", differs_from_stat(&sum, pid));
		base = sum.v[MMAP_BASE].nr;
		ASSERT_EQ(1u, named(maps, "[stack]", &stack));
		EXPECT_EQ(0ul, base % PAGE);
		EXPECT_LT(base, stack.start);
		if (personas[i] == ADDR_COMPAT_LAYOUT || IS_UML) {
			/* bottom up */
			EXPECT_LE(base, at);
			EXPECT_TRUE(all_mapped(maps, base, at));
		} else {
			EXPECT_LE(at + PAGE, base);
			EXPECT_TRUE(all_mapped(maps, at, base));
		}
		end_child(pid);
	}
}

TEST(ia32_process)
{
	struct listing maps;
	struct summary sum;
	unsigned long said;
	pid_t pid = program_start("ia32", NULL, PER_LINUX, &said);

	if (!pid)
		SKIP(return, "this kernel, or this machine, does not run 32-bit programs");
	sum = summary_of(pid);
	maps = load_maps(pid, "maps");
	EXPECT_EQ(maps.nr, sum.v[VMAS].nr);
	EXPECT_EQ(total_kb(&maps), sum.v[VMAS].kb);
	EXPECT_STREQ("", differs_from_stat(&sum, pid));
	EXPECT_LE(maps.regions[maps.nr - 1].end, sum.v[TASK_SIZE].nr);
	EXPECT_GT(1ull << 32, sum.v[TASK_SIZE].nr);
	EXPECT_GT(sum.v[TASK_SIZE].nr, sum.v[MMAP_BASE].nr);
	end_child(pid);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], WHERE))
		return where();
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
