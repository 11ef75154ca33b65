// SPDX-License-Identifier: GPL-2.0
/*
 * An entry gives the same text for all sizes of reads and all system calls that
 * read. A read that is large enough ends with a whole line.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "vmainfo_test.h"

/*
 * Views format a batch of records at a time, as many as fit into a buffer. The
 * target has 3,000 VMAs with names of all lengths, among them those at which a
 * line or a record just fits, or just does not fit.
 */
#define BATCH 3000
#define BATCH_AT FAR(0x20)
#define DEPTH 24		/* of directories, with names of 200 bytes */
#define FITS_AT 19		/* how deep a path makes a line of about a page */

/* Maps the file of a name in the current directory at the next place. */
static void map_named(const char *name, int prot, unsigned int *nr)
{
	map_and_close((void *)(BATCH_AT + (*nr)++ * 2 * PAGE), PAGE, prot, MAP_PRIVATE,
		      create_file(name, PAGE), 0);
}

/* A few VMAs with a short name or none, so that batches begin anywhere */
static void map_others(unsigned int *nr, unsigned int max)
{
	unsigned int i;

	for (i = *nr % 13; i && *nr < max; i--) {
		if (i % 3)
			map_at((void *)(BATCH_AT + (*nr)++ * 2 * PAGE), PAGE, PROT_READ);
		else
			map_named("/tmp/reads-short", PROT_READ, nr);
	}
}

static void many_names(void)
{
	char dir[] = "/tmp/vmainfo-reads-XXXXXX", name[256], deep[201];
	unsigned int depth, nr = 1, i, n;

	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	if (!mkdtemp(dir) || chdir(dir))
		fatal("mkdtemp");
	for (depth = 1; depth <= DEPTH; depth++) {
		enter_dirs(deep, 1);
		n = depth == FITS_AT ? 250 : 6;
		for (i = 1; i <= n; i++) {
			memset(name, 'a' + i % 26, sizeof(name));
			name[n > 6 ? i : i * 41] = 0;
			/* the text views escape these */
			if (n == 6 && i % 3 == 0)
				memset(name, '\n', i * 40);
			map_named(name, i % 2 ? PROT_READ : PROT_EXEC, &nr);
			if (unlink(name))
				fatal("unlink");
			map_others(&nr, BATCH);
		}
	}
	while (nr < BATCH) {
		map_others(&nr, BATCH);
		map_named("/tmp/reads-short", PROT_WRITE, &nr);
	}
	leave_dirs(deep, DEPTH);
	if (chdir("/") || rmdir(dir) || unlink("/tmp/reads-short"))
		fatal("rmdir %s", dir);
}

/*
 * A pid namespace and a procfs of its own, whose processes do not change. They are
 * stopped: a page fault on the way to pause() changes the resident memory.
 */
static void own_processes(void)
{
	int ready[2], i;
	pid_t pid;
	char c;

	CHECK(!pipe(ready) && !unshare(CLONE_NEWPID));
	make_mounts_private();
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		mount_procfs();
		for (i = 0; i < 200 && (pid = fork()); i++)
			CHECK(pid > 0 && waitpid(pid, NULL, WUNTRACED) == pid);
		if (i == 200)
			CHECK(write(ready[1], "", 1) == 1);
		else
			CHECK(!raise(SIGSTOP));
		wait_for_ever();
	}
	CHECK(pid > 0 && read(ready[0], &c, 1) == 1);
	CHECK(!kill(pid, SIGSTOP) && waitpid(pid, NULL, WUNTRACED) == pid);
}

static char *find_ends(struct text t)
{
	char *whole = get_memory(t.len + 1);
	struct cursor c;
	size_t at;

	if (is_raw(t)) {
		whole[sizeof(struct vmainfo_header)] = 1;
		for (raw_first(&c, t); raw_next(&c);)
			whole[c.at] = 1;
	} else {
		for (at = 1; at <= t.len; at++)
			whole[at] = t.s[at - 1] == '\n';
	}
	return whole;
}

#define BUFFER (4 << 20)

FIXTURE(reads)
{
	struct target target;
	struct text text;	/* the whole entry, by large reads */
	char *whole;		/* does a line, or a record, end before that byte? */
	char *buffer;
	int fd;
};

FIXTURE_VARIANT(reads)
{
	const char *entry;
	void (*init)(void);
	size_t at_least;
};

FIXTURE_VARIANT_ADD(reads, maps) { PROC "maps", many_names, BATCH * 100 };
FIXTURE_VARIANT_ADD(reads, raw) { PROC "raw", many_names, BATCH * 100 };
FIXTURE_VARIANT_ADD(reads, vmas) { PROC "vmas", many_names, BATCH * 100 };
FIXTURE_VARIANT_ADD(reads, summary) { PROC "summary", NULL, 500 };
FIXTURE_VARIANT_ADD(reads, procs) { PROC "procs", own_processes, 16384 };

FIXTURE_SETUP(reads)
{
	char path[64];
	ssize_t n;

	if (variant->init == own_processes && access("/proc/self/ns/pid", F_OK))
		SKIP(return, "this kernel has no pid namespaces (CONFIG_PID_NS)");
	target_start(&self->target, variant->init, NULL);
	snprintf(path, sizeof(path), "/proc/%d/root" PROC "procs", self->target.pid);
	self->fd = variant->init == own_processes ? open_or_die(path, O_RDONLY) :
		   open_target(variant->entry, self->target.pid);
	self->text.s = get_memory(BUFFER);
	/* in one read, or in few */
	while ((n = read(self->fd, self->text.s + self->text.len, BUFFER - self->text.len)) > 0)
		self->text.len += n;
	ASSERT_EQ(0, n);
	ASSERT_LT(variant->at_least, self->text.len);
	ASSERT_LT(self->text.len, BUFFER - 100000ul);
	if (!strcmp(variant->entry, PROC "maps"))
		ASSERT_TRUE(same(slurp_proc(self->target.pid, "maps"), self->text));
	self->whole = find_ends(self->text);
	self->buffer = get_memory(BUFFER);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(reads)
{
	close(self->fd);
	target_end(&self->target);
}

/* Does a read end with a whole line, or else no line within its size? */
static bool ends_well(const FIXTURE_DATA(reads) *self, size_t at, size_t size, size_t n)
{
	size_t i;

	if (size < PAGE || self->whole[at + n] || !n)
		return true;
	for (i = at + 1; i <= at + size && i <= self->text.len; i++)
		if (self->whole[i])
			return false;
	return true;
}

/* Checks the n bytes that a read of size bytes returned. */
static bool is_right(const FIXTURE_DATA(reads) *self, size_t size, size_t at, ssize_t n)
{
	const size_t len = self->text.len;
	const char *wrong = n < 0 ? strerror(errno) :
			    (size_t)n > size || at + n > len ? "too much" :
			    !n != (at == len) ? "nothing, or something after the end" :
			    same_bytes(self->text, at, self->buffer, n) != (size_t)n ?
			    "something else" :
			    !ends_well(self, at, size, n) ? "part of a line" : NULL;

	if (wrong)
		fprintf(stderr, "# a read of %zu at %zu gave %zd: %s\n", size, at, n, wrong);
	return !wrong;
}

/* From the start, and going on from the middle, by lseek() */
TEST_F(reads, any_read_size)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 8192, 65536, BUFFER };
	const size_t len = self->text.len, starts[] = { 0, len / 2, len - len / 50 };
	unsigned int i, reads;
	size_t at, size;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(starts); i++) {
		size = sizes[i / ARRAY_SIZE(starts)];
		at = starts[i % ARRAY_SIZE(starts)];
		ASSERT_EQ((off_t)at, lseek(self->fd, at, SEEK_SET));
		reads = 0;
		do {
			n = read(self->fd, self->buffer, size);
			ASSERT_TRUE(is_right(self, size, at, n));
			at += n;
		} while (n && ++reads < 3000);
		ASSERT_EQ((off_t)at, lseek(self->fd, 0, SEEK_CUR));
	}
}

/* How many bytes of whole lines fit into a read of that size */
static size_t could_be(const FIXTURE_DATA(reads) *self, size_t at, size_t size)
{
	size_t end = at + size < self->text.len ? at + size : self->text.len;

	while (end > at && !self->whole[end])
		end--;
	return end > at ? end - at : size;
}

/* The module estimates the next line's length. This may cost a few reads. */
TEST_F(reads, fills_buffer)
{
	static const size_t sizes[] = { 4096, 65536 };
	unsigned int i, reads, needed;
	ssize_t n;
	size_t at;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		for (at = 0, needed = 0; at < self->text.len; needed++)
			at += could_be(self, at, sizes[i]);
		for (reads = 0; (n = read(self->fd, self->buffer, sizes[i])) > 0; reads++)
			;
		ASSERT_EQ(0, n);
		printf("# %s: %u reads of %zu, %u are needed\n", variant->entry, reads, sizes[i],
		       needed);
		EXPECT_GE(2 * needed, reads);
	}
}

TEST_F(reads, random_read_sizes)
{
	unsigned int i;
	size_t at = 0, size;
	ssize_t n;

	for (i = 0; i < 1500; i++) {
		size = 1 + random() % (i % 5 ? 9000 : 90000);
		n = read(self->fd, self->buffer, size);
		ASSERT_TRUE(is_right(self, size, at, n));
		at += n;
		if (!n || random() % 50 == 0) {
			size = n ? (size_t)random() % self->text.len : 0ul;
			at = i % 2 ? lseek(self->fd, size, SEEK_SET) :
			     lseek(self->fd, (off_t)size - (off_t)at, SEEK_CUR);
			ASSERT_EQ(size, at);
		}
	}
}

TEST_F(reads, random_pread)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 65536, BUFFER };
	unsigned int i;
	size_t at, size;
	ssize_t n;

	for (i = 0; i < 150; i++) {
		size = random() % 9000 + 1;
		if (i % 3)
			size = sizes[random() % ARRAY_SIZE(sizes)];
		at = random() % (self->text.len + 1);
		n = pread(self->fd, self->buffer, size, at);
		ASSERT_TRUE(is_right(self, size, at, n));
	}
	/* pread leaves the position alone */
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

/* The rest of a line is its last byte. The next line does not fit. */
TEST_F(reads, pread_of_last_byte)
{
	unsigned int tried = 0;
	size_t at, next;

	for (at = 1; at < self->text.len; at = next) {
		for (next = at + 1; !self->whole[next]; next++)
			;
		if (!self->whole[at] || next - at < PAGE)
			continue;
		ASSERT_EQ(1, pread(self->fd, self->buffer, PAGE, at - 1));
		ASSERT_TRUE(is_right(self, PAGE, at - 1, 1));
		tried++;
	}
	/* No line is longer than a larger page. */
	ASSERT_EQ(variant->init == many_names && PAGE == 4096, tried > 0);
}

TEST_F(reads, eof_persists)
{
	off_t len = self->text.len;
	char c;
	int i;

	ASSERT_TRUE(same(self->text, slurp(self->fd, 1000)));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, read(self->fd, &c, 1));
	EXPECT_EQ(len, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(0, pread(self->fd, &c, 1, len));
	EXPECT_EQ(0, pread(self->fd, &c, 1, len + 12345));
	ASSERT_EQ(len + 100, lseek(self->fd, len + 100, SEEK_SET));
	EXPECT_EQ(0, read(self->fd, &c, 1));
	EXPECT_EQ(-EINVAL, result_of(lseek(self->fd, 0, SEEK_END)));
	EXPECT_EQ(-EINVAL, result_of(lseek(self->fd, -1, SEEK_SET)));
}

struct half {
	pthread_t thread;
	const FIXTURE_DATA(reads) *test;
	const struct half *other;
	pthread_barrier_t *start;
	atomic_bool began;	/* it has read once */
	size_t chunk, len;
	char *seen;		/* the bytes of the text that were read, by either of them */
	const char *wrong;
};

static void *read_half(void *arg)
{
	struct half *h = arg;
	const struct text *all = &h->test->text;
	struct text got = { .s = get_memory(h->chunk) };
	ssize_t n;
	char *at;

	pthread_barrier_wait(h->start);
	do {
		n = read(h->test->fd, got.s, h->chunk);
		got.len = n < 0 ? 0 : n;
		/* The headers have different times. */
		if (is_raw(got))
			memcpy(got.s, all->s, sizeof(struct vmainfo_header));
		at = n < 0 ? NULL : memmem(all->s, all->len, got.s, got.len);
		if (!at)
			h->wrong = n < 0 ? strerror(errno) : "lines that are not neighbours";
		else
			memset(h->seen + (at - all->s), 1, n);
		h->len += n;
		/* Both threads read once before one of them goes on. */
		h->began = true;
		while (!h->other->began)
			sched_yield();
	} while (n > 0 && at);
	free(got.s);
	return NULL;
}

/*
 * Two threads that share a descriptor share its lines. Those of one read are
 * neighbours in the text, where each line is different, and each line is read
 * once. The distribution after the first read is random, so there are several
 * rounds.
 */
TEST_F(reads, shared_descriptor)
{
	int round, i, shared = 0;

	for (round = 0; round < 20; round++) {
		struct half half[2] = { 0 };
		pthread_barrier_t start;
		char *seen = get_memory(self->text.len);

		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		pthread_barrier_init(&start, NULL, 2);
		for (i = 0; i < 2; i++) {
			half[i].test = self;
			half[i].other = &half[!i];
			half[i].start = &start;
			half[i].seen = seen;
			/* no line is longer */
			half[i].chunk = round % 2 ? 16384 : 8192;
			ASSERT_EQ(0, pthread_create(&half[i].thread, NULL, read_half, &half[i]));
		}
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(half[i].thread, NULL));
			ASSERT_EQ(NULL, half[i].wrong) {
				TH_LOG("%s", half[i].wrong);
			}
		}
		ASSERT_EQ(self->text.len, half[0].len + half[1].len);
		ASSERT_EQ(NULL, memchr(seen, 0, self->text.len));
		shared += half[0].len && half[1].len;
		free(seen);
		pthread_barrier_destroy(&start);
	}
	if (self->text.len > 16384)
		EXPECT_LT(0, shared);
}

struct beside {
	pthread_t thread;
	struct text text;
	const char *whole;
	int fd;
	volatile bool stop;
	unsigned int rounds;
	const char *wrong;
};

static void *pread_beside(void *arg)
{
	struct beside *b = arg;
	static char buffer[2 * PAGE];
	ssize_t n;

	while (!b->stop && !b->wrong) {
		size_t at = b->rounds++ * 997 % b->text.len;

		n = pread(b->fd, buffer, sizeof(buffer), at);
		if (n <= 0)
			b->wrong = "nothing";
		else if (same_bytes(b->text, at, buffer, n) != (size_t)n)
			b->wrong = "something else";
		else if (!b->whole[at + n])
			b->wrong = "part of a line";
	}
	return NULL;
}

/* Reads at the position and elsewhere do not disturb each other. */
TEST_F(reads, concurrent_pread)
{
	struct beside b = { .text = self->text, .whole = self->whole, .fd = self->fd };
	struct text t;
	int i;

	ASSERT_EQ(0, pthread_create(&b.thread, NULL, pread_beside, &b));
	for (i = 0; !b.wrong && (i < 20 || b.rounds < 100); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, i % 2 ? 4096 : 1 << 20);
		EXPECT_TRUE(same(self->text, t));
		free(t.s);
	}
	b.stop = true;
	ASSERT_EQ(0, pthread_join(b.thread, NULL));
	EXPECT_EQ(NULL, b.wrong) {
		TH_LOG("pread gave %s", b.wrong);
	}
}

/* System calls that read on from the position, each at most 10000 bytes */

static ssize_t by_readv(int fd, char *to)
{
	struct iovec v[] = { { to, 10 }, { to + 10, 3000 }, { to + 3010, 5000 } };

	return readv(fd, v, ARRAY_SIZE(v));
}

/* What splice() or sendfile() has put into a file */
static ssize_t moved(int from, ssize_t n, char *to)
{
	ssize_t at = 0, m = 1;

	for (; at < n && m > 0; at += m)
		m = read(from, to + at, n - at);
	return m < 0 ? m : n;
}

static ssize_t by_splice(int fd, char *to)
{
	ssize_t n;
	int p[2];

	CHECK(!pipe(p));
	n = moved(p[0], splice(fd, NULL, p[1], NULL, 8192, 0), to);
	close(p[0]);
	close(p[1]);
	return n;
}

static ssize_t by_sendfile(int fd, char *to)
{
	int file = memfd_create("reads", 0);
	ssize_t n = sendfile(file, fd, NULL, 10000);

	CHECK(!lseek(file, 0, SEEK_SET));
	n = moved(file, n, to);
	close(file);
	return n;
}

/* A duplicate has the same position and the same snapshot. */
static ssize_t by_dup(int fd, char *to)
{
	int other = dup(fd);
	ssize_t n = read(other, to, 1000);

	close(other);
	return n;
}

TEST_F(reads, any_system_call)
{
	static const struct {
		const char *name;
		ssize_t (*read)(int fd, char *to);
	} calls[] = {
		{ "readv", by_readv }, { "splice", by_splice }, { "sendfile", by_sendfile },
		{ "dup", by_dup },
	};
	struct text t = { .s = self->buffer };
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t.len = 0;
		while ((n = calls[i].read(self->fd, t.s + t.len)) > 0 && t.len <= self->text.len)
			t.len += n;
		ASSERT_EQ(0, n) {
			TH_LOG("%s: %s", calls[i].name, strerror(errno));
		}
		EXPECT_TRUE(same(self->text, t)) {
			TH_LOG("by %s", calls[i].name);
		}
	}
}

TEST_F(reads, efault)
{
	char *bad = map_at(NULL, 2 * PAGE, PROT_NONE);

	EXPECT_EQ(-EFAULT, result_of(read(self->fd, bad, PAGE)));
	/* the file can still be read */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_TRUE(same(self->text, slurp(self->fd, 4096)));
}

VMAINFO_TEST_MAIN()
