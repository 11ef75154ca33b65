// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and readers at the extremes: a process without VMAs, one with
 * thousands of files, names that run out of memory in a torn walk, maps that is
 * covered by another file, and callers that are killed while they wait for
 * another user of their open file.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "maps.h"
#include "vmainfo_test.h"

#define ROW_AT ((char *)FAR(0x20))

/* Waits until a process sleeps in that state: one of the letters of proc(5) */
static void wait_for_state(pid_t pid, char state)
{
	const char field[] = { ')', ' ', state, ' ', 0 };
	struct text stat;
	bool found;

	do {
		sched_yield();
		stat = slurp_proc(pid, "stat");
		found = strstr(stat.s, field);
		if (strstr(stat.s, ") Z "))
			fatal("process %d has ended", pid);
		free(stat.s);
	} while (!found);
}

/*
 * A process without VMAs sleeps in the kernel. Another process with the same mm
 * has unmapped all of them, and has died of it.
 */
FIXTURE(bare)
{
	pid_t pid;
};

static int sleep_in_kernel(void *unused)
{
	wait_for_ever();
}

static void __attribute__((noreturn)) unmap_all(atomic_int *sleeper)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	struct listing l;
	pid_t pid;

	/* Linux 5.10 kills all users of an mm before it dumps core. */
	prctl(PR_SET_DUMPABLE, 0);
	pid = clone(sleep_in_kernel, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		fatal("clone");
	*sleeper = pid;
	wait_for_state(pid, 'S');
	l = load_maps(getpid(), "maps");
	munmap((void *)l.regions[0].start, l.regions[l.nr - 1].end - l.regions[0].start);
	/* The kernel may have sealed some of them. */
	_exit(errno == EPERM ? 2 : 1);
}

FIXTURE_SETUP(bare)
{
	atomic_int *sleeper = get_shared(PAGE);
	int status;

	FATAL_IS_ASSERT();
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	status = IN_CHILD(unmap_all(sleeper));
	self->pid = *sleeper;
	if (status == 2)
		SKIP(return, "this kernel seals its own mappings (CONFIG_MSEAL_SYSTEM_MAPPINGS)");
	ASSERT_EQ(128 + SIGSEGV, status);
}

FIXTURE_TEARDOWN(bare)
{
	if (self->pid)
		end_child(self->pid);
}

TEST_F(bare, listings_are_empty)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	struct vmainfo_header h = { .size = sizeof(h) };
	struct text maps, t;
	struct cursor c;
	int fd;

	fd = open_target(PROC "maps", self->pid);
	maps = slurp_proc(self->pid, "maps");
	/* The gate page is not a VMA. */
	EXPECT_TRUE(!maps.len || strstr(maps.s, " [vsyscall]\n") || strstr(maps.s, " [vectors]\n"));
	EXPECT_TRUE(same(maps, slurp(fd, 1 << 20)));
	EXPECT_EQ(-ENOENT, result_of(ioctl(fd, PROCMAP_QUERY, &query)));
	ASSERT_EQ(0, ioctl(fd, VMAINFO_GET_HEADER, &h));
	EXPECT_EQ(0u, h.vmas);
	EXPECT_TRUE(h.flags & VMAINFO_EXEC_ID);

	ASSERT_TRUE(raw_first(&c, slurp_target(PROC "raw", self->pid)));
	EXPECT_EQ(0u, c.header->vmas);
	EXPECT_TRUE(c.header->flags & VMAINFO_ATOMIC);
	EXPECT_TRUE(c.header->flags & VMAINFO_EXEC_ID);
	EXPECT_EQ(!maps.len, !raw_next(&c));
	t = slurp_target(PROC "vmas", self->pid);
	EXPECT_TRUE(strstr(t.s, " vmas=0 walk=atomic\n"));
	t = slurp_target(PROC "summary", self->pid);
	EXPECT_TRUE(strstr(t.s, "\nVmas:\t0\t0 kB\n"));
	EXPECT_TRUE(strstr(t.s, "\nLargestGap:\t-\n"));
}

/*
 * A process that executes itself in a thread other than the leader. The thread
 * becomes the leader, and gets its ID. At any time one of the two has an mm.
 */
#define ON_AND_ON "--on-and-on"

static void *execute(void *unused)
{
	execl("/proc/self/exe", "extremes", ON_AND_ON, (char *)NULL);
	_exit(1);
}

static void __attribute__((noreturn)) on_and_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start_thread(execute, NULL);
	wait_for_ever();
}

FIXTURE(thread)
{
	pid_t pid;
};

FIXTURE_SETUP(thread)
{
	self->pid = fork_child();
	if (!self->pid)
		on_and_on();
}

FIXTURE_TEARDOWN(thread)
{
	end_child(self->pid);
}

TEST_F(thread, exec_always_has_mm)
{
	int fd = open_target(PROC "raw", self->pid);
	struct vmainfo_header h = { .size = sizeof(h) };
	uint64_t last = UINT64_MAX;
	unsigned int execs = 0;

	while (execs < 50) {
		ASSERT_EQ(0, ioctl(fd, VMAINFO_GET_HEADER, &h));
		ASSERT_TRUE(h.flags & VMAINFO_EXEC_ID);
		execs += last != h.exec_id;
		last = h.exec_id;
	}
}

/* A process whose VMAs are all of different files */

#define FILES 3000

static void map_memfds(void)
{
	char name[16];
	unsigned int i;
	int fd;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = memfd_create(name, MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, PAGE))
			fatal("memfd %u", i);
		map_and_close(ROW_AT + i * PAGE, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	}
}

/*
 * A torn walk that runs out of memory for files or names continues. So no VMA is
 * missing, and each has its own name.
 */
#define NAMED 2000u
#define SPOT ((char *)FAR(0x30))

static void map_named(void)
{
	char name[64];
	unsigned int i;

	map_at(ROW_AT, NAMED * PAGE, PROT_READ);
	for (i = 0; i < NAMED; i++) {
		sprintf(name, "the name of page %u of the row", i);
		if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ROW_AT + i * PAGE, PAGE, name))
			fatal("the name of page %u", i);
	}
}

/* It changes nothing, but takes mmap_lock for writing to find out. */
static void *contend(void *unused)
{
	run_on_cpu(0);
	while (!mprotect(SPOT, PAGE, PROT_READ))
		;
	_exit(1);
}

static void start_writer(char c)
{
	map_at(SPOT, PAGE, PROT_READ);
	start_thread(contend, NULL);
}

/* Is the row of that many pages complete, with these names? */
static bool has_names(const struct listing *l, const char *prefix, const char *suffix,
		      unsigned int nr)
{
	unsigned int i, found = 0;
	const struct region *r;
	char name[80];

	for (i = 0; i < l->nr; i++) {
		r = &l->regions[i];
		if (r->start < (unsigned long)ROW_AT ||
		    r->start >= (unsigned long)ROW_AT + nr * PAGE)
			continue;
		sprintf(name, "%s%u%s", prefix, found, suffix);
		if (r->start != (unsigned long)ROW_AT + found * PAGE || strcmp(r->name, name))
			return false;
		found++;
	}
	return found == nr;
}

FIXTURE(torn)
{
	struct target target;
};

FIXTURE_VARIANT(torn)
{
	void (*map)(void);
	const char *prefix, *suffix;
	unsigned int nr;
};

FIXTURE_VARIANT_ADD(torn, files) {
	map_memfds, "/memfd:", " (deleted)", FILES
};

FIXTURE_VARIANT_ADD(torn, names) {
	map_named, "[anon:the name of page ", " of the row]", NAMED
};

FIXTURE_SETUP(torn)
{
	void *page = map_at(NULL, PAGE, PROT_READ);

	FATAL_IS_ASSERT();
	if (variant->map == map_named &&
	    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, PAGE, "name"))
		SKIP(return, "this kernel has no names of anonymous VMAs (CONFIG_ANON_VMA_NAME)");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || IS_UML)
		SKIP(return, "a writer and a reader at the same time need two CPUs");
	target_start(&self->target, variant->map, start_writer);
	ASSERT_EQ(0, set_param("max_hold_us", "1"));
}

FIXTURE_TEARDOWN(torn)
{
	target_end(&self->target);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

TEST_F(torn, walk_has_all_names)
{
	int fd = open_target(PROC "raw", self->target.pid);
	unsigned int torn = 0;
	struct listing l = {};
	struct text t;

	run_on_cpu(1);
	tell(&self->target, 'w');
	while (torn < 5) {
		t = slurp_again(fd);
		ASSERT_EQ(NULL, parse_raw(&l, t));
		ASSERT_TRUE(has_names(&l, variant->prefix, variant->suffix, variant->nr));
		torn += l.walk == WALK_TORN;
		free(t.s);
	}
}

/*
 * An exec makes the next call ask for access again, by opening maps of the
 * target. Root of a mount namespace can cover that file, and is refused then.
 */
TEST(covered_maps_refused_after_exec)
{
	EXPECT_EQ(0, IN_CHILD({
		struct vmainfo_header h = { .size = sizeof(h) };
		struct procmap_query query = { .size = sizeof(query) };
		struct target target;
		char maps[32];
		int fd;

		make_mounts_private();
		target_start(&target, NULL, NULL);
		fd = open_target(PROC "maps", target.pid);
		CHECK(!try_read(fd));
		snprintf(maps, sizeof(maps), "/proc/%d/maps", target.pid);
		CHECK(!mount("/proc/self/maps", maps, NULL, MS_BIND, NULL));
		CHECK(!try_read(fd));
		tell(&target, TARGET_EXEC);
		CHECK(try_read(fd) == -EACCES);
		CHECK(result_of(ioctl(fd, VMAINFO_GET_HEADER, &h)) == -EACCES);
		CHECK(result_of(ioctl(fd, PROCMAP_QUERY, &query)) == -EACCES);
		CHECK(lseek(fd, 1, SEEK_SET) == -1 && errno == EACCES);
		CHECK(!umount(maps));
		CHECK(!try_read(fd));
		target_end(&target);
	}));
}

/*
 * One thread is in a pread(), which lasts until its page fault is handled. Other
 * processes use the same open file, wait for the thread, and can be killed.
 */
#define BUFFER (1ul << 20)

struct reader {
	int fd;
	char *buffer;
};

static void *read_all_of_it(void *arg)
{
	struct reader *r = arg;

	return (void *)pread(r->fd, r->buffer, BUFFER, 0);
}

static void do_pread(int fd)
{
	char c;

	pread(fd, &c, 1, 0);
}

static void do_write(int fd)
{
	write(fd, "0", 1);
}

static void do_lseek(int fd)
{
	lseek(fd, 0, SEEK_SET);
}

static void do_get_header(int fd)
{
	struct vmainfo_header h = { .size = sizeof(h) };

	ioctl(fd, VMAINFO_GET_HEADER, &h);
}

static void do_query(int fd)
{
	struct procmap_query query = { .size = sizeof(query) };

	ioctl(fd, PROCMAP_QUERY, &query);
}

static void do_set_filter(int fd)
{
	struct vmainfo_filter filter = { .size = sizeof(filter), .flags = VMAINFO_READ };

	ioctl(fd, VMAINFO_SET_FILTER, &filter);
}

static pid_t waiting_child(void (*call)(int fd), int fd)
{
	pid_t pid = fork_child();

	if (!pid) {
		call(fd);
		_exit(1);
	}
	wait_for_state(pid, 'D');
	return pid;
}

TEST(waiting_callers_can_be_killed)
{
	static void (*const calls[])(int fd) = {
		do_pread, do_write, do_lseek, do_get_header, do_query, do_set_filter,
	};
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct text expected, got;
	struct target target;
	struct reader reader;
	struct uffd_msg fault;
	pthread_t thread;
	unsigned int i;
	pid_t seeks;
	void *len;
	int uffd;

	/* It is not to inherit the descriptor. */
	target_start_row(&target, ROW_AT, 20);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 && errno == ENOSYS)
		SKIP(return, "this kernel has no userfaultfd (CONFIG_USERFAULTFD)");
	reader.fd = open_target(PROC "maps", target.pid);
	expected = slurp(reader.fd, BUFFER);
	reader.buffer = map_at(NULL, BUFFER, PROT_READ | PROT_WRITE);
	reg.range.start = (unsigned long)reader.buffer;
	reg.range.len = BUFFER;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_all_of_it, &reader));
	ASSERT_EQ((ssize_t)sizeof(fault), read(uffd, &fault, sizeof(fault)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, fault.event);

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		end_child(waiting_child(calls[i], reader.fd));
	/* lseek() has the lock of the file position, for which the ioctl waits. */
	seeks = waiting_child(do_lseek, reader.fd);
	end_child(waiting_child(do_set_filter, reader.fd));
	end_child(seeks);

	ASSERT_EQ(0, close(uffd)); /* ends the page fault */
	ASSERT_EQ(0, pthread_join(thread, &len));
	/* None of them has changed anything. */
	got = (struct text) { .s = reader.buffer, .len = (long)len };
	EXPECT_TRUE(same(expected, got));
	EXPECT_TRUE(same(expected, slurp_again(reader.fd)));
	target_end(&target);
}

int main(int argc, char **argv)
{
	target_executed(argc, argv);
	if (argc == 2 && !strcmp(argv[1], ON_AND_ON))
		on_and_on();
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
