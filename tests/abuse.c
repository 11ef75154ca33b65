// SPDX-License-Identifier: GPL-2.0
/*
 * Readers that no one would want: that are killed in the middle of a walk, that
 * never read to the end, that have a thousand files open, that live in other
 * namespaces or in a memory cgroup too small; and the module loaded and unloaded
 * under them. The kernel's log and kmemleak (leaks.sh) have the last word.
 */
#include <pthread.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((char *)0x200000000000)
#define MARK ((char *)0x500000000000)

/* The targets: a row that nobody touches, and a page that comes and goes. */

static unsigned int row_pages;

static void map_init(void)
{
	map_row(ROW_AT, row_pages);
}

static atomic_bool writing;

/* It changes nothing, but takes mmap_lock for writing to find out. */
static void *change_nothing(void *arg)
{
	while (writing)
		if (mprotect(arg, PAGE, PROT_READ))
			_exit(1);
	return NULL;
}

static void map_command(char c)
{
	static pthread_t thread;

	switch (c) {
	case 'm':	/* takes mmap_lock for writing */
		map_at(MARK, PAGE, PROT_READ);
		if (munmap(MARK, PAGE))
			_exit(1);
		break;
	case 'w':	/* does so all the time from now on */
		map_at(MARK + 16 * PAGE, PAGE, PROT_READ);
		writing = true;
		if (pthread_create(&thread, NULL, change_nothing, MARK + 16 * PAGE))
			_exit(1);
		break;
	case 's':	/* and no more */
		writing = false;
		if (pthread_join(thread, NULL) || munmap(MARK + 16 * PAGE, PAGE))
			_exit(1);
		break;
	}
}

static void start(struct target *t, unsigned int pages)
{
	row_pages = pages;
	target_start(t, map_init, map_command);
}

/* Shared by the tests that need a large process: making it takes time. */
static struct target large;

static bool whole_row(struct listing *l, unsigned int pages)
{
	struct region *r = region_of(l, (unsigned long)ROW_AT);
	unsigned int i;

	for (i = 0; i < pages; i++)
		if (!r || r + i >= l->regions + l->nr ||
		    r[i].start != (unsigned long)ROW_AT + i * PAGE)
			return false;
	return true;
}

/* Killed in a walk */

static struct shared {
	atomic_bool reading[8];
	atomic_bool over;
	atomic_ullong loads, files, eio, snapshots, written;
} *shared;

static void __attribute__((noreturn)) read_first_byte_on(pid_t target, unsigned int nr)
{
	int fd = open_target(entries[nr % ENTRIES], target);
	char c;

	run_on_cpu(nr);
	for (;;) {
		if (lseek(fd, 0, SEEK_SET))
			_exit(1);
		shared->reading[nr] = true;
		if (read(fd, &c, 1) != 1)
			_exit(1);
		shared->reading[nr] = false;
	}
}

FIXTURE(killed)
{
	struct rng rng;
};

FIXTURE_VARIANT(killed)
{
	const char *name, *max_hold_us;
	bool writer;
};

FIXTURE_VARIANT_ADD(killed, unlimited_hold) {
	"killed_unlimited_hold", "0", false
};

FIXTURE_VARIANT_ADD(killed, yielding_to_writer) {
	"killed_yielding_to_writer", "1", true
};

FIXTURE_SETUP(killed)
{
	FATAL_IS_ASSERT();
	self->rng = stress_begin(variant->name);
	shared = get_shared(sizeof(*shared));
	ASSERT_EQ(0, set_param("max_hold_us", variant->max_hold_us));
	if (variant->writer)
		tell(&large, 'w');
}

FIXTURE_TEARDOWN(killed)
{
	if (variant->writer)
		tell(&large, 's');
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(killed, releases_mmap_lock)
{
	unsigned int killed = 0, reading = 0, round, i;
	struct reader r;
	pid_t reader[3];
	uint64_t walk;
	char c;

	/* how long it takes, to know when to kill */
	reader_open(&r, rng_fork(&self->rng));
	ASSERT_EQ(0, set_target(r.fd[0], large.pid));
	walk = now_ns();
	ASSERT_EQ(1, read(r.fd[0], &c, 1));
	walk = now_ns() - walk;

	for (round = 0; more(round, 8) || (round < 8 && !reading); round++) {
		for (i = 0; i < ARRAY_SIZE(reader); i++) {
			shared->reading[i] = false;
			reader[i] = fork_child();
			if (!reader[i])
				read_first_byte_on(large.pid, i);
		}
		for (i = 0; i < ARRAY_SIZE(reader); i++) {
			nap(rnd(&self->rng, walk / 1000));
			ASSERT_EQ(0, kill(reader[i], SIGKILL));
			ASSERT_EQ(128 + SIGKILL, reap(reader[i]));
			killed++;
			reading += shared->reading[i];
			/* it has let go of the target's mmap_lock */
			tell(&large, 'm');
		}
	}
	printf("# %s: %u readers killed, %u of them in a read\n", variant->name, killed, reading);
	figure(killed, "readers killed");
	EXPECT_LT(0u, reading);
	ASSERT_TRUE(reader_read(&r, large.pid));
	EXPECT_TRUE(whole_row(&r.l, MANY_VMAS));
}

/* Never to the end: by close, by exit, by another target, by a rewind */
TEST(abandoned_reads)
{
	struct rng rng = stress_begin("abandoned_reads");
	unsigned int round, i, n = 0;
	struct target t[2];
	char buffer[8192];
	int fd, ret;
	pid_t pid;

	start(&t[0], 50);
	start(&t[1], 300);
	for (round = 0; more(round, 10); round++) {
		pid = fork_child();
		if (!pid) {
			for (i = 0; i < 20; i++) {
				fd = open_target(entries[rnd(&rng, ENTRIES)],
						 t[rnd(&rng, 2)].pid);
				if (read(fd, buffer, 1 + rnd(&rng, sizeof(buffer))) <= 0)
					_exit(1);
				ret = 0;
				switch (rnd(&rng, 4)) {
				case 0:
					close(fd);
					break;
				case 1:
					ret = set_target(fd, t[rnd(&rng, 2)].pid);
					break;
				case 2:
					ret = lseek(fd, 0, SEEK_SET) ||
					      read(fd, buffer, 100) <= 0;
					break;
				}
				if (ret)
					_exit(1);
			}
			_exit(0);
		}
		ASSERT_EQ(0, reap(pid));
		rnd64(&rng);
		n += 20;
	}
	tell(&t[0], 'm');
	tell(&t[1], 'm');
	target_end(&t[0]);
	target_end(&t[1]);
	figure(n, "snapshots not read to the end");
}

#define FILES 1000

TEST(thousand_open_files)
{
	struct rng rng = stress_begin("thousand_open_files");
	struct rlimit limit = { FILES + 100, FILES + 100 };
	static int fd[FILES];
	static size_t at[FILES];
	struct text whole[ENTRIES];
	char buffer[8000];
	struct target t;
	unsigned int i, open_files = FILES, steps = 0;
	ssize_t n;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	start(&t, 100);
	for (i = 0; i < FILES; i++) {
		fd[i] = open_target(entries[i % ENTRIES], t.pid);
		n = read(fd[i], buffer, 1);
		ASSERT_EQ(1, n);
		at[i] = n;
	}
	for (i = 0; i < ENTRIES; i++)
		whole[i] = slurp(open_target(entries[i], t.pid), 1 << 20);
	/* all of them have their snapshot, and go on reading it in any order */
	while (open_files) {
		i = rnd(&rng, FILES);
		if (fd[i] < 0)
			continue;
		n = read(fd[i], buffer, 1 + rnd(&rng, sizeof(buffer)));
		ASSERT_LE(0, n);
		ASSERT_LE(at[i] + n, whole[i % ENTRIES].len);
		ASSERT_EQ((size_t)n, same_bytes(whole[i % ENTRIES], at[i], buffer, n));
		at[i] += n;
		steps++;
		if (!n)
			ASSERT_EQ(whole[i % ENTRIES].len, at[i]);
		if (!n || rnd(&rng, 8) == 0) {
			close(fd[i]);
			fd[i] = -1;
			open_files--;
		}
	}
	target_end(&t);
	printf("# %u open files, %u reads\n", FILES, steps);
	figure(FILES, "snapshots checked");
}

/* Namespaces */

static void __attribute__((noreturn)) map_on(struct rng rng)
{
	void *at;

	for (;;) {
		at = MARK + rnd(&rng, 64) * PAGE;
		if (rnd(&rng, 2))
			mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		else
			munmap(at, PAGE);
	}
}

/* What runs as process 1 of a pid namespace; outside is a process that it cannot see */
static int in_pid_namespace(struct rng rng, pid_t outside)
{
	struct reader r;
	unsigned int i;
	pid_t pid;

	reader_open(&r, rng_fork(&rng));
	if (getpid() != 1 || set_target(r.fd[0], outside) != -ESRCH)
		return 1;
	/* process 1 is this one, not init */
	map_at(MARK, PAGE, PROT_READ);
	if (!reader_read(&r, 1) || !region_of(&r.l, (unsigned long)MARK))
		return 2;
	if (munmap(MARK, PAGE))
		return 3;
	pid = fork_child();
	if (!pid)
		map_on(rng_fork(&rng));
	for (i = 0; more(i, 100); i++) {
		if (!reader_read(&r, pid) || !whole_row(&r.l, row_pages))
			return 4;
	}
	shared->snapshots += i;
	kill(pid, SIGKILL);
	reap(pid);
	return 0;
}

TEST(pid_namespace_reader)
{
	struct rng rng = stress_begin("pid_namespace_reader");
	struct target outside;
	pid_t pid, child;

	if (access("/proc/self/ns/pid", F_OK))
		SKIP(return, "this kernel has no pid namespaces");
	shared = get_shared(sizeof(*shared));
	/* its number is one that the namespace does not come to */
	start(&outside, 40);
	map_init();
	pid = fork_child();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(10);
		child = fork();
		if (!child)
			_exit(in_pid_namespace(rng, outside.pid));
		_exit(reap(child));
	}
	EXPECT_EQ(0, reap(pid));
	target_end(&outside);
	printf("# %llu snapshots read in another pid namespace\n", shared->snapshots);
	figure(shared->snapshots, "snapshots checked");
}

#define JAIL "/tmp/vmainfo-jail"

/* In a root directory from where the target's program cannot be reached */
static int in_mount_namespace(struct rng rng, pid_t quiet, pid_t busy)
{
	struct text expected, got;
	struct reader r;
	unsigned int i;
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 10;
	if (mount("none", JAIL, "tmpfs", 0, NULL) || mkdir(JAIL "/proc", 0700) ||
	    mount("/proc", JAIL "/proc", NULL, MS_BIND | MS_REC, NULL) ||
	    chroot(JAIL) || chdir("/"))
		return 11;
	reader_open(&r, rng_fork(&rng));
	for (i = 0; i < 20; i++) {
		if (!reader_read(&r, busy) || !whole_row(&r.l, 40))
			return 1;
		expected = slurp_proc(quiet, "maps");
		fd = open_target(PROC "maps", quiet);
		got = slurp(fd, 4096);
		close(fd);
		if (!same(expected, got))
			return 2;
		free(expected.s);
		free(got.s);
	}
	shared->snapshots += 2 * i;
	return 0;
}

TEST(mount_namespace_reader)
{
	struct rng rng = stress_begin("mount_namespace_reader");
	struct target quiet, busy;
	pid_t pid;

	if (access("/proc/self/ns/mnt", F_OK))
		SKIP(return, "this kernel has no mount namespaces");
	shared = get_shared(sizeof(*shared));
	ASSERT_TRUE(!mkdir(JAIL, 0700) || errno == EEXIST);
	start(&quiet, 40);
	start(&busy, 40);
	tell(&busy, 'w');
	pid = fork_child();
	if (!pid)
		_exit(in_mount_namespace(rng, quiet.pid, busy.pid));
	EXPECT_EQ(0, reap(pid));
	target_end(&quiet);
	target_end(&busy);
	rmdir(JAIL);
	printf("# %llu snapshots read in another mount namespace\n", shared->snapshots);
	figure(shared->snapshots, "snapshots checked");
}

/* A memory cgroup */

#define CGROUP_MOUNT "/tmp/vmainfo-cgroup"
#define CGROUP CGROUP_MOUNT "/vmainfo"

static const char *cgroup_missing(void)
{
	if ((mkdir(CGROUP_MOUNT, 0700) && errno != EEXIST) ||
	    mount("none", CGROUP_MOUNT, "cgroup2", 0, NULL))
		return "this kernel has no cgroup v2";
	write_file(CGROUP_MOUNT "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0700) || access(CGROUP "/memory.max", W_OK)) {
		rmdir(CGROUP);
		umount(CGROUP_MOUNT);
		rmdir(CGROUP_MOUNT);
		return "no memory controller for cgroup v2";
	}
	return NULL;
}

#define GOT_IT 20
#define GOT_ENOMEM 21

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
	if (read(fd, &c, 1) == 1)
		_exit(GOT_IT);
	_exit(errno == ENOMEM ? GOT_ENOMEM : 1);
}

TEST(memory_cgroup_limit)
{
	/* the records alone are more: of at least 48 bytes each */
	const unsigned int kb = MANY_VMAS * 48 / 1024;
	unsigned int i, refused = 0, killed = 0;
	const char *missing = cgroup_missing();
	char max[16];
	struct reader r;
	int status;

	if (missing)
		SKIP(return, "%s", missing);
	for (i = 0; i < 8; i++) {
		/* from nothing to not quite enough */
		snprintf(max, sizeof(max), "%uK", kb * i / 8);
		status = read_in_cgroup(max, large.pid);
		refused += status == GOT_ENOMEM;
		killed += status == 128 + SIGKILL;
		EXPECT_NE(GOT_IT, status) {
			TH_LOG("a snapshot of more than %u kB in a cgroup of %s", kb, max);
		}
		tell(&large, 'm');
	}
	EXPECT_EQ(i, refused + killed);
	/* it was the limit, and no one else has felt it */
	EXPECT_EQ(GOT_IT, read_in_cgroup("max", large.pid));
	reader_open(&r, stress_begin("cgroup"));
	EXPECT_TRUE(reader_read(&r, large.pid) && whole_row(&r.l, MANY_VMAS));
	EXPECT_EQ(0, rmdir(CGROUP));
	EXPECT_EQ(0, umount(CGROUP_MOUNT));
	rmdir(CGROUP_MOUNT);
	printf("# %u readers in a cgroup too small: %u got ENOMEM, %u were killed\n",
	       i, refused, killed);
}

/* Loading, unloading, parameters, readers */

static void load_on(struct rng *rng, unsigned int rounds, pid_t target)
{
	unsigned int done;
	char params[64];
	int ret;

	for (done = 0; more(done, rounds); done++) {
		do {
			ret = module_unload();	/* somebody may be just looking at it */
		} while (ret == -EAGAIN);
		if (ret)
			violation("unloading: %s", strerror(-ret));
		nap(rnd(rng, 500));
		snprintf(params, sizeof(params), "pid=%d max_hold_us=%u",
			 rnd(rng, 2) ? target : 0, rnd(rng, 1000));
		ret = module_load(rnd(rng, 2) ? params : "");
		if (ret)
			violation("loading: %s", strerror(-ret));
		nap(rnd(rng, 3000));
		shared->loads++;
	}
}

static void __attribute__((noreturn)) write_parameters_on(struct rng *rng, pid_t target)
{
	char value[16];
	int ret;

	while (!shared->over) {
		if (rnd(rng, 2)) {
			snprintf(value, sizeof(value), "%d", rnd(rng, 2) ? target : 0);
			ret = write_file(PARAM "pid", value);
		} else {
			ret = write_file(PARAM "max_hold_us", rnd_hold(rng));
		}
		/* it is gone, before or after the open */
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
	unsigned int i;
	const char *error;
	size_t room = 0;
	int ret;

	while (!shared->over) {
		i = rnd(rng, ARRAY_SIZE(fd));
		if (fd[i] < 0) {
			fd[i] = open(entries[i], O_RDWR | O_CLOEXEC);
			if (fd[i] < 0 && errno != ENOENT)
				violation("open: %s", strerror(errno));
			continue;
		}
		shared->files++;
		text.len = 0;
		ret = rnd(rng, 2) ? set_target(fd[i], target) :
		      lseek(fd[i], 0, SEEK_SET) ? -errno : 0;
		if (!ret)
			ret = read_all(fd[i], &text, &room, rnd_chunk(rng));
		if (ret) {
			/* what procfs says of calls to an entry that is gone */
			if (ret != -EIO && ret != -EINVAL)
				violation("read: %s", strerror(-ret));
			close(fd[i]);
			fd[i] = -1;
			shared->eio++;
			continue;
		}
		error = parse_entry(&l, text, i);
		if (error)
			violation("%s: %s in line %u", entries[i], error, l.nr);
		shared->snapshots++;
		if (rnd(rng, 4) == 0) {
			close(fd[i]);
			fd[i] = -1;
		}
	}
	_exit(0);
}

TEST(concurrent_load_unload)
{
	struct rng rng = stress_begin("concurrent_load_unload");
	pid_t pid[5], loader;
	struct reader r;
	struct target t;
	unsigned int i;

	if (!module_file())
		SKIP(return, "modprobe is too slow for that: set VMAINFO_KO");
	shared = get_shared(sizeof(*shared));
	start(&t, 150);
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
	EXPECT_LT(0u, shared->snapshots);
	EXPECT_LT(0u, shared->eio);
	EXPECT_LT(0u, shared->written);
	reader_open(&r, rng);
	EXPECT_TRUE(reader_read(&r, t.pid));
	tell(&t, 'm');
	target_end(&t);
	printf("# loaded %llu times, while %llu parameters were written, %llu snapshots checked, %llu reads found it gone\n",
	       shared->loads, shared->written, shared->snapshots, shared->eio);
	figure(shared->snapshots, "snapshots checked");
	figure(shared->loads, "loads and unloads");
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
	EXPECT_EQ(0, set_param("pid", "0"));
}

int main(int argc, char **argv)
{
	stress_init(5, 20);
	module_for_all_tests();
	/* It ends with this process. */
	start(&large, MANY_VMAS);
	return test_harness_run(argc, argv);
}
