// SPDX-License-Identifier: GPL-2.0
/*
 * Compares snapshots of a process that changes all the time with what that
 * process knows.
 *
 * The mover has two groups of pages, one below and one above a row of VMAs that
 * it never remaps. It changes them by system calls that each hold mmap_lock for
 * writing in one section: mremap() of a page from one group to the other,
 * munmap(), mmap(MAP_FIXED) and mprotect() of several pages, and madvise() of
 * both groups and the row. Each VMA of the row maps a file of its own. A walk
 * runs out of memory for that many files, and pauses.
 *
 * Before each change it writes the state that follows to shared memory, with a
 * number: "begun" is the number of the last change begun, "done" that of the
 * last one completed. An atomic snapshot shows exactly one of the states
 * between "done" before the snapshot and "begun" after it. In a torn snapshot
 * each page is as in one of these states, and what never changes is complete.
 */
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "stress.h"
#include "vmainfo_test.h"

#define LOW_AT FAR(0x40)
#define GROUP 32			/* pages */
#define ROW_AT (LOW_AT + (GROUP + 1) * PAGE)
#define ROW 200
#define HIGH_AT (ROW_AT + (ROW + 1) * PAGE)
#define HIGH_END (HIGH_AT + GROUP * PAGE)
#define FILE_PAGES 256

#define STATES (1 << 15)		/* capacity of the log */
#define READERS 3

/* The state of a page, 0 if it is not mapped */
#define PG_PROT 0x07			/* PROT_READ, PROT_WRITE and PROT_EXEC */
#define PG_MAPPED 0x08
#define PG_SHARED 0x10
#define PG_FILE 0x20
#define PG_DONTDUMP 0x40
#define PG_INDEX_SHIFT 8		/* which page of the file */

struct state {
	uint16_t page[2 * GROUP];	/* the low group, then the high one */
	uint16_t row_dontdump;
};

struct shared {
	atomic_ullong begun, done;
	atomic_ullong atomic, torn, overrun;
	struct state state[STATES];
};

static struct shared *shared;

static unsigned long page_address(unsigned int i)
{
	return i < GROUP ? LOW_AT + i * PAGE : HIGH_AT + (i - GROUP) * PAGE;
}

/* The mover */

struct mover {
	struct rng rng;
	struct state now;
	int file;
};

static void write_down(struct mover *m)
{
	uint64_t nr = atomic_load(&shared->begun) + 1;

	shared->state[nr % STATES] = m->now;
	atomic_store(&shared->begun, nr);
}

static void must(bool ok, const char *what)
{
	if (!ok)
		violation("the mover: %s: %s", what, strerror(errno));
	atomic_store(&shared->done, atomic_load(&shared->begun));
}

/* A range of up to max pages inside one group */
static unsigned int pick(struct mover *m, unsigned int max, unsigned int *first)
{
	unsigned int n = 1 + rnd(&m->rng, max);

	*first = rnd(&m->rng, GROUP - n + 1) + (rnd(&m->rng, 2) ? GROUP : 0);
	return n;
}

static void do_mmap(struct mover *m)
{
	unsigned int first, n = pick(m, GROUP / 2, &first), i, index = 0;
	uint16_t page = PG_MAPPED | rnd(&m->rng, PG_PROT + 1);
	int flags = MAP_FIXED | MAP_NORESERVE;

	if (rnd(&m->rng, 3) == 0) {
		page |= PG_FILE | (rnd(&m->rng, 2) ? PG_SHARED : 0);
		index = rnd(&m->rng, FILE_PAGES - GROUP);
	}
	flags |= page & PG_SHARED ? MAP_SHARED : MAP_PRIVATE;
	flags |= page & PG_FILE ? 0 : MAP_ANONYMOUS;
	for (i = 0; i < n; i++)
		m->now.page[first + i] = page |
			(page & PG_FILE ? (index + i) << PG_INDEX_SHIFT : 0);
	write_down(m);
	must(mmap((void *)page_address(first), n * PAGE, page & PG_PROT, flags,
		  page & PG_FILE ? m->file : -1, index * PAGE) != MAP_FAILED, "mmap");
}

static void do_munmap(struct mover *m)
{
	unsigned int first, n = pick(m, GROUP / 4, &first), i;

	for (i = 0; i < n; i++)
		m->now.page[first + i] = 0;
	write_down(m);
	must(!munmap((void *)page_address(first), n * PAGE), "munmap");
}

/* Skips to the first mapped page. Returns how many follow without a gap. */
static unsigned int mapped_part(struct mover *m, unsigned int *first, unsigned int n)
{
	unsigned int i;

	while (n && !m->now.page[*first]) {
		(*first)++;
		n--;
	}
	for (i = 0; i < n && m->now.page[*first + i]; i++)
		;
	return i;
}

static void do_mprotect(struct mover *m)
{
	unsigned int first, n = pick(m, GROUP, &first), i;
	uint16_t prot = rnd(&m->rng, PG_PROT + 1);

	n = mapped_part(m, &first, n);
	if (!n)
		return;
	for (i = first; i < first + n; i++)
		m->now.page[i] = (m->now.page[i] & ~PG_PROT) | prot;
	write_down(m);
	must(!mprotect((void *)page_address(first), n * PAGE, prot), "mprotect");
}

/* Moves a page to the other group, possibly onto another one. */
static void do_mremap(struct mover *m)
{
	unsigned int from = rnd(&m->rng, 2 * GROUP), to;
	void *old = (void *)page_address(from), *new;

	if (!m->now.page[from])
		return;
	to = (from < GROUP ? GROUP : 0) + rnd(&m->rng, GROUP);
	m->now.page[to] = m->now.page[from];
	m->now.page[from] = 0;
	write_down(m);
	new = (void *)page_address(to);
	must(mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, new) == new, "mremap");
}

/* Changes everything from the low group to the high one, the row included. */
static void do_madvise(struct mover *m)
{
	bool dontdump = !m->now.row_dontdump;
	unsigned int i;
	int ret;

	for (i = 0; i < 2 * GROUP; i++) {
		if (m->now.page[i])
			m->now.page[i] = (m->now.page[i] & ~PG_DONTDUMP) |
					 (dontdump ? PG_DONTDUMP : 0);
	}
	m->now.row_dontdump = dontdump;
	write_down(m);
	ret = madvise((void *)LOW_AT, HIGH_END - LOW_AT,
		      dontdump ? MADV_DONTDUMP : MADV_DODUMP);
	/* At a gap madvise() continues and returns ENOMEM. */
	must(!ret || errno == ENOMEM, "madvise");
}

static void __attribute__((noreturn)) move(struct rng rng)
{
	static void (* const moves[32])(struct mover *m) = {
		[0 ... 9] = do_mmap, [10 ... 13] = do_munmap, [14 ... 19] = do_mprotect,
		[20 ... 30] = do_mremap, [31] = do_madvise,
	};
	struct mover m = { .rng = rng };

	m.file = memfd_create("vmainfo", MFD_CLOEXEC);
	if (m.file < 0 || ftruncate(m.file, FILE_PAGES * PAGE))
		fatal("memfd");
	for (;;)
		moves[rnd(&m.rng, ARRAY_SIZE(moves))](&m);
}

/* The checker */

/* What a listing shows of the mover, in the form of the log */
struct picture {
	struct state state;
	uint64_t rest;			/* a hash of what never changes */
};

static uint64_t sum(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15;
	return sum ^ sum >> 29;
}

static void picture_group(struct picture *p, const struct region *r)
{
	unsigned long at = r->start, index;
	unsigned int i;
	uint16_t page;

	page = PG_MAPPED | (r->perm[0] == 'r' ? PROT_READ : 0) |
	       (r->perm[1] == 'w' ? PROT_WRITE : 0) | (r->perm[2] == 'x' ? PROT_EXEC : 0) |
	       (r->perm[3] == 's' ? PG_SHARED : 0) | (r->inode ? PG_FILE : 0) |
	       (r->dontdump ? PG_DONTDUMP : 0);
	for (; at < r->end; at += PAGE) {
		if (at < LOW_AT + GROUP * PAGE)
			i = (at - LOW_AT) / PAGE;
		else if (at >= HIGH_AT)
			i = GROUP + (at - HIGH_AT) / PAGE;
		else
			violation("a page outside of both groups: %#lx", at);
		p->state.page[i] = page;
		index = (r->offset + (at - r->start)) / PAGE;
		if (r->inode && index >= FILE_PAGES)
			violation("page %lu of a file of %u", index, FILE_PAGES);
		if (r->inode)
			p->state.page[i] |= index << PG_INDEX_SHIFT;
	}
}

static void take_picture(struct picture *p, struct listing *l)
{
	unsigned int i, row = 0, row_dontdump = 0;
	struct region *r;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < l->nr; i++) {
		r = &l->regions[i];
		if (r->end <= LOW_AT || r->start >= HIGH_END) {
			p->rest = sum(p->rest, r->start);
			p->rest = sum(p->rest, r->end);
			p->rest = sum(p->rest, r->offset);
			p->rest = sum(p->rest, *(uint32_t *)r->perm);
		} else if (r->start >= ROW_AT && r->start < ROW_AT + ROW * PAGE) {
			if (r->start != ROW_AT + row * PAGE || r->end != r->start + PAGE)
				violation("%#lx-%#lx instead of page %u of the row",
					  r->start, r->end, row);
			if (memcmp(r->perm, row % 2 ? "---p" : "r--p", 4))
				violation("page %u of the row is %.4s", row, r->perm);
			row_dontdump += r->dontdump;
			row++;
		} else {
			picture_group(p, r);
		}
	}
	if (row != ROW)
		violation("the row has %u pages of %u", row, ROW);
	/* 2 is in no state: the row is only partly excluded from dumps. */
	p->state.row_dontdump = row_dontdump == ROW ? 1 : row_dontdump ? 2 : 0;
}

enum verdict {
	FITS,
	FITS_NOT,
	FORGOTTEN,	/* the mover has overwritten the states */
};

static enum verdict verdict(bool fits, uint64_t from)
{
	if (atomic_load(&shared->begun) - from >= STATES - 1)
		return FORGOTTEN;
	return fits ? FITS : FITS_NOT;
}

/* What a snapshot is checked against: the states from one number to another */
struct shot {
	uint64_t from, to;
	struct picture picture;
};

static enum verdict is_an_instant(const struct shot *s)
{
	uint64_t nr;

	for (nr = s->from; nr <= s->to; nr++)
		if (!memcmp(&s->picture.state, &shared->state[nr % STATES], sizeof(struct state)))
			break;
	return verdict(nr <= s->to, s->from);
}

/* Is each page as it was in one of the states? */
static enum verdict is_of_the_time(const struct shot *s)
{
	unsigned int i, right = 0;
	uint64_t nr;

	for (i = 0; i < 2 * GROUP; i++) {
		for (nr = s->from; nr <= s->to; nr++)
			if (s->picture.state.page[i] == shared->state[nr % STATES].page[i])
				break;
		right += nr <= s->to;
	}
	return verdict(right == 2 * GROUP, s->from);
}

static void print_state(const char *what, const struct state *s)
{
	char line[2 * GROUP * 5 + 100];
	int i, n;

	n = snprintf(line, sizeof(line), "# %-10s", what);
	for (i = 0; i < 2 * GROUP; i++)
		n += snprintf(line + n, sizeof(line) - n, "%s%x",
			      i == GROUP ? " | " : i ? " " : "", s->page[i]);
	fprintf(stderr, "%s row %u\n", line, s->row_dontdump);
}

static void shoot(struct reader *r, struct shot *shot)
{
	int fd = r->fd[VMAS], ret;
	const char *error;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	shot->from = atomic_load(&shared->done);
	n = read(fd, r->text.s, 100);	/* takes the snapshot */
	shot->to = atomic_load(&shared->begun);
	if (n <= 0)
		violation("read: %s", n ? strerror(errno) : "nothing");
	r->text.len = n;
	ret = read_all(fd, &r->text, rnd_chunk(&r->rng));
	if (ret)
		violation("read after %zu bytes: %s", r->text.len, strerror(-ret));
	error = parse_vmas(&r->l, r->text);
	if (error)
		violation("%s, in line %u", error, r->l.nr);
	take_picture(&shot->picture, &r->l);
}

static void check_snapshot(struct reader *r, uint64_t rest, bool never_torn)
{
	enum verdict verdict;
	struct shot s;
	bool torn;

	if (!never_torn && rnd(&r->rng, 8) == 0 && set_param("max_hold_us", rnd_hold(&r->rng)))
		fatal("max_hold_us");
	shoot(r, &s);
	torn = r->l.walk == WALK_TORN;
	if (torn && never_torn)
		violation("torn, with max_hold_us=0");
	if (s.picture.rest != rest)
		violation("what never changes is incomplete (%s)", torn ? "torn" : "atomic");
	verdict = torn ? is_of_the_time(&s) : is_an_instant(&s);
	shared->torn += torn;
	shared->atomic += !torn;
	shared->overrun += verdict == FORGOTTEN;
	if (verdict != FITS_NOT)
		return;
	print_state("shown:", &s.picture.state);
	for (; s.from <= s.to; s.from++)
		print_state("possible:", &shared->state[s.from % STATES]);
	violation("%s", torn ? "a page differs from all states" : "it differs from all states");
}

static void open_mover(struct reader *r, pid_t mover, struct rng rng)
{
	reader_open(r, rng);
	if (set_target(r->fd[VMAS], mover))
		fatal("set_target");
	r->text.room = 1 << 20;
	r->text.s = get_memory(r->text.room);
}

static void map_row_of_files(void)
{
	unsigned int i;
	int fd;

	for (i = 0; i < ROW; i++) {
		fd = create_file("/tmp/race-row", PAGE);
		map_file((void *)(ROW_AT + i * PAGE), PAGE, i % 2 ? PROT_NONE : PROT_READ,
			 MAP_PRIVATE | MAP_FIXED, fd, 0);
		close(fd);
		if (unlink("/tmp/race-row"))
			fatal("unlink");
	}
}

FIXTURE(race)
{
	struct rng rng;
	struct reader reader;
	pid_t mover;
	uint64_t rest;
};

FIXTURE_SETUP(race)
{
	struct shot s;

	FATAL_IS_ASSERT();
	self->rng = stress_begin(_metadata->name);
	shared = get_shared(sizeof(*shared));
	map_row_of_files();
	self->mover = fork_child();
	if (!self->mover) {
		run_on_cpu(0);
		raise(SIGSTOP);
		move(rng_fork(&self->rng));
	}
	/* What is mapped before the first change never changes. */
	ASSERT_EQ(self->mover, waitpid(self->mover, NULL, WUNTRACED));
	open_mover(&self->reader, self->mover, rng_fork(&self->rng));
	shoot(&self->reader, &s);
	self->rest = s.picture.rest;
	ASSERT_EQ(0, kill(self->mover, SIGCONT));
}

FIXTURE_TEARDOWN(race)
{
	end_child(self->mover);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

static bool seen_both(bool never_torn)
{
	return shared->atomic && (never_torn || shared->torn);
}

static void check_in_processes(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
			       unsigned int rounds, bool never_torn)
{
	pid_t reader[READERS];
	unsigned int i, j;

	for (i = 0; i < READERS; i++) {
		struct rng rng = rng_fork(&self->rng);

		reader[i] = fork_child();
		if (reader[i])
			continue;
		run_on_cpu(i + 1);
		open_mover(&self->reader, self->mover, rng);
		/* On slow machines, too, both kinds have to be seen. */
		for (j = 0; more(j, rounds) || (j < rounds && !seen_both(never_torn)); j++)
			check_snapshot(&self->reader, self->rest, never_torn);
		_exit(0);
	}
	for (i = 0; i < READERS; i++)
		EXPECT_EQ(0, reap(reader[i]));
	printf("# %s: %llu atomic and %llu torn snapshots, %llu changes, %llu snapshots unchecked since the log was overwritten\n",
	       _metadata->name, shared->atomic, shared->torn, shared->done, shared->overrun);
	figure(shared->atomic + shared->torn, "snapshots checked");
	EXPECT_TRUE(shared->atomic > 0);
	EXPECT_TRUE(shared->overrun < shared->atomic + shared->torn);
}

TEST_F(race, atomic_with_unlimited_hold)
{
	ASSERT_EQ(0, set_param("max_hold_us", "0"));
	check_in_processes(_metadata, self, 70, true);
}

TEST_F(race, consistent_with_random_hold)
{
	check_in_processes(_metadata, self, 100, false);
	EXPECT_TRUE(shared->torn > 0);
}

/* The check itself: a torn walk fails it, if it is checked as an atomic one. */
TEST_F(race, checker_detects_torn_walk)
{
	bool detected = false;
	unsigned int i;
	struct shot s;

	if (IS_UML)
		SKIP(return, "user-mode Linux is too slow for a target that changes during a walk");
	run_on_cpu(1);
	ASSERT_EQ(0, set_param("max_hold_us", "1"));
	for (i = 0; i < 2000 && !detected; i++) {
		shoot(&self->reader, &s);
		detected = self->reader.l.walk == WALK_TORN && is_an_instant(&s) == FITS_NOT;
	}
	EXPECT_TRUE(detected);
	printf("# %s: detected in snapshot %u\n", _metadata->name, i);
}

/*
 * A process with few VMAs that splits, merges, moves and replaces three of them
 * all the time. So the other CPU soon writes what a walk reads without the lock,
 * which KCSAN notices. At any time the three pages are mapped.
 */
#define FEW_AT ((char *)FAR(0x50))
#define FEW 3

static void __attribute__((noreturn)) change_few(int file)
{
	char *const spare = FEW_AT + 8 * PAGE;
	unsigned long node = 1;
	unsigned int i;

	run_on_cpu(0);
	for (i = 0;; i++) {
		must(!mprotect(FEW_AT + PAGE, PAGE, PROT_NONE), "mprotect");
		must(!mprotect(FEW_AT + PAGE, PAGE, PROT_READ), "mprotect");
		if (i % 4)
			continue;
		must(!madvise(FEW_AT + PAGE, PAGE, MADV_DONTDUMP), "madvise");
		/* Not every kernel has policies. */
		syscall(SYS_mbind, FEW_AT + 2 * PAGE, PAGE, MPOL_BIND, &node, 2, 0);
		must(mmap(spare, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == spare, "mmap");
		must(mremap(spare, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, FEW_AT) == FEW_AT,
		     "mremap");
		must(mmap(FEW_AT, FEW * PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == FEW_AT, "mmap");
	}
}

TEST(few_vmas_always_complete)
{
	unsigned int i, pages, snapshots = 0;
	const struct vmainfo_record *r;
	struct cursor c;
	struct text t;
	char first;
	pid_t pid;
	int fd;

	stress_begin(_metadata->name);
	shared = get_shared(sizeof(*shared));
	map_at(FEW_AT, FEW * PAGE, PROT_READ);
	pid = fork_child();
	if (!pid)
		change_few(open_or_die(own_path(), O_RDONLY));
	fd = open_target(PROC "raw", pid);
	run_on_cpu(1);
	for (; more(snapshots, 10000); snapshots += 32) {
		t = slurp_again(fd);
		pages = 0;
		for (raw_first(&c, t); (r = raw_next(&c));)
			if (r->start >= (unsigned long)FEW_AT &&
			    r->start < (unsigned long)FEW_AT + FEW * PAGE)
				pages += (r->end - r->start) / PAGE;
		ASSERT_EQ(NULL, c.error);
		ASSERT_EQ((unsigned int)FEW, pages);
		free(t.s);
		for (i = 1; i < 32; i++)
			ASSERT_EQ(1, pread(fd, &first, 1, 0));
	}
	figure(snapshots, "snapshots checked");
	end_child(pid);
}

/*
 * A target that maps ahead of the walk and unmaps behind it. It has at most
 * VMAS more VMAs than before at any time, and LAP in the course of a snapshot.
 * Many threads map, so that the lock stays contended: the reader then stays
 * away for long after each section, and each thread that gets the lock adds two
 * VMAs.
 */
#define AHEAD_AT ((char *)FAR(0x30))
#define AHEAD 192u
#define PIECE 64u			/* pages that are unmapped at a time */
#define LAP 400000u
#define ROOM (1ul << 30)		/* pages */
#define RUNNERS 8
#define VMAS (AHEAD + PIECE + 2 * RUNNERS)

static struct runaway {
	atomic_ulong next;		/* the next page to map */
	atomic_ulong unmapped;
	atomic_ulong limit;
	atomic_uint ready;
} *runaway;

static void *run_away(void *unused)
{
	unsigned long i;

	runaway->ready++;
	for (;;) {
		while (runaway->next >= runaway->limit)
			usleep(1000);
		/* The thread that has to unmap is preempted: contend. */
		if (runaway->next >= runaway->unmapped + AHEAD + PIECE) {
			mprotect(AHEAD_AT + (ROOM - 1) * PAGE, PAGE, PROT_READ);
			continue;
		}
		i = atomic_fetch_add(&runaway->next, 2);
		/* After a preemption the page may be unmapped already. */
		if (mprotect(AHEAD_AT + (i + 1) * PAGE, PAGE, PROT_NONE) && errno != ENOMEM)
			violation("mprotect of page %lu: %s", i, strerror(errno));
		if (i < AHEAD || i % PIECE)
			continue;
		if (munmap(AHEAD_AT + (i - AHEAD) * PAGE, PIECE * PAGE))
			violation("munmap of page %lu: %s", i, strerror(errno));
		runaway->unmapped += PIECE;
	}
	return unused;
}

FIXTURE(runaway)
{
	struct reader reader;
	pid_t target;
	unsigned int vmas;
};

FIXTURE_SETUP(runaway)
{
	unsigned int i;

	FATAL_IS_ASSERT();
	if (FAR(1) < 1ull << 40)
		SKIP(return, "user space is too small for a target that outruns a walk");
	runaway = get_shared(sizeof(*runaway));
	self->target = fork_child();
	if (!self->target) {
		map_at(AHEAD_AT, ROOM * PAGE, PROT_READ);
		for (i = 1; i < RUNNERS; i++)
			start_thread(run_away, NULL);
		run_away(NULL);
	}
	while (runaway->ready < RUNNERS)
		sched_yield();
	reader_open(&self->reader, stress_begin(_metadata->name));
	ASSERT_TRUE(read_entry(&self->reader, self->target, RAW));
	self->vmas = self->reader.l.nr + VMAS;
	ASSERT_EQ(0, set_param("max_hold_us", "1"));
}

FIXTURE_TEARDOWN(runaway)
{
	end_child(self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

/*
 * After twice as many records as the target ever had VMAs, a torn walk holds the
 * lock to its end. The part of the walk before and the last one can each have as
 * many records as the target has VMAs.
 */
TEST_F(runaway, torn_walk_bounded)
{
	unsigned int i, bounded = 0;

	run_on_cpu(1);
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 19));
	for (i = 0; i < 50 && bounded < 10; i++) {
		runaway->limit = runaway->next + LAP;
		/* All of the address space is in motion. */
		while (runaway->next + LAP < runaway->limit + AHEAD)
			sched_yield();
		ASSERT_TRUE(read_entry(&self->reader, self->target, RAW));
		ASSERT_GE(4 * self->vmas, self->reader.l.nr);
		bounded += self->reader.l.nr > 2 * self->vmas;
	}
	printf("# %u of %u walks were bounded\n", bounded, i);
	figure(i, "snapshots checked");
	if (!bounded)
		SKIP(return, "the target outran none of %u walks", i);
}

VMAINFO_TEST_MAIN(stress_init(5, 25))
