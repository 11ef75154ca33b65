// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit process: prints "ready" and waits. It uses the kernel's nolibc,
 * because a 64-bit system need not have a C library of 32 bits.
 */
#include "nolibc.h"

int main(void)
{
	write(1, "ready\n", 6);
	for (;;)
		sleep(1000);
}
