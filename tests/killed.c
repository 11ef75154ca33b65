// SPDX-License-Identifier: GPL-2.0
/*
 * Signals to readers of a process with very many VMAs. A reader that is killed
 * exits at once, and leaves neither mmap_lock nor memory behind. Other signals
 * do no harm.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((void *)FAR(0x20))
/* A VMA with a file: where mmap() fills from the bottom, no other follows. */
#define BEHIND_ROW (ROW_AT + (MANY_VMAS + 1) * PAGE)

/* It changes nothing, but takes mmap_lock for writing to find out. */
static void *contend(void *page)
{
	while (!mprotect(page, PAGE, PROT_READ))
		;
	_exit(1);
}

static void init(void)
{
	map_row(ROW_AT, MANY_VMAS);
	map_file(BEHIND_ROW, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void command(char c)
{
	start_thread(contend, map_at(NULL, PAGE, PROT_READ));
}

/* Searches the row for a VMA with a file, and finds the one behind it. */
static bool finds_behind_row(int fd)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA | PROCMAP_QUERY_FILE_BACKED_VMA,
		.query_addr = (unsigned long)ROW_AT,
	};

	return !ioctl(fd, PROCMAP_QUERY, &query) && query.vma_start == (unsigned long)BEHIND_ROW;
}

FIXTURE(killed)
{
	struct target target;
	int fd;
};

FIXTURE_VARIANT(killed)
{
	const char *entry, *max_hold_us;
	bool contended;
	bool queries;		/* searches the row for a VMA with a file */
};

FIXTURE_VARIANT_ADD(killed, maps_unlimited_hold) { PROC "maps", "0", false };
FIXTURE_VARIANT_ADD(killed, vmas_yielding) { PROC "vmas", "1", true };
FIXTURE_VARIANT_ADD(killed, query_yielding) { PROC "maps", "1", true, true };

FIXTURE_SETUP(killed)
{
	FATAL_IS_ASSERT();
	ASSERT_EQ(0, set_param("max_hold_us", variant->max_hold_us));
	target_start(&self->target, init, command);
	self->fd = open_target(variant->entry, self->target.pid);
}

FIXTURE_TEARDOWN(killed)
{
	target_end(&self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(killed, killed_reader_leaves_nothing)
{
	char *buffer = get_memory(1 << 20);
	unsigned long before = unused_kb();
	atomic_bool *reading = get_shared(PAGE);
	unsigned int i, in_read = 0;
	pid_t pid;

	ASSERT_TRUE(!variant->queries || finds_behind_row(self->fd));
	if (variant->contended)
		tell(&self->target, 'w');
	for (i = 0; i < 100 || !in_read; i++) {
		*reading = false;
		pid = fork_child();
		if (!pid)
			self->fd = open_target(variant->entry, self->target.pid);
		/* Reads all, or in every second round takes snapshots. */
		while (!pid) {
			*reading = true;
			if (variant->queries ? !finds_behind_row(self->fd) :
			    read(self->fd, buffer, i % 2 ? 1 : 1 << 20) <= 0)
				_exit(2);
			*reading = false;
			if (lseek(self->fd, 0, SEEK_SET))
				_exit(2);
		}
		while (!*reading)
			usleep(100);
		usleep(i % 100 * 200);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, reap(pid));
		in_read += *reading;
		/* Waits until the reader has released mmap_lock. */
		tell(&self->target, TARGET_MAP);
	}
	figure(i, "readers killed");
	EXPECT_TRUE(memory_returned(before));
	EXPECT_TRUE(shows(slurp(self->fd, 1 << 20), ROW_AT));
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	alarms++;
}

TEST_F(killed, handled_signals_harmless)
{
	struct sigaction action = { .sa_handler = on_alarm };	/* no SA_RESTART */
	struct itimerval fast = { { 0, 2000 }, { 0, 2000 } }, off = { 0 };
	struct text before, now;
	int i;

	before = slurp(self->fd, 1 << 20);
	ASSERT_TRUE(shows(before, ROW_AT));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &fast, NULL));
	for (i = 0; i < 5 || alarms < 20; i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		now = slurp(self->fd, i % 2 ? 4096 : 1 << 20);
		EXPECT_TRUE(same(before, now));
		free(now.s);
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &off, NULL));
}

VMAINFO_TEST_MAIN()
