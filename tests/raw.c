// SPDX-License-Identifier: GPL-2.0
/*
 * The header of raw, which an ioctl returns alone. The records are compared
 * with vmas by fields.c.
 */
#include <assert.h>
#include <sys/ioctl.h>

#include "stress.h"
#include "vmainfo_test.h"

/* What a program that was compiled against vmainfo.h relies on */
static_assert(sizeof(struct vmainfo_header) == VMAINFO_HEADER_SIZE_VER0, "header");
static_assert(offsetof(struct vmainfo_record, build_id_size) == VMAINFO_RECORD_SIZE_VER0,
	      "record");
static_assert(sizeof(struct vmainfo_record) == 88, "record");
static_assert(sizeof(struct vmainfo_filter) == VMAINFO_FILTER_SIZE_VER0, "filter");
/* _IOC_WRITE is another bit on powerpc. */
static_assert(VMAINFO_SET_FILTER == (_IOC_WRITE << _IOC_DIRSHIFT | 0x2876a1), "the ioctl's number");
static_assert(VMAINFO_GET_HEADER == 0xc03076a0, "the ioctl's number");

#define MARK ((char *)FAR(0x50))

static void command(char c)
{
	if (c == 'm')
		map_at(MARK, 4096, PROT_READ);
	else if (munmap(MARK, 4096))
		_exit(1);
}

FIXTURE(raw)
{
	struct target target;
};

FIXTURE_SETUP(raw)
{
	target_start(&self->target, NULL, command);
}

FIXTURE_TEARDOWN(raw)
{
	target_end(&self->target);
}

static uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* 0, or a negative errno */
static int get_header(int fd, struct vmainfo_header *h, __u32 size)
{
	h->size = size;
	return result_of(ioctl(fd, VMAINFO_GET_HEADER, h));
}

TEST_F(raw, header_fields)
{
	struct {
		struct vmainfo_header h;
		char more[100];
	} large;
	static const struct vmainfo_header read_only = { .size = sizeof(read_only) };
	struct vmainfo_header h;
	uint64_t before;
	struct cursor c;
	unsigned int i;
	int fd;

	before = boottime();
	ASSERT_TRUE(raw_first(&c, slurp_target(PROC "raw", self->target.pid)));
	EXPECT_LE(before, c.header->taken_ns);
	EXPECT_GE(boottime(), c.header->taken_ns);
	EXPECT_EQ(sizeof(h), c.header->size);
	EXPECT_EQ(VMAINFO_VERSION, c.header->version);
	EXPECT_EQ(self->target.pid, c.header->pid);
	EXPECT_TRUE(c.header->flags & VMAINFO_ATOMIC);
	for (i = 0; i < ENTRIES; i++) {
		fd = open_target(entries[i], self->target.pid);
		before = boottime();
		ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
		EXPECT_EQ(sizeof(h), h.size);
		EXPECT_EQ(VMAINFO_MAGIC, h.magic);
		EXPECT_EQ(VMAINFO_VERSION, h.version);
		EXPECT_EQ(self->target.pid, h.pid);
		EXPECT_EQ(c.header->vmas, h.vmas);
		EXPECT_LE(before, h.taken_ns);
		EXPECT_GE(boottime(), h.taken_ns);
		EXPECT_EQ(c.header->flags & (VMAINFO_SEQ | VMAINFO_EXEC_ID), h.flags);
		EXPECT_TRUE(h.flags & VMAINFO_EXEC_ID);
		EXPECT_EQ(c.header->mm_seq, h.mm_seq);
		EXPECT_EQ(c.header->exec_id, h.exec_id);

		memset(&large, 1, sizeof(large));
		ASSERT_EQ(0, get_header(fd, &large.h, sizeof(large)));
		EXPECT_EQ(sizeof(h), large.h.size);
		EXPECT_EQ(h.mm_seq, large.h.mm_seq);
		EXPECT_EQ(0, large.more[0]);
		EXPECT_EQ(0, large.more[99]);

		memset(&large, 1, sizeof(large));
		EXPECT_EQ(0, get_header(fd, &large.h, sizeof(h)));
		EXPECT_EQ(1, large.more[0]);

		EXPECT_EQ(-EINVAL, get_header(fd, &h, 0));
		EXPECT_EQ(-EINVAL, get_header(fd, &h, VMAINFO_HEADER_SIZE_VER0 - 1));
		EXPECT_EQ(-E2BIG, get_header(fd, &h, 1 << 20));
		EXPECT_EQ(-EFAULT, result_of(ioctl(fd, VMAINFO_GET_HEADER, NULL)));
		/* The size can be read, but the header cannot be written. */
		EXPECT_EQ(-EFAULT, result_of(ioctl(fd, VMAINFO_GET_HEADER, &read_only)));
		EXPECT_EQ(-ENOTTY, result_of(ioctl(fd, VMAINFO_GET_HEADER + 1, &h)));
		close(fd);
	}
}

TEST_F(raw, sequence_counts_changes)
{
	struct vmainfo_header h, now;
	struct cursor c;
	int fd = open_target(PROC "raw", self->target.pid);

	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	if (!(h.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (CONFIG_PER_VMA_LOCK, from 6.4 on)");
	/* reading does not change it */
	ASSERT_TRUE(raw_first(&c, slurp(fd, 1 << 20)));
	EXPECT_EQ(h.mm_seq, c.header->mm_seq);
	EXPECT_EQ(h.exec_id, c.header->exec_id);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(h.mm_seq, now.mm_seq);
	EXPECT_EQ(h.exec_id, now.exec_id);

	tell(&self->target, 'm');
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_NE(h.mm_seq, now.mm_seq);
	EXPECT_EQ(h.exec_id, now.exec_id);
	EXPECT_EQ(h.vmas + 1, now.vmas);
	h = now;
	tell(&self->target, 'u');
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_NE(h.mm_seq, now.mm_seq);
	EXPECT_EQ(h.vmas - 1, now.vmas);
}

/*
 * A process that holds its mmap_lock for writing, here in a fork, may be
 * changing something. A header that is taken meanwhile has no valid sequence
 * number.
 */
TEST(no_sequence_during_change)
{
	struct vmainfo_header h, now;
	unsigned int without = 0, odd = 0;
	pid_t pid;
	int fd;

	fd = open_target(PROC "raw", getpid());
	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	if (!(h.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (CONFIG_PER_VMA_LOCK, from 6.4 on)");
	map_at(NULL, 4096, PROT_READ);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	if (now.mm_seq != h.mm_seq + 2)
		SKIP(return, "this kernel's sequence changes at the end of a change only");

	pid = fork_child();
	if (!pid) {
		map_row((void *)FAR(0x30), MANY_VMAS);
		for (;;) {
			pid_t child = fork();

			if (!child)
				_exit(0);
			if (child < 0 || waitpid(child, NULL, 0) != child)
				_exit(1);
		}
	}
	ASSERT_EQ(0, set_target(fd, pid));
	while (!without && !odd) {
		ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
		ASSERT_LT(0u, now.vmas);
		without += !(now.flags & VMAINFO_SEQ);
		odd += now.flags & VMAINFO_SEQ && now.mm_seq % 2;
	}
	EXPECT_EQ(0u, odd);
	/* Invalid fields are 0. */
	EXPECT_EQ(0u, now.mm_seq);
	EXPECT_TRUE(now.flags & VMAINFO_EXEC_ID);
	end_child(pid);
}

TEST(header_across_exec_and_exit)
{
	struct vmainfo_header h, now;
	struct target t;
	int fd;

	target_start(&t, NULL, NULL);
	fd = open_target(PROC "raw", t.pid);
	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	tell(&t, TARGET_EXEC);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_TRUE(h.flags & now.flags & VMAINFO_EXEC_ID);
	EXPECT_NE(h.exec_id, now.exec_id);

	/* a zombie has no mm; a reaped process does not exist */
	target_kill(&t);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(0u, now.vmas);
	EXPECT_EQ(0u, now.flags);
	EXPECT_EQ(sizeof(h), slurp(fd, 4096).len);
	target_end(&t);
	EXPECT_EQ(-ESRCH, get_header(fd, &now, sizeof(now)));
}

#define ON_AND_ON "--on-and-on"

/* Maps MARK, and does not unmap it again, but executes itself. */
static int on_and_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_at(MARK, 4096, PROT_READ);
	execl("/proc/self/exe", "raw", ON_AND_ON, (char *)NULL);
	return 1;
}

FIXTURE(execs)
{
	pid_t pid;
	int fd;			/* raw of that process */
};

FIXTURE_SETUP(execs)
{
	stress_begin(_metadata->name);
	self->pid = fork_child();
	if (!self->pid)
		_exit(on_and_on());
	self->fd = open_target(PROC "raw", self->pid);
}

FIXTURE_TEARDOWN(execs)
{
	end_child(self->pid);
}

/*
 * During an exec, the process already has the new address space, but still the
 * old number of execs. A header never combines the two. So a process that was
 * seen with MARK has it as long as the number is the same.
 */
TEST_F(execs, exec_id_matches_mm)
{
	struct vmainfo_header *h;
	unsigned int execs = 0, bare = 0;
	uint64_t marked = UINT64_MAX;
	struct text t;

	while (execs < 200 && !bare) {
		t = slurp_again(self->fd);
		ASSERT_LE(sizeof(*h), t.len);
		h = (void *)t.s;
		if (h->flags & VMAINFO_EXEC_ID && shows(t, MARK)) {
			execs += marked != h->exec_id;
			marked = h->exec_id;
		} else if (h->flags & VMAINFO_EXEC_ID) {
			bare += marked == h->exec_id;
		}
		free(t.s);
	}
	EXPECT_EQ(0u, bare);
}

static bool has_stack(struct text t)
{
	const struct vmainfo_record *r;
	struct cursor c;

	for (raw_first(&c, t); (r = raw_next(&c));)
		if (r->kind == VMAINFO_KIND_STACK)
			return true;
	return false;
}

/*
 * execve() maps the stack, the program and the vDSO one after another, and then
 * names the stack. A listing has no valid sequence number until then.
 */
TEST_F(execs, no_sequence_during_exec)
{
	struct vmainfo_header *h;
	unsigned int execs = 0, partial = 0;
	uint64_t last = UINT64_MAX;
	struct text t;

	while (more(execs, 1000) && !partial) {
		t = slurp_again(self->fd);
		ASSERT_LE(sizeof(*h), t.len);
		h = (void *)t.s;
		execs += last != h->exec_id;
		last = h->exec_id;
		partial += h->flags & VMAINFO_SEQ && !has_stack(t);
		free(t.s);
	}
	EXPECT_EQ(0u, partial);
}

int main(int argc, char **argv)
{
	target_executed(argc, argv);
	if (argc == 2 && !strcmp(argv[1], ON_AND_ON))
		return on_and_on();
	stress_init(1, 0);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
