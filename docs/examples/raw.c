// SPDX-License-Identifier: GPL-2.0
/*
 * raw [PID]: prints the number and the size of the VMAs of each kind of a
 * process, and the VMAs that are both writable and executable, from
 * /proc/vmainfo/raw. Without PID, the module's parameter selects the process.
 */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../vmainfo.h"

static const char * const kinds[256] = {
	"anon", "file", "heap", "stack", "shmem", "hugetlb", "vdso", "vvar", "vsyscall", "dev",
	"special",
};

static struct {
	unsigned long vmas;
	unsigned long long kb;
} sums[256];

static int fd;
static char *buf;
/* buf[from] to buf[to - 1] was read and is not used yet. */
static size_t capacity, from, to;

/*
 * Returns the next @size bytes, contiguous and valid until the next call, or
 * NULL at the end of the file.
 */
static void *need(size_t size)
{
	ssize_t n;

	while (to - from < size) {
		if (size > capacity) {
			capacity = size > 65536 ? size : 65536;
			buf = realloc(buf, capacity);
			if (!buf)
				err(1, "a record of %zu bytes", size);
		}
		/* Only a record that is longer than the buffer is cut. */
		memmove(buf, buf + from, to - from);
		to -= from;
		from = 0;
		n = read(fd, buf + to, capacity - to);
		if (n < 0)
			err(1, "cannot read %s", VMAINFO_RAW);
		if (!n && to)
			errx(1, "%s ends too early", VMAINFO_RAW);
		if (!n)
			return NULL;
		to += n;
	}
	return buf + from;
}

/* Replaces control characters, which a terminal obeys, as ls does. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(iscntrl((unsigned char)*name) ? '?' : *name);
}

int main(int argc, char **argv)
{
	const __u64 both = VMAINFO_WRITE | VMAINFO_EXEC;
	struct vmainfo_header *h;
	struct vmainfo_record *r;
	int i;

	if (argc > 2)
		errx(2, "usage: raw [PID]");
	fd = open(VMAINFO_RAW, O_RDWR);
	if (fd < 0)
		err(1, "cannot open %s", VMAINFO_RAW);
	if (argc == 2 && write(fd, argv[1], strlen(argv[1])) < 0)
		err(1, "cannot read process '%s'", argv[1]);

	/* Later versions append members: step by the sizes in the structures. */
	h = need(offsetof(struct vmainfo_header, flags));
	if (!h || h->magic != VMAINFO_MAGIC)
		errx(1, "%s is not what vmainfo.h describes", VMAINFO_RAW);
	if (h->version > VMAINFO_VERSION)
		errx(1, "%s has version %u, %d is known", VMAINFO_RAW, h->version, VMAINFO_VERSION);
	h = need(h->size);
	printf("process %d: %u VMAs%s\n", h->pid, h->vmas,
	       h->flags & VMAINFO_ATOMIC ? "" : ", not all of one instant");
	from += h->size;

	while ((r = need(offsetof(struct vmainfo_record, start)))) {
		r = need(r->next);
		sums[r->kind].vmas++;
		sums[r->kind].kb += (r->end - r->start) >> 10;
		if ((r->flags & both) == both) {
			printf("write+exec %08llx-%08llx ", r->start, r->end);
			print_name(r->name_len ? (char *)r + r->size : "-");
			putchar('\n');
		}
		from += r->next;
	}
	for (i = 0; i < 256; i++)
		if (sums[i].vmas)
			printf("%-10s %8lu VMAs %14llu kB\n", kinds[i] ? kinds[i] : "(new)",
			       sums[i].vmas, sums[i].kb);
	return 0;
}
