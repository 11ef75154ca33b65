// SPDX-License-Identifier: GPL-2.0
/* Tables for people, see table.h. */
#include <errno.h>
#include <error.h>

#include "table.h"
#include "tool.h"

static void *check(void *p)
{
	if (!p)
		error(exit_failure, ENOMEM, "table");
	return p;
}

struct libscols_table *table_new(FILE *out)
{
	struct libscols_table *table = check(scols_new_table());

	scols_table_set_stream(table, out);
	scols_table_enable_colors(table, 1);
	/* printable() has replaced what is not text. */
	scols_table_enable_noencoding(table, 1);
	/* No line ends in spaces. */
	scols_table_enable_minout(table, 1);
	return table;
}

void table_column(struct libscols_table *table, const char *name, int width, int flags)
{
	check(scols_table_new_column(table, name, width, flags));
}

struct libscols_line *table_line(struct libscols_table *table)
{
	return check(scols_table_new_line(table, NULL));
}

void table_cell(struct libscols_line *line, size_t column, const char *text, const char *colour)
{
	char sgr[16];

	if (scols_line_set_data(line, column, text))
		check(NULL);
	if (!*colour)
		return;
	snprintf(sgr, sizeof(sgr), "\033[%sm", colour);
	if (scols_cell_set_color(scols_line_get_cell(line, column), sgr))
		check(NULL);
}

void table_print(struct libscols_table *table, size_t *widths)
{
	size_t i;

	if (scols_print_table(table))
		check(NULL);
	for (i = 0; widths && i < scols_table_get_ncols(table); i++)
		widths[i] = scols_column_get_width(scols_table_get_column(table, i));
	scols_unref_table(table);
}
