// SPDX-License-Identifier: GPL-2.0
/*
 * A process of very many VMAs: every second page of a long mapping has other permissions.
 *
 *	many N [FILE | -n]
 *
 * maps N pages, of FILE if there is one, prints "ready" and waits. With -n each page has a long
 * name of its own. For each SIGUSR1 it maps N anonymous pages more.
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

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static void map_pages(unsigned long n, int fd, int named)
{
	int flags = MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, n * page, PROT_READ, flags, fd, 0);
	char name[80];	/* the longest possible */
	unsigned long i;

	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < n; i++) {
		if (named)
			snprintf(name, sizeof(name), "%079lu", i);
		if (named && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + i * page, page, name))
			err(1, "PR_SET_VMA_ANON_NAME");
		if (i % 2 && mprotect(p + i * page, page, PROT_NONE))
			err(1, "mprotect");
	}
}

int main(int argc, char **argv)
{
	int fd = -1, named, nr;
	unsigned long n;
	sigset_t more;

	if (argc < 2 || argc > 3)
		errx(1, "usage: many N [FILE | -n]");
	n = strtoul(argv[1], NULL, 10);
	named = argc == 3 && !strcmp(argv[2], "-n");
	if (argc == 3 && !named) {
		fd = open(argv[2], O_RDWR | O_CREAT, 0600);
		if (fd < 0 || ftruncate(fd, n * sysconf(_SC_PAGESIZE)))
			err(1, "%s", argv[2]);
	}
	map_pages(n, fd, named);
	sigemptyset(&more);
	sigaddset(&more, SIGUSR1);
	sigprocmask(SIG_BLOCK, &more, NULL);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (!sigwait(&more, &nr))
		map_pages(n, -1, 0);
	return 1;
}
