/* SPDX-License-Identifier: GPL-2.0 */
/* Tables for people. These functions end the program if memory is short. */
#ifndef TABLE_H
#define TABLE_H

#include "tool.h"

#define TABLE_COLUMNS 64

enum {
	TABLE_RIGHT = 1,	/* of a column: numbers */
	TABLE_CUT = 2,		/* of a column: may be cut to fit the terminal */
};

struct table_cell {
	const char *text;	/* printable() */
	const char *colour;	/* SGR parameters, or "" */
};

struct table {
	FILE *out;
	bool terminal;		/* @out is one, and the table is to fit it */
	bool raw;		/* one space between columns */
	bool noheadings;	/* no line with the names of the columns */
	/* private */
	bool streams;
	size_t nr_columns;
	struct {
		const char *name;
		int flags;
		size_t width;
	} columns[TABLE_COLUMNS];
	struct table_cell *cells;
	size_t nr_cells;
};

/* @width: at least */
void table_column(struct table *t, const char *name, size_t width, int flags);
/* Adds a line with a cell for each column. The texts are copied. */
void table_line(struct table *t, const struct table_cell *cells);
void table_end(struct table *t);

#endif /* TABLE_H */
