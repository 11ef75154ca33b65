/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which VMAs a command wants, in terms of VMAINFO_SET_FILTER: the module filters if
 * it can, otherwise the program does. And the build IDs of files.
 */
#ifndef WANTED_H
#define WANTED_H

#include "listing.h"

/* All zero: all VMAs */
struct wanted {
	uint32_t kinds;		/* a bit for each kind, 0 for all */
	uint64_t flags;		/* flags that must be set */
	uint64_t flags_clear;	/* flags that must be clear */
	struct vmainfo_range *ranges;	/* sorted and disjoint: a VMA must overlap one */
	size_t nr_ranges;	/* 0: the whole address space */
};

bool is_wanted(const struct wanted *w, const struct vma *vma);

static inline bool wants_all(const struct wanted *w)
{
	return !w->kinds && !w->flags && !w->flags_clear && !w->nr_ranges;
}

/*
 * Parses up to four characters: "rwxp" as in maps, '-' for not set, '?' for either.
 * Returns false if the pattern is invalid.
 */
bool wanted_perm(struct wanted *w, const char *pattern);

/* Add a range; sort and merge all of them. */
void wanted_range(struct wanted *w, struct vmainfo_range range);
void wanted_merge(struct wanted *w);

/*
 * As listing_try(). If the module can filter, the listing has only the VMAs that are
 * wanted, and its header has VMAINFO_FILTERED if there are others.
 */
int wanted_listing(struct listing *l, pid_t pid, const struct wanted *w, bool build_ids);

/*
 * Sets the build IDs of the VMAs that are wanted if the listing does not have them, and
 * @l->has_build_ids if the kernel can tell them.
 */
void wanted_build_ids(struct listing *l, const struct wanted *w);

#endif /* WANTED_H */
