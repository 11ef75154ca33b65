// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading: what the parameters take, a hundred times over, and
 * while files are open and read.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>

#include "vmainfo_test.h"

static const char * const entries[] = {
	PROC "vmas", PROC "maps", PROC "raw", PROC "summary",
};

#define ENTRIES ARRAY_SIZE(entries)

static void init(void)
{
	map_row((void *)0x200000000000, 200);
}

static void init_large(void)
{
	map_row((void *)0x200000000000, many_vmas() / 3);
}

static bool loaded(void)
{
	bool module = !access("/sys/module/vmainfo", F_OK);

	if (module != !access("/proc/vmainfo", F_OK))
		fatal("/sys/module/vmainfo and /proc/vmainfo disagree");
	return module;
}

FIXTURE(load)
{
	struct target target;
};

FIXTURE_SETUP(load)
{
	/* what a test that failed may have left */
	if (loaded())
		ASSERT_EQ(0, module_unload());
	target_start(&self->target, init, NULL);
}

FIXTURE_TEARDOWN(load)
{
	target_end(&self->target);
	if (loaded())
		EXPECT_EQ(0, module_unload());
}

TEST_F(load, without_parameters)
{
	struct text t;

	ASSERT_EQ(0, module_load(""));
	ASSERT_TRUE(loaded());
	t = slurp_path(PROC "vmas");
	EXPECT_FALSE(shows(t, (void *)0x200000000000));
	EXPECT_STREQ("0\n", slurp_path(PARAM "pid").s);
	EXPECT_STREQ("250\n", slurp_path(PARAM "max_hold_us").s);
	ASSERT_EQ(0, module_unload());
	EXPECT_FALSE(loaded());
}

TEST_F(load, with_a_pid)
{
	char params[64], expected[64];

	snprintf(params, sizeof(params), "pid=%d", self->target.pid);
	snprintf(expected, sizeof(expected), "%d\n", self->target.pid);
	ASSERT_EQ(0, module_load(params));
	EXPECT_TRUE(shows(slurp_path(PROC "vmas"), (void *)0x200000000000));
	EXPECT_TRUE(shows(slurp_path(PROC "maps"), (void *)0x200000000000));
	EXPECT_TRUE(shows(slurp_path(PROC "raw"), (void *)0x200000000000));
	EXPECT_STREQ(expected, slurp_path(PARAM "pid").s);
}

TEST_F(load, with_both)
{
	char params[64];

	snprintf(params, sizeof(params), "max_hold_us=1000000 pid=%d", self->target.pid);
	ASSERT_EQ(0, module_load(params));
	EXPECT_TRUE(shows(slurp_path(PROC "vmas"), (void *)0x200000000000));
	EXPECT_STREQ("1000000\n", slurp_path(PARAM "max_hold_us").s);
}

TEST_F(load, what_is_no_value)
{
	static const char * const bad[] = {
		"pid=abc", "pid=", "pid=-1", "pid=1x", "pid=0x10", "pid=2147483648",
		"pid=18446744073709551617", "pid=\"1 2\"", "pid", "max_hold_us=-1",
		"max_hold_us=1000001", "max_hold_us=abc", "max_hold_us=", "max_hold_us",
	};
	size_t i;

	if (!module_file())
		SKIP(return, "modprobe does not tell the error: set VMAINFO_KO");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, module_load(bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		ASSERT_FALSE(loaded());
	}
	/* and that leaves nothing behind */
	EXPECT_EQ(0, module_load(""));
}

TEST_F(load, no_such_process)
{
	struct target gone;
	char params[64];

	if (!module_file())
		SKIP(return, "modprobe does not tell the error: set VMAINFO_KO");
	target_start(&gone, NULL, NULL);
	target_end(&gone);
	snprintf(params, sizeof(params), "pid=%d", gone.pid);
	EXPECT_EQ(-ESRCH, module_load(params));
	ASSERT_FALSE(loaded());
	EXPECT_EQ(-ESRCH, module_load("pid=2147483647"));
	ASSERT_FALSE(loaded());
	EXPECT_EQ(0, module_load(""));
}

TEST_F(load, a_hundred_times)
{
	char params[64], buffer[4096];
	int i, fd;

	snprintf(params, sizeof(params), "pid=%d", self->target.pid);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, module_load(i % 2 ? params : ""));
		ASSERT_TRUE(loaded());
		fd = open_or_die(entries[i / 2 % ENTRIES], O_RDWR);
		if (i % 5)
			ASSERT_LT(0, read(fd, buffer, sizeof(buffer)));
		if (i % 7 == 0)
			ASSERT_EQ(0, set_target(fd, self->target.pid));
		if (i % 4) {	/* else it is still open at rmmod */
			close(fd);
			fd = -1;
		}
		ASSERT_EQ(0, module_unload()) {
			TH_LOG("round %d", i);
		}
		ASSERT_FALSE(loaded());
		if (fd >= 0)
			close(fd);
	}
}

/*
 * The first read after the module is loaded looks for the gate page in maps, which the kernel
 * gives out in pieces of a page. Here one of them begins inside a path, with what looks like it.
 */
#define GATE_LINE "ffffffffff600000-ffffffffff601000 r-xp 00000000 00:00 0 [vsyscall]"
/* Where the name is in a line of maps, and how much of it is in the first piece */
#define NAME_COLUMN 73
#define FIRST_PIECE (4096 - NAME_COLUMN)

/* Not on the heap, which would show. */
static char maps[65536], ours[65536];

static void read_into(char *to, const char *path)
{
	int fd = open_or_die(path, O_RDONLY);
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, to + at, sizeof(maps) - 1 - at)) > 0)
		at += n;
	if (n)
		fatal("read %s", path);
	close(fd);
}

TEST_F(load, a_path_that_looks_like_the_gate_page)
{
	char dir[] = "/tmp/vmainfo-load-XXXXXX", path[8192], name[NAME_MAX + 1];
	unsigned int depth = 0, n;
	const char *line;
	size_t len;
	void *p;
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	for (len = strlen(dir); len < FIRST_PIECE - 1; len += n + 1, depth++) {
		n = FIRST_PIECE - 1 - len - 1;
		/* one that is as long as may be, unless too little would be left */
		if (n > 200)
			n = 150;
		memset(name, 'x', n);
		name[n] = 0;
		ASSERT_EQ(0, mkdir(name, 0700));
		ASSERT_EQ(0, chdir(name));
	}
	fd = open(GATE_LINE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, p);

	ASSERT_EQ(0, module_load(""));
	read_into(ours, PROC "maps");
	read_into(maps, "/proc/self/maps");
	line = strstr(maps, GATE_LINE);
	ASSERT_NE(NULL, line);
	EXPECT_EQ('/', line[-1]);
	/* So it is where a piece begins. */
	EXPECT_EQ(FIRST_PIECE, line - strstr(maps, dir));
	EXPECT_STREQ(maps, ours);

	ASSERT_EQ(0, munmap(p, 4096));
	close(fd);
	ASSERT_EQ(0, unlink(GATE_LINE));
	while (depth--) {
		ASSERT_NE(NULL, getcwd(path, sizeof(path)));
		ASSERT_EQ(0, chdir(".."));
		ASSERT_EQ(0, rmdir(strrchr(path, '/') + 1));
	}
	ASSERT_EQ(0, chdir("/"));
	ASSERT_EQ(0, rmdir(dir));
}

/* What is left of a file whose module is gone: it fails, and can be closed. */
static const char *is_dead(int fd)
{
	char buffer[4096];

	if (read(fd, buffer, sizeof(buffer)) != -1 || errno != EIO)
		return "read";
	if (pread(fd, buffer, 100, 5000) != -1 || errno != EIO)
		return "pread";
	if (lseek(fd, 0, SEEK_SET) != -1)
		return "lseek";
	if (write(fd, "0", 1) != -1 || errno != EIO)
		return "write";
	return NULL;
}

TEST_F(load, unload_with_open_files)
{
	int fresh[ENTRIES], half[ENTRIES], done[ENTRIES];
	char buffer[4096];
	unsigned int i;
	DIR *dir;

	ASSERT_EQ(0, module_load(""));
	for (i = 0; i < ENTRIES; i++) {
		fresh[i] = open_or_die(entries[i], O_RDWR);
		half[i] = open_target(entries[i], self->target.pid);
		ASSERT_LT(0, read(half[i], buffer, sizeof(buffer)));
		done[i] = open_target(entries[i], self->target.pid);
		ASSERT_LT(500u, slurp(done[i], 4096).len);
	}
	dir = opendir("/proc/vmainfo");
	ASSERT_NE(NULL, dir);
	ASSERT_EQ(0, chdir("/proc/vmainfo"));

	ASSERT_EQ(0, module_unload());
	ASSERT_FALSE(loaded());
	for (i = 0; i < ENTRIES; i++) {
		EXPECT_EQ(NULL, is_dead(fresh[i])) {
			TH_LOG("%s: %s of a file that was not read", entries[i],
			       is_dead(fresh[i]));
		}
		EXPECT_EQ(NULL, is_dead(half[i])) {
			TH_LOG("%s: %s of a file that was half read", entries[i],
			       is_dead(half[i]));
		}
		EXPECT_EQ(NULL, is_dead(done[i])) {
			TH_LOG("%s: %s of a file that was read", entries[i],
			       is_dead(done[i]));
		}
	}
	EXPECT_EQ(-1, open("vmas", O_RDONLY));

	/* the next one does not bring them back */
	ASSERT_EQ(0, module_load(""));
	EXPECT_LT(0u, slurp_path(PROC "vmas").len);
	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(NULL, is_dead(half[i]));
	EXPECT_EQ(0, chdir("/"));
	closedir(dir);
	ASSERT_EQ(0, module_unload());
	for (i = 0; i < ENTRIES; i++) {
		EXPECT_EQ(0, close(fresh[i]));
		EXPECT_EQ(0, close(half[i]));
		EXPECT_EQ(0, close(done[i]));
	}
}

/* Reads until that fails, and says how. */
static void *read_to_death(void *arg)
{
	static char buffer[ENTRIES][65536];
	long i = (long)arg;
	int fd = -1, error = 0;
	ssize_t n;

	while (!error) {
		if (fd < 0)
			fd = open(entries[i], O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return (void *)(long)errno;
		n = read(fd, buffer[i], 65536);
		if (n < 0) {
			error = errno;
		} else if (!n && i < 2) {
			if (lseek(fd, 0, SEEK_SET))
				error = errno == EINVAL ? EIO : errno;
		} else if (!n) {
			close(fd);
			fd = -1;
		}
	}
	close(fd);
	return (void *)(long)error;
}

/* Two that seek and two that open again and again, an entry each, when it goes away */
TEST_F(load, unload_while_others_read)
{
	pthread_t thread[ENTRIES];
	char params[64];
	long i, round;
	void *error;

	snprintf(params, sizeof(params), "pid=%d", self->target.pid);
	for (round = 0; round < 20; round++) {
		struct text t;

		ASSERT_EQ(0, module_load(params));
		for (i = 0; i < (long)ENTRIES; i++)
			ASSERT_EQ(0, pthread_create(thread + i, NULL,
						    read_to_death, (void *)i));
		/* they have the time that this takes */
		for (i = 0; i < round; i++) {
			t = slurp_path(PROC "vmas");
			free(t.s);
		}
		ASSERT_EQ(0, module_unload());
		for (i = 0; i < (long)ENTRIES; i++) {
			ASSERT_EQ(0, pthread_join(thread[i], &error));
			EXPECT_TRUE((long)error == EIO || (long)error == ENOENT) {
				TH_LOG("thread %ld: %s", i, strerror((long)error));
			}
		}
		ASSERT_FALSE(loaded());
	}
}

static unsigned long available_kb(void)
{
	struct text t = slurp_path("/proc/meminfo");
	char *s = strstr(t.s, "MemAvailable:");

	if (!s)
		fatal("no MemAvailable");
	return strtoul(s + 13, NULL, 10);
}

/*
 * Snapshots that nobody read to the end: of 20,000 VMAs each, so that a hundred
 * lost ones could not be overlooked.
 */
TEST_F(load, abandoned_snapshots_are_freed)
{
	unsigned long before, after;
	struct target large;
	char c;
	int i, fd;

	target_start(&large, init_large, NULL);
	ASSERT_EQ(0, module_load(""));
	before = available_kb();
	for (i = 0; i < 200; i++) {
		fd = open_target(entries[i / 4 % ENTRIES], large.pid);
		ASSERT_EQ(1, read(fd, &c, 1));
		if (i % 4 < 2) {
			ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
			ASSERT_EQ(1, read(fd, &c, 1));
		}
		if (i % 3 == 0)
			ASSERT_EQ(0, set_target(fd, self->target.pid));
		close(fd);
	}
	after = available_kb();
	EXPECT_LT(before, after + 40 * 1024) {
		TH_LOG("%lu kB were available before, %lu kB after", before, after);
	}
	target_end(&large);
}

int main(int argc, char **argv)
{
	/* only to see whether it can be loaded at all */
	module_for_all_tests();
	if (module_unload())
		fail_all("vmainfo does not unload", EBUSY);
	vmainfo_main_pid = 0;
	return test_harness_run(argc, argv);
}
