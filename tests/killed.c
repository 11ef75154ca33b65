// SPDX-License-Identifier: GPL-2.0
/*
 * Readers that get signals, of a process of very many VMAs: one that is killed goes
 * at once and leaves nothing behind, any other signal does no harm.
 */
#include <sys/time.h>

#include "vmainfo_test.h"

#define ROW_AT ((void *)0x200000000000)
#define MARK ((void *)0x500000000000)

static void init(void)
{
	map_row(ROW_AT, MANY_VMAS);
}

/* Takes the target's mmap_lock for writing. */
static void command(char c)
{
	if (c == 'm')
		map_at(MARK, 4096, PROT_READ);
	else if (munmap(MARK, 4096))
		_exit(1);
}

FIXTURE(killed)
{
	struct target target;
};

FIXTURE_VARIANT(killed)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(killed, maps) { PROC "maps" };
FIXTURE_VARIANT_ADD(killed, vmas) { PROC "vmas" };

FIXTURE_SETUP(killed)
{
	target_start(&self->target, init, command);
}

FIXTURE_TEARDOWN(killed)
{
	target_end(&self->target);
}

static void spin(unsigned int n)
{
	volatile unsigned int i;

	for (i = 0; i < n; i++)
		;
}

TEST_F(killed, reader_killed)
{
	char *buffer = get_memory(1 << 20), c;
	unsigned long before = available_kb(), after;
	int i, p[2], fd;
	pid_t pid;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
		pid = fork_child();
		if (!pid) {
			fd = open_target(variant->entry, self->target.pid);
			if (write(p[1], "", 1) != 1)
				_exit(1);
			/* all of it, and mostly the walk */
			for (;;) {
				if (read(fd, buffer, i % 2 ? 1 : 1 << 20) <= 0 ||
				    lseek(fd, 0, SEEK_SET))
					_exit(2);
			}
		}
		ASSERT_EQ(1, read(p[0], &c, 1));
		spin(i * 20000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, reap(pid));
		close(p[0]);
		close(p[1]);
		/* nobody holds the target's mmap_lock */
		tell(&self->target, 'm');
		tell(&self->target, 'u');
	}
	figure(i, "readers killed");
	after = available_kb();
	EXPECT_LT(before, after + 40 * 1024) {
		TH_LOG("%lu kB were available before, %lu kB after", before, after);
	}
	fd = open_target(variant->entry, self->target.pid);
	EXPECT_TRUE(shows(slurp(fd, 1 << 20), ROW_AT));
}

TEST_F(killed, target_killed)
{
	char *buffer = get_memory(1 << 20);
	int i, fd;
	ssize_t n;
	pid_t pid;

	for (i = 0; i < 4; i++) {
		struct target t;

		target_start(&t, init, command);
		fd = open_target(variant->entry, t.pid);
		pid = fork_child();
		if (!pid) {
			spin(i * 300000);
			kill(t.pid, SIGKILL);
			_exit(0);
		}
		/* whole lines, the end, or ESRCH, but nothing else */
		while ((n = read(fd, buffer, 65536)) > 0)
			ASSERT_EQ('\n', buffer[n - 1]);
		ASSERT_TRUE(!n || errno == ESRCH) {
			TH_LOG("read: %s", strerror(errno));
		}
		ASSERT_EQ(0, reap(pid));
		target_end(&t);
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		EXPECT_EQ(-1, read(fd, buffer, 4096));
		EXPECT_EQ(ESRCH, errno);
		close(fd);
	}
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	alarms += sig == SIGALRM;
}

TEST_F(killed, handled_signals_harmless)
{
	struct sigaction action = { .sa_handler = on_alarm };	/* no SA_RESTART */
	struct itimerval fast = { { 0, 2000 }, { 0, 2000 } }, off = { 0 };
	struct text before, now;
	int fd, i;

	fd = open_target(variant->entry, self->target.pid);
	before = slurp(fd, 1 << 20);
	ASSERT_TRUE(shows(before, ROW_AT));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &fast, NULL));
	for (i = 0; i < 5 || alarms < 20; i++) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		now = slurp(fd, i % 2 ? 4096 : 1 << 20);
		EXPECT_TRUE(same(before, now));
		free(now.s);
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &off, NULL));
}

VMAINFO_TEST_MAIN
