/* SPDX-License-Identifier: GPL-2.0 */
/* The output of "vmainfo show", without its options: fuzz_raw.c calls it, too. */
#ifndef SHOW_H
#define SHOW_H

#include "json.h"
#include "listing.h"
#include "memory.h"
#include "wanted.h"

enum show_format { SHOW_TABLE, SHOW_LONG, SHOW_JSON, SHOW_CSV, SHOW_MAPS, SHOW_SIMILAR };

/* Columns of tables and CSV, and members of JSON; from COLUMN_NR on in the order of --long */
enum show_column {
	COLUMN_LOOKUP, COLUMN_ADDRESS, COLUMN_SIZE, COLUMN_PID, COLUMN_VMAS, COLUMN_VMA_OFFSET,
	COLUMN_FILE_OFFSET,
	COLUMN_NR, COLUMN_START, COLUMN_END, COLUMN_SIZE_KB, COLUMN_PERM, COLUMN_OFFSET, COLUMN_DEV,
	COLUMN_INODE, COLUMN_KIND, COLUMN_PAGE_KB, COLUMN_ANON, COLUMN_POLICY, COLUMN_FLAGS,
	COLUMN_DELETED, COLUMN_NOMERGE, COLUMN_OPS, COLUMN_BUILD_ID,
	COLUMN_MEMORY,		/* the first of enum memory_field, whose order they have */
	COLUMN_NAME = COLUMN_MEMORY + NR_MEMORY,
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
	struct wanted wanted;
	/* Addresses, which are also among @wanted: a line for each, in this order */
	const uint64_t *lookups;
	size_t nr_lookups;
	unsigned int memory;	/* how many fields to show by default: 0, MEMORY_SHORT, NR_MEMORY */
	bool needs_memory;	/* to be read, for these fields, a column or @sort */
	/* COLUMN_ADDRESS, _SIZE, _NAME, or of MEMORY_RSS, ...; 0: by address, or as @lookups */
	enum show_column sort;
	bool reverse;		/* the order of @sort */
	/* COLUMN_KIND, _PERM or _NAME: a line for all with the same; 0: a line for each VMA */
	enum show_column group_by;
};

void show_listing(FILE *out, const struct listing *l, const struct show_options *options);

/* Members of a JSON object that describe a listing. What is not known is null. */
void listing_json(struct json *j, const struct listing *l);

#endif /* SHOW_H */
