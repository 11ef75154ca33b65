/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests that try to break vmainfo share: a seed, how long to go on,
 * listings taken apart and checked, and readers in processes of their own.
 *
 * VMAINFO_SEED=s		do what a run did that printed this seed
 * VMAINFO_SOAK_MINUTES=n	go on for so long, all programs together, each its share
 */
#ifndef VMAINFO_STRESS_H
#define VMAINFO_STRESS_H

#include <stdatomic.h>

#include "maps.h"
#include "util.h"

/* Random numbers (splitmix64): the same for the same seed, everywhere. */

struct rng {
	uint64_t state;
};

uint64_t rnd64(struct rng *r);

/* from 0 to n - 1 */
unsigned int rnd(struct rng *r, unsigned int n);

extern uint64_t stress_seed;

/*
 * Before the harness runs: sets the seed and prints it. The tests of this program share
 * that percentage of a soak.
 */
void stress_init(unsigned int tests, unsigned int percent);

/* A test begins: its random numbers depend on the seed and its name alone. */
struct rng stress_begin(const char *test);

/* Is it a soak, and not over yet? */
bool soaking(void);

/*
 * Is there more to do, after that many steps of a goal? A soak goes on to its end. A
 * short run ends with its goal, and on a slow machine before it, but not before a
 * tenth of it.
 */
bool more(unsigned int done, unsigned int goal);
struct rng rng_fork(struct rng *r);

/* A violation: says what it is, and is never lost, whichever process finds it. */
void __attribute__((format(printf, 1, 2), noreturn))
violation(const char *fmt, ...);

/* Listings */

/* summary has no regions: NULL, or which of its numbers do not add up */
const char *parse_summary(struct listing *l, struct text t);

/* The entries, as readers number them */
enum entry {
	VMAS,
	MAPS,
	RAW,
	SUMMARY,
	ENTRIES
};

extern const char * const entries[ENTRIES];

const char *parse_entry(struct listing *l, struct text t, enum entry entry);

/* Reading */

/*
 * The rest of a file, by reads of at most chunk bytes, into a buffer that is used
 * again and again. 0, or a negative errno.
 */
int read_all(int fd, struct text *t, size_t *room, size_t chunk);
size_t rnd_chunk(struct rng *r);

/* What a process that reads has: an open file for each entry, and a buffer. */
struct reader {
	int fd[ENTRIES];
	struct rng rng;
	struct text text;
	size_t room;
	struct listing l;
	uint64_t atomic, torn, unknown, gone, empty;
};

void reader_open(struct reader *r, struct rng rng);

/*
 * One snapshot of a process, from one entry, read in pieces of one size or another;
 * checked as far as that can be without knowing the process. False if it was gone.
 */
bool read_entry(struct reader *r, pid_t pid, enum entry entry);

/* The same from any entry that lists the VMAs */
bool reader_read(struct reader *r, pid_t pid);

/* Values for max_hold_us: never give way, always, now and then */
const char *rnd_hold(struct rng *r);

#endif
