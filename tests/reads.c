// SPDX-License-Identifier: GPL-2.0
/*
 * However an entry is read, in whatever pieces and by whatever system call, it
 * gives the same text, and whole lines whenever there is room for them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "vmainfo_test.h"

#define ROW 200
#define LONG_NAME 3000

/* A mapping of a file whose path makes a line of more than LONG_NAME bytes. */
static void map_long_name(void)
{
	char dir[] = "/tmp/vmainfo-reads-XXXXXX", name[201];
	int fd, depth = LONG_NAME / 200 + 1, i;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	if (!mkdtemp(dir) || chdir(dir))
		fatal("mkdtemp");
	for (i = 0; i < depth; i++)
		if (mkdir(name, 0700) || chdir(name))
			fatal("mkdir");
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		fatal("a file with a long name");
	map_file(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (unlink(name))
		fatal("unlink");
	for (i = 0; i < depth; i++)
		if (chdir("..") || rmdir(name))
			fatal("rmdir");
	if (chdir("/") || rmdir(dir))
		fatal("rmdir %s", dir);
}

static void *reads_row;

static void reads_init(void)
{
	reads_row = map_row((void *)0x200000000000, ROW);
	map_long_name();
}

static void reads_other_init(void)
{
	map_row((void *)0x300000000000, ROW / 2);
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

FIXTURE(reads)
{
	struct target target;
	struct text text;	/* all of the entry, in one read if it likes */
	char *whole;		/* is what is before a byte of it whole lines, or records? */
	int fd;
};

FIXTURE_VARIANT(reads)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(reads, maps) { .entry = PROC "maps" };
FIXTURE_VARIANT_ADD(reads, raw) { .entry = PROC "raw" };
FIXTURE_VARIANT_ADD(reads, vmas) { .entry = PROC "vmas" };

FIXTURE_SETUP(reads)
{
	struct text maps;

	target_start(&self->target, reads_init, NULL);
	self->fd = open_target(variant->entry, self->target.pid);
	self->text = slurp(self->fd, 1 << 20);
	ASSERT_LT(ROW * 40ul, self->text.len);
	ASSERT_TRUE(shows(self->text, (void *)0x200000000000));
	if (!strcmp(variant->entry, PROC "maps")) {
		maps = slurp_proc(self->target.pid, "maps");
		ASSERT_TRUE(same(maps, self->text));
		free(maps.s);
	}
	self->whole = find_ends(self->text);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(reads)
{
	close(self->fd);
	free(self->text.s);
	free(self->whole);
	target_end(&self->target);
}

TEST_F(reads, any_read_size)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 65536, 1 << 20 };
	struct text t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, sizes[i]);
		EXPECT_TRUE(same(self->text, t)) {
			TH_LOG("in reads of %zu bytes", sizes[i]);
		}
		free(t.s);
	}
}

TEST_F(reads, whole_lines_per_read)
{
	static const size_t sizes[] = { 4096, 4097, 5000, 8191, 65536 };
	char *buffer = get_memory(65536);
	size_t i, at;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		at = 0;
		while ((n = read(self->fd, buffer, sizes[i])) > 0) {
			at += n;
			ASSERT_LE(at, self->text.len);
			ASSERT_TRUE(self->whole[at]) {
				TH_LOG("a read of %zu bytes gave %zd", sizes[i], n);
			}
		}
		ASSERT_EQ(0, n);
	}
}

/* Wherever the read before it stopped, or the position was put. */
TEST_F(reads, whole_lines_after_seek)
{
	static const size_t sizes[] = { 4096, 8191, 65536 };
	char *buffer = get_memory(65536);
	ssize_t n;
	off_t at;
	size_t i;

	for (i = 1; i < 150; i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		if (i % 2) {	/* by a short read */
			ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
			ASSERT_LT(0, read(self->fd, buffer, i * 13));
		} else {
			ASSERT_LT(0, lseek(self->fd, i * 41, SEEK_SET));
		}
		at = lseek(self->fd, 0, SEEK_CUR);
		n = read(self->fd, buffer, size);
		ASSERT_LT(0, n);
		ASSERT_EQ((size_t)n, same_bytes(self->text, at, buffer, n));
		ASSERT_TRUE(self->whole[at + n]) {
			TH_LOG("a read of %zu bytes at %lld gave %zd", size,
			       (long long)at, n);
		}
		n = pread(self->fd, buffer, size, at + 1);
		ASSERT_LT(0, n);
		ASSERT_TRUE(self->whole[at + 1 + n]) {
			TH_LOG("a pread of %zu bytes at %lld gave %zd", size,
			       (long long)at + 1, n);
		}
	}
}

TEST_F(reads, large_reads)
{
	char *buffer = get_memory(1 << 20);

	EXPECT_LT(4096, read(self->fd, buffer, 1 << 20));
}

TEST_F(reads, eof_persists)
{
	struct text t = slurp(self->fd, 1000);
	char c;
	int i;

	ASSERT_TRUE(same(self->text, t));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, read(self->fd, &c, 1));
	EXPECT_EQ(self->text.len, (size_t)lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(reads, pread_odd_offsets)
{
	static const size_t sizes[] = { 1, 13, 4096, 100000 };
	size_t offset, i;
	char *buffer = get_memory(100000);
	ssize_t n;

	/* up, down, and far apart */
	for (i = 0; i < 400; i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		offset = (i * 7919 + (i % 3) * 4099) % self->text.len;
		n = pread(self->fd, buffer, size, offset);
		ASSERT_LT(0, n) {
			TH_LOG("pread of %zu at %zu", size, offset);
		}
		ASSERT_LE((size_t)n, size);
		ASSERT_LE(offset + n, self->text.len);
		ASSERT_EQ((size_t)n, same_bytes(self->text, offset, buffer, n)) {
			TH_LOG("pread of %zu at %zu", size, offset);
		}
	}
	EXPECT_EQ(0, pread(self->fd, buffer, 100, self->text.len));
	EXPECT_EQ(0, pread(self->fd, buffer, 100, self->text.len + 12345));
	/* pread leaves the position alone */
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(reads, lseek_back_and_forth)
{
	off_t len = self->text.len, at = 0;
	char buffer[600];
	ssize_t n;
	int i;

	for (i = 0; i < 400; i++) {
		off_t to = (i * 6007LL + (i % 5) * 997) % len;

		if (i % 2)
			n = lseek(self->fd, to, SEEK_SET);
		else
			n = lseek(self->fd, to - at, SEEK_CUR);
		ASSERT_EQ(to, n);
		n = read(self->fd, buffer, sizeof(buffer));
		ASSERT_LT(0, n);
		ASSERT_LE(to + n, len);
		ASSERT_EQ((size_t)n, same_bytes(self->text, to, buffer, n)) {
			TH_LOG("%zd bytes at %lld", n, (long long)to);
		}
		at = to + n;
		ASSERT_EQ(at, lseek(self->fd, 0, SEEK_CUR));
	}

	ASSERT_EQ(len + 100, lseek(self->fd, len + 100, SEEK_SET));
	EXPECT_EQ(0, read(self->fd, buffer, sizeof(buffer)));
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(reads, interleaved_descriptors)
{
	struct target other;
	struct text expected, a, b;
	ssize_t n, m;
	int fd;

	target_start(&other, reads_other_init, NULL);
	fd = open_target(variant->entry, other.pid);
	expected = slurp(fd, 1 << 20);
	ASSERT_TRUE(shows(expected, (void *)0x300000000000));
	ASSERT_FALSE(shows(expected, (void *)0x200000000000));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));

	a.s = get_memory(self->text.len + 1000);
	b.s = get_memory(expected.len + 1000);
	a.len = 0;
	b.len = 0;
	do {
		n = read(self->fd, a.s + a.len, 1000);
		m = read(fd, b.s + b.len, 700);
		ASSERT_LE(0, n);
		ASSERT_LE(0, m);
		a.len += n;
		b.len += m;
		ASSERT_LE(a.len, self->text.len);
		ASSERT_LE(b.len, expected.len);
	} while (n || m);
	EXPECT_TRUE(same(self->text, a));
	EXPECT_TRUE(same(expected, b));
	target_end(&other);
}

struct half {
	pthread_t thread;
	const struct half *other;
	atomic_bool began;	/* it has read once */
	pthread_barrier_t *start;
	int fd;
	size_t chunk;
	char *s;
	size_t len, room;
	size_t piece[256];	/* how much each read gave */
	unsigned int pieces;
	bool text;
	int bad;
};

static void *read_half(void *arg)
{
	struct half *h = arg;
	ssize_t n;

	pthread_barrier_wait(h->start);
	do {
		n = read(h->fd, h->s + h->len, h->chunk);
		if (n < 0 || (n && h->text && h->s[h->len + n - 1] != '\n'))
			h->bad = n < 0 ? errno : -1;
		else
			h->len += n;
		h->piece[h->pieces++] = n;
		/* So that each has a share, however the threads are scheduled. */
		h->began = true;
		while (!h->other->began)
			sched_yield();
		if (h->room - h->len < h->chunk || h->pieces == ARRAY_SIZE(h->piece))
			h->bad = ENOSPC;
	} while (n > 0 && !h->bad);
	return NULL;
}

/*
 * Two threads that share a descriptor share out its lines: put together in
 * order they are the text, each line once, and what one read gave is all in one
 * piece. Who gets what after the first read is left to chance, so it is tried again and
 * again.
 */
TEST_F(reads, shared_descriptor)
{
	int round, i, shared = 0;

	for (round = 0; round < 60; round++) {
		struct half half[2] = { 0 };
		pthread_barrier_t start;
		size_t at = 0, pos[2] = { 0 };

		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		pthread_barrier_init(&start, NULL, 2);
		for (i = 0; i < 2; i++) {
			half[i].other = &half[!i];
			half[i].start = &start;
			half[i].fd = self->fd;
			half[i].text = !is_raw(self->text);
			half[i].chunk = round % 2 ? 8192 : 4096;
			half[i].room = self->text.len + 3 * 8192;
			half[i].s = get_memory(half[i].room + 1);
			ASSERT_EQ(0, pthread_create(&half[i].thread, NULL,
						    read_half, &half[i]));
		}
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_join(half[i].thread, NULL));
		ASSERT_EQ(0, half[0].bad);
		ASSERT_EQ(0, half[1].bad);
		ASSERT_EQ(self->text.len, half[0].len + half[1].len);

		/* The time of this snapshot shall be no difference. */
		for (i = 0; i < 2; i++)
			if (is_raw((struct text) { half[i].s, half[i].len }))
				memcpy(half[i].s, self->text.s, sizeof(struct vmainfo_header));

		/* no two lines of a text are the same, so the merge is unique */
		while (at < self->text.len) {
			size_t n = 1;

			while (!self->whole[at + n])
				n++;
			for (i = 0; i < 2; i++) {
				if (half[i].len - pos[i] >= n &&
				    !memcmp(half[i].s + pos[i], self->text.s + at, n))
					break;
			}
			ASSERT_GT(2, i) {
				TH_LOG("nobody got the line at %zu", at);
			}
			pos[i] += n;
			at += n;
		}
		for (i = 0; i < 2; i++) {
			const char *s = half[i].s;
			unsigned int k;

			for (k = 0; k < half[i].pieces; s += half[i].piece[k++]) {
				ASSERT_NE(NULL, memmem(self->text.s, self->text.len,
						       s, half[i].piece[k])) {
					TH_LOG("a read of %zu gave lines that are not neighbours",
					       half[i].chunk);
				}
			}
		}
		if (half[0].len && half[1].len)
			shared++;
		free(half[0].s);
		free(half[1].s);
		pthread_barrier_destroy(&start);
	}
	EXPECT_LT(0, shared) {
		TH_LOG("one thread got everything in %d rounds", round);
	}
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
	static char buffer[8192];
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

/* Reads at the file's position and reads elsewhere do not disturb each other. */
TEST_F(reads, concurrent_pread)
{
	struct beside b = { .text = self->text, .whole = self->whole, .fd = self->fd };
	struct text t;
	int i;

	ASSERT_EQ(0, pthread_create(&b.thread, NULL, pread_beside, &b));
	for (i = 0; i < 100 || b.rounds < 100; i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		t = slurp(self->fd, i % 2 ? 4096 : 1 << 20);
		EXPECT_TRUE(same(self->text, t));
		free(t.s);
		if (b.wrong)
			break;
	}
	b.stop = true;
	ASSERT_EQ(0, pthread_join(b.thread, NULL));
	EXPECT_EQ(NULL, b.wrong) {
		TH_LOG("pread gave %s", b.wrong);
	}
}

TEST_F(reads, readv)
{
	struct text t = { .s = get_memory(self->text.len + 10000) };
	ssize_t n;

	do {
		struct iovec v[3] = {
			{ t.s + t.len, 10 },
			{ t.s + t.len + 10, 3000 },
			{ t.s + t.len + 3010, 5000 },
		};

		n = readv(self->fd, v, 3);
		ASSERT_LE(0, n);
		t.len += n;
		ASSERT_LE(t.len, self->text.len);
	} while (n);
	EXPECT_TRUE(same(self->text, t));
}

TEST_F(reads, splice)
{
	struct text t = { .s = get_memory(self->text.len + 65536) };
	ssize_t n, m;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	while ((n = splice(self->fd, NULL, p[1], NULL, 32768, 0)) > 0) {
		for (; n; n -= m) {
			m = read(p[0], t.s + t.len, n);
			ASSERT_LT(0, m);
			t.len += m;
			ASSERT_LE(t.len, self->text.len);
		}
	}
	ASSERT_EQ(0, n) {
		TH_LOG("splice: %s", strerror(errno));
	}
	EXPECT_TRUE(same(self->text, t));
}

TEST_F(reads, sendfile)
{
	int fd = memfd_create("reads", 0);
	struct text t;
	ssize_t n;

	ASSERT_LE(0, fd);
	while ((n = sendfile(fd, self->fd, NULL, 1 << 20)) > 0)
		;
	ASSERT_EQ(0, n) {
		TH_LOG("sendfile: %s", strerror(errno));
	}
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	t = slurp(fd, 65536);
	EXPECT_TRUE(same(self->text, t));
}

/* A duplicate has the same position and the same snapshot. */
TEST_F(reads, dup)
{
	struct text t = { .s = get_memory(self->text.len + 1000) };
	int fd[2] = { self->fd, dup(self->fd) }, i = 0;
	ssize_t n;

	ASSERT_LE(0, fd[1]);
	while ((n = read(fd[i++ % 2], t.s + t.len, 1000)) > 0) {
		t.len += n;
		ASSERT_LE(t.len, self->text.len);
	}
	ASSERT_EQ(0, n);
	EXPECT_TRUE(same(self->text, t));
}

TEST_F(reads, efault)
{
	char *bad = map_at(NULL, 8192, PROT_NONE);
	struct text t;

	EXPECT_EQ(-1, read(self->fd, bad, 4096));
	EXPECT_EQ(EFAULT, errno);
	/* the file can still be read */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	t = slurp(self->fd, 4096);
	EXPECT_TRUE(same(self->text, t));
}

/*
 * The views that are fast show many records at a time, as many as fit into a buffer. What
 * they promise must not depend on how: here are 3,000 VMAs with names of every length,
 * among them all at which a line or a record just fits, or does not.
 */
#define BATCH 3000
#define BATCH_AT 0x200000000000ul
#define DEPTH 24		/* of directories, with names of 200 bytes */
#define FITS_AT 19		/* how deep a path makes a line of about a page */

/* Maps the file of a name in the current directory at the next place. */
static void map_named(const char *name, int prot, unsigned int *nr)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		fatal("a file with a name of %zu bytes", strlen(name));
	map_file((void *)(BATCH_AT + (*nr)++ * 2 * PAGE), PAGE, prot, MAP_PRIVATE, fd, 0);
	close(fd);
}

/* A few without a name, or with a short one, so that batches begin anywhere. */
static void map_others(unsigned int *nr, unsigned int max)
{
	unsigned int i;

	for (i = *nr % 13; i && *nr < max; i--) {
		if (i % 3)
			map_at((void *)(BATCH_AT + (*nr)++ * 2 * 4096), 4096, PROT_READ);
		else
			map_named("/tmp/reads-short", PROT_READ, nr);
	}
}

static void batches_init(void)
{
	char dir[] = "/tmp/vmainfo-reads-XXXXXX", name[256], deep[201];
	unsigned int depth, nr = 1, i, n;

	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	if (!mkdtemp(dir) || chdir(dir))
		fatal("mkdtemp");
	for (depth = 1; depth <= DEPTH; depth++) {
		if (mkdir(deep, 0700) || chdir(deep))
			fatal("mkdir");
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
	for (depth = 1; depth <= DEPTH; depth++)
		if (chdir("..") || rmdir(deep))
			fatal("rmdir");
	if (chdir("/") || rmdir(dir) || unlink("/tmp/reads-short"))
		fatal("rmdir %s", dir);
}

FIXTURE(batches)
{
	struct target target;
	struct text text;
	char *whole;
	char *buffer;
	int fd;
};

FIXTURE_VARIANT(batches)
{
	const char *entry;
};

FIXTURE_VARIANT_ADD(batches, maps) { .entry = PROC "maps" };
FIXTURE_VARIANT_ADD(batches, raw) { .entry = PROC "raw" };
FIXTURE_VARIANT_ADD(batches, vmas) { .entry = PROC "vmas" };

#define BUFFER (4 << 20)

FIXTURE_SETUP(batches)
{
	ssize_t n;

	target_start(&self->target, batches_init, NULL);
	self->fd = open_target(variant->entry, self->target.pid);
	self->text.s = get_memory(BUFFER);
	/* in one read, or in few */
	while ((n = read(self->fd, self->text.s + self->text.len, BUFFER - self->text.len)) > 0)
		self->text.len += n;
	ASSERT_EQ(0, n);
	ASSERT_LT(BATCH * 100ul, self->text.len);
	ASSERT_LT(self->text.len, BUFFER - 100000ul);
	if (!strcmp(variant->entry, PROC "maps"))
		ASSERT_TRUE(same(slurp_proc(self->target.pid, "maps"), self->text));
	self->whole = find_ends(self->text);
	self->buffer = get_memory(BUFFER);
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

FIXTURE_TEARDOWN(batches)
{
	close(self->fd);
	target_end(&self->target);
}

/*
 * NULL, or what is wrong with the n bytes that a read of size bytes gave. It ends with a
 * whole line, unless no line ends in as much as was asked for.
 */
static const char *check_read(const FIXTURE_DATA(batches) *self, size_t at, size_t size,
			      ssize_t n)
{
	size_t i;

	if (n < 0)
		return strerror(errno);
	if ((size_t)n > size || at + n > self->text.len)
		return "too much";
	if (n ? at == self->text.len : at < self->text.len)
		return "nothing, or something after the end";
	if (same_bytes(self->text, at, self->buffer, n) != (size_t)n)
		return "something else";
	if (size < 4096 || self->whole[at + n] || !n)
		return NULL;
	for (i = at + 1; i <= at + size && i <= self->text.len; i++)
		if (self->whole[i])
			return "part of a line";
	return NULL;
}

/* From the start, and going on from the middle, by lseek() */
TEST_F(batches, any_read_size)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 8192, 65536, BUFFER };
	const size_t starts[] = { 0, self->text.len / 2, self->text.len - 30000 };
	unsigned int i, j, reads;
	const char *wrong;
	size_t at;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(starts); i++) {
		const size_t size = sizes[i / ARRAY_SIZE(starts)];

		j = i % ARRAY_SIZE(starts);
		at = starts[j];
		ASSERT_EQ((off_t)at, lseek(self->fd, at, SEEK_SET));
		reads = 0;
		do {
			n = read(self->fd, self->buffer, size);
			wrong = check_read(self, at, size, n);
			ASSERT_EQ(NULL, wrong) {
				TH_LOG("a read of %zu at %zu gave %zd: %s", size, at, n, wrong);
			}
			at += n;
		} while (n && ++reads < 3000);
	}
}

/* How much of a read of size bytes could be whole lines */
static size_t could_be(const FIXTURE_DATA(batches) *self, size_t at, size_t size)
{
	size_t end = at + size < self->text.len ? at + size : self->text.len;

	while (end > at && !self->whole[end])
		end--;
	return end > at ? end - at : size;
}

/* What is estimated of the next line's length may cost a few reads, but not many. */
TEST_F(batches, fills_buffer)
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
		printf("# %s: %u reads of %zu, %u would do\n", variant->entry, reads, sizes[i],
		       needed);
		EXPECT_GE(2 * needed, reads);
	}
}

TEST_F(batches, random_read_sizes)
{
	const char *wrong;
	unsigned int i;
	size_t at = 0, size;
	ssize_t n;

	for (i = 0; i < 1500; i++) {
		size = 1 + random() % (i % 5 ? 9000 : 90000);
		n = read(self->fd, self->buffer, size);
		wrong = check_read(self, at, size, n);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("a read of %zu at %zu gave %zd: %s", size, at, n, wrong);
		}
		at += n;
		if (!n || random() % 50 == 0) {
			at = n ? (size_t)random() % self->text.len : 0ul;
			ASSERT_EQ((off_t)at, lseek(self->fd, at, SEEK_SET));
		}
	}
}

TEST_F(batches, random_pread)
{
	static const size_t sizes[] = { 1, 7, 100, 4095, 4096, 4097, 65536, BUFFER };
	const char *wrong;
	unsigned int i;
	size_t at, size;
	ssize_t n;

	for (i = 0; i < 150; i++) {
		size = random() % 9000 + 1;
		if (i % 3)
			size = sizes[random() % ARRAY_SIZE(sizes)];
		at = random() % (self->text.len + 1);
		n = pread(self->fd, self->buffer, size, at);
		wrong = check_read(self, at, size, n);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("a pread of %zu at %zu gave %zd: %s", size, at, n, wrong);
		}
	}
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

VMAINFO_TEST_MAIN
