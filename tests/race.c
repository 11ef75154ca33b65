// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of a process that changes all the time are compared with what that
 * process knows.
 *
 * The mover has two groups of pages, one below and one above a row of hundreds
 * of VMAs that it never touches. It changes several pages at once, all the time,
 * by system calls that do that in one section of mmap_lock held for writing:
 *
 *	mremap()	moves pages from one group to the other, onto what is there:
 *			they vanish here and appear there, and what they hit is gone
 *	munmap()	of a range of several VMAs
 *	mmap(MAP_FIXED)	over several VMAs
 *	mprotect()	of several VMAs
 *	madvise()	MADV_DONTDUMP or MADV_DODUMP, of both groups and all of the row
 *
 * It writes each state down in shared memory, with a number, before it goes there:
 * "begun" is the number of the last change begun, "done" that of the last one done.
 * A snapshot that is of one instant shows exactly one of the states from what was
 * done before the snapshot was taken up to what was begun when that was over. One
 * that says that its walk was torn need not: but each page of it was like that in
 * one of these states, and the row and all else that never changes is all there.
 *
 * The same check must find /proc/PID/maps guilty, which is not of one instant.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "stress.h"
#include "vmainfo_test.h"

#define LOW_AT 0x400000000000ul
#define GROUP 32			/* pages */
#define ROW_AT (LOW_AT + (GROUP + 1) * PAGE)
#define ROW 200
#define HIGH_AT (ROW_AT + (ROW + 1) * PAGE)
#define HIGH_END (HIGH_AT + GROUP * PAGE)
#define FILE_PAGES 256

#define STATES (1 << 15)		/* states that are remembered */
#define READERS 3

/* What a page is: 0 where nothing is mapped */
#define PG_MAPPED 0x01
#define PG_READ 0x02
#define PG_WRITE 0x04
#define PG_EXEC 0x08
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
	atomic_ullong atomic, torn, unknown, instants, overrun;
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
	unsigned int id[2 * GROUP];	/* neighbours with the same one are one VMA */
	unsigned int next_id;
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

/* A range of up to max pages inside of one group */
static unsigned int pick(struct mover *m, unsigned int max, unsigned int *first)
{
	unsigned int n = 1 + rnd(&m->rng, max);

	*first = rnd(&m->rng, GROUP - n + 1) + (rnd(&m->rng, 2) ? GROUP : 0);
	return n;
}

static int prot_of(uint16_t page)
{
	return (page & PG_READ ? PROT_READ : 0) | (page & PG_WRITE ? PROT_WRITE : 0) |
	       (page & PG_EXEC ? PROT_EXEC : 0);
}

static uint16_t rnd_prot(struct mover *m)
{
	return rnd(&m->rng, 8) * PG_READ;
}

static void do_mmap(struct mover *m)
{
	unsigned int first, n = pick(m, GROUP / 2, &first), i, index = 0;
	uint16_t page = PG_MAPPED | rnd_prot(m);
	int flags = MAP_FIXED | MAP_NORESERVE;

	if (rnd(&m->rng, 3) == 0) {
		page |= PG_FILE;
		index = rnd(&m->rng, FILE_PAGES - GROUP);
	} else {
		flags |= MAP_ANONYMOUS;
	}
	if (page & PG_FILE && rnd(&m->rng, 2)) {
		page |= PG_SHARED;
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE;
	}
	for (i = 0; i < n; i++) {
		m->now.page[first + i] = page;
		if (page & PG_FILE)
			m->now.page[first + i] |= (index + i) << PG_INDEX_SHIFT;
		m->id[first + i] = m->next_id;
	}
	m->next_id++;
	write_down(m);
	must(mmap((void *)page_address(first), n * PAGE, prot_of(page), flags,
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

/* The pages of a range from a mapped one on, up to a gap */
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
	unsigned int first, n = pick(m, GROUP, &first), i, old = 0;
	uint16_t prot = rnd_prot(m);

	n = mapped_part(m, &first, n);
	if (!n)
		return;
	for (i = 0; i < n; i++) {
		uint16_t *page = &m->now.page[first + i];

		*page = (*page & ~(PG_READ | PG_WRITE | PG_EXEC)) | prot;
		if (!i || m->id[first + i] != old)
			m->next_id++;
		old = m->id[first + i];
		m->id[first + i] = m->next_id;
	}
	m->next_id++;
	write_down(m);
	must(!mprotect((void *)page_address(first), n * PAGE, prot_of(prot)), "mprotect");
}

/* From one group to the other: pages that are in one VMA for sure */
static void do_mremap(struct mover *m)
{
	unsigned int first, n = pick(m, GROUP / 2, &first), i, to;
	void *at;

	n = mapped_part(m, &first, n);
	if (!n)
		return;
	for (i = 1; i < n && m->id[first + i] == m->id[first]; i++)
		;
	n = i;
	to = (first < GROUP ? GROUP : 0) + rnd(&m->rng, GROUP - n + 1);
	for (i = 0; i < n; i++) {
		m->now.page[to + i] = m->now.page[first + i];
		m->now.page[first + i] = 0;
		m->id[to + i] = m->next_id;
	}
	m->next_id++;
	write_down(m);
	at = (void *)page_address(to);
	must(mremap((void *)page_address(first), n * PAGE, n * PAGE,
		    MREMAP_MAYMOVE | MREMAP_FIXED, at) == at, "mremap");
}

/* All that is mapped from the first page of the low group to the last of the high */
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
	/* it continues after a gap, and returns ENOMEM then */
	must(!ret || errno == ENOMEM, "madvise");
}

static void __attribute__((noreturn)) move(struct rng rng)
{
	struct mover m = { .rng = rng };

	m.file = memfd_create("vmainfo", MFD_CLOEXEC);
	if (m.file < 0 || ftruncate(m.file, FILE_PAGES * PAGE))
		fatal("memfd");
	for (;;) {
		switch (rnd(&m.rng, 32)) {
		case 0 ... 9:
			do_mmap(&m);
			break;
		case 10 ... 13:
			do_munmap(&m);
			break;
		case 14 ... 19:
			do_mprotect(&m);
			break;
		case 20 ... 30:
			do_mremap(&m);
			break;
		case 31:
			do_madvise(&m);
			break;
		}
	}
}

/* The checker */

/* What a listing shows of the mover, in the same form. */
struct picture {
	struct state state;
	uint64_t rest;			/* a sum of all that does not change */
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

	page = PG_MAPPED | (r->perm[0] == 'r' ? PG_READ : 0) |
	       (r->perm[1] == 'w' ? PG_WRITE : 0) | (r->perm[2] == 'x' ? PG_EXEC : 0) |
	       (r->perm[3] == 's' ? PG_SHARED : 0) | (r->inode ? PG_FILE : 0) |
	       (r->dontdump ? PG_DONTDUMP : 0);
	for (; at < r->end; at += PAGE) {
		if (at < LOW_AT + GROUP * PAGE)
			i = (at - LOW_AT) / PAGE;
		else if (at >= HIGH_AT)
			i = GROUP + (at - HIGH_AT) / PAGE;
		else
			violation("something is mapped where nothing ever was: %#lx", at);
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
				violation("%#lx-%#lx where page %u of the row should be",
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
	/* a row that is half like this and half like that is like no state */
	p->state.row_dontdump = row_dontdump == ROW ? 1 : row_dontdump ? 2 : 0;
}

/* maps does not tell who is to be dumped. */
static bool same_page(uint16_t a, uint16_t b, bool vmas)
{
	return !((a ^ b) & (vmas ? 0xffff : 0xffff & ~PG_DONTDUMP));
}

static bool same_state(const struct state *a, const struct state *b, bool vmas)
{
	unsigned int i;

	if (vmas)
		return !memcmp(a, b, sizeof(*a));
	for (i = 0; i < 2 * GROUP; i++)
		if (!same_page(a->page[i], b->page[i], vmas))
			return false;
	return true;
}

enum verdict {
	FITS,
	FITS_NOT,
	FORGOTTEN,	/* the mover has overwritten what it had written down */
};

/* Is it one of the states from the one to the other? */
static enum verdict is_an_instant(const struct picture *p, uint64_t from,
				  uint64_t to, bool vmas)
{
	bool found = false;
	uint64_t nr;

	for (nr = from; nr <= to && !found; nr++)
		found = same_state(&p->state, &shared->state[nr % STATES], vmas);
	if (atomic_load(&shared->begun) - from >= STATES - 1)
		return FORGOTTEN;
	return found ? FITS : FITS_NOT;
}

/* Is each page as it was in one of the states? */
static enum verdict is_of_the_time(const struct picture *p, uint64_t from,
				   uint64_t to, bool vmas)
{
	unsigned int i, wrong = 0;
	uint64_t nr;

	for (i = 0; i < 2 * GROUP; i++) {
		for (nr = from; nr <= to; nr++)
			if (same_page(p->state.page[i],
				      shared->state[nr % STATES].page[i], vmas))
				break;
		wrong += nr > to;
	}
	if (atomic_load(&shared->begun) - from >= STATES - 1)
		return FORGOTTEN;
	return wrong ? FITS_NOT : FITS;
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

static void print_case(const struct picture *p, uint64_t from, uint64_t to)
{
	print_state("shown:", &p->state);
	for (; from <= to; from++)
		print_state("possible:", &shared->state[from % STATES]);
}

/* Takes one snapshot, and what the mover said before and afterwards. */
struct shot {
	uint64_t from, to;
	struct picture picture;
};

/* The first read takes the snapshot, unless the file is one that has none. */
static void shoot(struct reader *r, int fd, size_t chunk, bool vmas, bool to_the_end,
		  struct shot *shot)
{
	const char *error;
	ssize_t n;
	int ret;

	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	shot->from = atomic_load(&shared->done);
	n = read(fd, r->text.s, 100);
	shot->to = atomic_load(&shared->begun);
	if (n <= 0)
		violation("read: %s", n ? strerror(errno) : "nothing");
	r->text.len = n;
	ret = read_all(fd, &r->text, &r->room, chunk);
	if (to_the_end)
		shot->to = atomic_load(&shared->begun);
	if (ret)
		violation("read after %zu bytes: %s", r->text.len, strerror(-ret));
	error = vmas ? parse_vmas(&r->l, r->text) : parse_maps(&r->l, r->text);
	if (error)
		violation("%s, in line %u", error, r->l.nr);
	take_picture(&shot->picture, &r->l);
}

/* Snapshots of vmainfo: each of them must be right. */
static void check_vmainfo(struct reader *r, uint64_t rest, bool never_torn)
{
	bool vmas = !never_torn || rnd(&r->rng, 2);
	enum verdict verdict;
	struct shot s;

	if (!never_torn && rnd(&r->rng, 8) == 0 &&
	    set_param("max_hold_us", rnd_hold(&r->rng)))
		fatal("max_hold_us");
	shoot(r, r->fd[!vmas], rnd_chunk(&r->rng), vmas, false, &s);
	if (s.picture.rest != rest)
		violation("what never changes is not all there (%s)",
			  r->l.walk == WALK_TORN ? "torn" : "atomic");
	if (r->l.walk == WALK_TORN) {
		if (never_torn)
			violation("torn, with max_hold_us=0");
		verdict = is_of_the_time(&s.picture, s.from, s.to, vmas);
		shared->torn++;
	} else {
		verdict = is_an_instant(&s.picture, s.from, s.to, vmas);
		shared->atomic++;
		shared->instants += s.to - s.from + 1;
	}
	if (verdict == FORGOTTEN)
		shared->overrun++;
	if (verdict != FITS_NOT)
		return;
	print_case(&s.picture, s.from, s.to);
	violation("%s of states %llu to %llu%s", r->l.walk == WALK_TORN ?
		  "a page is unlike all" : "it is unlike all",
		  (unsigned long long)s.from, (unsigned long long)s.to,
		  vmas ? "" : " (maps)");
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
	map_row((void *)ROW_AT, ROW);
	/* before it begins: what is there and never changes */
	self->mover = fork_child();
	if (!self->mover) {
		run_on_cpu(0);
		raise(SIGSTOP);
		move(rng_fork(&self->rng));
	}
	ASSERT_EQ(self->mover, waitpid(self->mover, NULL, WUNTRACED));
	reader_open(&self->reader, rng_fork(&self->rng));
	ASSERT_EQ(0, set_target(self->reader.fd[0], self->mover));
	ASSERT_EQ(0, set_target(self->reader.fd[1], self->mover));
	self->reader.room = 1 << 20;
	self->reader.text.s = get_memory(self->reader.room);
	shoot(&self->reader, self->reader.fd[0], 65536, true, false, &s);
	self->rest = s.picture.rest;
	ASSERT_EQ(0, kill(self->mover, SIGCONT));
}

FIXTURE_TEARDOWN(race)
{
	kill(self->mover, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, reap(self->mover));
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

/* There was a snapshot of each kind, torn ones only where they may be. */
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
		reader_open(&self->reader, rng);
		self->reader.text.s = get_memory(self->reader.room = 1 << 20);
		if (set_target(self->reader.fd[0], self->mover) ||
		    set_target(self->reader.fd[1], self->mover))
			fatal("set_target");
		/* whatever the time: until both were seen */
		for (j = 0; more(j, rounds) || (j < rounds && !seen_both(never_torn)); j++)
			check_vmainfo(&self->reader, self->rest, never_torn);
		_exit(0);
	}
	for (i = 0; i < READERS; i++)
		EXPECT_EQ(0, reap(reader[i]));
	printf("# %s: %llu snapshots checked: %llu atomic, of %llu possible states each, %llu torn; %llu changes, %llu too many to tell\n",
	       _metadata->name, shared->atomic + shared->torn, shared->atomic,
	       shared->instants / (shared->atomic ?: 1), shared->torn, shared->done,
	       shared->overrun);
	figure(shared->atomic + shared->torn, "snapshots checked");
	EXPECT_LT(0u, shared->atomic);
	/*
	 * What the mover did not remember was not checked. On a busy machine that can be
	 * many of them, but not all.
	 */
	EXPECT_LT(shared->overrun, shared->atomic + shared->torn);
}

/* Without giving way, every snapshot of both entries is of one instant. */
TEST_F(race, unlimited_hold)
{
	ASSERT_EQ(0, set_param("max_hold_us", "0"));
	check_in_processes(_metadata, self, 70, true);
}

/* With any max_hold_us, which others change meanwhile: what says atomic, is. */
TEST_F(race, random_hold)
{
	check_in_processes(_metadata, self, 100, false);
	EXPECT_LT(0u, shared->torn);
}

/* How many snapshots it takes until one is torn; 0: none of 2,000 was. */
static unsigned int until_guilty(struct reader *r, int fd, bool vmas, bool to_the_end)
{
	unsigned int i;
	struct shot s;

	for (i = 1; i <= 2000; i++) {
		shoot(r, fd, PAGE, vmas, to_the_end, &s);
		if (vmas && r->l.walk != WALK_TORN)
			continue;
		if (is_an_instant(&s.picture, s.from, s.to, vmas) == FITS_NOT)
			return i;
	}
	return 0;
}

/* The check itself: /proc/PID/maps, which takes a lock for each read, does not pass. */
TEST_F(race, checker_detects_tearing)
{
	unsigned int guilty;
	char path[64];
	int fd;

	run_on_cpu(1);
	snprintf(path, sizeof(path), "/proc/%d/maps", self->mover);
	fd = open_or_die(path, O_RDONLY);
	guilty = until_guilty(&self->reader, fd, false, true);
	EXPECT_NE(0u, guilty);
	printf("# %s: /proc/PID/maps was of no instant in snapshot %u\n",
	       _metadata->name, guilty);
}

/* And neither would a torn walk, if it said that it is atomic. */
TEST_F(race, checker_detects_split_walk)
{
	unsigned int guilty;

	run_on_cpu(1);
	ASSERT_EQ(0, set_param("max_hold_us", "1"));
	guilty = until_guilty(&self->reader, self->reader.fd[0], true, false);
	EXPECT_NE(0u, guilty);
	printf("# %s: a torn walk was of no instant in snapshot %u\n",
	       _metadata->name, guilty);
}

/*
 * A target that runs away from the walk: it maps ahead of it and unmaps behind it. It has about
 * AHEAD VMAs at any time, and as many as LAP in the course of a snapshot. More threads keep the
 * lock contended, so that the reader stays away for long when it gives way.
 */
#define AHEAD_AT ((char *)0x300000000000)
#define AHEAD 200u
#define LAP 400000u
#define ROOM (1ul << 30)		/* pages */

static struct runaway {
	atomic_ulong next;		/* page to make a VMA of, as of the one above */
	atomic_ulong limit;
} *runaway;

/* It changes nothing, but takes mmap_lock for writing to find out. */
static void *contend(void *page)
{
	for (;;)
		if (mprotect(page, PAGE, PROT_READ))
			violation("mprotect: %s", strerror(errno));
	return NULL;
}

static void __attribute__((noreturn)) run_away(void)
{
	pthread_t thread;
	unsigned long i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, contend, map_at(NULL, PAGE, PROT_READ)))
			violation("pthread_create: %s", strerror(errno));
	map_at(AHEAD_AT, ROOM * PAGE, PROT_READ);
	for (i = 0;; i += 2) {
		runaway->next = i;
		while (i >= runaway->limit)
			nap(1000);
		if (mprotect(AHEAD_AT + (i + 1) * PAGE, PAGE, PROT_NONE))
			violation("mprotect of page %lu: %s", i, strerror(errno));
		if (i >= AHEAD && i % 64 == 0 &&
		    munmap(AHEAD_AT + (i - AHEAD) * PAGE, 64 * PAGE))
			violation("munmap of page %lu: %s", i, strerror(errno));
	}
}

/* Such a walk ends when it has twice as many records as the target ever had VMAs. */
TEST(bounded_when_target_maps_ahead)
{
	const unsigned int vmas = AHEAD + 100;	/* with those that every process has */
	struct rng rng = stress_begin("bounded_when_target_maps_ahead");
	unsigned int i, most = 0, torn = 0, bounded = 0;
	pid_t target;
	struct reader r;

	runaway = get_shared(sizeof(*runaway));
	ASSERT_EQ(0, set_param("max_hold_us", "1"));
	target = fork_child();
	if (!target)
		run_away();
	run_on_cpu(1);
	reader_open(&r, rng);
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 19));
	for (i = 0; i < 5 || (!bounded && i < 50); i++) {
		runaway->limit = runaway->next + LAP;
		/* It is at work. */
		while (runaway->next + LAP < runaway->limit + AHEAD)
			sched_yield();
		ASSERT_TRUE(read_entry(&r, target, RAW));
		ASSERT_GT(4 * vmas, r.l.nr);
		most = most > r.l.nr ? most : r.l.nr;
		torn += r.l.walk == WALK_TORN;
		bounded += r.l.nr > 2 * vmas;
	}
	kill(target, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, reap(target));
	printf("# %u snapshots, %u torn, %u of them bounded, of at most %u VMAs\n", i, torn,
	       bounded, most);
	figure(i, "snapshots checked");
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

int main(int argc, char **argv)
{
	stress_init(5, 25);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
