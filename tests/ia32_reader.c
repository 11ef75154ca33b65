// SPDX-License-Identifier: GPL-2.0
/*
 * Copies what a program gets from vmainfo to stdout. It is built for 32 bits, and for 64 bits
 * as amd64_reader; compat.sh compares the two:
 *
 *	ia32_reader raw PID
 *	ia32_reader header PID
 *	ia32_reader query PID ADDRESS
 *	ia32_reader maps PID
 *	ia32_reader load FILE		loads a module
 *
 * It omits times and its own addresses. The exit status is the number of the error. Like
 * ia32.c it uses no C library.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "../vmainfo.h"

static union {
	struct vmainfo_header header;
	char bytes[65536];
} buf;

static struct procmap_query q;
static char name[4096], id[20];

static long call(long nr, long a, long b, long c)
{
	long ret;

#ifdef __x86_64__
	__asm__ volatile ("syscall" : "=a" (ret)
			  : "0" (nr), "D" (a), "S" (b), "d" (c) : "rcx", "r11", "memory");
#else
	__asm__ volatile ("int $0x80" : "=a" (ret)
			  : "0" (nr), "b" (a), "c" (b), "d" (c) : "memory");
#endif
	return ret;
}

/* Ends the program if a system call fails. */
static long must(long ret)
{
	if (ret < 0)
		call(__NR_exit, -ret, 0, 0);
	return ret;
}

static void put(const void *p, unsigned long len)
{
	const char *s = p;
	long n;

	for (; len; len -= n, s += n)
		n = must(call(__NR_write, 1, (long)s, len));
}

static int open_target(const char *entry, const char *pid)
{
	int fd = must(call(__NR_open, (long)entry, O_RDWR, 0));
	long len = 0;

	while (pid[len])
		len++;
	must(call(__NR_write, fd, (long)pid, len));
	return fd;
}

static void copy(int fd, int raw)
{
	long n;

	while ((n = must(call(__NR_read, fd, (long)&buf, sizeof(buf))))) {
		if (raw)
			buf.header.taken_ns = 0;
		raw = 0;
		put(&buf, n);
	}
}

static void load(const char *file)
{
	int fd = must(call(__NR_open, (long)file, O_RDONLY, 0));

	must(call(__NR_finit_module, fd, (long)"", 0));
}

/* A structure that is larger than the module's */
static void header(int fd)
{
	buf.header.size = sizeof(buf.header) + 16;
	must(call(__NR_ioctl, fd, VMAINFO_GET_HEADER, (long)&buf));
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
	must(call(__NR_ioctl, fd, PROCMAP_QUERY, (long)&q));
	q.vma_name_addr = 0;
	q.build_id_addr = 0;
	put(&q, sizeof(q));
	put(name, sizeof(name));
	put(id, sizeof(id));
}

void run(long *stack);

void run(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] == 3 && argv[1][0] == 'r')
		copy(open_target(VMAINFO_RAW, argv[2]), 1);
	else if (stack[0] == 3 && argv[1][0] == 'h')
		header(open_target(VMAINFO_RAW, argv[2]));
	else if (stack[0] == 3 && argv[1][0] == 'm')
		copy(open_target(VMAINFO_MAPS, argv[2]), 0);
	else if (stack[0] == 3 && argv[1][0] == 'l')
		load(argv[2]);
	else if (stack[0] == 4 && argv[1][0] == 'q')
		query(open_target(VMAINFO_MAPS, argv[2]), argv[3]);
	else
		must(-EINVAL);
	call(__NR_exit, 0, 0, 0);
}

/* The arguments are at the initial stack pointer. */
#ifdef __x86_64__
__asm__ (".globl _start\n_start: mov %rsp, %rdi\nand $-16, %rsp\ncall run\n");
#else
__asm__ (".globl _start\n_start: mov %esp, %eax\nand $-16, %esp\nsub $12, %esp\npush %eax\n"
	 "call run\n");
#endif
