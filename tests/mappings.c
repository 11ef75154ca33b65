// SPDX-License-Identifier: GPL-2.0
/*
 * A process that has every kind of mapping that we know how to make.
 *
 *	mappings DIRECTORY
 *
 * Its files are in DIRECTORY. What it made goes to stdout, one line each, with
 * tabs between the fields:
 *
 *	expect START END PERM KIND PAGE ANON POLICY FLAGS OPS NAME WHAT
 *	skip WHAT REASON
 *	ready N
 *
 * where * stands for anything, FLAGS are names that must be among the VMA's
 * (or, after a !, must not), and OPS and NAME are shell patterns. After the
 * last line nothing changes any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What older headers do not have */
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
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

#define PAGE 4096ul
#define HUGE (2ul << 20)
#define TIB (1ul << 40)

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Every mapping has neighbours that are far away, so that none is merged. */
#define SLOT (1ul << 30)
static unsigned long slot = 0x100000000000;

static unsigned int made;
static const char *file_kind;

static void *next_slot(void)
{
	slot += SLOT;
	return (void *)slot;
}

static void skip(const char *what, const char *why)
{
	printf("skip\t%s\tnot here: %s\n", what, why);
}

static void __attribute__((noreturn)) die(const char *what)
{
	printf("skip\t%s\t%s\n", what, strerror(errno));
	fflush(stdout);
	fprintf(stderr, "mappings: %s: %s\n", what, strerror(errno));
	exit(1);
}

struct expect {
	const char *perm, *kind, *anon, *policy, *flags, *ops, *name, *what;
	unsigned int page;
};

static const char *or_any(const char *s)
{
	return s ? s : "*";
}

static void expect(void *p, size_t size, struct expect e)
{
	made++;
	printf("expect\t%lx\t%lx\t%s\t%s\t%u\t%s\t%s\t%s\t%s\t%s\t%s\n",
	       (unsigned long)p, (unsigned long)p + size, or_any(e.perm),
	       or_any(e.kind), e.page ? e.page : 4, or_any(e.anon),
	       e.policy ? e.policy : "-", or_any(e.flags), or_any(e.ops),
	       or_any(e.name), e.what);
}

#define EXPECT(p, size, ...) expect(p, size, (struct expect){ __VA_ARGS__ })

/* A mapping in a slot of its own, or NULL and a skip. */
static void *map(const char *what, size_t size, int prot, int flags, int fd,
		 off_t offset)
{
	void *at = next_slot();
	void *p = mmap(at, size, prot, flags | MAP_FIXED_NOREPLACE, fd, offset);

	if (p == MAP_FAILED) {
		skip(what, strerror(errno));
		return NULL;
	}
	if (p != at) {
		skip(what, "the kernel chose another address");
		return NULL;
	}
	return p;
}

static void touch(void *p)
{
	*(volatile char *)p = 1;
}

/* Anonymous memory */

static void anonymous(void)
{
	char *p;

	p = map("untouched", 3 * PAGE, R | W, ANON, -1, 0);
	EXPECT(p, 3 * PAGE, .what = "anonymous memory, untouched", .kind = "anon",
	       .perm = "rw-p", .anon = "-", .ops = "-", .name = "-",
	       .flags = "rd,wr,mr,mw,me,!sh,!ex");

	p = map("touched", 2 * PAGE, R | W, ANON, -1, 0);
	touch(p);
	EXPECT(p, 2 * PAGE, .what = "anonymous memory, touched", .kind = "anon",
	       .perm = "rw-p", .anon = "y", .ops = "-", .name = "-");

	p = map("PROT_NONE", 16 * PAGE, PROT_NONE, ANON, -1, 0);
	EXPECT(p, 16 * PAGE, .what = "PROT_NONE", .kind = "anon", .perm = "---p",
	       .anon = "-", .flags = "!rd,!wr,!ex,mr,mw,me");

	p = map("exec-only", PAGE, X, ANON, -1, 0);
	EXPECT(p, PAGE, .what = "exec-only memory", .kind = "anon",
	       .perm = "--xp", .flags = "ex,!rd,!wr");

	p = map("write-only", PAGE, W, ANON, -1, 0);
	EXPECT(p, PAGE, .what = "write-only memory", .kind = "anon",
	       .perm = "-w-p", .flags = "wr,!rd");

	p = map("rwx", PAGE, R | W | X, ANON, -1, 0);
	EXPECT(p, PAGE, .what = "memory with all rights", .kind = "anon",
	       .perm = "rwxp", .flags = "rd,wr,ex");

	p = map("growsdown", 4 * PAGE, R | W, ANON | MAP_GROWSDOWN | MAP_STACK, -1, 0);
	if (p)
		EXPECT(p, 4 * PAGE, .what = "a segment that grows down",
		       .kind = "anon", .perm = "rw-p", .flags = "gd");

	p = map("noreserve", TIB, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	slot += TIB;
	if (p)
		EXPECT(p, TIB, .what = "a reservation of 1 TiB", .kind = "anon",
		       .perm = "---p", .flags = "nr", .anon = "-");

	p = mmap((void *)0x10000, PAGE, R | W, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == (void *)0x10000)
		EXPECT(p, PAGE, .what = "address 0x10000", .kind = "anon",
		       .perm = "rw-p");
	else
		skip("address 0x10000", strerror(errno));

	p = map("shared anonymous", 3 * PAGE, R | W, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	touch(p);
	EXPECT(p, 3 * PAGE, .what = "shared anonymous memory", .kind = "shmem",
	       .perm = "rw-s", .anon = "-", .ops = "shmem*_vm_ops",
	       .name = "/dev/zero (deleted)", .flags = "sh,ms");

	/* one mapping, cut into three */
	p = map("split", 3 * PAGE, R | W, ANON, -1, 0);
	touch(p);
	touch(p + 2 * PAGE);
	if (mprotect(p + PAGE, PAGE, R))
		die("mprotect");
	EXPECT(p, PAGE, .what = "before a split", .kind = "anon", .perm = "rw-p",
	       .anon = "y");
	EXPECT(p + PAGE, PAGE, .what = "in the middle of a split", .kind = "anon",
	       .perm = "r--p", .anon = "y");
	EXPECT(p + 2 * PAGE, PAGE, .what = "behind a split", .kind = "anon",
	       .perm = "rw-p", .anon = "y");

	/* a hole in the middle */
	p = map("hole", 3 * PAGE, R | W, ANON, -1, 0);
	if (munmap(p + PAGE, PAGE))
		die("munmap");
	EXPECT(p, PAGE, .what = "before a hole", .kind = "anon", .perm = "rw-p");
	EXPECT(p + 2 * PAGE, PAGE, .what = "behind a hole", .kind = "anon",
	       .perm = "rw-p");

	/* its offset stays what it was, but is shown as 0 */
	p = mmap(next_slot(), 2 * PAGE, R | W, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	touch(p);
	p = mremap(p, 2 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, next_slot());
	if (p == MAP_FAILED)
		die("mremap");
	EXPECT(p, 5 * PAGE, .what = "moved and grown by mremap", .kind = "anon",
	       .perm = "rw-p", .anon = "y");
}

struct advice {
	int advice;
	const char *name, *flag;
};

static void advised(void)
{
	static const struct advice all[] = {
		{ MADV_DONTFORK, "MADV_DONTFORK", "dc" },
		{ MADV_DONTDUMP, "MADV_DONTDUMP", "dd" },
		{ MADV_HUGEPAGE, "MADV_HUGEPAGE", "hg" },
		{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE", "nh" },
		{ MADV_MERGEABLE, "MADV_MERGEABLE", "mg" },
		{ MADV_WIPEONFORK, "MADV_WIPEONFORK", "wf" },
		{ MADV_RANDOM, "MADV_RANDOM", "rr" },
		{ MADV_SEQUENTIAL, "MADV_SEQUENTIAL", "sr" },
		{ MADV_GUARD_INSTALL, "MADV_GUARD_INSTALL", "*" },
	};
	unsigned int i;
	char *p;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		p = map(all[i].name, 2 * PAGE, R | W, ANON, -1, 0);
		if (!p)
			continue;
		if (madvise(p, 2 * PAGE, all[i].advice)) {
			skip(all[i].name, strerror(errno));
			munmap(p, 2 * PAGE);
			continue;
		}
		EXPECT(p, 2 * PAGE, .what = all[i].name, .kind = "anon",
		       .flags = all[i].flag);
	}

	p = map("mlock", 2 * PAGE, R | W, ANON, -1, 0);
	if (mlock(p, 2 * PAGE))
		die("mlock");
	EXPECT(p, 2 * PAGE, .what = "mlock", .kind = "anon", .flags = "lo",
	       .anon = "y");

	p = map("mlock2", 2 * PAGE, R | W, ANON, -1, 0);
	if (mlock2(p, 2 * PAGE, MLOCK_ONFAULT))
		skip("MLOCK_ONFAULT", strerror(errno));
	else
		EXPECT(p, 2 * PAGE, .what = "MLOCK_ONFAULT", .kind = "anon",
		       .flags = "lo");

	p = map("mseal", PAGE, R, ANON, -1, 0);
	if (syscall(SYS_mseal, p, PAGE, 0)) {
		skip("mseal", strerror(errno));
		munmap(p, PAGE);
	} else {
		EXPECT(p, PAGE, .what = "mseal", .kind = "anon", .perm = "r--p");
	}

	p = map("MAP_DROPPABLE", PAGE, R | W, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
	if (p)
		EXPECT(p, PAGE, .what = "MAP_DROPPABLE", .kind = "anon",
		       .perm = "rw-p");

	p = map("a named one", PAGE, R | W, ANON, -1, 0);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, PAGE, "with a name")) {
		skip("an anonymous VMA's name", strerror(errno));
		munmap(p, PAGE);
	} else {
		EXPECT(p, PAGE, .what = "an anonymous VMA's name", .kind = "anon",
		       .name = "[[]anon:with a name]");
	}
}

static void protection_key(void)
{
	int key = pkey_alloc(0, 0);
	char *p;

	if (key < 0) {
		skip("a protection key", errno == ENOSPC ?
		     "this CPU has no protection keys" : strerror(errno));
		return;
	}
	p = map("a protection key", PAGE, R | W, ANON, -1, 0);
	if (pkey_mprotect(p, PAGE, R | W, key))
		die("pkey_mprotect");
	EXPECT(p, PAGE, .what = "a protection key", .kind = "anon");
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
	int shared;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (shared = 0; shared < 2; shared++) {
			void *p;

			snprintf(what, sizeof(what), "%s memory with policy %s%s",
				 shared ? "shared" : "private", all[i].name,
				 all[i].mode & MPOL_F_STATIC_NODES ? " (static)" : "");
			p = map(what, PAGE, R | W, MAP_ANONYMOUS |
				(shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
			if (!p)
				continue;
			if (syscall(SYS_mbind, p, PAGE, all[i].mode,
				    &all[i].nodes, 64, 0)) {
				skip(what, strerror(errno));
				munmap(p, PAGE);
				continue;
			}
			EXPECT(p, PAGE, .what = what, .policy = all[i].name,
			       .kind = shared ? "shmem" : "anon");
		}
	}
}

static void userfault(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *p;
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		skip("userfaultfd", strerror(errno));
		return;
	}
	p = map("userfaultfd", 2 * PAGE, R | W, ANON, -1, 0);
	reg.range.start = (unsigned long)p;
	reg.range.len = 2 * PAGE;
	if (ioctl(fd, UFFDIO_REGISTER, &reg)) {
		skip("userfaultfd", strerror(errno));
		munmap(p, 2 * PAGE);
		return;
	}
	EXPECT(p, 2 * PAGE, .what = "userfaultfd", .kind = "anon", .flags = "um");
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
	int fd = make_file(name, PAGE);
	void *p = map(what, PAGE, R, MAP_PRIVATE, fd, 0);

	EXPECT(p, PAGE, .what = what, .kind = file_kind, .perm = "r--p",
	       .name = pattern);
	close(fd);
}

static void files(void)
{
	int fd;
	char *p;

	fd = make_file("plain", 8 * PAGE);
	p = map("file", 4 * PAGE, R, MAP_PRIVATE, fd, PAGE);
	EXPECT(p, 4 * PAGE, .what = "a private file", .kind = file_kind,
	       .perm = "r--p", .anon = "-", .ops = "*_vm_ops", .name = "/*/plain");

	p = map("file", 4 * PAGE, R | X, MAP_PRIVATE, fd, 2 * PAGE);
	if (p)
		EXPECT(p, 4 * PAGE, .what = "an executable file",
		       .kind = file_kind, .perm = "r-xp", .flags = "rd,ex");

	p = map("file", 2 * PAGE, R | W, MAP_SHARED, fd, 0);
	touch(p);
	EXPECT(p, 2 * PAGE, .what = "a shared file, written to",
	       .kind = file_kind, .perm = "rw-s", .anon = "-", .flags = "sh,ms");

	p = map("file", 2 * PAGE, R, MAP_SHARED, fd, 0);
	EXPECT(p, 2 * PAGE, .what = "a shared file, read-only",
	       .kind = file_kind, .perm = "r--s", .anon = "-");

	p = map("file", 2 * PAGE, R | W, MAP_PRIVATE, fd, 0);
	EXPECT(p, 2 * PAGE, .what = "a private file, not modified",
	       .kind = file_kind, .perm = "rw-p", .anon = "-");

	p = map("file", 2 * PAGE, R | W, MAP_PRIVATE, fd, 0);
	touch(p);
	EXPECT(p, 2 * PAGE, .what = "a private file, modified",
	       .kind = file_kind, .perm = "rw-p", .anon = "y");

	p = map("file", 3 * PAGE, R, MAP_PRIVATE, fd, 4 * PAGE);
	if (mprotect(p + PAGE, PAGE, R | W))
		die("mprotect");
	EXPECT(p, PAGE, .what = "a file before a split", .kind = file_kind,
	       .perm = "r--p");
	EXPECT(p + PAGE, PAGE, .what = "a file in the middle of a split",
	       .kind = file_kind, .perm = "rw-p");
	EXPECT(p + 2 * PAGE, PAGE, .what = "a file behind a split",
	       .kind = file_kind, .perm = "r--p");

	p = map("file", 2 * PAGE, R, MAP_SHARED, fd, 0);
	if (mlock(p, PAGE))
		die("mlock");
	EXPECT(p, PAGE, .what = "a file, locked", .kind = file_kind,
	       .flags = "lo");
	close(fd);

	/* opened for reading only: may never become writable */
	fd = open("plain", O_RDONLY);
	p = map("file", PAGE, R, MAP_SHARED, fd, 0);
	EXPECT(p, PAGE, .what = "a shared file, opened read-only",
	       .kind = file_kind, .perm = "r--s", .flags = "!mw");
	close(fd);

	fd = make_file("empty", 0);
	p = map("file", PAGE, R, MAP_PRIVATE, fd, 0);
	EXPECT(p, PAGE, .what = "an empty file", .kind = file_kind);
	close(fd);

	fd = make_file("sparse", 2 * TIB);
	p = map("offset", 2 * PAGE, R, MAP_SHARED, fd, (4l << 30) + PAGE);
	if (p)
		EXPECT(p, 2 * PAGE, .what = "an offset beyond 4 GiB",
		       .kind = file_kind, .perm = "r--s");
	p = map("offset", PAGE, R, MAP_SHARED, fd, TIB + PAGE);
	if (p)
		EXPECT(p, PAGE, .what = "an offset beyond 1 TiB",
		       .kind = file_kind, .perm = "r--s");
	close(fd);

	fd = make_file("gone", PAGE);
	p = map("deleted", PAGE, R, MAP_SHARED, fd, 0);
	if (unlink("gone"))
		die("unlink");
	EXPECT(p, PAGE, .what = "a deleted file", .kind = file_kind,
	       .name = "/*/gone (deleted)");
	close(fd);

	fd = make_file("old", PAGE);
	p = map("renamed", PAGE, R, MAP_SHARED, fd, 0);
	if (rename("old", "new"))
		die("rename");
	EXPECT(p, PAGE, .what = "a renamed file", .kind = file_kind,
	       .name = "/*/new");
	close(fd);

	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0) {
		skip("O_TMPFILE", strerror(errno));
	} else {
		if (ftruncate(fd, PAGE))
			die("ftruncate");
		p = map("O_TMPFILE", PAGE, R, MAP_SHARED, fd, 0);
		EXPECT(p, PAGE, .what = "O_TMPFILE", .kind = file_kind,
		       .name = "/*/#* (deleted)");
		close(fd);
	}

	named_file("with  two spaces ", "/*/with  two spaces ", "spaces in a name");
	named_file("new\nline\n", "/*/new\\012line\\012", "newlines in a name");
	named_file("back\\slash\\012\\", "/*/back\\slash\\012\\",
		   "backslashes in a name");
	named_file("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
		   "/*/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "UTF-8 in a name");
	named_file("tab\tbell\a\x7f", "/*", "control characters in a name");
	named_file("bad\xff\xfe\x80utf8", "/*", "a name that is no UTF-8");
	named_file("[heap]", "/*/[[]heap]", "a name with brackets");
	named_file("fake (deleted)", "/*/fake (deleted)",
		   "a name that looks deleted");
	named_file("# pid=1 vmas=1", "/*/# pid=1 vmas=1",
		   "a name that looks like a header");
}

/* A path of nearly PATH_MAX bytes, made by going down step by step. */
static void long_path(void)
{
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
		if (mkdir(name, 0700) || chdir(name))
			die("mkdir");
		name[strlen(name)] = 'd';
	}
	memset(name, 'f', sizeof(name) - 1);
	name[len] = 0;
	fd = make_file(name, PAGE);
	p = map("a path", PAGE, R, MAP_PRIVATE, fd, 0);
	EXPECT(p, PAGE, .what = "a path of PATH_MAX bytes", .kind = file_kind,
	       .name = "/*/dddddddddd*fff");
	close(fd);

	/* with " (deleted)" it becomes too long for one page */
	name[0] = 'g';
	fd = make_file(name, PAGE);
	p = map("a path", PAGE, R, MAP_PRIVATE, fd, 0);
	unlink(name);
	EXPECT(p, PAGE, .what = "a deleted path of PATH_MAX bytes",
	       .kind = file_kind);
	close(fd);

	/* and newlines make it four times as long as it is */
	memset(name, '\n', len);
	fd = make_file(name, PAGE);
	p = map("a path", PAGE, R, MAP_PRIVATE, fd, 0);
	EXPECT(p, PAGE, .what = "a path of PATH_MAX bytes with newlines",
	       .kind = file_kind);
	close(fd);
	if (fchdir(home))
		die("fchdir");
	close(home);
}

/* Memory that is shared without a file of ours */
static void shared(void)
{
	char *p;
	int fd, id;

	fd = memfd_create("a memfd\nname", 0);
	if (fd < 0 || ftruncate(fd, 4 * PAGE))
		die("memfd_create");
	p = map("memfd", 2 * PAGE, R | W, MAP_SHARED, fd, PAGE);
	touch(p);
	EXPECT(p, 2 * PAGE, .what = "a memfd", .kind = "shmem", .perm = "rw-s",
	       .anon = "-", .ops = "shmem*_vm_ops",
	       .name = "/memfd:a memfd\\012name (deleted)");
	p = map("memfd", PAGE, R | W, MAP_PRIVATE, fd, 0);
	touch(p);
	EXPECT(p, PAGE, .what = "a private memfd, modified", .kind = "shmem",
	       .perm = "rw-p", .anon = "y");
	close(fd);

	fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, PAGE) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		die("sealing a memfd");
	p = map("sealed", PAGE, R, MAP_SHARED, fd, 0);
	if (p)
		EXPECT(p, PAGE, .what = "a sealed memfd", .kind = "shmem",
		       .perm = "r--s", .name = "/memfd:sealed (deleted)");
	close(fd);

	fd = syscall(SYS_memfd_secret, 0);
	if (fd < 0) {
		skip("memfd_secret", strerror(errno));
	} else {
		if (ftruncate(fd, PAGE))
			die("ftruncate");
		p = map("memfd_secret", PAGE, R | W, MAP_SHARED, fd, 0);
		if (p)
			EXPECT(p, PAGE, .what = "memfd_secret", .kind = "file",
			       .ops = "secretmem_vm_ops");
		close(fd);
	}

	id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	if (id < 0) {
		skip("SysV shared memory", strerror(errno));
	} else {
		p = shmat(id, next_slot(), 0);
		if (p == (void *)-1)
			die("shmat");
		EXPECT(p, 3 * PAGE, .what = "SysV shared memory", .kind = "shmem",
		       .perm = "rw-s", .name = "/SYSV00000000 (deleted)",
		       .ops = "shm_vm_ops");
		p = shmat(id, next_slot(), SHM_RDONLY);
		if (p == (void *)-1)
			die("shmat");
		EXPECT(p, 3 * PAGE, .what = "SysV shared memory, read-only",
		       .kind = "shmem", .perm = "r--s");
		shmctl(id, IPC_RMID, NULL);
	}

	fd = open("/dev/zero", O_RDWR);
	if (fd < 0)
		die("/dev/zero");
	p = map("/dev/zero", PAGE, R | W, MAP_PRIVATE, fd, 0);
	touch(p);
	EXPECT(p, PAGE, .what = "private /dev/zero", .kind = "dev",
	       .perm = "rw-p", .anon = "y", .ops = "-", .name = "/dev/zero");
	p = map("/dev/zero", PAGE, R | W, MAP_SHARED, fd, 0);
	EXPECT(p, PAGE, .what = "shared /dev/zero", .kind = "shmem",
	       .perm = "rw-s", .name = "/dev/zero (deleted)");
	close(fd);

	fd = open("/dev/mem", O_RDONLY);
	p = fd < 0 ? NULL : map("/dev/mem", PAGE, R, MAP_SHARED, fd, 0xf0000);
	if (p)
		EXPECT(p, PAGE, .what = "/dev/mem", .kind = "dev", .perm = "r--s",
		       .name = "/dev/mem", .flags = "io,pf");
	else if (fd < 0)
		skip("/dev/mem", strerror(errno));
}

static void huge_pages(void)
{
	char *p;
	int fd, id;

	p = map("a huge page", HUGE, R | W, ANON | MAP_HUGETLB, -1, 0);
	if (!p)
		return;
	touch(p);
	EXPECT(p, HUGE, .what = "a huge page, private", .kind = "hugetlb",
	       .page = 2048, .perm = "rw-p", .flags = "ht", .anon = "y",
	       .ops = "hugetlb_vm_ops", .name = "/anon_hugepage (deleted)");

	p = map("a shared huge page", HUGE, R | W,
		MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p)
		EXPECT(p, HUGE, .what = "a huge page, shared", .kind = "hugetlb",
		       .page = 2048, .perm = "rw-s", .flags = "ht,sh", .anon = "-");

	fd = memfd_create("huge", MFD_HUGETLB);
	if (fd < 0) {
		skip("a memfd of huge pages", strerror(errno));
	} else {
		if (ftruncate(fd, 2 * HUGE))
			die("ftruncate");
		p = map("a memfd of huge pages", HUGE, R | W, MAP_SHARED, fd, HUGE);
		if (p)
			EXPECT(p, HUGE, .what = "a memfd of huge pages",
			       .kind = "hugetlb", .page = 2048, .flags = "ht",
			       .name = "/memfd:huge (deleted)");
		close(fd);
	}

	id = shmget(IPC_PRIVATE, HUGE, IPC_CREAT | SHM_HUGETLB | 0600);
	if (id < 0) {
		skip("SysV huge pages", strerror(errno));
		return;
	}
	p = shmat(id, next_slot(), 0);
	if (p == (void *)-1)
		die("shmat");
	EXPECT(p, HUGE, .what = "SysV huge pages", .kind = "hugetlb",
	       .page = 2048, .name = "/SYSV00000000 (deleted)");
	shmctl(id, IPC_RMID, NULL);
}

/* What the kernel maps for us, or hands out for mapping */
static void kernels_own(void)
{
	struct io_uring_params ring = { 0 };
	struct perf_event_attr perf = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(perf),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};
	aio_context_t aio = 0;
	void *p;
	int fd;

	if (syscall(SYS_io_setup, 8, &aio))
		skip("an aio ring", strerror(errno));
	else
		EXPECT((void *)aio, 0, .what = "an aio ring", .kind = "file",
		       .ops = "aio_ring_vm_ops", .name = "/[[]aio] (deleted)");

	fd = syscall(SYS_io_uring_setup, 8, &ring);
	if (fd < 0) {
		skip("an io_uring", strerror(errno));
	} else {
		p = mmap(NULL, PAGE, R | W, MAP_SHARED, fd, IORING_OFF_SQ_RING);
		if (p == MAP_FAILED)
			skip("an io_uring", strerror(errno));
		else
			EXPECT(p, PAGE, .what = "an io_uring", .kind = "file",
			       .name = "anon_inode:[[]io_uring]");
	}

	fd = syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0);
	if (fd < 0) {
		skip("a perf ring", strerror(errno));
	} else {
		p = map("a perf ring", 2 * PAGE, R | W, MAP_SHARED, fd, 0);
		if (p)
			EXPECT(p, 2 * PAGE, .what = "a perf ring", .kind = "file",
			       .ops = "perf_mmap_vmops",
			       .name = "anon_inode:[[]perf_event]");
	}
}

/* The VMA around an address, from what the kernel says itself */
static void around(const void *p, struct expect e)
{
	static char maps[1 << 20];
	unsigned long start, end;
	ssize_t n, len = 0;
	char *s;
	int fd = open("/proc/self/maps", O_RDONLY);

	while ((n = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0)
		len += n;
	close(fd);
	maps[len] = 0;
	for (s = maps; s && *s; s = strchr(s, '\n'), s += !!s) {
		if (sscanf(s, "%lx-%lx", &start, &end) == 2 &&
		    start <= (unsigned long)p && (unsigned long)p < end) {
			expect((void *)start, 0, e);
			return;
		}
	}
	skip(e.what, "it is not in /proc/self/maps");
}

/* Where the brk area begins: the 47th field of stat */
static unsigned long start_brk(void)
{
	static char stat[4096];
	unsigned int field;
	char *s;
	int fd = open("/proc/self/stat", O_RDONLY);

	/* The last byte stays NUL. */
	if (fd < 0 || read(fd, stat, sizeof(stat) - 1) < 0)
		die("/proc/self/stat");
	close(fd);
	s = strrchr(stat, ')');
	for (field = 2; s && field < 47; field++)
		s = strchr(s + 1, ' ');
	if (!s)
		die("/proc/self/stat is too short");
	return strtoul(s, NULL, 10);
}

/*
 * Memory that ends where the brk area begins, as a .bss does without randomization, and
 * memory that begins where the brk area ends. Linux 6.7 ceased to call them [heap].
 */
static void around_the_heap(void)
{
	const unsigned long at[] = { start_brk() - PAGE, (unsigned long)sbrk(0) };
	static const char * const what[] = { "below the heap", "above the heap" };
	unsigned int i;
	void *p;

	for (i = 0; i < 2; i++) {
		p = mmap((void *)at[i], PAGE, R, ANON | MAP_FIXED_NOREPLACE, -1, 0);
		if (p == (void *)at[i])
			EXPECT(p, PAGE, .what = what[i], .perm = "r--p", .anon = "-",
			       .ops = "-");
		else
			skip(what[i], strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	struct statfs fs;

	if (argc != 2 || chdir(argv[1]) || statfs(".", &fs)) {
		fprintf(stderr, "usage: mappings DIRECTORY\n");
		return 1;
	}
	/* everything that is on tmpfs is shared memory */
	file_kind = fs.f_type == 0x01021994 ? "shmem" : "file";
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	/* It ends with a page. */
	if (brk((void *)(((unsigned long)sbrk(0) & -PAGE) + 17 * PAGE)))
		die("brk");
	touch((char *)sbrk(0) - 1);

	anonymous();
	advised();
	protection_key();
	policies();
	userfault();
	files();
	long_path();
	shared();
	huge_pages();
	kernels_own();
	around_the_heap();
	around((char *)sbrk(0) - 1, (struct expect){ .what = "the heap",
	       .kind = "heap", .name = "[[]heap]", .anon = "y", .ops = "-" });
	around(&fs, (struct expect){ .what = "the stack", .kind = "stack",
	       .name = "[[]stack]", .flags = "gd", .anon = "y", .ops = "-" });

	printf("ready %u\n", made);
	fflush(stdout);
	for (;;)
		pause();
}
