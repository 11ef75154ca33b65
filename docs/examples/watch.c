// SPDX-License-Identifier: GPL-2.0
/*
 * watch PID [MILLISECONDS]: says whenever the VMAs of a process have changed, and how many
 * there are now. It looks every so often (1000), and a look costs the process nothing.
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
		err(1, "cannot look at process '%s'", argv[1]);
	setlinebuf(stdout);

	for (; !ioctl(fd, VMAINFO_GET_HEADER, &now); poll(NULL, 0, ms)) {
		if (!last.size && !(now.flags & VMAINFO_SEQ))
			warnx("no sequence here: a change that keeps the number goes unseen");
		/* Without a sequence (before Linux 6.4, in an exec) the last two are 0. */
		if (!last.size || now.vmas != last.vmas || now.flags != last.flags ||
		    now.mm_seq != last.mm_seq || now.exec_id != last.exec_id)
			/* Here is the place to read the records. */
			printf("%llu.%03llu: %u VMAs, sequence %llu, exec %llu\n",
			       now.taken_ns / 1000000000, now.taken_ns / 1000000 % 1000,
			       now.vmas, now.mm_seq, now.exec_id);
		last = now;
		/* The kernel has said its own size, which may be larger than there is room for. */
		now.size = sizeof(now);
	}
	if (errno != ESRCH)
		err(1, "cannot look at process '%s'", argv[1]);
	puts("it has exited");
	return 0;
}
