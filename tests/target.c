// SPDX-License-Identifier: GPL-2.0
/*
 * An open entry shows its opener, the process that was written to it, or the
 * process that the parameter named at open. This holds when the process exits
 * or execs, and when its number is reused.
 */
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "vmainfo_test.h"

#define A_MARK ((void *)FAR(0x20))
#define A_ROW 150
#define B_MARK ((void *)FAR(0x30))
#define OWN_MARK ((void *)FAR(0x60))

FIXTURE(target)
{
	struct target a, b;
	int fd;
};

ENTRY_VARIANTS(target);

FIXTURE_SETUP(target)
{
	FATAL_IS_ASSERT();
	target_start_row(&self->a, A_MARK, A_ROW);
	target_start_row(&self->b, B_MARK, 20);
	self->fd = open_or_die(variant->entry, O_RDWR);
}

FIXTURE_TEARDOWN(target)
{
	EXPECT_EQ(0, set_param("pid", "0"));
	target_end(&self->a);
	target_end(&self->b);
}

/* Does the process have that VMA, by a read and by PROCMAP_QUERY? */
static bool has(int fd, const void *mark)
{
	struct procmap_query q = { .size = sizeof(q), .query_addr = (unsigned long)mark };
	bool shown = shows(slurp_again(fd), mark);
	int ret = ioctl(fd, PROCMAP_QUERY, &q) ? errno : 0;

	/* maps alone has the ioctl */
	if (ret != ENOTTY && !ret != shown)
		fatal("%p is %sshown, and PROCMAP_QUERY says %d", mark, shown ? "" : "not ", ret);
	return shown;
}

static bool is_a(int fd)
{
	return has(fd, A_MARK) && !has(fd, B_MARK);
}

static bool is_b(int fd)
{
	return has(fd, B_MARK) && !has(fd, A_MARK);
}

/*
 * The target is the opener by default, and the writer after a 0. As with an
 * open /proc/self/maps, the reader does not matter.
 */
TEST_F(target, defaults_to_opener)
{
	void *mark = map_at(OWN_MARK, PAGE, PROT_READ);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(has(self->fd, mark));
		EXPECT_FALSE(has(self->fd, A_MARK));
		EXPECT_EQ(0, IN_CHILD({
			CHECK(!munmap(mark, PAGE));
			CHECK(has(self->fd, mark));
		}));
		ASSERT_EQ(0, set_target(self->fd, self->a.pid));
		ASSERT_EQ(0, write_string(self->fd, "0"));
	}
}

TEST_F(target, written_pid_for_one_file)
{
	int fd = open_target(variant->entry, self->b.pid);

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_TRUE(is_b(fd));
	ASSERT_EQ(0, set_target(self->fd, self->b.pid));
	EXPECT_TRUE(is_b(self->fd));
	EXPECT_FALSE(shows(slurp_path(variant->entry), B_MARK));
}

/* A write rewinds, also in the middle of a listing. */
TEST_F(target, write_rewinds)
{
	char c;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	ASSERT_EQ(1, read(self->fd, &c, 1));
	ASSERT_EQ(0, set_target(self->fd, self->b.pid));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_TRUE(shows(slurp(self->fd, 4096), B_MARK));
}

/* A rejected write changes neither target nor position nor snapshot. */
TEST_F(target, invalid_pids)
{
	static const struct {
		const char *s;
		size_t len;	/* 0: all of it */
	} bad[] = {
		{ "abc", 0 }, { "-1", 0 }, { "-0", 0 }, { "1x", 0 }, { "x1", 0 }, { "1 2", 0 },
		{ " 1", 0 }, { "1 ", 0 }, { "\n", 0 }, { "1\n\n", 0 }, { "1\n2", 0 },
		{ "0x10", 0 }, { "1.5", 0 }, { "1e3", 0 }, { "+1", 0 }, { "2147483648", 0 },
		{ "4294967296", 0 }, { "4294967297", 0 }, { "18446744073709551616", 0 },
		{ "18446744073709551617", 0 }, { "99999999999999999999999999999999999999", 0 },
		{ "\t1", 0 }, { "1\t", 0 }, { "1\r\n", 0 }, { "-2147483648", 0 }, { "--1", 0 },
		{ "1,2", 0 }, { "self", 0 },
		/* a NUL is not a digit */
		{ "1", 2 }, { "\0001", 2 }, { "1\0002", 3 },
	};
	char *huge = get_memory(1 << 20), c;
	struct text before;
	size_t i, len;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	before = slurp_again(self->fd);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd, &c, 1));

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		len = bad[i].len ?: strlen(bad[i].s);
		EXPECT_EQ(-EINVAL, result_of(write(self->fd, bad[i].s, len))) {
			TH_LOG("writing \"%s\"", bad[i].s);
		}
	}
	/* no bytes, and very many */
	EXPECT_EQ(-EINVAL, result_of(write(self->fd, "", 0)));
	memset(huge, '1', 1 << 20);
	EXPECT_EQ(-EINVAL, result_of(write(self->fd, huge, 1 << 20)));
	memset(huge, ' ', 4096);
	EXPECT_EQ(-EINVAL, result_of(write(self->fd, huge, 4096)));
	target_end(&self->b);
	EXPECT_EQ(-ESRCH, set_target(self->fd, self->b.pid));
	EXPECT_EQ(-ESRCH, write_string(self->fd, "2147483647"));

	ASSERT_EQ(1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_TRUE(rest_same(self->fd, before, 1));
	EXPECT_TRUE(is_a(self->fd));
}

TEST_F(target, exited_before_read)
{
	char c;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	target_end(&self->a);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-ESRCH, result_of(pread(self->fd, &c, 1, 0)));
	/* the file is still good for another target */
	ASSERT_EQ(0, set_target(self->fd, self->b.pid));
	EXPECT_TRUE(is_b(self->fd));
}

/* A zombie has no VMAs; it becomes ESRCH when it is reaped. */
TEST_F(target, zombie)
{
	struct text t;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	ASSERT_TRUE(is_a(self->fd));
	target_kill(&self->a);

	t = slurp_again(self->fd);
	if (!strcmp(variant->entry, PROC "maps")) {
		EXPECT_EQ(0u, t.len);
	} else if (is_raw(t)) {
		EXPECT_EQ(sizeof(struct vmainfo_header), t.len);
		EXPECT_EQ(0u, ((struct vmainfo_header *)t.s)->vmas);
	} else {
		EXPECT_TRUE(strstr(t.s, " vmas=0 ") || strstr(t.s, "\nVmas:\t0\t"));
		EXPECT_FALSE(shows(t, A_MARK));
	}
	/* a zombie can become the target, too */
	EXPECT_EQ(0, set_target(self->fd, self->a.pid));

	target_end(&self->a);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
}

static void threads_init(void)
{
	map_row(A_MARK, A_ROW);
	start_sleeping_thread();
}

/* A process whose main thread has exited has the VMAs of the others. */
TEST_F(target, exited_leader)
{
	struct vmainfo_header h = { .size = sizeof(h) };
	struct target t;
	struct text maps;
	char path[64];
	pid_t thread;
	int late;

	target_start(&t, threads_init, NULL);
	thread = other_thread(t.pid);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	ASSERT_TRUE(is_a(self->fd));
	tell_leader_to_exit(&t);

	/* for a file whose target was set before, and for one after */
	late = open_target(variant->entry, t.pid);
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_TRUE(is_a(late));
	EXPECT_EQ(0, ioctl(late, VMAINFO_GET_HEADER, &h));
	EXPECT_LE((unsigned int)A_ROW, h.vmas);
	EXPECT_EQ(t.pid, h.pid);
	/* and for the number of that thread */
	ASSERT_EQ(0, set_target(self->fd, thread));
	EXPECT_TRUE(is_a(self->fd));
	if (!strcmp(variant->entry, PROC "maps")) {
		snprintf(path, sizeof(path), "task/%d/maps", thread);
		maps = slurp_proc(t.pid, path);
		EXPECT_TRUE(same(maps, slurp_again(self->fd)));
		EXPECT_TRUE(same(maps, slurp_again(late)));
	}

	/* When all threads have exited, it has no VMAs. */
	target_kill(&t);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_FALSE(has(late, A_MARK));
	EXPECT_EQ(0, ioctl(late, VMAINFO_GET_HEADER, &h));
	EXPECT_EQ(0u, h.vmas);
	target_end(&t);
	EXPECT_EQ(-ESRCH, try_read(late));
}

/* A process with a given number, or -1 */
static pid_t fork_as(pid_t number)
{
	pid_t set_tid[] = { number };
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)set_tid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* The number is reused by another process. */
TEST_F(target, pid_reuse)
{
	pid_t number = self->a.pid, pid;
	int open_fd, param_fd, p[2];
	char c;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, set_target(self->fd, number));
	ASSERT_TRUE(is_a(self->fd));
	ASSERT_EQ(0, set_param_pid(number));
	open_fd = open_or_die(variant->entry, O_RDWR);
	target_end(&self->a);

	pid = fork_as(number);
	ASSERT_LE(0, pid) {
		TH_LOG("clone3 with a pid: %s", strerror(errno));
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map_row(B_MARK, 3);
		CHECK(write(p[1], "", 1) == 1);
		wait_for_ever();
	}
	ASSERT_EQ(number, pid);
	ASSERT_EQ(1, read(p[0], &c, 1));

	/* written, named by the parameter and opened then, and opened now */
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-ESRCH, try_read(open_fd));
	param_fd = open_or_die(variant->entry, O_RDWR);
	EXPECT_EQ(-ESRCH, try_read(param_fd));

	/* a write of the number now selects the new process */
	EXPECT_EQ(0, set_target(self->fd, number));
	EXPECT_TRUE(has(self->fd, B_MARK));
	EXPECT_EQ(0, set_param_pid(number));
	EXPECT_TRUE(shows(slurp_path(variant->entry), B_MARK));

	end_child(pid);
}

/* The parameter affects files opened afterwards. */
TEST_F(target, parameter_keeps_open_files)
{
	int defaulted = open_or_die(variant->entry, O_RDWR), later;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	ASSERT_EQ(0, set_param_pid(self->b.pid));
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_FALSE(is_b(defaulted));
	later = open_or_die(variant->entry, O_RDWR);
	EXPECT_TRUE(is_b(later));

	ASSERT_EQ(0, set_param_pid(self->a.pid));
	EXPECT_TRUE(is_b(later));
	EXPECT_TRUE(shows(slurp_path(variant->entry), A_MARK));

	ASSERT_EQ(0, set_param("pid", "0\n"));
	EXPECT_TRUE(is_b(later));
	EXPECT_FALSE(shows(slurp_path(variant->entry), A_MARK));
}

/* One process, a new address space: the next snapshot shows the new one. */
TEST_F(target, follows_exec)
{
	struct text before;
	struct target t;
	char c;

	target_start_row(&t, A_MARK, A_ROW);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	before = slurp_again(self->fd);
	ASSERT_TRUE(shows(before, A_MARK));

	/* in the middle of a listing: that one stays as it was */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&t, TARGET_EXEC);
	EXPECT_TRUE(rest_same(self->fd, before, 1));

	EXPECT_FALSE(has(self->fd, A_MARK));
	if (!strcmp(variant->entry, PROC "maps"))
		EXPECT_TRUE(same(slurp_proc(t.pid, "maps"), slurp_again(self->fd)));
	target_end(&t);
}

/* The first call after the target's exec is a seek into its new listing. */
TEST_F(target, seek_after_exec)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR };
	struct text before, rest, all;
	struct target t;
	unsigned int i;
	off_t offset;

	for (i = 0; i < ARRAY_SIZE(whences); i++) {
		target_start_row(&t, A_MARK, A_ROW);
		ASSERT_EQ(0, set_target(self->fd, t.pid));
		before = slurp(self->fd, 4096);
		ASSERT_TRUE(shows(before, A_MARK));
		tell(&t, TARGET_EXEC);
		offset = whences[i] == SEEK_CUR ? 9 - (off_t)before.len : 9;
		ASSERT_EQ(9, lseek(self->fd, offset, whences[i]));
		rest = slurp(self->fd, 4096);
		all = slurp_again(self->fd);
		EXPECT_FALSE(shows(all, A_MARK));
		EXPECT_EQ(all.len - 9, rest.len);
		EXPECT_EQ(rest.len, same_bytes(all, 9, rest.s, rest.len));
		target_end(&t);
	}
}

/* Process 1 of a pid namespace of its own */

static const char *entry;
static pid_t outer;

static void map_b(void)
{
	map_row(B_MARK, 20);
}

static void inner_command(char c)
{
	int fd;

	switch (c) {
	case 'w':	/* writes numbers of its own */
		CHECK(getpid() == 1);
		fd = open_or_die(entry, O_RDWR);
		CHECK(!set_target(fd, 1));
		CHECK(has(fd, B_MARK));
		/* processes outside have no number here */
		CHECK(set_target(fd, outer) == -ESRCH);
		CHECK(!set_param("pid", "1"));
		CHECK(shows(slurp_path(entry), B_MARK));
		break;
	case 'm':	/* mounts a procfs of its own */
		/* the parameter names a process outside */
		CHECK(try_open(entry, O_RDWR) == -ESRCH);
		CHECK(!set_param("pid", "0"));
		CHECK(!try_open(entry, O_RDWR));
		make_mounts_private();
		mount_procfs();
		CHECK(!try_open(entry, O_RDWR));
		break;
	}
}

/* A number is one of the pid namespace of the writer. */
TEST_F(target, pid_namespace_of_writer)
{
	struct target inner;

	entry = variant->entry;
	outer = self->a.pid;
	if (unshare(CLONE_NEWPID))
		SKIP(return, "this kernel has no pid namespaces (CONFIG_PID_NS)");
	target_start(&inner, map_b, inner_command);
	tell(&inner, 'w');
	/* seen from outside, it has another number */
	EXPECT_EQ(0, set_target(self->fd, inner.pid));
	EXPECT_TRUE(is_b(self->fd));
	/* the parameter holds the process that it named inside */
	EXPECT_TRUE(shows(slurp_path(variant->entry), B_MARK));
	target_end(&inner);
}

/*
 * An open needs a target that has a number where the opener is, and in the
 * instance of procfs that the entry is in.
 */
TEST_F(target, pid_not_in_namespace)
{
	struct target inner;
	char path[64];
	int fd;

	entry = variant->entry;
	ASSERT_EQ(0, set_param_pid(self->a.pid));
	if (unshare(CLONE_NEWPID))
		SKIP(return, "this kernel has no pid namespaces (CONFIG_PID_NS)");
	target_start(&inner, map_b, inner_command);
	tell(&inner, 'm');
	/* and this process has none in that instance of procfs */
	snprintf(path, sizeof(path), "/proc/%d/root%s", inner.pid, variant->entry);
	EXPECT_EQ(-ESRCH, try_open(path, O_RDWR));
	EXPECT_EQ(0, set_param_pid(inner.pid));
	EXPECT_EQ(0, try_open(path, O_RDWR));
	fd = open_or_die(path, O_RDWR);
	EXPECT_EQ(0, set_target(fd, inner.pid));
	EXPECT_EQ(-ESRCH, set_target(fd, self->a.pid));
	EXPECT_EQ(-ESRCH, write_string(fd, "0"));
	EXPECT_EQ(0, try_read(fd));
	target_end(&inner);
}

/*
 * At any moment, a read is whole, or ESRCH, or empty, and a query finds
 * something, or ESRCH.
 */
TEST_F(target, exit_during_read)
{
	struct procmap_query q = {
		.size = sizeof(q), .query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	char *buffer = get_memory(1 << 20);
	struct target t;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < 50; i++) {
		target_start_row(&t, A_MARK, A_ROW);
		ASSERT_EQ(0, set_target(self->fd, t.pid));
		ASSERT_EQ(0, kill(t.pid, SIGKILL));
		while (i % 2 && !ioctl(self->fd, PROCMAP_QUERY, &q))
			;
		ASSERT_TRUE(i % 2 == 0 || errno == ESRCH || errno == ENOTTY);
		n = read(self->fd, buffer, 1 << 20);
		ASSERT_TRUE(n >= 0 || errno == ESRCH) {
			TH_LOG("read: %s", strerror(errno));
		}
		if (n > 0 && strcmp(variant->entry, PROC "raw"))
			ASSERT_EQ('\n', buffer[n - 1]);
		target_end(&t);
		ASSERT_EQ(-ESRCH, try_read(self->fd));
	}
}

VMAINFO_TEST_MAIN()
