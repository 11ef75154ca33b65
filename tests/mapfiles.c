// SPDX-License-Identifier: GPL-2.0
/* Maps the files in its arguments, prints "ready", and waits. */
#include "util.h"

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		map_and_close(NULL, PAGE, PROT_READ, MAP_PRIVATE,
			      open_or_die(argv[i], O_RDONLY), 0);
	printf("ready\n");
	wait_for_ever();
}
