// SPDX-License-Identifier: GPL-2.0
/*
 * A process of very many VMAs: every second page of a long mapping has other
 * rights than its neighbours.
 *
 *	many N [FILE]
 *
 * maps N pages, of FILE if there is one; says "ready" and waits. With -n in place of FILE
 * each VMA has a long name of its own. For each SIGUSR1 it maps as many anonymous pages more.
 */
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

static int give_name(char *p, size_t size, unsigned long i)
{
	char name[80]; /* the longest that there can be */

	snprintf(name, sizeof(name), "%079lu", i);
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, size, name);
}

/* So that each page is a VMA */
static int split(char *p, size_t page, unsigned long n)
{
	unsigned long i;

	for (i = 1; i < n; i += 2) {
		if (mprotect(p + i * page, page, PROT_NONE)) {
			perror("mprotect");
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int flags = MAP_PRIVATE | MAP_NORESERVE, fd = -1;
	unsigned long i, n;
	int named, nr;
	sigset_t more;
	char *p;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: many N [FILE | -n]\n");
		return 1;
	}
	n = strtoul(argv[1], NULL, 10);
	named = argc == 3 && !strcmp(argv[2], "-n");
	if (argc == 3 && !named) {
		fd = open(argv[2], O_RDWR | O_CREAT, 0600);
		if (fd < 0 || ftruncate(fd, n * page)) {
			perror(argv[2]);
			return 1;
		}
	} else {
		flags |= MAP_ANONYMOUS;
	}
	p = mmap(NULL, n * page, PROT_READ, flags, fd, 0);
	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (i = 0; named && i < n; i++) {
		if (give_name(p + i * page, page, i)) {
			perror("PR_SET_VMA_ANON_NAME");
			return 1;
		}
	}
	if (split(p, page, n))
		return 1;
	sigemptyset(&more);
	sigaddset(&more, SIGUSR1);
	sigprocmask(SIG_BLOCK, &more, NULL);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (!sigwait(&more, &nr)) {
		p = mmap(NULL, n * page, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		if (split(p, page, n))
			return 1;
	}
	return 1;
}
