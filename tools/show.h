/* SPDX-License-Identifier: GPL-2.0 */
/* What "vmainfo show" prints, without its options: for the program that tries to break it. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "listing.h"

enum show_format { SHOW_TABLE, SHOW_LONG, SHOW_JSON, SHOW_CSV, SHOW_MAPS };

/**
 * struct show_options - what to print of a listing, and how
 * @format: as what
 * @colour: with colours
 * @safe: names without what a terminal would obey, which those who parse have no use for; a
 *	table never has it
 * @kinds: a bit for each kind that is wanted, 0 for all
 * @perm: a pattern as --perm has it, NULL for all
 * @by_address: only the VMA that holds @address
 * @address: see there
 */
struct show_options {
	enum show_format format;
	bool colour;
	bool safe;
	uint32_t kinds;
	const char *perm;
	bool by_address;
	uint64_t address;
};

void show_listing(FILE *out, const struct listing *l, const struct show_options *options);

/*
 * Members of a JSON object that say what a listing is. What is not known is
 * null.
 */
void listing_json(struct json *j, const struct listing *l);

#endif /* SHOW_H */
