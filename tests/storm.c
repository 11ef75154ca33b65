// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that change all the time, in every way, while several readers on
 * several CPUs read them: each listing is in order, without overlaps, with nothing
 * twice, and has what was there all the time.
 *
 * Each storm is a process of its own, the driver, which publishes the IDs of those
 * that are worth reading, itself or its children. The readers read on until it is done.
 */
#include <linux/futex.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "stress.h"
#include "vmainfo_test.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define READERS 3
#define PUBLISHED 6
#define PIDS (1 << 22)	/* as many numbers as Linux has for them */

/* What every process here has, unless it did an exec: a row that is never touched */
#define MARK_AT 0x200000000000ul
#define MARKS 30
/* Where the storms map and unmap, each thread in one of its own */
#define ARENA(nr) (0x300000000000ul + (nr) * 0x10000000ul)
#define ARENA_PAGES 256
#define FILES 8

static struct shared {
	atomic_int published[PUBLISHED];
	atomic_uint nr_published;
	atomic_int driver;
	atomic_bool over;
	atomic_uint reads;		/* a futex */
	atomic_ullong atomic, torn, unknown, gone, empty, processes, steps;
	ino_t file_inode[FILES];	/* of the storm that maps files */
	atomic_bool was_read[PIDS];	/* by the number of the process */
} *shared;

/* All but the driver may do an exec. */
static bool marks_vanish;

static void publish(pid_t pid)
{
	unsigned int i = atomic_fetch_add(&shared->nr_published, 1);

	shared->published[i % PUBLISHED] = pid;
}

/*
 * Until so many more listings have been read, by whomever and of whomever; a tenth of
 * a second at most for each, lest one that found a violation keeps all others waiting.
 */
static void wait_for_reads(unsigned int n)
{
	struct timespec limit = { .tv_nsec = 100000000 };

	while (n--)
		syscall(SYS_futex, &shared->reads, FUTEX_WAIT, shared->reads, &limit, NULL, 0);
}

static void must(bool ok, const char *what)
{
	if (!ok)
		violation("the target: %s: %s", what, strerror(errno));
}

/* Readers */

static void check_marks(struct listing *l)
{
	struct region *r = region_of(l, MARK_AT);
	unsigned int i;

	for (i = 0; i < MARKS; i++, r++)
		if (!r || r >= l->regions + l->nr || r->start != MARK_AT + i * PAGE ||
		    r->end != r->start + PAGE ||
		    memcmp(r->perm, i % 2 ? "---p" : "r--p", 4))
			violation("page %u of what was there all the time is missing", i);
}

static unsigned int named(struct listing *l, const char *name)
{
	unsigned int i, n = 0;

	for (i = 0; i < l->nr; i++)
		n += !strncmp(l->regions[i].name, name, strlen(name));
	return n;
}

/* What the storm that runs makes sure of, on top of the marks */
static void (*check_more)(struct listing *l);

static void check_all(struct reader *r, pid_t pid)
{
	if (!marks_vanish || pid == shared->driver)
		check_marks(&r->l);
	if (check_more)
		check_more(&r->l);
}

/* All processes: whichever come and go, in order, and with those that stay */
static void check_procs(struct reader *r, int fd)
{
	int ret, pid, last = 0, seen = 0;
	unsigned int vmas;
	const char *s;

	r->text.len = 0;
	if (lseek(fd, 0, SEEK_SET))
		violation("procs: %s", strerror(errno));
	ret = read_all(fd, &r->text, &r->room, rnd_chunk(&r->rng));
	if (ret)
		violation("reading procs after %zu bytes: %s", r->text.len, strerror(-ret));
	if (strncmp(r->text.s, "#   pid ", 8) || r->text.s[r->text.len - 1] != '\n')
		violation("procs is not whole:\n%s", r->text.s);
	for (s = strchr(r->text.s, '\n') + 1; *s; s = strchr(s, '\n') + 1) {
		if (sscanf(s, "%d %u", &pid, &vmas) != 2 || pid <= last)
			violation("procs: a line after that of process %d:\n%s", last, s);
		last = pid;
		if (pid != getpid() && pid != getppid())
			continue;
		if (!vmas)
			violation("procs: process %d has no VMAs", pid);
		seen++;
	}
	if (seen != 2)
		violation("procs: a process is missing:\n%s", r->text.s);
}

static void __attribute__((noreturn)) read_on(unsigned int nr, struct rng rng)
{
	struct reader r;
	pid_t pid;
	unsigned int older, more_of_it;
	int procs_fd = open_or_die(VMAINFO_PROCS, O_RDONLY);
	char c;

	run_on_cpu(nr);
	reader_open(&r, rng);
	do {
		/* the newest, or one that was published before it */
		older = rnd(&r.rng, 2) ? 0 : rnd(&r.rng, PUBLISHED);
		pid = shared->published[(shared->nr_published - 1 - older) % PUBLISHED];
		if (!pid)
			continue;
		if (reader_read(&r, pid) && r.l.nr) {
			check_all(&r, pid);
			if (!atomic_exchange(&shared->was_read[pid % PIDS], true))
				shared->processes++;
			shared->reads++;
			syscall(SYS_futex, &shared->reads, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
		}
		if (rnd(&r.rng, 8) == 0)
			read_entry(&r, pid, SUMMARY);
		if (rnd(&r.rng, 8) == 0)
			check_procs(&r, procs_fd);
		/* many snapshots in little time: of these, nothing more is read */
		for (more_of_it = rnd(&r.rng, 8) ? 0 : rnd(&r.rng, 100); more_of_it; more_of_it--)
			if (!set_target(r.fd[0], pid) && read(r.fd[0], &c, 1) < 0 &&
			    errno != ESRCH)
				violation("read: %s", strerror(errno));
		if (rnd(&r.rng, 16) == 0 && set_param("max_hold_us", rnd_hold(&r.rng)))
			fatal("max_hold_us");
	} while (!shared->over);
	shared->atomic += r.atomic;
	shared->torn += r.torn;
	shared->unknown += r.unknown;
	shared->gone += r.gone;
	shared->empty += r.empty;
	_exit(0);
}

/* The storms: each step is told by its random numbers. */

/* Maps, unmaps, splits, merges, moves, grows, shrinks. */
static void map_step(struct rng *r, unsigned int arena)
{
	unsigned int n = 1 + rnd(r, 16);
	char *at = (char *)ARENA(arena) + rnd(r, ARENA_PAGES - n) * PAGE;
	size_t size = n * PAGE;
	int prot = rnd(r, 2) ? PROT_READ | PROT_WRITE : PROT_READ;
	void *p;

	switch (rnd(r, 8)) {
	case 0 ... 2:
		p = mmap(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		must(p == at, "mmap");
		if (prot & PROT_WRITE && rnd(r, 2))
			*(volatile char *)p = 1;
		break;
	case 3:
		must(!munmap(at, size), "munmap");
		break;
	case 4 ... 5:
		mprotect(at, size, prot);	/* fails at a gap */
		break;
	case 6:	/* fails where there is not one VMA */
		p = mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
		if (p == at)
			mremap(at, 2 * PAGE, PAGE, 0);
		else if (p != MAP_FAILED)
			munmap(p, 2 * PAGE);
		p = mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   (char *)ARENA(arena) + ARENA_PAGES * PAGE + rnd(r, 64) * PAGE);
		break;
	case 7:
		madvise(at, size, rnd(r, 2) ? MADV_DONTDUMP : MADV_DODUMP);
		break;
	}
	if (rnd(r, 64) == 0) {
		p = mmap((void *)ARENA(arena), 2 * ARENA_PAGES * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		must(p == (void *)ARENA(arena), "mmap");
	}
}

static void mapping(struct rng *r, unsigned int steps)
{
	unsigned int done;

	publish(getpid());
	for (done = 0; more(done, steps); done++) {
		map_step(r, 0);
		shared->steps++;
	}
}

/*
 * What a VMA points to comes and goes with it: nothing else has its file open, and it has
 * a policy and, where there are such, a name of its own. What there can be at a page
 * is known, so that what belongs to another one does not go unnoticed.
 */
#define RECYCLED 32	/* pages */
#define FILE_PATH "/tmp/vmainfo-storm."

static const struct {
	int mode;
	const char *name;
} policies[] = {
	{ MPOL_PREFERRED, "prefer " },
	{ MPOL_BIND, "bind " },
	{ MPOL_INTERLEAVE, "interleave " },
};

static void file_path(char *path, size_t size, unsigned int page)
{
	snprintf(path, size, FILE_PATH "%u", page % FILES);
}

/* A long way to it: most of the time, there is one that is being opened. */
static int open_file(unsigned int page)
{
	char path[2 * 1000 + 32];
	unsigned int i;

	for (i = 0; i < 1000; i++)
		memcpy(path + 2 * i, "/.", 2);
	file_path(path + 2 * i, 32, page);
	return open(path, O_RDONLY);
}

static void recycle_page(struct rng *r, unsigned int page)
{
	char *at = (char *)ARENA(0) + page * PAGE, name[32];
	int fd = -1, flags = MAP_PRIVATE, kind = rnd(r, 8);
	unsigned long node = 1;

	if (kind < 5) {
		fd = kind ? open_file(page) : open("/dev/zero", O_RDONLY);
		must(fd >= 0, "open");
	} else {
		flags = MAP_ANONYMOUS | (kind == 5 ? MAP_SHARED : MAP_PRIVATE);
	}
	must(mmap(at, PAGE, PROT_READ, flags | MAP_FIXED, fd, fd < 0 ? 0 : page * PAGE) == at,
	     "mmap");
	if (fd < 0 && rnd(r, 4)) {
		snprintf(name, sizeof(name), "page%u", page);
		/* not everywhere */
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, PAGE, name);
	} else if (fd >= 0) {
		close(fd);
	}
	if (rnd(r, 4) == 0)
		syscall(SYS_mbind, at, PAGE, policies[page % ARRAY_SIZE(policies)].mode,
			&node, 2, 0);
}

static void recycling(struct rng *r, unsigned int steps)
{
	unsigned int done, first, n, i;
	struct stat st;
	char path[32];
	int fd;

	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), i);
		fd = open(path, O_CREAT | O_RDWR, 0600);
		must(fd >= 0 && !fstat(fd, &st), path);
		shared->file_inode[i] = st.st_ino;
		close(fd);
	}
	publish(getpid());
	for (done = 0; more(done, steps); done++) {
		n = 1 + rnd(r, 8);
		first = rnd(r, RECYCLED - n + 1);
		if (rnd(r, 4)) {
			for (i = 0; i < n; i++)
				recycle_page(r, first + i);
		} else {
			must(!munmap((char *)ARENA(0) + first * PAGE, n * PAGE), "munmap");
		}
		shared->steps++;
	}
}

static void check_recycled(struct listing *l)
{
	struct region *r = l->regions, *end = r + l->nr;
	unsigned int page;
	const char *policy;
	char want[64];
	size_t len;

	for (; r < end; r++) {
		if (r->start < ARENA(0) || r->start >= ARENA(0) + RECYCLED * PAGE)
			continue;
		page = (r->start - ARENA(0)) / PAGE;
		len = strcspn(r->name, "\n");
		if (!strncmp(r->name, "[anon", 5)) {
			snprintf(want, sizeof(want), ":page%u]", page);
			if (len < strlen(want) || r->end != r->start + PAGE ||
			    strncmp(r->name + len - strlen(want), want, strlen(want)))
				violation("page %u is %.*s", page, (int)len, r->name);
		} else if (!strncmp(r->name, FILE_PATH, strlen(FILE_PATH))) {
			file_path(want, sizeof(want), page);
			if (len != strlen(want) || strncmp(r->name, want, len) ||
			    r->inode != shared->file_inode[page % FILES] ||
			    r->offset != page * PAGE || r->end != r->start + PAGE)
				violation("page %u is at %llx in %.*s, inode %lu", page,
					  r->offset, (int)len, r->name, r->inode);
		} else if (r->inode && strncmp(r->name, "/dev/zero", 9)) {
			violation("page %u is of %.*s", page, (int)len, r->name);
		}
		policy = policies[page % ARRAY_SIZE(policies)].name;
		if (r->policy && *r->policy != '-' &&
		    strncmp(r->policy, policy, strlen(policy)))
			violation("page %u has policy %.10s", page, r->policy);
	}
}

static void check_grown(struct listing *l)
{
	if (named(l, "[stack]") != 1)
		violation("%u stacks", named(l, "[stack]"));
	if (!named(l, "[heap]"))
		violation("no heap");
}

static void __attribute__((noinline)) grow_stack(unsigned int pages)
{
	volatile char page[PAGE];

	page[0] = 1;
	page[PAGE - 1] = 1;
	if (pages)
		grow_stack(pages - 1);
	page[1] = page[0];
}

/* A fresh process each time: a stack does not shrink. */
static void growing(struct rng *r, unsigned int steps)
{
	unsigned int done, i, pages;
	pid_t pid;

	for (done = 0; more(done, steps); done++) {
		pid = fork_child();
		if (!pid) {
			must(sbrk(PAGE) != (void *)-1, "sbrk");
			publish(getpid());
			for (i = 0; i < 50; i++) {
				pages = rnd(r, 100);
				must(sbrk(pages * PAGE) != (void *)-1, "sbrk");
				grow_stack(rnd(r, 16 * i + 1));
				must(sbrk(-(long)(pages * PAGE)) != (void *)-1, "sbrk");
			}
			_exit(0);
		}
		must(!reap(pid), "a process that grows");
		rnd64(r);
		shared->steps += 50;
	}
}

#define EXEC_AGAIN "--exec-again"

/* argv[2]: how many times more this program executes itself */
static int exec_again(const char *times)
{
	unsigned int left = strtoul(times, NULL, 10);
	char s[16];

	if (!left)
		return 0;
	snprintf(s, sizeof(s), "%u", left - 1);
	execl("/proc/self/exe", "storm", EXEC_AGAIN, s, (char *)NULL);
	return 1;
}

static void executing(struct rng *r, unsigned int steps)
{
	unsigned int done;
	pid_t pid;
	char s[16];

	snprintf(s, sizeof(s), "%u", 5 + rnd(r, 10));
	for (done = 0; more(done, steps); done++) {
		pid = fork_child();
		if (!pid) {
			publish(getpid());
			_exit(exec_again(s));
		}
		must(!reap(pid), "exec");
		shared->steps += strtoul(s, NULL, 10);
	}
}

/* Children that live for a moment, several at a time. */
static void forking(struct rng *r, unsigned int steps)
{
	unsigned int done, alive = 0;
	pid_t pid;

	/* thousands, however long that takes */
	for (done = 0; done < steps || more(done, steps); done++) {
		pid = fork();
		must(pid >= 0, "fork");
		if (!pid) {
			publish(getpid());
			if (rnd(r, 2))
				map_step(r, 0);
			if (rnd(r, 4))
				wait_for_reads(1);
			_exit(0);
		}
		rnd64(r);
		if (++alive > rnd(r, 8)) {
			must(waitpid(-1, NULL, 0) > 0, "wait");
			alive--;
		}
		shared->steps++;
	}
}

static void killed(struct rng *r, unsigned int steps)
{
	unsigned int done;
	pid_t pid;

	map_row((void *)0x500000000000, 100);
	for (done = 0; more(done, steps); done++) {
		pid = fork_child();
		if (!pid) {
			publish(getpid());
			for (;;)
				map_step(r, 0);
		}
		wait_for_reads(rnd(r, 4));
		nap(rnd(r, 3000));
		must(!kill(pid, SIGKILL), "kill");
		must(reap(pid) == 128 + SIGKILL, "being killed");
		rnd64(r);
		shared->steps++;
	}
}

static unsigned int thread_steps;

static void *thread(void *arg)
{
	static atomic_uint arena;
	struct rng r = { .state = (uint64_t)arg };
	unsigned int i, mine = ++arena;

	publish(syscall(SYS_gettid));
	for (i = 0; i < thread_steps; i++)
		map_step(&r, mine);
	return NULL;
}

#define THREADS 4

/* The leader waits for its threads, or exits before them. */
static void threads(struct rng *r, unsigned int steps, bool leader_first)
{
	pthread_t id[THREADS];
	unsigned int done, i;
	pid_t pid;

	for (done = 0; more(done, steps); done++) {
		pid = fork_child();
		if (!pid) {
			thread_steps = 1 + rnd(r, 50);
			publish(getpid());
			for (i = 0; i < THREADS; i++)
				must(!pthread_create(id + i, NULL, thread,
						     (void *)rnd64(r)), "thread");
			if (leader_first)
				pthread_exit(NULL);
			for (i = 0; i < THREADS; i++)
				must(!pthread_join(id[i], NULL), "join");
			wait_for_reads(1);
			_exit(0);
		}
		must(!reap(pid), "threads");
		rnd64(r);
		shared->steps++;
	}
}

static void threads_end_first(struct rng *r, unsigned int steps)
{
	threads(r, steps, false);
}

static void leader_ends_first(struct rng *r, unsigned int steps)
{
	threads(r, steps, true);
}

/* One that is stopped can be read: its driver does so while it is. */
static void stopped(struct rng *r, unsigned int steps)
{
	unsigned int done;
	struct reader reader;
	pid_t pid = fork_child();
	int status;

	if (!pid) {
		for (;;)
			map_step(r, 0);
	}
	reader_open(&reader, rng_fork(r));
	publish(pid);
	for (done = 0; more(done, steps); done++) {
		must(!kill(pid, SIGSTOP), "stop");
		must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "stopping");
		if (!reader_read(&reader, pid) || !reader.l.nr)
			violation("a process that is stopped is not shown");
		check_all(&reader, pid);
		must(!kill(pid, SIGCONT), "go on");
		wait_for_reads(rnd(r, 2));
		shared->steps++;
	}
	kill(pid, SIGKILL);
	reap(pid);
}

/* In a vfork: the child has its parent's VMAs, and the parent stands still. */
static int vfork_child(void *arg)
{
	struct rng *r = arg;
	unsigned int i, n = rnd(r, 30);

	publish(syscall(SYS_getpid));
	for (i = 0; i < n; i++)
		map_step(r, 0);
	if (rnd(r, 2))
		execl("/proc/self/exe", "storm", EXEC_AGAIN, "0", (char *)NULL);
	_exit(0);
}

static void in_vfork(struct rng *r, unsigned int steps)
{
	unsigned int done;
	char *stack = get_memory(16 * PAGE);
	int pid;

	publish(getpid());
	for (done = 0; more(done, steps); done++) {
		pid = clone(vfork_child, stack + 16 * PAGE,
			    CLONE_VM | CLONE_VFORK | SIGCHLD, r);
		must(pid > 0, "vfork");
		must(!reap(pid), "a child by vfork");
		wait_for_reads(rnd(r, 2));
		shared->steps++;
	}
}

FIXTURE(storm)
{
	struct rng rng;
};

FIXTURE_VARIANT(storm)
{
	const char *name;
	void (*run)(struct rng *r, unsigned int steps);
	unsigned int steps;
	void (*check)(struct listing *l);
	bool marks_vanish;
};

FIXTURE_VARIANT_ADD(storm, mmap_munmap) {
	"mmap_munmap", mapping, 10000, NULL, false
};
FIXTURE_VARIANT_ADD(storm, recycled_files) {
	"recycled_files", recycling, 5000, check_recycled, false
};
FIXTURE_VARIANT_ADD(storm, growing_stack_and_heap) {
	"growing_stack_and_heap", growing, 20, check_grown, false
};
FIXTURE_VARIANT_ADD(storm, execs) {
	"execs", executing, 20, NULL, true
};
FIXTURE_VARIANT_ADD(storm, forks) {
	"forks", forking, 2000, NULL, false
};
FIXTURE_VARIANT_ADD(storm, killed_processes) {
	"killed_processes", killed, 60, NULL, false
};
FIXTURE_VARIANT_ADD(storm, threads_exit_first) {
	"threads_exit_first", threads_end_first, 100, NULL, false
};
FIXTURE_VARIANT_ADD(storm, leader_exits_first) {
	"leader_exits_first", leader_ends_first, 100, NULL, false
};
FIXTURE_VARIANT_ADD(storm, stopped_process) {
	"stopped_process", stopped, 100, NULL, false
};
FIXTURE_VARIANT_ADD(storm, vforks) {
	"vforks", in_vfork, 200, NULL, true
};

FIXTURE_SETUP(storm)
{
	FATAL_IS_ASSERT();
	self->rng = stress_begin(variant->name);
	shared = get_shared(sizeof(*shared));
	map_row((void *)MARK_AT, MARKS);
	marks_vanish = variant->marks_vanish;
	check_more = variant->check;
}

FIXTURE_TEARDOWN(storm)
{
	char path[32];
	unsigned int i;

	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), i);
		unlink(path); /* if this was the storm that has them */
	}
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(storm, concurrent_reads)
{
	struct rng rng = rng_fork(&self->rng);
	pid_t driver, reader[READERS];
	unsigned int i;

	for (i = 0; i < READERS; i++) {
		struct rng child = rng_fork(&self->rng);

		reader[i] = fork_child();
		if (!reader[i])
			read_on(i, child);
	}
	driver = fork_child();
	if (!driver) {
		shared->driver = getpid();
		variant->run(&rng, variant->steps);
		_exit(0);
	}
	EXPECT_EQ(0, reap(driver));
	shared->over = true;
	for (i = 0; i < READERS; i++)
		EXPECT_EQ(0, reap(reader[i]));
	printf("# %s: %llu snapshots checked (%llu atomic, %llu torn), %llu processes read, %llu reads found them gone, %llu had nothing left; %llu steps, %u processes in all\n",
	       variant->name, shared->atomic + shared->torn + shared->unknown,
	       shared->atomic, shared->torn, shared->processes, shared->gone,
	       shared->empty, shared->steps, shared->nr_published);
	figure(shared->atomic + shared->torn + shared->unknown, "snapshots checked");
	figure(shared->processes, "processes read");
	EXPECT_LT(0u, shared->atomic);
	EXPECT_LT(0u, shared->processes);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], EXEC_AGAIN))
		return exec_again(argv[2]);
	stress_init(10, 45);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
