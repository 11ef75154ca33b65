// SPDX-License-Identifier: GPL-2.0
/*
 * A process with all kinds of mappings.
 *
 *	mappings DIRECTORY
 *
 * Its files are in DIRECTORY. It prints a line for each mapping, with tabs
 * between the fields:
 *
 *	expect START END WHAT COLUMN=PATTERN...
 *	skip WHAT REASON
 *	ready N
 *
 * COLUMN is one of vmas, and PATTERN is a shell pattern. For flags, it is a
 * list of names that the VMA must have, or after a ! must not have. Nothing
 * changes after the last line.
 */
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/vfs.h>

#include "kselftest.h"
#include "maps.h"

/* Missing in older headers */
#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#define TIB (1ull << 40)

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Mappings are far from each other, so that they do not merge. */
#define SLOT (IS_64BIT ? 1ul << 30 : 1ul << 22)
static unsigned long slot = FAR(0x10);

/* The size of huge pages */
static unsigned long huge = 2 << 20;

static unsigned int made;
static const char *file_kind;
static bool has_shmem;	/* CONFIG_SHMEM */

static void *next_slot(size_t size)
{
	void *at = (void *)slot;

	slot += SLOT + (size & -SLOT);
	return at;
}

/* The options that mappings need, by the beginning of the mapping's name */
static const char * const needed[][2] = {
	{ "MADV_HUGEPAGE", "TRANSPARENT_HUGEPAGE" },
	{ "MADV_NOHUGEPAGE", "TRANSPARENT_HUGEPAGE" },
	{ "MADV_MERGEABLE", "KSM" },
	{ "an anonymous VMA's name", "ANON_VMA_NAME" },
	{ "private memory with policy", "NUMA" },
	{ "shared memory with policy", "NUMA" },
	{ "userfaultfd", "USERFAULTFD" },
	{ "a sealed memfd", "SHMEM" },
	{ "a huge page", "HUGETLBFS" },
	{ "a memfd of huge pages", "HUGETLBFS" },
	{ "SysV", "SYSVIPC" },
	{ "memfd_secret", "SECRETMEM" },
	{ "/dev/mem", "DEVMEM" },
	{ "an aio ring", "AIO" },
	{ "an io_uring", "IO_URING" },
};

static void skip(const char *what, const char *why)
{
	unsigned int i;

	printf("skip\t%s\tnot here: %s", what, why);
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!strncmp(what, needed[i][0], strlen(needed[i][0])))
			printf(", it needs CONFIG_%s", needed[i][1]);
	printf("\n");
}

static void __attribute__((noreturn)) die(const char *what)
{
	printf("skip\t%s\t%s\n", what, strerror(errno));
	fflush(stdout);
	fprintf(stderr, "mappings: %s: %s\n", what, strerror(errno));
	exit(1);
}

struct mapping {
	const char *what;
	size_t size;	/* 0: any */
	int prot, flags;
	off_t offset;
	bool touch;	/* writes to it */
	/* Patterns; the defaults: kind as above, policy "-" */
	const char *kind, *anon, *policy, *vm_flags, *ops, *name;
	unsigned int page;
};

static void column(const char *name, const char *pattern)
{
	if (pattern)
		printf("\t%s=%s", name, pattern);
}

static void expect(const void *p, const struct mapping *m)
{
	const char *kind = m->kind ?: m->flags & MAP_SHARED ? "shmem" : "anon";
	const char *ops = m->ops;

	/* Without CONFIG_SHMEM, the kernel's shared memory is files on ramfs. */
	if (!has_shmem && !strcmp(kind, "shmem")) {
		kind = "file";
		ops = NULL;
	}
	made++;
	printf("expect\t%lx\t%lx\t%s\tpage=%lu", (unsigned long)p, (unsigned long)p + m->size,
	       m->what, m->page ?: PAGE >> 10);
	if (m->flags)
		printf("\tperm=%c%c%c%c", m->prot & R ? 'r' : '-', m->prot & W ? 'w' : '-',
		       m->prot & X ? 'x' : '-', m->flags & MAP_SHARED ? 's' : 'p');
	column("kind", kind);
	column("anon", m->anon);
	column("policy", m->policy ?: "-");
	column("flags", m->vm_flags);
	column("ops", ops);
	column("name", m->name ?: strcmp(kind, "anon") ? m->name : "-");
	printf("\n");
}

#define EXPECT(p, ...) expect(p, &(struct mapping){ __VA_ARGS__ })

/* Maps it in its own slot. Returns NULL and prints a skip if that fails. */
static char *map(const struct mapping *m, int fd)
{
	void *at = next_slot(m->size);
	char *p = mmap(at, m->size, m->prot, m->flags | MAP_FIXED_NOREPLACE, fd, m->offset);

	if (p == MAP_FAILED) {
		skip(m->what, strerror(errno));
		return NULL;
	}
	if (p != at) {
		skip(m->what, "the kernel chose another address");
		return NULL;
	}
	if (m->touch)
		*(volatile char *)p = 1;
	return p;
}

static void map_all(const struct mapping *m, unsigned int n, int fd)
{
	for (; n--; m++) {
		struct mapping this = *m;
		char *p = map(m, fd);

		if (fd >= 0 && !m->kind)
			this.kind = file_kind;
		if (p)
			expect(p, &this);
	}
}

/* Maps a file, if it could be opened, and closes it. */
static void map_new(int fd, const struct mapping *m)
{
	if (fd < 0)
		skip(m->what, strerror(errno));
	else
		map_all(m, 1, fd);
	close(fd);
}

#define MAP(fd, ...) map_new(fd, &(struct mapping){ __VA_ARGS__ })

/* Maps two pages, does something to p, and expects the result. */
#define CHANGED_AS(as, call, ...) do {						\
	const struct mapping m = { .size = 2 * PAGE, .prot = R | W, .flags = as, __VA_ARGS__ }; \
	char *p = map(&m, -1);							\
										\
	if (p && (call)) {							\
		skip(m.what, strerror(errno));					\
		munmap(p, m.size);						\
	} else if (p) {								\
		expect(p, &m);							\
	}									\
} while (0)

#define CHANGED(call, ...) CHANGED_AS(ANON, call, __VA_ARGS__)

/* Anonymous memory */

static const struct mapping anonymous[] = {
	{ "anonymous memory, untouched", 3 * PAGE, R | W, ANON, .anon = "-",
	  .vm_flags = "rd,wr,mr,mw,me,!sh,!ex" },
	{ "anonymous memory, touched", 2 * PAGE, R | W, ANON, .touch = true, .anon = "y",
	  .ops = "-" },
	{ "PROT_NONE", 16 * PAGE, PROT_NONE, ANON, .anon = "-",
	  .vm_flags = "!rd,!wr,!ex,mr,mw,me" },
	{ "exec-only memory", PAGE, X, ANON, .vm_flags = "ex,!rd,!wr" },
	{ "write-only memory", PAGE, W, ANON, .vm_flags = "wr,!rd" },
	{ "rwx memory", PAGE, R | W | X, ANON, .vm_flags = "rd,wr,ex" },
	{ "a segment that grows down", 4 * PAGE, R | W, ANON | MAP_GROWSDOWN | MAP_STACK,
	  .vm_flags = "gd" },
	{ "a large reservation", IS_64BIT ? FAR(1) : 256 << 20, PROT_NONE, ANON | MAP_NORESERVE,
	  .anon = "-", .vm_flags = "nr" },
	{ "MAP_DROPPABLE", PAGE, R | W, .flags = MAP_DROPPABLE | MAP_ANONYMOUS },
	{ "shared anonymous memory", 3 * PAGE, R | W, MAP_SHARED | MAP_ANONYMOUS, .touch = true,
	  .anon = "-", .vm_flags = "sh,ms", .ops = "shmem*_vm_ops", .name = "/dev/zero (deleted)" },
};

/* One mapping, cut into three: the one in the middle gets other permissions. */
static void split(int fd, const struct mapping *whole, int middle)
{
	static const char * const where[] = { "before", "in the middle of", "after" };
	char *p = map(whole, fd), what[64];
	struct mapping part = *whole;
	unsigned int i;

	if (!p)
		return;
	if (mprotect(p + PAGE, PAGE, middle))
		die("mprotect");
	part.size = PAGE;
	part.what = what;
	for (i = 0; i < 3; i++) {
		part.prot = i == 1 ? middle : whole->prot;
		snprintf(what, sizeof(what), "%s %s", where[i], whole->what);
		expect(p + i * PAGE, &part);
	}
}

static void holes_and_moves(void)
{
	const struct mapping low = { "address 0x10000", PAGE, R | W, .flags = ANON };
	struct mapping hole = { "before a hole", 3 * PAGE, R | W, .flags = ANON };
	struct mapping moved = { "moved and grown by mremap", 2 * PAGE, R | W, ANON,
				 .touch = true, .anon = "y" };
	char *p = mmap((void *)0x10000, PAGE, R | W, ANON | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == (void *)0x10000)
		expect(p, &low);
	else
		skip(low.what, strerror(errno));

	split(-1, &(struct mapping){ "a split", 3 * PAGE, R | W, ANON, .touch = true, .anon = "y" },
	      R);

	p = map(&hole, -1);
	if (!p || munmap(p + PAGE, PAGE))
		die("munmap");
	hole.size = PAGE;
	expect(p, &hole);
	hole.what = "after a hole";
	expect(p + 2 * PAGE, &hole);

	/* its offset stays what it was, but is shown as 0 */
	p = map(&moved, -1);
	moved.size = 5 * PAGE;
	p = mremap(p, 2 * PAGE, moved.size, MREMAP_MAYMOVE | MREMAP_FIXED, next_slot(moved.size));
	if (p == MAP_FAILED)
		die("mremap");
	expect(p, &moved);
}

static void advised(void)
{
	static const struct {
		int advice;
		const char *name, *flag;
	} all[] = {
		{ MADV_DONTFORK, "MADV_DONTFORK", "dc" },
		{ MADV_DONTDUMP, "MADV_DONTDUMP", "dd" },
		{ MADV_HUGEPAGE, "MADV_HUGEPAGE", "hg" },
		{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE", "nh" },
		{ MADV_MERGEABLE, "MADV_MERGEABLE", "mg" },
		{ MADV_WIPEONFORK, "MADV_WIPEONFORK", "wf" },
		{ MADV_RANDOM, "MADV_RANDOM", "rr" },
		{ MADV_SEQUENTIAL, "MADV_SEQUENTIAL", "sr" },
		{ MADV_GUARD_INSTALL, "MADV_GUARD_INSTALL", NULL },
	};
	int key = pkey_alloc(0, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		CHANGED(madvise(p, m.size, all[i].advice), .what = all[i].name,
			.vm_flags = all[i].flag);
	CHANGED(mlock(p, m.size), .what = "mlock", .vm_flags = "lo", .anon = "y");
	CHANGED(mlock2(p, m.size, MLOCK_ONFAULT), .what = "MLOCK_ONFAULT", .vm_flags = "lo");
	CHANGED(syscall(SYS_mseal, p, m.size, 0), .what = "mseal");
	CHANGED(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, m.size, "with a name"),
		.what = "an anonymous VMA's name", .name = "[[]anon:with a name]");
	if (key < 0)
		skip("a protection key", errno == ENOSPC ?
		     "this CPU has no protection keys" : strerror(errno));
	else
		CHANGED(pkey_mprotect(p, m.size, R | W, key), .what = "a protection key");
}

static void policies(void)
{
	static const struct {
		int mode;
		unsigned long nodes;
		const char *name;
	} all[] = {
		{ MPOL_BIND, 1, "bind" },
		{ MPOL_BIND | MPOL_F_STATIC_NODES, 1, "bind" },
		{ MPOL_PREFERRED, 1, "prefer" },
		{ MPOL_INTERLEAVE, 1, "interleave" },
		{ MPOL_LOCAL, 0, "local" },
		{ MPOL_PREFERRED_MANY, 1, "prefer-many" },
		{ MPOL_WEIGHTED_INTERLEAVE, 1, "weighted-interleave" },
	};
	char what[64];
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(all); i++) {
		const typeof(*all) *policy = &all[i / 2];

		snprintf(what, sizeof(what), "%s memory with policy %s%s",
			 i % 2 ? "shared" : "private", policy->name,
			 policy->mode & MPOL_F_STATIC_NODES ? " (static)" : "");
		CHANGED_AS(MAP_ANONYMOUS | (i % 2 ? MAP_SHARED : MAP_PRIVATE),
			   syscall(SYS_mbind, p, m.size, policy->mode, &policy->nodes, 64, 0),
			   .what = what, .policy = policy->name);
	}
}

static int register_userfaultfd(int fd, void *p, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (unsigned long)p, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg);
}

/* Files in the directory */

static int make_file(const char *name, off_t size)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);

	if (fd < 0 || ftruncate(fd, size))
		die(name);
	return fd;
}

static void named_file(const char *name, const char *pattern, const char *what)
{
	MAP(make_file(name, PAGE), what, PAGE, R, MAP_PRIVATE, .name = pattern);
}

static const struct mapping of_file[] = {
	{ "a private file", 4 * PAGE, R, MAP_PRIVATE, PAGE, .anon = "-", .ops = "*_vm_ops",
	  .name = "/*/plain" },
	{ "an executable file", 4 * PAGE, R | X, MAP_PRIVATE, 2 * PAGE, .vm_flags = "rd,ex" },
	{ "a shared file, written to", 2 * PAGE, R | W, MAP_SHARED, .touch = true, .anon = "-",
	  .vm_flags = "sh,ms" },
	{ "a shared file, read-only", 2 * PAGE, R, MAP_SHARED, .anon = "-" },
	{ "a private file, not modified", 2 * PAGE, R | W, MAP_PRIVATE, .anon = "-" },
	{ "a private file, modified", 2 * PAGE, R | W, MAP_PRIVATE, .touch = true, .anon = "y" },
	{ "a file, locked", 2 * PAGE, R, MAP_SHARED | MAP_LOCKED, .vm_flags = "lo" },
	{ "an offset beyond 4 GiB", 2 * PAGE, R, MAP_SHARED, .offset = (4ll << 30) + PAGE },
	{ "an offset beyond 1 TiB", PAGE, R, MAP_SHARED, .offset = TIB + PAGE },
};

static void files(void)
{
	static const char * const names[][3] = {
		{ "with  two spaces ", "/*/with  two spaces ", "spaces in a name" },
		{ "new\nline\n", "/*/new\\012line\\012", "newlines in a name" },
		{ "back\\slash\\012\\", "/*/back\\slash\\012\\", "backslashes in a name" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
		  "/*/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "UTF-8 in a name" },
		{ "tab\tbell\a\x7f", "/*", "control characters in a name" },
		{ "bad\xff\xfe\x80utf8", "/*", "a name that is not UTF-8" },
		{ "[heap]", "/*/[[]heap]", "a name with brackets" },
		{ "fake (deleted)", "/*/fake (deleted)", "a name that looks deleted" },
		{ "# pid=1 vmas=1", "/*/# pid=1 vmas=1", "a name that looks like a header" },
	};
	struct mapping m = { "a deleted file", PAGE, R, MAP_SHARED, .kind = file_kind,
			     .name = "/*/gone (deleted)" };
	struct mapping whole = { "a split of a file", 3 * PAGE, R, MAP_PRIVATE, 4 * PAGE,
				 .kind = file_kind };
	int fd = make_file("plain", 2 * TIB);
	unsigned int i;
	char *p;

	map_all(of_file, ARRAY_SIZE(of_file), fd);
	split(fd, &whole, R | W);
	close(fd);
	/* opened for reading only: may never become writable */
	MAP(open("plain", O_RDONLY), "a shared file, opened read-only", PAGE, R, MAP_SHARED,
	    .vm_flags = "!mw");
	MAP(make_file("empty", 0), "an empty file", PAGE, R, .flags = MAP_PRIVATE);

	fd = make_file("gone", PAGE);
	p = map(&m, fd);
	if (!p || unlink("gone"))
		die("unlink");
	expect(p, &m);
	close(fd);
	fd = make_file("old", PAGE);
	m.what = "a renamed file";
	m.name = "/*/new";
	p = map(&m, fd);
	if (!p || rename("old", "new"))
		die("rename");
	expect(p, &m);
	close(fd);
	MAP(open(".", O_TMPFILE | O_RDWR, 0600), "O_TMPFILE", PAGE, R, MAP_SHARED,
	    .name = "/*/#* (deleted)");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		named_file(names[i][0], names[i][1], names[i][2]);
}

/* A path of nearly PATH_MAX bytes, made by going down step by step. */
static void long_path(void)
{
	struct mapping deleted = { "a deleted path of PATH_MAX bytes", PAGE, R, MAP_PRIVATE,
				   .kind = file_kind };
	char here[8192], name[256];
	int home = open(".", O_RDONLY | O_DIRECTORY), fd;
	size_t len;
	void *p;

	memset(name, 'd', sizeof(name) - 1);
	for (;;) {
		if (!getcwd(here, sizeof(here)))
			die("getcwd");
		len = 4095 - strlen(here) - 1;	/* what is left for a name */
		if (len <= 200)
			break;
		name[len > 410 ? 200 : len - 150] = 0;
		enter_dirs(name, 1);
		name[strlen(name)] = 'd';
	}
	memset(name, 'f', sizeof(name) - 1);
	name[len] = 0;
	named_file(name, "/*/dddddddddd*fff", "a path of PATH_MAX bytes");

	/* with " (deleted)" it becomes too long for one page */
	name[0] = 'g';
	fd = make_file(name, PAGE);
	p = map(&deleted, fd);
	unlink(name);
	expect(p, &deleted);
	close(fd);

	/* and newlines make it four times as long as it is */
	memset(name, '\n', len);
	named_file(name, NULL, "a path of PATH_MAX bytes with newlines");
	if (fchdir(home))
		die("fchdir");
	close(home);
}

/* Memory that is shared without a file of ours */

static void of_memfd(const char *name, int flags, size_t size, int seals,
		     const struct mapping *m, unsigned int n)
{
	int fd = memfd_create(name, flags);

	if (fd < 0) {
		skip(m->what, strerror(errno));
		return;
	}
	if (ftruncate(fd, size))
		die(m->what);
	if (!seals || !fcntl(fd, F_ADD_SEALS, seals))
		map_all(m, n, fd);
	else if (has_shmem)
		die(m->what);
	else
		skip(m->what, strerror(errno));
	close(fd);
}

static void of_shm(int flags, const struct mapping *m, unsigned int n)
{
	int id = shmget(IPC_PRIVATE, m->size, IPC_CREAT | 0600 | flags);
	void *p;

	if (id < 0) {
		skip(m->what, strerror(errno));
		return;
	}
	for (; n--; m++) {
		p = shmat(id, next_slot(m->size), m->prot & W ? 0 : SHM_RDONLY);
		if (p == (void *)-1)
			die("shmat");
		expect(p, m);
	}
	shmctl(id, IPC_RMID, NULL);
}

static const struct mapping memfd[] = {
	{ "a memfd", 2 * PAGE, R | W, MAP_SHARED, PAGE, .touch = true, .kind = "shmem",
	  .anon = "-", .ops = "shmem*_vm_ops", .name = "/memfd:a memfd\\012name (deleted)" },
	{ "a private memfd, modified", PAGE, R | W, MAP_PRIVATE, .touch = true, .kind = "shmem",
	  .anon = "y" },
};

static const struct mapping sealed = {
	"a sealed memfd", PAGE, R, MAP_SHARED, .kind = "shmem", .name = "/memfd:sealed (deleted)",
};

static const struct mapping shm[] = {
	{ "SysV shared memory", 3 * PAGE, R | W, MAP_SHARED, .name = "/SYSV00000000 (deleted)",
	  .ops = "shm_vm_ops" },
	{ "SysV shared memory, read-only", 3 * PAGE, R, .flags = MAP_SHARED },
};

static const struct mapping zero[] = {
	{ "private /dev/zero", PAGE, R | W, MAP_PRIVATE, .touch = true, .kind = "dev",
	  .anon = "y", .ops = "-", .name = "/dev/zero" },
	{ "shared /dev/zero", PAGE, R | W, MAP_SHARED, .kind = "shmem",
	  .name = "/dev/zero (deleted)" },
};

static void shared(void)
{
	int fd;

	of_memfd("a memfd\nname", 0, 4 * PAGE, 0, memfd, ARRAY_SIZE(memfd));
	of_memfd("sealed", MFD_ALLOW_SEALING, PAGE, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
		 &sealed, 1);
	of_shm(0, shm, ARRAY_SIZE(shm));

	fd = syscall(SYS_memfd_secret, 0);
	if (fd >= 0 && ftruncate(fd, PAGE))
		die("ftruncate");
	MAP(fd, "memfd_secret", PAGE, R | W, MAP_SHARED, .kind = "file",
	    .ops = "secretmem_vm_ops");

	fd = open_or_die("/dev/zero", O_RDWR);
	map_all(zero, ARRAY_SIZE(zero), fd);
	close(fd);
	MAP(open("/dev/mem", O_RDONLY), "/dev/mem", PAGE, R, MAP_SHARED, 0xf0000,
	    .kind = "dev", .name = "/dev/mem", .vm_flags = "io,pf");
}

static void huge_pages(void)
{
	const struct mapping anonymous[] = {
		{ "a huge page, private", huge, R | W, ANON | MAP_HUGETLB, .touch = true,
		  .page = huge >> 10, .kind = "hugetlb", .anon = "y", .vm_flags = "ht",
		  .ops = "hugetlb_vm_ops", .name = "/anon_hugepage (deleted)" },
		{ "a huge page, shared", huge, R | W, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
		  .page = huge >> 10, .kind = "hugetlb", .anon = "-", .vm_flags = "ht,sh" },
	};
	const struct mapping memfd = {
		"a memfd of huge pages", huge, R | W, MAP_SHARED, huge, .page = huge >> 10,
		.kind = "hugetlb", .vm_flags = "ht", .name = "/memfd:huge (deleted)",
	};
	const struct mapping shm = {
		"SysV huge pages", huge, R | W, MAP_SHARED, .page = huge >> 10,
		.kind = "hugetlb", .name = "/SYSV00000000 (deleted)",
	};

	map_all(anonymous, ARRAY_SIZE(anonymous), -1);
	of_memfd("huge", MFD_HUGETLB, 2 * huge, 0, &memfd, 1);
	of_shm(SHM_HUGETLB, &shm, 1);
}

/* Mappings that the kernel makes, or of files that it creates */
static void kernels_own(void)
{
	struct io_uring_params ring = { 0 };
	struct perf_event_attr perf = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(perf),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};
	aio_context_t aio = 0;
	int fd;

	if (syscall(SYS_io_setup, 8, &aio))
		skip("an aio ring", strerror(errno));
	else
		EXPECT((void *)aio, .what = "an aio ring", .kind = "file",
		       .ops = "aio_ring_vm_ops", .name = "/[[]aio] (deleted)");

	fd = syscall(SYS_io_uring_setup, 8, &ring);
	if (fd < 0)
		skip("an io_uring", strerror(errno));
	else
		EXPECT(map_file(NULL, PAGE, R | W, MAP_SHARED, fd, IORING_OFF_SQ_RING),
		       "an io_uring", PAGE, R | W, MAP_SHARED, .kind = "file",
		       .name = "anon_inode:[[]io_uring]");

	MAP(syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0), "a perf ring", 2 * PAGE, R | W,
	    MAP_SHARED, .kind = "file", .ops = "perf_mmap_vmops",
	    .name = "anon_inode:[[]perf_event]");
}

/* The VMA that contains an address, by the kernel's own maps */
static void around(const void *p, const struct mapping *m)
{
	struct listing l = load_maps(getpid(), "maps");
	struct region *r = region_of(&l, (unsigned long)p);

	if (r)
		expect((void *)r->start, m);
	else
		skip(m->what, "it is not in /proc/self/maps");
}

/*
 * Memory that ends where the brk area begins, as a .bss does without
 * randomization, and memory that begins where the brk area ends. Linux 6.7
 * ceased to call them [heap].
 */
static void around_the_heap(void)
{
	const unsigned long at[] = {
		stat_field(getpid(), 47) - PAGE, (unsigned long)sbrk(0),	/* start_brk */
	};
	static const char * const what[] = { "below the heap", "above the heap" };
	unsigned int i;
	void *p;

	for (i = 0; i < 2; i++) {
		p = mmap((void *)at[i], PAGE, R, ANON | MAP_FIXED_NOREPLACE, -1, 0);
		if (p == (void *)at[i])
			EXPECT(p, what[i], PAGE, R, ANON, .kind = "*", .anon = "-", .ops = "-",
			       .name = "*");
		else
			skip(what[i], strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static const struct mapping heap = { "the heap", .kind = "heap", .name = "[[]heap]",
					     .anon = "y", .ops = "-" };
	static const struct mapping stack = { "the stack", .kind = "stack", .vm_flags = "gd",
					      .name = "[[]stack]", .anon = "y", .ops = "-" };
	static char buffer[1 << 16];
	const char *hugepages;
	struct statfs fs;
	int fd;

	if (argc != 2 || chdir(argv[1]) || statfs(".", &fs)) {
		fprintf(stderr, "usage: mappings DIRECTORY\n");
		return 1;
	}
	/* everything that is on tmpfs is shared memory */
	file_kind = fs.f_type == TMPFS_MAGIC ? "shmem" : "file";
	fd = memfd_create("", MFD_CLOEXEC);
	has_shmem = fd < 0 || (!fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC);
	close(fd);
	hugepages = strstr(slurp_path("/proc/meminfo").s, "\nHugepagesize:");
	if (hugepages)
		huge = strtoul(hugepages + 14, NULL, 10) << 10;
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	/* It ends with a page. */
	if (brk((void *)(((unsigned long)sbrk(0) & -PAGE) + 17 * PAGE)))
		die("brk");
	*((volatile char *)sbrk(0) - 1) = 1;

	map_all(anonymous, ARRAY_SIZE(anonymous), -1);
	holes_and_moves();
	advised();
	policies();
	CHANGED(register_userfaultfd(syscall(SYS_userfaultfd, O_CLOEXEC), p, m.size),
		.what = "userfaultfd", .vm_flags = "um");
	files();
	long_path();
	shared();
	huge_pages();
	kernels_own();
	around_the_heap();
	around((char *)sbrk(0) - 1, &heap);
	around(&fs, &stack);

	printf("ready %u\n", made);
	wait_for_ever();
}
