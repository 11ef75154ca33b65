// SPDX-License-Identifier: GPL-2.0
/*
 * Access: opening and writing require CAP_SYS_PTRACE in the initial user
 * namespace, in addition to the file mode. The /proc/PID/maps of a target must
 * be accessible. Reading requires nothing more.
 */
#include <grp.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "vmainfo_test.h"

#define NOBODY 65534
#define A_MARK ((void *)FAR(0x20))
#define B_MARK ((void *)FAR(0x30))

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

#define PTRACE CAP_BIT(CAP_SYS_PTRACE)
#define OVERRIDE CAP_BIT(CAP_DAC_OVERRIDE)

/* Users with these capabilities only, perhaps in a new user namespace */
static const struct user {
	const char *name;
	uid_t uid;
	unsigned long long caps;
	const char *userns;	/* its uid_map, or NULL */
	int open, write;	/* what these calls return */
} users[] = {
	{ "root", 0, ALL_CAPS, NULL, 0, 0 },
	{ "root, only CAP_SYS_PTRACE", 0, PTRACE, NULL, 0, 0 },
	{ "root, no CAP_SYS_PTRACE", 0, ALL_CAPS & ~PTRACE, NULL, -EPERM, -EPERM },
	{ "root, no capabilities", 0, 0, NULL, -EPERM, -EPERM },
	{ "user", NOBODY, 0, NULL, -EACCES, -EPERM },
	{ "user, CAP_SYS_PTRACE", NOBODY, PTRACE, NULL, -EACCES, 0 },
	{ "user, CAP_DAC_OVERRIDE", NOBODY, OVERRIDE, NULL, -EPERM, -EPERM },
	{ "user, both capabilities", NOBODY, OVERRIDE | PTRACE, NULL, 0, 0 },
	/* a container's root with uid 0 outside passes the file mode */
	{ "root of a user namespace", 0, ALL_CAPS, "0 0 1", -EPERM, -EPERM },
	{ "user in a user namespace", NOBODY, 0, "0 65534 1", -EACCES, -EPERM },
};

static void become(const struct user *who)
{
	if (who->uid && (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) ||
			 setresgid(who->uid, who->uid, who->uid) ||
			 setresuid(who->uid, who->uid, who->uid)))
		fatal("becoming user %d", who->uid);
	keep_caps(who->caps);
	if (!who->userns)
		return;
	prctl(PR_SET_DUMPABLE, 1);	/* so that /proc/self is ours */
	if (new_user_namespace(who->userns))
		_exit(KSFT_SKIP);
}

/* Does the status of a child mean success, or no user namespaces? */
static bool succeeded(const struct user *who, int status)
{
	if (status == KSFT_SKIP && who->userns)
		printf("# no user namespaces\n");
	return !status || (status == KSFT_SKIP && who->userns);
}

TEST(open_needs_mode_and_cap_sys_ptrace)
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
	const struct user *who;
	unsigned int i;
	int status;

	for (who = users; who < users + ARRAY_SIZE(users); who++) {
		status = IN_CHILD({
			become(who);
			for (i = 0; i < ARRAY_SIZE(opens); i++)
				CHECK(try_open(opens[i].entry, opens[i].flags) == who->open);
		});
		EXPECT_TRUE(succeeded(who, status)) {
			TH_LOG("%s", who->name);
		}
	}
}

/* Descriptors that another process uses */

FIXTURE(passed)
{
	struct target a, b;
	struct text expected_a, expected_b;
	int fd;
};

ENTRY_VARIANTS(passed);

FIXTURE_SETUP(passed)
{
	target_start_row(&self->a, A_MARK, 20);
	target_start_row(&self->b, B_MARK, 30);
	self->fd = open_target(variant->entry, self->b.pid);
	self->expected_b = slurp(self->fd, 1 << 20);
	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	self->expected_a = slurp(self->fd, 1 << 20);
	ASSERT_TRUE(shows(self->expected_a, A_MARK));
	ASSERT_TRUE(shows(self->expected_b, B_MARK));
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(passed)
{
	target_end(&self->a);
	target_end(&self->b);
}

/*
 * fd shows a and can be read. Writing the pid of b returns error, and then
 * changes nothing.
 */
static void use_descriptor(const FIXTURE_DATA(passed) *self, int fd, int error)
{
	CHECK(same(self->expected_a, slurp(fd, 4096)));
	CHECK(set_target(fd, self->b.pid) == error);
	CHECK(!error || !lseek(fd, 0, SEEK_SET));
	CHECK(same(error ? self->expected_a : self->expected_b, slurp(fd, 4096)));
}

/* A write checks the capability again, but not the file mode. */
TEST_F(passed, write_needs_cap_sys_ptrace)
{
	const struct user *who;
	int status;

	for (who = users; who < users + ARRAY_SIZE(users); who++) {
		ASSERT_EQ(0, set_target(self->fd, self->a.pid));
		status = IN_CHILD({
			become(who);
			use_descriptor(self, self->fd, who->write);
		});
		EXPECT_TRUE(succeeded(who, status)) {
			TH_LOG("%s", who->name);
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
		keep_caps(ALL_CAPS & ~PTRACE);
		CHECK(try_open(path, O_RDONLY) == -EPERM);
	}));
}

/*
 * Landlock: a process in a domain may not open maps of a process outside it,
 * even with CAP_SYS_PTRACE. A thread cannot leave a domain, children inherit
 * it, and threads of one process can be in different domains.
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

ENTRY_VARIANTS(landlock);

FIXTURE_SETUP(landlock)
{
	int ret = IN_CHILD(_exit(enter_domain()));

	FATAL_IS_ASSERT();
	if (ret)
		SKIP(return, "no Landlock (CONFIG_SECURITY_LANDLOCK): %s", strerror(ret));
	target_start_row(&self->outside, A_MARK, 20);
}

FIXTURE_TEARDOWN(landlock)
{
	target_end(&self->outside);
	EXPECT_EQ(0, set_param("pid", "0"));
}

/* An entry of an instance of procfs */
static int open_entry(const char *procfs, const char *entry)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", procfs, entry + strlen("/proc"));
	return result_of(open(path, O_RDWR | O_CLOEXEC));
}

/* A target is accepted if its maps can be opened, with the same error. */
static void in_domain(const char *procfs, const char *entry, pid_t outside, int error)
{
	int fd = -1;
	pid_t inside;
	char c;

	CHECK(!enter_domain());
	CHECK(!try_maps(procfs, getpid()));
	CHECK((fd = open_entry(procfs, entry)) >= 0);
	CHECK(read(fd, &c, 1) == 1);
	CHECK(try_maps(procfs, outside) == error);
	CHECK(set_target(fd, outside) == error);
	/* It keeps its target. */
	CHECK(lseek(fd, 0, SEEK_CUR) == 1);
	CHECK(read(fd, &c, 1) == 1);
	CHECK(!set_target(fd, getpid()));

	inside = sleeping_child();
	CHECK(!try_maps(procfs, inside));
	CHECK(!set_target(fd, inside));
	CHECK(read(fd, &c, 1) == 1);
	end_child(inside);
}

TEST_F(landlock, default_target)
{
	ASSERT_EQ(0, set_param_pid(self->outside.pid));
	EXPECT_EQ(0, IN_CHILD({
		CHECK(!enter_domain());
		CHECK(open_entry("/proc", variant->entry) == -EACCES);
	}));
	EXPECT_LE(0, open_entry("/proc", variant->entry));
}

/* Both the opener and the writer are checked. */
TEST_F(landlock, fd_passed_into_domain)
{
	int fd = open_entry("/proc", variant->entry);
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

/* A write has the error of opening the target's maps in that procfs. */
TEST_F(landlock, written_target_like_maps)
{
	static const struct {
		const char *options;
		int error;
	} mounts[] = {
		{ "hidepid=0", -EACCES }, { "hidepid=1", -EACCES },
		/* hidepid does not apply to the group gid=, by default 0. */
		{ "hidepid=1,gid=65534", -EPERM }, { "hidepid=2,gid=65534", -ENOENT },
		{ "hidepid=4", -ENOENT },
	};
	char dir[] = "/tmp/vmainfo-access-XXXXXX";
	unsigned int i;

	ASSERT_NE(NULL, mkdtemp(dir));
	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		ASSERT_EQ(0, mount("proc", dir, "proc", 0, mounts[i].options));
		EXPECT_EQ(0, IN_CHILD(in_domain(dir, variant->entry, self->outside.pid,
						mounts[i].error))) {
			TH_LOG("%s", mounts[i].options);
		}
		EXPECT_EQ(0, IN_CHILD({
			int fd = open_entry(dir, variant->entry);

			keep_caps(PTRACE);
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
	char file[] = "/tmp/vmainfo-access-XXXXXX";
	int fd = mkstemp(file);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, mount(variant->entry, file, NULL, MS_BIND, NULL));
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

static int seen[2];		/* a pipe: what the observer has seen */
static atomic_bool *changed;	/* shared */
static const char *observed;
static bool thread_execs;

static void *outside_thread(void *arg)
{
	if (thread_execs)
		target_obey();
	wait_for_ever();
}

static void observe(pid_t pid)
{
	struct procmap_query q = {
		.size = sizeof(q), .query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	struct vmainfo_header h = { .size = sizeof(h) };
	bool maps = !strcmp(observed, PROC "maps");
	int fd = open_entry("/proc", observed);
	char path[32];

	CHECK(fd >= 0);
	CHECK(!try_maps("/proc", pid));
	CHECK(!set_target(fd, pid));
	CHECK(!try_read(fd));
	CHECK(!ioctl(fd, VMAINFO_GET_HEADER, &h) && h.vmas);
	CHECK(!maps || !ioctl(fd, PROCMAP_QUERY, &q));
	CHECK(write(seen[1], "", 1) == 1);

	while (!*changed) {
		CHECK(getppid() == pid);
		usleep(1000);
	}
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	CHECK(try_maps(path, thread_execs ? pid : other_thread(pid)) == -EACCES);
	CHECK(ioctl(fd, VMAINFO_GET_HEADER, &h) == -1 && errno == EACCES);
	CHECK(!maps || (ioctl(fd, PROCMAP_QUERY, &q) == -1 && errno == EACCES));
	CHECK(try_read(fd) == -EACCES);
	CHECK(set_target(fd, pid) == -EACCES);
	/* The file can still be used. */
	CHECK(!set_target(fd, getpid()));
	CHECK(!try_read(fd));
	CHECK(write(seen[1], "", 1) == 1);
	_exit(0);
}

static void half_in_domain(void)
{
	pid_t pid;

	start_thread(outside_thread, NULL);
	CHECK(!enter_domain());
	pid = fork();	/* not fork_child(): the observer outlives the leader */
	CHECK(pid >= 0);
	if (!pid)
		observe(getppid());
	close(seen[1]);
	if (thread_execs)
		wait_for_ever();
}

static bool is_observed(const char *entry, bool exec)
{
	struct target t;
	bool before, after;
	char c;

	observed = entry;
	thread_execs = exec;
	changed = get_shared(sizeof(*changed));
	if (pipe2(seen, O_CLOEXEC))
		fatal("pipe");
	target_start(&t, half_in_domain, NULL);
	close(seen[1]);
	before = read(seen[0], &c, 1) == 1;
	if (exec)
		tell(&t, TARGET_EXEC);
	else
		tell_leader_to_exit(&t);
	*changed = true;
	after = read(seen[0], &c, 1) == 1;
	close(seen[0]);
	target_end(&t);
	return before && after;
}

TEST_F(landlock, leader_exit_rechecks)
{
	EXPECT_TRUE(is_observed(variant->entry, false));
}

TEST_F(landlock, exec_rechecks)
{
	EXPECT_TRUE(is_observed(variant->entry, true));
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
		SKIP(return, "this kernel has no Yama (CONFIG_SECURITY_YAMA)");
	before = slurp_path(path);
	target_start(&t, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(scopes) && before.s[0] != '3'; i++) {
		write_file(path, scopes[i]);
		EXPECT_EQ(0, IN_CHILD({
			keep_caps(PTRACE);
			CHECK(!try_maps("/proc", t.pid));
			CHECK(!set_target(open_entry("/proc", PROC "vmas"), t.pid));
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

VMAINFO_TEST_MAIN()
