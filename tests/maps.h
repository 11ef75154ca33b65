/* SPDX-License-Identifier: GPL-2.0 */
/* maps, vmas and raw taken apart */
#ifndef MAPS_H
#define MAPS_H

#include "util.h"

enum walk {
	WALK_UNKNOWN,	/* maps does not tell */
	WALK_ATOMIC,
	WALK_SPLIT,
};

struct region {
	unsigned long start, end;
	unsigned long long offset;
	unsigned long inode;
	char perm[4];
	bool dontdump;		/* not in maps */
	const char *policy;	/* vmas only: a word */
	const char *name;	/* up to the newline or NUL, "-" in vmas where there is none */
};

struct listing {
	enum walk walk;
	pid_t pid;		/* not in maps */
	unsigned int nr, room;
	struct region *regions;
};

/*
 * Takes a text of vmas or maps apart. NULL, or what is wrong with it: every
 * line is whole, numbers and sizes fit, regions are in order, none overlaps
 * another one or is there twice. The [vsyscall] page is no region.
 */
const char *parse_listing(struct listing *l, struct text t, bool vmas);

/* The same for a text of raw */
const char *parse_raw(struct listing *l, struct text t);

/* The region that an address is in, or NULL */
struct region *region_of(struct listing *l, unsigned long address);

#endif
