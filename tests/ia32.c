// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit process: prints "ready" and waits. It uses no C library, because a 64-bit system
 * need not have one of 32 bits.
 */

static long call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile ("int $0x80" : "=a" (ret)
			  : "0" (nr), "b" (a), "c" (b), "d" (c) : "memory");
	return ret;
}

void _start(void);

void _start(void)
{
	call(4, 1, (long)"ready\n", 6);		/* write */
	for (;;)
		call(29, 0, 0, 0);		/* pause */
}
