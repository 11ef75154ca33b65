// SPDX-License-Identifier: GPL-2.0
/* vmainfo show: the VMAs of a process, for people and for programs. */
#include "groups.h"
#include "json.h"
#include "listing.h"
#include "process.h"
#include "show.h"
#include "table.h"

#define WRITE_EXEC (VMAINFO_WRITE | VMAINFO_EXEC)

/* Number and size of the VMAs that are shown, and of all; @lines includes the gate page */
struct sums {
	size_t shown, vmas, lines;
	bool filtered;		/* the module omitted VMAs: only @shown* are valid */
	uint64_t shown_bytes, bytes;
	struct memory shown_memory, memory;
};

static bool is_gate(const struct listing *l, const struct vma *vma)
{
	return l->has_gate && vma == &l->vmas[l->nr - 1];
}

static void add_sums(struct sums *sums, const struct listing *l, const struct show_options *o)
{
	const struct vma *vma;

	sums->filtered |= l->header.flags & VMAINFO_FILTERED;
	sums->vmas += listing_vmas(l);
	sums->bytes += listing_size(l);
	if (l->rollup && l->rollup->known)
		memory_add(&sums->memory, l->rollup);
	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		if (l->memory && !(l->rollup && l->rollup->known))
			memory_add(&sums->memory, &l->memory[vma - l->vmas]);
		if (!is_wanted(&o->wanted, vma))
			continue;
		sums->lines++;
		if (is_gate(l, vma))
			continue;
		sums->shown++;
		sums->shown_bytes += vma_size(vma);
		if (l->memory)
			memory_add(&sums->shown_memory, &l->memory[vma - l->vmas]);
	}
}

/* ---- rows ---- */

/* A line: a VMA, or all those that have the same text in the column of --group */
struct row {
	const struct vma *vma;	/* the first one; &no_vma for a lookup of what is not mapped */
	uint64_t lookup;	/* the address, if there are lookups */
	uint64_t vmas;		/* the gate page is not counted */
	uint64_t bytes;
	struct memory *memory;	/* NULL if it was not read; of a group, to be freed */
};

static const struct vma no_vma;

struct rows {
	struct row *list;
	size_t nr;
};

static const char *group_text(char perm[5], const struct vma *vma, enum show_column by)
{
	return by == COLUMN_KIND ? kind_name(vma->kind) :
	       by == COLUMN_PERM ? vma_perm(perm, vma) : vma->name ?: "";
}

/* A row of a group, as an element of a set */
struct group {
	uint32_t hash;
	enum show_column by;
	const struct vma *vma;
};

static bool same_group(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	char perms[2][5];

	return x->hash == y->hash && !strcmp(group_text(perms[0], x->vma, x->by),
					     group_text(perms[1], y->vma, y->by));
}

/* The index of the row of a VMA, or of a new row if it has no row yet */
static size_t find_row(const struct rows *rows, struct set *groups, const struct vma *vma,
		       enum show_column by)
{
	struct group key = { .by = by, .vma = vma };
	char perm[5];

	if (!by)
		return rows->nr;
	key.hash = hash_text(group_text(perm, vma, by));
	return set_find(groups, &key);
}

static int compare_address(const void *key, const void *element)
{
	const uint64_t address = *(const uint64_t *)key;
	const struct vma *vma = element;

	return address < vma->start ? -1 : address >= vma->end;
}

static void add_lookups(struct rows *rows, const struct listing *l, const struct show_options *o)
{
	const struct vma *vma;
	struct row *row;
	size_t i;

	for (i = 0; i < o->nr_lookups; i++) {
		vma = bsearch(&o->lookups[i], l->vmas, l->nr, sizeof(*l->vmas), compare_address);
		if (!vma || !is_wanted(&o->wanted, vma))
			vma = &no_vma;
		rows->list = array_grow(rows->list, rows->nr, sizeof(*rows->list));
		row = &rows->list[rows->nr++];
		*row = (struct row){ .vma = vma, .lookup = o->lookups[i], .bytes = vma_size(vma) };
		if (l->memory && vma != &no_vma)
			row->memory = &l->memory[vma - l->vmas];
	}
}

static void add_rows(struct rows *rows, struct set *groups, const struct listing *l,
		     const struct show_options *o)
{
	const struct vma *vma;
	struct row *row;
	size_t i;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		if (!is_wanted(&o->wanted, vma) || (o->group_by && is_gate(l, vma)))
			continue;
		i = find_row(rows, groups, vma, o->group_by);
		if (i == rows->nr) {
			rows->list = array_grow(rows->list, i, sizeof(*rows->list));
			rows->list[rows->nr++] = (struct row){ .vma = vma };
		}
		row = &rows->list[i];
		row->bytes += vma_size(vma);
		row->vmas += !is_gate(l, vma);
		if (!l->memory)
			continue;
		if (!o->group_by) {
			row->memory = &l->memory[vma - l->vmas];
			continue;
		}
		if (row->vmas == 1) {
			row->memory = xmalloc(sizeof(*row->memory));
			memset(row->memory, 0, sizeof(*row->memory));
		}
		memory_add(row->memory, &l->memory[vma - l->vmas]);
	}
}

static void rows_free(struct rows *rows, const struct show_options *o)
{
	size_t i;

	for (i = 0; i < rows->nr && o->group_by; i++)
		free(rows->list[i].memory);
	free(rows->list);
}

/* What --sort compares, except names and addresses. Unknown values come last. */
static uint64_t sort_number(const struct row *row, enum show_column column)
{
	const unsigned int field = column - COLUMN_MEMORY;

	return column == COLUMN_SIZE ? row->bytes :
	       memory_has(row->memory, field) ? row->memory->value[field] + 1 : 0;
}

/* For compare_rows(), which has no argument for it */
static const struct show_options *sorting;

/* The largest first, names from A to Z, and equal rows by address */
static int compare_rows(const void *a, const void *b)
{
	const enum show_column by = sorting->group_by ?: COLUMN_NAME;
	const struct row *x = a, *y = b;
	uint64_t of_x, of_y;
	char perms[2][5];
	int order = 0;

	if (sorting->sort == COLUMN_NAME) {
		order = strcmp(group_text(perms[0], x->vma, by), group_text(perms[1], y->vma, by));
	} else if (sorting->sort != COLUMN_ADDRESS) {
		of_x = sort_number(x, sorting->sort);
		of_y = sort_number(y, sorting->sort);
		order = (of_x < of_y) - (of_x > of_y);
	}
	if (!order)
		order = (x->vma->start > y->vma->start) - (x->vma->start < y->vma->start);
	return sorting->reverse ? -order : order;
}

/* The lines of these listings, for rows_free() */
static struct rows rows_of(const struct listing *lists, size_t nr, const struct show_options *o)
{
	struct set groups = { .size = sizeof(struct group), .same = same_group };
	struct rows rows = {};
	size_t i;

	for (i = 0; i < nr; i++)
		if (o->nr_lookups && !o->group_by)
			add_lookups(&rows, &lists[i], o);
		else
			add_rows(&rows, &groups, &lists[i], o);
	set_free(&groups);
	sorting = o;
	if (rows.nr && o->sort)
		qsort(rows.list, rows.nr, sizeof(*rows.list), compare_rows);
	return rows;
}

/* ---- columns ---- */

/* VALUE_UNKNOWN: maps does not tell; VALUE_BIG: can be more than 2^53 */
enum value_type {
	VALUE_NONE, VALUE_UNKNOWN, VALUE_BOOL, VALUE_NUMBER, VALUE_BIG, VALUE_HEX,
	VALUE_TEXT, VALUE_LIST
};

static const struct {
	const char *name;
	int flags;
	enum value_type type;
	size_t field;		/* of struct vma, for VALUE_BIG and VALUE_HEX */
	bool module;		/* only the module tells the value */
} columns[] = {
	[COLUMN_LOOKUP] = { "lookup", TABLE_RIGHT, VALUE_HEX, 0, false },
	[COLUMN_ADDRESS] = { "address", TABLE_RIGHT, VALUE_TEXT, 0, false },
	[COLUMN_SIZE] = { "size", TABLE_RIGHT, VALUE_TEXT, 0, false },
	[COLUMN_PID] = { "pid", TABLE_RIGHT, VALUE_NUMBER, 0, false },
	[COLUMN_VMAS] = { "vmas", TABLE_RIGHT, VALUE_NUMBER, 0, false },
	[COLUMN_VMA_OFFSET] = { "vma_offset", TABLE_RIGHT, VALUE_HEX, 0, false },
	[COLUMN_FILE_OFFSET] = { "file_offset", TABLE_RIGHT, VALUE_HEX, 0, false },
	[COLUMN_NR] = { "nr", TABLE_RIGHT, VALUE_NUMBER, 0, false },
	[COLUMN_START] = { "start", TABLE_RIGHT, VALUE_HEX, offsetof(struct vma, start), false },
	[COLUMN_END] = { "end", TABLE_RIGHT, VALUE_HEX, offsetof(struct vma, end), false },
	[COLUMN_SIZE_KB] = { "size_kb", TABLE_RIGHT, VALUE_NUMBER, 0, false },
	[COLUMN_PERM] = { "perm", 0, VALUE_TEXT, 0, false },
	[COLUMN_OFFSET] = { "offset", TABLE_RIGHT, VALUE_HEX, offsetof(struct vma, offset), false },
	[COLUMN_DEV] = { "dev", TABLE_RIGHT, VALUE_TEXT, 0, false },
	[COLUMN_INODE] = { "inode", TABLE_RIGHT, VALUE_BIG, offsetof(struct vma, ino), false },
	[COLUMN_KIND] = { "kind", 0, VALUE_TEXT, 0, false },
	[COLUMN_PAGE_KB] = { "page_kb", TABLE_RIGHT, VALUE_NUMBER, 0, false },
	[COLUMN_ANON] = { "anon", 0, VALUE_BOOL, 0, true },
	[COLUMN_POLICY] = { "policy", 0, VALUE_TEXT, 0, true },
	[COLUMN_FLAGS] = { "flags", 0, VALUE_LIST, 0, true },
	[COLUMN_DELETED] = { "deleted", 0, VALUE_BOOL, 0, true },
	[COLUMN_NOMERGE] = { "nomerge", 0, VALUE_LIST, 0, true },
	[COLUMN_OPS] = { "ops", 0, VALUE_TEXT, 0, true },
	[COLUMN_BUILD_ID] = { "build_id", 0, VALUE_TEXT, 0, false },
	[COLUMN_NAME] = { "name", TABLE_CUT, VALUE_TEXT, 0, false },
};

struct value {
	enum value_type type;
	const char *text;	/* of VALUE_TEXT and VALUE_LIST; can be @buf */
	uint64_t number;	/* of the other types */
	char buf[FLAGS_TEXT];
};

static bool is_memory(enum show_column column)
{
	return column >= COLUMN_MEMORY && column < COLUMN_MEMORY + NR_MEMORY;
}

static const char *column_name(enum show_column column)
{
	return is_memory(column) ? memory_names[column - COLUMN_MEMORY] : columns[column].name;
}

static int column_flags(enum show_column column)
{
	return is_memory(column) ? TABLE_RIGHT : columns[column].flags;
}

/* Whether there is a value at all */
static bool has_value(enum show_column column, const struct row *row, const struct value *v,
		      const struct show_options *o)
{
	if (column == COLUMN_LOOKUP || column == COLUMN_VMA_OFFSET)
		return o->nr_lookups;
	if (column == COLUMN_FILE_OFFSET)
		return o->nr_lookups && row->vma->ino;
	if (column == COLUMN_PID || column == COLUMN_NR)
		return v->number;
	return (v->type != VALUE_TEXT && v->type != VALUE_LIST) || v->text;
}

/* Whether the listing has the value. From smaps, VMAs that have it have flags. */
static bool is_known(enum show_column column, const struct listing *l, const struct row *row)
{
	if (is_memory(column))
		return memory_has(row->memory, column - COLUMN_MEMORY);
	if (column == COLUMN_PAGE_KB)
		return row->vma->page_shift;
	if (column == COLUMN_BUILD_ID)
		return !row->vma->ino || row->vma->build_id_size || l->has_build_ids;
	if (column == COLUMN_FLAGS && listing_is_from_maps(l) && listing_has_flags(l))
		return row->memory ? row->memory->known : false;
	return !columns[column].module || !listing_is_from_maps(l);
}

static void get_value(struct value *v, enum show_column column, const struct listing *l,
		      const struct row *row, const struct show_options *o)
{
	const struct vma *vma = row->vma;
	size_t i;

	v->type = is_memory(column) ? VALUE_NUMBER : columns[column].type;
	v->text = v->buf;
	v->number = 0;
	if (vma == &no_vma && column != COLUMN_LOOKUP) {
		v->type = VALUE_NONE;
		return;
	}
	switch (column) {
	case COLUMN_ADDRESS:
		snprintf(v->buf, sizeof(v->buf), "%08" PRIx64 "-%08" PRIx64, vma->start, vma->end);
		break;
	case COLUMN_SIZE:
		size_text(v->buf, row->bytes);
		break;
	case COLUMN_LOOKUP:
		v->number = row->lookup;
		break;
	case COLUMN_VMA_OFFSET:
		v->number = row->lookup - vma->start;
		break;
	case COLUMN_FILE_OFFSET:
		v->number = row->lookup - vma->start + vma->offset;
		break;
	case COLUMN_BUILD_ID:
		for (i = 0; i < vma->build_id_size; i++)
			sprintf(v->buf + 2 * i, "%02x", vma->build_id[i]);
		v->text = i ? v->buf : NULL;
		break;
	case COLUMN_PID:
		v->number = l->header.pid;
		break;
	case COLUMN_VMAS:
		v->number = row->vmas;
		break;
	case COLUMN_NR:
		v->number = is_gate(l, vma) ? 0 : vma - l->vmas + 1;
		break;
	case COLUMN_SIZE_KB:
		v->number = row->bytes >> 10;
		break;
	case COLUMN_PERM:
		vma_perm(v->buf, vma);
		break;
	case COLUMN_DEV:
		snprintf(v->buf, sizeof(v->buf), "%02" PRIx32 ":%02" PRIx32, vma->dev_major,
			 vma->dev_minor);
		break;
	case COLUMN_KIND:
		v->text = kind_name(vma->kind);
		break;
	case COLUMN_PAGE_KB:
		v->number = vma->page_shift < 10 ? 0 : 1ull << (vma->page_shift - 10);
		break;
	case COLUMN_ANON:
		v->number = !!(vma->flags & VMAINFO_ANON_VMA);
		break;
	case COLUMN_POLICY:
		v->text = vma->policy ? policy_name(vma->policy) : NULL;
		break;
	case COLUMN_FLAGS:
		vma_flags(v->buf, vma);
		break;
	case COLUMN_DELETED:
		v->number = !!(vma->flags & VMAINFO_DELETED);
		break;
	case COLUMN_NOMERGE:
		v->text = vma_nomerge(v->buf, l, vma) ? v->buf : NULL;
		break;
	case COLUMN_OPS:
		v->text = vma->ops;
		break;
	case COLUMN_NAME:
		v->text = vma->name;
		break;
	default:
		if (is_memory(column))
			v->number = row->memory ? row->memory->value[column - COLUMN_MEMORY] : 0;
		else
			memcpy(&v->number, (const char *)vma + columns[column].field,
			       sizeof(v->number));
	}
	if (!has_value(column, row, v, o))
		v->type = VALUE_NONE;
	if (!is_known(column, l, row))
		v->type = VALUE_UNKNOWN;
}

/* The text for tables and CSV, before printable(), or NULL. It can be @v->buf. */
static const char *value_text(struct value *v, bool csv)
{
	switch (v->type) {
	case VALUE_UNKNOWN:
		return csv ? NULL : "?";
	case VALUE_BOOL:
		return v->number ? "y" : csv ? "n" : "-";
	case VALUE_NUMBER:
	case VALUE_BIG:
		snprintf(v->buf, sizeof(v->buf), "%" PRIu64, v->number);
		return v->buf;
	case VALUE_HEX:
		/* Some programs that read CSV take 7e10 for a number. */
		snprintf(v->buf, sizeof(v->buf), csv ? "0x%" PRIx64 : "%08" PRIx64, v->number);
		return v->buf;
	case VALUE_TEXT:
	case VALUE_LIST:
		return v->text;
	default:
		return NULL;
	}
}

static bool has_page_sizes(const struct listing *l)
{
	const struct vma *vma;
	uint8_t shift = 0;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		if (shift && vma->page_shift && shift != vma->page_shift)
			return true;
		shift = vma->page_shift ?: shift;
	}
	return false;
}

/* Whether the groups of --group have a value there */
static bool is_of_groups(enum show_column column, const struct show_options *o)
{
	return column == o->group_by || column == COLUMN_SIZE || column == COLUMN_VMAS ||
	       column == COLUMN_SIZE_KB ||
	       (is_memory(column) && column - COLUMN_MEMORY < MEMORY_SUMS);
}

static bool is_of_lookups(enum show_column column)
{
	return column == COLUMN_LOOKUP || column == COLUMN_VMA_OFFSET ||
	       column == COLUMN_FILE_OFFSET || column == COLUMN_BUILD_ID;
}

/* Whether -x or -X shows a field: -X those that this kernel has; --raw all of them */
static bool is_shown_memory(enum show_column column, const struct listing *l,
			    const struct show_options *o)
{
	const unsigned int field = column - COLUMN_MEMORY;
	size_t i;

	if (field < MEMORY_SHORT || field >= o->memory || !l->memory || o->raw)
		return field < o->memory;
	for (i = 0; i < l->nr; i++)
		if (memory_has(&l->memory[i], field))
			return true;
	return false;
}

/*
 * By default, a table has page_kb if there is more than one page size. With --raw, the
 * columns are the same for all processes.
 */
static bool is_default(enum show_column column, const struct listing *l,
		       const struct show_options *o)
{
	const bool is_table = o->format == SHOW_TABLE;
	/* The size for people has another unit than what -x shows. */
	const bool in_kb = !is_table || o->raw || o->memory || o->nr_lookups;

	if (o->group_by && !is_of_groups(column, o))
		return false;
	if (is_memory(column))
		return is_shown_memory(column, l, o);
	if (is_of_lookups(column))
		return o->nr_lookups;
	if (column == COLUMN_SIZE || column == COLUMN_SIZE_KB)
		return in_kb == (column == COLUMN_SIZE_KB);
	if (o->group_by)
		return true;
	switch (column) {
	case COLUMN_ADDRESS:
		return is_table;
	case COLUMN_PERM:
	case COLUMN_KIND:
	case COLUMN_NAME:
		return true;
	case COLUMN_PAGE_KB:
		return !is_table || (!o->raw && has_page_sizes(l));
	case COLUMN_DELETED:
		return o->format == SHOW_JSON;
	default:
		return !is_table && column >= COLUMN_NR;
	}
}

static size_t choose_columns(enum show_column chosen[NR_COLUMNS], const struct listing *l,
			     const struct show_options *o)
{
	enum show_column column;
	size_t nr = 0;

	if (o->nr_columns) {
		memcpy(chosen, o->columns, sizeof(o->columns));
		return o->nr_columns;
	}
	for (column = 0; column < NR_COLUMNS; column++)
		if (is_default(column, l, o))
			chosen[nr++] = column;
	return nr;
}

/* ---- tables ---- */

/* Tells it without colours: '!' for W+X, '.' for no access */
static char mark_of(const struct vma *vma, const char **colour)
{
	const uint64_t rights = vma->flags & RIGHTS;
	const bool is_wx = (rights & WRITE_EXEC) == WRITE_EXEC;

	if (colour)
		*colour = is_wx ? "1;31" : !rights ? "2" : rights & VMAINFO_EXEC ? "32" :
			  rights & VMAINFO_WRITE ? "33" : "";
	return is_wx ? '!' : rights ? 0 : '.';
}

/* Sets a cell, whose text can be @v->buf. Returns what is to be freed. */
static char *get_cell(struct table_cell *cell, struct value *v, enum show_column column,
		      const struct listing *l, const struct row *row,
		      const struct show_options *o)
{
	char *copy;

	get_value(v, column, l, row, o);
	*cell = (struct table_cell){ value_text(v, false), "" };
	if (!cell->text || !*cell->text) {
		cell->text = column == COLUMN_NAME && !o->raw ? "" : "-";
	} else if (column == COLUMN_SIZE && o->raw) {
		memmove(strchr(v->buf, ' '), strchr(v->buf, ' ') + 1, 2);
	} else if (column == COLUMN_PERM && !o->raw) {
		v->buf[4] = mark_of(row->vma, o->colour ? &cell->colour : NULL);
		v->buf[5] = 0;
	} else if (v->text != v->buf && v->type == VALUE_TEXT) {
		copy = printable(cell->text, o->raw ? TEXT_NO_BLANKS : 0);
		cell->text = copy;
		return copy;
	}
	return NULL;
}

/* The width of a column whose values grow from line to line; 0 for others */
static size_t width_of(enum show_column column, const struct listing *l)
{
	const struct vma *last = l->nr > l->has_gate ? &l->vmas[l->nr - l->has_gate - 1] : NULL;
	const int address = snprintf(NULL, 0, "%08" PRIx64, last ? last->end : 0);

	switch (column) {
	case COLUMN_ADDRESS:
		return 2 * address + 1;
	case COLUMN_START:
	case COLUMN_END:
		return address;
	case COLUMN_NR:
		return snprintf(NULL, 0, "%zu", l->nr);
	default:
		return 0;
	}
}

static void print_table(FILE *out, const struct listing *l, const struct rows *rows,
			const struct show_options *o)
{
	struct table t = {
		.out = out, .raw = o->raw, .noheadings = o->noheadings,
		/* --long is too wide for most terminals, even without the names. */
		.terminal = o->terminal && o->format != SHOW_LONG,
	};
	struct table_cell cells[NR_COLUMNS];
	enum show_column shown[NR_COLUMNS];
	struct value values[NR_COLUMNS];
	char *copies[NR_COLUMNS];
	size_t nr, i, j;

	nr = choose_columns(shown, l, o);
	for (j = 0; j < nr; j++)
		table_column(&t, column_name(shown[j]), width_of(shown[j], l),
			     column_flags(shown[j]));
	for (i = 0; i < rows->nr; i++) {
		for (j = 0; j < nr; j++)
			copies[j] = get_cell(&cells[j], &values[j], shown[j], l, &rows->list[i],
					     o);
		table_line(&t, cells);
		for (j = 0; j < nr; j++)
			free(copies[j]);
	}
	table_end(&t);
}

static bool is_filtered(const struct show_options *o)
{
	return !wants_all(&o->wanted);
}

static void print_sums(FILE *out, const struct sums *s, const struct show_options *o)
{
	if (s->filtered)
		fprintf(out, "%zu VMA%s that match%s, %" PRIu64 " kB", s->shown,
			s->shown == 1 ? "" : "s", s->shown == 1 ? "es" : "", s->shown_bytes >> 10);
	else if (is_filtered(o))
		fprintf(out, "%zu of %zu VMAs, %" PRIu64 " of %" PRIu64 " kB", s->shown, s->vmas,
			s->shown_bytes >> 10, s->bytes >> 10);
	else
		fprintf(out, "%zu VMA%s, %" PRIu64 " kB", s->vmas, s->vmas == 1 ? "" : "s",
			s->bytes >> 10);
}

/* "Rss 12 of 34 kB, Pss ..." */
static void print_memory_sums(FILE *out, const struct sums *s, const struct show_options *o)
{
	static const char * const names[MEMORY_SHORT] = { "Rss", "Pss", "Dirty", "Swap" };
	size_t i;

	for (i = 0; i < MEMORY_SHORT; i++) {
		fprintf(out, "%s%s ", i ? ", " : "", names[i]);
		if (!memory_has(&s->memory, i))
			fputs("?", out);
		else if (is_filtered(o))
			fprintf(out, "%" PRIu64 " of %" PRIu64 " kB", s->shown_memory.value[i],
				s->memory.value[i]);
		else
			fprintf(out, "%" PRIu64 " kB", s->memory.value[i]);
	}
	putc('\n', out);
}

/* The last lines of a table */
static void print_end(FILE *out, const struct listing *l, const struct show_options *o)
{
	struct sums s = {};

	if (o->raw || o->noheadings)
		return;
	add_sums(&s, l, o);
	print_sums(out, &s, o);
	if (listing_is_from_maps(l))
		fputs(listing_has_flags(l) ? ", from /proc/PID/smaps" : ", from /proc/PID/maps",
		      out);
	else if (!(l->header.flags & VMAINFO_ATOMIC))
		fputs(", not all of one instant", out);
	putc('\n', out);
	if (o->memory)
		print_memory_sums(out, &s, o);
}

/* ---- for programs ---- */

static void print_value_json(struct json *j, const char *key, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		json_bool(j, key, v->number);
		break;
	case VALUE_NUMBER:
		json_int(j, key, v->number);
		break;
	case VALUE_BIG:
		json_decimal(j, key, v->number);
		break;
	case VALUE_HEX:
		json_hex(j, key, v->number);
		break;
	case VALUE_TEXT:
		json_text(j, key, v->text);
		break;
	case VALUE_LIST:
		json_list(j, key, strcmp(v->text, "-") ? v->text : "");
		break;
	default:
		json_null(j, key);
	}
}

void listing_json(struct json *j, const struct listing *l)
{
	const struct vmainfo_header *h = &l->header;

	if (h->pid)
		json_int(j, "pid", h->pid);
	else
		json_null(j, "pid");
	json_text(j, "source", !listing_is_from_maps(l) ? "module" :
		  listing_has_flags(l) ? "smaps" : "maps");
	json_bool(j, "atomic", h->flags & VMAINFO_ATOMIC);
	if (h->taken_ns)
		json_decimal(j, "taken_ns", h->taken_ns);
	else
		json_null(j, "taken_ns");
}

static void memory_json(struct json *j, const char *key, const struct memory *m,
			const struct show_options *o)
{
	unsigned int i;

	json_open(j, key, '{');
	for (i = 0; i < MEMORY_SUMS && i < o->memory; i++)
		if (memory_has(m, i))
			json_int(j, memory_names[i], m->value[i]);
	json_close(j, '}');
}

/* One record at a time: a process can have millions. */
static void print_json(FILE *out, const struct listing *l, const struct rows *rows,
		       const struct show_options *o)
{
	struct sums s = {};
	struct json j = { .out = out };
	enum show_column shown[NR_COLUMNS];
	size_t nr = choose_columns(shown, l, o), i, k;
	struct value v;

	add_sums(&s, l, o);
	json_open(&j, NULL, '{');
	listing_json(&j, l);
	json_int(&j, "vmas", s.vmas);
	json_int(&j, "total_kb", s.bytes >> 10);
	json_int(&j, "shown_vmas", s.shown);
	json_int(&j, "shown_kb", s.shown_bytes >> 10);
	if (o->memory) {
		memory_json(&j, "total_memory", &s.memory, o);
		memory_json(&j, "shown_memory", &s.shown_memory, o);
	}
	json_open(&j, "records", '[');
	for (i = 0; i < rows->nr; i++) {
		json_line(&j);
		json_open(&j, NULL, '{');
		for (k = 0; k < nr; k++) {
			get_value(&v, shown[k], l, &rows->list[i], o);
			print_value_json(&j, column_name(shown[k]), &v);
		}
		json_close(&j, '}');
	}
	putc('\n', out);
	json_close(&j, ']');
	json_close(&j, '}');
	putc('\n', out);
}

/* A field of RFC 4180. printable() has no line ends. */
static void print_csv_text(FILE *out, const char *text, unsigned int flags)
{
	const char *const quote = strpbrk(text, ",\"") ? "\"" : "";

	fputs_unlocked(quote, out);
	print_escaped(out, text, flags, quote, '"');
	fputs_unlocked(quote, out);
}

static void print_csv(FILE *out, const struct listing *l, const struct rows *rows,
		      const struct show_options *o)
{
	enum show_column shown[NR_COLUMNS];
	size_t nr = choose_columns(shown, l, o), i, j;
	struct value v;

	for (j = 0; j < nr && !o->noheadings; j++)
		fprintf(out, "%s%s", column_name(shown[j]), j + 1 < nr ? "," : "\r\n");
	for (i = 0; i < rows->nr; i++) {
		for (j = 0; j < nr; j++) {
			get_value(&v, shown[j], l, &rows->list[i], o);
			print_csv_text(out, value_text(&v, true) ?: "",
				       o->terminal ? 0 : TEXT_UTF8);
			fputs_unlocked(j + 1 < nr ? "," : "\r\n", out);
		}
	}
}

/* Where names begin in a 64-bit kernel's maps, unless numbers are long */
#define MAPS_NAME_COLUMN (25 + 8 * 6 - 1)

/* Prints what the kernel does, byte for byte, except to a terminal. */
static void print_maps(FILE *out, const struct rows *rows, const struct show_options *o)
{
	const struct vma *vma;
	char perm[5], *copy;
	const char *p;
	int column;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		vma = rows->list[i].vma;
		if (vma == &no_vma)
			continue;
		column = fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %"
				 PRIu64 " ", vma->start, vma->end, vma_perm(perm, vma), vma->offset,
				 vma->dev_major, vma->dev_minor, vma->ino);
		if (vma->name) {
			copy = o->terminal ? printable(vma->name, 0) : NULL;
			fprintf(out, "%*s ", column < MAPS_NAME_COLUMN ?
				MAPS_NAME_COLUMN - column : 0, "");
			for (p = copy ?: vma->name; *p; p++)
				if (*p == '\n')
					fputs("\\012", out);
				else
					putc(*p, out);
			free(copy);
		}
		putc('\n', out);
	}
}

static void print_similar(FILE *out, const struct listing *l, const struct show_options *o)
{
	struct groups *g = groups_new();
	const struct vma *vma;

	for (vma = l->vmas; vma < l->vmas + l->nr - l->has_gate; vma++)
		if (is_wanted(&o->wanted, vma))
			groups_add(g, vma);
	groups_print(out, g, 0, o->terminal);
	groups_free(g);
}

void show_listing(FILE *out, const struct listing *l, const struct show_options *o)
{
	struct rows rows = {};

	if (o->format != SHOW_SIMILAR)
		rows = rows_of(l, 1, o);
	switch (o->format) {
	case SHOW_TABLE:
	case SHOW_LONG:
		print_table(out, l, &rows, o);
		print_end(out, l, o);
		break;
	case SHOW_JSON:
		print_json(out, l, &rows, o);
		break;
	case SHOW_CSV:
		print_csv(out, l, &rows, o);
		break;
	case SHOW_MAPS:
		print_maps(out, &rows, o);
		break;
	case SHOW_SIMILAR:
		print_similar(out, l, o);
		print_end(out, l, o);
		break;
	}
	rows_free(&rows, o);
}

/* ---- the command ---- */

static const char doc[] =
	"Shows the virtual memory areas (VMAs) of processes by PID or NAME. Without\n"
	"either, shows the process that the module's parameter \"pid\" names, or else\n"
	"vmainfo itself.\n"
	"\vColumns: address, size, pid, vmas, nr, start, end, size_kb, perm, offset, dev,\n"
	"inode, kind, page_kb, anon, policy, flags, deleted, nomerge, ops, build_id,\n"
	"lookup, vma_offset, file_offset, name.\n"
	"Of -x: rss_kb, pss_kb, dirty_kb, swap_kb; of -X: more that smaps has.\n"
	"\n"
	"In tables, permissions (as in /proc/PID/maps) are followed by '!' for writable\n"
	"and executable, and '.' for no access. The [vsyscall] page is not a VMA of the\n"
	"process: it comes last and is not counted. A VMA must match all filters. What\n"
	"is not known without the module is null in JSON, empty in CSV, else '?'.\n"
	"vmainfo(1) describes the columns, JSON and CSV.\n";

enum {
	OPT_JSON = 256, OPT_CSV, OPT_MAPS, OPT_GROUP, OPT_SORT, OPT_RAW, OPT_NOHEADINGS, OPT_KIND,
	OPT_PERM, OPT_ADDR, OPT_FROM
};

static const struct argp_option options[] = {
	{ "long", 'l', NULL, 0, "All columns that the module's vmas has", 1 },
	{ "memory", 'x', NULL, 0,
	  "Also how much of it is in memory, in kB: rss_kb, pss_kb, dirty_kb, swap_kb. Reads /proc/PID/smaps, which delays the process",
	  1 },
	{ "all-memory", 'X', NULL, 0, "The same with all that smaps has", 1 },
	{ "json", OPT_JSON, NULL, 0, "JSON: an object, with a line for each of its records", 1 },
	{ "csv", OPT_CSV, NULL, 0, "CSV, of one process", 1 },
	{ "maps", OPT_MAPS, NULL, 0,
	  "Exactly as /proc/PID/maps of a 64-bit kernel; of one process", 1 },
	{ "group", OPT_GROUP, "KEY", OPTION_ARG_OPTIONAL,
	  "A line for all VMAs with the same KEY: name, kind, perm; without KEY, for similar VMAs, as 'vmainfo why'",
	  1 },
	{ "sort", OPT_SORT, "KEY", 0,
	  "Sort by address (the default), size, name, rss, pss, dirty, swap; -KEY is the reverse order",
	  2 },
	{ "columns", 'o', "COLUMN[,COLUMN...]", 0,
	  "Only these columns, in this order; see the list below",
	  2 },
	{ "noheadings", OPT_NOHEADINGS, NULL, 0, "No line with headings, and no totals", 2 },
	{ "raw", OPT_RAW, NULL, 0,
	  "A table for scripts: one space between columns, no totals, '-' for nothing", 2 },
	{ "kind", OPT_KIND, "KIND[,KIND...]", 0,
	  "Only these: anon, file, heap, stack, shmem, hugetlb, vdso, vvar, vsyscall, dev, special",
	  3 },
	{ "perm", OPT_PERM, "PATTERN", 0,
	  "Only these permissions: up to four characters, as in maps, '-' for not set, '?' for either; ?wx is writable and executable",
	  3 },
	{ "addr", OPT_ADDR, "ADDRESS[,...]|START-END[,...]|-", 0,
	  "A line for each of these hexadecimal addresses: the VMA that contains it, the offsets in the VMA and in its file, and the build ID. With ranges: only the VMAs that overlap one. - reads them from stdin",
	  3 },
	{ "from", OPT_FROM, "FILE", 0,
	  "A file from 'vmainfo save', or a copy of a /proc/PID/maps; - for stdin", 4 },
	{ }
};

struct arguments {
	struct show_options show;
	const char *format;	/* the option that it was said with */
	char **processes;
	size_t nr_processes;
	const char *file;
	uint64_t *lookups;
	bool has_ranges, addresses_from_stdin;
};

/* These formats have no place for the process. */
static bool is_for_one(enum show_format format)
{
	return format == SHOW_CSV || format == SHOW_MAPS;
}

static void set_format(struct argp_state *state, enum show_format format, const char *name)
{
	struct arguments *a = state->input;

	if (a->format && a->show.format != format)
		argp_error(state, "%s and %s exclude each other", a->format, name);
	a->show.format = format;
	a->format = name;
}

static int column_of_name(const char *name)
{
	int column;

	for (column = 0; column < NR_COLUMNS; column++)
		if (!strcmp(name, column_name(column)))
			return column;
	return -1;
}

/* Parses the KEY of --sort or --group, which is the name of one of these columns. */
static enum show_column parse_key(struct argp_state *state, const char *arg, const char *what,
				  const enum show_column *keys, size_t nr)
{
	char *text = xasprintf("%s_kb", arg);
	int column = column_of_name(arg);

	/* --sort=rss is a column in kB. */
	if (column < 0)
		column = column_of_name(text);
	free(text);
	while (nr--)
		if ((int)keys[nr] == column)
			return column;
	argp_error(state, "invalid KEY for %s: '%s'", what, arg);
	return 0;
}

static void parse_sort(struct argp_state *state, const char *arg)
{
	static const enum show_column keys[] = {
		COLUMN_ADDRESS, COLUMN_SIZE, COLUMN_NAME, COLUMN_MEMORY + MEMORY_RSS,
		COLUMN_MEMORY + MEMORY_PSS, COLUMN_MEMORY + MEMORY_DIRTY,
		COLUMN_MEMORY + MEMORY_SWAP,
	};
	struct show_options *o = &((struct arguments *)state->input)->show;

	o->reverse = *arg == '-';
	o->sort = parse_key(state, arg + o->reverse, "--sort", keys, ARRAY_SIZE(keys));
}

static void parse_group(struct argp_state *state, const char *arg)
{
	static const enum show_column keys[] = { COLUMN_NAME, COLUMN_KIND, COLUMN_PERM };
	struct show_options *o = &((struct arguments *)state->input)->show;

	if (arg)
		o->group_by = parse_key(state, arg, "--group", keys, ARRAY_SIZE(keys));
	else
		set_format(state, SHOW_SIMILAR, "--group");
}

/* Adds "ADDRESS" or "START-END". Returns false if it is neither. */
static bool add_address(struct arguments *a, char *text)
{
	char *end = strchr(text, '-');
	uint64_t first, last = 0;
	bool valid;

	if (end)
		*end = 0;
	valid = parse_address(text, &first);
	if (end) {
		valid = valid && parse_address(end + 1, &last) && first < last;
		*end = '-';
		a->has_ranges = true;
	} else if (valid) {
		a->lookups = array_grow(a->lookups, a->show.nr_lookups, sizeof(*a->lookups));
		a->lookups[a->show.nr_lookups++] = first;
		/* No VMA has the last address. */
		first -= first == UINT64_MAX;
		last = first + 1;
	}
	if (valid)
		wanted_range(&a->show.wanted, (struct vmainfo_range){ first, last });
	return valid;
}

static void parse_addresses(struct argp_state *state, const char *arg)
{
	struct arguments *a = state->input;
	const bool from_stdin = !strcmp(arg, "-");
	char *copy, *rest, *text;
	struct bytes b = {};

	a->addresses_from_stdin |= from_stdin;
	if (from_stdin)
		file_read(&b, arg, NULL);
	copy = from_stdin ? b.p : xstrdup(arg);
	for (rest = copy; (text = strsep(&rest, ", \t\r\n"));)
		if ((*text || !from_stdin) && !add_address(a, text))
			argp_error(state, "invalid %s%s: '%s'", strchr(text, '-') ? "range" : "address",
				   from_stdin ? " on stdin" : "", text);
	free(copy);
}

/* Parses a list. @number_of returns the number of a name, or -1. */
static void parse_names(struct argp_state *state, const char *arg, const char *what,
			int (*number_of)(const char *name))
{
	struct show_options *o = &((struct arguments *)state->input)->show;
	char *copy = xstrdup(arg), *rest = copy, *name;
	int number;

	o->nr_columns = number_of == column_of_name ? 0 : o->nr_columns;
	while ((name = strsep(&rest, ","))) {
		number = number_of(name);
		if (number < 0)
			argp_error(state, "unknown %s: '%s'", what, name);
		if (number_of == kind_of_name)
			o->wanted.kinds |= 1u << number;
		else if (o->nr_columns < NR_COLUMNS)
			o->columns[o->nr_columns++] = number;
		else
			argp_error(state, "too many columns: '%s'", arg);
	}
	free(copy);
}

/* Columns and --sort ask for it as well as -x does. */
static bool needs_memory(const struct show_options *o)
{
	bool needs = o->memory || is_memory(o->sort);
	size_t i;

	for (i = 0; i < o->nr_columns; i++)
		needs |= is_memory(o->columns[i]);
	return needs;
}

static void check_arguments(struct argp_state *state, const struct arguments *a)
{
	const struct show_options *o = &a->show;
	size_t i;

	if (a->nr_processes > 1 && is_for_one(o->format))
		argp_error(state, "extra operand '%s': %s is for one process", a->processes[1],
			   a->format);
	if (a->has_ranges && o->nr_lookups)
		argp_error(state, "addresses and ranges exclude each other");
	if (a->addresses_from_stdin && (!o->nr_lookups && !a->has_ranges))
		argp_error(state, "there is no address on stdin");
	if (a->addresses_from_stdin && a->file && !strcmp(a->file, "-"))
		argp_error(state, "only one of --addr and --from can be stdin");
	if (a->nr_processes && a->file)
		argp_error(state, "a process and --from exclude each other");
	if (o->raw && o->format > SHOW_LONG)
		argp_error(state, "--raw and %s exclude each other", a->format);
	if (o->nr_columns && o->format >= SHOW_MAPS)
		argp_error(state, "--columns and %s exclude each other", a->format);
	if (o->memory && o->format >= SHOW_MAPS)
		argp_error(state, "-x and %s exclude each other", a->format);
	if (o->sort && o->format == SHOW_SIMILAR)
		argp_error(state, "--sort and --group without a KEY exclude each other");
	if (o->group_by && (o->format == SHOW_LONG || o->format >= SHOW_MAPS))
		argp_error(state, "--group=%s and %s exclude each other", columns[o->group_by].name,
			   a->format);
	for (i = 0; i < o->nr_columns; i++)
		if (o->group_by ? !is_of_groups(o->columns[i], o) : o->columns[i] == COLUMN_VMAS)
			argp_error(state, "%s has no column '%s'", o->group_by ? "a group" : "a VMA",
				   column_name(o->columns[i]));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'x':
		a->show.memory = a->show.memory ?: MEMORY_SHORT;
		break;
	case 'X':
		a->show.memory = NR_MEMORY;
		break;
	case 'l':
		set_format(state, SHOW_LONG, "--long");
		break;
	case OPT_JSON:
		set_format(state, SHOW_JSON, "--json");
		break;
	case OPT_CSV:
		set_format(state, SHOW_CSV, "--csv");
		break;
	case OPT_MAPS:
		set_format(state, SHOW_MAPS, "--maps");
		break;
	case OPT_GROUP:
		parse_group(state, arg);
		break;
	case OPT_SORT:
		parse_sort(state, arg);
		break;
	case OPT_KIND:
		parse_names(state, arg, "kind", kind_of_name);
		break;
	case OPT_PERM:
		if (!wanted_perm(&a->show.wanted, arg))
			argp_error(state, "invalid pattern of permissions: '%s'", arg);
		break;
	case OPT_ADDR:
		parse_addresses(state, arg);
		break;
	case OPT_FROM:
		a->file = arg;
		break;
	case OPT_RAW:
		a->show.raw = true;
		break;
	case OPT_NOHEADINGS:
		a->show.noheadings = true;
		break;
	case 'o':
		parse_names(state, arg, "column", column_of_name);
		break;
	case ARGP_KEY_ARG:
		a->processes = array_grow(a->processes, a->nr_processes, sizeof(*a->processes));
		a->processes[a->nr_processes++] = arg;
		break;
	case ARGP_KEY_END:
		check_arguments(state, a);
		wanted_merge(&a->show.wanted);
		a->show.lookups = a->lookups;
		a->show.needs_memory = needs_memory(&a->show);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void nothing_mapped(const struct show_options *o)
{
	const struct wanted *w = &o->wanted;
	const struct vmainfo_range *r = w->ranges;
	const char *what = w->kinds || w->flags || w->flags_clear ? "that matches " : "";

	if (w->nr_ranges > 1)
		error(exit_failure, 0, "nothing %sis mapped at any of these addresses", what);
	else if (!o->nr_lookups)
		error(exit_failure, 0, "nothing %sis mapped from 0x%" PRIx64 " to 0x%" PRIx64, what,
		      (uint64_t)r->start, (uint64_t)r->end);
	else
		error(exit_failure, 0, "nothing %sis mapped at 0x%" PRIx64, what, o->lookups[0]);
}

/* @lists: the listings if they are grouped, else NULL */
static void show_total(const struct sums *s, const struct listing *lists, size_t nr,
		       const struct show_options *o)
{
	struct rows rows;

	printf("\ntotal of %zu processes:\n", nr);
	if (lists) {
		rows = rows_of(lists, nr, o);
		print_table(stdout, lists, &rows, o);
		rows_free(&rows, o);
	}
	print_sums(stdout, s, o);
	putchar('\n');
	if (o->memory)
		print_memory_sums(stdout, s, o);
}

/* Whether a column is shown, as far as it does not depend on the listing */
static bool has_column(const struct show_options *o, enum show_column column)
{
	size_t i;

	for (i = 0; i < o->nr_columns; i++)
		if (o->columns[i] == column)
			return true;
	return !o->nr_columns && o->format < SHOW_MAPS && is_default(column, NULL, o);
}

/* Reads a file or a process. Returns 0 or the errno of the process. */
static int read_listing(struct listing *l, const struct arguments *a, pid_t pid)
{
	static const struct wanted all;
	const struct show_options *o = &a->show;
	const bool build_ids = has_column(o, COLUMN_BUILD_ID);
	/* These need VMAs that are not shown. */
	const bool needs_others = o->format == SHOW_JSON || has_column(o, COLUMN_NR) ||
				  has_column(o, COLUMN_NOMERGE);
	int err;

	if (a->file) {
		memory_or_end(l, 0, a->file, o->needs_memory);
		return 0;
	}
	err = o->needs_memory ? memory_listing(l, pid) :
	      wanted_listing(l, pid, needs_others ? &all : &o->wanted, build_ids);
	if (!err && build_ids)
		wanted_build_ids(l, &o->wanted);
	return err;
}

/* Shows a file or processes. Returns an exit status. */
static int show_all(const struct arguments *a, const pid_t *pids, size_t nr)
{
	const bool is_table = a->show.format != SHOW_JSON && !a->show.raw && !a->show.noheadings;
	const bool keep = is_table && nr > 1 && a->show.group_by;
	struct listing *lists = xreallocarray(NULL, keep ? nr : 1, sizeof(*lists)), *l = lists;
	struct show_options o = a->show;
	int status = EXIT_SUCCESS, err;
	struct sums total = {}, before;
	size_t found = 0, i;
	char *comm;

	for (i = 0; i < nr; i++) {
		l = &lists[keep ? found : 0];
		err = read_listing(l, a, pids[i]);
		if (err) {
			error(0, err, pids[i] ? "process %d" : "cannot read " VMAINFO_RAW, pids[i]);
			status = EXIT_FAILURE;
			continue;
		}
		before = total;
		add_sums(&total, l, &o);
		if (o.wanted.nr_ranges && total.lines == before.lines) {
			total = before;
			listing_free(l);
			continue;
		}
		if (nr > 1 && is_table) {
			comm = process_comm(pids[i]);
			printf("%sprocess %d, ", found ? "\n" : "", pids[i]);
			print_name(stdout, comm);
			puts(":");
			free(comm);
		}
		show_listing(stdout, l, &o);
		/* A table for scripts has headings once. */
		o.noheadings |= o.raw;
		if (!keep)
			listing_free(l);
		found++;
	}
	if (found > 1 && is_table)
		show_total(&total, keep ? lists : NULL, found, &a->show);
	if (!found && status == EXIT_SUCCESS)
		nothing_mapped(&a->show);
	while (keep && found)
		listing_free(&lists[--found]);
	free(lists);
	return status;
}

/* Finds all processes of the arguments. Without any: only 0, see listing_open(). */
static size_t find_processes(const struct arguments *a, pid_t **pids)
{
	size_t nr = 0, found, i;
	pid_t *more;

	*pids = xreallocarray(NULL, 1, sizeof(**pids));
	**pids = 0;
	for (i = 0; i < a->nr_processes; i++) {
		found = processes_find(a->processes[i], &more);
		if (found > 1 && is_for_one(a->show.format))
			process_too_many(a->processes[i], more, found);
		*pids = xreallocarray(*pids, nr + found, sizeof(**pids));
		memcpy(*pids + nr, more, found * sizeof(**pids));
		nr += found;
		free(more);
	}
	return nr ?: 1;
}

int show_command(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "[PID|NAME...]", doc, process_children, NULL, NULL
	};
	struct arguments a = { };
	pid_t *pids;
	size_t nr;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.show.group_by && !a.show.sort)
		a.show.sort = COLUMN_SIZE;
	a.show.colour = use_colour();
	a.show.terminal = isatty(STDOUT_FILENO);
	nr = find_processes(&a, &pids);
	status = show_all(&a, pids, nr);
	free(pids);
	free(a.processes);
	free(a.lookups);
	free(a.show.wanted.ranges);
	return status;
}
