// SPDX-License-Identifier: GPL-2.0
/*
 * A process that has many VMAs for one of the reasons that programs have them:
 *
 *	patterns guards|decommit|hugepages|joined|forked N
 *	patterns deleted N DIRECTORY
 *
 * maps N pieces of memory, prints "ready" and its pid, and waits.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE 4096ul
/* Far from all other VMAs */
#define AT ((char *)(unsigned long)(sizeof(long) == 8 ? 0x1000000000 : 0x40000000))
#define RW (PROT_READ | PROT_WRITE)

static char *map(size_t page, size_t nr, int prot)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	if (mmap(AT + page * PAGE, nr * PAGE, prot, flags, -1, 0) == MAP_FAILED)
		err(1, "mmap");
	return AT + page * PAGE;
}

static void check(int result, const char *what)
{
	if (result)
		err(1, "%s", what);
}

/* An allocator puts a guard page behind each piece. */
static void guards(size_t n)
{
	size_t i;

	memset(map(0, 3 * n, RW), 1, 3 * n * PAGE);
	for (i = 0; i < n; i++)
		check(mprotect(AT + (3 * i + 2) * PAGE, PAGE, PROT_NONE), "mprotect");
}

/* An allocator gives memory back so that it is no longer committed. */
static void decommit(size_t n)
{
	size_t i;

	memset(map(0, 3 * n, RW), 1, 3 * n * PAGE);
	for (i = 0; i < n; i++)
		map(3 * i + 1, 2, PROT_NONE);
}

static void hugepages(size_t n)
{
	size_t i;

	map(0, 2 * n, RW);
	for (i = 0; i < 2 * n; i++)
		check(madvise(AT + i * PAGE, PAGE, i % 2 ? MADV_NOHUGEPAGE : MADV_HUGEPAGE),
		      "madvise");
}

/* Every second page, touched: each has an anon_vma of its own. */
static void apart(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		*map(2 * i, 1, RW) = 1;
}

/* The gaps between them are filled. */
static void fill(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		map(2 * i + 1, 1, RW);
}

/* Each grows up to the next. */
static void joined(size_t n)
{
	size_t i;

	apart(n);
	for (i = 0; i < n; i++)
		if (mremap(AT + 2 * i * PAGE, PAGE, 2 * PAGE, 0) == MAP_FAILED)
			err(2, "mremap");
}

/* The child has anon_vmas that it shares with its parent, which waits. */
static void forked(size_t n)
{
	apart(n);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fill(n);
		return;
	}
	for (;;)
		pause();
}

static void deleted(size_t n, const char *dir)
{
	char name[64];
	size_t i;
	int fd;

	check(chdir(dir), dir);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "_%zx_Lucene90_0.dvd", i);
		fd = open(name, O_RDWR | O_CREAT, 0600);
		if (fd < 0)
			err(1, "%s", name);
		check(ftruncate(fd, PAGE), name);
		check(mmap(AT + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		      MAP_FAILED, "mmap");
		close(fd);
		check(unlink(name), name);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(size_t n);
	} patterns[] = {
		{ "guards", guards }, { "decommit", decommit }, { "hugepages", hugepages },
		{ "joined", joined }, { "forked", forked },
	};
	const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	size_t i;

	if (argc == 4 && n && !strcmp(argv[1], "deleted"))
		deleted(n, argv[3]);
	for (i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (argc == 3 && n && !strcmp(argv[1], patterns[i].name))
			patterns[i].make(n);
	dprintf(STDOUT_FILENO, "ready %d\n", getpid());
	for (;;)
		pause();
}
