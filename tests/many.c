// SPDX-License-Identifier: GPL-2.0
/*
 * A process of very many VMAs: every second page of a long mapping has other
 * permissions.
 *
 *	many N [FILE | -n]
 *
 * maps N pages, of FILE if there is one, prints "ready" and waits. With -n each
 * page has a long name of its own. For each SIGUSR1 it maps N anonymous pages
 * more.
 */
#include "util.h"

static void map_pages(unsigned long n, int fd, bool named)
{
	int flags = MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *p = map_file(NULL, n * PAGE, PROT_READ, flags, fd, 0);
	char name[80];	/* the longest possible */
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (named)
			snprintf(name, sizeof(name), "%079lu", i);
		if (named && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + i * PAGE, PAGE, name))
			fatal("PR_SET_VMA_ANON_NAME");
		if (i % 2 && mprotect(p + i * PAGE, PAGE, PROT_NONE))
			fatal("mprotect");
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	bool named = argc == 3 && !strcmp(argv[2], "-n");
	sigset_t more;
	int fd = -1, nr;

	if (argc < 2 || argc > 3)
		fatal("usage: many N [FILE | -n]");
	if (argc == 3 && !named)
		fd = create_file(argv[2], n * PAGE);
	map_pages(n, fd, named);
	sigemptyset(&more);
	sigaddset(&more, SIGUSR1);
	sigprocmask(SIG_BLOCK, &more, NULL);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (!sigwait(&more, &nr))
		map_pages(n, -1, false);
	return 1;
}
