// SPDX-License-Identifier: GPL-2.0
/*
 * watch PID [MILLISECONDS]: prints a line when the VMAs of a process have
 * changed. It reads a header every MILLISECONDS (default: 1000), which does not
 * take the mmap_lock of the process.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../vmainfo.h"

int main(int argc, char **argv)
{
	struct vmainfo_header now = { .size = sizeof(now) }, last = { 0 };
	int fd, ms = argc > 2 ? atoi(argv[2]) : 1000;

	if (argc < 2 || argc > 3 || ms <= 0)
		errx(2, "usage: watch PID [MILLISECONDS]");
	fd = open(VMAINFO_RAW, O_RDWR);
	if (fd < 0)
		err(1, "cannot open %s", VMAINFO_RAW);
	if (write(fd, argv[1], strlen(argv[1])) < 0)
		err(1, "cannot read process '%s'", argv[1]);
	setlinebuf(stdout);

	for (; !ioctl(fd, VMAINFO_GET_HEADER, &now); poll(NULL, 0, ms)) {
		if (!last.size && !(now.flags & VMAINFO_SEQ))
			warnx("no sequence: changes that keep the number of VMAs are not seen");
		/* Before Linux 6.4, and during an exec, mm_seq is 0. */
		if (!last.size || now.vmas != last.vmas || now.flags != last.flags ||
		    now.mm_seq != last.mm_seq || now.exec_id != last.exec_id)
			/* A program would read the records here. */
			printf("%llu.%03llu: %u VMAs, sequence %llu, exec %llu\n",
			       now.taken_ns / 1000000000, now.taken_ns / 1000000 % 1000,
			       now.vmas, now.mm_seq, now.exec_id);
		last = now;
		/* The kernel has set its own size, which can be larger. */
		now.size = sizeof(now);
	}
	if (errno != ESRCH)
		err(1, "cannot read process '%s'", argv[1]);
	puts("it has exited");
	return 0;
}
