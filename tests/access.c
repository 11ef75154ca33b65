// SPDX-License-Identifier: GPL-2.0
/*
 * Who may look: opening takes CAP_SYS_PTRACE in the initial user namespace,
 * besides what the file mode asks for, and after that the opener's
 * credentials count, not those of whoever holds the descriptor.
 */
#include <grp.h>
#include <sched.h>
#include <sys/socket.h>

#include "vmainfo_test.h"

#define NOBODY 65534

/* Another user, with no more than the capabilities in mask. */
static void become(uid_t uid, unsigned long long mask)
{
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) ||
	    setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		fatal("becoming user %d", uid);
	keep_caps(mask);
}

FIXTURE(access) { };

FIXTURE_VARIANT(access)
{
	const char *entry;
	int flags;
};

FIXTURE_VARIANT_ADD(access, maps_read) { PROC "maps", O_RDONLY };
FIXTURE_VARIANT_ADD(access, maps_write) { PROC "maps", O_WRONLY };
FIXTURE_VARIANT_ADD(access, raw_read) { PROC "raw", O_RDONLY };
FIXTURE_VARIANT_ADD(access, raw_both) { PROC "raw", O_RDWR };
FIXTURE_VARIANT_ADD(access, summary_read) { PROC "summary", O_RDONLY };
FIXTURE_VARIANT_ADD(access, summary_both) { PROC "summary", O_RDWR };
FIXTURE_VARIANT_ADD(access, tasks_read) { PROC "tasks", O_RDONLY };
FIXTURE_VARIANT_ADD(access, vmas_read) { PROC "vmas", O_RDONLY };
FIXTURE_VARIANT_ADD(access, vmas_write) { PROC "vmas", O_WRONLY };
FIXTURE_VARIANT_ADD(access, vmas_both) { PROC "vmas", O_RDWR };

FIXTURE_SETUP(access) { }
FIXTURE_TEARDOWN(access) { }

static int try_open(const char *entry, int flags)
{
	int fd = open(entry, flags);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

TEST_F(access, root_allowed)
{
	EXPECT_EQ(0, try_open(variant->entry, variant->flags));
}

TEST_F(access, only_cap_sys_ptrace_allowed)
{
	keep_caps(CAP_BIT(CAP_SYS_PTRACE));
	EXPECT_EQ(0, try_open(variant->entry, variant->flags));
}

TEST_F(access, root_without_cap_sys_ptrace_eperm)
{
	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYS_PTRACE));
	EXPECT_EQ(-EPERM, try_open(variant->entry, variant->flags));
}

TEST_F(access, root_without_caps_eperm)
{
	keep_caps(0);
	EXPECT_EQ(-EPERM, try_open(variant->entry, variant->flags));
}

TEST_F(access, user_eacces)
{
	become(NOBODY, 0);
	EXPECT_EQ(-EACCES, try_open(variant->entry, variant->flags));
}

TEST_F(access, user_with_cap_sys_ptrace_eacces)
{
	become(NOBODY, CAP_BIT(CAP_SYS_PTRACE));
	EXPECT_EQ(-EACCES, try_open(variant->entry, variant->flags));
}

TEST_F(access, user_with_cap_dac_override_eperm)
{
	become(NOBODY, CAP_BIT(CAP_DAC_OVERRIDE));
	EXPECT_EQ(-EPERM, try_open(variant->entry, variant->flags));
}

TEST_F(access, user_with_both_caps_allowed)
{
	become(NOBODY, CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_SYS_PTRACE));
	EXPECT_EQ(0, try_open(variant->entry, variant->flags));
}

/* CLONE_NEWUSER, or what keeps us from it */
static int new_user_namespace(const char *map)
{
	if (unshare(CLONE_NEWUSER))
		return errno;
	if (write_file("/proc/self/setgroups", "deny"))
		fatal("/proc/self/setgroups");
	if (write_file("/proc/self/uid_map", map))
		fatal("/proc/self/uid_map");
	if (write_file("/proc/self/gid_map", map))
		fatal("/proc/self/gid_map");
	if (geteuid())
		fatal("uid %d in the new user namespace", geteuid());
	return 0;
}

/* A container's root whose uid is the real root's: the mode lets it in. */
TEST_F(access, userns_root_eperm)
{
	int ret = new_user_namespace("0 0 1");

	if (ret)
		SKIP(return, "no user namespaces: %s", strerror(ret));
	EXPECT_EQ(-EPERM, try_open(variant->entry, variant->flags));
}

TEST_F(access, userns_of_user_eacces)
{
	int ret;

	become(NOBODY, 0);
	prctl(PR_SET_DUMPABLE, 1);	/* so that /proc/self is ours */
	ret = new_user_namespace("0 65534 1");
	if (ret)
		SKIP(return, "no user namespaces for users: %s", strerror(ret));
	EXPECT_EQ(-EACCES, try_open(variant->entry, variant->flags));
}

static void passed_init(void)
{
	map_row((void *)0x200000000000, 20);
}

/* Descriptors that change hands */

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
	map_row((void *)0x300000000000, 30);
}

FIXTURE_SETUP(passed)
{
	int fd;

	target_start(&self->a, passed_init, NULL);
	target_start(&self->b, passed_other_init, NULL);
	fd = open_target(variant->entry, self->a.pid);
	self->expected_a = slurp(fd, 1 << 20);
	ASSERT_EQ(0, set_target(fd, self->b.pid));
	self->expected_b = slurp(fd, 1 << 20);
	close(fd);
	ASSERT_TRUE(shows(self->expected_a, (void *)0x200000000000));
	ASSERT_TRUE(shows(self->expected_b, (void *)0x300000000000));
	self->fd = open_target(variant->entry, self->a.pid);
}

FIXTURE_TEARDOWN(passed)
{
	target_end(&self->a);
	target_end(&self->b);
}

/* 0 when fd can be read and aimed at another process, else a line number */
static int use_descriptor(int fd, struct text a, pid_t b_pid, struct text b)
{
	struct text t = slurp(fd, 4096);

	if (!same(a, t))
		return __LINE__;
	if (set_target(fd, b_pid))
		return __LINE__;
	t = slurp(fd, 4096);
	if (!same(b, t))
		return __LINE__;
	return 0;
}

/* The exit status of a child, which may become who it likes. */
#define IN_CHILD(...) ({						\
	pid_t child_pid = fork_child();					\
									\
	if (!child_pid) {						\
		__VA_ARGS__;						\
		_exit(0);						\
	}								\
	reap(child_pid);						\
})

TEST_F(passed, fd_after_dropping_caps)
{
	EXPECT_EQ(0, IN_CHILD({
		become(NOBODY, 0);
		if (use_descriptor(self->fd, self->expected_a, self->b.pid,
				   self->expected_b))
			_exit(1);
		if (try_open(variant->entry, O_RDONLY) != -EACCES)
			_exit(2);
	}));
}

TEST_F(passed, fd_over_socket)
{
	char c = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec v = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *h;
	int s[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pid = fork_child();
	if (!pid) {
		close(self->fd);
		become(NOBODY, 0);
		if (recvmsg(s[1], &m, 0) != 1)
			_exit(101);
		h = CMSG_FIRSTHDR(&m);
		if (!h || h->cmsg_type != SCM_RIGHTS)
			_exit(102);
		memcpy(&fd, CMSG_DATA(h), sizeof(fd));
		_exit(use_descriptor(fd, self->expected_a, self->b.pid,
				     self->expected_b) != 0);
	}
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &self->fd, sizeof(int));
	ASSERT_EQ(1, sendmsg(s[0], &m, 0));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(passed, fd_in_user_namespace)
{
	int ret = IN_CHILD({
		if (new_user_namespace("0 0 1"))
			_exit(KSFT_SKIP);
		if (use_descriptor(self->fd, self->expected_a, self->b.pid,
				   self->expected_b))
			_exit(1);
	});

	if (ret == KSFT_SKIP)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, ret);
}

/* A new open of a descriptor is checked again. */
TEST_F(passed, reopen_checks_again)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	EXPECT_EQ(0, try_open(path, O_RDONLY));
	EXPECT_EQ(0, IN_CHILD({
		keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYS_PTRACE));
		if (try_open(path, O_RDONLY) != -EPERM)
			_exit(1);
	}));
}

/* What the entries look like from outside */

TEST(file_modes)
{
	static const struct {
		const char *path;
		unsigned int mode;
	} entries[] = {
		{ PROC "vmas", 0600 }, { PROC "maps", 0600 }, { PROC "raw", 0600 },
		{ PROC "summary", 0600 }, { PROC "tasks", 0400 },
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

VMAINFO_TEST_MAIN
