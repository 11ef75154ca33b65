/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What VMAs a process has, in groups, and why the kernel does not merge
 * neighbours. All of this takes linear time, and memory for the groups alone.
 */
#ifndef WHY_H
#define WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/*
 * Prints "why" of a process on at most @lines lines; 0 for no limit. Returns 0,
 * or the errno of listing_try().
 */
int why_print(FILE *out, pid_t pid, size_t lines, bool terminal);

#endif /* WHY_H */
