// SPDX-License-Identifier: GPL-2.0
/*
 * Reads processes that change all the time, in every way, by several readers on
 * several CPUs. Each listing is in order, without overlaps or duplicates, and
 * has what never changes.
 *
 * Each storm is a process of its own, the driver. It publishes the IDs of the
 * processes that are worth reading, itself or its children. The readers go on
 * until it exits.
 */
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "stress.h"
#include "vmainfo_test.h"

#define READERS 3
#define PUBLISHED 6

/* A row that every process here has and never changes, except by exec */
#define MARK_AT FAR(0x20)
#define MARKS 30
/* Where the storms map and unmap, each thread in its own arena */
#define ARENA(nr) (FAR(0x30) + (nr) * FAR(1))
#define ARENA_PAGES 256
#define FILES 8

static struct shared {
	atomic_int published[PUBLISHED];
	atomic_uint nr_published;
	atomic_int driver;
	atomic_bool over, seen_atomic;
	atomic_uint reads;
	atomic_ullong snapshots, atomic, torn, gone, steps;
	ino_t file_inode[FILES];	/* of recycled_files */
} *shared;

/* Processes other than the driver may do an exec. */
static bool marks_vanish;

static void publish(pid_t pid)
{
	unsigned int i = atomic_fetch_add(&shared->nr_published, 1);

	shared->published[i % PUBLISHED] = pid;
}

/*
 * Waits until n more listings have been read, of any process. It waits a tenth
 * of a second at most for each, because a reader that found a violation has
 * exited.
 */
static void wait_for_reads(unsigned int n)
{
	unsigned int before = shared->reads, i;

	for (i = 0; i < 100 * n && shared->reads - before < n; i++)
		usleep(1000);
}

static void must(bool ok, const char *what)
{
	if (!ok)
		violation("the target: %s: %s", what, strerror(errno));
}

/* Readers */

static unsigned int named(struct listing *l, const char *name)
{
	unsigned int i, n = 0;

	for (i = 0; i < l->nr; i++)
		n += !strncmp(l->regions[i].name, name, strlen(name));
	return n;
}

/* What the current storm checks in addition */
static void (*check_more)(struct listing *l);

static void check_all(struct reader *r, pid_t pid)
{
	if (!marks_vanish || pid == shared->driver)
		if (!has_row(&r->l, MARK_AT, MARKS))
			violation("process %d: the row is incomplete", pid);
	if (check_more)
		check_more(&r->l);
}

static void __attribute__((noreturn)) read_on(unsigned int nr, struct rng rng)
{
	struct reader r;
	pid_t pid;
	unsigned int older, more_of_it;
	char c;

	run_on_cpu(nr);
	reader_open(&r, rng);
	do {
		/* The latest process, or one published before it */
		older = rnd(&r.rng, 2) ? 0 : rnd(&r.rng, PUBLISHED);
		pid = shared->published[(shared->nr_published - 1 - older) % PUBLISHED];
		if (!pid)
			continue;
		if (reader_read(&r, pid) && r.l.nr) {
			check_all(&r, pid);
			shared->reads++;
			if (r.walks[WALK_ATOMIC])
				shared->seen_atomic = true;
		}
		if (rnd(&r.rng, 8) == 0)
			read_entry(&r, pid, SUMMARY);
		/* Many snapshots, of which only one byte is read */
		for (more_of_it = rnd(&r.rng, 8) ? 0 : rnd(&r.rng, 100); more_of_it; more_of_it--)
			if (!set_target(r.fd[0], pid) && read(r.fd[0], &c, 1) < 0 &&
			    errno != ESRCH)
				violation("read: %s", strerror(errno));
		if (rnd(&r.rng, 16) == 0 && set_param("max_hold_us", rnd_hold(&r.rng)))
			fatal("max_hold_us");
	} while (!shared->over);
	shared->snapshots += r.walks[WALK_UNKNOWN] + r.walks[WALK_ATOMIC] + r.walks[WALK_TORN];
	shared->atomic += r.walks[WALK_ATOMIC];
	shared->torn += r.walks[WALK_TORN];
	shared->gone += r.gone;
	_exit(0);
}

/*
 * The storms: a function that is called once in the driver, and one for each
 * step. A step that forks leaves the random numbers of the driver as they were,
 * hence rnd64() in run_child().
 */

/* Runs a step in a child, which is published. */
static void run_child(struct rng *r, void (*run)(struct rng *r), bool killed)
{
	pid_t pid = fork_child();

	if (!pid) {
		publish(getpid());
		run(r);
		_exit(0);
	}
	if (killed) {
		wait_for_reads(rnd(r, 4));
		usleep(rnd(r, 3000));
		must(!kill(pid, SIGKILL), "kill");
	}
	must(reap(pid) == (killed ? 128 + SIGKILL : 0), "the exit status of a child");
	rnd64(r);
}

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
	case 6:	/* fails at a gap, and across VMAs */
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

static void publish_self(struct rng *r)
{
	publish(getpid());
}

static void map_in_arena(struct rng *r)
{
	map_step(r, 0);
}

/*
 * What a VMA refers to comes and goes with it: no other process has its file
 * open, and it has a policy and, where the kernel has these, a name of its own.
 * The page determines all of them, so that what belongs to another page is
 * noticed.
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

/* A long path: most of the time, a file is being opened. */
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
		/* Not every kernel has names. */
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, PAGE, name);
	} else if (fd >= 0) {
		close(fd);
	}
	if (rnd(r, 4) == 0)
		syscall(SYS_mbind, at, PAGE, policies[page % ARRAY_SIZE(policies)].mode,
			&node, 2, 0);
}

static void make_files(struct rng *r)
{
	unsigned int i;
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
	publish_self(r);
}

static void recycle_pages(struct rng *r)
{
	unsigned int n = 1 + rnd(r, 8), first = rnd(r, RECYCLED - n + 1), i;

	if (rnd(r, 4) == 0)
		must(!munmap((char *)ARENA(0) + first * PAGE, n * PAGE), "munmap");
	else
		for (i = 0; i < n; i++)
			recycle_page(r, first + i);
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

/* At most by 3 MB, which is within the usual limit for any page size */
static void __attribute__((noinline)) grow_stack(unsigned int pieces)
{
	volatile char piece[4096];

	piece[0] = 1;
	piece[sizeof(piece) - 1] = 1;
	if (pieces)
		grow_stack(pieces - 1);
	piece[1] = piece[0];
}

static void begin_heap(struct rng *r)
{
	must(sbrk(PAGE) != (void *)-1, "sbrk");
}

static void grow(struct rng *r)
{
	unsigned int i, pages;

	for (i = 0; i < 50; i++) {
		pages = rnd(r, 100);
		must(sbrk(pages * PAGE) != (void *)-1, "sbrk");
		grow_stack(rnd(r, 16 * i + 1));
		must(sbrk(-(long)(pages * PAGE)) != (void *)-1, "sbrk");
	}
}

#define EXEC_AGAIN "--exec-again"

/* The argument: how many times more this program executes itself */
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

static void exec_child(struct rng *r)
{
	char s[16];

	snprintf(s, sizeof(s), "%u", 5 + rnd(r, 10));
	_exit(exec_again(s));
}

/* Children that live for a moment, several at a time */
static void forking(struct rng *r)
{
	static unsigned int alive;
	pid_t pid = fork();

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
}

static void map_long_row(struct rng *r)
{
	map_row((void *)FAR(0x50), 100);
}

static void map_for_ever(struct rng *r)
{
	for (;;)
		map_step(r, 0);
}

static unsigned int thread_steps;

static void *thread(void *arg)
{
	static atomic_uint arena;
	struct rng r = { .state = (unsigned long)arg };
	unsigned int i, mine = ++arena;

	publish(syscall(SYS_gettid));
	for (i = 0; i < thread_steps; i++)
		map_step(&r, mine);
	return NULL;
}

#define THREADS 4

static void run_threads(struct rng *r)
{
	bool leader_exits_first = rnd(r, 2);
	pthread_t id[THREADS];
	unsigned int i;

	thread_steps = 1 + rnd(r, 50);
	for (i = 0; i < THREADS; i++)
		must(!pthread_create(id + i, NULL, thread, (void *)(unsigned long)rnd64(r)), "thread");
	if (leader_exits_first)
		pthread_exit(NULL);
	for (i = 0; i < THREADS; i++)
		must(!pthread_join(id[i], NULL), "join");
	wait_for_reads(1);
}

/* In a vfork the child has its parent's VMAs, and the parent is suspended. */
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

static void in_vfork(struct rng *r)
{
	static char stack[16 * PAGE];
	int pid = clone(vfork_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, r);

	must(pid > 0, "vfork");
	must(!reap(pid), "a child by vfork");
	wait_for_reads(rnd(r, 2));
}

FIXTURE(storm)
{
	struct rng rng;
};

FIXTURE_VARIANT(storm)
{
	void (*begin)(struct rng *r);
	void (*step)(struct rng *r);	/* in the driver, or */
	void (*child)(struct rng *r);	/* in a new process each time */
	unsigned int steps;
	void (*check)(struct listing *l);
	bool kill_child, marks_vanish;
};

FIXTURE_VARIANT_ADD(storm, mmap_munmap) {
	publish_self, map_in_arena, .steps = 10000
};
FIXTURE_VARIANT_ADD(storm, recycled_files) {
	make_files, recycle_pages, .steps = 5000, .check = check_recycled
};
FIXTURE_VARIANT_ADD(storm, growing_stack_and_heap) {
	/* A stack does not shrink. */
	begin_heap, .child = grow, .steps = 20, .check = check_grown
};
FIXTURE_VARIANT_ADD(storm, execs) { .child = exec_child, .steps = 20, .marks_vanish = true };
FIXTURE_VARIANT_ADD(storm, forks) { .step = forking, .steps = 2000 };
FIXTURE_VARIANT_ADD(storm, killed_processes) {
	map_long_row, .child = map_for_ever, .steps = 60, .kill_child = true
};
FIXTURE_VARIANT_ADD(storm, exiting_threads) { .child = run_threads, .steps = 200 };
FIXTURE_VARIANT_ADD(storm, vforks) {
	publish_self, in_vfork, .steps = 200, .marks_vanish = true
};

FIXTURE_SETUP(storm)
{
	FATAL_IS_ASSERT();
	self->rng = stress_begin(_metadata->name);
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
		unlink(path); /* if this storm has them */
	}
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

/*
 * A storm goes on until a snapshot was atomic: on a slow kernel, the first
 * children are killed before they are read.
 */
static bool storm_goes_on(unsigned int done, unsigned int steps)
{
	return more(done, steps) || (done < steps && !shared->seen_atomic);
}

TEST_F(storm, listings_stay_complete)
{
	struct rng rng = rng_fork(&self->rng);
	pid_t driver, reader[READERS];
	unsigned int i, done;

	for (i = 0; i < READERS; i++) {
		struct rng child = rng_fork(&self->rng);

		reader[i] = fork_child();
		if (!reader[i])
			read_on(i, child);
	}
	driver = fork_child();
	if (!driver) {
		shared->driver = getpid();
		if (variant->begin)
			variant->begin(&rng);
		for (done = 0; storm_goes_on(done, variant->steps); done++) {
			if (variant->step)
				variant->step(&rng);
			else
				run_child(&rng, variant->child, variant->kill_child);
			shared->steps++;
		}
		_exit(0);
	}
	EXPECT_EQ(0, reap(driver));
	shared->over = true;
	for (i = 0; i < READERS; i++)
		EXPECT_EQ(0, reap(reader[i]));
	printf("# %llu atomic and %llu torn of %llu snapshots, %llu reads of exited processes; %llu steps, %u processes published\n",
	       shared->atomic, shared->torn, shared->snapshots, shared->gone, shared->steps,
	       shared->nr_published);
	figure(shared->snapshots, "snapshots checked");
	EXPECT_TRUE(shared->atomic > 0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], EXEC_AGAIN))
		return exec_again(argv[2]);
	stress_init(8, 45);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
