// SPDX-License-Identifier: GPL-2.0
/*
 * All reads from position 0 to the end come from one snapshot, whatever the
 * target does in between; a rewind takes a new one. A snapshot is consistent.
 */
#include "stress.h"
#include "vmainfo_test.h"

#define MARK_HIGH ((char *)0x500000000000)	/* there from the start */
#define MARK_NEW ((char *)0x500000100000)	/* comes with 'n' */
#define ROW_AT ((char *)0x400000000000)
#define ROW 300

static void snapshot_init(void)
{
	map_row(ROW_AT, ROW);
	map_at(MARK_HIGH, PAGE, PROT_READ);
}

static void snapshot_command(char c)
{
	switch (c) {
	case 'n':
		map_at(MARK_NEW, PAGE, PROT_READ);
		break;
	case 'x':	/* everything that a test looks at */
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

FIXTURE_VARIANT(snapshot)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(snapshot, maps) { PROC "maps" };
FIXTURE_VARIANT_ADD(snapshot, raw) { PROC "raw" };
FIXTURE_VARIANT_ADD(snapshot, vmas) { PROC "vmas" };
FIXTURE_VARIANT_ADD(snapshot, summary) { PROC "summary" };

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

/* Is the rest of a file, of which one byte has been read, that of a text? */
static bool rest_same(int fd, struct text t)
{
	struct text rest = slurp(fd, PAGE);

	return rest.len == t.len - 1 && same_bytes(t, 1, rest.s, rest.len) == rest.len;
}

/* Its first byte takes it. Reads and seeks stay in it, but for a seek to 0. */
TEST_F(snapshot, kept_until_eof)
{
	const size_t len = self->before.len;
	char *buffer = get_memory(len), c;
	size_t at;
	ssize_t n;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'x');
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
	EXPECT_TRUE(rest_same(self->fd, self->before));
}

TEST_F(snapshot, rewind_takes_new_one)
{
	char c;

	/* in the middle of one */
	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'n');
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_TRUE(has(self, slurp(self->fd, PAGE), MARK_NEW));
	/* at its end */
	tell(&self->target, 'x');
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_FALSE(has(self, slurp(self->fd, PAGE), MARK_HIGH));
}

TEST_F(snapshot, taken_by_read_not_open)
{
	int fd = open_target(variant->entry, self->target.pid);
	char c;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'n');
	EXPECT_TRUE(has(self, slurp(fd, PAGE), MARK_NEW));
	EXPECT_TRUE(rest_same(self->fd, self->before));
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
	EXPECT_TRUE(rest_same(fd, expected));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(ESRCH, errno);
}

/*
 * While the target changes: it has a row of VMAs, and a page that
 * mremap() moves from below the row to above it and back, in one step. So a
 * snapshot that was one critical section has it in exactly one of the two
 * places. One that was not may have it twice or never, but has everything in
 * order and without overlaps all the same.
 */
#define BUSY_ROW (MANY_VMAS / 12)	/* each section may wait for a change */
#define BUSY_LOW (ROW_AT - 16 * PAGE)
#define BUSY_HIGH MARK_HIGH

static void busy_init(void)
{
	map_row(ROW_AT, BUSY_ROW);
	start_mover(BUSY_LOW, BUSY_HIGH);
}

static unsigned int regions_at(const struct listing *l, const void *start, const void *end)
{
	unsigned int i, n = 0;

	for (i = 0; i < l->nr; i++)
		n += l->regions[i].start >= (unsigned long)start &&
		     l->regions[i].start < (unsigned long)end;
	return n;
}

FIXTURE(busy)
{
	struct target target;
	int fd;
};

FIXTURE_VARIANT(busy)
{
	enum entry entry;
	const char *max_hold_us;
};

FIXTURE_VARIANT_ADD(busy, maps_unlimited_hold) { MAPS, "0" };
FIXTURE_VARIANT_ADD(busy, vmas_unlimited_hold) { VMAS, "0" };
FIXTURE_VARIANT_ADD(busy, summary_unlimited_hold) { SUMMARY, "0" };
FIXTURE_VARIANT_ADD(busy, maps_yielding) { MAPS, "1" };
FIXTURE_VARIANT_ADD(busy, vmas_yielding) { VMAS, "1" };
FIXTURE_VARIANT_ADD(busy, summary_yielding) { SUMMARY, "1" };

FIXTURE_SETUP(busy)
{
	FATAL_IS_ASSERT();
	ASSERT_EQ(0, set_param("max_hold_us", variant->max_hold_us));
	target_start(&self->target, busy_init, NULL);
	self->fd = open_target(entries[variant->entry], self->target.pid);
}

FIXTURE_TEARDOWN(busy)
{
	target_end(&self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(busy, consistent_under_mremap)
{
	const bool never_torn = !strcmp(variant->max_hold_us, "0");
	unsigned int low = 0, high = 0, torn = 0, vmas = 0, at_low, at_high, i;
	struct listing l = { 0 };
	const char *error;
	struct text t;

	/* until the page was seen in both places, but 20 times at least */
	for (i = 0; i < 20 || (i < 200 && variant->entry != SUMMARY && !(low && high)); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, 1 << 20);
		error = parse_entry(&l, t, variant->entry);
		ASSERT_EQ(NULL, error) {
			TH_LOG("round %u: %s in line %u", i, error, l.nr);
		}
		free(t.s);
		torn += l.walk == WALK_TORN;
		if (never_torn)
			ASSERT_NE(WALK_TORN, l.walk);
		if (never_torn || l.walk == WALK_ATOMIC) {
			ASSERT_EQ(vmas ?: l.nr, l.nr);
			vmas = l.nr;
		}
		if (variant->entry == SUMMARY)
			continue;
		ASSERT_EQ(BUSY_ROW, regions_at(&l, ROW_AT, ROW_AT + BUSY_ROW * PAGE));
		at_low = regions_at(&l, BUSY_LOW, BUSY_LOW + 1);
		at_high = regions_at(&l, BUSY_HIGH, BUSY_HIGH + 1);
		low += at_low;
		high += at_high;
		if (never_torn || l.walk == WALK_ATOMIC) {
			ASSERT_EQ(1, at_low + at_high) {
				TH_LOG("round %u: the page is %s", i,
				       at_low ? "in both places" : "nowhere");
			}
		}
	}
	TH_LOG("%u snapshots, the page below in %u, above in %u, %u torn", i, low, high, torn);
	if (variant->entry != SUMMARY)
		EXPECT_TRUE(low && high);
}

VMAINFO_TEST_MAIN
