/* SPDX-License-Identifier: GPL-2.0 */
/* The output of "vmainfo show", without its options: fuzz_raw.c calls it, too. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "listing.h"

enum show_format { SHOW_TABLE, SHOW_LONG, SHOW_JSON, SHOW_CSV, SHOW_MAPS, SHOW_GROUPS };

/* Columns of tables and CSV, and members of JSON; in the order of --long */
enum show_column {
	COLUMN_ADDRESS, COLUMN_SIZE,
	COLUMN_NR, COLUMN_START, COLUMN_END, COLUMN_SIZE_KB, COLUMN_PERM, COLUMN_OFFSET, COLUMN_DEV,
	COLUMN_INODE, COLUMN_KIND, COLUMN_PAGE_KB, COLUMN_ANON, COLUMN_POLICY, COLUMN_FLAGS,
	COLUMN_DELETED, COLUMN_OPS, COLUMN_NAME,
	NR_COLUMNS
};

/**
 * struct show_options - what to print of a listing, and how
 * @format: of the output
 * @columns: which columns, in this order
 * @nr_columns: number of @columns; 0 for those that the format has by default
 * @raw: a table with one space between columns
 * @noheadings: no line with the names of the columns
 * @colour: with colours
 * @terminal: stdout is a terminal: --csv and --maps print printable() names in
 *	the encoding of the locale
 * @kinds: a bit for each kind to be shown, 0 for all
 * @perm: a pattern of --perm, NULL for all
 * @by_address: show only the VMA that contains @address
 * @address: see @by_address
 */
struct show_options {
	enum show_format format;
	enum show_column columns[NR_COLUMNS];
	size_t nr_columns;
	bool raw;
	bool noheadings;
	bool colour;
	bool terminal;
	uint32_t kinds;
	const char *perm;
	bool by_address;
	uint64_t address;
};

void show_listing(FILE *out, const struct listing *l, const struct show_options *options);

/* Members of a JSON object that describe a listing. What is not known is null. */
void listing_json(struct json *j, const struct listing *l);

#endif /* SHOW_H */
