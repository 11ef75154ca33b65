/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The difference between two listings, in terms of what was done to a process.
 * VMAs do not last: mprotect() of a part of one makes three. So this compares
 * what each address means, and not which VMAs exist.
 */
#ifndef CHANGES_H
#define CHANGES_H

#include "json.h"
#include "listing.h"
#include "memory.h"

enum change_what {
	CHANGE_MAPPED,		/* all of @after, or a new part in the middle of old ones */
	CHANGE_UNMAPPED,	/* all of @before, or a part in its middle */
	CHANGE_GROWN,		/* a part of @after is new */
	CHANGE_SHRUNK,		/* @before lost a part at one of its ends */
	CHANGE_MOVED,		/* @before is @after now; only for files and unique VMAs */
	CHANGE_PROTECTED,	/* other permissions, and possibly other flags */
	CHANGE_RENAMED,
	CHANGE_FLAGS,		/* other flags or another policy */
	CHANGE_SPLIT,		/* @before is several VMAs now, for no other reason */
	CHANGE_MERGED,		/* @after was several VMAs */
	CHANGE_MEMORY,		/* more or less of it is in memory or swapped */
};

/* A range of addresses, and what happened to it */
struct change {
	enum change_what what;
	uint64_t start;		/* where it is now, if it has moved */
	uint64_t end;		/* exclusive; @start if split or merged there */
	const struct vma *before;	/* NULL for mapped and grown */
	const struct vma *after;	/* NULL for unmapped and shrunk */
	uint64_t flags;		/* flags that differ; 0 if they are not known */
	/* Of the VMAs before and after. NULL if a side does not have it, or has several VMAs. */
	const struct memory *memory[2];
	bool policy;		/* the policy differs */
	bool renamed;		/* the name differs */
};

/*
 * @list is in address order. @kept: some address means the same in both. If
 * not, and both have VMAs, the process called exec, or these are two processes.
 */
struct changes {
	struct change *list;
	size_t nr;
	bool kept;
};

/*
 * Compares two listings, which must outlive @c, and their memory if both have it.
 * Ignores the gate page, and whether pages were touched. Takes linear time, but for the
 * sorting of what can have moved.
 */
void changes_between(struct changes *c, const struct listing *before, const struct listing *after);
void changes_free(struct changes *c);

const char *change_name(enum change_what what);
/* "+lo,-dd": flags that were set and cleared. Returns @buf. */
char *change_flags(char buf[2 * FLAGS_TEXT], const struct change *change);
void change_print(FILE *out, const struct change *change, bool colour);
/* The members of an object */
void change_json(struct json *j, const struct change *change);

#endif /* CHANGES_H */
