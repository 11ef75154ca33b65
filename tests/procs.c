// SPDX-License-Identifier: GPL-2.0
/*
 * procs: each column matches procfs, for all kinds of processes. All processes
 * of the pid namespace are listed in order, while others start and exit.
 */
#include <dirent.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "maps.h"
#include "vmainfo_test.h"

#define PROCS PROC "procs"
#define MAX_PROCESSES 32768

enum column {
	VMAS, TOTAL, DATA, STACK, EXEC, LOCKED, PINNED,
	RSS_ANON, RSS_FILE, RSS_SHMEM, SWAP,	/* in rss.c */
	COLUMNS
};

/* Between pid and comm. status has the sum in one or two lines. */
static const struct {
	const char *name;
	int width;
	const char *status[2];
} columns[COLUMNS] = {
	[VMAS] = { "vmas", 8, { NULL } },
	[TOTAL] = { "total_kB", 12, { "VmSize" } },
	[DATA] = { "data_kB", 12, { "VmData" } },
	[STACK] = { "stack_kB", 12, { "VmStk" } },
	[EXEC] = { "exec_kB", 12, { "VmExe", "VmLib" } },
	[LOCKED] = { "locked_kB", 12, { "VmLck" } },
	[PINNED] = { "pinned_kB", 12, { "VmPin" } },
	[RSS_ANON] = { "rss_anon_kB", 12, { NULL } },
	[RSS_FILE] = { "rss_file_kB", 12, { NULL } },
	[RSS_SHMEM] = { "rss_shmem_kB", 12, { NULL } },
	[SWAP] = { "swap_kB", 12, { NULL } },
};

struct line {
	pid_t pid;
	unsigned long long v[COLUMNS];
	char comm[80];
};

struct lines {
	struct line *l;
	unsigned int nr;
};

/* Prints a line, or the header for NULL, as procs does. */
static void print_line(char *s, const struct line *l)
{
	int n = l ? sprintf(s, "%7d", l->pid) : sprintf(s, "#%6s", "pid");
	enum column c;

	for (c = 0; c < COLUMNS; c++)
		n += l ? sprintf(s + n, " %*llu", columns[c].width, l->v[c]) :
		     sprintf(s + n, " %*s", columns[c].width, columns[c].name);
	sprintf(s + n, " %s\n", l ? l->comm : "comm");
}

/*
 * Parses a text. Each line must equal its values printed again, so that nothing
 * is left over; processes are in order, none of them twice.
 */
static struct lines parse(struct text t)
{
	struct lines all = { .l = get_memory((t.len / 60 + 1) * sizeof(*all.l)) };
	char again[400], *end;
	const char *s = t.s;
	struct line *l;
	enum column c;

	errno = 0;
	print_line(again, NULL);
	if (strncmp(s, again, strlen(again)))
		fatal("the header is \"%.*s\"", (int)strcspn(s, "\n"), s);
	for (s += strlen(again); *s; s += strlen(again)) {
		l = &all.l[all.nr++];
		l->pid = strtol(s, &end, 10);
		for (c = 0; c < COLUMNS; c++)
			l->v[c] = strtoull(end, &end, 10);
		end += *end == ' ';
		snprintf(l->comm, sizeof(l->comm), "%.*s", (int)strcspn(end, "\n"), end);
		print_line(again, l);
		if (strncmp(s, again, strlen(again)))
			fatal("a line is \"%.*s\", expected %s", (int)strcspn(s, "\n"), s,
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
		fatal("process %d is missing", pid);
	l = *found;
	free(all.l);
	return l;
}

/* The number in a line of status, or 0 without such a line */
static unsigned long long status_kb(struct text status, const char *key)
{
	char line[32];
	const char *s;

	snprintf(line, sizeof(line), "\n%s:", key ?: "");
	s = key ? strstr(status.s, line) : NULL;
	return s ? strtoull(s + strlen(line), NULL, 10) : 0;
}

/* The column that differs from what procfs has for a thread, or "" */
static const char *differs(const struct line *l, pid_t thread)
{
	struct text status;
	char path[64];
	enum column c;

	snprintf(path, sizeof(path), "task/%d/maps", thread);
	if (l->v[VMAS] != load_maps(l->pid, path).nr)
		return columns[VMAS].name;
	snprintf(path, sizeof(path), "task/%d/status", thread);
	status = slurp_proc(l->pid, path);
	for (c = TOTAL; c <= PINNED; c++)
		if (l->v[c] != status_kb(status, columns[c].status[0]) +
			       status_kb(status, columns[c].status[1]))
			return columns[c].name;
	return "";
}

static bool is_zero(const struct line *l)
{
	static const unsigned long long zero[COLUMNS];

	return !memcmp(l->v, zero, sizeof(zero));
}

/* A process with something in each column */

/* Pins memory as drivers do, here for io_uring. Not all kernels have it. */
static bool pin(void *at, size_t size)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { at, size };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	return fd >= 0 && !syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1);
}

static bool *pinned;	/* shared with the target */

static void init(void)
{
	char *row = map_row((void *)FAR(0x20), 100);
	char *p = map_at(NULL, 40 * PAGE, PROT_READ | PROT_WRITE);

	if (mlock(row, PAGE) || mlock(p, 7 * PAGE))
		fatal("mlock");
	map_at(NULL, 3 * PAGE, PROT_READ | PROT_EXEC);
	map_file(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Some kernels do not count pinned memory with that capability. */
	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_IPC_LOCK));
	*pinned = pin(p + 20 * PAGE, 3 * PAGE);
}

FIXTURE(procs)
{
	struct target target;
};

FIXTURE_SETUP(procs)
{
	pinned = get_shared(sizeof(*pinned));
	target_start(&self->target, init, NULL);
}

FIXTURE_TEARDOWN(procs)
{
	target_end(&self->target);
}

TEST_F(procs, columns_match_procfs)
{
	struct line l = line_of(self->target.pid);

	EXPECT_STREQ("", differs(&l, l.pid));
	EXPECT_LE(100u, l.v[VMAS]);
	EXPECT_LE(100u * 4, l.v[TOTAL]);
	EXPECT_LT(0u, l.v[DATA]);
	EXPECT_LT(0u, l.v[STACK]);
	EXPECT_LE(3u * 4, l.v[EXEC]);
	EXPECT_EQ(8u * 4, l.v[LOCKED]);
	EXPECT_LE(*pinned ? 3u * 4 : 0, l.v[PINNED]);
	if (!*pinned)
		printf("# this kernel has no io_uring to pin memory\n");
	EXPECT_STREQ("procs", l.comm);
}

/* What /proc has, as far as it is compared */
static struct lines read_proc(void)
{
	struct lines all = { .l = get_memory(MAX_PROCESSES * sizeof(*all.l)) };
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	pid_t pid;

	if (!dir)
		fatal("/proc");
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid && all.nr < MAX_PROCESSES)
			all.l[all.nr++].pid = pid;
	}
	closedir(dir);
	if (all.nr == MAX_PROCESSES)
		fatal("too many processes");
	return all;
}

/* Only processes that start or exit in between may be missing or too many. */
TEST_F(procs, all_processes)
{
	struct lines before = read_proc(), all = read_procs(4096), after = read_proc();
	unsigned int i;
	pid_t pid;

	EXPECT_TRUE(find(before, getpid()) && find(before, getppid()) && find(before, 1));
	for (i = 0; i < before.nr; i++) {
		pid = before.l[i].pid;
		EXPECT_TRUE(find(all, pid) || !find(after, pid)) {
			TH_LOG("process %d is missing", pid);
		}
	}
	for (i = 0; i < all.nr; i++) {
		pid = all.l[i].pid;
		EXPECT_TRUE(find(before, pid) || find(after, pid) || kill(pid, 0)) {
			TH_LOG("process %d is only in procs", pid);
		}
	}
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
	EXPECT_LT(0u, l.v[VMAS]);
	target_kill(&z);
	l = line_of(z.pid);
	EXPECT_TRUE(is_zero(&l));
	EXPECT_STREQ("procs", l.comm);
	target_end(&z);
	EXPECT_EQ(NULL, find(read_procs(65536), z.pid));
}

static void threads_init(void)
{
	map_row((void *)FAR(0x30), 50);
	start_sleeping_thread();
	start_sleeping_thread();
}

/* A process is one line, and lives on in its threads when its leader exits. */
TEST_F(procs, threads_not_listed)
{
	struct target t;
	struct line l;
	pid_t thread;

	target_start(&t, threads_init, NULL);
	thread = other_thread(t.pid);
	l = line_of(t.pid);
	EXPECT_STREQ("", differs(&l, t.pid));
	EXPECT_EQ(NULL, find(read_procs(65536), thread));

	tell_leader_to_exit(&t);
	l = line_of(t.pid);
	EXPECT_STREQ("", differs(&l, thread));
	EXPECT_LT(50u, l.v[VMAS]);
	target_end(&t);
}

static void strange_init(void)
{
	prctl(PR_SET_NAME, "\n a\\b\tc\nd \x80");
}

/* The name is escaped as in status. */
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

/* Processes that start and exit do not disturb the lines of others. */

#define RESIDENTS 40
#define VISITORS 3

TEST_F(procs, concurrent_fork_exit)
{
	static const size_t chunks[] = { 100, 4096, 65536, 5000, 1000 };
	struct target resident[RESIDENTS];
	pid_t visitor[VISITORS], pid;
	unsigned int i, j;
	const struct line *l;
	struct lines all;

	for (i = 0; i < RESIDENTS; i++)
		target_start(&resident[i], NULL, NULL);
	for (i = 0; i < VISITORS; i++) {
		visitor[i] = fork_child();
		if (visitor[i])
			continue;
		for (;;) {
			pid = fork_child();
			if (!pid)
				_exit(0);
			reap(pid);
		}
	}
	for (i = 0; i < 100; i++) {
		all = read_procs(chunks[i % ARRAY_SIZE(chunks)]);
		for (j = 0; j < RESIDENTS; j++) {
			l = find(all, resident[j].pid);
			ASSERT_NE(NULL, l) {
				TH_LOG("process %d is missing", resident[j].pid);
			}
			ASSERT_LT(0u, l->v[VMAS]);
		}
		ASSERT_NE(NULL, find(all, getpid()));
		free(all.l);
	}
	for (i = 0; i < VISITORS; i++)
		end_child(visitor[i]);
	for (i = 0; i < RESIDENTS; i++)
		target_end(&resident[i]);
}

/*
 * The test unshares its mounts. Processes that it starts after that are in a
 * pid namespace of their own, whose procfs the first one mounts on /proc.
 */

static int host_proc = -1, host_fd;
static pid_t host_pid;

/* Does procs have exactly these processes, from 1 on, and each with VMAs? */
static bool lists(struct lines all, const pid_t *pid, unsigned int n)
{
	unsigned int i;

	if (all.nr != n)
		return false;
	for (i = 0; i < n; i++)
		if (all.l[i].pid != pid[i] || !all.l[i].v[VMAS])
			return false;
	return true;
}

static const pid_t inner_pids[] = { 1, 2, 3, 4 };

/* The instance of procfs selects the processes, not the opener or reader. */
static void inner_command(char c)
{
	struct lines all;
	int fd;

	CHECK(c == 'l' && getpid() == 1);
	CHECK(lists(read_procs(65536), inner_pids, 4));
	all = parse(slurp(host_fd, 65536));
	CHECK(all.nr > 4 && find(all, host_pid) && find(all, host_pid)->v[VMAS]);
	fd = openat(host_proc, "vmainfo/procs", O_RDONLY);
	CHECK(fd >= 0);
	all = parse(slurp(fd, 65536));
	CHECK(all.nr > 4 && find(all, host_pid) && find(all, host_pid)->v[VMAS]);
}

static void start_namespace(struct target *first)
{
	host_fd = open_or_die(PROCS, O_RDONLY);
	host_proc = open_or_die("/proc", O_RDONLY | O_DIRECTORY);
	host_pid = getpid();
	first->pid = 0;
	if (unshare(CLONE_NEWPID))
		return;
	make_mounts_private();
	target_start(first, mount_procfs, inner_command);
}

TEST_F(procs, pid_namespace_of_procfs)
{
	static const pid_t left[] = { 1, 2, 4 };
	struct target first;
	struct lines all;
	pid_t child[3];
	unsigned int i;
	int fd;

	start_namespace(&first);
	if (!first.pid)
		SKIP(return, "this kernel has no pid namespaces (CONFIG_PID_NS)");
	for (i = 0; i < 3; i++)
		child[i] = sleeping_child();
	tell(&first, 'l');
	/* with the same mounts, but in another pid namespace */
	fd = open_or_die(PROCS, O_RDONLY);
	EXPECT_TRUE(lists(parse(slurp(fd, 65536)), inner_pids, 4));
	end_child(child[1]);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_TRUE(lists(parse(slurp(fd, 65536)), left, 3));
	/* and the file that was opened first still lists what it did */
	ASSERT_EQ(0, lseek(host_fd, 0, SEEK_SET));
	all = parse(slurp(host_fd, 65536));
	EXPECT_NE(NULL, find(all, getpid()));
	EXPECT_NE(NULL, find(all, 1));
	/* Process 1 of a namespace ends after all others in it. */
	end_child(child[0]);
	end_child(child[2]);
	target_end(&first);
}

#define SLEEPERS 200

/* A reader whose next process exits goes on with the one after it. */
TEST_F(procs, next_process_exits)
{
	char buffer[PAGE + 1], *end;
	pid_t pid[SLEEPERS];
	struct target first;
	unsigned int i;
	ssize_t n;
	int fd;

	start_namespace(&first);
	if (!first.pid)
		SKIP(return, "this kernel has no pid namespaces (CONFIG_PID_NS)");
	for (i = 0; i < SLEEPERS; i++)
		pid[i] = sleeping_child();
	/* a page of them, and then only the last is left */
	fd = open_or_die(PROCS, O_RDONLY);
	n = read(fd, buffer, PAGE);
	ASSERT_LT(0, n);
	for (i = 0; i < SLEEPERS - 1; i++)
		end_child(pid[i]);
	n = read(fd, buffer, PAGE);
	ASSERT_LT(0, n);
	buffer[n] = 0;
	/* the first process has number 1 */
	EXPECT_EQ(SLEEPERS + 1, strtol(buffer, &end, 10));
	EXPECT_EQ(buffer + n - 1, strchr(buffer, '\n'));
	EXPECT_EQ(0, read(fd, buffer, PAGE));
	end_child(pid[i]);
	target_end(&first);
}

TEST(read_only)
{
	/* root can open it for writing, but not write */
	int fd = open_or_die(PROCS, O_RDWR);

	EXPECT_EQ(-EIO, write_string(fd, "1"));
	EXPECT_EQ(-ENOTTY, result_of(ioctl(fd, VMAINFO_GET_HEADER, NULL)));
	EXPECT_LT(100u, slurp(fd, 4096).len);
}

VMAINFO_TEST_MAIN()
