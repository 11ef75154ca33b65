/* SPDX-License-Identifier: GPL-2.0 */
/* The output of "vmainfo show", without its options: fuzz_raw.c calls it, too. */
#ifndef SHOW_H
#define SHOW_H

#include "json.h"
#include "listing.h"

enum show_format { SHOW_TABLE, SHOW_LONG, SHOW_JSON, SHOW_CSV, SHOW_MAPS, SHOW_GROUPS };

/* Columns of tables and CSV, and members of JSON; in the order of --long */
enum show_column {
	COLUMN_ADDRESS, COLUMN_SIZE,
	COLUMN_NR, COLUMN_START, COLUMN_END, COLUMN_SIZE_KB, COLUMN_PERM, COLUMN_OFFSET, COLUMN_DEV,
	COLUMN_INODE, COLUMN_KIND, COLUMN_PAGE_KB, COLUMN_ANON, COLUMN_POLICY, COLUMN_FLAGS,
	COLUMN_DELETED, COLUMN_NOMERGE, COLUMN_OPS, COLUMN_NAME,
	NR_COLUMNS
};

/* What to print of a listing, and how */
struct show_options {
	enum show_format format;
	enum show_column columns[NR_COLUMNS];	/* which columns, in this order */
	size_t nr_columns;	/* 0 for those that the format has by default */
	bool raw;		/* a table with one space between columns */
	bool noheadings;	/* no line with the names of the columns */
	bool colour;
	bool terminal;		/* stdout is one: --csv and --maps print printable() names */
	uint32_t kinds;		/* a bit for each kind to be shown, 0 for all */
	const char *perm;	/* a pattern of --perm, NULL for all */
	bool by_address;	/* show only the VMA that contains @address */
	uint64_t address;
};

void show_listing(FILE *out, const struct listing *l, const struct show_options *options);

/* Members of a JSON object that describe a listing. What is not known is null. */
void listing_json(struct json *j, const struct listing *l);

#endif /* SHOW_H */
