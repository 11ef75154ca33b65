// SPDX-License-Identifier: GPL-2.0
/* vmainfo show: the VMAs of a process, for people and for programs. */
#include <error.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "listing.h"
#include "process.h"
#include "show.h"
#include "tool.h"

/* What may be written and executed, and what may not be touched at all */
#define RIGHTS (VMAINFO_READ | VMAINFO_WRITE | VMAINFO_EXEC)
#define WRITE_EXEC (VMAINFO_WRITE | VMAINFO_EXEC)

/* What is shown of a listing, and what there is */
struct sums {
	size_t shown, vmas;
	uint64_t shown_kb, kb;
};

static bool is_gate(const struct listing *l, const struct vma *vma)
{
	return l->has_gate && vma == &l->vmas[l->nr - 1];
}

/* A pattern as maps prints it: '?' is either, '-' is not set, which 'p' says of 's'. */
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
	const size_t nr = l->nr - l->has_gate;
	uint64_t bytes = 0, shown_bytes = 0;
	struct sums sums = { .vmas = nr };
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct vma *vma = &l->vmas[i];

		bytes += vma_size(vma);
		if (is_wanted(vma, o)) {
			sums.shown++;
			shown_bytes += vma_size(vma);
		}
	}
	sums.kb = bytes >> 10;
	sums.shown_kb = shown_bytes >> 10;
	return sums;
}

/* ---- for people ---- */

struct widths {
	int address, nr, kb, dev, ino, page, flags, ops, base_shift;
	bool pages;		/* some are not of the smallest size that there is */
};

static void at_least(int *width, int needed)
{
	if (*width < needed)
		*width = needed;
}

static char *dev_text(char buf[24], const struct vma *vma)
{
	snprintf(buf, 24, "%02" PRIx32 ":%02" PRIx32, vma->dev_major, vma->dev_minor);
	return buf;
}

/* In kB; what is smaller than one, or not known, is "-". */
static char *page_text(char buf[24], const struct vma *vma)
{
	if (vma->page_shift < 10)
		strcpy(buf, "-");
	else
		snprintf(buf, 24, "%llu", 1ull << (vma->page_shift - 10));
	return buf;
}

static struct widths widths_of(const struct listing *l, const struct show_options *o)
{
	struct widths w = { .address = 8, .nr = 2, .kb = 2, .dev = 5, .ino = 5, .page = 4,
			    .flags = 5, .ops = 3, .base_shift = 64 };
	char buf[FLAGS_TEXT];
	size_t i;

	at_least(&w.nr, snprintf(NULL, 0, "%zu", l->nr));
	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];

		if (vma->page_shift && vma->page_shift < w.base_shift)
			w.base_shift = vma->page_shift;
	}
	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];

		if (!is_wanted(vma, o))
			continue;
		w.pages |= vma->page_shift > w.base_shift;
		at_least(&w.address, snprintf(NULL, 0, "%" PRIx64, vma->end));
		if (o->format != SHOW_LONG)
			continue;
		at_least(&w.kb, snprintf(NULL, 0, "%" PRIu64, vma_size(vma) >> 10));
		at_least(&w.dev, strlen(dev_text(buf, vma)));
		at_least(&w.ino, snprintf(NULL, 0, "%" PRIu64, vma->ino));
		at_least(&w.page, strlen(page_text(buf, vma)));
		at_least(&w.flags, strlen(vma_flags(buf, vma)));
		at_least(&w.ops, strlen(vma->ops ?: "-"));
	}
	return w;
}

/* Rights that one looks for: a letter that tells them without colours. */
static char mark_of(const struct vma *vma)
{
	if ((vma->flags & WRITE_EXEC) == WRITE_EXEC)
		return '!';
	return vma->flags & RIGHTS ? ' ' : '.';
}

static const char *colour_of(const struct vma *vma)
{
	if ((vma->flags & WRITE_EXEC) == WRITE_EXEC)
		return "1;31";
	if (!(vma->flags & RIGHTS))
		return "2";
	if (vma->flags & VMAINFO_EXEC)
		return "32";
	return vma->flags & VMAINFO_WRITE ? "33" : "";
}

static void print_perm(FILE *out, const struct vma *vma, bool colour)
{
	const char *code = colour ? colour_of(vma) : "";
	char perm[5];

	if (*code)
		fprintf(out, "\033[%sm%s%c\033[m", code, vma_perm(perm, vma), mark_of(vma));
	else
		fprintf(out, "%s%c", vma_perm(perm, vma), mark_of(vma));
}

/* With the column before it, if there is a name: no line ends in spaces. */
static void print_name_column(FILE *out, const char *name, int pad)
{
	if (!name || !*name)
		return;
	fprintf(out, "%*s ", pad, "");
	print_name(out, name);
}

static void print_table(FILE *out, const struct listing *l, const struct show_options *o)
{
	const struct widths w = widths_of(l, o);
	char size[SIZE_TEXT];
	size_t i;

	fprintf(out, "%-*s %7s %-5s %-8s%s name\n", 2 * w.address + 1, "address", "size", "perm",
		"kind", w.pages ? "   page" : "");
	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];
		const char *kind = kind_name(vma->kind);
		int pad = 8 - strlen(kind);

		if (!is_wanted(vma, o))
			continue;
		fprintf(out, "%*.8" PRIx64 "-%-*.8" PRIx64 " %7s ", w.address, vma->start,
			w.address, vma->end, size_text(size, vma_size(vma)));
		print_perm(out, vma, o->colour);
		fprintf(out, " %s", kind);
		if (w.pages && vma->page_shift > w.base_shift) {
			fprintf(out, "%*s%7s", pad, "", size_text(size, 1ull << vma->page_shift));
			pad = 0;
		} else if (w.pages) {
			pad += 7;
		}
		print_name_column(out, vma->name, pad);
		putc('\n', out);
	}
}

static void print_long(FILE *out, const struct listing *l, const struct show_options *o)
{
	const bool from_maps = listing_is_from_maps(l);
	const struct widths w = widths_of(l, o);
	char nr[24], dev[24], page[24], flags[FLAGS_TEXT];
	int column;
	size_t i;

	fprintf(out, "%*s %*s %*s %*s %-5s %8s %*s %*s %-8s %*s anon %-19s %-*s %-*s name\n",
		w.nr, "nr", w.address, "start", w.address, "end", w.kb, "kB", "perm", "offset",
		w.dev, "dev", w.ino, "inode", "kind", w.page, "page", "policy", w.flags, "flags",
		w.ops, "ops");
	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];

		if (!is_wanted(vma, o))
			continue;
		snprintf(nr, sizeof(nr), "%zu", i + 1);
		fprintf(out, "%*s %*.8" PRIx64 " %*.8" PRIx64 " %*" PRIu64 " ", w.nr,
			is_gate(l, vma) ? "-" : nr, w.address, vma->start, w.address, vma->end,
			w.kb, vma_size(vma) >> 10);
		print_perm(out, vma, o->colour);
		fprintf(out, " %08" PRIx64 " %*s %*" PRIu64 " %-8s %*s %4c %-19s %-*s ",
			vma->offset, w.dev, dev_text(dev, vma), w.ino, vma->ino,
			kind_name(vma->kind), w.page, page_text(page, vma),
			from_maps ? '?' : vma->flags & VMAINFO_ANON_VMA ? 'y' : '-',
			from_maps ? "?" : policy_name(vma->policy), w.flags,
			from_maps ? "?" : vma_flags(flags, vma));
		column = print_name(out, from_maps ? "?" : vma->ops ?: "-");
		fprintf(out, "%*s ", column < w.ops ? w.ops - column : 0, "");
		print_name(out, vma->name ?: "-");
		putc('\n', out);
	}
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

/* What maps does not say is null. */
static void print_vma_json(struct json *j, const struct listing *l, const struct vma *vma)
{
	const bool from_maps = listing_is_from_maps(l);
	char buf[FLAGS_TEXT], *flags;

	json_open(j, NULL, '{');
	if (is_gate(l, vma))
		json_null(j, "nr");
	else
		json_int(j, "nr", vma - l->vmas + 1);
	json_hex(j, "start", vma->start);
	json_hex(j, "end", vma->end);
	json_int(j, "size_kb", vma_size(vma) >> 10);
	json_text(j, "perm", vma_perm(buf, vma));
	json_hex(j, "offset", vma->offset);
	json_text(j, "dev", dev_text(buf, vma));
	json_decimal(j, "inode", vma->ino);
	json_text(j, "kind", kind_name(vma->kind));
	if (vma->page_shift < 10)
		json_null(j, "page_kb");
	else
		json_int(j, "page_kb", 1ull << (vma->page_shift - 10));
	if (from_maps)
		json_null(j, "anon");
	else
		json_bool(j, "anon", vma->flags & VMAINFO_ANON_VMA);
	json_text(j, "policy", vma->policy ? policy_name(vma->policy) : NULL);
	flags = vma_flags(buf, vma);
	if (from_maps)
		json_null(j, "flags");
	else
		json_list(j, "flags", strcmp(flags, "-") ? flags : "");
	json_text(j, "ops", vma->ops);
	json_text(j, "name", vma->name);
	json_close(j, '}');
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
	size_t i;

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
		print_vma_json(&j, l, &l->vmas[i]);
	}
	putc('\n', out);
	json_close(&j, ']');
	json_close(&j, '}');
	putc('\n', out);
}

/* A field of RFC 4180; others than names need no quotes. */
static void print_csv_text(FILE *out, const char *text, bool safe)
{
	char *copy = safe ? printable(text) : NULL;

	if (copy)
		text = copy;
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
	} else {
		putc('"', out);
		for (; *text; text++) {
			if (*text == '"')
				putc('"', out);
			putc(*text, out);
		}
		putc('"', out);
	}
	free(copy);
}

static void print_csv(FILE *out, const struct listing *l, const struct show_options *o)
{
	const bool from_maps = listing_is_from_maps(l);
	char perm[5], dev[24], flags[FLAGS_TEXT];
	size_t i;

	fputs("nr,start,end,size_kb,perm,offset,dev,inode,kind,page_kb,anon,policy,flags,ops,name\r\n",
	      out);
	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];

		if (!is_wanted(vma, o))
			continue;
		if (!is_gate(l, vma))
			fprintf(out, "%zu", i + 1);
		/* With 0x, or 7e10 is a number to some. */
		fprintf(out, ",0x%" PRIx64 ",0x%" PRIx64 ",%" PRIu64 ",%s,0x%" PRIx64 ",%s,%" PRIu64
			",%s,", vma->start, vma->end, vma_size(vma) >> 10, vma_perm(perm, vma),
			vma->offset, dev_text(dev, vma), vma->ino, kind_name(vma->kind));
		if (vma->page_shift >= 10)
			fprintf(out, "%llu", 1ull << (vma->page_shift - 10));
		fprintf(out, ",%s,%s,", from_maps ? "" : vma->flags & VMAINFO_ANON_VMA ? "y" : "n",
			vma->policy ? policy_name(vma->policy) : "");
		if (!from_maps)
			print_csv_text(out, vma_flags(flags, vma), false);
		putc(',', out);
		print_csv_text(out, vma->ops ?: "", o->safe);
		putc(',', out);
		print_csv_text(out, vma->name ?: "", o->safe);
		fputs("\r\n", out);
	}
}

/* The column of maps that a name begins in, unless the numbers are long, of a 64-bit kernel */
#define MAPS_NAME_COLUMN (25 + 8 * 6 - 1)

/* Byte for byte what show_map_vma() in fs/proc/task_mmu.c prints. */
static void print_maps(FILE *out, const struct listing *l, const struct show_options *o)
{
	char perm[5], *copy;
	const char *p;
	int column;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		const struct vma *vma = &l->vmas[i];

		if (!is_wanted(vma, o))
			continue;
		column = fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %"
				 PRIu64 " ", vma->start, vma->end, vma_perm(perm, vma), vma->offset,
				 vma->dev_major, vma->dev_minor, vma->ino);
		if (vma->name) {
			copy = o->safe ? printable(vma->name) : NULL;
			fprintf(out, "%*s ", column < MAPS_NAME_COLUMN ?
				MAPS_NAME_COLUMN - column : 0, "");
			for (p = vma->name; *p; p++)
				if (*p == '\n')
					fputs("\\012", out);
				else
					putc(copy ? copy[p - vma->name] : *p, out);
			free(copy);
		}
		putc('\n', out);
	}
}

static size_t count_wanted(const struct listing *l, const struct show_options *o)
{
	size_t nr = 0, i;

	for (i = 0; i < l->nr; i++)
		nr += is_wanted(&l->vmas[i], o);
	return nr;
}

void show_listing(FILE *out, const struct listing *l, const struct show_options *o)
{
	switch (o->format) {
	case SHOW_TABLE:
		print_table(out, l, o);
		print_sums(out, l, o);
		break;
	case SHOW_LONG:
		print_long(out, l, o);
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
	}
}

/* ---- the command ---- */

static const char doc[] =
	"Shows the virtual memory areas (VMAs) of processes: those with that PID or\n"
	"NAME; without either, the one that the module's parameter \"pid\" names, else\n"
	"vmainfo itself.\n"
	"\vBehind the permissions (as in /proc/PID/maps) a '!' marks what may be both\n"
	"written and executed, a '.' what may not be touched at all. The page size is\n"
	"shown where it is not the smallest one. The [vsyscall] page is no VMA of the\n"
	"process: it comes last, and is not counted. Several filters show what\n"
	"matches all of them.\n"
	"\n"
	"In JSON, addresses, offsets, inode numbers and taken_ns are texts, since\n"
	"they can be larger than what programs with nothing but doubles (JavaScript,\n"
	"jq) can tell apart; sizes are numbers, in kB. A byte of a name that is no\n"
	"UTF-8 is U+FFFD there; then name_hex has all bytes of it. Several processes\n"
	"are several objects. CSV is that of RFC 4180, with CR and LF at the end of a\n"
	"line. What is not known, because the module is not loaded, is null in JSON,\n"
	"empty in CSV and '?' with --long.\n"
	"\n"
	"Control characters in names are printed as '?' to people and terminals, and\n"
	"as they are with --csv and --maps to files and pipes.\n"
	"\n"
	"Exit status: 0, or 1 if there is no such process, file, or VMA at ADDRESS;\n"
	"also if that is so of one process of several; the others are shown.";

enum { OPT_JSON = 256, OPT_CSV, OPT_MAPS, OPT_KIND, OPT_PERM, OPT_ADDR, OPT_FROM, OPT_COLOR };

static const struct argp_option options[] = {
	{ "long", 'l', NULL, 0, "All that is known of each VMA, as the module's vmas has it", 1 },
	{ "json", OPT_JSON, NULL, 0, "JSON: an object, with a line for each of its records", 1 },
	{ "csv", OPT_CSV, NULL, 0,
	  "CSV, with the names of the columns in the first line; of one process", 1 },
	{ "maps", OPT_MAPS, NULL, 0,
	  "Exactly as /proc/PID/maps of a 64-bit kernel; of one process", 1 },
	{ "kind", OPT_KIND, "KIND[,KIND...]", 0,
	  "Only these: anon, file, heap, stack, shmem, hugetlb, vdso, vvar, vsyscall, dev, special",
	  2 },
	{ "perm", OPT_PERM, "PATTERN", 0,
	  "Only those with these permissions: up to four characters, as in maps, '-' for not set, '?' for either, as are those left out: ?wx may be written and executed",
	  2 },
	{ "addr", OPT_ADDR, "ADDRESS", 0, "Only the VMA that holds this hexadecimal address", 2 },
	{ "from", OPT_FROM, "FILE", 0,
	  "What 'vmainfo save' wrote, or a copy of a /proc/PID/maps; - for stdin", 3 },
	{ "color", OPT_COLOR, "WHEN", OPTION_ARG_OPTIONAL,
	  "Colours: always, never, or auto, the default: on a terminal, unless NO_COLOR is set",
	  3 },
	{ "quiet", 'q', NULL, 0, "No notes on stderr, such as that the module is not loaded", 3 },
	{ }
};

struct arguments {
	struct show_options show;
	enum colour colour;
	const char *format;	/* the option that it was said with */
	char **processes;
	size_t nr_processes;
	const char *file;
};

/* Formats without a place that says which process it is */
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

static void parse_kinds(struct argp_state *state, const char *arg)
{
	struct arguments *a = state->input;
	char *copy = xstrdup(arg), *rest = copy, *name;
	int kind;

	while ((name = strsep(&rest, ","))) {
		kind = kind_of_name(name);
		if (kind < 0)
			argp_error(state, "unknown kind: '%s'", name);
		a->show.kinds |= 1u << kind;
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
	case OPT_KIND:
		parse_kinds(state, arg);
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
	case OPT_COLOR:
		a->colour = parse_colour(state, arg);
		break;
	case 'q':
		quiet = true;
		break;
	case ARGP_KEY_ARG:
		a->processes = xreallocarray(a->processes, a->nr_processes + 1,
					     sizeof(*a->processes));
		a->processes[a->nr_processes++] = arg;
		break;
	case ARGP_KEY_END:
		if (a->nr_processes > 1 && is_for_one(a->show.format))
			argp_error(state, "extra operand '%s': %s is for one process",
				   a->processes[1], a->format);
		if (a->nr_processes && a->file)
			argp_error(state, "a process and --from exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void nothing_at_address(const struct show_options *o)
{
	error(exit_failure, 0, "nothing %sis mapped at 0x%" PRIx64,
	      o->kinds || o->perm ? "that matches " : "", o->address);
}

/*
 * Several processes: each has a heading, or is a JSON text. Returns an exit
 * status.
 */
static int show_processes(const struct arguments *a, const pid_t *pids, size_t nr)
{
	int status = EXIT_SUCCESS, err;
	bool found = false;
	struct listing l;
	char *comm;
	size_t i;

	for (i = 0; i < nr; i++) {
		err = listing_try(&l, pids[i]);
		if (err) {
			error(0, err, "process %d", pids[i]);
			status = EXIT_FAILURE;
			continue;
		}
		if (!a->show.by_address || count_wanted(&l, &a->show)) {
			if (a->show.format != SHOW_JSON) {
				comm = process_comm(pids[i]);
				printf("%sprocess %d, %s:\n", found ? "\n" : "", pids[i], comm);
				free(comm);
			}
			show_listing(stdout, &l, &a->show);
			found = true;
		}
		listing_free(&l);
	}
	if (!found && status == EXIT_SUCCESS)
		nothing_at_address(&a->show);
	return status;
}

/*
 * All that the arguments name; without arguments, 0, for which listing_of() has
 * a meaning.
 */
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
	return nr;
}

int show_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &process_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		options, parse, "[PID|NAME...]", doc, children, NULL, NULL
	};
	int status = EXIT_SUCCESS;
	struct arguments a = { };
	struct listing l;
	size_t nr = 0;
	pid_t *pids;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	a.show.colour = use_colour(a.colour, stdout);
	a.show.safe = isatty(STDOUT_FILENO);
	nr = find_processes(&a, &pids);
	if (nr > 1) {
		status = show_processes(&a, pids, nr);
	} else {
		if (a.file)
			listing_from_file(&l, a.file);
		else
			listing_of(&l, *pids);
		if (a.show.by_address && !count_wanted(&l, &a.show))
			nothing_at_address(&a.show);
		show_listing(stdout, &l, &a.show);
		listing_free(&l);
	}
	free(pids);
	free(a.processes);
	return status;
}
