/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The user-space ABI of vmainfo, the module that shows the VMAs of a process
 * under /proc/vmainfo/. Nothing here changes its meaning once it is released.
 */
#ifndef VMAINFO_H
#define VMAINFO_H

#include <linux/types.h>

/* Where the entries are, wherever a procfs is mounted on /proc. */
#define VMAINFO_DIR	"/proc/vmainfo"
#define VMAINFO_VMAS	VMAINFO_DIR "/vmas"
#define VMAINFO_MAPS	VMAINFO_DIR "/maps"

/**
 * enum vmainfo_kind - what a VMA is, in one word
 *
 * The numbers are stable; new kinds are added at the end. The text views print
 * the names below in lower case.
 *
 * @VMAINFO_KIND_ANON: private anonymous memory that is neither heap nor stack
 * @VMAINFO_KIND_FILE: a file with a page cache of its own
 * @VMAINFO_KIND_HEAP: overlaps the brk area; [heap] in maps
 * @VMAINFO_KIND_STACK: holds the initial stack pointer; [stack] in maps
 * @VMAINFO_KIND_SHMEM: pages of tmpfs, whoever made them: shared anonymous
 *	memory, memfd, System V and POSIX shared memory, files on a tmpfs;
 *	what the kernel accounts as Shmem
 * @VMAINFO_KIND_HUGETLB: pages of the hugetlb pool, named by a file or not
 * @VMAINFO_KIND_VDSO: the vDSO's code
 * @VMAINFO_KIND_VVAR: the vDSO's data: [vvar] and what comes with it
 * @VMAINFO_KIND_VSYSCALL: the gate page of x86, in the kernel's half of the
 *	address space: no VMA of the process
 * @VMAINFO_KIND_DEV: a character or block device, /dev/zero included
 * @VMAINFO_KIND_SPECIAL: made by the kernel or a driver without a file
 */
enum vmainfo_kind {
	VMAINFO_KIND_ANON = 0,
	VMAINFO_KIND_FILE = 1,
	VMAINFO_KIND_HEAP = 2,
	VMAINFO_KIND_STACK = 3,
	VMAINFO_KIND_SHMEM = 4,
	VMAINFO_KIND_HUGETLB = 5,
	VMAINFO_KIND_VDSO = 6,
	VMAINFO_KIND_VVAR = 7,
	VMAINFO_KIND_VSYSCALL = 8,
	VMAINFO_KIND_DEV = 9,
	VMAINFO_KIND_SPECIAL = 10,
};

#endif /* VMAINFO_H */
