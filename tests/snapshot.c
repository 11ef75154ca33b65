// SPDX-License-Identifier: GPL-2.0
/*
 * All reads from position 0 to the end come from one snapshot, whatever the
 * target does in between; a rewind takes a new one. A snapshot is consistent.
 */
#include "maps.h"
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
	case 'u':
		if (munmap(MARK_HIGH, PAGE))
			_exit(1);
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

FIXTURE_VARIANT_ADD(snapshot, maps) { .entry = PROC "maps" };
FIXTURE_VARIANT_ADD(snapshot, raw) { .entry = PROC "raw" };
FIXTURE_VARIANT_ADD(snapshot, vmas) { .entry = PROC "vmas" };

FIXTURE_SETUP(snapshot)
{
	target_start(&self->target, snapshot_init, snapshot_command);
	self->fd = open_target(variant->entry, self->target.pid);
	self->before = slurp(self->fd, 1 << 20);
	ASSERT_LT(3 * PAGE, self->before.len);
	ASSERT_TRUE(shows(self->before, MARK_HIGH));
	ASSERT_FALSE(shows(self->before, MARK_NEW));
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(snapshot)
{
	target_end(&self->target);
}

/* The n bytes at the start, and the rest of the file */
static struct text with_rest(int fd, const char *start, size_t n)
{
	struct text rest = slurp(fd, PAGE), all;

	all.len = n + rest.len;
	all.s = get_memory(all.len + 1);
	memcpy(all.s, start, n);
	memcpy(all.s + n, rest.s, rest.len);
	return all;
}

TEST_F(snapshot, change_visible_after_rewind)
{
	char start[PAGE];
	struct text now;
	ssize_t n;

	n = read(self->fd, start, sizeof(start));
	ASSERT_LT(0, n);
	tell(&self->target, 'n');
	tell(&self->target, 'u');
	now = with_rest(self->fd, start, n);
	EXPECT_TRUE(same(self->before, now));

	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	now = slurp(self->fd, PAGE);
	EXPECT_FALSE(shows(now, MARK_HIGH));
	EXPECT_TRUE(shows(now, MARK_NEW));
}

TEST_F(snapshot, one_byte_takes_snapshot)
{
	struct text now;
	char c;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'x');
	now = with_rest(self->fd, &c, 1);
	EXPECT_TRUE(same(self->before, now));
}

TEST_F(snapshot, not_taken_by_open)
{
	int fd = open_target(variant->entry, self->target.pid);
	struct text now;

	tell(&self->target, 'n');
	now = slurp(fd, PAGE);
	EXPECT_TRUE(shows(now, MARK_NEW));
}

TEST_F(snapshot, rewind_takes_new_one)
{
	char start[PAGE];
	struct text now;

	ASSERT_LT(0, read(self->fd, start, sizeof(start)));
	tell(&self->target, 'n');
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	now = slurp(self->fd, PAGE);
	EXPECT_TRUE(shows(now, MARK_NEW));
}

/* Seeking anywhere but to 0 stays in the snapshot. */
TEST_F(snapshot, seek_keeps_it)
{
	size_t half = self->before.len / 2;
	char start[PAGE], *rest;
	struct text now;
	ssize_t n;

	n = read(self->fd, start, sizeof(start));
	ASSERT_LT(0, n);
	tell(&self->target, 'x');
	ASSERT_EQ((off_t)half, lseek(self->fd, half, SEEK_SET));
	now = slurp(self->fd, PAGE);
	rest = self->before.s + half;
	EXPECT_EQ(self->before.len - half, now.len);
	EXPECT_EQ(0, memcmp(rest, now.s, now.len));
}

TEST_F(snapshot, pread_keeps_it)
{
	char start[100], *buffer = get_memory(self->before.len);
	size_t at;
	ssize_t n;

	ASSERT_EQ(100, read(self->fd, start, sizeof(start)));
	tell(&self->target, 'x');
	/* not to the end, where the snapshot goes */
	for (at = self->before.len - 2 * PAGE; at > 3000; at -= 2999) {
		n = pread(self->fd, buffer, 500, at);
		ASSERT_LT(0, n);
		ASSERT_EQ(0, memcmp(self->before.s + at, buffer, n)) {
			TH_LOG("pread at %zu", at);
		}
	}
	EXPECT_EQ(1, pread(self->fd, buffer, 500, self->before.len - 1));
	EXPECT_EQ(self->before.s[self->before.len - 1], *buffer);
}

TEST_F(snapshot, one_per_open_file)
{
	int fd = open_target(variant->entry, self->target.pid);
	struct text now;
	char c;

	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&self->target, 'n');
	now = slurp(fd, PAGE);
	EXPECT_TRUE(shows(now, MARK_NEW));
	now = with_rest(self->fd, &c, 1);
	EXPECT_TRUE(same(self->before, now));
}

/* A snapshot outlives the process it was taken of. */
TEST_F(snapshot, outlives_target)
{
	struct target other;
	char c;
	int fd;
	struct text expected, now;

	target_start(&other, snapshot_init, NULL);
	fd = open_target(variant->entry, other.pid);
	expected = slurp(fd, PAGE);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(fd, &c, 1));
	target_end(&other);
	now = with_rest(fd, &c, 1);
	EXPECT_TRUE(same(expected, now));
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
	const char *entry, *max_hold_us;
};

FIXTURE_VARIANT_ADD(busy, maps_unlimited_hold) { PROC "maps", "0" };
FIXTURE_VARIANT_ADD(busy, vmas_unlimited_hold) { PROC "vmas", "0" };
FIXTURE_VARIANT_ADD(busy, maps_yielding) { PROC "maps", "1" };
FIXTURE_VARIANT_ADD(busy, vmas_yielding) { PROC "vmas", "1" };

FIXTURE_SETUP(busy)
{
	FATAL_IS_ASSERT();
	ASSERT_EQ(0, set_param("max_hold_us", variant->max_hold_us));
	target_start(&self->target, busy_init, NULL);
	self->fd = open_target(variant->entry, self->target.pid);
}

FIXTURE_TEARDOWN(busy)
{
	target_end(&self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(busy, consistent_under_mremap)
{
	bool vmas = strstr(variant->entry, "vmas"), never_torn;
	unsigned int low = 0, high = 0, torn = 0, i;
	struct listing l = { 0 };

	never_torn = !strcmp(variant->max_hold_us, "0");
	/* until the page was seen in both places, but 20 times at least */
	for (i = 0; i < 20 || (i < 200 && !(low && high)); i++) {
		unsigned int at_low, at_high;
		const char *error;
		struct text t;

		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, 1 << 20);
		error = vmas ? parse_vmas(&l, t) : parse_maps(&l, t);
		ASSERT_EQ(NULL, error) {
			TH_LOG("round %u: %s in line %u", i, error, l.nr);
		}
		ASSERT_EQ(BUSY_ROW, regions_at(&l, ROW_AT, ROW_AT + BUSY_ROW * PAGE));
		at_low = regions_at(&l, BUSY_LOW, BUSY_LOW + 1);
		at_high = regions_at(&l, BUSY_HIGH, BUSY_HIGH + 1);
		torn += l.walk == WALK_TORN;
		low += at_low;
		high += at_high;
		if (never_torn)
			ASSERT_NE(WALK_TORN, l.walk);
		if (never_torn || (vmas && l.walk != WALK_TORN)) {
			ASSERT_EQ(1, at_low + at_high) {
				TH_LOG("round %u: the page is %s", i,
				       at_low ? "in both places" : "nowhere");
			}
		}
		free(t.s);
	}
	TH_LOG("%u snapshots, the page below in %u, above in %u, %u in pieces",
	       i, low, high, torn);
	EXPECT_LT(0, (int)low);
	EXPECT_LT(0, (int)high);
}

VMAINFO_TEST_MAIN
