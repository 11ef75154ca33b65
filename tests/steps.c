// SPDX-License-Identifier: GPL-2.0
/*
 * A process that changes its VMAs on command:
 *
 *	steps FIFO
 *
 * says "ready", and does for each letter in FIFO: m maps a page, p changes its rights,
 * u unmaps it, x executes the program anew. From the beginning it has a writable and
 * executable mapping of its own file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

/* Far from all other VMAs: it does not merge. */
#define AT ((void *)FAR(0x10))

static int step(char c, char **argv)
{
	switch (c) {
	case 'm':
		return mmap(AT, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			    -1, 0) != AT;
	case 'p':
		return mprotect(AT, 4096, PROT_NONE);
	case 'u':
		return munmap(AT, 4096);
	case 'x':
		return execl("/proc/self/exe", argv[0], argv[1], "again", (char *)NULL);
	default:
		return 1;
	}
}

int main(int argc, char **argv)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char c;

	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 1;
	close(fd);
	/* The program that started it has stopped reading by then. */
	if (argc == 2 && write(1, "ready\n", 6) != 6)
		return 1;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	while (read(fd, &c, 1) == 1) {
		if (step(c, argv)) {
			perror("steps");
			return 1;
		}
	}
	return 1;
}
