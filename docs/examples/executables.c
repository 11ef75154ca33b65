// SPDX-License-Identifier: GPL-2.0
/*
 * executables: prints what a profiler has to know: the executable mappings of
 * files of all processes, with the build ID of each file, or -.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../vmainfo.h"

static void print(const char *pid, const struct vmainfo_record *r)
{
	const char *name = (const char *)r + r->size;
	unsigned int i, id = r->size >= sizeof(*r) ? r->build_id_size : 0;

	printf("%s %08llx-%08llx %08llx ", pid, r->start, r->end, r->offset);
	for (i = 0; i < id; i++)
		printf("%02x", r->build_id[i]);
	fputs(id ? " " : "- ", stdout);
	/* A name is not escaped, and a terminal obeys control characters. */
	for (; r->name_len && *name; name++)
		putchar(iscntrl((unsigned char)*name) ? '?' : *name);
	putchar('\n');
}

int main(void)
{
	static union {
		struct vmainfo_header header;
		char bytes[2 << 20];	/* any record is whole in it */
	} buf;
	const struct vmainfo_filter filter = {
		.size = sizeof(filter),
		.kinds = 1 << VMAINFO_KIND_FILE | 1 << VMAINFO_KIND_SHMEM,
		.flags = VMAINFO_EXEC,
		.options = VMAINFO_WANT_BUILD_ID,
	};
	FILE *procs = fopen(VMAINFO_PROCS, "r");
	int fd = open(VMAINFO_RAW, O_RDWR);
	const struct vmainfo_record *r;
	char line[512], pid[16], *p;
	int first;
	ssize_t n;

	if (!procs || fd < 0)
		err(1, "cannot open %s", procs ? VMAINFO_RAW : VMAINFO_PROCS);
	if (ioctl(fd, VMAINFO_SET_FILTER, &filter))
		err(1, "cannot set a filter");
	while (fgets(line, sizeof(line), procs)) {
		if (sscanf(line, "%15s", pid) != 1 || *pid == '#')
			continue;
		/* The filter stays. A process that has exited is not an error. */
		n = write(fd, pid, strlen(pid));
		for (first = 1; n > 0 && (n = read(fd, &buf, sizeof(buf))) > 0; first = 0) {
			p = buf.bytes + (first ? buf.header.size : 0);
			for (; p < buf.bytes + n; p += r->next) {
				r = (const void *)p;
				print(pid, r);
			}
		}
		if (n < 0 && errno != ESRCH)
			warn("cannot read process '%s'", pid);
	}
	return 0;
}
