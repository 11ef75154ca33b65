// SPDX-License-Identifier: GPL-2.0
/*
 * Access: opening and writing require CAP_SYS_PTRACE in the initial user namespace, in
 * addition to the file mode. The /proc/PID/maps of a target must be accessible. Reading
 * requires nothing more.
 */
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "vmainfo_test.h"

#define NOBODY 65534

static int try_open(const char *entry, int flags)
{
	int fd = open(entry, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Returns 0, or the errno of unshare(). */
static int new_user_namespace(const char *map)
{
	if (unshare(CLONE_NEWUSER))
		return errno;
	if (write_file("/proc/self/setgroups", "deny") ||
	    write_file("/proc/self/uid_map", map) || write_file("/proc/self/gid_map", map))
		fatal("the files of a user namespace");
	if (geteuid())
		fatal("uid %d in the new user namespace", geteuid());
	return 0;
}

/* A user with no more than these capabilities, perhaps in a new user namespace */
struct identity {
	uid_t uid;
	unsigned long long caps;
	const char *userns;	/* its uid_map, or NULL */
};

/* Returns 0, or the errno of unshare(). */
static int become(const struct identity *who)
{
	if (who->uid && (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) ||
			 setresgid(who->uid, who->uid, who->uid) ||
			 setresuid(who->uid, who->uid, who->uid)))
		fatal("becoming user %d", who->uid);
	keep_caps(who->caps);
	if (!who->userns)
		return 0;
	prctl(PR_SET_DUMPABLE, 1);	/* so that /proc/self is ours */
	return new_user_namespace(who->userns);
}

FIXTURE(access) { };

FIXTURE_VARIANT(access)
{
	struct identity who;
	int error;
};

#define PTRACE CAP_BIT(CAP_SYS_PTRACE)
#define OVERRIDE CAP_BIT(CAP_DAC_OVERRIDE)

FIXTURE_VARIANT_ADD(access, root_allowed) { { 0, ALL_CAPS, NULL }, 0 };
FIXTURE_VARIANT_ADD(access, only_cap_sys_ptrace_allowed) { { 0, PTRACE, NULL }, 0 };
FIXTURE_VARIANT_ADD(access, root_without_cap_sys_ptrace_eperm) {
	{ 0, ALL_CAPS & ~PTRACE, NULL }, -EPERM
};
FIXTURE_VARIANT_ADD(access, root_without_caps_eperm) { { 0, 0, NULL }, -EPERM };
FIXTURE_VARIANT_ADD(access, user_eacces) { { NOBODY, 0, NULL }, -EACCES };
FIXTURE_VARIANT_ADD(access, user_with_cap_sys_ptrace_eacces) { { NOBODY, PTRACE, NULL }, -EACCES };
FIXTURE_VARIANT_ADD(access, user_with_cap_dac_override_eperm) {
	{ NOBODY, OVERRIDE, NULL }, -EPERM
};
FIXTURE_VARIANT_ADD(access, user_with_both_caps_allowed) { { NOBODY, OVERRIDE | PTRACE, NULL }, 0 };
/* a container's root with uid 0 outside passes the file mode */
FIXTURE_VARIANT_ADD(access, userns_root_eperm) { { 0, ALL_CAPS, "0 0 1" }, -EPERM };
FIXTURE_VARIANT_ADD(access, userns_of_user_eacces) { { NOBODY, 0, "0 65534 1" }, -EACCES };

FIXTURE_SETUP(access) { }
FIXTURE_TEARDOWN(access) { }

TEST_F(access, open)
{
	static const struct {
		const char *entry;
		int flags;
	} opens[] = {
		{ PROC "maps", O_RDONLY }, { PROC "maps", O_WRONLY }, { PROC "raw", O_RDONLY },
		{ PROC "raw", O_RDWR }, { PROC "summary", O_RDONLY }, { PROC "summary", O_RDWR },
		{ PROC "procs", O_RDONLY }, { PROC "vmas", O_RDONLY }, { PROC "vmas", O_WRONLY },
		{ PROC "vmas", O_RDWR },
	};
	int ret = become(&variant->who);
	unsigned int i;

	if (ret)
		SKIP(return, "no user namespaces: %s", strerror(ret));
	for (i = 0; i < ARRAY_SIZE(opens); i++) {
		EXPECT_EQ(variant->error, try_open(opens[i].entry, opens[i].flags)) {
			TH_LOG("%s, flags %x", opens[i].entry, opens[i].flags);
		}
	}
}

static void passed_init(void)
{
	map_row((void *)FAR(0x20), 20);
}

/* Descriptors that another process uses */

FIXTURE(passed)
{
	struct target a, b;
	struct text expected_a, expected_b;
	int fd;
};

FIXTURE_VARIANT(passed)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(passed, maps) { PROC "maps" };
FIXTURE_VARIANT_ADD(passed, raw) { PROC "raw" };
FIXTURE_VARIANT_ADD(passed, vmas) { PROC "vmas" };

static void passed_other_init(void)
{
	map_row((void *)FAR(0x30), 30);
}

FIXTURE_SETUP(passed)
{
	target_start(&self->a, passed_init, NULL);
	target_start(&self->b, passed_other_init, NULL);
	self->fd = open_target(variant->entry, self->b.pid);
	self->expected_b = slurp(self->fd, 1 << 20);
	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	self->expected_a = slurp(self->fd, 1 << 20);
	ASSERT_TRUE(shows(self->expected_a, (void *)FAR(0x20)));
	ASSERT_TRUE(shows(self->expected_b, (void *)FAR(0x30)));
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(passed)
{
	target_end(&self->a);
	target_end(&self->b);
}

/* fd shows a and can be read. A write to aim it at b fails with error and changes nothing. */
static void use_descriptor(const FIXTURE_DATA(passed) *self, int fd, int error)
{
	CHECK(same(self->expected_a, slurp(fd, 4096)));
	CHECK(set_target(fd, self->b.pid) == error);
	CHECK(!error || !lseek(fd, 0, SEEK_SET));
	CHECK(same(error ? self->expected_a : self->expected_b, slurp(fd, 4096)));
}

/* Runs code in a child, and returns its exit status. */
#define IN_CHILD(...) ({						\
	pid_t child_pid = fork_child();					\
									\
	if (!child_pid) {						\
		__VA_ARGS__;						\
		_exit(0);						\
	}								\
	reap(child_pid);						\
})

/* A write checks the capability again, but not the file mode. */
TEST_F(passed, write_needs_cap_sys_ptrace)
{
	static const struct {
		struct identity who;
		int error;
	} users[] = {
		{ { NOBODY, 0, NULL }, -EPERM },
		{ { 0, ALL_CAPS & ~CAP_BIT(CAP_SYS_PTRACE), NULL }, -EPERM },
		{ { 0, ALL_CAPS, "0 0 1" }, -EPERM },
		{ { NOBODY, CAP_BIT(CAP_SYS_PTRACE), NULL }, 0 },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		ret = IN_CHILD({
			if (become(&users[i].who))
				_exit(KSFT_SKIP);
			use_descriptor(self, self->fd, users[i].error);
		});
		EXPECT_TRUE(!ret || (ret == KSFT_SKIP && users[i].who.userns)) {
			TH_LOG("user %u", i);
		}
	}
}

/* A new open of a descriptor is checked again. */
TEST_F(passed, reopen_checks_again)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	EXPECT_EQ(0, try_open(path, O_RDONLY));
	EXPECT_EQ(0, IN_CHILD({
		keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYS_PTRACE));
		CHECK(try_open(path, O_RDONLY) == -EPERM);
	}));
}

/*
 * Landlock: a process in a domain may not open maps of a process outside it,
 * even with CAP_SYS_PTRACE. A thread cannot leave a domain, children inherit it,
 * and threads of one process can be in different domains.
 */

/* Newer kernels show maps to readers with CAP_PERFMON, in a domain or not. */
#define DOMAIN_CAPS (ALL_CAPS & ~(CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYS_ADMIN)))

/* 0, or why this kernel has no Landlock */
static int enter_domain(void)
{
	const unsigned long long make_block_devices = 1 << 11;
	int fd = syscall(444, &make_block_devices, sizeof(make_block_devices), 0);
	int ret;

	if (fd < 0)	/* landlock_create_ruleset() */
		return errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fatal("PR_SET_NO_NEW_PRIVS");
	ret = syscall(446, fd, 0) ? errno : 0;	/* landlock_restrict_self() */
	close(fd);
	keep_caps(DOMAIN_CAPS);
	return ret;
}

/* Returns 0, or the negative errno of the kernel's own check. */
static int try_maps(const char *procfs, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%d/maps", procfs, pid);
	return try_open(path, O_RDONLY);
}

FIXTURE(landlock)
{
	struct target outside;
};

FIXTURE_VARIANT(landlock)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(landlock, maps) { "maps" };
FIXTURE_VARIANT_ADD(landlock, raw) { "raw" };
FIXTURE_VARIANT_ADD(landlock, summary) { "summary" };
FIXTURE_VARIANT_ADD(landlock, vmas) { "vmas" };

FIXTURE_SETUP(landlock)
{
	int ret = IN_CHILD(_exit(enter_domain()));

	FATAL_IS_ASSERT();
	if (ret)
		SKIP(return, "no Landlock: %s", strerror(ret));
	target_start(&self->outside, passed_init, NULL);
}

FIXTURE_TEARDOWN(landlock)
{
	if (self->outside.pid)
		target_end(&self->outside);
	EXPECT_EQ(0, set_param("pid", "0"));
}

static int open_entry(const char *procfs, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/vmainfo/%s", procfs, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A target is accepted exactly if its maps can be opened, with the same error. */
static void in_domain(const char *procfs, const char *name, pid_t outside, int error)
{
	int fd = -1;
	pid_t inside;
	char c;

	CHECK(!enter_domain());
	CHECK(!try_maps(procfs, getpid()));
	CHECK((fd = open_entry(procfs, name)) >= 0);
	CHECK(read(fd, &c, 1) == 1);
	CHECK(try_maps(procfs, outside) == error);
	CHECK(set_target(fd, outside) == error);
	/* It keeps its target. */
	CHECK(lseek(fd, 0, SEEK_CUR) == 1);
	CHECK(read(fd, &c, 1) == 1);
	CHECK(!set_target(fd, getpid()));

	inside = fork_child();
	while (!inside)
		pause();
	CHECK(!try_maps(procfs, inside));
	CHECK(!set_target(fd, inside));
	CHECK(read(fd, &c, 1) == 1);
	kill(inside, SIGKILL);
	CHECK(reap(inside) == 128 + SIGKILL);
}

TEST_F(landlock, default_target)
{
	ASSERT_EQ(0, set_param_pid(self->outside.pid));
	EXPECT_EQ(0, IN_CHILD({
		CHECK(!enter_domain());
		CHECK(open_entry("/proc", variant->name) == -EACCES);
	}));
	EXPECT_LE(0, open_entry("/proc", variant->name));
}

/* Both the opener and the writer are checked. */
TEST_F(landlock, fd_passed_into_domain)
{
	int fd = open_entry("/proc", variant->name);
	char c;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_target(fd, self->outside.pid));
	EXPECT_EQ(0, IN_CHILD({
		CHECK(!enter_domain());
		/* as an open /proc/PID/maps */
		CHECK(read(fd, &c, 1) == 1);
		CHECK(set_target(fd, getppid()) == -EACCES);
		CHECK(set_target(fd, self->outside.pid) == -EACCES);
		CHECK(read(fd, &c, 1) == 1);
		CHECK(!set_target(fd, getpid()));
		CHECK(read(fd, &c, 1) == 1);
	}));
}

/* A write fails with the error that the instance of procfs has for the maps of the target. */
TEST_F(landlock, written_target_like_maps)
{
	static const struct {
		const char *options;
		int error;
	} mounts[] = {
		{ "hidepid=0", -EACCES }, { "hidepid=1", -EACCES },
		/* hidepid does not apply to the group in gid=, which is 0 by default. */
		{ "hidepid=1,gid=65534", -EPERM }, { "hidepid=2,gid=65534", -ENOENT },
		{ "hidepid=4", -ENOENT },
	};
	char dir[] = "/tmp/vmainfo-access-XXXXXX";
	unsigned int i;

	ASSERT_NE(NULL, mkdtemp(dir));
	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		ASSERT_EQ(0, mount("proc", dir, "proc", 0, mounts[i].options));
		EXPECT_EQ(0, IN_CHILD(in_domain(dir, variant->name, self->outside.pid,
						mounts[i].error))) {
			TH_LOG("%s", mounts[i].options);
		}
		EXPECT_EQ(0, IN_CHILD({
			int fd = open_entry(dir, variant->name);

			keep_caps(CAP_BIT(CAP_SYS_PTRACE));
			CHECK(!try_maps(dir, self->outside.pid));
			CHECK(!set_target(fd, self->outside.pid));
		}));
		ASSERT_EQ(0, umount(dir));
	}
	ASSERT_EQ(0, rmdir(dir));
}

/* An entry that is mounted alone still belongs to its instance of procfs. */
TEST_F(landlock, bind_mounted_entry)
{
	char file[] = "/tmp/vmainfo-access-XXXXXX", path[64];
	int fd = mkstemp(file);

	ASSERT_LE(0, fd);
	close(fd);
	snprintf(path, sizeof(path), PROC "%s", variant->name);
	ASSERT_EQ(0, mount(path, file, NULL, MS_BIND, NULL));
	EXPECT_EQ(0, IN_CHILD({
		CHECK((fd = open(file, O_RDWR)) >= 0);
		CHECK(!set_target(fd, self->outside.pid));
		CHECK(!enter_domain());
		CHECK(!set_target(fd, getpid()));
		CHECK(set_target(fd, self->outside.pid) == -EACCES);
	}));
	ASSERT_EQ(0, umount(file));
	ASSERT_EQ(0, unlink(file));
}

/*
 * A process whose leader is in the domain of an observer, and another thread is
 * not: the observer may look until the leader exits, or the thread executes
 * something, which ends the leader and makes the thread the process.
 */

static int go[2], gone[2], observed[2];
static bool thread_execs;

static void *outside_thread(void *arg)
{
	char c;

	if (!thread_execs)
		for (;;)
			pause();
	if (read(go[0], &c, 1) == 1)
		execl("/proc/self/exe", "access", "--wait", NULL);
	_exit(1);
	return arg;
}

/* 0, or a negative errno: what a read from the start says */
static int try_read(int fd)
{
	char c;

	CHECK(!lseek(fd, 0, SEEK_SET));
	return read(fd, &c, 1) < 0 ? -errno : 0;
}

static void observe(const char *name, pid_t pid)
{
	struct procmap_query q = {
		.size = sizeof(q), .query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	struct vmainfo_header h = { .size = sizeof(h) };
	bool maps = !strcmp(name, "maps");
	pid_t shown = pid;
	char path[32], c;
	int fd;

	/* EOF arrives when the others exit only if this process has no write end. */
	close(gone[1]);
	close(101);
	fd = open_entry("/proc", name);
	CHECK(fd >= 0);
	CHECK(!try_maps("/proc", pid));
	CHECK(!set_target(fd, pid));
	CHECK(!try_read(fd));
	CHECK(!ioctl(fd, VMAINFO_GET_HEADER, &h) && h.vmas);
	CHECK(!maps || !ioctl(fd, PROCMAP_QUERY, &q));

	CHECK(write(go[1], "", 1) == 1);
	if (thread_execs) {
		CHECK(read(gone[0], &c, 1) == 1);
	} else {
		shown = other_thread(pid);
		await_end_of_leader(pid);
	}
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	CHECK(try_maps(path, shown) == -EACCES);
	CHECK(ioctl(fd, VMAINFO_GET_HEADER, &h) == -1 && errno == EACCES);
	CHECK(!maps || (ioctl(fd, PROCMAP_QUERY, &q) == -1 && errno == EACCES));
	CHECK(try_read(fd) == -EACCES);
	CHECK(set_target(fd, pid) == -EACCES);
	/* The file can still be used. */
	CHECK(!set_target(fd, getpid()));
	CHECK(!try_read(fd));
	CHECK(write(observed[1], "", 1) == 1);
}

static void half_in_domain(const char *name)
{
	pthread_t thread;
	pid_t pid;
	char c;

	CHECK(!pthread_create(&thread, NULL, outside_thread, NULL));
	CHECK(!enter_domain());
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		observe(name, getppid());
		_exit(0);
	}
	close(observed[1]);
	if (!thread_execs && read(go[0], &c, 1) == 1)
		pthread_exit(NULL);
	for (;;)
		pause();
}

static bool is_observed(const char *name)
{
	char c;
	pid_t pid;
	bool done;

	if (pipe2(go, O_CLOEXEC) || pipe2(gone, 0) || pipe2(observed, O_CLOEXEC))
		fatal("pipe");
	pid = fork_child();
	if (!pid) {
		dup2(gone[1], 101);
		half_in_domain(name);
	}
	close(observed[1]);
	close(gone[1]);
	done = read(observed[0], &c, 1) == 1;
	kill(pid, SIGKILL);
	reap(pid);
	return done;
}

TEST_F(landlock, leader_exit_rechecks)
{
	thread_execs = false;
	EXPECT_TRUE(is_observed(variant->name));
}

TEST_F(landlock, exec_rechecks)
{
	thread_execs = true;
	EXPECT_TRUE(is_observed(variant->name));
}

/* Yama restricts attaching, not reading. */
TEST(yama_permits_reads)
{
	static const char * const scopes[] = { "0", "1", "2" };
	const char *path = "/proc/sys/kernel/yama/ptrace_scope";
	struct text before;
	struct target t;
	unsigned int i;

	if (access(path, W_OK))
		SKIP(return, "no Yama");
	before = slurp_path(path);
	target_start(&t, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(scopes) && before.s[0] != '3'; i++) {
		write_file(path, scopes[i]);
		EXPECT_EQ(0, IN_CHILD({
			keep_caps(CAP_BIT(CAP_SYS_PTRACE));
			CHECK(!try_maps("/proc", t.pid));
			CHECK(!set_target(open_entry("/proc", "vmas"), t.pid));
		}));
		write_file(path, before.s);
	}
	target_end(&t);
}

TEST(file_modes)
{
	static const struct {
		const char *path;
		unsigned int mode;
	} entries[] = {
		{ PROC "vmas", 0600 }, { PROC "maps", 0600 }, { PROC "raw", 0600 },
		{ PROC "summary", 0600 }, { PROC "procs", 0400 },
	};
	struct stat st;
	unsigned int i;

	ASSERT_EQ(0, stat("/proc/vmainfo", &st));
	EXPECT_EQ(S_IFDIR | 0500u, st.st_mode);
	EXPECT_EQ(0u, st.st_uid);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		ASSERT_EQ(0, stat(entries[i].path, &st));
		EXPECT_EQ(S_IFREG | entries[i].mode, st.st_mode);
		EXPECT_EQ(0u, st.st_uid);
	}
}

int main(int argc, char **argv)
{
	/* what a thread executes: says that it runs, and waits */
	if (argc == 2 && !strcmp(argv[1], "--wait")) {
		if (write(101, "", 1) == 1)
			for (;;)
				pause();
		return 1;
	}
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
