// SPDX-License-Identifier: GPL-2.0
/*
 * An open entry shows its opener, the process that was written to it, or the process that
 * the parameter named at open. This holds when the process exits or execs, and when its
 * number is reused.
 */
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "vmainfo_test.h"

#define A_MARK ((void *)FAR(0x20))
#define B_MARK ((void *)FAR(0x30))
#define OWN_MARK ((void *)FAR(0x60))

static void a_init(void)
{
	map_row(A_MARK, 150);
}

static void b_init(void)
{
	map_row(B_MARK, 20);
}

FIXTURE(target)
{
	struct target a, b;
	int fd;
};

FIXTURE_VARIANT(target)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(target, maps) { PROC "maps" };
FIXTURE_VARIANT_ADD(target, raw) { PROC "raw" };
FIXTURE_VARIANT_ADD(target, vmas) { PROC "vmas" };
FIXTURE_VARIANT_ADD(target, summary) { PROC "summary" };

FIXTURE_SETUP(target)
{
	FATAL_IS_ASSERT();
	target_start(&self->a, a_init, NULL);
	target_start(&self->b, b_init, NULL);
	self->fd = open_or_die(variant->entry, O_RDWR);
}

FIXTURE_TEARDOWN(target)
{
	EXPECT_EQ(0, set_param("pid", "0"));
	if (self->a.pid)
		target_end(&self->a);
	if (self->b.pid)
		target_end(&self->b);
}

static pid_t end_and_reap(struct target *t)
{
	pid_t pid = t->pid;

	target_end(t);
	t->pid = 0;
	return pid;
}

/* The whole entry once more, from the start. */
static struct text again(int fd)
{
	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return slurp(fd, 4096);
}

/* Does the process have that VMA, as it is read and as PROCMAP_QUERY finds it? */
static bool has(int fd, const void *mark)
{
	struct procmap_query q = { .size = sizeof(q), .query_addr = (unsigned long)mark };
	bool shown = shows(again(fd), mark);
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

/* 0, or a negative errno: what a read from the start says */
static int try_read(int fd)
{
	char c;

	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return read(fd, &c, 1) < 0 ? -errno : 0;
}

/*
 * The target is the opener by default, and the writer after a 0. As with an open
 * /proc/self/maps, the reader does not matter.
 */
TEST_F(target, defaults_to_opener)
{
	void *mark = map_at(OWN_MARK, PAGE, PROT_READ);
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(has(self->fd, mark));
		EXPECT_FALSE(has(self->fd, A_MARK));
		pid = fork_child();
		if (!pid) {
			munmap(mark, PAGE);
			_exit(!has(self->fd, mark));
		}
		EXPECT_EQ(0, reap(pid));
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

TEST_F(target, accepted_numbers)
{
	static const char * const formats[] = { "%d\n", "00%d" };
	unsigned int i;
	char s[32];

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		ASSERT_EQ(0, set_target(self->fd, self->b.pid));
		snprintf(s, sizeof(s), formats[i], self->a.pid);
		ASSERT_EQ(0, write_string(self->fd, s));
		EXPECT_TRUE(is_a(self->fd));
	}
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
	before = again(self->fd);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd, &c, 1));

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		len = bad[i].len ?: strlen(bad[i].s);
		EXPECT_EQ(-1, write(self->fd, bad[i].s, len));
		EXPECT_EQ(EINVAL, errno) {
			TH_LOG("writing \"%s\"", bad[i].s);
		}
	}
	/* no bytes, very many, and memory that is not there */
	EXPECT_EQ(-1, write(self->fd, "", 0));
	EXPECT_EQ(EINVAL, errno);
	memset(huge, '1', 1 << 20);
	EXPECT_EQ(-1, write(self->fd, huge, 1 << 20));
	EXPECT_EQ(EINVAL, errno);
	memset(huge, ' ', 4096);
	EXPECT_EQ(-1, write(self->fd, huge, 4096));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, map_at(NULL, PAGE, PROT_NONE), 2));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-ESRCH, set_target(self->fd, end_and_reap(&self->b)));
	EXPECT_EQ(-ESRCH, write_string(self->fd, "2147483647"));

	ASSERT_EQ(1, lseek(self->fd, 0, SEEK_CUR));
	len = slurp(self->fd, 4096).len;
	EXPECT_EQ(before.len - 1, len);
	EXPECT_TRUE(is_a(self->fd));
}

TEST_F(target, exited_before_read)
{
	char c;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	end_and_reap(&self->a);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-1, pread(self->fd, &c, 1, 0));
	EXPECT_EQ(ESRCH, errno);
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

	t = again(self->fd);
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

	end_and_reap(&self->a);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
}

static void a_init_threads(void)
{
	a_init();
	start_sleeping_thread();
}

/* A process whose main thread has exited has the VMAs that its other threads have. */
TEST_F(target, exited_leader)
{
	struct vmainfo_header h = { .size = sizeof(h) };
	struct target t;
	struct text maps;
	char path[64];
	pid_t thread;
	int late;

	target_start(&t, a_init_threads, target_end_leader);
	thread = other_thread(t.pid);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	ASSERT_TRUE(is_a(self->fd));
	tell_leader_to_exit(&t);

	/* for a file whose target was set before, and for one after */
	late = open_target(variant->entry, t.pid);
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_TRUE(is_a(late));
	EXPECT_EQ(0, ioctl(late, VMAINFO_GET_HEADER, &h));
	EXPECT_LE(150u, h.vmas);
	EXPECT_EQ(t.pid, h.pid);
	/* and for the number of that thread */
	ASSERT_EQ(0, set_target(self->fd, thread));
	EXPECT_TRUE(is_a(self->fd));
	if (!strcmp(variant->entry, PROC "maps")) {
		snprintf(path, sizeof(path), "task/%d/maps", thread);
		maps = slurp_proc(t.pid, path);
		EXPECT_TRUE(same(maps, again(self->fd)));
		EXPECT_TRUE(same(maps, again(late)));
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
	end_and_reap(&self->a);

	pid = fork_as(number);
	ASSERT_LE(0, pid) {
		TH_LOG("clone3 with a pid: %s", strerror(errno));
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map_row(B_MARK, 3);
		CHECK(write(p[1], "", 1) == 1);
		for (;;)
			pause();
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

	kill(pid, SIGKILL);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
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

/* Bad values of the parameter change nothing. */
TEST_F(target, parameter_invalid_pids)
{
	static const char * const bad[] = {
		"\n", "abc", "-1", "+1", "1x", "1 2", "0x10", "2147483648",
		"99999999999999999999999",
	};
	size_t i;

	ASSERT_EQ(0, set_param_pid(self->b.pid));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, set_param("pid", bad[i])) {
			TH_LOG("writing \"%s\"", bad[i]);
		}
	}
	EXPECT_EQ(-ESRCH, set_param_pid(end_and_reap(&self->a)));
	EXPECT_TRUE(shows(slurp_path(variant->entry), B_MARK));
}

/* One process, a new address space: the next snapshot shows the new one. */
static void exec_command(char c)
{
	if (c == TARGET_EXEC)
		target_exec_self();
}

TEST_F(target, follows_exec)
{
	struct text before, rest;
	struct target t;
	char c;

	target_start(&t, a_init, exec_command);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	before = again(self->fd);
	ASSERT_TRUE(shows(before, A_MARK));

	/* in the middle of a listing: that one stays as it was */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd, &c, 1));
	tell(&t, TARGET_EXEC);
	rest = slurp(self->fd, 4096);
	EXPECT_EQ(before.len - 1, rest.len);
	EXPECT_EQ(rest.len, same_bytes(before, 1, rest.s, rest.len));

	EXPECT_FALSE(has(self->fd, A_MARK));
	if (!strcmp(variant->entry, PROC "maps"))
		EXPECT_TRUE(same(slurp_proc(t.pid, "maps"), again(self->fd)));
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
		target_start(&t, a_init, exec_command);
		ASSERT_EQ(0, set_target(self->fd, t.pid));
		before = slurp(self->fd, 4096);
		ASSERT_TRUE(shows(before, A_MARK));
		tell(&t, TARGET_EXEC);
		offset = whences[i] == SEEK_CUR ? 9 - (off_t)before.len : 9;
		ASSERT_EQ(9, lseek(self->fd, offset, whences[i]));
		rest = slurp(self->fd, 4096);
		all = again(self->fd);
		EXPECT_FALSE(shows(all, A_MARK));
		EXPECT_EQ(all.len - 9, rest.len);
		EXPECT_EQ(rest.len, same_bytes(all, 9, rest.s, rest.len));
		target_end(&t);
	}
}

/* Process 1 of a pid namespace of its own */

static const char *entry;
static pid_t outer;

static int try_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
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
		CHECK(try_open(entry) == -ESRCH);
		CHECK(!set_param("pid", "0"));
		CHECK(!try_open(entry));
		CHECK(!unshare(CLONE_NEWNS));
		CHECK(!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
		CHECK(!mount("proc", "/proc", "proc", 0, NULL));
		CHECK(!try_open(entry));
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
		SKIP(return, "no pid namespaces: %s", strerror(errno));
	target_start(&inner, b_init, inner_command);
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
		SKIP(return, "no pid namespaces: %s", strerror(errno));
	target_start(&inner, b_init, inner_command);
	tell(&inner, 'm');
	/* and this process has none in that instance of procfs */
	snprintf(path, sizeof(path), "/proc/%d/root%s", inner.pid, variant->entry);
	EXPECT_EQ(-ESRCH, try_open(path));
	EXPECT_EQ(0, set_param_pid(inner.pid));
	EXPECT_EQ(0, try_open(path));
	fd = open_or_die(path, O_RDWR);
	EXPECT_EQ(0, set_target(fd, inner.pid));
	EXPECT_EQ(-ESRCH, set_target(fd, self->a.pid));
	EXPECT_EQ(-ESRCH, write_string(fd, "0"));
	EXPECT_EQ(0, try_read(fd));
	target_end(&inner);
}

/* At any moment, a read is whole, or ESRCH, or empty, and a query finds something, or ESRCH. */
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
		target_start(&t, a_init, NULL);
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

/* Values of the parameter max_hold_us */
TEST(max_hold_us_values)
{
	static const char * const bad[] = {
		"\n", "abc", "-1", "1x", "1 2", "1000001", "4294967296",
		"18446744073709551616", "1.5",
	};
	struct text t = slurp_path(PARAM "max_hold_us");
	size_t i;

	EXPECT_STREQ("250\n", t.s);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, set_param("max_hold_us", bad[i])) {
			TH_LOG("writing \"%s\"", bad[i]);
		}
	}
	EXPECT_STREQ("250\n", slurp_path(PARAM "max_hold_us").s);
	EXPECT_EQ(0, set_param("max_hold_us", "0"));
	EXPECT_STREQ("0\n", slurp_path(PARAM "max_hold_us").s);
	EXPECT_EQ(0, set_param("max_hold_us", "1000000\n"));
	EXPECT_STREQ("1000000\n", slurp_path(PARAM "max_hold_us").s);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

int main(int argc, char **argv)
{
	target_executed(argc, argv);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
