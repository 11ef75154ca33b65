// SPDX-License-Identifier: GPL-2.0
/*
 * Copies what a program gets from vmainfo to stdout. It is built for 32 bits,
 * and for 64 bits as amd64_reader; compat.sh compares the two:
 *
 *	ia32_reader raw PID
 *	ia32_reader header PID
 *	ia32_reader query PID ADDRESS
 *	ia32_reader maps PID
 *	ia32_reader load FILE		loads a module
 *
 * It omits times and its own addresses. The exit status is the number of the
 * error. Like ia32.c it uses the kernel's nolibc.
 */
#include "nolibc.h"
#include <linux/fs.h>

#include "../vmainfo.h"

static union {
	struct vmainfo_header header;
	char bytes[65536];
} buf;

static struct procmap_query q;
static char name[4096], id[20];

/* Ends the program if a system call fails. */
static long must(long ret)
{
	if (ret < 0)
		exit(errno);
	return ret;
}

static void put(const void *p, unsigned long len)
{
	const char *s = p;
	long n;

	for (; len; len -= n, s += n)
		n = must(write(1, s, len));
}

static int open_target(const char *entry, const char *pid)
{
	int fd = must(open(entry, O_RDWR));

	must(write(fd, pid, strlen(pid)));
	return fd;
}

static void copy(int fd, int raw)
{
	long n;

	while ((n = must(read(fd, &buf, sizeof(buf))))) {
		if (raw)
			buf.header.taken_ns = 0;
		raw = 0;
		put(&buf, n);
	}
}

static void load(const char *file)
{
	int fd = must(open(file, O_RDONLY));

	must(syscall(__NR_finit_module, fd, "", 0));
}

/* A structure that is larger than the module's */
static void header(int fd)
{
	buf.header.size = sizeof(buf.header) + 16;
	must(ioctl(fd, VMAINFO_GET_HEADER, &buf));
	buf.header.taken_ns = 0;
	put(&buf, sizeof(buf.header) + 16);
}

static void query(int fd, const char *address)
{
	for (; *address; address++)
		q.query_addr = q.query_addr << 4 | ((*address & 15) + (*address > '9' ? 9 : 0));
	q.size = sizeof(q);
	q.vma_name_addr = (unsigned long)name;
	q.vma_name_size = sizeof(name);
	q.build_id_addr = (unsigned long)id;
	q.build_id_size = sizeof(id);
	must(ioctl(fd, PROCMAP_QUERY, &q));
	q.vma_name_addr = 0;
	q.build_id_addr = 0;
	put(&q, sizeof(q));
	put(name, sizeof(name));
	put(id, sizeof(id));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "raw"))
		copy(open_target(VMAINFO_RAW, argv[2]), 1);
	else if (argc == 3 && !strcmp(argv[1], "header"))
		header(open_target(VMAINFO_RAW, argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "maps"))
		copy(open_target(VMAINFO_MAPS, argv[2]), 0);
	else if (argc == 3 && !strcmp(argv[1], "load"))
		load(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "query"))
		query(open_target(VMAINFO_MAPS, argv[2]), argv[3]);
	else
		return EINVAL;
	return 0;
}
