/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of a VMA is in memory: what /proc/PID/smaps has beside the lines of
 * maps. The kernel walks the page tables for it, with the mmap_lock of the
 * process held, so it is read only on request.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "listing.h"

/* Captures have these numbers: new fields are added at the end. */
enum memory_field {
	/* What -x shows. Dirty is Shared_Dirty and Private_Dirty. */
	MEMORY_RSS, MEMORY_PSS, MEMORY_DIRTY, MEMORY_SWAP,
	/* As in smaps */
	MEMORY_PSS_DIRTY, MEMORY_SHARED_CLEAN, MEMORY_SHARED_DIRTY, MEMORY_PRIVATE_CLEAN,
	MEMORY_PRIVATE_DIRTY, MEMORY_REFERENCED, MEMORY_ANONYMOUS, MEMORY_KSM, MEMORY_LAZYFREE,
	MEMORY_ANONHUGEPAGES, MEMORY_SHMEMPMDMAPPED, MEMORY_FILEPMDMAPPED, MEMORY_SHARED_HUGETLB,
	MEMORY_PRIVATE_HUGETLB, MEMORY_SWAPPSS, MEMORY_LOCKED,
	/* These cannot be added up. The last two are not in kB. */
	MEMORY_MMUPAGESIZE, MEMORY_THPELIGIBLE, MEMORY_PROTECTIONKEY,
	NR_MEMORY
};

#define MEMORY_SHORT	4			/* how many fields -x shows */
#define MEMORY_SUMS	MEMORY_MMUPAGESIZE	/* the fields that can be added up */

/* The names of smaps in lower case, with "_kb" if the value is in kB */
extern const char *const memory_names[NR_MEMORY];

struct memory {
	uint64_t known;		/* 1 << enum memory_field; 0 if the VMA has changed meanwhile */
	uint64_t value[NR_MEMORY];
};

static inline bool memory_has(const struct memory *m, unsigned int field)
{
	return m && m->known >> field & 1;
}

/* Adds what can be added up. */
void memory_add(struct memory *to, const struct memory *m);

/*
 * As listing_try(), with memory: joins the VMAs of the module with those of smaps
 * that have the same addresses, permissions and file. Without the module, all is
 * from smaps, which has flags and page sizes, too. Prints the cost on stderr.
 */
int memory_listing(struct listing *l, pid_t pid);

/*
 * listing_from_file() if @file is not NULL, else listing_try(), with memory if that is
 * wanted; or ends the program.
 */
void memory_or_end(struct listing *l, pid_t pid, const char *file, bool wanted);

/* Replaces @l->raw with records that have the memory, for "save". */
void memory_pack(struct listing *l);

/* Parses what memory_pack() added to a record. Returns NULL, or what is wrong. */
const char *memory_unpack(struct memory *m, char *p, size_t left, bool swap);

#endif /* MEMORY_H */
