/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the tests that try to break vmainfo: random numbers, the length of
 * a run, checks of listings, and readers in processes of their own.
 *
 * VMAINFO_SEED=s		repeats a run that printed this seed
 * VMAINFO_SOAK_MINUTES=n	all programs together run for that long
 */
#ifndef VMAINFO_STRESS_H
#define VMAINFO_STRESS_H

#include <stdatomic.h>

#include "maps.h"
#include "util.h"

/* Random numbers (splitmix64), which depend on the seed only */
struct rng {
	uint64_t state;
};

uint64_t rnd64(struct rng *r);

/* from 0 to n - 1 */
unsigned int rnd(struct rng *r, unsigned int n);
struct rng rng_fork(struct rng *r);

extern uint64_t stress_seed;

/*
 * Sets the seed and prints it, before the harness runs. The tests of this
 * program share that percentage of a soak.
 */
void stress_init(unsigned int tests, unsigned int percent);

/* Begins a test: its random numbers depend on the seed and its name only. */
struct rng stress_begin(const char *test);

/* Is this a soak that is not over yet? */
bool soaking(void);

/*
 * Is there more to do after that many steps of a goal? A soak goes on to its
 * end. A short run ends with its goal, and on a slow machine before it, but not
 * before a tenth of it.
 */
bool more(unsigned int done, unsigned int goal);

/* Prints a violation and ends the process with a status of its own. */
void __attribute__((format(printf, 1, 2), noreturn))
violation(const char *fmt, ...);

enum entry {
	VMAS,
	MAPS,
	RAW,
	SUMMARY,
	ENTRIES
};

extern const char * const entries[ENTRIES];

/* NULL, or what is wrong with the text */
const char *parse_entry(struct listing *l, struct text t, enum entry entry);

size_t rnd_chunk(struct rng *r);

/* A process that reads: a file for each entry, a buffer, and counts */
struct reader {
	int fd[ENTRIES];
	struct rng rng;
	struct text text;
	struct listing l;
	uint64_t walks[3], gone;	/* walks: by enum walk */
};

void reader_open(struct reader *r, struct rng rng);

/*
 * Reads one snapshot of a process in pieces of a random size, and checks what
 * does not depend on the process. Returns false if the process does not exist
 * any more.
 */
bool read_entry(struct reader *r, pid_t pid, enum entry entry);

/* The same from a random entry that lists the VMAs */
bool reader_read(struct reader *r, pid_t pid);

/* Is there a row of map_row(at, n)? */
bool has_row(struct listing *l, unsigned long at, unsigned int n);

/* A random value for max_hold_us: unlimited, minimal, or in between */
const char *rnd_hold(struct rng *r);

#endif
