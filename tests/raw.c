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

/* VMAs of many kinds and flags */
static void init(void)
{
	char *p;
	int fd;

	map_row(ROW_AT, ROW);
	fd = open_or_die("/proc/self/exe", O_RDONLY);
	map_file(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	map_file(NULL, 3 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	close(fd);
	fd = open(STRANGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 3 * 4096))
		fatal(STRANGE);
	p = map_file(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	p[4096] = 1;
	map_file(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	map_file(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	close(fd);
	if (unlink(STRANGE))
		fatal("unlink");
	map_file(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p = map_file(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (madvise(p, 4096, MADV_DONTDUMP) || madvise(p + 8192, 4096, MADV_DONTFORK))
		fatal("madvise");
	p = map_file(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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

static char __attribute__((format(printf, 1, 2))) *text_of(const char *fmt, ...)
{
	static char s[16][32];
	static unsigned int nr;
	char *p = s[nr++ % ARRAY_SIZE(s)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p, sizeof(*s), fmt, ap);
	va_end(ap);
	return p;
}

/* What vmas has in a column for a record, or NULL if raw does not tell */
static const char *in_vmas(const struct cursor *c, const struct vmainfo_record *r,
			   const char *column)
{
	const char * const columns[][2] = {
		{ "nr", r->kind == VMAINFO_KIND_VSYSCALL ? "-" : text_of("%u", c->nr) },
		{ "start", text_of("%08llx", r->start) },
		{ "end", text_of("%08llx", r->end) },
		{ "kB", text_of("%llu", (r->end - r->start) >> 10) },
		{ "perm", text_of("%c%c%c%c", r->flags & VMAINFO_READ ? 'r' : '-',
				  r->flags & VMAINFO_WRITE ? 'w' : '-',
				  r->flags & VMAINFO_EXEC ? 'x' : '-',
				  r->flags & VMAINFO_MAYSHARE ? 's' : 'p') },
		{ "offset", text_of("%08llx", r->offset) },
		{ "dev", text_of("%02x:%02x", r->dev_major, r->dev_minor) },
		{ "inode", text_of("%llu", r->ino) },
		{ "kind", kinds[r->kind] },
		{ "page", text_of("%u", 1u << (r->page_shift - 10)) },
		{ "anon", r->flags & VMAINFO_ANON_VMA ? "y" : "-" },
		{ "policy", policies[r->policy] },
		{ "ops", c->ops ?: "-" },
		{ "name", escaped(c->name) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (!strcmp(column, columns[i][0]))
			return columns[i][1];
	return NULL;
}

/* Cuts the next word off, and the spaces before it. */
static char *next_word(char **s)
{
	char *word = *s + strspn(*s, " ");

	*s = word + strcspn(word, " ");
	if (**s)
		*(*s)++ = 0;
	return word;
}

/* Is a line of vmas what a record says? The columns are named in its header. */
static bool same_line(const struct cursor *c, const struct vmainfo_record *r, const char *header,
		      char *line)
{
	char names[200], *name, *rest = names, *value;
	const char *expected;

	snprintf(names, sizeof(names), "%s", header);
	while (*rest) {
		name = next_word(&rest);
		value = *rest ? next_word(&line) : line + strspn(line, " ");
		expected = in_vmas(c, r, name);
		if (!strcmp(name, "flags") ? !same_flags(r, value) :
		    !expected || strcmp(value, expected)) {
			fprintf(stderr, "# column %s: vmas has %s, raw %s (flags %llx)\n", name,
				value, expected ?: "nothing", r->flags);
			return false;
		}
	}
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
	char *line, *end, *header;
	struct text vmas;
	struct cursor c;

	ASSERT_TRUE(raw_first(&c, read_target(PROC "raw", pid)));
	vmas = read_target(PROC "vmas", pid);
	header = strchr(vmas.s, '\n') + 2;	/* "# nr start ..." */
	line = strchr(header, '\n');
	*line++ = 0;
	for (; *line; line = end) {
		end = strchr(line, '\n');
		*end++ = 0;
		r = raw_next(&c);
		ASSERT_NE(NULL, r) {
			TH_LOG("%s", c.error);
		}
		ASSERT_TRUE(same_line(&c, r, header, line));
	}
	ASSERT_EQ(NULL, raw_next(&c));
	ASSERT_EQ(NULL, c.error);
	ASSERT_EQ(c.nr, c.header->vmas + !!(c.header->flags & VMAINFO_GATE));
	ASSERT_LE(at_least, c.nr);
}

TEST_F(raw, same_as_vmas)
{
	compare(_metadata, self->target.pid, ROW + 15);
}

TEST_F(raw, same_as_vmas_for_init)
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
	ASSERT_TRUE(raw_first(&c, read_target(PROC "raw", self->target.pid)));
	after = boottime();
	EXPECT_EQ(sizeof(*c.header), c.header->size);
	EXPECT_EQ(VMAINFO_MAGIC, c.header->magic);
	EXPECT_EQ(VMAINFO_VERSION, c.header->version);
	EXPECT_TRUE(c.header->flags & VMAINFO_ATOMIC);
	EXPECT_EQ(self->target.pid, c.header->pid);
	EXPECT_LE(before, c.header->taken_ns);
	EXPECT_GE(after, c.header->taken_ns);
	while ((r = raw_next(&c))) {
		EXPECT_LE(last, r->start);
		EXPECT_LT(r->start, r->end);
		last = r->end;
	}
	EXPECT_EQ(NULL, c.error);
}

/* 0, or a negative errno */
static int get_header(int fd, struct vmainfo_header *h, __u32 size)
{
	h->size = size;
	return ioctl(fd, VMAINFO_GET_HEADER, h) ? -errno : 0;
}

TEST_F(raw, get_header_ioctl)
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
		ASSERT_TRUE(raw_first(&c, read_target(PROC "raw", self->target.pid)));
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

TEST_F(raw, sequence_counts_changes)
{
	struct vmainfo_header h, now;
	struct cursor c;
	int fd = open_target(PROC "raw", self->target.pid);

	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	if (!(h.flags & VMAINFO_SEQ))
		SKIP(return, "this kernel has no sequence of an mm's changes (from 6.4 on)");
	/* nobody changes it by looking */
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
 * A process that has its mmap_lock for writing, here because it forks, is just changing
 * something: a header that is taken meanwhile has no number that a later one could equal.
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
		SKIP(return, "this kernel has no sequence of an mm's changes (from 6.4 on)");
	map_at(NULL, 4096, PROT_READ);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	if (now.mm_seq != h.mm_seq + 2)
		SKIP(return, "this kernel's sequence changes at the end of a change only");

	pid = fork_child();
	if (!pid) {
		map_row((void *)0x300000000000, MANY_VMAS);
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
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	close(fd);
}

static void exec_command(char c)
{
	if (c == TARGET_EXEC)
		target_exec_self();
}

TEST(header_across_exec_and_exit)
{
	struct vmainfo_header h, now;
	struct target t;
	int fd;

	target_start(&t, NULL, exec_command);
	fd = open_target(PROC "raw", t.pid);
	ASSERT_EQ(0, get_header(fd, &h, sizeof(h)));
	tell(&t, TARGET_EXEC);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(!!(h.flags & VMAINFO_SEQ), h.exec_id != now.exec_id);

	/* a zombie has none, one that is gone is gone */
	target_kill(&t);
	ASSERT_EQ(0, get_header(fd, &now, sizeof(now)));
	EXPECT_EQ(0u, now.vmas);
	EXPECT_EQ(0u, now.flags);
	EXPECT_EQ(sizeof(h), slurp(fd, 4096).len);
	target_end(&t);
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
TEST(exec_id_matches_mm)
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
	pid = fork_child();
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
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	close(fd);
}

int main(int argc, char **argv)
{
	target_executed(argc, argv);
	if (argc == 2 && !strcmp(argv[1], ON_AND_ON))
		return on_and_on();
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
