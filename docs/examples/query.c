// SPDX-License-Identifier: GPL-2.0
/*
 * query PID ADDRESS...: prints what is mapped at hexadecimal addresses of a
 * process, as a profiler needs it: ADDRESS START-END PERM OFFSET BUILD-ID
 * NAME+OFFSET. The last OFFSET is in the file.
 *
 * The ioctl is that of /proc/PID/maps of Linux 6.11. It works on every kernel.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../vmainfo.h"

static int query(int fd, const char *address)
{
	char name[PATH_MAX], *s;
	unsigned char id[20];
	struct procmap_query q = {
		.size = sizeof(q),
		.query_addr = strtoull(address, &s, 16),
		.vma_name_addr = (uintptr_t)name,
		.vma_name_size = sizeof(name),
		.build_id_addr = (uintptr_t)id,
		.build_id_size = sizeof(id),
	};
	unsigned int i;

	if (s == address || *s) {
		warnx("invalid address: '%s'", address);
		return 1;
	}
	if (ioctl(fd, PROCMAP_QUERY, &q)) {
		if (errno == ENOENT)
			warnx("%s: nothing is mapped there", address);
		else
			warn("%s", address);
		return 1;
	}
	printf("%s %08llx-%08llx %c%c%c%c %08llx ", address, q.vma_start, q.vma_end,
	       q.vma_flags & PROCMAP_QUERY_VMA_READABLE ? 'r' : '-',
	       q.vma_flags & PROCMAP_QUERY_VMA_WRITABLE ? 'w' : '-',
	       q.vma_flags & PROCMAP_QUERY_VMA_EXECUTABLE ? 'x' : '-',
	       q.vma_flags & PROCMAP_QUERY_VMA_SHARED ? 's' : 'p', q.vma_offset);

	/* The kernel has set the sizes of what it found, or 0. */
	for (i = 0; i < q.build_id_size; i++)
		printf("%02x", id[i]);
	fputs(q.build_id_size ? " " : "- ", stdout);
	if (!q.vma_name_size) {
		puts("-");
		return 0;
	}
	for (s = name; *s; s++)
		putchar(iscntrl((unsigned char)*s) ? '?' : *s);
	printf("+0x%llx\n", q.query_addr - q.vma_start + q.vma_offset);
	return 0;
}

int main(int argc, char **argv)
{
	int fd, i, status = 0;

	if (argc < 3)
		errx(2, "usage: query PID ADDRESS...");
	fd = open(VMAINFO_MAPS, O_RDWR);
	if (fd < 0)
		err(1, "cannot open %s", VMAINFO_MAPS);
	if (write(fd, argv[1], strlen(argv[1])) < 0)
		err(1, "cannot read process '%s'", argv[1]);
	for (i = 2; i < argc; i++)
		status |= query(fd, argv[i]);
	return status;
}
