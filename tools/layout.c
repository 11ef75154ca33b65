// SPDX-License-Identifier: GPL-2.0
/* The boxes of a drawing, with their names and heights; see draw.h */
#include "draw.h"
#include "memory.h"

/* A box with more parts would be hard to read. */
#define MAX_PARTS 48
/* A kind with at most this number of VMAs is never merged. */
#define MAX_KEPT 16

#define GB (1ULL << 30)

/* ---- texts ---- */

/* The last part of the path of a file, or the whole name */
static const char *base_name(const char *name)
{
	const char *slash = *name == '/' ? strrchr(name, '/') : NULL;

	return slash && slash[1] ? slash + 1 : name;
}

/* ---- access ---- */

_Static_assert(VMAINFO_READ == 1 && VMAINFO_WRITE == 2 && VMAINFO_EXEC == 4,
	       "the lower bits of vma_access()");

unsigned int vma_access(const struct vma *vma)
{
	return (vma->flags & (ACCESS_SHARED - 1)) |
	       (vma->flags & VMAINFO_MAYSHARE ? ACCESS_SHARED : 0);
}

bool vma_is_wx(const struct vma *vma)
{
	return vma->flags & VMAINFO_WRITE && vma->flags & VMAINFO_EXEC;
}

const uint32_t access_colours[NR_ACCESS] = {
	0xb4b9c1, 0x7fb3e6, 0x5cc4ad, 0x83c96b,
	0xe8d25a, 0xf5b04d, 0xe5405e, 0xe31a1c,
	0x8a919c, 0x3f7fc4, 0x2b957e, 0x4b9634,
	0xbda52a, 0xcf7f12, 0xb31f3f, 0xa80f12,
};

void span_mix(struct mix *mix, const struct listing *l, const struct span *span)
{
	const struct vma *vma;
	unsigned int access;

	memset(mix, 0, sizeof(*mix));
	for (vma = l->vmas + span->first; vma < l->vmas + span->first + span->nr; vma++) {
		access = vma_access(vma);
		mix->size[access] += vma_size(vma);
		mix->nr[access]++;
	}
}

/* ---- around the VMAs ---- */

static uint64_t last_end(const struct listing *l)
{
	return listing_vmas(l) ? l->vmas[listing_vmas(l) - 1].end : 0;
}

/* Compares exclusive ends, where 0 is 2^64. */
static bool is_below(uint64_t end, uint64_t other)
{
	return end - 1 < other - 1;
}

/* Whether a range with that end, which starts below it, has that address */
static bool reaches(uint64_t end, uint64_t address)
{
	return end - 1 >= address;
}

/*
 * Regions can contain others: on arm64, the vmalloc area contains the kernel
 * image. The innermost region at each address counts.
 */
static void flatten(struct space *space, const struct region *regions, size_t nr)
{
	const struct region *r, *inner;
	uint64_t at = 0, next;

	do {
		inner = NULL;
		next = 0;
		for (r = regions; r < regions + nr; r++) {
			if (r->start > at) {
				if (reaches(next, r->start))
					next = r->start;
			} else if (reaches(r->end, at) && (!inner || r->start > inner->start ||
							  (r->start == inner->start &&
							   is_below(r->end, inner->end)))) {
				inner = r;
			}
		}
		if (inner && is_below(inner->end, next))
			next = inner->end;
		if (inner) {
			space->regions[space->nr_regions] = *inner;
			space->regions[space->nr_regions].start = at;
			space->regions[space->nr_regions++].end = next;
		}
		at = next;
	} while (at);
}

/* Parses an address, or a range followed by its size. "-" stands for 0. */
static bool parse_addresses(char *p, uint64_t *start, uint64_t *end)
{
	*start = 0;
	*end = 0;
	if (!strcmp(p, "-"))
		return true;
	if (!parse_digits(&p, 16, UINT64_MAX, start))
		return false;
	*end = *start;
	if (*p == '-') {
		p++;
		if (!parse_digits(&p, 16, UINT64_MAX, end))
			return false;
	}
	return !*p || *p == '\t' || *p == ' ';
}

/* Parses a line of summary, "KEY:<tab>VALUE"; unknown keys are ignored. */
static bool read_line(struct space *space, char *line, struct region *regions, size_t *nr)
{
	static const char prefix[] = "Kernel", word[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	struct region *region = &regions[*nr];
	char *value = strchr(line, ':');
	uint64_t end;

	if (!value)
		return false;
	*value++ = 0;
	value += strspn(value, "\t ");
	if (!strcmp(line, "TaskSize"))
		return parse_addresses(value, &space->user_end, &end);
	if (!strcmp(line, "KernelStart"))
		return parse_addresses(value, &space->kernel_start, &end);
	if (!strcmp(line, "Code"))
		return parse_addresses(value, &space->code, &end);
	if (strncmp(line, prefix, strlen(prefix)) || !strcmp(line, "KernelVmas") ||
	    line[strspn(line, word)] || *nr == MAX_REGIONS)
		return true;
	snprintf(region->name, sizeof(region->name), "%s", line + strlen(prefix));
	if (!parse_addresses(value, &region->start, &region->end))
		return false;
	*nr += region->start >= space->kernel_start && reaches(region->end, region->start);
	return true;
}

const char *space_read(struct space *space, char *text)
{
	static char message[64];
	struct region regions[MAX_REGIONS + 1];
	char *line, *rest = text, *cr;
	size_t nr = 0, lines = 0;

	memset(space, 0, sizeof(*space));
	while ((line = strsep(&rest, "\n"))) {
		lines++;
		/* Copies can have CR LF, and no newline at the end. */
		cr = strchr(line, '\r');
		if (cr && !cr[1])
			*cr = 0;
		if ((!rest && !*line) || read_line(space, line, regions, &nr))
			continue;
		snprintf(message, sizeof(message), "line %zu is not one of summary", lines);
		return message;
	}
	if (!space->user_end)
		return "it does not say where user space ends";
	flatten(space, regions, nr);
	if (space->user_end > space->kernel_start && space->kernel_start)
		space->user_end = space->kernel_start;
	space->source = "from the module";
	return NULL;
}

/*
 * A gate page in the first 4 GB is that of a 32-bit kernel, which shares them
 * with the process. The kernel begins where its configuration says: VMSPLIT_3G,
 * _3G_OPT, _2G or _1G. The stack is just below. ARM has its modules in the 16
 * MB below the kernel.
 */
static void guess_32bit_kernel(struct space *space, const struct vma *gate, uint64_t end)
{
	static const uint64_t splits[] = { 0x40000000, 0x80000000, 0xb0000000, 0xc0000000 };
	const uint64_t modules = gate->start == 0xffff0000 ? 16 << 20 : 0, near = 256 << 20;
	uint64_t start;
	size_t i;

	space->source = modules ? "inferred from the gate page: a 32-bit ARM kernel" :
		"inferred from the gate page: a 32-bit kernel";
	for (i = 0; i < ARRAY_SIZE(splits); i++) {
		start = splits[i] - modules;
		if (end > start || end < start - near)
			continue;
		space->user_end = start;
		space->kernel_start = start;
	}
}

void space_guess(struct space *space, const struct listing *l, const char *machine)
{
	/*
	 * The stack is near the end of the default address range: 47 bits on
	 * x86-64, 48 bits on arm64 with 4 KB pages and 4 levels of page tables.
	 */
	const uint64_t end = last_end(l), bits_47 = 1ULL << 47, bits_48 = 1ULL << 48;
	const struct vma *vma, *gate = l->has_gate ? &l->vmas[l->nr - 1] : NULL;
	bool x86 = machine && !strcmp(machine, "x86_64");
	bool arm64 = machine && !strcmp(machine, "aarch64");
	bool stack_47 = false, stack_48 = false;
	uint64_t half;

	memset(space, 0, sizeof(*space));
	if (gate && gate->end <= 4 * GB) {
		guess_32bit_kernel(space, gate, end);
		return;
	}
	for (vma = l->vmas; vma < l->vmas + listing_vmas(l); vma++) {
		if (vma->kind != VMAINFO_KIND_STACK)
			continue;
		stack_47 |= vma->end <= bits_47 && vma->end > bits_47 / 16 * 15;
		stack_48 |= vma->end <= bits_48 && vma->end > bits_48 / 16 * 15;
	}
	if (!machine) {
		/* Only x86 has this page. */
		x86 = gate && gate->start == 0xffffffffff600000ULL;
		arm64 = !x86 && stack_48;
	}
	if (end && end <= 4 * GB) {
		space->source = "inferred from the addresses: a 32-bit process";
		/* A 32-bit kernel would have about the last GB. */
		if (!x86 && !arm64 && end <= 0xf0000000)
			return;
		space->user_end = 4 * GB;
	} else if (x86) {
		space->source = machine ? "as on any x86-64" :
			"inferred from the vsyscall page: x86-64";
	} else if (arm64 && end > bits_48) {
		space->source = "as on arm64 with 52-bit addresses";
	} else if (arm64) {
		space->source = machine ? "as on arm64 with 48-bit addresses" :
			"inferred from the stack's address: arm64 with 48-bit addresses";
	} else if (stack_47) {
		/* Other machines with 47 bits have the same halves. */
		x86 = true;
		space->source = "inferred from the stack's address: as on x86-64";
	}
	if (!x86 && !arm64)
		return;
	/* More levels of page tables show only in addresses that need them. */
	half = 1ULL << (x86 ? (end > bits_47 ? 56 : 47) : (end > bits_48 ? 52 : 48));
	if (!space->user_end)
		space->user_end = half - (x86 ? 4096 : 0);
	space->kernel_start = -half;
}

/* ---- heights ---- */

unsigned int metrics_height(const struct metrics *m, uint64_t size)
{
	const unsigned int exponent = 63 - __builtin_clzll(size | 1), from = m->from << 8;
	/* In 1/256, linear between powers of two */
	const unsigned int log = exponent << 8 | (size << (63 - exponent) << 1 >> 56);

	return m->part + (log > from ? (log - from) * m->step >> 16 : 0);
}

/* ---- groups ---- */

static bool is_remarkable(const struct vma *vma)
{
	switch (vma->kind) {
	case VMAINFO_KIND_HEAP:
	case VMAINFO_KIND_STACK:
	case VMAINFO_KIND_VDSO:
	case VMAINFO_KIND_VVAR:
		return true;
	default:
		return vma_is_wx(vma);
	}
}

static bool is_plain_anon(const struct vma *vma)
{
	return !vma->name && vma->kind == VMAINFO_KIND_ANON;
}

/* By its name: a file on a tmpfs is not of the kind "file". */
static bool is_of_file(const struct vma *vma)
{
	return vma->ino && vma->name && *vma->name == '/';
}

static bool same_object(const struct vma *a, const struct vma *b)
{
	return a->kind == b->kind && a->ino == b->ino && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->name ?: "", b->name ?: "");
}

/*
 * Whether a VMA belongs to the box of the VMAs before it, from @first to @last,
 * of the size @mapped: it is of the same file or kind, and adjacent. Segments
 * of an ELF file can have a gap between them. Anonymous memory after a writable
 * part of a file is usually its .bss.
 */
static bool belongs(const struct vma *vma, const struct vma *first, const struct vma *last,
		    uint64_t mapped)
{
	const uint64_t gap = vma->start - last->end;

	if (same_object(vma, first))
		return !gap || (is_of_file(first) && gap <= mapped);
	return !gap && is_plain_anon(vma) && is_of_file(first) &&
	       same_object(last, first) && last->flags & VMAINFO_WRITE &&
	       vma_access(last) == vma_access(vma) && vma_size(vma) <= mapped;
}

/* Unless it is empty: a gap between neighbours can be. */
static void add_span(struct span **spans, size_t *nr, struct span new)
{
	if (new.start == new.end)
		return;
	*spans = array_grow(*spans, *nr, sizeof(**spans));
	(*spans)[(*nr)++] = new;
}

/* Returns groups of VMAs, and gaps, in address order, up to @end. */
static struct span *groups(const struct listing *l, uint64_t end, size_t *nr)
{
	size_t kept[UINT8_MAX + 1] = {}, kept_wx = 0, i;
	struct span *spans = NULL, *group = NULL;
	uint64_t at = 0, mapped = 0;
	const struct vma *vma;

	for (i = 0; i < listing_vmas(l); i++) {
		kept[l->vmas[i].kind]++;
		kept_wx += vma_is_wx(&l->vmas[i]);
	}
	*nr = 0;
	for (i = 0; i < listing_vmas(l); i++) {
		vma = &l->vmas[i];
		if (!group || !belongs(vma, &l->vmas[group->first], vma - 1, mapped)) {
			struct span new = { .start = vma->start, .end = vma->end, .first = i };

			add_span(&spans, nr, (struct span){ .start = at, .end = vma->start });
			add_span(&spans, nr, new);
			mapped = 0;
		}
		group = &spans[*nr - 1];
		group->end = vma->end;
		group->nr++;
		if (is_remarkable(vma))
			group->keep |= (vma_is_wx(vma) ? kept_wx : kept[vma->kind]) <= MAX_KEPT;
		mapped += vma_size(vma);
		at = vma->end;
	}
	if (at < end)
		add_span(&spans, nr, (struct span){ .start = at, .end = end });
	return spans;
}

static bool is_small(const struct span *span, uint64_t limit)
{
	return !span->keep && span->end - span->start < limit;
}

/*
 * Merges neighbours smaller than @limit, with up to @most VMAs in one span.
 * Such a span begins and ends with a VMA. Returns the number that is left. @to
 * must differ from @from.
 */
static size_t merge(struct span *to, const struct span *from, size_t nr, uint64_t limit,
		    size_t most)
{
	struct span *run = NULL;
	size_t n = 0, i;

	for (i = 0; i < nr; i++) {
		const struct span *s = &from[i];
		const bool small = is_small(s, limit);

		if (run && small && run->nr < most &&
		    (s->nr || (i + 1 < nr && is_small(s + 1, limit)))) {
			run->end = s->end;
			run->nr += s->nr;
			run->merged = true;
			continue;
		}
		to[n] = *s;
		run = small && s->nr ? &to[n] : NULL;
		n++;
	}
	return n;
}

/* Merges, the smallest first, until there are at most @max. */
static struct span *merge_to(struct span *spans, size_t *nr, size_t max)
{
	struct span *merged;
	size_t vmas = 0, n = *nr, i;
	unsigned int shift;

	if (!max || *nr <= max)
		return spans;
	for (i = 0; i < *nr; i++)
		vmas += spans[i].nr;
	merged = xreallocarray(NULL, *nr, sizeof(*merged));
	/* If all have one size, an eighth of @max remains. */
	for (shift = 12; shift < 64 && n > max; shift++)
		n = merge(merged, spans, *nr, 1ULL << shift, vmas / max * 8 + 8);
	free(spans);
	*nr = n;
	return merged;
}

/* ---- boxes ---- */

static struct box *add_box(struct layout *layout, enum box_type type, uint64_t start, uint64_t end,
			   const char *name)
{
	struct box *box;

	layout->boxes = array_grow(layout->boxes, layout->nr, sizeof(*layout->boxes));
	box = &layout->boxes[layout->nr++];
	/* The size of all addresses, 2^64, is one more than the largest number. */
	*box = (struct box){ .type = type, .span.start = start, .span.end = end,
			     .size = end - start ?: UINT64_MAX, .height = layout->metrics.broken,
			     .broken = true, .name = xstrdup(name) };
	return box;
}

/* Sets the VMAs of a box, and the gaps between them, as its parts. */
static void make_parts(struct layout *layout, struct box *box, bool merge_parts)
{
	const struct vma *vmas = layout->l->vmas;
	struct span *parts = NULL, vma = { .nr = 1 }, swap;
	uint64_t at = box->span.start;
	size_t nr = 0, i;

	if (box->span.merged) {
		add_span(&parts, &nr, box->span);
	} else {
		for (i = box->span.first; i < box->span.first + box->span.nr; i++) {
			vma.start = vmas[i].start;
			vma.end = vmas[i].end;
			vma.first = i;
			add_span(&parts, &nr, (struct span){ .start = at, .end = vma.start });
			add_span(&parts, &nr, vma);
			at = vma.end;
		}
		if (merge_parts)
			parts = merge_to(parts, &nr, MAX_PARTS);
	}
	for (i = 0; i < nr / 2; i++) {
		swap = parts[i];
		parts[i] = parts[nr - 1 - i];
		parts[nr - 1 - i] = swap;
	}
	box->parts = parts;
	box->nr_parts = nr;
}

/* Sums the heights of the parts, which grow if a text needs more. */
static void set_heights(struct layout *layout, struct box *box)
{
	/* Merged boxes have more text. */
	const unsigned int wanted = layout->metrics.box * (box->span.merged ? 2 : 1);
	unsigned int sum = 0, grown = 0;
	struct span *part;
	size_t i;

	for (i = 0; i < box->nr_parts; i++) {
		part = &box->parts[i];
		part->height = metrics_height(&layout->metrics, part->end - part->start);
		/* Must be visible, however small it is */
		if (part->nr == 1 && vma_is_wx(&layout->l->vmas[part->first]) &&
		    part->height < layout->metrics.box)
			part->height = layout->metrics.box;
		sum += box->parts[i].height;
	}
	box->broken = false;
	box->height = sum;
	if (sum >= wanted)
		return;
	box->height = wanted;
	for (i = 0; i < box->nr_parts; i++) {
		box->parts[i].height = box->parts[i].height * wanted / sum;
		grown += box->parts[i].height;
	}
	box->parts[0].height += wanted - grown;
}

/* "rw-p 12, r--p 24" */
static void print_mix(FILE *out, const struct listing *l, const struct span *span)
{
	const char *separator = "";
	struct vma example = {};
	unsigned int access;
	struct mix mix;
	char perm[5];

	span_mix(&mix, l, span);
	for (access = NR_ACCESS; access--; ) {
		if (!mix.nr[access])
			continue;
		example.flags = (access & (ACCESS_SHARED - 1)) |
				(access & ACCESS_SHARED ? VMAINFO_MAYSHARE : 0);
		fprintf(out, "%s%s %zu", separator, vma_perm(perm, &example), mix.nr[access]);
		separator = ", ";
	}
}

/* ", 12 K resident, 4 K swapped out", as far as it is known */
static void print_memory(FILE *out, const struct listing *l, const struct span *span)
{
	struct memory sum = {};
	char size[SIZE_TEXT];
	size_t i, unknown = 0;

	for (i = span->first; i < span->first + span->nr; i++) {
		memory_add(&sum, &l->memory[i]);
		unknown += !l->memory[i].known;
	}
	if (unknown < span->nr)
		fprintf(out, ", %s resident", size_text(size, sum.value[MEMORY_RSS] << 10));
	if (sum.value[MEMORY_SWAP])
		fprintf(out, ", %s swapped out", size_text(size, sum.value[MEMORY_SWAP] << 10));
	if (unknown)
		fprintf(out, ", not known of %zu VMA%s", unknown, unknown == 1 ? "" : "s");
}

/* Names a box after the first VMA in it, and notes what is special about it. */
static void describe(struct layout *layout, struct box *box)
{
	const struct vma *vmas = layout->l->vmas, *first = &vmas[box->span.first], *vma;
	const struct vma *last = first + box->span.nr - 1;
	uint64_t anon = 0, inside = 0;
	size_t room, merged = 0, i;
	char *note = NULL, size[SIZE_TEXT];
	const unsigned int text = layout->metrics.text;
	const char *base;
	FILE *out;

	out = xopen_memstream(&note, &room);
	box->size = 0;
	for (vma = first; vma <= last; vma++) {
		box->wx |= vma_is_wx(vma);
		box->size += vma_size(vma);
		if (is_plain_anon(vma) && first->name)
			anon += vma_size(vma);
		if (vma > first)
			inside += vma->start - vma[-1].end;
	}
	free(box->name);
	if (box->span.merged) {
		box->name = xasprintf("%zu VMAs", box->span.nr);
		fprintf(out, ", %s", base_name(first->name ?: "anonymous"));
		if (!same_object(first, last))
			fprintf(out, " to %s", base_name(last->name ?: "anonymous"));
		fputs(", ", out);
		print_mix(out, layout->l, &box->span);
		anon = 0;
	} else if (first->name) {
		base = base_name(first->name);
		box->name = printable(base, text);
		if (base - first->name > 1) {
			box->dir = printable(first->name, text);
			/* The base name can be longer now. */
			*strrchr(box->dir, '/') = 0;
		} else if (base > first->name) {
			box->dir = xstrdup("/");
		}
	} else {
		box->name = xstrdup(first->kind == VMAINFO_KIND_ANON ? "anonymous" :
				    kind_name(first->kind));
	}
	if (anon)
		fprintf(out, ", with %s anonymous", size_text(size, anon));
	if (inside)
		fprintf(out, ", %s unmapped in it", size_text(size, inside));
	for (i = 0; i < box->nr_parts; i++) {
		if (!box->parts[i].merged)
			continue;
		layout->nr_merged += box->parts[i].nr;
		layout->in_boxes++;
		merged += box->parts[i].nr;
	}
	if (merged && !box->span.merged) {
		fprintf(out, ", %zu of its VMAs merged: ", merged);
		print_mix(out, layout->l, &box->span);
	}
	if (layout->l->memory)
		print_memory(out, layout->l, &box->span);
	fclose(out);
	if (*note)
		box->note = printable(note + 2, text);
	free(note);
}

static void add_vmas(struct layout *layout, const struct span *span, bool merge_parts)
{
	struct box *box = add_box(layout, BOX_VMAS, span->start, span->end, "");

	box->span = *span;
	make_parts(layout, box, merge_parts);
	set_heights(layout, box);
	describe(layout, box);
}

/* Adds the kernel's part, or some of it. The gate page is user space. */
static void add_kernel(struct layout *layout, enum box_type type, uint64_t start, uint64_t end,
		       const char *name)
{
	const struct listing *l = layout->l;
	const struct vma *gate = l->has_gate ? &l->vmas[l->nr - 1] : NULL;
	struct span span = { .first = l->nr - 1, .nr = 1 };
	struct box *box;

	if (gate && gate->start >= start && reaches(end, gate->end - 1)) {
		if (gate->start > start)
			add_box(layout, type, start, gate->start, name);
		span.start = gate->start;
		span.end = gate->end;
		add_vmas(layout, &span, false);
		box = &layout->boxes[layout->nr - 1];
		free(box->note);
		box->note = xstrdup("the gate page, which is no VMA of the process");
		start = gate->end;
	}
	/* Without VMAs, and if no limit is known, this is all addresses, from 0 to 2^64. */
	if (start != end || !layout->nr)
		add_box(layout, type, start, end, name);
}

static const char *region_name(const struct region *region)
{
	static const char * const names[][2] = {
		{ "DirectMap", "direct map of all memory" },
		{ "Vmalloc", "vmalloc, ioremap" },
		{ "Vmemmap", "vmemmap (struct page)" },
		{ "Image", "its image" },
		{ "Modules", "modules" },
		{ "Fixmap", "fixmap" },
		{ "CpuEntry", "cpu_entry_area" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(region->name, names[i][0]))
			return names[i][1];
	return region->name;
}

/* Adds all above user space. */
static void add_above(struct layout *layout, uint64_t start)
{
	const struct space *space = layout->space;
	const uint64_t kernel = space->kernel_start;
	/* A 32-bit kernel ends at 4 GB. */
	const uint64_t top = kernel && kernel < 4 * GB ? 4 * GB : 0;
	const enum box_type type = space->nr_regions ? BOX_KERNEL_GAP : BOX_KERNEL;
	const char *name = space->nr_regions ? "kernel: no known region" : "kernel";
	const struct region *r;
	uint64_t at = kernel;
	char text[64];

	if (!kernel) {
		add_kernel(layout, BOX_UNKNOWN, start, 0,
			   "unknown: the rest of user space, and the kernel's part");
		return;
	}
	if (kernel > start)
		add_box(layout, BOX_HOLE, start, kernel, start <= 4 * GB ?
			"hole: out of the reach of 32 bits, or non-canonical" :
			"hole: non-canonical addresses");
	for (r = space->regions; r < space->regions + space->nr_regions; r++) {
		if (r->start > at)
			add_kernel(layout, type, at, r->start, name);
		snprintf(text, sizeof(text), "kernel: %s", region_name(r));
		add_kernel(layout, BOX_KERNEL, r->start, r->end, text);
		at = r->end;
	}
	if (at != top || !space->nr_regions)
		add_kernel(layout, type, at, top, name);
}

void layout_make(struct layout *layout, const struct listing *l, const struct space *space,
		 const struct metrics *m, size_t max)
{
	uint64_t end = last_end(l), largest = 0;
	struct span *spans, *s;
	struct box *box, swap;
	size_t nr, i;

	*layout = (struct layout){
		.l = l, .space = space, .metrics = *m, .mapped = listing_size(l),
	};
	if (end < space->user_end)
		end = space->user_end;
	spans = groups(l, end, &nr);
	spans = merge_to(spans, &nr, max);
	for (s = spans; s < spans + nr; s++)
		if (s->nr && s->end - s->start > largest)
			largest = s->end - s->start;
	for (s = spans; s < spans + nr; s++) {
		if (s->nr) {
			add_vmas(layout, s, max);
			continue;
		}
		/* A gap larger than the largest mapping is not to scale. */
		box = add_box(layout, BOX_GAP, s->start, s->end, "unmapped");
		box->broken = box->size > largest;
		if (!box->broken)
			box->height = metrics_height(m, box->size);
		if (box->height < m->box)
			box->height = m->box;
	}
	free(spans);
	add_above(layout, end);
	for (i = 0; i < layout->nr / 2; i++) {
		swap = layout->boxes[i];
		layout->boxes[i] = layout->boxes[layout->nr - 1 - i];
		layout->boxes[layout->nr - 1 - i] = swap;
	}
}

void layout_free(struct layout *layout)
{
	size_t i;

	for (i = 0; i < layout->nr; i++) {
		free(layout->boxes[i].parts);
		free(layout->boxes[i].name);
		free(layout->boxes[i].dir);
		free(layout->boxes[i].note);
	}
	free(layout->boxes);
	memset(layout, 0, sizeof(*layout));
}

uint64_t layout_overview(const struct layout *layout, bool *cells, size_t nr)
{
	const struct listing *l = layout->l;
	uint64_t end = last_end(l);
	size_t from, to, i;

	if (end < layout->space->user_end)
		end = layout->space->user_end;
	memset(cells, 0, nr * sizeof(*cells));
	for (i = 0; i < listing_vmas(l); i++) {
		from = (double)l->vmas[i].start / end * nr;
		to = (double)(l->vmas[i].end - 1) / end * nr;
		for (; from <= to && from < nr; from++)
			cells[from] = true;
	}
	return end;
}
