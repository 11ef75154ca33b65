// SPDX-License-Identifier: GPL-2.0
/*
 * How long a process waits to change its address space while a reader walks its
 * many VMAs: it respects max_hold_us.
 *
 * A writer thread of the target takes its mmap_lock for writing over and over, by an
 * mprotect() that changes nothing, and notes how long that took each time. A round
 * takes one snapshot in each of four ways, in turn:
 *
 *	NEVER	of the target, with max_hold_us=0: the writer waits for all of the walk.
 *	PART	of the target, with max_hold_us a fifth of that walk
 *	SHORT	of the target, with the default of 250 us
 *	OTHER	of a second process just like the target, for as long as SHORT took: the
 *		same work for the CPUs, but of a lock that the writer does not want. What
 *		the writer waits here is the machine's doing: its scheduler, its
 *		emulation, its other guests.
 *
 * A wait is judged only against other waits of the same rounds, never against a time
 * of the clock on the wall. And by how long the wait is that the writer is in when it
 * is in one: half of all time that was spent in waits was spent in longer ones. A single
 * wait for all of a walk counts for what it is by that, and the few among many that
 * were so long because the machine was busy elsewhere do not count for more.
 *
 *	SHORT	less than half of the way from OTHER to NEVER: half at least of what a
 *		walk costs the writer is gone.
 *	PART	less than three quarters of that way, and not less than half of what it was
 *		set to: the number is in microseconds, and both more and less of it show.
 */
#include <pthread.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((void *)0x200000000000)
#define SPOT ((void *)0x500000000000)
#define ROUNDS 7

/* A call that takes less does not wait: in ns, half of the shortest max_hold_us */
#define WAIT 125000
/* Waits by their length, four classes for each power of 2 */
#define CLASSES (64 * 4)

static struct shared {
	atomic_ullong time[CLASSES];	/* spent in waits of that length, in ns */
	atomic_ullong longest, calls;
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
		if (took > shared->longest)
			shared->longest = took;
		shared->calls++;
	}
	return arg;
}


static void target_command(char c)
{
	pthread_t thread;

	if (c == 'w' && pthread_create(&thread, NULL, take_lock, NULL))
		_exit(1);
}

enum way {
	NEVER,
	PART,
	SHORT,
	OTHER,
	WAYS,
};

static const char * const way_names[] = {
	"its VMAs, max_hold_us=0", "its VMAs, max_hold_us=a part",
	"its VMAs, max_hold_us=250", "another process' VMAs",
};

static int fd[2];

/* What was measured: the time by class, and the longest wait */
static struct {
	uint64_t time[CLASSES];
	uint64_t longest;
} waits[WAYS];

/* Adds the writer's waits while a snapshot is taken in a way */
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
	shared->longest = 0;
	before = now_ns();
	do {
		if (lseek(from, 0, SEEK_SET) || read(from, &c, 1) != 1)
			fatal("reading %s", way_names[way]);
		took = now_ns() - before;
	} while (way == OTHER && took < short_took);
	if (way == SHORT)
		short_took = took;
	/* a call that is under way still counts: until that one and another are over */
	for (calls = shared->calls; shared->calls < calls + 2;)
		sched_yield();
	for (i = 0; i < CLASSES; i++)
		waits[way].time[i] += shared->time[i];
	if (shared->longest > waits[way].longest)
		waits[way].longest = shared->longest;
}

/* Half of the time was spent in waits longer than this, in us. */
static unsigned int typical(enum way way)
{
	uint64_t all = 0, sum = 0;
	unsigned int i;

	for (i = 0; i < CLASSES; i++)
		all += waits[way].time[i];
	for (i = 0; i < CLASSES; i++) {
		sum += waits[way].time[i];
		if (sum && sum >= all / 2)
			return class_length(i) / 1000;
	}
	return 0;
}

TEST(writer_wait_bounded)
{
	unsigned int n, way, part, wait[WAYS];
	struct target target, other;

	stress_begin("hold");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "a writer and a reader at the same time need two CPUs");
	shared = get_shared(sizeof(*shared));
	/* made once, for both of them */
	map_row(ROW_AT, MANY_VMAS);
	map_at(SPOT, PAGE, PROT_READ);
	target_start(&target, NULL, target_command);
	target_start(&other, NULL, NULL);
	ASSERT_EQ(0, munmap(ROW_AT, MANY_VMAS * PAGE));
	fd[0] = open_target(PROC "vmas", target.pid);
	fd[1] = open_target(PROC "vmas", other.pid);
	run_on_cpu(1);
	tell(&target, 'w');

	for (n = 0; n < 3; n++)
		measure(NEVER, 0);
	part = typical(NEVER) / 5;
	if (part > 1000000)
		part = 1000000;

	for (n = 0; n < ROUNDS || soaking(); n++)
		for (way = 0; way < WAYS; way++)
			measure(way, part);
	for (way = 0; way < WAYS; way++) {
		wait[way] = typical(way);
		printf("# the writer waited %u us (longest %llu us) for a reader of %s\n",
		       wait[way], (unsigned long long)waits[way].longest / 1000,
		       way_names[way]);
	}
	printf("# the part was %u us; %u rounds, %llu calls\n", part, n,
	       (unsigned long long)shared->calls);

	EXPECT_EQ(0, set_param("max_hold_us", "250"));
	target_end(&target);
	target_end(&other);

	if (wait[NEVER] < 4 * wait[OTHER])
		SKIP(return, "this machine is too busy: a writer waits %u us for nothing, and %u us for a walk",
		     wait[OTHER], wait[NEVER]);
	/* Giving way never makes a wait longer than not to: then it was something else. */
	if (wait[PART] > wait[NEVER] || wait[SHORT] > wait[NEVER])
		SKIP(return, "this machine is too busy: a writer waits %u and %u us for parts of a walk, and %u us for all of it",
		     wait[SHORT], wait[PART], wait[NEVER]);
	EXPECT_LT(wait[SHORT], wait[OTHER] + (wait[NEVER] - wait[OTHER]) / 2);
	EXPECT_LT(wait[PART], wait[OTHER] + (wait[NEVER] - wait[OTHER]) / 4 * 3);
	EXPECT_GT(wait[PART], part / 2);
}

int main(int argc, char **argv)
{
	stress_init(1, 5);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
