// SPDX-License-Identifier: GPL-2.0
/*
 * All reads from position 0 to the end come from one snapshot, even if the
 * target changes in between. A rewind takes a new one.
 */
#include <sys/ioctl.h>

#include "stress.h"
#include "vmainfo_test.h"

#define MARK_HIGH ((char *)FAR(0x50))	/* there from the start */
#define MARK_NEW ((char *)(FAR(0x50) + 0x100000))	/* comes with 'n' */
#define MARK_TOP ((char *)(FAR(0x50) + 0x200000))	/* always there */
#define ROW_AT ((char *)FAR(0x40))
#define ROW 300

static void snapshot_init(void)
{
	map_row(ROW_AT, ROW);
	map_at(MARK_HIGH, PAGE, PROT_READ);
	map_at(MARK_TOP, PAGE, PROT_READ);
}

static void snapshot_command(char c)
{
	switch (c) {
	case 'n':
		map_at(MARK_NEW, PAGE, PROT_READ);
		break;
	case 'x':	/* all marks */
		if (munmap(ROW_AT, ROW * PAGE) || munmap(MARK_HIGH, PAGE))
			_exit(1);
		break;
	}
}

FIXTURE(snapshot)
{
	struct target target;
	struct text before;
	int fd;
};

ENTRY_VARIANTS(snapshot);

/* Summary lists no VMAs, but counts them. */
static bool has(const FIXTURE_DATA(snapshot) *self, struct text t, const void *mark)
{
	if (strncmp(t.s, "Pid:", 4))
		return shows(t, mark);
	return (mark == MARK_HIGH) == !strcmp(t.s, self->before.s);
}

FIXTURE_SETUP(snapshot)
{
	target_start(&self->target, snapshot_init, snapshot_command);
	self->fd = open_target(variant->entry, self->target.pid);
	self->before = slurp(self->fd, 1 << 20);
	ASSERT_TRUE(has(self, self->before, MARK_HIGH));
	ASSERT_FALSE(has(self, self->before, MARK_NEW));
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(snapshot)
{
	target_end(&self->target);
}

/* Reading the first byte takes it. All but a seek to 0 use it. */
TEST_F(snapshot, kept_until_eof)
{
	struct procmap_query q = {
		.size = sizeof(q), .query_addr = (unsigned long)MARK_HIGH,
		.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	const size_t len = self->before.len;
	char *buffer = get_memory(len), c;
	size_t at;
	ssize_t n;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'x');
	/* a query neither uses the snapshot nor ends it */
	ASSERT_EQ(strcmp(variant->entry, PROC "maps") ? -1 : 0,
		  ioctl(self->fd, PROCMAP_QUERY, &q));
	if (!strcmp(variant->entry, PROC "maps"))
		ASSERT_EQ((unsigned long)MARK_TOP, q.vma_start);
	for (at = len - len / 10; at > len / 10; at -= len / 20) {
		n = pread(self->fd, buffer, 500, at);
		ASSERT_LT(0, n);
		ASSERT_EQ((size_t)n, same_bytes(self->before, at, buffer, n));
	}
	ASSERT_EQ((off_t)len / 2, lseek(self->fd, len / 2, SEEK_SET));
	n = read(self->fd, buffer, 100);
	ASSERT_EQ(100, n);
	ASSERT_EQ((size_t)n, same_bytes(self->before, len / 2, buffer, n));
	ASSERT_EQ(1, lseek(self->fd, 1, SEEK_SET));
	EXPECT_TRUE(rest_same(self->fd, self->before, 1));
}

/* pread() leaves the position at 0. To ask for the position is no rewind. */
TEST_F(snapshot, kept_when_position_asked)
{
	const size_t len = self->before.len;
	char *buffer = get_memory(len);

	ASSERT_EQ(100, pread(self->fd, buffer, 100, 1));
	tell(&self->target, 'x');
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	ASSERT_EQ(100, pread(self->fd, buffer, 100, len - 100));
	EXPECT_EQ(100, same_bytes(self->before, len - 100, buffer, 100));
}

TEST_F(snapshot, rewind_takes_new_one)
{
	char c;

	/* in the middle of one */
	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'n');
	EXPECT_TRUE(has(self, slurp_again(self->fd), MARK_NEW));
	/* at its end */
	tell(&self->target, 'x');
	EXPECT_FALSE(has(self, slurp_again(self->fd), MARK_HIGH));
}

TEST_F(snapshot, taken_by_read_not_open)
{
	int fd = open_target(variant->entry, self->target.pid);
	char c;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'n');
	EXPECT_TRUE(has(self, slurp(fd, PAGE), MARK_NEW));
	EXPECT_TRUE(rest_same(self->fd, self->before, 1));
}

TEST_F(snapshot, outlives_target)
{
	struct target other;
	struct text expected;
	char c;
	int fd;

	target_start(&other, snapshot_init, NULL);
	fd = open_target(variant->entry, other.pid);
	expected = slurp(fd, PAGE);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(fd, &c, 1));
	target_end(&other);
	EXPECT_TRUE(rest_same(fd, expected, 1));
	EXPECT_EQ(-ESRCH, try_read(fd));
}

/*
 * While the target changes: a page is moved by mremap() from below a row of
 * VMAs to above it and back, in one step. A summary of one instant counts it
 * once. (race.c has the same for the entries that list VMAs.)
 */
#define BUSY_ROW (MANY_VMAS / 12)	/* each section may wait for a change */
#define BUSY_LOW (ROW_AT - 16 * PAGE)

static void *move(void *arg)
{
	char *from = BUSY_LOW, *to = MARK_HIGH, *t;

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
	map_row(ROW_AT, BUSY_ROW);
	map_at(BUSY_LOW, PAGE, PROT_READ);
	start_thread(move, NULL);
}

FIXTURE(busy)
{
	struct target target;
};

FIXTURE_SETUP(busy)
{
	FATAL_IS_ASSERT();
	target_start(&self->target, busy_init, NULL);
}

FIXTURE_TEARDOWN(busy)
{
	target_end(&self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(busy, atomic_summary_counts_once)
{
	int fd = open_target(PROC "summary", self->target.pid);
	unsigned int torn = 0, vmas = 0, i;
	struct listing l = { 0 };
	const char *error;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, set_param("max_hold_us", i < 50 ? "0" : "1"));
		error = parse_summary(&l, slurp_again(fd));
		ASSERT_EQ(NULL, error) {
			TH_LOG("%s", error);
		}
		if (l.walk == WALK_TORN) {
			ASSERT_LE(50u, i);
			torn++;
			continue;
		}
		ASSERT_EQ(vmas ?: l.nr, l.nr);
		vmas = l.nr;
	}
	printf("# %u of %u were torn\n", torn, i);
}

VMAINFO_TEST_MAIN()
