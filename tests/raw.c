// SPDX-License-Identifier: GPL-2.0
/*
 * raw has what vmas has, in binary; and the header, alone, by an ioctl.
 */
#include <assert.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "vmainfo_test.h"

/* What a program that was compiled against vmainfo.h relies on */
static_assert(sizeof(struct vmainfo_header) == VMAINFO_HEADER_SIZE_VER0, "header");
static_assert(sizeof(struct vmainfo_record) == 64, "record");
static_assert(VMAINFO_GET_HEADER == 0xc03076a0, "the ioctl's number");

#define ROW_AT ((char *)0x200000000000)
#define ROW 500
#define MARK ((char *)0x500000000000)

/* "strange\nname" on the host's /tmp, a tmpfs */
#define STRANGE "/tmp/strange\nname of raw"

static void *map_fd(int fd, int prot, int flags)
{
	void *p = mmap(NULL, 3 * 4096, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		fatal("mmap");
	return p;
}

/* VMAs of many kinds and flags */
static void init(void)
{
	char *p;
	int fd;

	map_row(ROW_AT, ROW);
	fd = open_or_die("/proc/self/exe", O_RDONLY);
	map_fd(fd, PROT_READ, MAP_PRIVATE);
	map_fd(fd, PROT_READ | PROT_EXEC, MAP_SHARED);
	close(fd);
	fd = open(STRANGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 3 * 4096))
		fatal(STRANGE);
	p = map_fd(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	p[4096] = 1;
	map_fd(fd, PROT_READ, MAP_SHARED);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 8192);
	close(fd);
	if (p == MAP_FAILED || unlink(STRANGE))
		fatal("mmap, or unlink");
	map_fd(-1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
	p = map_fd(-1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
	if (madvise(p, 4096, MADV_DONTDUMP) || madvise(p + 8192, 4096, MADV_DONTFORK))
		fatal("madvise");
	p = map_fd(-1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	if (mlock(p, 4096))
		fatal("mlock");
}

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
	target_start(&self->target, init, command);
}

FIXTURE_TEARDOWN(raw)
{
	target_end(&self->target);
}

/* Goes through all that raw gave. A structure that does not fit is the test's end. */
struct cursor {
	struct text text;
	const struct vmainfo_header *header;
	size_t at;
	unsigned int nr;
};

static void first(struct cursor *c, struct text t)
{
	c->text = t;
	c->header = (void *)t.s;
	c->nr = 0;
	if (t.len < sizeof(*c->header) || c->header->size < sizeof(*c->header) ||
	    c->header->size % 8 || c->header->size > t.len)
		fatal("a header in %zu bytes", t.len);
	c->at = c->header->size;
}

static const struct vmainfo_record *next(struct cursor *c)
{
	const struct vmainfo_record *r = (void *)(c->text.s + c->at);
	size_t left = c->text.len - c->at;

	if (!left)
		return NULL;
	if (left < sizeof(*r) || r->size < sizeof(*r) || r->size % 8 || r->next % 8 ||
	    r->next > left || r->size + r->name_len + r->ops_len > r->next ||
	    r->next - r->size - r->name_len - r->ops_len > 7 || r->reserved)
		fatal("record %u at %zu", c->nr, c->at);
	c->at += r->next;
	c->nr++;
	return r;
}

static const char *name_of(const struct vmainfo_record *r)
{
	const char *s = (const char *)r + r->size;

	if (!r->name_len)
		return NULL;
	if (s[r->name_len - 1] || strlen(s) != r->name_len - 1)
		fatal("the length of a name");
	return s;
}

static const char *ops_of(const struct vmainfo_record *r)
{
	const char *s = (const char *)r + r->size + r->name_len;

	if (!r->ops_len)
		return "-";
	if (s[r->ops_len - 1] || strlen(s) != r->ops_len - 1u)
		fatal("the length of a symbol");
	return s;
}

static const char * const kinds[] = {
	"anon", "file", "heap", "stack", "shmem", "hugetlb", "vdso", "vvar", "vsyscall", "dev",
	"special",
};

static const char * const policies[] = {
	"-", "default", "prefer", "bind", "interleave", "local", "prefer-many",
	"weighted-interleave",
};

static const char letters[][3] = {
	"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "dw", "lo", "io", "sr", "rr",
	"dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "bt", "sd", "mm", "hg", "nh",
	"mg", "um", "uw", "ui", "ur", "mt", "ss", "dp", "sl", "gu",
};

/* Are the flags of a record those that a list of letters says? */
static bool same_flags(const struct vmainfo_record *r, const char *list)
{
	__u64 flags = r->flags & ~(VMAINFO_ANON_VMA | VMAINFO_DELETED), seen = 0;
	unsigned int i;

	if (!strcmp(list, "-"))
		return !flags;
	for (;; list += 3) {
		for (i = 0; i < ARRAY_SIZE(letters); i++)
			if (!strncmp(list, letters[i], 2))
				break;
		if (i == ARRAY_SIZE(letters))
			seen |= VMAINFO_OTHER;
		else
			seen |= 1ull << i;
		if (list[2] != ',')
			break;
	}
	return seen == flags;
}

/* The name as vmas escapes it */
static const char *escaped(const char *name)
{
	static char s[PATH_MAX];
	unsigned int n = 0;

	if (!name)
		return "-";
	for (; *name && n < sizeof(s) - 5; name++) {
		if (*name == '\n')
			n += sprintf(s + n, "\\012");
		else
			s[n++] = *name;
	}
	s[n] = 0;
	return s;
}

/* Is a line of vmas what a record says? */
static bool same_line(const struct vmainfo_record *r, unsigned int nr, char *line)
{
	char *f[15], expected[600];
	unsigned int i;

	for (i = 0; i < 14; i++) {
		line += strspn(line, " ");
		f[i] = line;
		line += strcspn(line, " ");
		*line++ = 0;
	}
	f[14] = line + strspn(line, " ");
	if (r->kind == VMAINFO_KIND_VSYSCALL)
		snprintf(expected, 20, "-");
	else
		snprintf(expected, 20, "%u", nr);
	if (strcmp(f[0], expected))
		return false;
	snprintf(expected, sizeof(expected), "%08llx %08llx %llu %c%c%c%c %08llx %02x:%02x %llu %s %u %c %s %s",
		 r->start, r->end, (r->end - r->start) >> 10,
		 r->flags & VMAINFO_READ ? 'r' : '-', r->flags & VMAINFO_WRITE ? 'w' : '-',
		 r->flags & VMAINFO_EXEC ? 'x' : '-', r->flags & VMAINFO_MAYSHARE ? 's' : 'p',
		 r->offset, r->dev_major, r->dev_minor, r->ino, kinds[r->kind],
		 1u << (r->page_shift - 10), r->flags & VMAINFO_ANON_VMA ? 'y' : '-',
		 policies[r->policy], ops_of(r));
	line = get_memory(1000);
	for (i = 1; i < 14; i++) {
		if (i == 12)	/* the flags */
			continue;
		strcat(line, i > 1 ? " " : "");
		strcat(line, f[i]);
	}
	if (strcmp(line, expected) || !same_flags(r, f[12]) ||
	    strcmp(f[14], escaped(name_of(r)))) {
		fprintf(stderr, "# vmas: %s %s %s\n# raw:  %s %llx %s\n", line, f[12], f[14],
			expected, r->flags, escaped(name_of(r)));
		return false;
	}
	free(line);
	return true;
}

static struct text read_target(const char *entry, pid_t pid)
{
	int fd = open_target(entry, pid);
	struct text t = slurp(fd, 1 << 20);

	close(fd);
	return t;
}

static void compare(struct __test_metadata *_metadata, pid_t pid, unsigned int at_least)
{
	const struct vmainfo_record *r;
	struct text vmas;
	struct cursor c;
	char *line, *end;

	first(&c, read_target(PROC "raw", pid));
	vmas = read_target(PROC "vmas", pid);
	line = strchr(strchr(vmas.s, '\n') + 1, '\n') + 1;	/* behind the header */
	for (; *line; line = end) {
		end = strchr(line, '\n');
		*end++ = 0;
		r = next(&c);
		ASSERT_NE(NULL, r);
		ASSERT_TRUE(same_line(r, c.nr, line));
	}
	ASSERT_EQ(NULL, next(&c));
	ASSERT_EQ(c.nr, c.header->vmas + !!(c.header->flags & VMAINFO_GATE));
	ASSERT_LE(at_least, c.nr);
}

TEST_F(raw, has_what_vmas_has)
{
	compare(_metadata, self->target.pid, ROW + 15);
}

TEST_F(raw, of_another_program)
{
	compare(_metadata, 1, 5);
}

static uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

TEST_F(raw, header)
{
	const struct vmainfo_record *r;
	uint64_t before, after;
	__u64 last = 0;
	struct cursor c;

	before = boottime();
	first(&c, read_target(PROC "raw", self->target.pid));
	after = boottime();
	EXPECT_EQ(sizeof(*c.header), c.header->size);
	EXPECT_EQ(VMAINFO_MAGIC, c.header->magic);
	EXPECT_EQ(VMAINFO_VERSION, c.header->version);
	EXPECT_TRUE(c.header->flags & VMAINFO_ATOMIC);
	EXPECT_EQ(self->target.pid, c.header->pid);
	EXPECT_LE(before, c.header->taken_ns);
	EXPECT_GE(after, c.header->taken_ns);
	while ((r = next(&c))) {
		EXPECT_LE(last, r->start);
		EXPECT_LT(r->start, r->end);
		last = r->end;
	}
}

/* A read of a page or more ends with a whole record. */
TEST_F(raw, whole_records)
{
	static const size_t chunks[] = { 4096, 5000, 65536, 1 << 20, 100, 7 };
	struct text whole = read_target(PROC "raw", self->target.pid);
	const struct vmainfo_record *r;
	char *boundary = get_memory(whole.len + 1), *got = get_memory(1 << 20);
	unsigned int i, reads;
	struct cursor c;
	size_t at;
	ssize_t n;
	int fd;

	for (first(&c, whole); (r = next(&c));)
		boundary[c.at] = 1;
	fd = open_target(PROC "raw", self->target.pid);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		at = 0;
		reads = 0;
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		while ((n = read(fd, got, chunks[i])) > 0) {
			/* all but the time of the header */
			ASSERT_LE(at + n, whole.len);
			ASSERT_TRUE(at < sizeof(*c.header) ||
				    !memcmp(whole.s + at, got, n));
			at += n;
			reads++;
			if (chunks[i] >= 4096)
				ASSERT_TRUE(boundary[at]) {
					TH_LOG("a read of %zu bytes ended at %zu",
					       chunks[i], at);
				}
		}
		ASSERT_EQ(0, n);
		ASSERT_EQ(whole.len, at);
		/* as many as fit */
		if (chunks[i] >= 65536)
			EXPECT_GE(whole.len / (chunks[i] - 8192) + 1, reads);
	}
}

/* 0, or a negative errno */
static int get_header(int fd, struct vmainfo_header *h, __u32 size)
{
	h->size = size;
	return ioctl(fd, VMAINFO_GET_HEADER, h) ? -errno : 0;
}

TEST_F(raw, header_alone)
{
	static const char * const entries[] = {
		PROC "raw", PROC "vmas", PROC "maps", PROC "summary",
	};
	struct {
		struct vmainfo_header h;
		char more[100];
	} large;
	struct vmainfo_header h;
	uint64_t before;
	struct cursor c;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		first(&c, read_target(PROC "raw", self->target.pid));
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
		EXPECT_EQ(c.header->flags & VMAINFO_SEQ, h.flags);
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
		EXPECT_EQ(-1, ioctl(fd, VMAINFO_GET_HEADER, NULL));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, ioctl(fd, VMAINFO_GET_HEADER + 1, &h));
		EXPECT_EQ(ENOTTY, errno);
		close(fd);
	}
}

TEST_F(raw, sequence)
{
	struct vmainfo_header h, now;
	struct cursor c;
	int fd = open_target(PROC "raw", self->target.pid);

	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	if (!(h.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (from 6.4 on)");
	/* nobody changes it by looking */
	first(&c, slurp(fd, 1 << 20));
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
 * A process that has its mmap_lock for writing, here because it forks, is just changing
 * something: a header that is taken meanwhile has no number that a later one could equal.
 */
TEST(sequence_of_a_change_under_way)
{
	struct vmainfo_header h, now;
	unsigned int without = 0, odd = 0;
	pid_t pid;
	int fd;

	fd = open_target(PROC "raw", getpid());
	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	if (!(h.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (from 6.4 on)");
	map_at(NULL, 4096, PROT_READ);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	if (now.mm_seq != h.mm_seq + 2)
		SKIP(return, "this kernel's sequence changes at the end of a change only");

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map_row((void *)0x300000000000, many_vmas());
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
	/* What is not valid is 0. */
	EXPECT_EQ(0u, now.mm_seq);
	EXPECT_EQ(0u, now.exec_id);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	close(fd);
}

#define AGAIN "--again"

/* What an exec runs: says that it is there, and waits. */
static int again(void)
{
	char c;

	if (write(1, "", 1) != 1)
		return 1;
	while (read(0, &c, 1) == 1)
		;
	return 0;
}

TEST(exec_dead_or_without_vmas)
{
	struct vmainfo_header h, now;
	int to[2], from[2], fd;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(from, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		if (write(1, "", 1) != 1 || read(0, &c, 1) != 1)
			_exit(1);
		execl("/proc/self/exe", "raw", AGAIN, (char *)NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	ASSERT_EQ(1, read(from[0], &c, 1));
	fd = open_target(PROC "raw", pid);
	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	ASSERT_EQ(1, write(to[1], "", 1));
	ASSERT_EQ(1, read(from[0], &c, 1));
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(!!(h.flags & VMAINFO_SEQ), h.exec_id != now.exec_id);

	/* a zombie has none, one that is gone is gone */
	close(to[1]);
	ASSERT_EQ(0, read(from[0], &c, 1));
	ASSERT_EQ(0, waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(0u, now.vmas);
	EXPECT_EQ(0u, now.flags);
	EXPECT_EQ(sizeof(h), slurp(fd, 4096).len);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ESRCH, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(fd, &h, sizeof(h)));
	EXPECT_EQ(ESRCH, errno);
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

/*
 * While an exec is under way, there already is another address space, and still the old number of
 * execs: the two are never said to belong together. So what was once seen to have MARK has it
 * as long as that number stays.
 */
TEST(address_space_and_number_of_execs)
{
	struct vmainfo_header own, *h;
	unsigned int execs = 0, bare = 0;
	uint64_t marked = UINT64_MAX;
	struct text t;
	pid_t pid;
	int fd;

	fd = open_target(PROC "raw", getpid());
	ASSERT_EQ(0, get_header(fd, &own, sizeof(own)));
	close(fd);
	if (!(own.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (from 6.4 on)");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(on_and_on());
	fd = open_target(PROC "raw", pid);
	while (execs < 200 && !bare) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		t = slurp(fd, 1 << 20);
		ASSERT_LE(sizeof(*h), t.len);
		h = (void *)t.s;
		if (h->flags & VMAINFO_SEQ && shows(t, MARK)) {
			execs += marked != h->exec_id;
			marked = h->exec_id;
		} else if (h->flags & VMAINFO_SEQ) {
			bare += marked == h->exec_id;
		}
		free(t.s);
	}
	EXPECT_EQ(0u, bare);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], AGAIN))
		return again();
	if (argc == 2 && !strcmp(argv[1], ON_AND_ON))
		return on_and_on();
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
