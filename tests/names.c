// SPDX-License-Identifier: GPL-2.0
/*
 * Names: which are shown, shared, marked and omitted, and what they cost. Any
 * user can make files with paths of megabytes and map them as often as
 * vm.max_map_count allows. That must neither hide VMAs, nor exhaust the
 * reader's memory, nor make the OOM killer kill a process.
 */
#include <sys/mount.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((char *)FAR(0x20))
#define MEGABYTE (1ul << 20)
#define TOO_LONG "[name too long]"
#define OMITTED "[name omitted]"
#define DELETED " (deleted)"

static const char *name_of(const struct vmainfo_record *r)
{
	return r->name_len ? (const char *)r + r->size : "";
}

static bool ends_in(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && !strcmp(s + len - n, end);
}

/* Checks the name of page @nr: its end, its length (0: any), and its flags. */
static void expect_name(struct __test_metadata *_metadata, struct text raw, unsigned int nr,
			const char *end, size_t len, unsigned long long flags)
{
	const struct vmainfo_record *r = raw_at(raw, ROW_AT + nr * PAGE);
	const char *name;
	size_t got;

	ASSERT_NE(NULL, r);
	name = name_of(r);
	got = strlen(name);
	EXPECT_TRUE(ends_in(name, end) && (!len || got == len)) {
		TH_LOG("page %u: %zu bytes, %s", nr, got, name + (got > 40 ? got - 40 : 0));
	}
	EXPECT_EQ(flags, r->flags & (VMAINFO_NAME_OMITTED | VMAINFO_DELETED));
	EXPECT_NE(0, r->ino);
}

/* 0 on a kernel without CONFIG_VM_EVENT_COUNTERS */
static unsigned long oom_kills(void)
{
	const char *line = strstr(slurp_path("/proc/vmstat").s, "\noom_kill ");

	return line ? strtoul(strchr(line, ' '), NULL, 10) : 0;
}

static unsigned int count_of(struct text t, const char *what)
{
	unsigned int n = 0;
	const char *s;

	for (s = t.s; (s = strstr(s, what)); s++)
		n++;
	return n;
}

/* Files with odd names, by odd_names.ko */

#define ODD "/sys/module/odd_names/parameters/"

static const char *odd_names_missing(void)
{
	const char *path = beside("odd_names.ko");
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "odd_names.ko is missing: build the tests with KDIR=";
	ret = syscall(SYS_finit_module, fd, "", 0);
	if (ret && errno != EEXIST)
		fatal("loading %s", path);
	close(fd);
	return NULL;
}

static int odd_open(const char *mode)
{
	int param = open_or_die(ODD "open", O_WRONLY), fd = dup(param);

	if (fd < 0 || close(fd) || write_string(param, mode))
		fatal("opening a file named '%s'", mode);
	close(param);
	return fd;
}

static unsigned long odd_calls(void)
{
	return strtoul(slurp_path(ODD "calls").s, NULL, 10);
}

static const char *const odd_modes[] = { "front", "static", "refuse", "end" };
#define ODDS 4
#define TURNS 100

/* In the target: maps the files in turn, each time opened once more */
static void odd_map(void)
{
	char path[64];
	unsigned int i, j;
	int fd[ODDS], again;

	for (i = 0; i < ODDS; i++)
		fd[i] = odd_open(odd_modes[i]);
	for (j = 0; j < TURNS; j++) {
		for (i = 0; i < ODDS; i++) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[i]);
			again = open_or_die(path, O_RDWR);
			map_file(ROW_AT + (j * ODDS + i) * PAGE, PAGE, PROT_READ, MAP_SHARED,
				 again, 0);
			close(again);
		}
	}
	for (i = 0; i < ODDS; i++)
		close(fd[i]);
}

FIXTURE(odd)
{
	struct target target;
};

FIXTURE_SETUP(odd)
{
	const char *missing = odd_names_missing();

	FATAL_IS_ASSERT();
	if (missing)
		SKIP(return, "%s", missing);
	target_start(&self->target, odd_map, NULL);
}

FIXTURE_TEARDOWN(odd)
{
	if (!self->target.pid)
		return;
	target_end(&self->target);
	EXPECT_EQ(0, syscall(SYS_delete_module, "odd_names", O_NONBLOCK));
}

TEST_F(odd, names_by_drivers_shown)
{
	static const char *const names[ODDS] = {
		"odd:[front]", "odd:[static]", TOO_LONG, "/odd:[end] (deleted)",
	};
	struct text raw = slurp_target(PROC "raw", self->target.pid);
	struct text maps = slurp_target(PROC "maps", self->target.pid);
	struct text vmas = slurp_target(PROC "vmas", self->target.pid);
	struct procmap_query q = { .size = sizeof(q) };
	char name[PATH_MAX], end[64];
	unsigned int i;
	int fd, ret;

	fd = open_target(PROC "maps", self->target.pid);
	for (i = 0; i < ODDS; i++) {
		/* None of these was deleted, whatever the driver says. */
		expect_name(_metadata, raw, i, names[i], strlen(names[i]),
			    i == 2 ? VMAINFO_NAME_OMITTED : 0);
		snprintf(end, sizeof(end), " %s\n", names[i]);
		EXPECT_EQ(TURNS, count_of(maps, end));
		EXPECT_EQ(TURNS, count_of(vmas, end));
		q.query_addr = (unsigned long)ROW_AT + i * PAGE;
		q.vma_name_addr = (unsigned long)name;
		q.vma_name_size = sizeof(name);
		ret = ioctl(fd, PROCMAP_QUERY, &q);
		if (i == 2) {
			EXPECT_TRUE(ret && errno == ENAMETOOLONG);
		} else {
			EXPECT_EQ(0, ret);
			EXPECT_STREQ(names[i], name);
			EXPECT_EQ(strlen(names[i]) + 1, q.vma_name_size);
		}
	}
}

/* However often and in which order files are mapped. summary has no names. */
TEST_F(odd, path_resolved_once)
{
	unsigned long before;
	unsigned int i;

	for (i = 0; i < ENTRIES; i++) {
		before = odd_calls();
		EXPECT_LT(500u, slurp_target(entries[i], self->target.pid).len);
		EXPECT_LE(i == SUMMARY ? 0 : ODDS, odd_calls() - before);
		/* If the buffer is too small, d_dname() gets larger ones. */
		EXPECT_GE(i == SUMMARY ? 0 : 2 * ODDS + 20, odd_calls() - before);
	}
}

/* Long paths, on a file system of their own */

#define FILES "/tmp/vmainfo-names"

/* Enters a directory below FILES whose path has that length, of these letters. */
static void enter_long(size_t len, char letter)
{
	char name[NAME_MAX + 1];
	size_t left, n;

	if (chdir(FILES))
		fatal(FILES);
	for (left = len - strlen(FILES); left; left -= 1 + n) {
		n = left - 1 < NAME_MAX ? left - 1 : NAME_MAX;
		/* At least a slash and a letter have to be left. */
		n -= left - 1 - n == 1;
		memset(name, letter, n);
		name[n] = 0;
		if (mkdir(name, 0700) || chdir(name))
			fatal("a directory of %zu letters", n);
	}
}

static void map_page(unsigned int nr, int fd)
{
	map_file(ROW_AT + nr * PAGE, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
}

/* Paths of a megabyte with the NUL, and one of a byte more between others */
static void map_limits(void)
{
	int fd;

	enter_long(MEGABYTE - 3, 'n');
	map_page(0, create_file("a", PAGE));
	fd = create_file("ab", PAGE);
	map_page(2, fd);
	map_page(4, fd);
	if (rename("ab", "b"))
		fatal("rename");
	map_page(6, create_file("ab", PAGE));
}

/*
 * Of a megabyte each: more than the total size of names, and than twice that,
 * after which paths are not tried any more.
 */
#define CAP_FILES 140ul
#define CAP_LEN (1000ul * 1000)

static void map_cap(void)
{
	char name[16];
	unsigned int i;

	enter_long(CAP_LEN - 4, 'n');
	for (i = 0; i < CAP_FILES; i++) {
		snprintf(name, sizeof(name), "%03u", i);
		map_page(2 * i, create_file(name, PAGE));
	}
}

/* Stored once for each VMA, the names would exceed their total size. */
#define SHARED_LEN 300000ul
#define SHARED_VMAS 300u

static void map_shared_names(void)
{
	unsigned int i;
	int fd[2];

	enter_long(SHARED_LEN - 2, 'n');
	fd[0] = create_file("a", PAGE);
	fd[1] = create_file("b", PAGE);
	for (i = 0; i < SHARED_VMAS; i++)
		map_page(i, fd[i % 2]);
}

/* The text of each line takes four megabytes, because newlines are escaped. */
#define SLOW_VMAS 60u

static void map_slow(void)
{
	unsigned int i;
	int fd;

	enter_long(MEGABYTE - 3, '\n');
	fd = create_file("a", PAGE);
	for (i = 0; i < SLOW_VMAS; i++)
		map_page(2 * i, fd);
}

FIXTURE(paths)
{
	struct target target;
	struct target hog;
	unsigned long kills;
};

FIXTURE_SETUP(paths)
{
	FATAL_IS_ASSERT();
	if ((mkdir(FILES, 0700) && errno != EEXIST) || mount("none", FILES, "ramfs", 0, NULL))
		fatal("mount at %s", FILES);
	self->kills = oom_kills();
}

FIXTURE_TEARDOWN(paths)
{
	if (self->hog.pid) {
		/* The OOM killer would have killed it first. */
		EXPECT_EQ(0, waitpid(self->hog.pid, NULL, WNOHANG));
		target_end(&self->hog);
	}
	target_end(&self->target);
	EXPECT_EQ(self->kills, oom_kills());
	EXPECT_EQ(0, umount2(FILES, MNT_DETACH));
	rmdir(FILES);
}

TEST_F(paths, longer_than_a_megabyte_omitted)
{
	struct text maps, ours, vmas, raw;
	const char *s;

	target_start(&self->target, map_limits, NULL);
	raw = slurp_target(PROC "raw", self->target.pid);
	expect_name(_metadata, raw, 0, "/a", MEGABYTE - 1, 0);
	expect_name(_metadata, raw, 2, "/b", MEGABYTE - 1, 0);
	expect_name(_metadata, raw, 4, "/b", MEGABYTE - 1, 0);
	expect_name(_metadata, raw, 6, TOO_LONG, strlen(TOO_LONG), VMAINFO_NAME_OMITTED);
	vmas = slurp_target(PROC "vmas", self->target.pid);
	EXPECT_TRUE(shows(vmas, ROW_AT + 6 * PAGE));
	EXPECT_EQ(1, count_of(vmas, " " TOO_LONG "\n"));

	/* Everything else is as in the kernel's maps. */
	maps = slurp_proc(self->target.pid, "maps");
	ours = slurp_target(PROC "maps", self->target.pid);
	EXPECT_EQ(count_of(maps, "\n"), count_of(ours, "\n"));
	s = strstr(ours.s, TOO_LONG "\n");
	ASSERT_NE(NULL, s);
	EXPECT_EQ(0, memcmp(maps.s, ours.s, s - ours.s));
	s += strlen(TOO_LONG);
	EXPECT_STREQ(s, maps.s + maps.len - strlen(s));
	EXPECT_EQ(1, count_of(slurp_target(PROC "summary", self->target.pid), "\nVmas:"));
}

TEST_F(paths, name_stored_once)
{
	const struct vmainfo_record *r;
	unsigned int whole = 0;
	struct cursor c;

	target_start(&self->target, map_shared_names, NULL);
	raw_first(&c, slurp_target(PROC "raw", self->target.pid));
	while ((r = raw_next(&c)))
		whole += strlen(name_of(r)) == SHARED_LEN;
	EXPECT_EQ(SHARED_VMAS, whole);
}

TEST_F(paths, total_size_capped)
{
	const unsigned int whole = 64 * MEGABYTE / (CAP_LEN + 1);
	struct text raw;
	unsigned int i;

	target_start(&self->target, map_cap, NULL);
	raw = slurp_target(PROC "raw", self->target.pid);
	for (i = 0; i < CAP_FILES; i++) {
		if (i < whole)
			expect_name(_metadata, raw, 2 * i, "", CAP_LEN, 0);
		else
			expect_name(_metadata, raw, 2 * i, OMITTED, strlen(OMITTED),
				    VMAINFO_NAME_OMITTED);
	}
}

/*
 * A process that takes all memory but about 100 megabytes. With less, a page
 * fault can call the OOM killer: MemAvailable ignores free pages that wait on
 * lists of other CPUs.
 */
static void hog(char unused)
{
	const size_t size = 4 * MEGABYTE;

	if (write_file("/proc/self/oom_score_adj", "1000"))
		fatal("oom_score_adj");
	while (available_kb() > 100 * 1024)
		if (mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
			_exit(1);
}

/* Snapshots with as many names as possible, until there is no more memory */
TEST_F(paths, enomem_without_oom_kill)
{
	int fd[8], error;
	unsigned int i, n;
	char c;

	/* With KASAN, vmalloc() calls the OOM killer. */
	if (count_of(slurp_path("/proc/kallsyms"), " kasan_populate_vmalloc\n"))
		SKIP(return, "with KASAN, vmalloc() calls the OOM killer");
	target_start(&self->target, map_cap, NULL);
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		fd[i] = open_target(PROC "raw", self->target.pid);
	target_start(&self->hog, NULL, hog);
	/* No page fault of this process may call the OOM killer. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	tell(&self->hog, 'h');
	for (n = 0; n < ARRAY_SIZE(fd) && read(fd[n], &c, 1) == 1; n++)
		;
	error = errno;
	for (i = 0; i < n; i++)
		close(fd[i]);
	ASSERT_GT(ARRAY_SIZE(fd), n);
	EXPECT_EQ(ENOMEM, error);
	EXPECT_EQ(0, waitpid(self->hog.pid, NULL, WNOHANG));
	/* The same file can be read when memory is free again. */
	target_end(&self->hog);
	self->hog.pid = 0;
	EXPECT_EQ(1, read(fd[n], &c, 1));
}

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	CHECK(!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &t));
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/*
 * The CPU time of a child that seeks to the end of vmas. It is killed when it has
 * used @limit, unless that is 0. UINT64_MAX if it has ended before that.
 */
static uint64_t seek_ns(pid_t target, uint64_t limit)
{
	siginfo_t info = { 0 };
	uint64_t used;
	int status;
	pid_t pid;

	pid = fork_child();
	if (!pid)
		_exit(lseek(open_target(PROC "vmas", target), 1 << 30, SEEK_SET) != 1 << 30);
	while (limit && cpu_ns(pid) < limit && !info.si_pid) {
		usleep(100);
		CHECK(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG));
	}
	if (limit)
		CHECK(!kill(pid, SIGKILL));
	/* Its clock exists until it is reaped. */
	CHECK(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	used = cpu_ns(pid);
	status = reap(pid);
	if (limit && !status)
		return UINT64_MAX;
	CHECK(status == (limit ? 128 + SIGKILL : 0));
	return used;
}

/*
 * The kill comes after a quarter of the seek, and ends it before the half. On a
 * busy machine it can be late.
 */
TEST_F(paths, reader_killed_in_seek)
{
	unsigned int tries = 0;
	uint64_t all;

	target_start(&self->target, map_slow, NULL);
	do
		all = seek_ns(self->target.pid, 0);
	while (seek_ns(self->target.pid, all / 4) > all / 2 && ++tries < 10);
	EXPECT_GT(10, tries);
}

/* Names that end in " (deleted)", added by the kernel or chosen by a user */

static struct {
	const char *end;
	bool deleted;
} named[] = {
	{ "/gone (deleted)", true },
	{ "/kept (deleted)", false },
	{ "/both (deleted) (deleted)", true },
	{ "/plain", false },
	{ "/memfd:m (deleted)", true },
	{ "/memfd:m (deleted) (deleted)", true },
	{ "/dev/zero (deleted)", true },
};

static void map_deleted(void)
{
	int fd[ARRAY_SIZE(named)];
	unsigned int i;

	if (chdir(FILES))
		fatal(FILES);
	fd[0] = create_file("gone", PAGE);
	fd[1] = create_file("kept (deleted)", PAGE);
	fd[2] = create_file("both (deleted)", PAGE);
	fd[3] = create_file("plain", PAGE);
	fd[4] = memfd_create("m", MFD_CLOEXEC);
	fd[5] = memfd_create("m (deleted)", MFD_CLOEXEC);
	if (ftruncate(fd[4], PAGE) || ftruncate(fd[5], PAGE))
		fatal("memfd");
	for (i = 0; i < 6; i++)
		map_page(2 * i, fd[i]);
	map_file(ROW_AT + 12 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (unlink("gone") || unlink("both (deleted)"))
		fatal("unlink");
}

TEST_F(paths, deleted_flag_for_unlinked_files)
{
	struct text raw;
	unsigned int i;

	target_start(&self->target, map_deleted, NULL);
	raw = slurp_target(PROC "raw", self->target.pid);
	for (i = 0; i < ARRAY_SIZE(named); i++)
		expect_name(_metadata, raw, 2 * i, named[i].end, 0,
			    named[i].deleted ? VMAINFO_DELETED : 0);
}

/* Its name changes all the time from "file" to "file (deleted)". */
static void __attribute__((noreturn)) unlink_on(void)
{
	int fd;

	if (chdir(FILES))
		fatal(FILES);
	for (;;) {
		fd = create_file("file", PAGE);
		if (mmap(ROW_AT, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			fatal("mmap");
		close(fd);
		if (unlink("file"))
			fatal("unlink");
	}
}

TEST_F(paths, deleted_flag_matches_name_during_unlink)
{
	unsigned int seen[2] = { 0, 0 }, i;
	const struct vmainfo_record *r;
	struct text raw = { .len = 0 };
	bool deleted;
	pid_t pid;
	int fd;

	stress_begin(_metadata->name);
	pid = fork_child();
	if (!pid) {
		run_on_cpu(0);
		unlink_on();
	}
	run_on_cpu(1);
	fd = open_target(PROC "raw", pid);
	for (i = 0; more(i, 3000) || !seen[0] || !seen[1]; i++) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		raw.len = 0;
		ASSERT_EQ(0, read_all(fd, &raw, MEGABYTE));
		r = raw_at(raw, ROW_AT);
		if (!r)
			continue;
		deleted = ends_in(name_of(r), DELETED);
		ASSERT_EQ(deleted ? VMAINFO_DELETED : 0, r->flags & VMAINFO_DELETED) {
			TH_LOG("snapshot %u: %s", i, name_of(r));
		}
		seen[deleted]++;
	}
	printf("# %u snapshots of the file, %u of the deleted file\n", seen[0], seen[1]);
	figure(seen[0] + seen[1], "snapshots checked");
	end_child(pid);
}

/*
 * The first read after the module is loaded looks for the gate page in maps,
 * which the kernel returns in pieces of a page. Here a piece begins inside a
 * path, with text that looks like the line of the gate page.
 */
#define GATE_LINE "ffffffffff600000-ffffffffff601000 r-xp 00000000 00:00 0 [vsyscall]"
#define NAME_COLUMN 73			/* where the name begins in a line of maps */
#define FIRST_PIECE (4096 - NAME_COLUMN)	/* length of the path in the first piece */

static void map_gate_like(void)
{
	enter_long(FIRST_PIECE - 1, 'n');
	map_page(0, create_file(GATE_LINE, PAGE));
}

static void read_own_maps(char c)
{
	slurp_path(PROC "maps");
}

TEST_F(paths, path_like_gate_page_is_no_gate_page)
{
	struct text maps, ours;
	const char *line;

	target_start(&self->target, map_gate_like, read_own_maps);
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load(""));
	tell(&self->target, 'r');
	ours = slurp_target(PROC "maps", self->target.pid);
	maps = slurp_proc(self->target.pid, "maps");
	line = strstr(maps.s, GATE_LINE);
	ASSERT_NE(NULL, line);
	EXPECT_EQ('/', line[-1]);
	EXPECT_EQ(FIRST_PIECE, line - strstr(maps.s, FILES));
	EXPECT_TRUE(same(maps, ours));
}

VMAINFO_TEST_MAIN(stress_init(1, 2))
