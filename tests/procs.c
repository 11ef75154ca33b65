// SPDX-License-Identifier: GPL-2.0
/*
 * procs: each column against procfs, for all kinds of processes; which processes are listed
 * and in which order, while others come and go; reads of any size.
 */
#include <dirent.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "maps.h"
#include "vmainfo_test.h"

#define PROCS PROC "procs"
/* Where the first procfs is for processes in another pid namespace */
#define HOST_PROC "/tmp/vmainfo-procs-proc"
#define HEADER "#   pid     vmas     total_kB      data_kB     stack_kB      exec_kB" \
	       "    locked_kB    pinned_kB comm\n"

struct line {
	pid_t pid;
	unsigned long long vmas, total, data, stack, exec, locked, pinned;
	char comm[80];
};

struct lines {
	struct line *l;
	unsigned int nr;
};

/*
 * Parses a text. Each line must equal its values printed again, so that nothing is left
 * over; processes are in order, none of them twice.
 */
static struct lines parse(struct text t)
{
	struct lines all = { .l = get_memory((t.len / 60 + 1) * sizeof(*all.l)) };
	const char *s = t.s;
	char again[300];
	struct line *l;

	errno = 0;
	if (strncmp(s, HEADER, strlen(HEADER)))
		fatal("the header is \"%.*s\"", (int)strcspn(s, "\n"), s);
	for (s += strlen(HEADER); *s; s += strlen(again)) {
		l = &all.l[all.nr++];
		if (sscanf(s, "%d %llu %llu %llu %llu %llu %llu %llu%*1[ ]%79[^\n]", &l->pid,
			   &l->vmas, &l->total, &l->data, &l->stack, &l->exec, &l->locked,
			   &l->pinned, l->comm) < 8)
			fatal("a line is \"%.*s\"", (int)strcspn(s, "\n"), s);
		snprintf(again, sizeof(again), "%7d %8llu %12llu %12llu %12llu %12llu %12llu %12llu %s\n",
			 l->pid, l->vmas, l->total, l->data, l->stack, l->exec, l->locked,
			 l->pinned, l->comm);
		if (strncmp(s, again, strlen(again)))
			fatal("a line is \"%.*s\", and should be %s", (int)strcspn(s, "\n"), s,
			      again);
		if (all.nr > 1 && l->pid <= l[-1].pid)
			fatal("%d comes after %d", l->pid, l[-1].pid);
	}
	return all;
}

static struct lines read_procs(size_t chunk)
{
	int fd = open_or_die(PROCS, O_RDONLY);
	struct text t = slurp(fd, chunk);
	struct lines all = parse(t);

	close(fd);
	free(t.s);
	return all;
}

static const struct line *find(struct lines all, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		if (all.l[i].pid == pid)
			return &all.l[i];
	return NULL;
}

static struct line line_of(pid_t pid)
{
	struct lines all = read_procs(65536);
	const struct line *found = find(all, pid);
	struct line l;

	if (!found)
		fatal("process %d is not there", pid);
	l = *found;
	free(all.l);
	return l;
}

/* A line of status: its number, or 0 if it is not there */
static unsigned long long status_kb(struct text status, const char *key)
{
	char line[32];
	const char *s;

	snprintf(line, sizeof(line), "\n%s:", key);
	s = strstr(status.s, line);
	return s ? strtoull(s + strlen(line), NULL, 10) : 0;
}

/* Which column of a line is not as procfs has it of a thread, or NULL */
static const char *differs(const struct line *l, pid_t thread)
{
	char path[64];
	struct text status;

	snprintf(path, sizeof(path), "task/%d/maps", thread);
	if (l->vmas != load_maps(l->pid, path).nr)
		return "vmas";
	snprintf(path, sizeof(path), "task/%d/status", thread);
	status = slurp_proc(l->pid, path);
	return l->total != status_kb(status, "VmSize") ? "total_kB" :
	       l->data != status_kb(status, "VmData") ? "data_kB" :
	       l->stack != status_kb(status, "VmStk") ? "stack_kB" :
	       l->exec != status_kb(status, "VmExe") + status_kb(status, "VmLib") ? "exec_kB" :
	       l->locked != status_kb(status, "VmLck") ? "locked_kB" :
	       l->pinned != status_kb(status, "VmPin") ? "pinned_kB" : NULL;
}

static bool is_zero(const struct line *l)
{
	return !l->vmas && !l->total && !l->data && !l->stack && !l->exec && !l->locked &&
	       !l->pinned;
}

/* Where processes of the tests say what they cannot by a pipe */
static struct shared {
	bool pinned;
	pid_t thread;
	bool over;
} *shared;

/* A process with something in each column */

/* As much as drivers do: a buffer that io_uring keeps. Not on all kernels. */
static bool pin(void *at, size_t size)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { at, size };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	return fd >= 0 && !syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1);
}

static void init(void)
{
	char *row = map_row((void *)0x200000000000, 100);
	char *p = map_at(NULL, 40 * PAGE, PROT_READ | PROT_WRITE);

	if (mlock(row, PAGE) || mlock(p, 7 * PAGE))
		fatal("mlock");
	map_at(NULL, 3 * PAGE, PROT_READ | PROT_EXEC);
	map_file(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* what a process with that capability pins is not counted everywhere */
	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_IPC_LOCK));
	shared->pinned = pin(p + 20 * PAGE, 3 * PAGE);
}

FIXTURE(procs)
{
	struct target target;
};

FIXTURE_SETUP(procs)
{
	shared = get_shared(sizeof(*shared));
	target_start(&self->target, init, NULL);
}

FIXTURE_TEARDOWN(procs)
{
	target_end(&self->target);
}

TEST_F(procs, columns_match_procfs)
{
	struct line l = line_of(self->target.pid);

	EXPECT_EQ(NULL, differs(&l, l.pid)) {
		TH_LOG("%s", differs(&l, l.pid));
	}
	EXPECT_LE(100u, l.vmas);
	EXPECT_LE(100u * 4, l.total);
	EXPECT_LT(0u, l.data);
	EXPECT_LT(0u, l.stack);
	EXPECT_LE(3u * 4, l.exec);
	EXPECT_EQ(8u * 4, l.locked);
	EXPECT_LE(shared->pinned ? 3u * 4 : 0, l.pinned);
	if (!shared->pinned)
		printf("# this kernel has no io_uring to pin memory\n");
	EXPECT_STREQ("procs", l.comm);
}

/* All of them but those that came or went in between */
TEST_F(procs, all_processes)
{
	struct lines before, after;
	const struct dirent *entry;
	unsigned int i, n = 0, left = 0;
	pid_t pid;
	DIR *dir;

	before = read_procs(4096);
	dir = opendir("/proc");
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		n += pid && find(before, pid);
	}
	closedir(dir);
	after = read_procs(65536);
	/* kworkers may go: what has not gone by now was in /proc */
	for (i = 0; i < before.nr; i++)
		left += !kill(before.l[i].pid, 0);
	EXPECT_LT(2u, n);
	EXPECT_GE(before.nr, n);
	EXPECT_LE(left, n);
	dir = opendir("/proc");
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid && find(before, pid))
			EXPECT_NE(NULL, find(after, pid)) {
				TH_LOG("process %d", pid);
			}
	}
	closedir(dir);
	EXPECT_NE(NULL, find(after, getpid()));
	EXPECT_NE(NULL, find(after, getppid()));
	EXPECT_NE(NULL, find(after, 1));
}

TEST_F(procs, kernel_thread)
{
	struct line l;

	if (!has_kthreadd())
		SKIP(return, "process 2 is not kthreadd: this is a container");
	l = line_of(2);
	EXPECT_TRUE(is_zero(&l));
	EXPECT_STREQ("kthreadd", l.comm);
}

TEST_F(procs, zombie)
{
	struct target z;
	struct line l;

	target_start(&z, NULL, NULL);
	l = line_of(z.pid);
	EXPECT_LT(0u, l.vmas);
	target_kill(&z);
	l = line_of(z.pid);
	EXPECT_TRUE(is_zero(&l));
	EXPECT_STREQ("procs", l.comm);
	target_end(&z);
	EXPECT_EQ(NULL, find(read_procs(65536), z.pid));
}

/* Threads are not listed. */

static void *rest(void *arg)
{
	if (arg)
		shared->thread = syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static void threads_init(void)
{
	unsigned int i;
	pthread_t id;

	map_row((void *)0x300000000000, 50);
	for (i = 0; i < 20; i++)
		if (pthread_create(&id, NULL, rest, i == 10 ? shared : NULL))
			_exit(1);
	while (!*(volatile pid_t *)&shared->thread)
		sched_yield();
}

TEST_F(procs, threads_not_listed)
{
	struct target t;
	struct line l;

	target_start(&t, threads_init, NULL);
	l = line_of(t.pid);
	EXPECT_EQ(NULL, differs(&l, t.pid)) {
		TH_LOG("%s", differs(&l, t.pid));
	}
	EXPECT_EQ(NULL, find(read_procs(65536), shared->thread));
	target_end(&t);
}

/* A process whose leader has exited lives on in its threads. */
TEST_F(procs, exited_leader)
{
	char path[64];
	struct text t;
	struct line l;
	pid_t pid;

	pid = fork_child();
	if (!pid) {
		threads_init();
		pthread_exit(NULL);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (;;) {
		t = slurp_path(path);
		/* It looks for the mm first, and can have been in between. */
		if (strstr(t.s, "\nState:\tZ") && !strstr(t.s, "VmSize"))
			break;
		free(t.s);
		usleep(1000);
	}
	l = line_of(pid);
	EXPECT_EQ(NULL, differs(&l, shared->thread)) {
		TH_LOG("%s", differs(&l, shared->thread));
	}
	EXPECT_LT(50u, l.vmas);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, reap(pid));
}

static void strange_init(void)
{
	prctl(PR_SET_NAME, "\n a\\b\tc\nd \x80");
}

/* As status says it, whatever it is */
TEST_F(procs, comm_escaped)
{
	struct target t;
	struct text status;
	struct line l;

	target_start(&t, strange_init, NULL);
	l = line_of(t.pid);
	status = slurp_proc(t.pid, "status");
	*strchr(status.s, '\n') = 0;
	EXPECT_STREQ(status.s + strlen("Name:\t"), l.comm);
	EXPECT_STREQ("\\n a\\\\b\tc\\nd \x80", l.comm);
	target_end(&t);
}

/* Processes that come and go: nothing of that shows in the lines of the others. */

#define RESIDENTS 40
#define VISITORS 3

TEST_F(procs, concurrent_fork_exit)
{
	static const size_t chunks[] = { 100, 4096, 65536, 5000, 1000 };
	struct target resident[RESIDENTS];
	pid_t visitor[VISITORS], pid;
	unsigned int i, j, most = 0;
	const struct line *l;
	struct lines all;

	for (i = 0; i < RESIDENTS; i++)
		target_start(&resident[i], NULL, NULL);
	for (i = 0; i < VISITORS; i++) {
		visitor[i] = fork_child();
		if (visitor[i])
			continue;
		while (!*(volatile bool *)&shared->over) {
			pid = fork_child();
			if (!pid)
				_exit(0);
			reap(pid);
		}
		_exit(0);
	}
	for (i = 0; i < 100; i++) {
		all = read_procs(chunks[i % ARRAY_SIZE(chunks)]);
		most = all.nr > most ? all.nr : most;
		for (j = 0; j < RESIDENTS; j++) {
			l = find(all, resident[j].pid);
			ASSERT_NE(NULL, l) {
				TH_LOG("process %d is not there", resident[j].pid);
			}
			ASSERT_LT(0u, l->vmas);
		}
		ASSERT_NE(NULL, find(all, getpid()));
		free(all.l);
	}
	shared->over = true;
	for (i = 0; i < VISITORS; i++)
		EXPECT_EQ(0, reap(visitor[i]));
	for (i = 0; i < RESIDENTS; i++)
		target_end(&resident[i]);
}

/* In a pid namespace and a procfs of its own, which have only processes of this test. */

static int to_inner[2], from_inner[2];

/* Old headers of the C library and of the kernel cannot be used together. */
static int mount(const char *what, const char *where, const char *type, unsigned long flags)
{
	return syscall(SYS_mount, what, where, type, flags, NULL);
}

/*
 * What the first process of a new one returns by exiting, or KSFT_SKIP. outside() may be NULL;
 * it runs meanwhile, and sees the same files.
 */
static int in_pid_namespace(void (*run)(void), void (*outside)(void))
{
	int status;
	pid_t pid;

	if (mkdir(HOST_PROC, 0700) && errno != EEXIST)
		fatal(HOST_PROC);
	pid = fork_child();
	if (pid) {
		status = reap(pid);
		if (rmdir(HOST_PROC))
			fatal(HOST_PROC);
		return status;
	}
	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		_exit(KSFT_SKIP);
	CHECK(!pipe(to_inner) && !pipe(from_inner));
	pid = fork();	/* fork_child() looks at the parent's number, which is 0 in there */
	if (pid) {
		if (outside)
			outside();
		_exit(reap(pid));
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHECK(!mount("none", "/", NULL, MS_REC | MS_PRIVATE));
	CHECK(!mount("/proc", HOST_PROC, NULL, MS_BIND | MS_REC));
	CHECK(!mount("proc", "/proc", "proc", 0));
	run();
	_exit(0);
}

static pid_t sleeper(void)
{
	pid_t pid = fork_child();

	while (!pid)
		pause();
	return pid;
}

static int outer_fd;
static pid_t outer_pid;

/* Does procs list what there is in the procfs that it is in? Nothing comes or goes. */
static bool lists_its_procfs(const char *procfs)
{
	const struct dirent *entry;
	unsigned int n = 0;
	struct lines all;
	char path[64];
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/vmainfo/procs", procfs);
	fd = open_or_die(path, O_RDONLY);
	all = parse(slurp(fd, 65536));
	close(fd);
	dir = opendir(procfs);
	if (!dir)
		fatal("%s", procfs);
	while ((entry = readdir(dir))) {
		if (!atoi(entry->d_name))
			continue;
		n++;
		if (!find(all, atoi(entry->d_name)))
			return false;
	}
	closedir(dir);
	return n == all.nr;
}

static void two_namespaces(void)
{
	pid_t child[3], i;
	struct lines all;
	char c;
	int fd = open_or_die(PROCS, O_RDONLY);

	CHECK(getpid() == 1);
	for (i = 0; i < 3; i++) {
		child[i] = sleeper();
		CHECK(child[i] == i + 2);
	}
	all = parse(slurp(fd, 65536));
	CHECK(all.nr == 4);
	for (i = 0; i < 4; i++)
		CHECK(all.l[i].pid == i + 1 && all.l[i].vmas);
	CHECK(lists_its_procfs("/proc"));
	/* The instance of procfs counts, not who reads, or opens. */
	all = parse(slurp(outer_fd, 65536));
	CHECK(all.nr > 4 && find(all, outer_pid) && find(all, outer_pid)->vmas);
	fd = open_or_die(HOST_PROC "/vmainfo/procs", O_RDONLY);
	all = parse(slurp(fd, 65536));
	CHECK(all.nr > 4 && find(all, outer_pid) && find(all, outer_pid)->vmas);
	close(fd);
	fd = open_or_die(PROCS, O_RDONLY);
	CHECK(write(from_inner[1], "", 1) == 1 && read(to_inner[0], &c, 1) == 1);
	kill(child[1], SIGKILL);
	reap(child[1]);
	CHECK(!lseek(fd, 0, SEEK_SET));
	all = parse(slurp(fd, 65536));
	CHECK(all.nr == 3);
	CHECK(!find(all, 3) && find(all, 4));
}

/* In the same mount namespace, but not in the pid namespace */
static void look_from_outside(void)
{
	struct lines all;
	char c;
	int i;

	close(from_inner[1]);
	CHECK(read(from_inner[0], &c, 1) == 1);
	all = read_procs(65536);
	CHECK(all.nr == 4);
	for (i = 0; i < 4; i++)
		CHECK(all.l[i].pid == i + 1 && all.l[i].vmas);
	CHECK(write(to_inner[1], "", 1) == 1);
}

TEST_F(procs, pid_namespace_of_procfs)
{
	struct lines all;
	int ret;

	outer_fd = open_or_die(PROCS, O_RDONLY);
	outer_pid = getpid();
	ret = in_pid_namespace(two_namespaces, look_from_outside);
	if (ret == KSFT_SKIP)
		SKIP(return, "no pid namespaces");
	EXPECT_EQ(0, ret);
	/* and here it is ours again */
	ASSERT_EQ(0, lseek(outer_fd, 0, SEEK_SET));
	all = parse(slurp(outer_fd, 65536));
	EXPECT_NE(NULL, find(all, getpid()));
	EXPECT_NE(NULL, find(all, 1));
}

#define QUIET 200

/* A reader that is at a process which goes is at the next one then. */
static void going(void)
{
	int fd = open_or_die(PROCS, O_RDONLY);
	pid_t pid[QUIET];
	char buffer[PAGE + 1];
	unsigned int i, lines = 0;
	ssize_t n;

	for (i = 0; i < QUIET; i++)
		pid[i] = sleeper();
	/* a page of them, and then only the last is left */
	n = read(fd, buffer, PAGE);
	CHECK(n > 0 && n <= (ssize_t)PAGE);
	for (i = 0; i < QUIET - 1; i++) {
		kill(pid[i], SIGKILL);
		reap(pid[i]);
	}
	n = read(fd, buffer, PAGE);
	CHECK(n > 0);
	buffer[n] = 0;
	for (i = 0; i < n; i++)
		lines += buffer[i] == '\n';
	CHECK(lines == 1 && atoi(buffer) == pid[QUIET - 1]);
	CHECK(!read(fd, buffer, PAGE));
}

TEST_F(procs, next_process_exits)
{
	int ret = in_pid_namespace(going, NULL);

	if (ret == KSFT_SKIP)
		SKIP(return, "no pid namespaces");
	EXPECT_EQ(0, ret);
}

TEST(read_only)
{
	struct stat st;
	int fd;

	ASSERT_EQ(0, stat(PROCS, &st));
	EXPECT_EQ(S_IFREG | 0400u, st.st_mode);
	EXPECT_EQ(0u, st.st_uid);
	/* root is let in nevertheless, to no use */
	fd = open_or_die(PROCS, O_RDWR);
	EXPECT_EQ(-EIO, write_string(fd, "1"));
	EXPECT_EQ(-1, ioctl(fd, VMAINFO_GET_HEADER, NULL));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_LT(100u, slurp(fd, 4096).len);
}

TEST(cap_sys_ptrace_required)
{
	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYS_PTRACE));
	EXPECT_EQ(-1, open(PROCS, O_RDONLY));
	EXPECT_EQ(EPERM, errno);
}

TEST(unload_while_open)
{
	int fd = open_or_die(PROCS, O_RDONLY), ret;
	char c;

	ASSERT_EQ(1, read(fd, &c, 1));
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pread(fd, &c, 1, 0));
	EXPECT_EQ(EIO, errno);
	ret = module_load("");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, close(fd));
}

VMAINFO_TEST_MAIN
