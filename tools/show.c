// SPDX-License-Identifier: GPL-2.0
/* vmainfo show: the VMAs of a process, for people and for programs. */
#include "groups.h"
#include "json.h"
#include "listing.h"
#include "process.h"
#include "show.h"
#include "table.h"

#define WRITE_EXEC (VMAINFO_WRITE | VMAINFO_EXEC)

/* Number and size of the VMAs that are shown, and of all; @lines has the gate page */
struct sums {
	size_t shown, vmas, lines;
	uint64_t shown_kb, kb;
};

static bool is_gate(const struct listing *l, const struct vma *vma)
{
	return l->has_gate && vma == &l->vmas[l->nr - 1];
}

/* A pattern of --perm: '?' is any, '-' is not set, also instead of 'p'. */
static bool perm_matches(const struct vma *vma, const char *pattern)
{
	char perm[5];
	size_t i;

	vma_perm(perm, vma);
	for (i = 0; pattern[i]; i++)
		if (pattern[i] != '?' && pattern[i] != perm[i] &&
		    !(pattern[i] == '-' && perm[i] == 'p'))
			return false;
	return true;
}

static bool perm_is_valid(const char *pattern)
{
	static const char * const letters[] = { "r-?", "w-?", "x-?", "sp-?" };
	size_t i;

	for (i = 0; pattern[i]; i++)
		if (i >= 4 || !strchr(letters[i], pattern[i]))
			return false;
	return i;
}

static bool is_wanted(const struct vma *vma, const struct show_options *o)
{
	if (o->kinds && (vma->kind >= 32 || !(o->kinds & 1u << vma->kind)))
		return false;
	if (o->perm && !perm_matches(vma, o->perm))
		return false;
	return !o->by_address || (vma->start <= o->address && o->address < vma->end);
}

static struct sums sums_of(const struct listing *l, const struct show_options *o)
{
	struct sums sums = { .vmas = listing_vmas(l), .kb = listing_size(l) >> 10 };
	uint64_t shown_bytes = 0;
	const struct vma *vma;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		const bool wanted = is_wanted(vma, o);
		const uint64_t size = is_gate(l, vma) ? 0 : vma_size(vma);

		sums.lines += wanted;
		sums.shown += wanted && size;
		shown_bytes += wanted ? size : 0;
	}
	sums.shown_kb = shown_bytes >> 10;
	return sums;
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
	[COLUMN_ADDRESS] = { "address", TABLE_RIGHT, VALUE_TEXT, 0, false },
	[COLUMN_SIZE] = { "size", TABLE_RIGHT, VALUE_TEXT, 0, false },
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
	[COLUMN_NAME] = { "name", TABLE_CUT, VALUE_TEXT, 0, false },
};

struct value {
	enum value_type type;
	const char *text;	/* of VALUE_TEXT and VALUE_LIST; can be @buf */
	uint64_t number;	/* of the other types */
	char buf[FLAGS_TEXT];
};

static void get_value(struct value *v, enum show_column column, const struct listing *l,
		      const struct vma *vma)
{
	v->type = columns[column].type;
	v->text = v->buf;
	v->number = 0;
	switch (column) {
	case COLUMN_ADDRESS:
		snprintf(v->buf, sizeof(v->buf), "%08" PRIx64 "-%08" PRIx64, vma->start, vma->end);
		break;
	case COLUMN_SIZE:
		size_text(v->buf, vma_size(vma));
		break;
	case COLUMN_NR:
		v->number = is_gate(l, vma) ? 0 : vma - l->vmas + 1;
		break;
	case COLUMN_SIZE_KB:
		v->number = vma_size(vma) >> 10;
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
		memcpy(&v->number, (const char *)vma + columns[column].field, sizeof(v->number));
	}
	if (columns[column].module && listing_is_from_maps(l))
		v->type = VALUE_UNKNOWN;
	else if (((v->type == VALUE_TEXT || v->type == VALUE_LIST) && !v->text) ||
		 ((column == COLUMN_NR || column == COLUMN_PAGE_KB) && !v->number))
		v->type = VALUE_NONE;
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

/* By default, a table has page_kb if there is more than one page size. */
static size_t choose_columns(enum show_column chosen[NR_COLUMNS], const struct listing *l,
			     const struct show_options *o)
{
	enum show_column column;
	bool has_large = false;
	const struct vma *vma;
	uint8_t shift = 0;
	size_t nr = 0;

	if (o->nr_columns) {
		memcpy(chosen, o->columns, sizeof(o->columns));
		return o->nr_columns;
	}
	for (vma = l->vmas; vma < l->vmas + l->nr && o->format == SHOW_TABLE; vma++) {
		has_large |= shift && vma->page_shift && shift != vma->page_shift;
		shift = vma->page_shift ?: shift;
	}
	for (column = 0; column < NR_COLUMNS; column++) {
		const bool is_short = column <= COLUMN_SIZE || column == COLUMN_PERM ||
				      column == COLUMN_KIND || column == COLUMN_NAME ||
				      (column == COLUMN_PAGE_KB && has_large);
		const bool is_long = column > COLUMN_SIZE &&
				     (column != COLUMN_DELETED || o->format == SHOW_JSON);

		if (o->format == SHOW_TABLE ? is_short : is_long)
			chosen[nr++] = column;
	}
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
		      const struct listing *l, const struct vma *vma,
		      const struct show_options *o)
{
	char *copy;

	get_value(v, column, l, vma);
	*cell = (struct table_cell){ value_text(v, false), "" };
	if (!cell->text || !*cell->text) {
		cell->text = column == COLUMN_NAME && !o->raw ? "" : "-";
	} else if (column == COLUMN_PERM && !o->raw) {
		v->buf[4] = mark_of(vma, o->colour ? &cell->colour : NULL);
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

static void print_table(FILE *out, const struct listing *l, const struct show_options *o)
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
		table_column(&t, columns[shown[j]].name, width_of(shown[j], l),
			     columns[shown[j]].flags);
	for (i = 0; i < l->nr; i++) {
		if (!is_wanted(&l->vmas[i], o))
			continue;
		for (j = 0; j < nr; j++)
			copies[j] = get_cell(&cells[j], &values[j], shown[j], l, &l->vmas[i], o);
		table_line(&t, cells);
		for (j = 0; j < nr; j++)
			free(copies[j]);
	}
	table_end(&t);
}

static void print_sums(FILE *out, const struct listing *l, const struct show_options *o)
{
	const struct sums s = sums_of(l, o);

	if (o->kinds || o->perm || o->by_address)
		fprintf(out, "%zu of %zu VMAs, %" PRIu64 " of %" PRIu64 " kB", s.shown, s.vmas,
			s.shown_kb, s.kb);
	else
		fprintf(out, "%zu VMA%s, %" PRIu64 " kB", s.vmas, s.vmas == 1 ? "" : "s", s.kb);
	if (listing_is_from_maps(l))
		fputs(", from /proc/PID/maps", out);
	else if (!(l->header.flags & VMAINFO_ATOMIC))
		fputs(", not all of one instant", out);
	putc('\n', out);
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
	json_text(j, "source", listing_is_from_maps(l) ? "maps" : "module");
	json_bool(j, "atomic", h->flags & VMAINFO_ATOMIC);
	if (h->taken_ns)
		json_decimal(j, "taken_ns", h->taken_ns);
	else
		json_null(j, "taken_ns");
}

/* One record at a time: a process can have millions. */
static void print_json(FILE *out, const struct listing *l, const struct show_options *o)
{
	const struct sums s = sums_of(l, o);
	struct json j = { .out = out };
	enum show_column shown[NR_COLUMNS];
	size_t nr = choose_columns(shown, l, o), i, k;
	struct value v;

	json_open(&j, NULL, '{');
	listing_json(&j, l);
	json_int(&j, "vmas", s.vmas);
	json_int(&j, "total_kb", s.kb);
	json_int(&j, "shown_vmas", s.shown);
	json_int(&j, "shown_kb", s.shown_kb);
	json_open(&j, "records", '[');
	for (i = 0; i < l->nr; i++) {
		if (!is_wanted(&l->vmas[i], o))
			continue;
		json_line(&j);
		json_open(&j, NULL, '{');
		for (k = 0; k < nr; k++) {
			get_value(&v, shown[k], l, &l->vmas[i]);
			print_value_json(&j, columns[shown[k]].name, &v);
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

static void print_csv(FILE *out, const struct listing *l, const struct show_options *o)
{
	enum show_column shown[NR_COLUMNS];
	size_t nr = choose_columns(shown, l, o), i, j;
	struct value v;

	for (j = 0; j < nr && !o->noheadings; j++)
		fprintf(out, "%s%s", columns[shown[j]].name, j + 1 < nr ? "," : "\r\n");
	for (i = 0; i < l->nr; i++) {
		if (!is_wanted(&l->vmas[i], o))
			continue;
		for (j = 0; j < nr; j++) {
			get_value(&v, shown[j], l, &l->vmas[i]);
			print_csv_text(out, value_text(&v, true) ?: "",
				       o->terminal ? 0 : TEXT_UTF8);
			fputs_unlocked(j + 1 < nr ? "," : "\r\n", out);
		}
	}
}

/* Where names begin in a 64-bit kernel's maps, unless numbers are long */
#define MAPS_NAME_COLUMN (25 + 8 * 6 - 1)

/* Prints what the kernel does, byte for byte, except to a terminal. */
static void print_maps(FILE *out, const struct listing *l, const struct show_options *o)
{
	const struct vma *vma;
	char perm[5], *copy;
	const char *p;
	int column;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		if (!is_wanted(vma, o))
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

static void print_groups(FILE *out, const struct listing *l, const struct show_options *o)
{
	struct groups *g = groups_new();
	const struct vma *vma;

	for (vma = l->vmas; vma < l->vmas + l->nr - l->has_gate; vma++)
		if (is_wanted(vma, o))
			groups_add(g, vma);
	groups_print(out, g, 0, o->terminal);
	groups_free(g);
	print_sums(out, l, o);
}

void show_listing(FILE *out, const struct listing *l, const struct show_options *o)
{
	switch (o->format) {
	case SHOW_TABLE:
	case SHOW_LONG:
		print_table(out, l, o);
		if (!o->raw && !o->noheadings)
			print_sums(out, l, o);
		break;
	case SHOW_JSON:
		print_json(out, l, o);
		break;
	case SHOW_CSV:
		print_csv(out, l, o);
		break;
	case SHOW_MAPS:
		print_maps(out, l, o);
		break;
	case SHOW_GROUPS:
		print_groups(out, l, o);
		break;
	}
}

/* ---- the command ---- */

static const char doc[] =
	"Shows the virtual memory areas (VMAs) of processes by PID or NAME. Without\n"
	"either, shows the process that the module's parameter \"pid\" names, or else\n"
	"vmainfo itself.\n"
	"\vIn tables, permissions (as in /proc/PID/maps) are followed by '!' for writable\n"
	"and executable, and '.' for no access. The [vsyscall] page is not a VMA of the\n"
	"process: it comes last and is not counted. A VMA must match all filters. An\n"
	"unknown value, because the module is not loaded, is null in JSON, empty in CSV,\n"
	"else '?'. vmainfo(1) describes the columns, JSON and CSV.\n";

enum {
	OPT_JSON = 256, OPT_CSV, OPT_MAPS, OPT_GROUP, OPT_RAW, OPT_NOHEADINGS, OPT_KIND, OPT_PERM,
	OPT_ADDR, OPT_FROM
};

static const struct argp_option options[] = {
	{ "long", 'l', NULL, 0, "All columns that the module's vmas has", 1 },
	{ "json", OPT_JSON, NULL, 0, "JSON: an object, with a line for each of its records", 1 },
	{ "csv", OPT_CSV, NULL, 0, "CSV, of one process", 1 },
	{ "maps", OPT_MAPS, NULL, 0,
	  "Exactly as /proc/PID/maps of a 64-bit kernel; of one process", 1 },
	{ "group", OPT_GROUP, NULL, 0, "Groups of similar VMAs, as 'vmainfo why'", 1 },
	{ "columns", 'o', "COLUMN[,COLUMN...]", 0,
	  "Only these: address, size, nr, start, end, size_kb, perm, offset, dev, inode, kind, page_kb, anon, policy, flags, deleted, nomerge, ops, name",
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
	{ "addr", OPT_ADDR, "ADDRESS", 0,
	  "Only the VMA that contains this hexadecimal address", 3 },
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
		if (!strcmp(name, columns[column].name))
			return column;
	return -1;
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
			o->kinds |= 1u << number;
		else if (o->nr_columns < NR_COLUMNS)
			o->columns[o->nr_columns++] = number;
		else
			argp_error(state, "too many columns: '%s'", arg);
	}
	free(copy);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
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
		set_format(state, SHOW_GROUPS, "--group");
		break;
	case OPT_KIND:
		parse_names(state, arg, "kind", kind_of_name);
		break;
	case OPT_PERM:
		if (!perm_is_valid(arg))
			argp_error(state, "invalid pattern of permissions: '%s'", arg);
		a->show.perm = arg;
		break;
	case OPT_ADDR:
		if (!parse_address(arg, &a->show.address))
			argp_error(state, "invalid address: '%s'", arg);
		a->show.by_address = true;
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
		if (a->nr_processes > 1 && is_for_one(a->show.format))
			argp_error(state, "extra operand '%s': %s is for one process",
				   a->processes[1], a->format);
		if (a->show.raw && a->show.format > SHOW_LONG)
			argp_error(state, "--raw and %s exclude each other", a->format);
		if (a->show.nr_columns && a->show.format >= SHOW_MAPS)
			argp_error(state, "--columns and %s exclude each other", a->format);
		if (a->nr_processes && a->file)
			argp_error(state, "a process and --from exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Shows a file or processes. Returns an exit status. */
static int show_all(const struct arguments *a, const pid_t *pids, size_t nr)
{
	int status = EXIT_SUCCESS, err;
	bool found = false;
	struct listing l;
	char *comm;
	size_t i;

	for (i = 0; i < nr; i++) {
		err = 0;
		if (a->file)
			listing_from_file(&l, a->file);
		else if (nr == 1)
			listing_of(&l, pids[i]);
		else
			err = listing_try(&l, pids[i]);
		if (err) {
			error(0, err, "process %d", pids[i]);
			status = EXIT_FAILURE;
			continue;
		}
		if (!a->show.by_address || sums_of(&l, &a->show).lines) {
			if (nr > 1 && a->show.format != SHOW_JSON) {
				comm = process_comm(pids[i], 0);
				printf("%sprocess %d, %s:\n", found ? "\n" : "", pids[i], comm);
				free(comm);
			}
			show_listing(stdout, &l, &a->show);
			found = true;
		}
		listing_free(&l);
	}
	if (!found && status == EXIT_SUCCESS)
		error(exit_failure, 0, "nothing %sis mapped at 0x%" PRIx64,
		      a->show.kinds || a->show.perm ? "that matches " : "", a->show.address);
	return status;
}

/* Finds all processes of the arguments. Without any: only 0, see listing_of(). */
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
	a.show.colour = use_colour();
	a.show.terminal = isatty(STDOUT_FILENO);
	nr = find_processes(&a, &pids);
	status = show_all(&a, pids, nr);
	free(pids);
	free(a.processes);
	return status;
}
