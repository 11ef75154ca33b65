/* SPDX-License-Identifier: GPL-2.0 */
/* The parsers of maps, smaps, vmas and raw */
#ifndef MAPS_H
#define MAPS_H

#include "util.h"

enum walk {
	WALK_UNKNOWN,	/* maps does not tell */
	WALK_ATOMIC,
	WALK_TORN,
};

struct region {
	unsigned long start, end;
	unsigned long long offset;
	unsigned long inode;
	unsigned int major, minor;
	char perm[4];
	bool dontdump;		/* not in maps */
	const char *kind, *policy; /* vmas only: a word */
	const char *name;	/* up to the newline or NUL; vmas and raw: "-" for no name */
	unsigned long page_size; /* smaps only, in bytes */
};

struct listing {
	enum walk walk;
	pid_t pid;		/* not in maps */
	unsigned int nr, room;
	struct region *regions;
};

/*
 * Each parses a text and returns an error, or NULL. Every line has to be whole,
 * numbers and sizes have to fit, and regions have to be in order and not
 * overlap. The gate page is not a region: [vsyscall], or [vectors] on 32-bit ARM.
 * Names, kinds and policies point into the text.
 */
const char *parse_maps(struct listing *l, struct text t);	/* also of smaps */
const char *parse_vmas(struct listing *l, struct text t);
const char *parse_raw(struct listing *l, struct text t);

/* summary has no regions, but numbers that add up. See summary_text.h. */
const char *parse_summary(struct listing *l, struct text t);

/* maps or smaps in /proc/PID, or maps of a task. The text stays allocated. */
struct listing load_maps(pid_t pid, const char *name);

/* The size of all regions */
unsigned long total_kb(const struct listing *l);

/* The region that an address is in, or NULL */
struct region *region_of(struct listing *l, unsigned long address);

#endif
