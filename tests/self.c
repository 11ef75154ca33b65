// SPDX-License-Identifier: GPL-2.0
/*
 * A process that reads itself gets the same from vmainfo as from procfs.
 *
 * Everything is read into static memory, by read() alone, so that the process does not
 * change in between.
 */
#include "maps.h"
#include "vmainfo_test.h"

#define CAPACITY (2 << 20)

static struct {
	const char *path;
	char s[CAPACITY];
	struct text text;
} sources[] = {
	{ .path = "/proc/self/maps" }, { .path = PROC "maps" }, { .path = PROC "vmas" },
};

static void read_self(void)
{
	size_t i;
	ssize_t n;
	int fd;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		struct text *t = &sources[i].text;

		*t = (struct text){ .s = sources[i].s };
		fd = open_or_die(sources[i].path, O_RDONLY);
		while ((n = read(fd, t->s + t->len, CAPACITY - 1 - t->len)) > 0)
			t->len += n;
		if (n < 0 || t->len == CAPACITY - 1)
			fatal("read %s", sources[i].path);
		close(fd);
	}
}

FIXTURE(self) { };
FIXTURE_VARIANT(self)
{
	unsigned int vmas;
};
FIXTURE_VARIANT_ADD(self, few_vmas) { 0 };
FIXTURE_VARIANT_ADD(self, thousand_vmas) { 1000 };

FIXTURE_SETUP(self)
{
	if (variant->vmas)
		map_row(NULL, variant->vmas);
	read_self();
}

FIXTURE_TEARDOWN(self) { }

TEST_F(self, maps_match_procfs)
{
	EXPECT_LT(300 + 30 * variant->vmas, sources[0].text.len);
	EXPECT_TRUE(same(sources[0].text, sources[1].text));
}

TEST_F(self, vmas_match_procfs)
{
	struct listing maps = { 0 }, vmas = { 0 };
	unsigned int i;

	ASSERT_EQ(NULL, parse_maps(&maps, sources[0].text));
	ASSERT_EQ(NULL, parse_vmas(&vmas, sources[2].text));
	ASSERT_EQ(maps.nr, vmas.nr);
	for (i = 0; i < maps.nr; i++) {
		const struct region *m = &maps.regions[i], *v = &vmas.regions[i];
		size_t len = strcspn(m->name, "\n");

		ASSERT_EQ(m->start, v->start);
		ASSERT_EQ(m->end, v->end);
		ASSERT_EQ(0, memcmp(m->perm, v->perm, 4));
		ASSERT_EQ(m->offset, v->offset);
		ASSERT_EQ(m->inode, v->inode);
		ASSERT_EQ(0, strncmp(len ? m->name : "-\n", v->name, len + 1));
	}
}

VMAINFO_TEST_MAIN
