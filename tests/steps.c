// SPDX-License-Identifier: GPL-2.0
/*
 * A process that changes its VMAs on command:
 *
 *	steps FIFO
 *
 * says "ready START-END KB", and does for each letter in FIFO: m maps a page
 * there, p changes its rights, u unmaps it, x executes the program anew. From
 * the beginning it has a writable and executable mapping of its own file.
 */
#include "util.h"

/* Far from all other VMAs: it does not merge. */
#define AT ((void *)FAR(0x10))

static int step(char c, char **argv)
{
	switch (c) {
	case 'm':
		return map_at(AT, PAGE, PROT_READ) != AT;
	case 'p':
		return mprotect(AT, PAGE, PROT_NONE);
	case 'u':
		return munmap(AT, PAGE);
	case 'x':
		return execl("/proc/self/exe", argv[0], argv[1], "again", (char *)NULL);
	default:
		return 1;
	}
}

int main(int argc, char **argv)
{
	char text[64], c;
	int fd, len;

	map_and_close(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE,
		      open_or_die("/proc/self/exe", O_RDONLY), 0);
	len = sprintf(text, "ready %08lx-%08lx %lu\n", (unsigned long)AT,
		      (unsigned long)AT + PAGE, PAGE >> 10);
	/* The program that started it has stopped reading by then. */
	if (argc == 2 && write(1, text, len) != len)
		return 1;
	fd = open_or_die(argv[1], O_RDWR);
	while (read(fd, &c, 1) == 1)
		if (step(c, argv))
			fatal("step %c", c);
	return 1;
}
