/* SPDX-License-Identifier: GPL-2.0 */
/* Tables for people, by libsmartcols. These functions end the program if memory is short. */
#ifndef TABLE_H
#define TABLE_H

#include <libsmartcols.h>
#include <stdio.h>

struct libscols_table *table_new(FILE *out);

/* @width: at least; @flags: SCOLS_FL_RIGHT, SCOLS_FL_TRUNC (on a terminal) */
void table_column(struct libscols_table *table, const char *name, int width, int flags);
struct libscols_line *table_line(struct libscols_table *table);

/* @text must be printable(); it is copied. @colour: SGR parameters, "" for none */
void table_cell(struct libscols_line *line, size_t column, const char *text, const char *colour);

/* Prints the table and frees it. Sets @widths, unless NULL, to those of its columns. */
void table_print(struct libscols_table *table, size_t *widths);

#endif /* TABLE_H */
