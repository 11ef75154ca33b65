/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMAs of one process by the kernel's BPF iterator task_vma. Linux 6.1 or
 * later: before, it cannot be told to walk one task only.
 */
#ifndef TASK_VMA_H
#define TASK_VMA_H

#include <linux/types.h>

struct task_vma_record {
	__u64 start;
	__u64 end;
	__u64 offset;	/* in bytes; as in maps, 0 without a file */
	__u64 flags;	/* vm_flags */
	__u64 ino;	/* 0 without a file */
	__u64 dev;	/* s_dev: major << 20 | minor; 0 without a file */
};

/* Loads the program, once. Returns -1 if this kernel cannot run it. */
int task_vma_open(void);

/*
 * An fd that gives the records of the process, once, or -1 with errno. Each
 * read() takes mmap_lock anew, and gives 32 KiB at most. The kernel gives all
 * of them again for a thread with a file table of its own: to tell those here
 * would cost every VMA some 20 instructions. pid_t is not known to BPF's
 * compiler.
 */
int task_vma_iter(int pid);

#endif
