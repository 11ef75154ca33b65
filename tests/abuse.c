// SPDX-License-Identifier: GPL-2.0
/*
 * Readers that never read to the end or are in a memory cgroup that is too
 * small, and the module loaded and unloaded during use. killed.c kills readers.
 * The kernel's log and kmemleak (leaks.sh) show what the module leaves behind.
 */
#include <sys/mount.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((char *)FAR(0x20))

/* Shared by the tests, because making a large process takes time */
static struct target large;

static struct shared {
	atomic_bool over;
	atomic_ullong loads, eio, snapshots, written;
} *shared;

/* A snapshot of the large process takes megabytes: a leak is noticed. */
TEST(abandoned_snapshots_freed)
{
	enum { BY_CLOSE, BY_EXIT, BY_TARGET, BY_REWIND, WAYS };
	struct rng rng = stress_begin("abandoned_snapshots_freed");
	unsigned long before;
	unsigned int i, n;
	struct target t;
	char buffer[8192];
	int fd, ret;
	pid_t pid;

	target_start_row(&t, ROW_AT, 50);
	before = unused_kb();
	for (n = 0; more(n, 200) || n < 100; n += 20) {
		pid = fork_child();
		for (i = 0; !pid && i < 20; i++) {
			fd = open_target(entries[rnd(&rng, ENTRIES)],
					 rnd(&rng, 4) ? large.pid : t.pid);
			if (read(fd, buffer, 1 + rnd(&rng, sizeof(buffer))) <= 0)
				_exit(1);
			ret = 0;
			switch (rnd(&rng, WAYS)) {
			case BY_CLOSE:
				ret = close(fd);
				break;
			case BY_TARGET:
				ret = set_target(fd, t.pid);
				break;
			case BY_REWIND:
				ret = lseek(fd, 0, SEEK_SET) || read(fd, buffer, 100) <= 0;
				break;
			}
			if (ret)
				_exit(1);
		}
		if (!pid)
			_exit(0);
		ASSERT_EQ(0, reap(pid));
		rnd64(&rng);
	}
	EXPECT_TRUE(memory_returned(before));
	tell(&t, TARGET_MAP);
	tell(&large, TARGET_MAP);
	target_end(&t);
	figure(n, "snapshots not read to the end");
}

/* A memory cgroup */

#define CGROUP_MOUNT "/tmp/vmainfo-cgroup"
#define CGROUP CGROUP_MOUNT "/vmainfo"

FIXTURE(cgroup)
{
};

FIXTURE_SETUP(cgroup)
{
	FATAL_IS_ASSERT();
	if ((mkdir(CGROUP_MOUNT, 0700) && errno != EEXIST) ||
	    mount("none", CGROUP_MOUNT, "cgroup2", 0, NULL))
		SKIP(return, "this kernel has no cgroup v2");
	write_file(CGROUP_MOUNT "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0700) || access(CGROUP "/memory.max", W_OK)) {
		rmdir(CGROUP);
		umount(CGROUP_MOUNT);
		SKIP(return, "no memory controller for cgroup v2");
	}
}

FIXTURE_TEARDOWN(cgroup)
{
	EXPECT_EQ(0, rmdir(CGROUP));
	EXPECT_EQ(0, umount(CGROUP_MOUNT));
	rmdir(CGROUP_MOUNT);
}

/* 0 or the error of a read in the cgroup, or 128 + a signal */
static int read_in_cgroup(const char *max, pid_t target)
{
	pid_t pid;
	char c;
	int fd;

	if (write_file(CGROUP "/memory.max", max))
		fatal("memory.max");
	pid = fork_child();
	if (pid)
		return reap(pid);
	fd = open_target(PROC "vmas", target);
	if (write_file(CGROUP "/cgroup.procs", "0"))
		fatal("cgroup.procs");
	_exit(read(fd, &c, 1) == 1 ? 0 : errno);
}

TEST_F(cgroup, memory_limit_enforced)
{
	/* The records alone take more: at least 48 bytes each. */
	const unsigned int kb = MANY_VMAS * 48 / 1024;
	unsigned int i;
	char max[16];
	struct reader r;
	int status;

	for (i = 0; i < 8; i++) {
		/* from nothing to almost enough */
		snprintf(max, sizeof(max), "%uK", kb * i / 8);
		status = read_in_cgroup(max, large.pid);
		EXPECT_TRUE(status == ENOMEM || status == 128 + SIGKILL) {
			TH_LOG("status %d, %u kB in a cgroup of %s", status, kb, max);
		}
		tell(&large, TARGET_MAP);
	}
	/* Other readers are not affected. */
	EXPECT_EQ(0, read_in_cgroup("max", large.pid));
	reader_open(&r, stress_begin("cgroup"));
	EXPECT_TRUE(reader_read(&r, large.pid) && has_row(&r.l, (unsigned long)ROW_AT, MANY_VMAS));
}

/* Loading, unloading, parameters, readers */

static void load_on(struct rng *rng, unsigned int rounds, pid_t target)
{
	unsigned int done;
	char params[64];
	int ret;

	for (done = 0; more(done, rounds); done++) {
		do {
			ret = module_unload();	/* EAGAIN while a parameter is in use */
		} while (ret == -EAGAIN);
		if (ret)
			violation("unloading: %s", strerror(-ret));
		usleep(rnd(rng, 500));
		snprintf(params, sizeof(params), "pid=%d max_hold_us=%u",
			 rnd(rng, 2) ? target : 0, rnd(rng, 1000));
		ret = module_load(rnd(rng, 2) ? params : "");
		if (ret)
			violation("loading: %s", strerror(-ret));
		usleep(rnd(rng, 3000));
		shared->loads++;
	}
}

static void __attribute__((noreturn)) write_parameters_on(struct rng *rng, pid_t target)
{
	char pid[16];
	int ret;

	snprintf(pid, sizeof(pid), "%d", target);
	while (!shared->over) {
		ret = rnd(rng, 2) ? set_param("pid", rnd(rng, 2) ? pid : "0") :
				    set_param("max_hold_us", rnd_hold(rng));
		/* It was unloaded, before or after the open. */
		if (ret && ret != -ENOENT && ret != -ENODEV)
			violation("writing a parameter: %s", strerror(-ret));
		shared->written += !ret;
	}
	_exit(0);
}

/* Several files at a time, some of them older than the module */
static void __attribute__((noreturn)) read_files_on(struct rng *rng, pid_t target)
{
	int fd[ENTRIES] = { -1, -1, -1, -1 };
	struct text text = { 0 };
	struct listing l = { 0 };
	const char *error;
	unsigned int i;
	int ret;

	while (!shared->over) {
		i = rnd(rng, ARRAY_SIZE(fd));
		if (fd[i] < 0) {
			fd[i] = open(entries[i], O_RDWR | O_CLOEXEC);
			if (fd[i] < 0 && errno != ENOENT)
				violation("open: %s", strerror(errno));
			continue;
		}
		text.len = 0;
		ret = rnd(rng, 2) ? set_target(fd[i], target) :
		      lseek(fd[i], 0, SEEK_SET) ? -errno : 0;
		if (!ret)
			ret = read_all(fd[i], &text, rnd_chunk(rng));
		if (ret) {
			/* The errors that procfs has for a removed entry */
			if (ret != -EIO && ret != -EINVAL)
				violation("read: %s", strerror(-ret));
			shared->eio++;
		} else {
			error = parse_entry(&l, text, i);
			if (error)
				violation("%s: %s in line %u", entries[i], error, l.nr);
			shared->snapshots++;
		}
		if (ret || rnd(rng, 4) == 0) {
			close(fd[i]);
			fd[i] = -1;
		}
	}
	_exit(0);
}

TEST(load_unload_during_use)
{
	struct rng rng = stress_begin("load_unload_during_use");
	pid_t pid[5], loader;
	struct reader r;
	struct target t;
	unsigned int i;

	if (!module_file())
		SKIP(return, "modprobe is too slow: set VMAINFO_KO");
	shared = get_shared(sizeof(*shared));
	target_start_row(&t, ROW_AT, 150);
	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		struct rng child = rng_fork(&rng);

		pid[i] = fork_child();
		if (pid[i])
			continue;
		run_on_cpu(i);
		if (i < 2)
			write_parameters_on(&child, t.pid);
		read_files_on(&child, t.pid);
	}
	loader = fork_child();
	if (!loader) {
		load_on(&rng, 100, t.pid);
		_exit(0);
	}
	EXPECT_EQ(0, reap(loader));
	shared->over = true;
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		EXPECT_EQ(0, reap(pid[i]));
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
	EXPECT_EQ(0, set_param("pid", "0"));
	EXPECT_TRUE(shared->snapshots > 0);
	EXPECT_TRUE(shared->eio > 0);
	EXPECT_TRUE(shared->written > 0);
	reader_open(&r, rng);
	EXPECT_TRUE(reader_read(&r, t.pid));
	tell(&t, TARGET_MAP);
	target_end(&t);
	printf("# %llu loads, %llu parameters written, %llu snapshots checked, %llu reads failed\n",
	       shared->loads, shared->written, shared->snapshots, shared->eio);
	figure(shared->snapshots, "snapshots checked");
	figure(shared->loads, "loads and unloads");
}

int main(int argc, char **argv)
{
	stress_init(2, 20);
	module_for_all_tests();
	/* It ends with this process. */
	target_start_row(&large, ROW_AT, MANY_VMAS);
	return test_harness_run(argc, argv);
}
