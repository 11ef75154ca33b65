// SPDX-License-Identifier: GPL-2.0
/* Maps the files in its arguments, prints "ready", and waits. */
#include "util.h"

int main(int argc, char **argv)
{
	int i, fd;

	for (i = 1; i < argc; i++) {
		fd = open_or_die(argv[i], O_RDONLY);
		map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
	}
	printf("ready\n");
	wait_for_ever();
}
