/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What VMAs a process has: groups of the same kind, permissions, size and name.
 * Linear in time, and in memory for the groups alone.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include "json.h"
#include "listing.h"

struct groups;

struct groups *groups_new(void);
/* Adds a VMA. VMAs are added in address order. */
void groups_add(struct groups *g, const struct vma *vma);
/* As a table of at most @lines lines below the headings; 0 for no limit */
void groups_print(FILE *out, const struct groups *g, size_t lines, bool terminal);
/* As an array of objects */
void groups_json(struct json *j, const char *key, const struct groups *g);
void groups_free(struct groups *g);

/* ---- for the reasons of why.c ---- */

#define RIGHTS (VMAINFO_READ | VMAINFO_WRITE | VMAINFO_EXEC)
#define PERM (RIGHTS | VMAINFO_MAYSHARE)

/* Flags that tell VMAs apart, and what sets them. The last one has no text. */
extern const struct flag_text {
	uint64_t flag;
	const char *text;
	const char *call;
} flag_texts[];
/* How many of these, from the first on, distinguish groups */
#define CLASS_FLAGS 15

/* "61,420". Returns @buf. */
#define NUMBER_TEXT 32
char *number_text(char buf[NUMBER_TEXT], uint64_t value);

/* Both tables have the same width. */
#define WHAT_WIDTH 44
#define NUMBER_WIDTH 11

/*
 * A set of elements. @same compares two elements, which begin with their hash.
 */
struct set {
	char *list;
	size_t nr, size;	/* number and size of the elements */
	uint32_t *slots;	/* number of an element plus 1; 0 if free */
	size_t nr_slots;	/* a power of two */
	bool (*same)(const void *a, const void *b);
};

void *set_at(const struct set *s, size_t i);
/*
 * Returns the number of the element that is the same as @key. Adds a copy of
 * @key if the set does not have it.
 */
size_t set_find(struct set *s, const void *key);
void set_free(struct set *s);
uint32_t hash_of(const uint64_t *parts, size_t nr);
uint32_t hash_text(const char *text);

#endif /* GROUPS_H */
