// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo why: why a process has so many VMAs. Two tables: what the VMAs are, in
 * groups, and which rules keep neighbours from being merged.
 */
#include "groups.h"
#include "process.h"
#include "show.h"
#include "table.h"
#include "why.h"

/* ---- reasons ---- */

/* What distinguishes pairs of the same rules */
enum pair {
	PAIR_ANON,		/* both are anonymous memory */
	PAIR_ONE_FILE,		/* both are of the same file */
	PAIR_FILES,		/* of different files */
	PAIR_MIXED,		/* one is of a file */
};

/* Pairs of neighbours that are not merged for the same reason */
struct reason {
	uint32_t hash;
	uint8_t nomerge;
	uint8_t pair;		/* enum pair */
	bool one_anon_vma;	/* only one of them has an anon_vma */
	uint64_t flags[2];	/* of each: those that differ, and all of PERM if that differs */
	uint64_t nr;
	uint64_t start;		/* of the second VMA of the first pair */
};

struct why {
	struct vmainfo_header header;
	struct groups *groups;
	struct set reasons;
	struct vma last;	/* without texts; its end is 0 at first */
	bool last_named;	/* by PR_SET_VMA_ANON_NAME */
	uint32_t last_name;	/* hash of that name */
	uint64_t vmas, bytes;
	uint64_t pairs;
	bool inferred;		/* the listing lacks reasons */
	uint64_t limit;		/* vm.max_map_count; 0 if it is not known */
	char *comm;		/* or NULL */
	const struct vma *old, *old_end;	/* VMAs that are not counted, or NULL */
};

/* Further ones are put together. */
#define MAX_REASONS 4096

static bool same_reason(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	return x->nomerge == y->nomerge && x->pair == y->pair &&
	       x->one_anon_vma == y->one_anon_vma && x->flags[0] == y->flags[0] &&
	       x->flags[1] == y->flags[1];
}

static enum pair pair_of(const struct vma *a, const struct vma *b)
{
	if (!a->ino != !b->ino)
		return PAIR_MIXED;
	if (!a->ino)
		return PAIR_ANON;
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor ?
	       PAIR_ONE_FILE : PAIR_FILES;
}

/* What maps shows of the rules */
static uint8_t infer(const struct why *w, const struct vma *vma, enum pair pair, bool named,
		     uint32_t name)
{
	const struct vma *last = &w->last;
	uint8_t nomerge = 0;

	if ((last->flags ^ vma->flags) & PERM)
		nomerge |= VMAINFO_NOMERGE_FLAGS;
	if (pair == PAIR_FILES || pair == PAIR_MIXED)
		nomerge |= VMAINFO_NOMERGE_FILE;
	if (pair == PAIR_ONE_FILE && last->offset + vma_size(last) != vma->offset)
		nomerge |= VMAINFO_NOMERGE_OFFSET;
	if (pair == PAIR_ANON && (named != w->last_named || (named && name != w->last_name)))
		nomerge |= VMAINFO_NOMERGE_NAME;
	return nomerge;
}

/* The flags that matter for merging and are not a consequence of others */
static void set_flags(struct reason *r, const struct vma *a, const struct vma *b)
{
	uint64_t differ = (a->flags ^ b->flags) & ~(VMAINFO_DELETED | VMAINFO_NAME_OMITTED |
						    VMAINFO_ANON_VMA | VMAINFO_SOFTDIRTY);
	uint64_t keep = 0, swap;
	size_t i;

	if (differ & PERM)
		keep = PERM;
	for (i = 0; flag_texts[i].text; i++)
		if (i < CLASS_FLAGS || !keep)
			keep |= differ & flag_texts[i].flag;
	r->flags[0] = a->flags & keep;
	r->flags[1] = b->flags & keep;
	if (r->flags[0] < r->flags[1]) {
		swap = r->flags[0];
		r->flags[0] = r->flags[1];
		r->flags[1] = swap;
	}
}

static void add_pair(struct why *w, const struct vma *vma, bool named, uint32_t name)
{
	struct reason r = { .nomerge = vma->nomerge, .start = vma->start }, *found;
	uint8_t inferred;

	r.pair = pair_of(&w->last, vma);
	inferred = infer(w, vma, r.pair, named, name);
	/* maps and old captures lack the rules: infer those that can be seen. */
	if (!r.nomerge && inferred) {
		w->inferred = true;
		r.nomerge = inferred;
	}
	/* One of these is reason enough. */
	if (r.nomerge & VMAINFO_NOMERGE_SPECIAL)
		r.nomerge = VMAINFO_NOMERGE_SPECIAL;
	else if (r.nomerge & VMAINFO_NOMERGE_FILE)
		r.nomerge = VMAINFO_NOMERGE_FILE;
	if (r.nomerge & VMAINFO_NOMERGE_ANON_VMA)
		r.one_anon_vma = (w->last.flags ^ vma->flags) & VMAINFO_ANON_VMA;
	if (r.nomerge & VMAINFO_NOMERGE_FLAGS)
		set_flags(&r, &w->last, vma);
	else if (r.nomerge != VMAINFO_NOMERGE_FILE)
		r.pair = PAIR_ANON;
	if (w->reasons.nr >= MAX_REASONS)
		memset(r.flags, 0, sizeof(r.flags));
	r.hash = hash_of((uint64_t[]){ r.nomerge, r.pair, r.one_anon_vma, r.flags[0], r.flags[1] },
			 5);
	found = set_at(&w->reasons, set_find(&w->reasons, &r));
	found->nr++;
	w->pairs++;
}

/* Whether no old VMA begins there */
static bool is_new(struct why *w, const struct vma *vma)
{
	while (w->old < w->old_end && w->old->start < vma->start)
		w->old++;
	return w->old == w->old_end || w->old->start != vma->start;
}

static void why_add(void *arg, const struct vma *vma)
{
	static const char prefix[] = "[anon:";
	struct why *w = arg;
	const bool named = vma->name && !strncmp(vma->name, prefix, strlen(prefix));
	uint32_t name = 0;
	const char *p;

	for (p = named ? vma->name : ""; *p; p++)
		name = (name ^ (unsigned char)*p) * 0x01000193;
	if (!w->old || is_new(w, vma)) {
		groups_add(w->groups, vma);
		w->vmas++;
		w->bytes += vma_size(vma);
		if (w->last.end == vma->start && w->last.end)
			add_pair(w, vma, named, name);
	}
	w->last = *vma;
	w->last_named = named;
	w->last_name = name;
}

/* ---- text of reasons ---- */

/* "A, B and C" is built of its parts. */
static void put_part(FILE *out, const char *text)
{
	fprintf(out, "%s%s", ftell(out) ? " and " : "", text);
}

static void put_flags(FILE *out, const struct reason *r)
{
	const char *call = NULL;
	char perm[2][5], *text;
	size_t i, k;

	if ((r->flags[0] ^ r->flags[1]) & PERM) {
		for (i = 0; i < 2; i++)
			vma_perm(perm[i], &(struct vma){ .flags = r->flags[i] });
		text = xasprintf("permissions differ (%s, %s)", perm[0], perm[1]);
		put_part(out, text);
		free(text);
	}
	for (k = 0; k < 2; k++) {
		for (i = 0; flag_texts[i].text; i++) {
			if (!(r->flags[k] & ~r->flags[!k] & flag_texts[i].flag & ~PERM))
				continue;
			put_part(out, flag_texts[i].text);
			call = flag_texts[i].call;
		}
	}
	if (!(r->flags[0] & ~r->flags[1] & ~PERM) != !(r->flags[1] & ~r->flags[0] & ~PERM))
		fputs(" on one of them", out);
	else if (!call && !((r->flags[0] ^ r->flags[1]) & PERM))
		put_part(out, "protection keys or other flags differ");
}

/* To be freed */
static char *reason_text(const struct reason *r)
{
	static const char * const file[] = {
		[PAIR_ANON] = "different memory objects",
		[PAIR_ONE_FILE] = "one file, opened more than once",
		[PAIR_FILES] = "different files",
		[PAIR_MIXED] = "a file next to other memory",
	};
	char *text;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	if (r->nomerge & VMAINFO_NOMERGE_SPECIAL)
		put_part(out, "one is special: of the kernel or a driver");
	if (r->nomerge & VMAINFO_NOMERGE_FILE)
		put_part(out, file[r->pair]);
	if (r->nomerge & VMAINFO_NOMERGE_FLAGS)
		put_flags(out, r);
	if (r->nomerge & VMAINFO_NOMERGE_ANON_VMA)
		put_part(out, r->one_anon_vma ? "anon_vma shared by fork()" : "different anon_vma");
	if (r->nomerge & VMAINFO_NOMERGE_OFFSET)
		put_part(out, "offsets not contiguous");
	if (r->nomerge & VMAINFO_NOMERGE_NAME)
		put_part(out, "different names");
	if (r->nomerge & VMAINFO_NOMERGE_POLICY)
		put_part(out, "different NUMA policies");
	if (r->nomerge & VMAINFO_NOMERGE_UFFD)
		put_part(out, "different userfaultfd");
	fclose(out);
	return text;
}

/* How it came to that, or which system call sets it */
static const char *reason_hint(const struct reason *r)
{
	const uint64_t flags = r->flags[0] ^ r->flags[1];
	size_t i;

	if (r->nomerge & VMAINFO_NOMERGE_SPECIAL)
		return "never merged";
	if (r->nomerge & VMAINFO_NOMERGE_FILE)
		return r->pair == PAIR_FILES ? "each file has a VMA of its own" :
		       r->pair == PAIR_ONE_FILE ? "open() and mmap() for each part" : "mmap()";
	if (r->nomerge & VMAINFO_NOMERGE_FLAGS) {
		if (flags & PERM && r->pair == PAIR_ONE_FILE)
			return "segments of a program or library";
		if (flags & RIGHTS && (!(r->flags[0] & RIGHTS) || !(r->flags[1] & RIGHTS)))
			return "guard pages or decommitted memory (PROT_NONE)";
		if (flags & PERM)
			return "mprotect() of a part";
		for (i = 0; flag_texts[i].text; i++)
			if (flags & flag_texts[i].flag)
				return flag_texts[i].call;
		return "pkey_mprotect()";
	}
	if (r->nomerge & VMAINFO_NOMERGE_ANON_VMA)
		return r->one_anon_vma ? "touched before fork(), and mapped after it" :
		       "touched separately before they became neighbours";
	if (r->nomerge & VMAINFO_NOMERGE_OFFSET)
		return "mremap(), or parts of a file that do not follow each other";
	if (r->nomerge & VMAINFO_NOMERGE_NAME)
		return "prctl(PR_SET_VMA_ANON_NAME)";
	if (r->nomerge & VMAINFO_NOMERGE_POLICY)
		return "mbind()";
	return "ioctl(UFFDIO_REGISTER)";
}

/* Most pairs first; "no reason" comes last. */
static int compare_reasons(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	if (!x->nomerge != !y->nomerge)
		return x->nomerge ? -1 : 1;
	if (x->nr != y->nr)
		return x->nr < y->nr ? 1 : -1;
	return (x->start > y->start) - (x->start < y->start);
}

static void reason_line(struct table *t, const char *text, uint64_t nr, uint64_t start,
			const char *hint)
{
	char number[NUMBER_TEXT], example[32] = "";

	if (start)
		snprintf(example, sizeof(example), "%" PRIx64, start);
	table_line(t, (struct table_cell[]){
		{ text, "" }, { number_text(number, nr), "" }, { example, "" }, { hint, "" },
	});
}

/* Prints at most @lines lines below the heading; 0 for no limit. */
static void print_reasons(FILE *out, const struct why *w, size_t lines, bool terminal)
{
	struct table t = { .out = out, .terminal = terminal };
	const struct reason *r = (const struct reason *)w->reasons.list;
	const bool has_none = w->reasons.nr && !r[w->reasons.nr - 1].nomerge;
	const uint64_t alone = w->vmas - w->pairs;
	size_t nr = w->reasons.nr - has_none, i;
	uint64_t others = 0;
	char *text;

	table_column(&t, "why neighbours are not merged", WHAT_WIDTH, TABLE_CUT);
	table_column(&t, "pairs", NUMBER_WIDTH, TABLE_RIGHT);
	table_column(&t, "example", 0, TABLE_RIGHT);
	table_column(&t, "how it comes about", 0, TABLE_CUT);
	lines -= lines ? has_none + 1 : 0;
	for (i = 0; i < nr; i++) {
		if (lines && nr > lines && i >= lines - 1) {
			others += r[i].nr;
			continue;
		}
		text = reason_text(&r[i]);
		reason_line(&t, text, r[i].nr, r[i].start, reason_hint(&r[i]));
		free(text);
	}
	if (others)
		reason_line(&t, "other reasons", others, 0, "");
	if (has_none)
		reason_line(&t, w->inferred ? "maps does not show why" :
			    "no reason: would merge on the next mprotect()", r[nr].nr, r[nr].start,
			    "");
	if (alone)
		reason_line(&t, "no neighbour: nothing is mapped in front", alone, 0, "");
	table_end(&t);
}

static void reasons_json(struct json *j, const struct why *w)
{
	const struct reason *r;
	char *text;
	size_t i, k;

	json_open(j, "reasons", '[');
	for (i = 0; i < w->reasons.nr; i++) {
		r = set_at(&w->reasons, i);
		json_line(j);
		json_open(j, NULL, '{');
		json_int(j, "pairs", r->nr);
		json_open(j, "rules", '[');
		for (k = 0; nomerge_names[k]; k++)
			if (r->nomerge & 1 << k)
				json_text(j, NULL, nomerge_names[k]);
		json_close(j, ']');
		text = reason_text(r);
		json_text(j, "text", r->nomerge ? text : NULL);
		json_text(j, "hint", r->nomerge ? reason_hint(r) : NULL);
		json_hex(j, "example", r->start);
		json_close(j, '}');
		free(text);
	}
	putc('\n', j->out);
	json_close(j, ']');
}

/* ---- all of it ---- */

static void why_init(struct why *w)
{
	*w = (struct why){
		.groups = groups_new(),
		.reasons = { .size = sizeof(struct reason), .same = same_reason },
	};
}

static void why_sort(struct why *w)
{
	w->inferred |= !!(w->header.flags & LISTING_FROM_MAPS);
	if (w->reasons.nr)
		qsort(w->reasons.list, w->reasons.nr, w->reasons.size, compare_reasons);
}

/* Reads it. Returns 0, or the errno of listing_try(). */
static int why_read(struct why *w, pid_t pid, const char *file)
{
	int err;

	why_init(w);
	err = listing_each(&w->header, pid, file, why_add, w);
	if (err)
		return err;
	why_sort(w);
	if (!file) {
		w->limit = max_map_count();
		w->comm = process_comm(w->header.pid);
	}
	return 0;
}

static void why_free(struct why *w)
{
	groups_free(w->groups);
	set_free(&w->reasons);
	free(w->comm);
}

/* The first line, two empty lines, two headings, and the line on the source */
#define OTHER_LINES 6
#define DEFAULT_LINES 25

static void print_tables(FILE *out, const struct why *w, size_t lines, bool terminal)
{
	const size_t room = lines ? (lines - OTHER_LINES) / 2 : 0;

	putc('\n', out);
	groups_print(out, w->groups, room, terminal);
	putc('\n', out);
	print_reasons(out, w, room, terminal);
	if (w->inferred)
		fprintf(out, "These are the reasons that %s shows. The module vmainfo records all.\n",
			w->header.flags & LISTING_FROM_MAPS ? "/proc/PID/maps" : "an old capture");
}

static void print_why(FILE *out, const struct why *w, const char *file, size_t lines,
		      bool terminal)
{
	char number[NUMBER_TEXT], limit[NUMBER_TEXT];

	print_name(out, w->comm ? w->comm : strcmp(file, "-") ? file : "stdin");
	if (w->header.pid)
		fprintf(out, " (pid %d)", w->header.pid);
	fprintf(out, ": %s VMA%s", number_text(number, w->vmas),
		w->vmas == 1 ? "" : "s");
	if (w->limit)
		fprintf(out, ", %.1f %% of vm.max_map_count (%s)",
			100.0 * w->vmas / w->limit, number_text(limit, w->limit));
	if (!(w->header.flags & (VMAINFO_ATOMIC | LISTING_FROM_MAPS)))
		fputs(", not all of one instant", out);
	putc('\n', out);
	print_tables(out, w, lines, terminal);
}

int why_print(FILE *out, pid_t pid, size_t lines, bool terminal)
{
	struct why w;
	int err;

	err = why_read(&w, pid, NULL);
	if (!err)
		print_why(out, &w, NULL, lines, terminal);
	why_free(&w);
	return err;
}

void why_added(FILE *out, const struct listing *a, const struct listing *b, bool terminal)
{
	const struct vma *const end = b->vmas + b->nr - b->has_gate, *vma;
	char before[NUMBER_TEXT], after[NUMBER_TEXT], new[NUMBER_TEXT];
	struct why w;

	why_init(&w);
	w.header = b->header;
	w.old = a->vmas;
	w.old_end = a->vmas + a->nr - a->has_gate;
	for (vma = b->vmas; vma < end; vma++)
		why_add(&w, vma);
	why_sort(&w);
	fprintf(out, "%s VMAs, before %s; new are %s:\n", number_text(after, end - b->vmas),
		number_text(before, w.old_end - a->vmas), number_text(new, w.vmas));
	print_tables(out, &w, DEFAULT_LINES, terminal);
	why_free(&w);
}

static void print_json(const struct why *w)
{
	const struct listing l = { .header = w->header };
	struct json j = { .out = stdout };

	json_open(&j, NULL, '{');
	listing_json(&j, &l);
	json_text(&j, "comm", w->comm);
	json_int(&j, "vmas", w->vmas);
	json_int(&j, "total_kb", w->bytes >> 10);
	if (w->limit)
		json_int(&j, "max_map_count", w->limit);
	else
		json_null(&j, "max_map_count");
	json_int(&j, "pairs", w->pairs);
	json_bool(&j, "reasons_recorded", !w->inferred);
	groups_json(&j, "groups", w->groups);
	reasons_json(&j, w);
	json_close(&j, '}');
	putchar('\n');
}

/* ---- the command ---- */

static const char doc[] =
	"Tells why a process has so many VMAs: what they are, in groups, and why the\n"
	"kernel does not merge those that are next to each other.\n"
	"\vThe variable parts of names are '*'. Each reason has the address of a VMA that\n"
	"is not merged with the one before it. Without the module, and from copies of maps,\n"
	"only some reasons are known. why.md of the documentation explains them.";

enum { OPT_JSON = 256, OPT_ALL, OPT_FROM };

static const struct argp_option options[] = {
	{ "all", OPT_ALL, NULL, 0, "All groups and reasons, not only 25 lines", 1 },
	{ "json", OPT_JSON, NULL, 0, "JSON: an object, with a line for each group and reason", 1 },
	{ "from", OPT_FROM, "FILE", 0,
	  "A file from 'vmainfo save', or a copy of a /proc/PID/maps; - for stdin", 4 },
	{ }
};

struct arguments {
	const char *file;
	bool json;
	bool all;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_JSON:
		a->json = true;
		break;
	case OPT_ALL:
		a->all = true;
		break;
	case OPT_FROM:
		a->file = arg;
		break;
	case ARGP_KEY_END:
		if (!operands.nr == !a->file)
			argp_error(state, a->file ? "a process and --from exclude each other" :
				   "missing operand: a process, or --from");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int why_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &process_argp, 0, NULL, 0 }, { } };
	static const struct argp argp = {
		options, parse, "PID|NAME", doc, children, NULL, NULL
	};
	struct arguments a = { };
	pid_t pid = 0;
	struct why w;
	int err;

	operands = (struct operands){ .max = 1, .what = "one process at a time" };
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (operands.nr)
		pid = process_find(operands.list[0]);
	err = why_read(&w, pid, a.file);
	if (err)
		error(exit_failure, err, "process %d", pid);
	if (a.json)
		print_json(&w);
	else
		print_why(stdout, &w, a.file, a.all ? 0 : DEFAULT_LINES, isatty(STDOUT_FILENO));
	why_free(&w);
	return EXIT_SUCCESS;
}
