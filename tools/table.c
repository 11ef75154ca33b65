// SPDX-License-Identifier: GPL-2.0
/*
 * Tables for people, see table.h. libsmartcols fits them to a terminal. It takes
 * 10 times as long for a line as printf(), and 500 bytes of memory. So other tables
 * are printed here. The first lines set the widths of their columns. Without
 * libsmartcols, which Debian does not have as a static library, none fits a terminal.
 */
#ifdef HAVE_SMARTCOLS
#include <libsmartcols.h>
#endif

#include "table.h"

#define FIRST_LINES 1024

void table_column(struct table *t, const char *name, size_t width, int flags)
{
	t->columns[t->nr_columns].name = name;
	t->columns[t->nr_columns].width = width;
	t->columns[t->nr_columns++].flags = flags;
}

/* No line ends in spaces. */
static void print_line(const struct table *t, const struct table_cell *cells)
{
	size_t i, width, pad, pending = 0;

	for (i = 0; i < t->nr_columns; i++) {
		const bool right = t->columns[i].flags & TABLE_RIGHT;

		width = t->raw ? 0 : text_width(cells[i].text);
		pad = !t->raw && t->columns[i].width > width ? t->columns[i].width - width : 0;
		pending += right ? pad : 0;
		for (; pending && *cells[i].text; pending--)
			putc_unlocked(' ', t->out);
		if (*cells[i].colour)
			fprintf(t->out, "\033[%sm%s\033[0m", cells[i].colour, cells[i].text);
		else
			fputs_unlocked(cells[i].text, t->out);
		pending += (right ? 0 : pad) + 1;
	}
	putc_unlocked('\n', t->out);
}

static void print_headings(const struct table *t)
{
	struct table_cell cells[TABLE_COLUMNS];
	size_t i;

	for (i = 0; i < t->nr_columns; i++)
		cells[i] = (struct table_cell){ t->columns[i].name, "" };
	if (!t->noheadings)
		print_line(t, cells);
}

static void set_width(struct table *t, size_t column, const char *text)
{
	const size_t width = text_width(text);

	if (t->columns[column].width < width)
		t->columns[column].width = width;
}

static void print_first(struct table *t)
{
	size_t i, j;

	for (i = 0; i < t->nr_columns; i++) {
		set_width(t, i, t->columns[i].name);
		for (j = i; j < t->nr_cells; j += t->nr_columns)
			set_width(t, i, t->cells[j].text);
	}
	if (t->nr_cells)
		print_headings(t);
	for (i = 0; i < t->nr_cells; i += t->nr_columns)
		print_line(t, &t->cells[i]);
}

#ifdef HAVE_SMARTCOLS
static void *check(void *p)
{
	if (!p)
		error(exit_failure, ENOMEM, "table");
	return p;
}

static void print_fitted(struct table *t)
{
	struct libscols_table *table = check(scols_new_table());
	struct libscols_line *line = NULL;
	const struct table_cell *cell;
	char sgr[16];
	int flags;
	size_t i;

	scols_table_set_stream(table, t->out);
	scols_table_enable_colors(table, 1);
	scols_table_enable_noheadings(table, t->noheadings);
	/* printable() has escaped what is not text. */
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_minout(table, 1);
	for (i = 0; i < t->nr_columns; i++) {
		flags = t->columns[i].flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0;
		flags |= t->columns[i].flags & TABLE_CUT ? SCOLS_FL_TRUNC : 0;
		check(scols_table_new_column(table, t->columns[i].name, t->columns[i].width,
					     flags));
	}
	for (i = 0; i < t->nr_cells; i++) {
		cell = &t->cells[i];
		if (i % t->nr_columns == 0)
			line = check(scols_table_new_line(table, NULL));
		snprintf(sgr, sizeof(sgr), "\033[%sm", cell->colour);
		if (scols_line_set_data(line, i % t->nr_columns, cell->text) ||
		    (*cell->colour &&
		     scols_cell_set_color(scols_line_get_cell(line, i % t->nr_columns), sgr)))
			check(NULL);
	}
	if (scols_print_table(table))
		check(NULL);
	scols_unref_table(table);
}
#endif

/* Prints the lines so far and lets the others follow at once. */
static void start_streaming(struct table *t)
{
	size_t i;

	t->streams = true;
	if (t->raw)
		print_headings(t);
#ifdef HAVE_SMARTCOLS
	else if (t->terminal)
		print_fitted(t);
#endif
	else
		print_first(t);
	for (i = 0; i < t->nr_cells; i++)
		free((char *)t->cells[i].text);
	free(t->cells);
}

void table_line(struct table *t, const struct table_cell *cells)
{
	size_t i;

	if (!t->streams && (t->raw || (!t->terminal && t->nr_cells == FIRST_LINES * t->nr_columns)))
		start_streaming(t);
	if (t->streams) {
		print_line(t, cells);
		return;
	}
	for (i = 0; i < t->nr_columns; i++) {
		t->cells = array_grow(t->cells, t->nr_cells, sizeof(*t->cells));
		t->cells[t->nr_cells++] = (struct table_cell){
			xstrdup(cells[i].text), cells[i].colour
		};
	}
}

void table_end(struct table *t)
{
	if (!t->streams)
		start_streaming(t);
}
