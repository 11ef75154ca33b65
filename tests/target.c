// SPDX-License-Identifier: GPL-2.0
/*
 * Which process an open entry shows: the reader by default, one that was
 * written to it, one that the parameter named when it was opened; and what
 * becomes of that when the process ends, its number comes again, or it execs.
 */
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "vmainfo_test.h"

#define A_MARK ((void *)0x200000000000)
#define B_MARK ((void *)0x300000000000)

static void a_init(void)
{
	map_row(A_MARK, 150);
}

static void b_init(void)
{
	map_row(B_MARK, 20);
}

/* Ends, and leaves a zombie. */
static void end_command(char c)
{
	if (c == 'e')
		_exit(0);
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

FIXTURE_SETUP(target)
{
	/* a test that failed may have left another one */
	ASSERT_EQ(0, set_param("pid", "0"));
	target_start(&self->a, a_init, NULL);
	target_start(&self->b, b_init, NULL);
	self->fd = open_or_die(variant->entry, O_RDWR);
}

FIXTURE_TEARDOWN(target)
{
	set_param("pid", "0");
	if (self->a.pid)
		target_end(&self->a);
	if (self->b.pid)
		target_end(&self->b);
}

static void end_and_reap(struct target *t)
{
	target_end(t);
	t->pid = 0;
}

/* The whole entry once more, from the start. */
static struct text again(int fd)
{
	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return slurp(fd, 4096);
}

static bool is_a(int fd)
{
	struct text t = again(fd);

	return shows(t, A_MARK) && !shows(t, B_MARK);
}

static bool is_b(int fd)
{
	struct text t = again(fd);

	return shows(t, B_MARK) && !shows(t, A_MARK);
}

/* 0, or a negative errno: what a read from the start says */
static int try_read(int fd)
{
	char c;

	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return read(fd, &c, 1) < 0 ? -errno : 0;
}

static struct text fresh(const char *entry)
{
	return slurp_path(entry);
}

TEST_F(target, the_reader_by_default)
{
	void *mark = map_at((void *)0x600000000000, 4096, PROT_READ);

	EXPECT_TRUE(shows(again(self->fd), mark));
	EXPECT_FALSE(shows(again(self->fd), A_MARK));
}

/* As with an open /proc/self/maps: that stays with the process that opened it. */
TEST_F(target, an_inherited_descriptor_shows_its_opener)
{
	void *mark = map_at((void *)0x600000000000, 4096, PROT_READ);
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct text t;

		map_at((void *)0x610000000000, 4096, PROT_READ);
		t = again(self->fd);
		_exit(!shows(t, mark) || shows(t, (void *)0x610000000000));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(target, a_written_pid)
{
	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	EXPECT_TRUE(is_a(self->fd));
	ASSERT_EQ(0, set_target(self->fd, self->b.pid));
	EXPECT_TRUE(is_b(self->fd));
	/* only this open file */
	EXPECT_FALSE(shows(fresh(variant->entry), A_MARK));
	EXPECT_FALSE(shows(fresh(variant->entry), B_MARK));
}

TEST_F(target, a_written_newline)
{
	char s[32];

	snprintf(s, sizeof(s), "%d\n", self->a.pid);
	ASSERT_EQ(0, write_string(self->fd, s));
	EXPECT_TRUE(is_a(self->fd));
}

/* 0 is the process that wrote it, whoever reads later. */
TEST_F(target, zero_is_the_writer)
{
	int status;
	pid_t pid;

	map_at((void *)0x600000000000, 4096, PROT_READ);
	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	ASSERT_EQ(0, write_string(self->fd, "0"));
	EXPECT_TRUE(shows(again(self->fd), (void *)0x600000000000));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		map_at((void *)0x610000000000, 4096, PROT_READ);
		_exit(shows(again(self->fd), (void *)0x610000000000));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(target, two_open_files_have_one_each)
{
	int fd = open_target(variant->entry, self->b.pid);

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_TRUE(is_b(fd));
	EXPECT_TRUE(is_a(self->fd));
}

/* A write begins anew, in the middle of a listing too. */
TEST_F(target, a_write_rewinds)
{
	char buffer[4096];
	ssize_t n;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	n = read(self->fd, buffer, sizeof(buffer));
	ASSERT_LT(0, n);
	ASSERT_EQ(0, set_target(self->fd, self->b.pid));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_TRUE(shows(slurp(self->fd, 4096), B_MARK));
}

TEST_F(target, what_is_no_pid)
{
	static const char * const bad[] = {
		"abc", "-1", "-0", "1x", "x1", "1 2", " 1", "1 ", "\n", "1\n\n",
		"1\n2", "0x10", "1.5", "1e3", "+1", "2147483648", "4294967296",
		"4294967297", "18446744073709551616", "18446744073709551617",
		"99999999999999999999999999999999999999", "\t1", "1\t", "1\r\n",
		"-2147483648", "--1", "1,2", "self",
	};
	char expected[4096], buffer[4096], *huge;
	struct text rest, before, now;
	ssize_t n, m;
	off_t at;
	size_t i;

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	before = again(self->fd);
	again(self->fd);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	n = read(self->fd, expected, sizeof(expected));
	ASSERT_LT(0, n);
	at = lseek(self->fd, 0, SEEK_CUR);
	ASSERT_EQ(n, at);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, write_string(self->fd, bad[i])) {
			TH_LOG("writing \"%s\"", bad[i]);
		}
		ASSERT_EQ(at, lseek(self->fd, 0, SEEK_CUR));
	}
	/* no bytes at all are no number */
	EXPECT_EQ(-1, write(self->fd, "", 0));
	EXPECT_EQ(EINVAL, errno);
	/* a NUL is no digit, wherever it is */
	m = snprintf(buffer, sizeof(buffer), "%d", self->b.pid);
	EXPECT_EQ(-1, write(self->fd, buffer, m + 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, "\0001", 2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, "1\0002", 3));
	EXPECT_EQ(EINVAL, errno);
	/* nor do very many bytes help */
	huge = get_memory(1 << 20);
	memset(huge, '1', 1 << 20);
	EXPECT_EQ(-1, write(self->fd, huge, 1 << 20));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, huge, 5000));
	EXPECT_EQ(EINVAL, errno);
	memset(huge, ' ', 1 << 20);
	EXPECT_EQ(-1, write(self->fd, huge, 4096));
	EXPECT_EQ(EINVAL, errno);
	/* memory that is not there */
	EXPECT_EQ(-1, write(self->fd, map_at(NULL, 4096, PROT_NONE), 2));
	EXPECT_EQ(EFAULT, errno);

	/* the old target, position and snapshot stay */
	ASSERT_EQ(at, lseek(self->fd, 0, SEEK_CUR));
	rest = slurp(self->fd, 4096);
	now.len = n + rest.len;
	now.s = get_memory(now.len + 1);
	memcpy(now.s, expected, n);
	memcpy(now.s + n, rest.s, rest.len);
	EXPECT_TRUE(same(before, now));
	EXPECT_TRUE(is_a(self->fd));
}

/* Leading zeros change nothing about a decimal number. */
TEST_F(target, leading_zeros)
{
	char s[32];

	snprintf(s, sizeof(s), "00%d", self->a.pid);
	ASSERT_EQ(0, write_string(self->fd, s));
	EXPECT_TRUE(is_a(self->fd));
}

TEST_F(target, no_such_process)
{
	pid_t gone = self->b.pid;
	char start[512];
	struct text before;
	ssize_t n;

	end_and_reap(&self->b);
	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	before = again(self->fd);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	n = read(self->fd, start, sizeof(start));
	ASSERT_LT(0, n);
	EXPECT_EQ(-ESRCH, set_target(self->fd, gone));
	EXPECT_EQ(-ESRCH, write_string(self->fd, "2147483647"));
	EXPECT_EQ(n, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(before.len - n, slurp(self->fd, 4096).len);
	EXPECT_TRUE(is_a(self->fd));
}

TEST_F(target, exited_before_the_read)
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
TEST_F(target, a_zombie)
{
	struct target z;
	siginfo_t info;
	struct text t;

	target_start(&z, a_init, NULL);
	ASSERT_EQ(0, set_target(self->fd, z.pid));
	ASSERT_TRUE(is_a(self->fd));
	kill(z.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, z.pid, &info, WEXITED | WNOWAIT));

	t = again(self->fd);
	if (!strcmp(variant->entry, PROC "maps")) {
		EXPECT_EQ(0u, t.len);
	} else if (is_raw(t)) {
		EXPECT_EQ(sizeof(struct vmainfo_header), t.len);
		EXPECT_EQ(0u, ((struct vmainfo_header *)t.s)->vmas);
	} else {
		EXPECT_TRUE(strstr(t.s, "vmas=0"));
		EXPECT_FALSE(shows(t, A_MARK));
	}
	/* a zombie can become the target, too */
	EXPECT_EQ(0, set_target(self->fd, z.pid));

	target_end(&z);
	EXPECT_EQ(-ESRCH, try_read(self->fd));
}

static void *pause_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void a_init_threads(void)
{
	pthread_t thread;

	a_init();
	if (pthread_create(&thread, NULL, pause_for_ever, NULL))
		_exit(1);
}

static void end_leader_command(char c)
{
	if (c == 'l')
		pthread_exit(NULL);
}

static struct text thread_maps(pid_t pid, pid_t thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", pid, thread);
	return slurp_path(path);
}

/* A process whose main thread has exited has the VMAs that its other threads have. */
TEST_F(target, a_leader_that_has_exited)
{
	struct vmainfo_header h = { .size = sizeof(h) };
	struct target t;
	struct text now, maps;
	siginfo_t info;
	pid_t thread;
	int late;

	target_start(&t, a_init_threads, end_leader_command);
	thread = other_thread(t.pid);
	ASSERT_EQ(0, set_target(self->fd, t.pid));
	ASSERT_TRUE(is_a(self->fd));
	ASSERT_EQ(1, write(t.to, "l", 1));
	await_end_of_leader(t.pid);

	/* both for a file that knew the leader, and for one that did not */
	late = open_target(variant->entry, t.pid);
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_TRUE(is_a(late));
	EXPECT_EQ(0, ioctl(late, VMAINFO_GET_HEADER, &h));
	EXPECT_LE(150u, h.vmas);
	EXPECT_EQ(t.pid, h.pid);
	/* and of that thread itself */
	ASSERT_EQ(0, set_target(self->fd, thread));
	EXPECT_TRUE(is_a(self->fd));
	if (!strcmp(variant->entry, PROC "maps")) {
		maps = thread_maps(t.pid, thread);
		now = again(self->fd);
		EXPECT_TRUE(same(maps, now));
		now = again(late);
		EXPECT_TRUE(same(maps, now));
	}

	/* When all threads have exited, there is nothing left of it. */
	kill(t.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, t.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_FALSE(shows(again(late), A_MARK));
	EXPECT_EQ(0, ioctl(late, VMAINFO_GET_HEADER, &h));
	EXPECT_EQ(0u, h.vmas);
	ASSERT_EQ(t.pid, waitpid(t.pid, NULL, 0));
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

/* The same number comes again, and belongs to someone else. */
TEST_F(target, a_recycled_number)
{
	pid_t number = self->a.pid, pid;
	char s[16], c;
	int open_fd, param_fd, p[2], status;

	snprintf(s, sizeof(s), "%d", number);
	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, set_target(self->fd, number));
	ASSERT_TRUE(is_a(self->fd));
	ASSERT_EQ(0, set_param("pid", s));
	open_fd = open_or_die(variant->entry, O_RDWR);
	end_and_reap(&self->a);

	pid = fork_as(number);
	ASSERT_LE(0, pid) {
		TH_LOG("clone3 with a pid: %s", strerror(errno));
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map_row(B_MARK, 3);
		if (write(p[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	ASSERT_EQ(number, pid);
	ASSERT_EQ(1, read(p[0], &c, 1));

	/* written, named by the parameter and opened then, and opened now */
	EXPECT_EQ(-ESRCH, try_read(self->fd));
	EXPECT_EQ(-ESRCH, try_read(open_fd));
	param_fd = open_or_die(variant->entry, O_RDWR);
	EXPECT_EQ(-ESRCH, try_read(param_fd));

	/* but whoever names it now means the new one */
	EXPECT_EQ(0, set_target(self->fd, number));
	EXPECT_TRUE(shows(again(self->fd), B_MARK));
	EXPECT_EQ(0, set_param("pid", s));
	EXPECT_TRUE(shows(fresh(variant->entry), B_MARK));

	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
}

/* The parameter is for files opened from then on. */
TEST_F(target, the_parameter_leaves_open_files_alone)
{
	int defaulted = open_or_die(variant->entry, O_RDWR), later;
	char s[16];

	ASSERT_EQ(0, set_target(self->fd, self->a.pid));
	ASSERT_TRUE(is_a(self->fd));

	snprintf(s, sizeof(s), "%d\n", self->b.pid);
	ASSERT_EQ(0, set_param("pid", s));
	EXPECT_TRUE(is_a(self->fd));
	EXPECT_FALSE(is_b(defaulted));
	later = open_or_die(variant->entry, O_RDWR);
	EXPECT_TRUE(is_b(later));

	snprintf(s, sizeof(s), "%d\n", self->a.pid);
	ASSERT_EQ(0, set_param("pid", s));
	EXPECT_TRUE(is_b(later));
	EXPECT_TRUE(shows(fresh(variant->entry), A_MARK));

	ASSERT_EQ(0, set_param("pid", "0"));
	EXPECT_TRUE(is_b(later));
	EXPECT_FALSE(shows(fresh(variant->entry), A_MARK));
}

TEST_F(target, the_parameter_names_one_that_exited)
{
	char s[16];
	int fd;

	snprintf(s, sizeof(s), "%d", self->a.pid);
	ASSERT_EQ(0, set_param("pid", s));
	end_and_reap(&self->a);
	fd = open_or_die(variant->entry, O_RDWR);
	EXPECT_EQ(-ESRCH, try_read(fd));
	ASSERT_EQ(0, set_target(fd, self->b.pid));
	EXPECT_TRUE(is_b(fd));
}

/* Bad values of the parameter change nothing. */
TEST_F(target, the_parameter_refuses_what_is_no_pid)
{
	static const char * const bad[] = {
		"\n", "abc", "-1", "+1", "1x", "1 2", "0x10", "2147483648",
		"99999999999999999999999",
	};
	pid_t gone = self->a.pid;
	char s[16];
	size_t i;

	end_and_reap(&self->a);
	snprintf(s, sizeof(s), "%d", self->b.pid);
	ASSERT_EQ(0, set_param("pid", s));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, set_param("pid", bad[i])) {
			TH_LOG("writing \"%s\"", bad[i]);
		}
	}
	snprintf(s, sizeof(s), "%d", gone);
	EXPECT_EQ(-ESRCH, set_param("pid", s));
	EXPECT_TRUE(shows(fresh(variant->entry), B_MARK));
}

/* One process, a new address space: the next snapshot shows the new one. */
TEST_F(target, exec)
{
	int go[2], ready[2], status;
	struct text before, rest, now, maps;
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		a_init();
		dup2(go[0], 100);
		dup2(ready[1], 101);
		if (write(101, "", 1) == 1 && read(100, &c, 1) == 1)
			execl("/proc/self/exe", "exec", "--wait", NULL);
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, set_target(self->fd, pid));
	before = again(self->fd);
	ASSERT_TRUE(shows(before, A_MARK));

	/* in the middle of a listing: that one stays as it was */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_EQ(1, read(self->fd, &c, 1));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	rest = slurp(self->fd, 4096);
	EXPECT_EQ(before.len - 1, rest.len);
	EXPECT_EQ(rest.len, same_bytes(before, 1, rest.s, rest.len));

	now = again(self->fd);
	EXPECT_FALSE(shows(now, A_MARK));
	if (!strcmp(variant->entry, PROC "maps")) {
		maps = slurp_proc(pid, "maps");
		EXPECT_TRUE(same(maps, now));
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
}

/* A number means what it means to the one who writes it. */
TEST_F(target, pid_namespaces)
{
	pid_t inner, outer = self->a.pid;
	char c = 'x', s[16];
	int status, p[2], back[2];

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(back, O_CLOEXEC));
	if (unshare(CLONE_NEWPID))
		SKIP(return, "no pid namespaces: %s", strerror(errno));
	inner = fork();
	ASSERT_LE(0, inner);
	if (!inner) {
		int fd, ret = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map_row(B_MARK, 5);
		if (getpid() != 1)
			_exit(10);
		/* 1 is this process, not the machine's init */
		fd = open_or_die(variant->entry, O_RDWR);
		if (set_target(fd, 1))
			ret = 11;
		else if (!shows(again(fd), B_MARK))
			ret = 12;
		/* processes outside have no number here */
		else if (set_target(fd, outer) != -ESRCH)
			ret = 13;
		else if (set_param("pid", "1"))
			ret = 14;
		else if (!shows(fresh(variant->entry), B_MARK))
			ret = 15;
		if (ret)
			_exit(ret);
		if (write(p[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			_exit(16);
		_exit(0);
	}
	close(p[1]);
	if (read(p[0], &c, 1) == 1) {
		/* seen from outside, it has another number */
		snprintf(s, sizeof(s), "%d", inner);
		EXPECT_EQ(0, write_string(self->fd, s));
		EXPECT_TRUE(shows(again(self->fd), B_MARK));
		/* the parameter holds the process that it named inside */
		EXPECT_TRUE(shows(fresh(variant->entry), B_MARK));
		ASSERT_EQ(1, write(back[1], &c, 1));
	}
	ASSERT_EQ(inner, waitpid(inner, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/*
 * An open needs a target that has a number where the opener is, and in the
 * instance of procfs that the entry is in.
 */

#define CHECK(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "# line %d: not so: %s\n", __LINE__, #condition); \
		_exit(1);							\
	}									\
} while (0)

static int try_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

TEST_F(target, without_a_number_there)
{
	int to_inner[2], from_inner[2], status, fd;
	char path[64], s[16], c = 0;
	pid_t inner;

	ASSERT_EQ(0, pipe2(to_inner, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(from_inner, O_CLOEXEC));
	snprintf(s, sizeof(s), "%d", self->a.pid);
	ASSERT_EQ(0, set_param("pid", s));
	if (unshare(CLONE_NEWPID))
		SKIP(return, "no pid namespaces: %s", strerror(errno));
	inner = fork();
	ASSERT_LE(0, inner);
	if (!inner) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* the parameter names a process outside: it has no number here */
		CHECK(try_open(variant->entry) == -ESRCH);
		CHECK(set_param("pid", "0") == 0);
		fd = open(variant->entry, O_RDWR);
		CHECK(fd >= 0);

		CHECK(!unshare(CLONE_NEWNS));
		CHECK(!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
		CHECK(!mount("proc", "/proc", "proc", 0, NULL));
		CHECK(!try_open(variant->entry));
		CHECK(write(from_inner[1], &c, 1) == 1);
		CHECK(read(to_inner[0], &c, 1) == 1);
		_exit(0);
	}
	close(from_inner[1]);
	if (read(from_inner[0], &c, 1) == 1) {
		/* and this process has none in that instance of procfs */
		snprintf(path, sizeof(path), "/proc/%d/root%s", inner, variant->entry);
		EXPECT_EQ(-ESRCH, try_open(path));
		snprintf(s, sizeof(s), "%d", inner);
		EXPECT_EQ(0, set_param("pid", s));
		EXPECT_EQ(0, try_open(path));
		fd = open_or_die(path, O_RDWR);
		EXPECT_EQ(0, set_target(fd, inner));
		EXPECT_EQ(-ESRCH, set_target(fd, self->a.pid));
		EXPECT_EQ(-ESRCH, write_string(fd, "0"));
		EXPECT_EQ(0, try_read(fd));
		close(fd);
		ASSERT_EQ(1, write(to_inner[1], &c, 1));
	}
	ASSERT_EQ(inner, waitpid(inner, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(target, ends_while_it_is_read)
{
	struct target t;
	unsigned int i;
	int ret;

	/* whatever the moment, a read is whole, or ESRCH, or empty */
	for (i = 0; i < 50; i++) {
		char *buffer = get_memory(1 << 20);
		ssize_t n;

		target_start(&t, a_init, end_command);
		ASSERT_EQ(0, set_target(self->fd, t.pid));
		ASSERT_EQ(1, write(t.to, "e", 1));
		n = read(self->fd, buffer, 1 << 20);
		ret = n < 0 ? -errno : 0;
		ASSERT_TRUE(!ret || ret == -ESRCH) {
			TH_LOG("read: %s", strerror(-ret));
		}
		if (n > 0 && strcmp(variant->entry, PROC "raw"))
			ASSERT_EQ('\n', buffer[n - 1]);
		target_end(&t);
		ASSERT_EQ(-ESRCH, try_read(self->fd));
		free(buffer);
	}
}

/* What the max_hold_us parameter takes */
TEST(max_hold_us)
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
	char c;

	/* the exec test's other self: says that it runs, and waits */
	if (argc == 2 && !strcmp(argv[1], "--wait"))
		return write(101, "", 1) != 1 || read(100, &c, 1) != 1;
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
