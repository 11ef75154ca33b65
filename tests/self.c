// SPDX-License-Identifier: GPL-2.0
/*
 * What vmainfo says of the process that reads it, compared with what procfs says:
 * maps byte by byte, vmas with everything else by the program "fields".
 *
 * Everything is read into memory that is there already, by one process, so that
 * nothing changes in between.
 */
#include "vmainfo_test.h"

#define ROOM (2 << 20)

static const char * const sources[] = {
	"/proc/self/maps", PROC "maps", PROC "vmas", "/proc/self/smaps",
	"/proc/self/numa_maps",
};

static const char * const names[] = {
	"before", "maps", "vmas", "smaps", "numa_maps",
};

static char look[ARRAY_SIZE(sources)][ROOM];
static ssize_t length[ARRAY_SIZE(sources)];

/* Reads all of them, by read() alone. */
static void look_at_self(void)
{
	size_t i;
	ssize_t n;
	int fd;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		length[i] = 0;
		fd = open(sources[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0 && i == ARRAY_SIZE(sources) - 1) {
			length[i] = -1;		/* a kernel without NUMA */
			continue;
		}
		if (fd < 0)
			fatal("open %s", sources[i]);
		while ((n = read(fd, look[i] + length[i], ROOM - length[i])) > 0)
			length[i] += n;
		if (n < 0)
			fatal("read %s", sources[i]);
		if (length[i] == ROOM)
			fatal("%s is longer than %d", sources[i], ROOM);
		close(fd);
	}
}

static int fields(void)
{
	char dir[] = "/tmp/vmainfo-self-XXXXXX", path[64], pid[16];
	int fd, status;
	pid_t child;
	size_t i;

	if (!mkdtemp(dir))
		fatal("mkdtemp");
	snprintf(pid, sizeof(pid), "%d", getpid());

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if (length[i] < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, look[i], length[i]) != length[i])
			fatal("writing %s", path);
		close(fd);
	}
	child = fork_child();
	if (!child) {
		execl(beside("fields"), "fields", dir, pid, NULL);
		_exit(127);
	}
	status = reap(child);
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path) && length[i] >= 0)
			fatal("unlink %s", path);
	}
	if (rmdir(dir))
		fatal("rmdir %s", dir);
	return status;
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
	look_at_self();
}

FIXTURE_TEARDOWN(self) { }

TEST_F(self, maps_match_procfs)
{
	EXPECT_LT(300 + 30 * variant->vmas, length[0]);
	EXPECT_TRUE(same((struct text){ look[0], length[0] },
			 (struct text){ look[1], length[1] }));
}

TEST_F(self, vmas_match_procfs)
{
	EXPECT_EQ(0, fields());
}

VMAINFO_TEST_MAIN
