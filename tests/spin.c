// SPDX-License-Identifier: GPL-2.0
/*
 * A dynamic program that uses CPU time on command:
 *
 *	spin COMMANDS ANSWERS
 *
 * says "ready". For each byte in the FIFO COMMANDS it loops in a function of its
 * own and in one of the C library, and then writes a line to the FIFO ANSWERS.
 */
#include "util.h"

static volatile unsigned int sum;

static __attribute__((noinline)) void spin_in_program(void)
{
	unsigned int i;

	for (i = 0; i < 100000000; i++)
		sum += i;
}

static __attribute__((noinline)) void spin_in_library(void)
{
	unsigned int i;

	for (i = 0; i < 10000000; i++)
		sum += random();
}

int main(int argc, char **argv)
{
	int commands, answers;
	char c;

	if (argc != 3)
		fatal("usage: spin COMMANDS ANSWERS");
	/* O_RDWR, because open() waits for the other end otherwise. */
	commands = open_or_die(argv[1], O_RDWR);
	answers = open_or_die(argv[2], O_RDWR);
	if (write(1, "ready\n", 6) != 6)
		fatal("write");
	while (read(commands, &c, 1) == 1) {
		spin_in_program();
		spin_in_library();
		if (write(answers, "done\n", 5) != 5)
			fatal("write");
	}
	fatal("read");
}
