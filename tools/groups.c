// SPDX-License-Identifier: GPL-2.0
/* What VMAs a process has, in groups; see groups.h. */
#include <ctype.h>

#include "groups.h"
#include "table.h"

/* ---- sets ---- */

void *set_at(const struct set *s, size_t i)
{
	return s->list + i * s->size;
}

static uint32_t *set_slot(const struct set *s, const void *key)
{
	size_t at = *(const uint32_t *)key & (s->nr_slots - 1);

	while (s->slots[at] && !s->same(set_at(s, s->slots[at] - 1), key))
		at = (at + 1) & (s->nr_slots - 1);
	return &s->slots[at];
}

size_t set_find(struct set *s, const void *key)
{
	uint32_t *slot;
	size_t i;

	if (2 * s->nr >= s->nr_slots) {
		s->nr_slots = s->nr_slots ? 2 * s->nr_slots : 64;
		free(s->slots);
		s->slots = xreallocarray(NULL, s->nr_slots, sizeof(*s->slots));
		memset(s->slots, 0, s->nr_slots * sizeof(*s->slots));
		for (i = 0; i < s->nr; i++)
			*set_slot(s, set_at(s, i)) = i + 1;
	}
	slot = set_slot(s, key);
	if (*slot)
		return *slot - 1;
	s->list = array_grow(s->list, s->nr, s->size);
	memcpy(set_at(s, s->nr), key, s->size);
	*slot = ++s->nr;
	return s->nr - 1;
}

void set_free(struct set *s)
{
	free(s->list);
	free(s->slots);
}

/* As hash_64() in the kernel: the multiplier spreads each bit to higher bits. */
uint32_t hash_of(const uint64_t *parts, size_t nr)
{
	uint64_t sum = 0;

	while (nr--) {
		sum = (sum ^ *parts++) * 0x61c8864680b583ebull;
		sum ^= sum >> 32;
	}
	return sum;
}

uint32_t hash_text(const char *text)
{
	uint64_t sum = 0;

	for (; *text; text++)
		sum = hash_of((uint64_t[]){ sum, *text }, 2);
	return sum;
}

/* ---- names ---- */

#define FOLDED 256
static const char deleted[] = " (deleted)";

static bool is_uuid(const char *p)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i]; i++)
		if (form[i] == '-' ? p[i] != '-' : !isxdigit((unsigned char)p[i]))
			return false;
	return true;
}

/*
 * How many characters at the beginning of an alphanumeric word are the same in
 * names of one kind: all of "index", the letters of "Lucene90", none of "_9cu3",
 * "41" or "deadbeef".
 */
static size_t fixed_part(const char *word, size_t len)
{
	size_t letters = 0, hex = 0, digits, i;

	while (letters < len && !isdigit((unsigned char)word[letters]))
		letters++;
	for (digits = letters; digits < len && isdigit((unsigned char)word[digits]);)
		digits++;
	for (i = 0; i < len; i++)
		hex += !!isxdigit((unsigned char)word[i]);
	if (letters == len)
		return len >= 8 && hex == len ? 0 : len;
	return letters >= 3 && digits == len ? letters : 0;
}

/*
 * Lucene has numbers in base 36, and "_9cu3_38_Lucene90_0.dvd" can be
 * "_abcd_zz_Lucene90_0.dvd".
 */
static bool is_base36(const char *name, const char *word, size_t len)
{
	size_t i;

	if (word < name + 2 || word[-1] != '_' || len > 6 || (word[-2] != '/' && len > 3))
		return false;
	for (i = 0; i < len; i++)
		if (isupper((unsigned char)word[i]))
			return false;
	return word[len] == '_' || (word[len] == '.' && word[-2] == '/');
}

/*
 * Copies a name, with '*' for digits, hexadecimal numbers, UUIDs, and what is
 * between two of these. Of a long name, only the end is copied.
 */
static void fold(char to[FOLDED], const char *name, size_t len)
{
	const char *p = name + (len < FOLDED ? 0 : len - FOLDED + 1), *end = name + len;
	char *const start = to;
	size_t word, fixed;

	while (p < end) {
		for (word = 0; p + word < end && isalnum((unsigned char)p[word]);)
			word++;
		if (!word) {
			*to++ = *p++;
			continue;
		}
		fixed = is_base36(name, p, word) ? 0 : fixed_part(p, word);
		if (end - p >= 36 && is_uuid(p)) {
			word = 36;
			fixed = 0;
		}
		to = mempcpy(to, p, fixed);
		p += word;
		if (fixed == word)
			continue;
		/* "*_*" becomes "*". */
		if (!fixed && to - start >= 2 && to[-2] == '*' && to[-1] != '/')
			to--;
		else
			*to++ = '*';
	}
	*to = 0;
}

/* ".so" of "/lib/libm.so.*"; "" without one. Returns @buf. */
static char *extension(char buf[FOLDED], const char *name)
{
	const char *slash = strrchr(name, '/'), *dot;
	size_t len;

	name = slash ? slash + 1 : name;
	len = strlen(name);
	while (len >= 2 && !memcmp(name + len - 2, ".*", 2))
		len -= 2;
	*buf = 0;
	for (dot = name + len - !!len; dot > name && *dot != '.';)
		dot--;
	if (dot > name && name + len - dot < FOLDED - 1)
		*(char *)mempcpy(buf, dot, name + len - dot) = 0;
	return buf;
}

/* ---- groups ---- */

const struct flag_text flag_texts[] = {
	{ VMAINFO_HUGEPAGE, "MADV_HUGEPAGE", "madvise()" },
	{ VMAINFO_NOHUGEPAGE, "MADV_NOHUGEPAGE", "madvise()" },
	{ VMAINFO_LOCKED, "locked", "mlock()" },
	{ VMAINFO_LOCKONFAULT, "MLOCK_ONFAULT", "mlock2()" },
	{ VMAINFO_SEQ_READ, "MADV_SEQUENTIAL", "madvise()" },
	{ VMAINFO_RAND_READ, "MADV_RANDOM", "madvise()" },
	{ VMAINFO_DONTDUMP, "MADV_DONTDUMP", "madvise()" },
	{ VMAINFO_DONTCOPY, "MADV_DONTFORK", "madvise()" },
	{ VMAINFO_WIPEONFORK, "MADV_WIPEONFORK", "madvise()" },
	{ VMAINFO_MERGEABLE, "MADV_MERGEABLE", "madvise()" },
	{ VMAINFO_SEALED, "sealed", "mseal()" },
	{ VMAINFO_UFFD_MISSING, "userfaultfd: missing pages", "ioctl(UFFDIO_REGISTER)" },
	{ VMAINFO_UFFD_WP, "userfaultfd: write protection", "ioctl(UFFDIO_REGISTER)" },
	{ VMAINFO_UFFD_MINOR, "userfaultfd: minor faults", "ioctl(UFFDIO_REGISTER)" },
	{ VMAINFO_UFFD_RWP, "userfaultfd: protection", "ioctl(UFFDIO_REGISTER)" },
	/* The others are not part of a class. */
	{ VMAINFO_GROWSDOWN, "MAP_GROWSDOWN", "mmap()" },
	{ VMAINFO_NORESERVE, "MAP_NORESERVE", "mmap()" },
	{ VMAINFO_HUGETLB, "MAP_HUGETLB", "mmap()" },
	{ VMAINFO_SYNC, "MAP_SYNC", "mmap()" },
	{ VMAINFO_DROPPABLE, "MAP_DROPPABLE", "mmap()" },
	{ VMAINFO_MTE, "PROT_MTE", "mprotect()" },
	{ VMAINFO_BTI, "PROT_BTI", "mprotect()" },
	{ VMAINFO_SHADOW_STACK, "a shadow stack", "map_shadow_stack()" },
	{ VMAINFO_ACCOUNT, "accounted memory",
	  "MAP_NORESERVE, or mprotect() after PROT_NONE" },
	{ VMAINFO_MAYBE_GUARD, "MADV_GUARD_INSTALL", "madvise()" },
	{ VMAINFO_MAYREAD | VMAINFO_MAYWRITE | VMAINFO_MAYEXEC | VMAINFO_SHARED,
	  "permissions that mprotect() may set", "the mode that the file was opened with" },
	{ VMAINFO_IO | VMAINFO_PFNMAP | VMAINFO_MIXEDMAP | VMAINFO_DONTEXPAND,
	  "memory of a device", "its driver" },
	{ VMAINFO_ARCH_1 | VMAINFO_DENYWRITE, "a flag of the kernel", "the kernel" },
	{ VMAINFO_OTHER, "a flag that the module does not know", "the kernel" },
	{ }
};

/* VMAs that differ in nothing but size and the variable parts of their names */
struct class {
	uint32_t hash;
	uint8_t kind;
	bool varies;		/* they have several names */
	uint64_t flags;		/* PERM, VMAINFO_DELETED, and those of CLASS_FLAGS */
	char *name;		/* folded; "" without a name */
	char *first;		/* name of the first one */
	uint64_t nr;
	/*
	 * The numbers, plus 1, of one or two classes that come between two VMAs
	 * of this class: the candidate of a majority vote (Boyer and Moore).
	 * @times is how often they came since they are the candidate.
	 */
	uint32_t between[2];
	uint32_t times, votes;
};

/* VMAs of a class that have the same size */
struct group {
	uint32_t hash;
	uint32_t class;
	uint64_t size;		/* 0: of several sizes */
	uint64_t nr;
	uint64_t bytes;
	uint64_t start;		/* of the first one */
};

struct groups {
	struct set classes, groups;
	uint32_t last[3];	/* numbers of the last classes plus 1 */
	uint64_t vmas;
};

/* Beyond this, names become "*" and an extension; beyond twice this, "*". */
#define MAX_CLASSES 50000
/* Further sizes are put together. */
#define MAX_GROUPS (1 << 20)

static bool same_class(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	return x->hash == y->hash && x->kind == y->kind && x->flags == y->flags &&
	       !strcmp(x->name, y->name);
}

/* Sets the hash of all that same_class() compares. */
static void class_hash(struct class *c)
{
	uint64_t parts[FOLDED / 8 + 2] = { c->kind, c->flags };

	memcpy(parts + 2, c->name, strlen(c->name));
	c->hash = hash_of(parts, 2 + (strlen(c->name) + 7) / 8);
}

static bool same_group(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->class == y->class && x->size == y->size;
}

struct groups *groups_new(void)
{
	struct groups *g = xmalloc(sizeof(*g));

	*g = (struct groups){
		.classes = { .size = sizeof(struct class), .same = same_class },
		.groups = { .size = sizeof(struct group), .same = same_group },
	};
	return g;
}

void groups_free(struct groups *g)
{
	struct class *c;
	size_t i;

	for (i = 0; i < g->classes.nr; i++) {
		c = set_at(&g->classes, i);
		free(c->name);
		free(c->first);
	}
	set_free(&g->classes);
	set_free(&g->groups);
	free(g);
}

static uint64_t class_flags(void)
{
	uint64_t flags = PERM;
	size_t i;

	for (i = 0; i < CLASS_FLAGS; i++)
		flags |= flag_texts[i].flag;
	return flags;
}

/* The length of a name without what the kernel appends to that of a deleted file */
static size_t name_length(const struct vma *vma, bool *is_deleted)
{
	const size_t len = vma->name ? strlen(vma->name) : 0, end = strlen(deleted);

	*is_deleted = len > end && vma->ino && !strcmp(vma->name + len - end, deleted);
	return len - (*is_deleted ? end : 0);
}

static size_t class_of(struct groups *g, const struct vma *vma)
{
	static uint64_t flags;
	bool is_deleted;
	const size_t len = name_length(vma, &is_deleted);
	const size_t tail = len < FOLDED ? len : FOLDED - 1;
	struct class key = { .kind = vma->kind }, *c;
	char name[FOLDED], ext[FOLDED];
	size_t nr = g->classes.nr, i;

	flags = flags ?: class_flags();
	key.flags = (vma->flags & flags) | (is_deleted ? VMAINFO_DELETED : 0);
	fold(name, vma->name ?: "", len);
	if (nr >= MAX_CLASSES && len)
		sprintf(name, "*%s", nr < 2 * MAX_CLASSES ? extension(ext, name) : "");
	key.name = name;
	class_hash(&key);
	i = set_find(&g->classes, &key);
	c = set_at(&g->classes, i);
	if (g->classes.nr > nr) {
		c->name = xstrdup(name);
		c->first = xmalloc(tail + 1);
		*(char *)mempcpy(c->first, vma->name ? vma->name + len - tail : "", tail) = 0;
	} else if (tail && !c->varies) {
		c->varies = strlen(c->first) != tail ||
			    memcmp(c->first, vma->name + len - tail, tail);
	}
	c->nr++;
	return i;
}

/* Looks for a class that alternates with one or two others. */
static void note_between(struct groups *g, uint32_t now)
{
	const uint32_t a = g->last[0], b = g->last[1], c = g->last[2];
	struct class *class = set_at(&g->classes, now - 1);

	g->last[2] = b;
	g->last[1] = a;
	g->last[0] = now;
	if (!a || a == now || (b != now && (c != now || a == b)))
		return;
	if (class->between[0] == a && class->between[1] == (b == now ? 0 : b)) {
		class->votes++;
		class->times++;
	} else if (class->votes) {
		class->votes--;
	} else {
		class->between[0] = a;
		class->between[1] = b == now ? 0 : b;
		class->votes = 1;
		class->times = 1;
	}
}

void groups_add(struct groups *g, const struct vma *vma)
{
	struct group key = { .size = vma_size(vma), .start = vma->start }, *group;

	key.class = class_of(g, vma);
	note_between(g, key.class + 1);
	if (g->groups.nr >= MAX_GROUPS)
		key.size = 0;
	key.hash = hash_of((uint64_t[]){ key.class, key.size }, 2);
	group = set_at(&g->groups, set_find(&g->groups, &key));
	group->nr++;
	group->bytes += vma_size(vma);
	g->vmas++;
}

/* ---- the rows of the first table ---- */

struct row {
	const struct class *class;	/* NULL: of several kinds */
	uint64_t size;		/* 0: of several sizes */
	uint64_t nr;
	uint64_t bytes;
	uint64_t start;
	size_t names;		/* 0, or more than 1 if it has several classes */
	unsigned int others;	/* how many of the next rows it alternates with */
	bool placed;
};

struct rows {
	struct row *list;
	size_t nr;
};

/* Most VMAs first */
static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->start > y->start) - (x->start < y->start);
}

static struct row *row_add(struct rows *rows, struct row row)
{
	rows->list = array_grow(rows->list, rows->nr, sizeof(*rows->list));
	rows->list[rows->nr] = row;
	return &rows->list[rows->nr++];
}

static void row_sum(struct row *to, const struct row *row)
{
	if (to->size != row->size)
		to->size = 0;
	if (!to->nr || row->start < to->start)
		to->start = row->start;
	to->nr += row->nr;
	to->bytes += row->bytes;
}

/*
 * Whether a size has a row of its own: if more than a quarter of its class has
 * it, or more than half if names differ, too.
 */
static bool size_repeats(const struct group *group, const struct class *c)
{
	return group->nr == c->nr ||
	       (group->size && group->nr >= 3 && (c->varies ? 2 : 4) * group->nr > c->nr);
}

static void rows_of_groups(struct rows *rows, const struct groups *g)
{
	const struct group *group;
	const struct class *c;
	struct row row;
	size_t *rest = xreallocarray(NULL, g->classes.nr, sizeof(*rest)), i;

	memset(rest, 0, g->classes.nr * sizeof(*rest));
	for (i = 0; i < g->groups.nr; i++) {
		group = set_at(&g->groups, i);
		c = set_at(&g->classes, group->class);
		row = (struct row){
			.class = c, .size = group->size, .nr = group->nr, .bytes = group->bytes,
			.start = group->start,
		};
		if (size_repeats(group, c)) {
			row_add(rows, row);
		} else if (rest[group->class]) {
			row_sum(&rows->list[rest[group->class] - 1], &row);
		} else {
			row_add(rows, row);
			rest[group->class] = rows->nr;
		}
	}
	free(rest);
}

/* Puts rows together that have less than 2 % of the VMAs, and differ in their names. */
static void merge_names(struct rows *rows, uint64_t vmas)
{
	struct set similar = { .size = sizeof(struct class), .same = same_class };
	size_t *at = xreallocarray(NULL, rows->nr, sizeof(*at)), i, k, kept = 0, nr;
	char ext[FOLDED];
	struct class key;
	struct row *row;

	for (i = 0; i < rows->nr; i++) {
		row = &rows->list[i];
		if (50 * row->nr >= vmas || !*row->class->name) {
			rows->list[kept++] = *row;
			continue;
		}
		key = (struct class){
			.kind = row->class->kind, .flags = row->class->flags,
			.name = extension(ext, row->class->name),
		};
		class_hash(&key);
		nr = similar.nr;
		k = set_find(&similar, &key);
		if (similar.nr > nr) {
			((struct class *)set_at(&similar, k))->name = xstrdup(ext);
			at[k] = kept;
			rows->list[kept++] = *row;
			continue;
		}
		if (rows->list[at[k]].class != row->class)
			rows->list[at[k]].names += rows->list[at[k]].names ? 1 : 2;
		row_sum(&rows->list[at[k]], row);
	}
	rows->nr = kept;
	for (i = 0; i < similar.nr; i++)
		free(((struct class *)set_at(&similar, i))->name);
	set_free(&similar);
	free(at);
}

/* The number of a class plus 1 */
static size_t class_number(const struct groups *g, const struct class *c)
{
	return c - (const struct class *)g->classes.list + 1;
}

/* Puts rows of classes that alternate behind each other. */
static void place_rows(struct rows *rows, const struct groups *g)
{
	struct rows placed = {};
	/* The row of each class that has the most VMAs; NULL without one */
	struct row **largest = xreallocarray(NULL, g->classes.nr + 1, sizeof(*largest));
	struct row *row, *next[2];
	const struct class *c;
	size_t i, k;

	memset(largest, 0, (g->classes.nr + 1) * sizeof(*largest));
	for (i = rows->nr; i-- > 0;)
		largest[class_number(g, rows->list[i].class)] = &rows->list[i];
	for (i = 0; i < rows->nr; i++) {
		row = &rows->list[i];
		if (row->placed)
			continue;
		c = row->class;
		row->placed = true;
		row->others = 0;
		/* Half of the class alternates, and half of it is in the row. */
		if (!row->names && c->nr >= 4 && 2 * (uint64_t)c->times >= c->nr &&
		    2 * row->nr >= c->nr) {
			for (k = 0; k < 2; k++) {
				next[k] = largest[c->between[k]];
				if (next[k] && (next[k]->placed || next[k]->names))
					next[k] = NULL;
			}
			row->others = next[0] && (next[1] || !c->between[1]) ? 1 + !!next[1] : 0;
		}
		k = row->others;
		row_add(&placed, *row);
		while (k--) {
			next[k]->placed = true;
			row_add(&placed, *next[k]);
		}
	}
	free(largest);
	free(rows->list);
	*rows = placed;
}

/* Makes the rows; at most @lines, unless that is 0. The last one can be of several kinds. */
static void rows_make(struct rows *rows, const struct groups *g, size_t lines)
{
	struct row others = {};
	size_t i;

	rows_of_groups(rows, g);
	if (lines)
		merge_names(rows, g->vmas);
	if (rows->nr)
		qsort(rows->list, rows->nr, sizeof(*rows->list), compare_rows);
	place_rows(rows, g);
	if (!lines || rows->nr <= lines)
		return;
	others.names = rows->nr - (lines - 1);
	for (i = lines - 1; i < rows->nr; i++)
		row_sum(&others, &rows->list[i]);
	others.size = 0;
	rows->nr = lines - 1;
	for (i = 0; i < rows->nr; i++)
		if (i + rows->list[i].others >= rows->nr)
			rows->list[i].others = 0;
	row_add(rows, others);
}

/* ---- text ---- */

char *number_text(char buf[NUMBER_TEXT], uint64_t value)
{
	char digits[NUMBER_TEXT], *p = buf;
	const int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	int i;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = 0;
	return buf;
}

/* The end of a name, from a slash on if possible. */
#define SHORT_NAME 36

static char *short_name(const char *name, bool all)
{
	char *text = printable(name, 0), *from, *result;
	size_t len = strlen(text);

	if (all || len <= SHORT_NAME)
		return text;
	from = text + len - SHORT_NAME + 3;
	while (*from && !is_first_byte(*from))
		from++;
	from = strchr(from, '/') ?: from;
	result = xasprintf("...%s", from);
	free(text);
	return result;
}

/* What a row is of: "anon    rw-p   84 K each", "file    r--s .../_*.dvd (deleted)" */
static char *row_text(const struct row *row, bool all)
{
	const struct class *c = row->class;
	char perm[5], size[SIZE_TEXT], ext[FOLDED], number[NUMBER_TEXT], *name, *text;
	const bool each = row->size && row->nr > 1;

	if (!c)
		return xasprintf("%s other groups", number_text(number, row->names));
	if (row->names && *extension(ext, c->name))
		name = xasprintf("*%s, %zu names", ext, row->names);
	else if (row->names)
		name = xasprintf("%zu names", row->names);
	else
		name = short_name(c->varies ? c->name : c->first, all);
	text = xasprintf("%-7s %s %s%s%s%*s%s", kind_name(c->kind),
			 vma_perm(perm, &(struct vma){ .flags = c->flags }), name,
			 c->flags & VMAINFO_DELETED ? deleted : "", each && *name ? ", " : "",
			 each && !*name ? 6 : 0, each ? size_text(size, row->size) : "",
			 each ? " each" : "");
	free(name);
	return text;
}

/* The flags of a class, and what the row alternates with */
static char *row_note(const struct row *row)
{
	static const char * const others[] = {
		"", "alternating with the next row", "alternating with the next two rows",
	};
	char *text;
	size_t size, i;
	FILE *out = xopen_memstream(&text, &size);

	for (i = 0; row->class && i < CLASS_FLAGS; i++)
		if (row->class->flags & flag_texts[i].flag)
			fprintf(out, "%s%s", ftell(out) ? ", " : "", flag_texts[i].text);
	if (row->others)
		fprintf(out, "%s%s", ftell(out) ? ", " : "", others[row->others]);
	fclose(out);
	return text;
}

void groups_print(FILE *out, const struct groups *g, size_t lines, bool terminal)
{
	struct table t = { .out = out, .terminal = terminal };
	char number[NUMBER_TEXT], size[SIZE_TEXT], *what, *more;
	struct rows rows = {};
	size_t i;

	rows_make(&rows, g, lines);
	table_column(&t, "what they are", WHAT_WIDTH, TABLE_CUT);
	table_column(&t, "VMAs", NUMBER_WIDTH, TABLE_RIGHT);
	table_column(&t, "size", 6, TABLE_RIGHT);
	table_column(&t, "notes", 0, TABLE_CUT);
	for (i = 0; i < rows.nr; i++) {
		what = row_text(&rows.list[i], !lines);
		more = row_note(&rows.list[i]);
		table_line(&t, (struct table_cell[]){
			{ what, "" }, { number_text(number, rows.list[i].nr), "" },
			{ size_text(size, rows.list[i].bytes), "" }, { more, "" },
		});
		free(what);
		free(more);
	}
	table_end(&t);
	free(rows.list);
}

void groups_json(struct json *j, const char *key, const struct groups *g)
{
	char flags[FLAGS_TEXT], perm[5];
	struct rows rows = {};
	const struct row *row;
	const struct class *c;
	struct vma vma = {};
	size_t i;

	rows_make(&rows, g, 0);
	json_open(j, key, '[');
	for (i = 0; i < rows.nr; i++) {
		row = &rows.list[i];
		c = row->class;
		vma.flags = c->flags & ~PERM;
		json_line(j);
		json_open(j, NULL, '{');
		json_int(j, "vmas", row->nr);
		json_int(j, "size_kb", row->bytes >> 10);
		if (row->size)
			json_int(j, "each_kb", row->size >> 10);
		else
			json_null(j, "each_kb");
		json_text(j, "kind", kind_name(c->kind));
		json_text(j, "perm", vma_perm(perm, &(struct vma){ .flags = c->flags }));
		json_list(j, "flags", strcmp(vma_flags(flags, &vma), "-") ? flags : "");
		json_bool(j, "deleted", c->flags & VMAINFO_DELETED);
		json_text(j, "name", *c->name ? c->varies ? c->name : c->first : NULL);
		json_bool(j, "folded", c->varies);
		json_hex(j, "example", row->start);
		json_int(j, "alternates_with_next", row->others);
		json_close(j, '}');
	}
	putc('\n', j->out);
	json_close(j, ']');
	free(rows.list);
}
