// SPDX-License-Identifier: GPL-2.0
/*
 * A process that reads itself gets the same from vmainfo as from procfs.
 *
 * Everything is read into static memory, by read() alone, so that the process
 * does not change in between.
 */
#include "vmainfo_test.h"

#define CAPACITY (2 << 20)

static char buffer[2][CAPACITY];

static struct text read_self(const char *path, char *to)
{
	struct text t = { .s = to };
	int fd = open_or_die(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, t.s + t.len, CAPACITY - t.len)) > 0)
		t.len += n;
	if (n < 0 || t.len == CAPACITY)
		fatal("read %s", path);
	close(fd);
	return t;
}

TEST(maps_match_procfs)
{
	static const unsigned int vmas[] = { 1, 1000 };
	struct text kernels, ours;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmas); i++) {
		map_row(NULL, vmas[i]);
		kernels = read_self("/proc/self/maps", buffer[0]);
		ours = read_self(PROC "maps", buffer[1]);
		EXPECT_LT(300 + 30 * vmas[i], kernels.len);
		EXPECT_TRUE(same(kernels, ours));
	}
}

VMAINFO_TEST_MAIN()
