// SPDX-License-Identifier: GPL-2.0
/*
 * The difference between two listings, see changes.h. Both are sorted and have
 * no overlaps, so walking both at once finds all pairs of VMAs that share
 * addresses. Addresses are kept where a pair is of the same memory. Other
 * addresses were unmapped, or are new.
 */
#include "changes.h"

#define RIGHTS (VMAINFO_READ | VMAINFO_WRITE | VMAINFO_EXEC)
/* These follow from others, or change by themselves. */
#define IGNORED (RIGHTS | VMAINFO_SHARED | VMAINFO_MAYSHARE | VMAINFO_ANON_VMA | VMAINFO_SOFTDIRTY)
/* Later kernels have more bits, without a name here. */
#define NAMED (((VMAINFO_MAYBE_GUARD << 1) - 1) | VMAINFO_OTHER)

struct comparison {
	const struct listing *before, *after;
	bool from_maps;		/* one of them: there are no flags, and kinds are guesses */
	bool memory;		/* both have it */
};

static struct change *list_add(struct changes *l, enum change_what what, uint64_t start,
			       uint64_t end, const struct vma *before, const struct vma *after)
{
	l->list = array_grow(l->list, l->nr, sizeof(*l->list));
	l->list[l->nr] = (struct change){
		.what = what, .start = start, .end = end, .before = before, .after = after,
	};
	return &l->list[l->nr++];
}

/* From maps, a name has a newline also where it has the letters \012. */
static bool same_name(const struct comparison *c, const struct vma *a, const struct vma *b)
{
	static const char escape[] = "\\012";
	const char *p = a->name ?: "", *q = b->name ?: "";
	size_t p_skip, q_skip;

	if (!c->from_maps)
		return !strcmp(p, q);
	for (; *p && *q; p += p_skip, q += q_skip) {
		p_skip = strncmp(p, escape, strlen(escape)) ? 1 : strlen(escape);
		q_skip = strncmp(q, escape, strlen(escape)) ? 1 : strlen(escape);
		if ((p_skip > 1 ? '\n' : *p) != (q_skip > 1 ? '\n' : *q))
			return false;
	}
	return *p == *q;
}

/* Private anonymous memory. Heap and stack are only labels of parts of it. */
static bool is_anon(const struct vma *vma)
{
	return !vma->ino && (vma->kind == VMAINFO_KIND_ANON || vma->kind == VMAINFO_KIND_HEAP ||
			     vma->kind == VMAINFO_KIND_STACK);
}

/* Whether the addresses that two VMAs share are the same memory in both */
static bool same_memory(const struct comparison *c, const struct vma *a, const struct vma *b)
{
	if ((a->flags ^ b->flags) & VMAINFO_MAYSHARE)
		return false;
	if (a->ino || b->ino)
		return a->ino == b->ino && a->dev_major == b->dev_major &&
		       a->dev_minor == b->dev_minor && a->offset - a->start == b->offset - b->start;
	if (is_anon(a) && is_anon(b))
		return true;
	if (!same_name(c, a, b))
		return false;
	return c->from_maps || (a->kind == b->kind && !strcmp(a->ops ?: "", b->ops ?: ""));
}

/* The flags that differ, without those that follow from other changes */
static uint64_t other_flags(const struct comparison *c, const struct vma *a, const struct vma *b)
{
	uint64_t flags = (a->flags ^ b->flags) & NAMED & ~IGNORED;

	if (c->from_maps)
		return 0;
	/* Memory that becomes writable is accounted from then on. */
	if ((a->flags ^ b->flags) & VMAINFO_WRITE)
		flags &= ~VMAINFO_ACCOUNT;
	return flags;
}

/* What the listing knows of a VMA */
static const struct memory *memory_of(const struct listing *l, const struct vma *vma)
{
	const struct memory *m = &l->memory[vma - l->vmas];

	return m->known ? m : NULL;
}

/* Finds addresses that are not the same memory on the other side. */
static void find_unmatched(struct changes *l, const struct comparison *c, bool before)
{
	const struct listing *of = before ? c->before : c->after;
	const struct listing *in = before ? c->after : c->before;
	struct change *change = NULL;
	size_t i, first = 0, j;
	uint64_t at, to;

	for (i = 0; i < listing_vmas(of); i++) {
		const struct vma *vma = &of->vmas[i], *other;

		while (first < listing_vmas(in) && in->vmas[first].end <= vma->start)
			first++;
		at = vma->start;
		for (j = first, other = vma; other; j++) {
			other = j < listing_vmas(in) && in->vmas[j].start < vma->end ?
				&in->vmas[j] : NULL;
			if (other && !same_memory(c, vma, other))
				continue;
			to = other ? other->start : vma->end;
			if (to > at && before)
				change = list_add(l, (at == vma->start) != (to == vma->end) ?
						  CHANGE_SHRUNK : CHANGE_UNMAPPED, at, to, vma,
						  NULL);
			else if (to > at)
				change = list_add(l, at == vma->start && to == vma->end ?
						  CHANGE_MAPPED : CHANGE_GROWN, at, to, NULL, vma);
			if (to > at && c->memory && to - at == vma_size(vma))
				change->memory[!before] = memory_of(of, vma);
			if (other)
				at = other->end;
		}
	}
}

/* Whether no VMA of @l but @vma has addresses of @other */
static bool is_only_one(const struct listing *l, const struct vma *vma, const struct vma *other)
{
	return (vma == l->vmas || vma[-1].end <= other->start) &&
	       (vma + 1 == l->vmas + listing_vmas(l) || vma[1].start >= other->end);
}

/* Pss also changes with other processes. */
static bool memory_differs(const struct memory *a, const struct memory *b)
{
	static const enum memory_field fields[] = { MEMORY_RSS, MEMORY_DIRTY, MEMORY_SWAP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (a->value[fields[i]] != b->value[fields[i]])
			return true;
	return false;
}

/* @a and @b are the same memory from @start to @end. */
static void compare_memory(struct changes *l, const struct comparison *c, uint64_t start,
			   uint64_t end, const struct vma *a, const struct vma *b)
{
	const struct memory *before, *after;
	struct change *change;

	if (!c->memory || !is_only_one(c->before, a, b) || !is_only_one(c->after, b, a))
		return;
	before = memory_of(c->before, a);
	after = memory_of(c->after, b);
	if (!before || !after || !memory_differs(before, after))
		return;
	change = list_add(l, CHANGE_MEMORY, start, end, a, b);
	change->memory[0] = before;
	change->memory[1] = after;
}

/* Finds addresses that are the same memory on both sides, with a difference. */
static void find_changed(struct changes *l, const struct comparison *c)
{
	const struct vma *a = c->before->vmas, *a_end = a + listing_vmas(c->before);
	const struct vma *b = c->after->vmas, *b_end = b + listing_vmas(c->after);
	const struct vma *last_a = NULL, *last_b = NULL;
	uint64_t last = 0;	/* where the last addresses end that are the same in all respects */

	while (a < a_end && b < b_end) {
		const uint64_t start = a->start > b->start ? a->start : b->start;
		const uint64_t end = a->end < b->end ? a->end : b->end;

		if (start < end && same_memory(c, a, b)) {
			const uint64_t flags = other_flags(c, a, b);
			const bool policy = !c->from_maps && a->policy != b->policy;
			const bool rights = (a->flags ^ b->flags) & RIGHTS;
			const bool renamed = !same_name(c, a, b) &&
					     !(is_anon(a) && a->kind != b->kind);

			l->kept = true;
			if (rights || renamed || flags || policy) {
				struct change *change;

				change = list_add(l, rights ? CHANGE_PROTECTED : renamed ?
						  CHANGE_RENAMED : CHANGE_FLAGS, start, end, a, b);
				change->flags = flags;
				change->policy = policy;
				change->renamed = renamed;
			} else {
				if (last == start && last_a == a)
					list_add(l, CHANGE_SPLIT, start, start, a, b);
				else if (last == start && last_b == b)
					list_add(l, CHANGE_MERGED, start, start, a, b);
				last = end;
				last_a = a;
				last_b = b;
			}
			compare_memory(l, c, start, end, a, b);
		}
		if (a->end == end)
			a++;
		if (b->end == end)
			b++;
	}
}

/* ---- moves ---- */

/* Whether it can be recognized at other addresses */
static bool has_identity(const struct vma *vma)
{
	return vma->ino || vma->kind == VMAINFO_KIND_HEAP || vma->kind == VMAINFO_KIND_STACK ||
	       vma->kind == VMAINFO_KIND_VDSO || vma->kind == VMAINFO_KIND_VVAR;
}

static int compare_identity(const struct vma *a, const struct vma *b)
{
	const uint64_t differ = (a->flags ^ b->flags) & (RIGHTS | VMAINFO_MAYSHARE);
	const uint64_t parts[][2] = {
		{ a->ino, b->ino }, { a->dev_major, b->dev_major }, { a->dev_minor, b->dev_minor },
		{ a->offset, b->offset }, { vma_size(a), vma_size(b) }, { a->kind, b->kind },
		{ a->flags & differ, b->flags & differ },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i][0] != parts[i][1])
			return parts[i][0] < parts[i][1] ? -1 : 1;
	return strcmp(a->name ?: "", b->name ?: "");
}

static const struct vma *vma_of(const struct change *change)
{
	return change->before ?: change->after;
}

/* By identity; those of one identity stay in address order. */
static int compare_changes(const void *a, const void *b)
{
	const struct change *x = *(struct change * const *)a, *y = *(struct change * const *)b;

	return compare_identity(vma_of(x), vma_of(y)) ?: (x > y) - (x < y);
}

/* Returns the changes of whole VMAs that can have moved, sorted. To be freed. */
static struct change **movable(struct changes *l, enum change_what what, size_t *nr)
{
	struct change **found = xreallocarray(NULL, l->nr, sizeof(*found)), *c;

	*nr = 0;
	for (c = l->list; c < l->list + l->nr; c++)
		if (c->what == what && c->end - c->start == vma_size(vma_of(c)) &&
		    has_identity(vma_of(c)))
			found[(*nr)++] = c;
	qsort(found, *nr, sizeof(*found), compare_changes);
	return found;
}

/*
 * Replaces a pair of unmapped and mapped by one change, and removes it from
 * @gone. The first of several equal VMAs becomes the first one.
 */
static void find_moved(struct changes *gone, struct changes *came)
{
	size_t nr_old, nr_new, i = 0, j = 0, kept = 0;
	struct change **old = movable(gone, CHANGE_UNMAPPED, &nr_old);
	struct change **new = movable(came, CHANGE_MAPPED, &nr_new);
	int order;

	while (i < nr_old && j < nr_new) {
		order = compare_identity(old[i]->before, new[j]->after);
		if (!order) {
			new[j]->what = CHANGE_MOVED;
			new[j]->before = old[i]->before;
			new[j]->memory[0] = old[i]->memory[0];
			old[i]->before = NULL;
		}
		i += order <= 0;
		j += order >= 0;
	}
	for (i = 0; i < gone->nr; i++)
		if (gone->list[i].before)
			gone->list[kept++] = gone->list[i];
	gone->nr = kept;
	free(old);
	free(new);
}

/* ---- all of it ---- */

void changes_between(struct changes *c, const struct listing *before, const struct listing *after)
{
	const struct comparison comparison = {
		.before = before,
		.after = after,
		.from_maps = listing_is_from_maps(before) || listing_is_from_maps(after),
		.memory = before->memory && after->memory,
	};
	/* Unmapped, mapped, changed: the order at equal addresses */
	struct changes lists[3] = {};
	size_t at[3] = {}, i, first;

	find_unmatched(&lists[0], &comparison, true);
	find_unmatched(&lists[1], &comparison, false);
	find_changed(&lists[2], &comparison);
	find_moved(&lists[0], &lists[1]);

	*c = (struct changes){ .kept = lists[2].kept };
	c->list = xreallocarray(NULL, lists[0].nr + lists[1].nr + lists[2].nr, sizeof(*c->list));
	for (;;) {
		for (first = 3, i = 0; i < 3; i++)
			if (at[i] < lists[i].nr &&
			    (first == 3 || lists[i].list[at[i]].start <
					   lists[first].list[at[first]].start))
				first = i;
		if (first == 3)
			break;
		c->list[c->nr++] = lists[first].list[at[first]++];
	}
	for (i = 0; i < 3; i++)
		free(lists[i].list);
}

void changes_free(struct changes *c)
{
	free(c->list);
	memset(c, 0, sizeof(*c));
}

/* ---- printing ---- */

static const struct {
	const char *name;
	const char *colour;
} whats[] = {
	[CHANGE_MAPPED] = { "mapped", "32" },
	[CHANGE_UNMAPPED] = { "unmapped", "31" },
	[CHANGE_GROWN] = { "grown", "32" },
	[CHANGE_SHRUNK] = { "shrunk", "31" },
	[CHANGE_MOVED] = { "moved", "36" },
	[CHANGE_PROTECTED] = { "protected", "33" },
	[CHANGE_RENAMED] = { "renamed", "36" },
	[CHANGE_FLAGS] = { "flags", "36" },
	[CHANGE_SPLIT] = { "split", "36" },
	[CHANGE_MERGED] = { "merged", "36" },
	[CHANGE_MEMORY] = { "memory", "36" },
};

const char *change_name(enum change_what what)
{
	return whats[what].name;
}

/* The place of the part that was added or removed */
static const char *where(const struct change *change, const struct vma *vma)
{
	return change->start == vma->start ? "at its start" :
	       change->end == vma->end ? "at its end" : "inside";
}

char *change_flags(char buf[2 * FLAGS_TEXT], const struct change *change)
{
	const struct vma sides[] = {
		{ .flags = change->flags & change->after->flags },
		{ .flags = change->flags & change->before->flags },
	};
	char names[FLAGS_TEXT], *name, *rest, *p = buf;
	size_t i;

	*p = 0;
	for (i = 0; i < 2; i++) {
		if (!sides[i].flags)
			continue;
		rest = vma_flags(names, &sides[i]);
		while ((name = strsep(&rest, ",")))
			p += sprintf(p, "%s%c%s", p > buf ? "," : "", "+-"[i], name);
	}
	return buf;
}

/* "Rss +12 kB, Swap -4 kB" */
static void print_memory(FILE *out, const struct change *change)
{
	static const char * const names[MEMORY_SHORT] = { "Rss", "Pss", "Dirty", "Swap" };
	const struct memory *a = change->memory[0], *b = change->memory[1];
	const char *comma = " (";
	int64_t more;
	size_t i;

	for (i = 0; i < MEMORY_SHORT; i++) {
		more = (b ? b->value[i] : 0) - (a ? a->value[i] : 0);
		if (!more)
			continue;
		fprintf(out, "%s%s %+" PRId64 " kB", comma, names[i], more);
		comma = ", ";
	}
	if (*comma == ',')
		putc(')', out);
}

static void print_details(FILE *out, const struct change *change)
{
	const struct vma *a = change->before, *b = change->after;
	char size[SIZE_TEXT], perm[5], flags[2 * FLAGS_TEXT];
	const char *comma = ", ";

	switch (change->what) {
	case CHANGE_GROWN:
	case CHANGE_SHRUNK:
		fprintf(out, " (by %s %s)", size_text(size, change->end - change->start),
			where(change, a ?: b));
		return;
	case CHANGE_MOVED:
		fprintf(out, " (from %08" PRIx64 ")", a->start);
		return;
	case CHANGE_SPLIT:
	case CHANGE_MERGED:
		fprintf(out, " (at %08" PRIx64 ")", change->start);
		return;
	case CHANGE_PROTECTED:
	case CHANGE_RENAMED:
	case CHANGE_FLAGS:
		break;
	default:
		print_memory(out, change);
		return;
	}
	if (change->what == CHANGE_PROTECTED)
		fprintf(out, " (was %s", vma_perm(perm, a));
	else
		comma = " (";
	if (change->flags) {
		fprintf(out, "%s%s", comma, change_flags(flags, change));
		comma = ", ";
	}
	if (change->policy) {
		fprintf(out, "%spolicy %s, was %s", comma, policy_name(b->policy),
			policy_name(a->policy));
		comma = ", ";
	}
	if (change->renamed) {
		fprintf(out, "%swas ", comma);
		print_name(out, a->name ?: "without a name");
	}
	putc(')', out);
}

/* The range is that of the change, or of all of a VMA that was not mapped or changed there. */
void change_print(FILE *out, const struct change *change, bool colour)
{
	const bool whole = change->what == CHANGE_GROWN || change->what == CHANGE_SHRUNK ||
			   change->what == CHANGE_SPLIT || change->what == CHANGE_MERGED ||
			   change->what == CHANGE_MEMORY;
	const struct vma *vma = change->what == CHANGE_SPLIT ? change->before :
				change->after ?: change->before;
	const uint64_t start = whole ? vma->start : change->start;
	const uint64_t end = whole ? vma->end : change->end;
	char range[40], size[SIZE_TEXT], perm[5];

	snprintf(range, sizeof(range), "%08" PRIx64 "-%08" PRIx64, start, end);
	fprintf(out, "%s%s%s%-9s%s %-25s %7s %s %s", colour ? "\033[" : "",
		colour ? whats[change->what].colour : "", colour ? "m" : "",
		change_name(change->what), colour ? "\033[m" : "", range,
		size_text(size, end - start), vma_perm(perm, vma), kind_name(vma->kind));
	print_details(out, change);
	if (vma->name && *vma->name) {
		putc(' ', out);
		print_name(out, vma->name);
	}
	putc('\n', out);
}

static void vma_json(struct json *j, const char *key, const struct vma *vma,
		     const struct memory *memory)
{
	char perm[5];
	size_t i;

	if (!vma) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_hex(j, "start", vma->start);
	json_hex(j, "end", vma->end);
	json_int(j, "size_kb", vma_size(vma) >> 10);
	json_text(j, "perm", vma_perm(perm, vma));
	json_text(j, "kind", kind_name(vma->kind));
	json_text(j, "name", vma->name);
	for (i = 0; memory && i < MEMORY_SHORT; i++)
		json_int(j, memory_names[i], memory->value[i]);
	json_close(j, '}');
}

void change_json(struct json *j, const struct change *change)
{
	const struct vma *a = change->before, *b = change->after;
	char flags[2 * FLAGS_TEXT];

	json_text(j, "change", change_name(change->what));
	json_hex(j, "start", change->start);
	json_hex(j, "end", change->end);
	json_int(j, "size_kb", (change->end - change->start) >> 10);
	if (change->flags)
		json_list(j, "flags", change_flags(flags, change));
	if (change->policy) {
		json_text(j, "policy_before", policy_name(a->policy));
		json_text(j, "policy_after", policy_name(b->policy));
	}
	vma_json(j, "before", a, change->memory[0]);
	vma_json(j, "after", b, change->memory[1]);
}
