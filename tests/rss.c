// SPDX-License-Identifier: GPL-2.0
/*
 * The memory and swap of a process in procs and summary, against
 * /proc/PID/status: summary is the same, and procs as exact as it claims.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/utsname.h>

#include "vmainfo_test.h"

#define PROCS PROC "procs"
#define SUMMARY PROC "summary"
/* The driver of RAM disks, where a guest has the file, and a disk */
#define BRD "/brd.ko"
#define DISK "/dev/ram0"

#define KB (PAGE >> 10)

enum counter { ANON, IN_FILE, SHMEM, SWAP, COUNTERS };

/* @units: that the target has in memory */
static const struct {
	const char *name;	/* in status and summary */
	const char *procs;
	unsigned int units;
} counters[COUNTERS] = {
	[ANON] = { "RssAnon", "rss_anon_kB", 1 },
	[IN_FILE] = { "RssFile", "rss_file_kB", 2 },
	[SHMEM] = { "RssShmem", "rss_shmem_kB", 3 },
	[SWAP] = { "VmSwap", "swap_kB", 4 },
};

/*
 * By how many pages procs may differ. From 6.2 on each CPU keeps a share of
 * each counter: percpu_counter_batch in lib/percpu_counter.c. status adds them.
 */
static unsigned long max_error(void)
{
	const unsigned long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		fatal("uname");
	return major < 6 || (major == 6 && minor < 2) ? 0 : cpus * (cpus > 16 ? 2 * cpus : 32);
}

/* Before 6.2 a thread adds its pages to the counters at every 64th page fault. */
#define THREAD_SHARE 64

/* In pages: more than the error of procs, so counters cannot be confused */
static unsigned long unit(void)
{
	return 2 * max_error() + 250;
}

static void fill(char *p, unsigned long pages)
{
	while (pages--)
		memset(p + pages * PAGE, 1 + pages % 100, PAGE);
}

static void map_ramfs(void)
{
	char dir[] = "/tmp/vmainfo-rss-XXXXXX";
	const size_t size = counters[IN_FILE].units * unit() * PAGE;

	/* What is on a tmpfs counts as RssShmem. */
	if (!mkdtemp(dir) || mount("none", dir, "ramfs", 0, NULL) || chdir(dir))
		fatal("a ramfs");
	map_and_close(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE,
		      create_file("file", size), 0);
	if (chdir("/") || umount2(dir, MNT_DETACH) || rmdir(dir))
		fatal("rmdir");
}

static void init(void)
{
	const unsigned long shmem = counters[SHMEM].units * unit();

	fill(map_at(NULL, unit() * PAGE, PROT_READ | PROT_WRITE), unit());
	map_ramfs();
	fill(map_file(NULL, shmem * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0), shmem);
}

static void command(char c)
{
	const unsigned long pages = counters[SWAP].units * unit();
	char *p;

	switch (c) {
	case 'a':	/* some more */
		fill(map_at(NULL, unit() * PAGE, PROT_READ | PROT_WRITE), unit());
		break;
	case 's':	/* to swap; a CPU's new pages can only be reclaimed there */
		run_on_cpu(0);
		p = map_at(NULL, pages * PAGE, PROT_READ | PROT_WRITE);
		fill(p, pages);
		CHECK(!madvise(p, pages * PAGE, MADV_PAGEOUT));
		break;
	}
}

/* The number of a process in procs; the column is found by its name. */
static unsigned long long procs_kb(pid_t pid, const char *column)
{
	struct text t = slurp_path(PROCS);
	char *rest = t.s + 1, *line, *word;
	unsigned int nr = 0, i;

	line = strsep(&rest, "\n");
	do {
		word = next_word(&line);
		if (!*word)
			fatal("procs has no %s", column);
		nr++;
	} while (strcmp(word, column));
	while ((line = strsep(&rest, "\n")) && *line) {
		word = next_word(&line);
		if (atoi(word) != pid)
			continue;
		for (i = 1; i < nr; i++)
			word = next_word(&line);
		return strtoull(word, NULL, 10);
	}
	fatal("procs has no process %d", pid);
}

/* The number in a line of status or summary */
static unsigned long long kb_in(struct text t, enum counter i)
{
	char line[32], *s;

	snprintf(line, sizeof(line), "\n%s:\t", counters[i].name);
	s = strstr(t.s, line);
	if (!s)
		fatal("there is no %s in %s", counters[i].name, t.s);
	return strtoull(s + strlen(line), NULL, 10);
}

static unsigned long long status_kb(pid_t pid, enum counter i)
{
	return kb_in(slurp_proc(pid, "status"), i);
}

FIXTURE(rss)
{
	struct target target;
};

FIXTURE_SETUP(rss)
{
	target_start(&self->target, init, command);
}

FIXTURE_TEARDOWN(rss)
{
	target_end(&self->target);
}

/* Compares all counters of the target, which sleeps. */
static void compare(struct __test_metadata *_metadata, pid_t pid)
{
	const unsigned long long max = max_error() * KB;
	struct text summary = slurp_target(SUMMARY, pid);
	unsigned long long kb, in_procs;
	enum counter i;

	for (i = 0; i < COUNTERS; i++) {
		kb = status_kb(pid, i);
		EXPECT_EQ(kb, kb_in(summary, i)) {
			TH_LOG("%s in summary", counters[i].name);
		}
		in_procs = procs_kb(pid, counters[i].procs);
		EXPECT_TRUE(in_procs + max >= kb && in_procs <= kb + max) {
			TH_LOG("%s is %llu in procs and %llu in status", counters[i].procs,
			       in_procs, kb);
		}
	}
}

TEST_F(rss, matches_status)
{
	const pid_t pid = self->target.pid;
	enum counter i;

	for (i = ANON; i < SWAP; i++)
		EXPECT_LE((counters[i].units * unit() - THREAD_SHARE) * KB,
			  status_kb(pid, i));
	compare(_metadata, pid);
}

/* summary shows what there is when it is read. */
TEST_F(rss, follows_growth)
{
	int fd = open_target(SUMMARY, self->target.pid);
	unsigned long long before = kb_in(slurp_again(fd), ANON), after;

	tell(&self->target, 'a');
	after = kb_in(slurp_again(fd), ANON);
	EXPECT_EQ(status_kb(self->target.pid, ANON), after);
	EXPECT_LE(before + (unit() - THREAD_SHARE) * KB, after);
	close(fd);
}

/* Swap, on a disk in memory */

FIXTURE(swap)
{
	struct target target;
	bool loaded, on;
};

/* Makes a swap area: union swap_header in the kernel's linux/swap.h */
static void make_swap(void)
{
	const uint32_t version = 1, last_page = 2 * counters[SWAP].units * unit();
	int fd = open_or_die(DISK, O_WRONLY);

	if (pwrite(fd, &version, 4, 1024) != 4 || pwrite(fd, &last_page, 4, 1028) != 4 ||
	    pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) != 10 || fsync(fd))
		fatal(DISK);
	close(fd);
}

static int load_brd(void)
{
	char params[64];
	int fd = open(BRD, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	snprintf(params, sizeof(params), "rd_nr=1 rd_size=%lu",
		 (2 * counters[SWAP].units * unit() + 1) * KB);
	ret = result_of(syscall(SYS_finit_module, fd, params, 0));
	close(fd);
	return ret;
}

FIXTURE_SETUP(swap)
{
	FATAL_IS_ASSERT();
	/* A disk that is there already may be in use. */
	self->loaded = access(DISK, F_OK) && !load_brd();
	if (!self->loaded)
		SKIP(return, "there is no " BRD " for a disk to swap to");
	make_swap();
	self->on = !swapon(DISK, 0);
	ASSERT_TRUE(self->on);
	target_start(&self->target, init, command);
	tell(&self->target, 's');
}

FIXTURE_TEARDOWN(swap)
{
	target_end(&self->target);
	if (self->on)
		EXPECT_EQ(0, swapoff(DISK));
	if (self->loaded)
		EXPECT_EQ(0, syscall(SYS_delete_module, "brd", 0));
}

TEST_F(swap, matches_status)
{
	const pid_t pid = self->target.pid;

	EXPECT_LE((counters[SWAP].units - 1) * unit() * KB, status_kb(pid, SWAP));
	compare(_metadata, pid);
}

VMAINFO_TEST_MAIN()
