/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between two listings, in terms of what was done to a process: mapped, unmapped,
 * grown, ... A VMA is no thing that lasts: mprotect() on a part of one makes three of it. So
 * what is compared is what each address means, and not which VMAs there are.
 */
#ifndef CHANGES_H
#define CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "listing.h"

/**
 * enum change_what - what happened
 * @CHANGE_MAPPED: all of @after, or what is new in the middle of others that were there
 * @CHANGE_UNMAPPED: all of @before, or a part in its middle
 * @CHANGE_GROWN: @after has a part that nothing, or something else, was at
 * @CHANGE_SHRUNK: @before has lost a part at one of its ends
 * @CHANGE_MOVED: @before is @after now, at other addresses: known of what maps a file, or what
 *	there is only one of
 * @CHANGE_PROTECTED: other rights, maybe other flags as well
 * @CHANGE_RENAMED: the same under another name
 * @CHANGE_FLAGS: other flags or another policy, the same rights
 * @CHANGE_SPLIT: @before is more than one VMA now, and nothing else says why
 * @CHANGE_MERGED: @after was more than one, likewise
 */
enum change_what {
	CHANGE_MAPPED,
	CHANGE_UNMAPPED,
	CHANGE_GROWN,
	CHANGE_SHRUNK,
	CHANGE_MOVED,
	CHANGE_PROTECTED,
	CHANGE_RENAMED,
	CHANGE_FLAGS,
	CHANGE_SPLIT,
	CHANGE_MERGED,
};

/**
 * struct change - a range of addresses, and what happened to it
 * @what: what
 * @start: of what changed: all or a part of a VMA; where it is now if it has moved; the
 *	address that it was split or merged at
 * @end: the first one behind it; the same address for split or merged
 * @before: the VMA that was there, NULL for mapped and grown
 * @after: the one that is there, NULL for unmapped and shrunk
 * @flags: which ones are not the same, of those that say something of their own; 0 if nothing
 *	is known of them
 * @policy: whether the policy is another one
 * @renamed: whether the name is
 */
struct change {
	enum change_what what;
	uint64_t start;
	uint64_t end;
	const struct vma *before;
	const struct vma *after;
	uint64_t flags;
	bool policy;
	bool renamed;
};

/**
 * struct changes - what differs between two listings
 * @list: in address order
 * @nr: how many
 * @kept: some address means the same in both. If none does, and both have VMAs, the process
 *	has executed a program, or it is two processes.
 */
struct changes {
	struct change *list;
	size_t nr;
	bool kept;
};

/*
 * Compares two listings, which have to stay as long as the changes do. The gate page is no VMA of
 * the process and is left out, as is what changes by itself: whether pages were touched. Takes
 * time and memory in proportion to the number of VMAs.
 */
void changes_between(struct changes *c, const struct listing *before, const struct listing *after);
void changes_free(struct changes *c);

/* A line of it for people. */
void change_print(FILE *out, const struct change *change, bool colour);
/* The same for programs, as an object. */
void change_json(struct json *j, const struct change *change);

#endif /* CHANGES_H */
