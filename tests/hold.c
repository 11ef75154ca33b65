// SPDX-License-Identifier: GPL-2.0
/*
 * How long a writer of a process with many VMAs waits while a reader walks
 * them: max_hold_us limits it.
 *
 * A thread of the target takes its mmap_lock for writing over and over, by an
 * mprotect() that changes nothing, and measures each call. A round takes a
 * snapshot in each of four ways:
 *
 *	NEVER	of the target, with max_hold_us=0: a writer waits for the walk
 *	PART	of the target, with max_hold_us set to a fifth of that walk
 *	SHORT	of the target, with the default of 250 us
 *	OTHER	of a copy of the target, for as long as SHORT took: the same
 *		work for the CPUs, but another lock. These waits are due to the
 *		scheduler and the emulation.
 *
 * Waits are only compared with waits of the same rounds, not with wall-clock
 * times. The measure is the length above which half of all waiting time was
 * spent. So one wait for a whole walk counts by its length, and a few waits
 * that were long because the machine was busy do not count more.
 *
 *	SHORT	less than halfway from OTHER to NEVER
 *	PART	less than three quarters of the way, and at least half of what
 *		was set, so that a wrong unit shows in both directions
 */
#include <sched.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((void *)FAR(0x20))
#define SPOT ((void *)FAR(0x50))
#define ROUNDS 7

/* A shorter call does not wait: half of the shortest max_hold_us, in ns */
#define WAIT 125000
/* Waits by their length, four classes for each power of 2 */
#define CLASSES (64 * 4)

static struct shared {
	atomic_ullong time[CLASSES];	/* spent in waits of that length, in ns */
	atomic_ullong calls;
} *shared;

static unsigned int class_of(uint64_t ns)
{
	unsigned int log = 63 - __builtin_clzll(ns);

	return 4 * log + (ns >> (log - 2)) % 4;
}

static uint64_t class_length(unsigned int class)
{
	return (4 + class % 4 + 0.5) * (1ull << (class / 4 - 2));
}

static void *take_lock(void *arg)
{
	uint64_t before, took;

	run_on_cpu(0);
	for (;;) {
		before = now_ns();
		if (mprotect(SPOT, PAGE, PROT_READ))
			_exit(1);
		took = now_ns() - before;
		if (took >= WAIT)
			shared->time[class_of(took)] += took;
		shared->calls++;
	}
	return arg;
}

static void target_command(char c)
{
	start_thread(take_lock, NULL);
}

enum way {
	NEVER,
	PART,
	SHORT,
	OTHER,
	WAYS,
};

static int fd[2];

/* The waiting time by class */
static uint64_t waits[WAYS][CLASSES];

/* Takes a snapshot in one of the ways, and adds the waits of the writer. */
static void measure(enum way way, unsigned int part_us)
{
	static uint64_t short_took;
	uint64_t before, took, calls;
	int from = fd[way == OTHER];
	char hold[16], c;
	unsigned int i;

	snprintf(hold, sizeof(hold), "%u", way == NEVER ? 0 : way == PART ? part_us : 250);
	if (set_param("max_hold_us", hold))
		fatal("max_hold_us=%s", hold);
	for (i = 0; i < CLASSES; i++)
		shared->time[i] = 0;
	before = now_ns();
	do {
		if (lseek(from, 0, SEEK_SET) || read(from, &c, 1) != 1)
			fatal("read, max_hold_us=%s", hold);
		took = now_ns() - before;
	} while (way == OTHER && took < short_took);
	if (way == SHORT)
		short_took = took;
	/* The call in progress counts: wait for it and another one. */
	for (calls = shared->calls; shared->calls < calls + 2;)
		sched_yield();
	for (i = 0; i < CLASSES; i++)
		waits[way][i] += shared->time[i];
}

static uint64_t total(enum way way)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < CLASSES; i++)
		sum += waits[way][i];
	return sum;
}

/* In us: half of the waiting time was spent in longer waits. */
static unsigned int typical(enum way way)
{
	uint64_t all = total(way), sum = 0;
	unsigned int i;

	for (i = 0; i < CLASSES; i++) {
		sum += waits[way][i];
		if (sum && sum >= all / 2)
			return class_length(i) / 1000;
	}
	return 0;
}

FIXTURE(hold)
{
	struct target target, other;
};

FIXTURE_SETUP(hold)
{
	FATAL_IS_ASSERT();
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "a writer and a reader at the same time need two CPUs");
	stress_begin("hold");
	shared = get_shared(sizeof(*shared));
	/* Made once, for both of them */
	map_row(ROW_AT, MANY_VMAS);
	map_at(SPOT, PAGE, PROT_READ);
	target_start(&self->target, NULL, target_command);
	target_start(&self->other, NULL, NULL);
	ASSERT_EQ(0, munmap(ROW_AT, MANY_VMAS * PAGE));
	fd[0] = open_target(PROC "vmas", self->target.pid);
	fd[1] = open_target(PROC "vmas", self->other.pid);
	run_on_cpu(1);
	tell(&self->target, 'w');
}

FIXTURE_TEARDOWN(hold)
{
	if (!self->target.pid)
		return;
	target_end(&self->target);
	target_end(&self->other);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(hold, writer_wait_limited)
{
	unsigned int n, way, part, wait[WAYS];

	for (n = 0; n < 3; n++)
		measure(NEVER, 0);
	part = typical(NEVER) / 5;
	if (part > 1000000)
		part = 1000000;

	for (n = 0; n < ROUNDS || soaking(); n++)
		for (way = 0; way < WAYS; way++)
			measure(way, part);
	for (way = 0; way < WAYS; way++)
		wait[way] = typical(way);
	printf("# waits in us: %u with max_hold_us=0, %u with %u, %u with 250, %u for another process\n",
	       wait[NEVER], wait[PART], part, wait[SHORT], wait[OTHER]);

	if (wait[NEVER] < 4 * wait[OTHER])
		SKIP(return, "this machine is too busy: a writer waits %u us for other reasons, and %u us for a walk",
		     wait[OTHER], wait[NEVER]);
	/* There is a wait in each walk that takes longer than a call. */
	if (total(NEVER) / 1000 < (n + 3) / 2 * (uint64_t)wait[NEVER])
		SKIP(return, "a walk of %u VMAs is too short to see the waits for it, or this machine is too busy",
		     MANY_VMAS);
	/* The limit was chosen by three waits. They were not typical. */
	if (part > wait[NEVER] / 3)
		SKIP(return, "this machine is too busy: a writer waited %u us for a walk at first, and then %u us",
		     5 * part, wait[NEVER]);
	/* A limit cannot lengthen a wait, so something else did. */
	if (wait[PART] > wait[NEVER] || wait[SHORT] > wait[NEVER])
		SKIP(return, "this machine is too busy: a writer waits %u and %u us for parts of a walk, and %u us for all of it",
		     wait[SHORT], wait[PART], wait[NEVER]);
	EXPECT_LT(wait[SHORT], wait[OTHER] + (wait[NEVER] - wait[OTHER]) / 2);
	EXPECT_LT(wait[PART], wait[OTHER] + (wait[NEVER] - wait[OTHER]) / 4 * 3);
	EXPECT_GT(wait[PART], part / 2);
}

VMAINFO_TEST_MAIN(stress_init(1, 5))
