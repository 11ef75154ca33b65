/* SPDX-License-Identifier: GPL-2.0 */
/* What "vmainfo why" prints, for other commands */
#ifndef WHY_H
#define WHY_H

#include "listing.h"

/*
 * Prints "why" of a process on at most @lines lines, 12 or more. Returns 0, or the
 * errno of listing_try().
 */
int why_print(FILE *out, pid_t pid, size_t lines, bool terminal);

/* The same of the VMAs of @b that begin where no VMA of @a does */
void why_added(FILE *out, const struct listing *a, const struct listing *b, bool terminal);

#endif /* WHY_H */
