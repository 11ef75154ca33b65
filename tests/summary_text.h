/* SPDX-License-Identifier: GPL-2.0 */
/* The parser of summary */
#ifndef SUMMARY_TEXT_H
#define SUMMARY_TEXT_H

#include "util.h"

#define SUMMARY PROC "summary"

/* Its lines, in order, and the form of the value after the key and a tab */
enum form {
	NUMBER,		/* 123 */
	WORD,		/* atomic */
	COUNT,		/* 12	48 kB */
	SIZE,		/* 48 kB */
	RANGE,		/* 00400000-00600000	2048 kB, or - */
	ADDRESS,	/* 00400000, or - */
};

enum key {
	PID, WALK, VMAS, VMAS_ANON, VMAS_FILE, VMAS_HEAP, VMAS_STACK, VMAS_SHMEM, VMAS_HUGETLB,
	VMAS_VDSO, VMAS_VVAR, VMAS_DEV, VMAS_SPECIAL, RSS_ANON, RSS_FILE, RSS_SHMEM, VM_SWAP,
	LARGEST_GAP, CODE, DATA, BRK, STACK, ARGUMENTS, ENVIRONMENT, START_STACK, MMAP_BASE,
	TASK_SIZE, KERNEL_VMAS, KERNEL_START,
	KEYS
};

struct summary_key {
	const char *name;
	enum form form;
};

extern const struct summary_key keys[KEYS];

struct value {
	bool none;			/* - */
	unsigned long long nr;		/* NUMBER, COUNT, ADDRESS */
	unsigned long long start, end;	/* RANGE */
	unsigned long long kb;		/* COUNT, SIZE, RANGE */
	char word[16];			/* WORD */
};

/*
 * What may follow them:
 * KernelVmalloc: ffffc90000000000-ffffe90000000000 34359738368 kB
 */
#define REGIONS 8

struct kernel_region {
	char name[32];
	struct value v;
};

struct summary {
	struct text text;
	struct value v[KEYS];
	struct kernel_region region[REGIONS];
	unsigned int regions;
};

/*
 * Parses a text. Each line must equal its value printed again, so that nothing
 * is left over; all keys must be there, in order; and sizes must be those of
 * the ranges.
 */
struct summary parse(struct text t);
struct summary from_start(int fd);
struct summary summary_of(pid_t pid);

#endif
