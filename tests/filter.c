// SPDX-License-Identifier: GPL-2.0
/*
 * VMAINFO_SET_FILTER. A model computes from the unfiltered listing of each entry
 * what a filter leaves of it.
 */
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "query.h"
#include "vmainfo_test.h"

/* Address space for structures that a 32-bit system call can reach */
#define LOW ((char *)(ARENA + (1ul << 20)))
#define LOW_SIZE ((size_t)2 << 20)

#define KINDS (VMAINFO_KIND_SPECIAL + 1)
#define KIND(name) (1u << VMAINFO_KIND_##name)
#define ALL_FLAGS (((VMAINFO_MAYBE_GUARD << 1) - 1) | VMAINFO_DELETED | VMAINFO_NAME_OMITTED | \
		   VMAINFO_ANON_VMA | VMAINFO_OTHER)

/* 0, or a negative errno */
static int set_filter(int fd, const void *filter)
{
	return result_of(ioctl(fd, VMAINFO_SET_FILTER, filter));
}

/* A VMA or the gate page, as each entry shows it without a filter */
struct row {
	struct vmainfo_record r;
	const char *name, *ops;	/* or NULL */
	char *vmas, *maps;	/* lines, without the newline */
	unsigned char id[ID_MAX];
	unsigned int id_size;
};

static struct world_rows {
	unsigned int nr;	/* with the gate page */
	struct row *rows;
	struct vmainfo_header header;
	char *vmas_head;	/* its first line */
} all;

static char *cut_line(char **s)
{
	char *line = *s, *end = strchr(line, '\n');

	if (!end)
		fatal("a text ends too early");
	*end = 0;
	*s = end + 1;
	return line;
}

/* Reads all rows of a process that does not change. */
static void load_rows(pid_t pid)
{
	char *vmas = slurp_target(PROC "vmas", pid).s, *maps = slurp_target(PROC "maps", pid).s;
	int fd = open_target(PROC "maps", pid);
	const struct vmainfo_record *r;
	struct procmap_query q;
	struct cursor c;
	struct row *row;

	if (!raw_first(&c, slurp_target(PROC "raw", pid)))
		fatal("raw: %s", c.error);
	all.header = *c.header;
	all.nr = c.header->vmas + !!(c.header->flags & VMAINFO_GATE);
	all.rows = get_memory(all.nr * sizeof(*all.rows));
	all.vmas_head = cut_line(&vmas);
	cut_line(&vmas);
	for (row = all.rows; (r = raw_next(&c)); row++) {
		if (row == all.rows + all.nr || r->size != VMAINFO_RECORD_SIZE_VER0)
			fatal("raw: an unexpected record");
		memcpy(&row->r, r, VMAINFO_RECORD_SIZE_VER0);
		row->name = c.name;
		row->ops = c.ops;
		row->vmas = cut_line(&vmas);
		row->maps = cut_line(&maps);
		memset(&q, 0, sizeof(q));
		q.size = sizeof(q);
		q.query_addr = r->start;
		q.build_id_size = ID_MAX;
		q.build_id_addr = (unsigned long)row->id;
		if (!ioctl(fd, PROCMAP_QUERY, &q))
			row->id_size = q.build_id_size;
		else if (r->kind != VMAINFO_KIND_VSYSCALL)
			fatal("PROCMAP_QUERY");
	}
	if (c.error || *vmas || *maps)
		fatal("the entries show different VMAs: %s", c.error ?: "");
	close(fd);
}

/* The model */

static bool in_ranges(const struct vmainfo_range *ranges, unsigned int nr, __u64 start, __u64 end)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (ranges[i].start < end && ranges[i].end > start)
			return true;
	return !nr;
}

static bool is_shown(const struct vmainfo_filter *f, const struct vmainfo_record *r)
{
	return (!f->kinds || f->kinds & 1u << r->kind) && (r->flags & f->flags) == f->flags &&
	       !(r->flags & f->flags_clear) &&
	       in_ranges((void *)(unsigned long)f->ranges, f->nr_ranges, r->start, r->end);
}

/* Says what is wrong, and returns false. */
static bool __attribute__((format(printf, 2, 3)))
wrong(const struct vmainfo_filter *f, const char *fmt, ...)
{
	const struct vmainfo_range *ranges = (void *)(unsigned long)f->ranges;
	unsigned int i;
	va_list ap;

	fprintf(stderr, "# ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n# kinds %x flags %llx clear %llx options %x, %u ranges:", f->kinds,
		f->flags, f->flags_clear, f->options, f->nr_ranges);
	for (i = 0; i < f->nr_ranges && i < 8; i++)
		fprintf(stderr, " %llx-%llx", ranges[i].start, ranges[i].end);
	fprintf(stderr, "\n# VMAINFO_SEED=%llu\n", (unsigned long long)stress_seed);
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Whether raw is the header, and the shown rows of the model */
static bool raw_as_modelled(const struct vmainfo_filter *f, struct text t)
{
	const struct vmainfo_record *r;
	unsigned int i, shown = 0, flags;
	bool gate = false;
	struct cursor c;

	raw_first(&c, t);
	for (i = 0; !c.error && i < all.nr; i++) {
		struct row *row = &all.rows[i];
		struct vmainfo_record expected = row->r;
		bool has_id = f->options & VMAINFO_WANT_BUILD_ID && row->id_size;

		if (!is_shown(f, &expected))
			continue;
		shown++;
		gate |= expected.kind == VMAINFO_KIND_VSYSCALL;
		r = raw_next(&c);
		if (!r)
			return wrong(f, "raw: %llx is missing: %s", expected.start,
				     c.error ?: "the end");
		if (has_id)
			expected.size = sizeof(expected);
		expected.next = (expected.size + expected.name_len + expected.ops_len + 7) / 8 * 8;
		if (f->nr_ranges)
			expected.nomerge = 0;
		if (memcmp(r, &expected, VMAINFO_RECORD_SIZE_VER0) ||
		    !same_text(c.name, row->name) || !same_text(c.ops, row->ops))
			return wrong(f, "raw: %llx-%llx nomerge %x instead of %llx-%llx nomerge %x",
				     r->start, r->end, r->nomerge, expected.start, expected.end,
				     expected.nomerge);
		if (has_id && (r->build_id_size != row->id_size ||
			       memcmp(r->build_id, row->id, row->id_size)))
			return wrong(f, "raw: another build ID at %llx", r->start);
	}
	if (c.error || raw_next(&c) || c.error)
		return wrong(f, "raw: %s", c.error ?: "too many records");
	flags = all.header.flags & ~VMAINFO_GATE;
	flags |= (gate ? VMAINFO_GATE : 0) | (shown < all.nr ? VMAINFO_FILTERED : 0);
	if (c.header->vmas != shown - gate || c.header->flags != flags ||
	    c.header->exec_id != all.header.exec_id || c.header->mm_seq != all.header.mm_seq)
		return wrong(f, "raw: %u VMAs and flags %x instead of %u and %x", c.header->vmas,
			     c.header->flags, shown - gate, flags);
	return true;
}

static bool maps_as_modelled(const struct vmainfo_filter *f, struct text t)
{
	char *s = t.s;
	unsigned int i;

	for (i = 0; i < all.nr; i++) {
		if (!is_shown(f, &all.rows[i].r))
			continue;
		if (!*s || strcmp(cut_line(&s), all.rows[i].maps))
			return wrong(f, "maps: '%s' is missing", all.rows[i].maps);
	}
	return !*s || wrong(f, "maps: too many lines");
}

/* The position of a column of vmas. Names can contain spaces. */
enum { NR = 0, NOMERGE = 13, NAME_COLUMN = 15 };

static bool vmas_line_as_modelled(const struct vmainfo_filter *f, const struct row *row,
				  unsigned int nr, char *line)
{
	char *copy = strdup(row->vmas), *s = copy, number[16], *word, *expected;
	bool same = true;
	int i;

	snprintf(number, sizeof(number), "%u", nr);
	for (i = 0; same && i < NAME_COLUMN; i++) {
		word = next_word(&line);
		expected = next_word(&s);
		if (i == NR && row->r.kind != VMAINFO_KIND_VSYSCALL)
			expected = number;
		else if (i == NOMERGE && f->nr_ranges)
			expected = "-";
		same = !strcmp(word, expected) || wrong(f, "vmas: '%s' instead of '%s' in '%s'",
							word, expected, row->vmas);
	}
	same = same && (!strcmp(line, s) || wrong(f, "vmas: the name '%s'", line));
	free(copy);
	return same;
}

static bool vmas_as_modelled(const struct vmainfo_filter *f, struct text t)
{
	unsigned int i, shown = 0, gate = 0;
	char *s = t.s, *head, *line;
	char count[32];

	head = cut_line(&s);
	line = cut_line(&s);
	for (i = 0; i < all.nr; i++) {
		if (!is_shown(f, &all.rows[i].r))
			continue;
		gate += all.rows[i].r.kind == VMAINFO_KIND_VSYSCALL;
		shown++;
		if (!*s)
			return wrong(f, "vmas: '%s' is missing", all.rows[i].vmas);
		line = cut_line(&s);
		if (!vmas_line_as_modelled(f, &all.rows[i], shown, line))
			return false;
	}
	if (*s)
		return wrong(f, "vmas: too many lines");
	snprintf(count, sizeof(count), " vmas=%u walk=atomic", shown - gate);
	return strstr(head, count) || wrong(f, "vmas: '%s' instead of%s", head, count);
}

static const struct {
	const char *name;
	bool (*as_modelled)(const struct vmainfo_filter *f, struct text t);
} views[] = {
	{ PROC "raw", raw_as_modelled },
	{ PROC "maps", maps_as_modelled },
	{ PROC "vmas", vmas_as_modelled },
};

FIXTURE(filter)
{
	struct target target;
	int fd[ARRAY_SIZE(views)];
};

FIXTURE_SETUP(filter)
{
	unsigned int i;

	FATAL_IS_ASSERT();
	/* The files of the target must not be on a tmpfs. */
	make_mounts_private();
	if (mount("ramfs", "/tmp", "ramfs", 0, NULL))
		fatal("mount");
	map_at(LOW, LOW_SIZE, PROT_READ | PROT_WRITE);
	target_start(&self->target, query_init, NULL);
	load_rows(self->target.pid);
	for (i = 0; i < ARRAY_SIZE(views); i++)
		self->fd[i] = open_target(views[i].name, self->target.pid);
}

FIXTURE_TEARDOWN(filter)
{
	target_end(&self->target);
}

static int (*call)(int fd, const void *filter) = set_filter;

/* Whether all entries show what the model says with this filter */
static bool as_modelled(const int *fd, const struct vmainfo_filter *f, size_t chunk)
{
	static struct text t;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		err = call(fd[i], f);
		if (err)
			return wrong(f, "%s: %s", views[i].name, strerror(-err));
		t.len = 0;
		/* Setting the filter has rewound the file. */
		err = read_all(fd[i], &t, chunk);
		if (err)
			return wrong(f, "reading %s: %s", views[i].name, strerror(-err));
		if (!views[i].as_modelled(f, t))
			return false;
	}
	return true;
}

static unsigned int nr_shown(const struct vmainfo_filter *f)
{
	unsigned int i, shown = 0;

	for (i = 0; i < all.nr; i++)
		shown += is_shown(f, &all.rows[i].r);
	return shown;
}

static struct vmainfo_filter new_filter(void)
{
	return (struct vmainfo_filter) { .size = sizeof(struct vmainfo_filter) };
}

/* The filter with these ranges, which stay where they are */
static struct vmainfo_filter of_ranges(const struct vmainfo_range *ranges, unsigned int nr)
{
	struct vmainfo_filter f = new_filter();

	f.ranges = (unsigned long)ranges;
	f.nr_ranges = nr;
	return f;
}

TEST_F(filter, each_condition)
{
	struct vmainfo_filter f = new_filter();
	unsigned int i, kinds = 0;

	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	f.options = VMAINFO_WANT_BUILD_ID;
	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	for (i = 0; i < KINDS; i++) {
		f = new_filter();
		f.kinds = 1u << i;
		kinds += !!nr_shown(&f);
		EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
		f.kinds = ((1u << KINDS) - 1) & ~f.kinds;
		EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	}
	/* the target has VMAs of most kinds; user-mode Linux has no vvar */
	EXPECT_LT(IS_UML ? 6u : 7u, kinds);
	f = new_filter();
	f.kinds = KIND(FILE);
	EXPECT_LT(7u, nr_shown(&f));
	for (i = 0; i < 64; i++) {
		if (!(ALL_FLAGS & 1ull << i))
			continue;
		f = new_filter();
		f.flags = 1ull << i;
		EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
		f.flags_clear = f.flags;
		EXPECT_EQ(0u, nr_shown(&f));
		EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
		f.flags = 0;
		EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	}
	f = new_filter();
	f.flags = VMAINFO_DELETED;
	EXPECT_LT(0u, nr_shown(&f));
}

TEST_F(filter, range_boundaries)
{
	static const int shifts[] = { -1, 0, 1 };
	struct vmainfo_range *range = (void *)LOW;
	unsigned int i, from, to;
	struct vmainfo_filter f;

	for (i = 0; i < all.nr; i++) {
		for (from = 0; from < ARRAY_SIZE(shifts); from++) {
			for (to = 0; to < ARRAY_SIZE(shifts); to++) {
				range->start = all.rows[i].r.start + shifts[from];
				range->end = all.rows[i].r.end + shifts[to];
				f = of_ranges(range, 1);
				if (range->start < range->end)
					ASSERT_TRUE(as_modelled(self->fd, &f, 1 << 20));
			}
		}
		/* one address, and the gap before the VMA */
		range->start = all.rows[i].r.end - 1;
		range->end = all.rows[i].r.end;
		f = of_ranges(range, 1);
		ASSERT_TRUE(as_modelled(self->fd, &f, 1 << 20));
		range->start = i ? all.rows[i - 1].r.end : 0;
		range->end = all.rows[i].r.start;
		if (range->start < range->end)
			ASSERT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	}
	*range = (struct vmainfo_range) { 0, UINT64_MAX };
	f = of_ranges(range, 1);
	EXPECT_EQ(all.nr, nr_shown(&f));
	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	*range = (struct vmainfo_range) { UINT64_MAX - 1, UINT64_MAX };
	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
}

/* Each page of a VMA is a range of its own, and most ranges have no VMA. */
TEST_F(filter, max_ranges)
{
	struct vmainfo_range *ranges = (void *)LOW;
	struct vmainfo_filter f = of_ranges(ranges, VMAINFO_RANGES_MAX);
	unsigned int i;

	for (i = 0; i < VMAINFO_RANGES_MAX; i++) {
		ranges[i].start = (unsigned long)PERMISSIONS_AT + i * PAGE;
		ranges[i].end = ranges[i].start + PAGE;
	}
	EXPECT_LT(8u, nr_shown(&f));
	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
	for (i = 0; i < VMAINFO_RANGES_MAX; i++) {
		ranges[i].start = (unsigned long)MORE_AT + i * 16;
		ranges[i].end = ranges[i].start + 1 + i % 16;
	}
	EXPECT_LT(0u, nr_shown(&f));
	EXPECT_TRUE(as_modelled(self->fd, &f, 1 << 20));
}

/* Random filters */

static __u64 rnd_edge(struct rng *r)
{
	const struct vmainfo_record *v = &all.rows[rnd(r, all.nr)].r;

	switch (rnd(r, 12)) {
	case 0: return rnd64(r) >> rnd(r, 64);
	case 1: return v->start + rnd(r, 2 * PAGE);
	case 2: return v->end - rnd(r, PAGE);
	case 3 ... 7: return v->start + rnd(r, 3) - 1;
	default: return v->end + rnd(r, 3) - 1;
	}
}

static int by_address(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Sorted and disjoint ranges, some of which touch. Returns their number. */
static unsigned int rnd_ranges(struct rng *r, struct vmainfo_range *ranges, unsigned int max)
{
	__u64 edges[200];
	unsigned int i, n = 2 * max, nr = 0;

	for (i = 0; i < n; i++)
		edges[i] = rnd_edge(r);
	qsort(edges, n, sizeof(*edges), by_address);
	for (i = 0; i + 1 < n; i += 1 + rnd(r, 2)) {
		if (edges[i] == edges[i + 1])
			continue;
		ranges[nr].start = edges[i];
		ranges[nr++].end = edges[i + 1];
	}
	return nr;
}

static struct vmainfo_filter rnd_filter(struct rng *r)
{
	struct vmainfo_filter f = new_filter();
	const __u32 kinds[] = {
		0, KIND(FILE) | KIND(ANON), rnd64(r) & ((1u << KINDS) - 1),
		1u << all.rows[rnd(r, all.nr)].r.kind,
	};
	__u64 likely;

	f.kinds = kinds[rnd(r, ARRAY_SIZE(kinds))];
	/* Some flags that a VMA has, some that another one does not have */
	likely = rnd(r, 4) ? VMAINFO_READ | VMAINFO_WRITE | VMAINFO_EXEC | VMAINFO_MAYSHARE |
		 VMAINFO_DELETED | VMAINFO_ANON_VMA : ALL_FLAGS;
	if (rnd(r, 2))
		f.flags = all.rows[rnd(r, all.nr)].r.flags & likely & rnd64(r);
	if (rnd(r, 2))
		f.flags_clear = ~all.rows[rnd(r, all.nr)].r.flags & likely & rnd64(r);
	if (rnd(r, 2)) {
		f.ranges = (unsigned long)LOW;
		f.nr_ranges = rnd_ranges(r, (void *)LOW, rnd(r, 4) ? 1 + rnd(r, 4) : 100);
	}
	f.options = rnd(r, 4) ? 0 : VMAINFO_WANT_BUILD_ID;
	return f;
}

static void random_filters(struct __test_metadata *_metadata, const int *fd, struct rng *r,
			   unsigned int goal)
{
	unsigned int tried, some = 0, shown;
	struct vmainfo_filter f;

	for (tried = 0; more(tried, goal); tried++) {
		f = rnd_filter(r);
		memcpy(LOW + PAGE, &f, sizeof(f));
		ASSERT_TRUE(as_modelled(fd, (void *)(LOW + PAGE), rnd_chunk(r))) {
			TH_LOG("filter %u", tried);
		}
		shown = nr_shown(&f);
		some += shown && shown < all.nr;
	}
	printf("# %u filters, %u of them show a part\n", tried, some);
	figure(3 * tried, "filtered listings compared");
	EXPECT_LT(tried / 4, some);
}

TEST_F(filter, random_filters)
{
	struct rng r = stress_begin("filter");

	random_filters(_metadata, self->fd, &r, 3000);
}

#ifdef __x86_64__
/* The same as a 32-bit program does it */
static int set_filter_32(int fd, const void *filter)
{
	int ret;

	__asm__ volatile ("int $0x80" : "=a" (ret)
			  : "0" (54), "b" (fd), "c" (VMAINFO_SET_FILTER),
			    "d" ((__u32)(unsigned long)filter)
			  : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

TEST_F(filter, ia32_random_filters)
{
	struct rng r = stress_begin("filter 32");

	/*
	 * A kernel without this system call kills the caller. User-mode Linux
	 * takes it for one of 64 bits.
	 */
	if (IS_UML || IN_CHILD(set_filter_32(-1, NULL)))
		SKIP(return, "this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)");
	call = set_filter_32;
	random_filters(_metadata, self->fd, &r, 300);
	EXPECT_EQ(-EFAULT, call(self->fd[0], NULL));
}
#endif

/* Errors */

/* Whether a filter is rejected, and the old filter and the position stay */
static bool refused(int fd, const void *f, int error)
{
	struct text before = slurp_again(fd), after;
	char begin[20];
	int err;

	lseek(fd, 0, SEEK_SET);
	if (read(fd, begin, sizeof(begin)) != sizeof(begin))
		fatal("read");
	err = set_filter(fd, f);
	if (err != error || lseek(fd, 0, SEEK_CUR) != sizeof(begin) ||
	    !rest_same(fd, before, sizeof(begin))) {
		fprintf(stderr, "# %s instead of %s\n", strerror(-err), strerror(-error));
		return false;
	}
	after = slurp_again(fd);
	return same(before, after);
}

TEST_F(filter, errors_keep_old_filter)
{
	struct vmainfo_filter f = new_filter(), *large = (void *)LOW;
	struct vmainfo_range *ranges = (void *)(LOW + LOW_SIZE - 3 * sizeof(*ranges));
	char *bytes = LOW;
	unsigned int i;
	int fd = self->fd[0];

	f.kinds = KIND(FILE);
	ASSERT_EQ(0, set_filter(fd, &f));

	f = new_filter();
	f.size = sizeof(f) - 1;
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	f.size = 0;
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	for (i = KINDS; i < 32; i++) {
		f = new_filter();
		f.kinds = 1u << i;
		EXPECT_TRUE(refused(fd, &f, -EINVAL));
	}
	for (i = 0; i < 64; i++) {
		f = new_filter();
		f.flags = 1ull << i;
		EXPECT_TRUE(ALL_FLAGS & f.flags || refused(fd, &f, -EINVAL));
		f.flags_clear = f.flags;
		f.flags = 0;
		EXPECT_TRUE(ALL_FLAGS & f.flags_clear || refused(fd, &f, -EINVAL));
	}
	for (i = 1; i < 32; i++) {
		f = new_filter();
		f.options = 1u << i;
		EXPECT_TRUE(refused(fd, &f, -EINVAL));
	}

	/* ranges: empty, reversed, overlapping, not sorted; the number; the address */
	f = of_ranges(ranges, 1);
	ranges[0] = (struct vmainfo_range) { PAGE, PAGE };
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	ranges[0] = (struct vmainfo_range) { PAGE, PAGE - 1 };
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	f = of_ranges(ranges, 3);
	ranges[0] = (struct vmainfo_range) { 0, PAGE };
	ranges[1] = (struct vmainfo_range) { 2 * PAGE, 3 * PAGE };
	ranges[2] = (struct vmainfo_range) { 3 * PAGE - 1, 4 * PAGE };
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	ranges[2] = (struct vmainfo_range) { PAGE, 2 * PAGE };
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	ranges[2] = ranges[1];
	EXPECT_TRUE(refused(fd, &f, -EINVAL));
	ranges[2] = (struct vmainfo_range) { 3 * PAGE, UINT64_MAX };
	f.nr_ranges = VMAINFO_RANGES_MAX + 1;
	EXPECT_TRUE(refused(fd, &f, -E2BIG));
	f.nr_ranges = UINT32_MAX;
	EXPECT_TRUE(refused(fd, &f, -E2BIG));
	/* 2^28 + 1 ranges: 16 bytes if the size is a 32-bit number */
	f.nr_ranges = (1u << 28) + 1;
	EXPECT_TRUE(refused(fd, &f, -E2BIG));
	f.nr_ranges = 4;
	EXPECT_TRUE(refused(fd, &f, -EFAULT));
	f = of_ranges(NULL, 1);
	EXPECT_TRUE(refused(fd, &f, -EFAULT));
	f.ranges = 1ull << 63;
	EXPECT_TRUE(refused(fd, &f, -EFAULT));

	/* a larger structure: bytes that this module does not know must be zero */
	memset(bytes, 0, 2 * PAGE);
	large->size = PAGE + 1;
	EXPECT_TRUE(refused(fd, large, -E2BIG));
	large->size = UINT32_MAX;
	EXPECT_TRUE(refused(fd, large, -E2BIG));
	large->size = 100;
	bytes[99] = 1;
	EXPECT_TRUE(refused(fd, large, -E2BIG));
	bytes[99] = 0;
	bytes[40] = 1;
	EXPECT_TRUE(refused(fd, large, -E2BIG));
	EXPECT_TRUE(refused(fd, NULL, -EFAULT));
	f = new_filter();
	memcpy(LOW + LOW_SIZE - 20, &f, 20);
	EXPECT_TRUE(refused(fd, LOW + LOW_SIZE - 20, -EFAULT));

	/* these are accepted */
	bytes[40] = 0;
	bytes[100] = 1;
	EXPECT_EQ(0, set_filter(fd, large));
	ranges[0] = (struct vmainfo_range) { 0, PAGE };
	ranges[1] = (struct vmainfo_range) { PAGE, 3 * PAGE };
	ranges[2] = (struct vmainfo_range) { 3 * PAGE, UINT64_MAX };
	f = of_ranges(ranges, 3);
	EXPECT_TRUE(as_modelled(self->fd, &f, 4096));
}

TEST_F(filter, rejected_by_other_entries)
{
	struct vmainfo_filter f = new_filter();

	EXPECT_EQ(-ENOTTY, set_filter(open_target(PROC "summary", self->target.pid), &f));
	EXPECT_EQ(-ENOTTY, set_filter(open_or_die(PROC "procs", O_RDONLY), &f));
	EXPECT_EQ(-ENOTTY, result_of(ioctl(self->fd[0], VMAINFO_SET_FILTER + 1, &f)));
}

/* The open file */

TEST_F(filter, belongs_to_open_file)
{
	struct vmainfo_filter f = new_filter(), none = new_filter();
	struct text before = slurp_again(self->fd[1]);
	struct vmainfo_header h = { .size = sizeof(h) };
	int fd = self->fd[0], other = open_target(PROC "raw", self->target.pid);
	char byte;

	f.kinds = KIND(FILE);
	ASSERT_EQ(0, set_filter(fd, &f));
	/* a child has the same open file; another open file has no filter */
	EXPECT_EQ(0, IN_CHILD(CHECK(raw_as_modelled(&f, slurp_again(fd)))));
	EXPECT_TRUE(raw_as_modelled(&none, slurp_again(other)));
	EXPECT_EQ(0, IN_CHILD(CHECK(!set_filter(fd, &none))));
	EXPECT_TRUE(raw_as_modelled(&none, slurp_again(fd)));

	/* another target, and this one again */
	ASSERT_EQ(0, set_filter(fd, &f));
	ASSERT_EQ(0, set_target(fd, getpid()));
	ASSERT_EQ(0, try_read(fd));
	ASSERT_EQ(0, set_target(fd, self->target.pid));
	EXPECT_TRUE(raw_as_modelled(&f, slurp_again(fd)));

	/* the ioctls of one VMA and of the header do not use it */
	ASSERT_EQ(0, ioctl(fd, VMAINFO_GET_HEADER, &h));
	EXPECT_EQ(all.header.vmas, h.vmas);
	EXPECT_EQ(0u, h.flags & VMAINFO_FILTERED);

	/* a snapshot that was begun is dropped, with the rest of a line */
	ASSERT_EQ(0, lseek(self->fd[1], 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd[1], &byte, 1));
	ASSERT_EQ(0, set_filter(self->fd[1], &none));
	EXPECT_TRUE(same(before, slurp(self->fd[1], 4096)));

	/* and none of the kinds, and a process that has no VMAs */
	f.flags = VMAINFO_READ;
	f.flags_clear = VMAINFO_READ;
	ASSERT_EQ(0, set_filter(fd, &f));
	EXPECT_EQ(sizeof(h), slurp(fd, 4096).len);
	target_kill(&self->target);
	EXPECT_EQ(sizeof(h), slurp_again(fd).len);
}

/* A system call of another thread, on a file that threads share */
struct call {
	int fd;
	const struct vmainfo_filter *filter;	/* to set, or NULL to read */
	char *buf;
	bool at_start;		/* pread() at 0, which does not use the file position */
	long ret;
	atomic_int tid;
	pthread_t thread;
};

#define CALL_SIZE (1ul << 20)

static void *run_call(void *arg)
{
	struct call *c = arg;

	c->tid = syscall(SYS_gettid);
	if (c->filter)
		c->ret = set_filter(c->fd, c->filter);
	else
		c->ret = result_of(c->at_start ? pread(c->fd, c->buf, CALL_SIZE, 0) :
				   read(c->fd, c->buf, CALL_SIZE));
	return NULL;
}

/* Starts a call that waits for a lock of the file, and returns when it waits. */
static void call_and_wait(struct call *c)
{
	struct text stat;
	bool waits;

	if (pthread_create(&c->thread, NULL, run_call, c))
		fatal("pthread_create");
	while (!c->tid)
		sched_yield();
	do {
		stat = slurp_proc(c->tid, "stat");
		waits = strstr(stat.s, ") D ");
		free(stat.s);
	} while (!waits);
}

/*
 * One thread is in a pread() of the listing of a filter, which lasts until its
 * page fault is handled. A second one sets another filter, and a third one goes
 * on to read. That one returns the listing of the new filter from its beginning.
 * Without the lock of the file position, it would return a later part of it.
 */
TEST_F(filter, set_by_another_thread)
{
	struct vmainfo_range range = { (unsigned long)PERMISSIONS_AT,
				       (unsigned long)PERMISSIONS_AT + 100 * PAGE };
	struct vmainfo_filter files = new_filter(), ranges = of_ranges(&range, 1);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = self->fd[1], uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct call begin = { .fd = fd, .at_start = true };
	struct call set = { .fd = fd, .filter = &ranges }, next = { .fd = fd };
	struct text expected, got;
	struct uffd_msg fault;

	if (uffd < 0 && errno == ENOSYS)
		SKIP(return, "this kernel has no userfaultfd (CONFIG_USERFAULTFD)");
	begin.buf = map_at(NULL, CALL_SIZE, PROT_READ | PROT_WRITE);
	next.buf = get_memory(CALL_SIZE);
	reg.range.start = (unsigned long)begin.buf;
	reg.range.len = CALL_SIZE;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));

	ASSERT_EQ(0, set_filter(fd, &ranges));
	expected = slurp_again(fd);
	ASSERT_EQ(0, set_filter(fd, &files));
	ASSERT_EQ(1, read(fd, next.buf, 1));
	ASSERT_EQ(0, pthread_create(&begin.thread, NULL, run_call, &begin));
	ASSERT_EQ((ssize_t)sizeof(fault), read(uffd, &fault, sizeof(fault)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, fault.event);
	call_and_wait(&set);
	call_and_wait(&next);
	ASSERT_EQ(0, close(uffd)); /* ends the page fault */
	ASSERT_EQ(0, pthread_join(begin.thread, NULL));
	ASSERT_EQ(0, pthread_join(set.thread, NULL));
	ASSERT_EQ(0, pthread_join(next.thread, NULL));

	EXPECT_LT(0, begin.ret);
	EXPECT_EQ(0, set.ret);
	ASSERT_LT(0, next.ret);
	got = (struct text) { .s = next.buf, .len = next.ret };
	EXPECT_TRUE(same(expected, got));
}

/* Large processes */

#define LARGE ((char *)FAR(0x50))

/* Whether raw is every @step-th VMA of the row at LARGE, from @first on, @nr in all */
static bool is_part_of_row(struct text t, unsigned int first, unsigned int step, unsigned int nr)
{
	const struct vmainfo_record *r;
	struct cursor c;

	for (raw_first(&c, t); (r = raw_next(&c)); first += step, nr--)
		if (!nr || r->start != (unsigned long)LARGE + first * PAGE ||
		    r->end != r->start + PAGE)
			return false;
	return !c.error && !nr;
}

/* With MANY_VMAS VMAs the tree of the process has several levels. */
TEST(many_vmas)
{
	static struct vmainfo_range ranges[MANY_VMAS / 10];
	struct vmainfo_filter f = new_filter();
	struct vmainfo_range row = { FAR(0x50), FAR(0x50) + MANY_VMAS * PAGE };
	struct target target;
	unsigned int i;
	int fd;

	target_start_row(&target, LARGE, MANY_VMAS);
	fd = open_target(PROC "raw", target.pid);
	/* the even VMAs of the row are readable */
	f = of_ranges(&row, 1);
	f.flags = VMAINFO_READ;
	ASSERT_EQ(0, set_filter(fd, &f));
	EXPECT_TRUE(is_part_of_row(slurp(fd, 1 << 20), 0, 2, MANY_VMAS / 2));
	/* and nothing else is private and not accessible */
	f = new_filter();
	f.kinds = KIND(ANON);
	f.flags_clear = VMAINFO_READ;
	ASSERT_EQ(0, set_filter(fd, &f));
	EXPECT_TRUE(is_part_of_row(slurp(fd, 1 << 20), 1, 2, MANY_VMAS / 2));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		ranges[i].start = (unsigned long)LARGE + (10 * i + 3) * PAGE + i % PAGE;
		ranges[i].end = ranges[i].start + 1;
	}
	f = of_ranges(ranges, ARRAY_SIZE(ranges));
	ASSERT_EQ(0, set_filter(fd, &f));
	EXPECT_TRUE(is_part_of_row(slurp(fd, 1 << 20), 3, 10, MANY_VMAS / 10));
	target_end(&target);
}

/* Build IDs */

#define IO "/proc/self/io"

/* The reads by this process, also those in the kernel; 0 if they are not counted */
static unsigned long reads_so_far(void)
{
	struct text t = slurp_path(access(IO, R_OK) ? "/dev/null" : IO);
	char *p = strstr(t.s, "syscr: ");
	unsigned long n = p ? strtoul(p + 7, NULL, 10) : 0;

	free(t.s);
	return n;
}

/* Lists a range in which all VMAs map files with some_id, and compares the build IDs. */
static void check_build_ids(int fd, char *at, size_t size, unsigned int vmas)
{
	struct vmainfo_range range = { (unsigned long)at, (unsigned long)at + size };
	struct vmainfo_filter f = of_ranges(&range, 1);
	const struct vmainfo_record *r;
	struct cursor c;
	struct text t = {};

	f.options = VMAINFO_WANT_BUILD_ID;
	if (set_filter(fd, &f))
		fatal("set_filter");
	if (read_all(fd, &t, 1 << 20))
		fatal("read_all");
	for (raw_first(&c, t); (r = raw_next(&c)); vmas--)
		if (r->size != sizeof(*r) || r->build_id_size != ID_MAX ||
		    memcmp(r->build_id, some_id, ID_MAX))
			fatal("%llx: another build ID", r->start);
	if (c.error || vmas)
		fatal("raw: %s, %u VMAs are missing", c.error, vmas);
	free(t.s);
}

/* Returns the number of reads that check_build_ids() causes. */
static unsigned long reads_of_range(int fd, char *at, size_t size, unsigned int vmas)
{
	const unsigned long before = reads_so_far();

	check_build_ids(fd, at, size, vmas);
	return reads_so_far() - before;
}

#define ELF_AT ((char *)FAR(0x30))
#define OPENED 50

/* However often a file was opened, and by whatever name, it is read once. */
TEST(build_id_read_once_per_file)
{
	static const char * const paths[] = { "/tmp/filter.elf", "/tmp/filter.link" };
	struct elf e = new_elf(ELFCLASS64, ELF_SIZE);
	int fd = open_or_die(PROC "raw", O_RDONLY), file, i;
	unsigned long once, often, two;

	if (access(IO, R_OK))
		SKIP(return, "this kernel does not count reads (" IO ")");
	file = create_file(paths[0], ELF_SIZE);
	write_at(file, e.s, ELF_SIZE, 0);
	close(file);
	if (link(paths[0], paths[1]))
		fatal("link");
	for (i = 0; i < OPENED; i++)
		map_and_close(ELF_AT + 2 * i * PAGE, PAGE, PROT_READ, MAP_PRIVATE,
			      open_or_die(paths[i % 2], O_RDONLY), 0);
	once = reads_of_range(fd, ELF_AT, PAGE, 1);
	often = reads_of_range(fd, ELF_AT, 2 * OPENED * PAGE, OPENED);
	map_and_close(ELF_AT + 2 * OPENED * PAGE, PAGE, PROT_READ, MAP_PRIVATE,
		      elf_file(&e, "another"), 0);
	two = reads_of_range(fd, ELF_AT, (2 * OPENED + 1) * PAGE, OPENED + 1);
	printf("# %lu reads for 1 VMA, %lu for %u VMAs of a file, %lu for two files\n", once,
	       often, OPENED, two);
	EXPECT_EQ(once, often);
	EXPECT_LT(often, two);
	unlink(paths[0]);
	unlink(paths[1]);
}

/* It is that of the file, and not what is in memory now. */
TEST(build_id_from_file_not_memory)
{
	struct elf e = new_elf(ELFCLASS64, ELF_SIZE);
	int fd = open_or_die(PROC "raw", O_RDONLY), file = elf_file(&e, "copied");

	map_file(ELF_AT, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	memset(ELF_AT, 0, PAGE);
	check_build_ids(fd, ELF_AT, PAGE, 1);
}

/* Targets that change */

#define ROW ((char *)FAR(0x40))
#define ROW_VMAS 40
/* before and behind the row */
#define NEAR(nr) ((char *)FAR(0x3f + 2 * (nr)))
#define NEAR_PAGES 128

static void change(struct rng *r)
{
	char *at = NEAR(rnd(r, 2)) + rnd(r, NEAR_PAGES) * PAGE;
	size_t size = (1 + rnd(r, 8)) * PAGE;

	switch (rnd(r, 4)) {
	case 0:
		munmap(at, size);
		break;
	case 1:
		mprotect(at, size, rnd(r, 2) ? PROT_READ : PROT_READ | PROT_EXEC);
		break;
	default:
		if (mmap(at, size, rnd(r, 2) ? PROT_READ | PROT_WRITE : PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
			fatal("mmap");
	}
}

/* Whether every record matches, and no VMA of the row is missing that matches */
static bool listing_matches(const struct vmainfo_filter *f, struct text t, unsigned int *torn)
{
	const struct vmainfo_record *r;
	unsigned int in_row = 0, expected = 0, i;
	struct listing l = {};
	const char *error = parse_raw(&l, t);
	struct cursor c;

	free(l.regions);
	if (error)
		return wrong(f, "%s", error);
	for (raw_first(&c, t); (r = raw_next(&c));) {
		/* A torn walk may record a part of a VMA, which is not in a range. */
		if (!is_shown(f, r))
			return wrong(f, "%llx-%llx flags %llx does not match", r->start, r->end,
				     r->flags);
		in_row += r->start >= (unsigned long)ROW &&
			  r->end <= (unsigned long)ROW + ROW_VMAS * PAGE;
	}
	*torn += !(c.header->flags & VMAINFO_ATOMIC);
	for (i = 0; i < ROW_VMAS; i++) {
		struct vmainfo_record row = {
			.start = (unsigned long)ROW + i * PAGE,
			.end = (unsigned long)ROW + (i + 1) * PAGE,
			.flags = (i % 2 ? 0 : VMAINFO_READ) | VMAINFO_MAYREAD |
				 VMAINFO_MAYWRITE | VMAINFO_MAYEXEC,
		};

		expected += is_shown(f, &row);
	}
	return in_row == expected || wrong(f, "%u of %u in the row", in_row, expected);
}

static struct vmainfo_filter storm_filter(struct rng *r, struct vmainfo_range *ranges)
{
	struct vmainfo_filter f = new_filter();
	unsigned int i, n = 1 + rnd(r, 300);
	__u64 at = (unsigned long)NEAR(0);

	if (rnd(r, 2))
		f.kinds = KIND(ANON) | (rnd(r, 2) ? KIND(FILE) : 0);
	if (rnd(r, 2))
		f.flags = rnd(r, 2) ? VMAINFO_READ : VMAINFO_MAYREAD;
	if (rnd(r, 3) == 0)
		f.flags_clear = rnd(r, 2) ? VMAINFO_WRITE : VMAINFO_READ & ~f.flags;
	if (rnd(r, 2))
		return f;
	for (i = 0; i < n; i++) {
		if (i == n / 3)
			at = (unsigned long)ROW - 8 * PAGE;
		if (i == n / 3 * 2)
			at = at < (unsigned long)NEAR(1) ? (unsigned long)NEAR(1) : at;
		at += rnd(r, 3) ? 0 : rnd(r, 2 * PAGE);
		ranges[i].start = at;
		at += 1 + rnd(r, 2 * PAGE);
		ranges[i].end = at;
	}
	f.ranges = (unsigned long)ranges;
	f.nr_ranges = n;
	return f;
}

TEST(changing_target)
{
	struct rng r = stress_begin("storm"), child = rng_fork(&r);
	static struct vmainfo_range ranges[300];
	static struct text t;
	unsigned int read_ones, torn = 0;
	struct vmainfo_filter f;
	pid_t pid;
	int fd;

	/* The child has the row, too. */
	map_row(ROW, ROW_VMAS);
	pid = fork_child();
	if (!pid) {
		for (;;)
			change(&child);
	}
	fd = open_target(PROC "raw", pid);
	for (read_ones = 0; more(read_ones, 2000); read_ones++) {
		f = storm_filter(&r, ranges);
		ASSERT_EQ(0, set_param("max_hold_us", rnd_hold(&r)));
		ASSERT_EQ(0, set_filter(fd, &f));
		t.len = 0;
		ASSERT_EQ(0, read_all(fd, &t, 1 << 20));
		EXPECT_TRUE(listing_matches(&f, t, &torn)) {
			break;
		}
	}
	ASSERT_EQ(0, set_param("max_hold_us", "250"));
	printf("# %u listings, %u torn\n", read_ones, torn);
	figure(read_ones, "filtered listings of a changing process");
	end_child(pid);
}

VMAINFO_TEST_MAIN(query_begin(5, 5))
