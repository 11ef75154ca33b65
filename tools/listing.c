// SPDX-License-Identifier: GPL-2.0
/* Listings, from the module, files and /proc/PID/maps; see listing.h */
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "listing.h"
#include "memory.h"
#include "process.h"

static const char * const kind_names[] = {
	[VMAINFO_KIND_ANON] = "anon",
	[VMAINFO_KIND_FILE] = "file",
	[VMAINFO_KIND_HEAP] = "heap",
	[VMAINFO_KIND_STACK] = "stack",
	[VMAINFO_KIND_SHMEM] = "shmem",
	[VMAINFO_KIND_HUGETLB] = "hugetlb",
	[VMAINFO_KIND_VDSO] = "vdso",
	[VMAINFO_KIND_VVAR] = "vvar",
	[VMAINFO_KIND_VSYSCALL] = "vsyscall",
	[VMAINFO_KIND_DEV] = "dev",
	[VMAINFO_KIND_SPECIAL] = "special",
};

const char *kind_name(unsigned int kind)
{
	return kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "?";
}

int kind_of_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (!strcmp(name, kind_names[i]))
			return i;
	return -1;
}

const char *policy_name(unsigned int policy)
{
	/* 1 more than MPOL_DEFAULT, MPOL_PREFERRED, ... of linux/mempolicy.h */
	static const char * const names[] = {
		"-", "default", "prefer", "bind", "interleave", "local", "prefer-many",
		"weighted-interleave",
	};

	return policy < ARRAY_SIZE(names) ? names[policy] : "?";
}

char *vma_perm(char perm[5], const struct vma *vma)
{
	perm[0] = vma->flags & VMAINFO_READ ? 'r' : '-';
	perm[1] = vma->flags & VMAINFO_WRITE ? 'w' : '-';
	perm[2] = vma->flags & VMAINFO_EXEC ? 'x' : '-';
	perm[3] = vma->flags & VMAINFO_MAYSHARE ? 's' : 'p';
	perm[4] = 0;
	return perm;
}

/* In the order of their bits */
static const char flag_names[][3] = {
	"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "dw", "lo", "io", "sr", "rr",
	"dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "bt", "sd", "mm", "hg", "nh",
	"mg", "um", "uw", "ui", "ur", "mt", "ss", "dp", "sl", "gu",
};

char *vma_flags(char buf[FLAGS_TEXT], const struct vma *vma)
{
	char *p = buf;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (vma->flags & 1ULL << i)
			p += sprintf(p, "%s%s", p > buf ? "," : "", flag_names[i]);
	if (vma->flags & VMAINFO_OTHER)
		p += sprintf(p, "%s??", p > buf ? "," : "");
	if (p == buf)
		strcpy(buf, "-");
	return buf;
}

uint64_t parse_flags(const char *names)
{
	uint64_t flags = 0;
	size_t i;

	for (; *(names += strspn(names, " \n")); names += strcspn(names, " \n")) {
		for (i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (!strncmp(names, flag_names[i], 2))
				break;
		flags |= i < ARRAY_SIZE(flag_names) ? 1ULL << i : VMAINFO_OTHER;
	}
	return flags;
}

const char *const nomerge_names[] = {
	"flags", "special", "file", "offset", "anon_vma", "name", "policy", "uffd", NULL
};

bool vma_nomerge(char buf[FLAGS_TEXT], const struct listing *l, const struct vma *vma)
{
	const bool is_gate = l->has_gate && vma == l->vmas + l->nr - 1;
	char *p = buf;
	size_t i;

	if (is_gate || vma == l->vmas || vma[-1].end != vma->start)
		return false;
	strcpy(buf, "none");
	for (i = 0; nomerge_names[i]; i++)
		if (vma->nomerge & 1 << i)
			p += sprintf(p, "%s%s", p > buf ? "," : "", nomerge_names[i]);
	return true;
}

uint64_t listing_size(const struct listing *l)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < listing_vmas(l); i++)
		bytes += vma_size(&l->vmas[i]);
	return bytes;
}

void listing_free(struct listing *l)
{
	free(l->vmas);
	free(l->build_ids);
	free(l->memory);
	free(l->rollup);
	free(l->raw);
	memset(l, 0, sizeof(*l));
}

/* Sets *@text to @len bytes with a NUL, or NULL. False if it is no text. */
static bool text_at(const char **text, const char *p, size_t len)
{
	*text = len ? p : NULL;
	return !len || (!p[len - 1] && strlen(p) == len - 1);
}

/* No machine with an MMU has smaller pages. A capture's can be larger. */
#define MIN_PAGE 4096

static bool is_aligned(uint64_t value)
{
	return value % MIN_PAGE == 0;
}

/* Changes the byte order of @count adjacent numbers. */
static void swap_u32(__u32 *number, size_t count)
{
	for (; count--; number++)
		*number = __builtin_bswap32(*number);
}

static void swap_u64(__u64 *number, size_t count)
{
	for (; count--; number++)
		*number = __builtin_bswap64(*number);
}

static void swap_header(struct vmainfo_header *h)
{
	swap_u32(&h->size, 4);
	h->pid = __builtin_bswap32(h->pid);
	swap_u32(&h->vmas, 1);
	swap_u64(&h->taken_ns, 3);
}

static void swap_record(struct vmainfo_record *r)
{
	r->size = __builtin_bswap16(r->size);
	swap_u32(&r->next, 1);
	swap_u64(&r->start, 5);
	swap_u32(&r->dev_major, 3);
	r->ops_len = __builtin_bswap16(r->ops_len);
}

/*
 * Parses a record at @p, where @left bytes remain. Changes its byte order if
 * @swap is set. @memory is NULL if it has none. Returns what is wrong.
 */
static const char *record_parse(struct vma *vma, struct memory *memory, char *p, size_t left,
				bool swap, size_t *next)
{
	const size_t build_id_size = offsetof(struct vmainfo_record, build_id_size);
	struct vmainfo_record r;
	uint64_t texts_end;

	if (left < VMAINFO_RECORD_SIZE_VER0)
		return "it ends inside a record";
	memcpy(&r, p, VMAINFO_RECORD_SIZE_VER0);
	if (swap) {
		swap_record(&r);
		memcpy(p, &r, VMAINFO_RECORD_SIZE_VER0);
	}
	if (r.size < VMAINFO_RECORD_SIZE_VER0 || r.size % 8 || r.next % 8)
		return "a record has an impossible size";
	if (r.next > left)
		return "it ends inside a record";
	r.build_id_size = 0;
	if (r.size >= sizeof(r) && r.next >= sizeof(r)) {
		memcpy(&r.build_id_size, p + build_id_size, sizeof(r) - build_id_size);
		if (swap)
			swap_u32(&r.build_id_size, 1);
		memcpy(p + build_id_size, &r.build_id_size, sizeof(r.build_id_size));
	}
	if (r.build_id_size > sizeof(r.build_id))
		return "a build ID is too long";
	texts_end = ((uint64_t)r.size + r.name_len + r.ops_len + 7) / 8 * 8;
	if (r.next < texts_end)
		return "a name is longer than its record";
	if (!text_at(&vma->name, p + r.size, r.name_len) ||
	    !text_at(&vma->ops, p + r.size + r.name_len, r.ops_len))
		return "a name does not end where it should";
	if (r.start >= r.end)
		return "a VMA ends before it begins";
	if (!is_aligned(r.start) || !is_aligned(r.end) || !is_aligned(r.offset))
		return "an address or an offset is not a multiple of the page size";
	if (r.page_shift > 63 || (r.page_shift && !is_aligned(1ULL << r.page_shift)))
		return "a page size is impossible";
	*next = r.next;
	vma->start = r.start;
	vma->end = r.end;
	vma->offset = r.offset;
	vma->ino = r.ino;
	vma->flags = r.flags;
	vma->dev_major = r.dev_major;
	vma->dev_minor = r.dev_minor;
	vma->kind = r.kind;
	vma->policy = r.policy;
	vma->page_shift = r.page_shift;
	vma->nomerge = r.nomerge;
	vma->build_id_size = r.build_id_size;
	vma->build_id = (unsigned char *)p + offsetof(struct vmainfo_record, build_id);
	return memory ? memory_unpack(memory, p + texts_end, r.next - texts_end, swap) : NULL;
}

/*
 * Parses a header at @raw, where @size bytes are. Sets *@swap if the listing has
 * the other byte order. Returns NULL, or what is wrong.
 */
static const char *header_parse(struct vmainfo_header *h, const char *raw, size_t size,
				bool *swap)
{
	if (size < offsetof(struct vmainfo_header, flags))
		return size ? "it is too short" : "it is empty";
	memcpy(h, raw, size < sizeof(*h) ? size : sizeof(*h));
	*swap = h->magic == __builtin_bswap32(VMAINFO_MAGIC);
	if (*swap)
		swap_header(h);
	if (h->magic != VMAINFO_MAGIC)
		return "it is neither a file of 'vmainfo save' nor a copy of /proc/PID/maps";
	if (h->version > VMAINFO_VERSION)
		return "it is of a later version than this program knows";
	if (!h->version || h->size < VMAINFO_HEADER_SIZE_VER0 || h->size % 8 || h->pid < 0)
		return "its header is impossible";
	return h->size > size ? "it ends inside its header" : NULL;
}

const char *listing_parse(struct listing *l, char *raw, size_t size)
{
	struct vmainfo_header *h = &l->header;
	const char *wrong;
	size_t at, next, i;
	uint64_t nr;
	bool swap;

	memset(l, 0, sizeof(*l));
	wrong = header_parse(h, raw, size, &swap);
	if (wrong)
		return wrong;
	if (swap)
		memcpy(raw, h, sizeof(*h));
	nr = (uint64_t)h->vmas + !!(h->flags & VMAINFO_GATE);
	/* Before memory is allocated for that number */
	if (nr > (size - h->size) / VMAINFO_RECORD_SIZE_VER0)
		return "it ends before its last record";
	l->vmas = xreallocarray(NULL, nr, sizeof(*l->vmas));
	if (h->flags & LISTING_MEMORY)
		l->memory = xreallocarray(NULL, nr, sizeof(*l->memory));
	for (at = h->size, i = 0; i < nr; at += next, i++) {
		wrong = record_parse(&l->vmas[i], l->memory ? &l->memory[i] : NULL, raw + at,
				     size - at, swap, &next);
		if (!wrong && i && l->vmas[i].start < l->vmas[i - 1].end)
			wrong = "its VMAs are not in order";
		if (wrong)
			goto fail;
	}
	wrong = "there is something after its last record";
	if (at != size)
		goto fail;
	/* The header of a later version is larger. The rest is not kept. */
	h->size = sizeof(*h);
	l->nr = nr;
	l->has_gate = h->flags & VMAINFO_GATE;
	l->raw = raw;
	l->raw_size = size;
	return NULL;
fail:
	free(l->vmas);
	free(l->memory);
	memset(l, 0, sizeof(*l));
	return wrong;
}

/* ---- bytes ---- */

/* Enough bytes to recognize a listing: 16 digits of an address, and a hyphen */
#define PROBE 17

/* Begins like a line of maps. @p ends in a NUL. */
static bool is_maps(const char *p)
{
	const size_t digits = strspn(p, "0123456789abcdef");

	return digits && digits < PROBE && p[digits] == '-';
}

/* What cannot be a listing is not read further: /dev/zero has no end. */
static bool may_be_listing(const struct bytes *b)
{
	uint32_t magic;

	if (b->size < PROBE || is_maps(b->p))
		return true;
	memcpy(&magic, b->p + offsetof(struct vmainfo_header, magic), sizeof(magic));
	return magic == VMAINFO_MAGIC || magic == __builtin_bswap32(VMAINFO_MAGIC);
}

/* ---- maps ---- */

/* A longer line is an error in a copy. Of a process, its name is omitted. */
#define MAX_LINE (2 << 20)

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* Guesses the kind that the module would report. */
static uint8_t kind_by_name(const char *name, uint64_t ino)
{
	static const struct {
		const char *name;
		uint8_t kind;
	} kinds[] = {
		{ "[heap]", VMAINFO_KIND_HEAP },
		{ "[stack]", VMAINFO_KIND_STACK },
		{ "[vdso]", VMAINFO_KIND_VDSO },
		{ "[vvar", VMAINFO_KIND_VVAR },
		{ "[anon:", VMAINFO_KIND_ANON },
		{ "[anon_shmem:", VMAINFO_KIND_SHMEM },
		{ "[", VMAINFO_KIND_SPECIAL },
		{ "/anon_hugepage", VMAINFO_KIND_HUGETLB },
		{ "/dev/zero (deleted)", VMAINFO_KIND_SHMEM },
		{ "/dev/shm/", VMAINFO_KIND_SHMEM },
		{ "/memfd:", VMAINFO_KIND_SHMEM },
		{ "/SYSV", VMAINFO_KIND_SHMEM },
		{ "/dev/hugepages/", VMAINFO_KIND_HUGETLB },
		{ "/dev/", VMAINFO_KIND_DEV },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (begins(name, kinds[i].name))
			return kinds[i].kind;
	return ino || *name ? VMAINFO_KIND_FILE : VMAINFO_KIND_ANON;
}

/* maps writes a newline in a name as \012, and escapes nothing else. */
static size_t unescape(char *name)
{
	char *from = name, *to = name;

	while (*from) {
		if (!strncmp(from, "\\012", 4)) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
	return to - name;
}

/* Moves *@p behind @c. False if it is another character. */
static bool skip(char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* A field of a line, as the kernel prints it: "r-xp" */
static bool parse_perm(char **p, uint64_t *flags)
{
	static const struct {
		char set, clear;
		uint64_t flag;
	} letters[] = {
		{ 'r', '-', VMAINFO_READ }, { 'w', '-', VMAINFO_WRITE },
		{ 'x', '-', VMAINFO_EXEC }, { 's', 'p', VMAINFO_MAYSHARE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(letters); i++, (*p)++) {
		if (**p == letters[i].set)
			*flags |= letters[i].flag;
		else if (**p != letters[i].clear)
			return false;
	}
	return true;
}

/* Of the kernel's dev_t */
#define MAX_MAJOR ((1U << 12) - 1)
#define MAX_MINOR ((1U << 20) - 1)

/* Parses a line of maps into @r, and *@name. Returns what is wrong, or NULL. */
static const char *parse_line(char *line, struct vmainfo_record *r, char **name)
{
	uint64_t start, end, flags = 0, offset, major, minor, ino;
	char *p = line;

	if (!parse_digits(&p, 16, UINT64_MAX, &start) || !skip(&p, '-') ||
	    !parse_digits(&p, 16, UINT64_MAX, &end) || !skip(&p, ' '))
		return "it does not begin with a range of addresses";
	if (start >= end)
		return "its range ends before it begins";
	if (!is_aligned(start) || !is_aligned(end))
		return "an address is not a multiple of the page size";
	if (!parse_perm(&p, &flags) || !skip(&p, ' '))
		return "invalid permissions";
	if (!parse_digits(&p, 16, UINT64_MAX, &offset) || !skip(&p, ' ') || !is_aligned(offset))
		return "invalid offset";
	if (!parse_digits(&p, 16, MAX_MAJOR, &major) || !skip(&p, ':') ||
	    !parse_digits(&p, 16, MAX_MINOR, &minor) || !skip(&p, ' '))
		return "invalid device";
	if (!parse_digits(&p, 10, UINT64_MAX, &ino))
		return "invalid inode number";
	*name = p + strspn(p, " ");
	if (!strcmp(*name, "\r"))
		return "it ends in CR LF, and others do not";
	if (*p && *p != ' ')
		return "invalid inode number";
	r->start = start;
	r->end = end;
	r->flags = flags;
	r->offset = offset;
	r->dev_major = major;
	r->dev_minor = minor;
	r->ino = ino;
	return NULL;
}

/*
 * On x86-64 the gate page is [vsyscall], on 32-bit ARM [vectors], on old kernels
 * for 32-bit x86 [vdso] at a fixed address. 32-bit processes of 64-bit kernels
 * have VMAs with the last two names at the same addresses, but their stack is
 * above the end of user space of a 32-bit kernel.
 */
bool is_gate_page(uint64_t start, const char *name, uint64_t last_end)
{
	const uint64_t user_end = 0xc0000000;

	return (start == 0xffffffffff600000 && !strcmp(name, "[vsyscall]")) ||
	       (start == 0xffff0000 && !strcmp(name, "[vectors]") && last_end <= user_end) ||
	       (start == 0xffffe000 && !strcmp(name, "[vdso]") && last_end <= user_end);
}

/* A text of maps that is being parsed */
struct maps {
	struct bytes raw;	/* the records so far */
	struct vmainfo_header header;
	uint64_t start, end;	/* of the last line */
	uint64_t last_end;	/* of the last record */
	size_t gate;		/* where the gate page is in @raw, if that is the last line */
};

/*
 * A process can move its vDSO to where 32-bit kernels have the gate page. It is a
 * VMA if another line follows. Returns false if this was the page of x86-64.
 */
static bool gate_is_vma(struct maps *m)
{
	struct vmainfo_record *r = (void *)(m->raw.p + m->gate);

	if (r->start > UINT32_MAX)
		return false;
	r->kind = kind_by_name((char *)r + r->size, r->ino);
	m->header.flags &= ~VMAINFO_GATE;
	m->header.vmas++;
	return true;
}

/* The module shows this instead of such a name, too. */
#define TOO_LONG "[name too long]"

/*
 * Adds a line of maps as a record of raw. Returns NULL, or what is wrong with the line.
 *
 * The kernel fills a page of text at a time, and the process can map, unmap and
 * merge VMAs in between. So the first line of a page can overlap lines before it.
 * The part below @last_end is left out. But no line begins and ends where the
 * last one does, or below.
 */
static const char *add_line(struct maps *m, char *line, size_t len)
{
	static const char zeros[8];
	struct vmainfo_record r = { .size = VMAINFO_RECORD_SIZE_VER0 };
	bool too_long = false;
	const char *wrong;
	char *name;

	if (len > MAX_LINE) {
		if (!m->header.pid)
			return "it is too long";
		len = MAX_LINE;
		line[len] = 0;
		too_long = true;
	}
	if (memchr(line, 0, len))
		return "it contains a NUL";
	wrong = parse_line(line, &r, &name);
	if (wrong)
		return wrong;
	if (too_long) {
		name = strcpy(line, TOO_LONG);
		r.flags |= VMAINFO_NAME_OMITTED;
	}
	if (m->header.flags & VMAINFO_GATE && !gate_is_vma(m))
		return "nothing may follow the gate page";
	if (m->end && r.start <= m->start && r.end <= m->end)
		return "it is not in address order";
	m->start = r.start;
	m->end = r.end;
	if (r.end <= m->last_end)
		return NULL;
	if (r.start < m->last_end) {
		/* Only files have an offset, but not always an inode number. */
		if (r.ino || r.offset)
			r.offset += m->last_end - r.start;
		r.start = m->last_end;
	}
	r.kind = kind_by_name(name, r.ino);
	if (is_gate_page(r.start, name, m->last_end)) {
		r.kind = VMAINFO_KIND_VSYSCALL;
		m->header.flags |= VMAINFO_GATE;
		m->gate = m->raw.size;
	} else {
		m->header.vmas++;
	}
	m->last_end = r.end;
	if (*name)
		r.name_len = unescape(name) + 1;
	r.next = (r.size + r.name_len + 7) / 8 * 8;
	bytes_add(&m->raw, &r, r.size);
	bytes_add(&m->raw, name, r.name_len);
	bytes_add(&m->raw, zeros, r.next - r.size - r.name_len);
	return NULL;
}

/*
 * Whether all lines end in CR LF, as in copies from other systems. The last
 * line can have no end, or half of it. A single CR belongs to a name.
 */
static bool has_crlf(const char *text, size_t size)
{
	const char *end, *text_end = text + size;
	size_t nr = 0;

	for (; (end = memchr(text, '\n', text_end - text)); text = end + 1, nr++)
		if (end == text || end[-1] != '\r')
			return false;
	return nr || (size && text[size - 1] == '\r');
}

static const char *not_of_maps(size_t nr, const char *wrong)
{
	static char message[128];

	snprintf(message, sizeof(message), "line %zu is not one of /proc/PID/maps: %s", nr, wrong);
	return message;
}

const char *listing_parse_maps(struct listing *l, char *text, size_t size, pid_t pid)
{
	struct maps m = {
		.header = {
			.size = sizeof(m.header),
			.magic = VMAINFO_MAGIC,
			.version = VMAINFO_VERSION,
			.flags = LISTING_FROM_MAPS,
			.pid = pid,
		},
	};
	const bool crlf = !pid && has_crlf(text, size);
	char *line, *next, *end, *const text_end = text + size;
	const char *wrong;
	size_t nr = 1;

	bytes_add(&m.raw, &m.header, sizeof(m.header));
	for (line = text; line < text_end; line = next, nr++) {
		end = memchr(line, '\n', text_end - line) ?: text_end;
		next = end + 1;
		if (crlf && end > line && end[-1] == '\r')
			end--;
		*end = 0;
		wrong = add_line(&m, line, end - line);
		if (wrong) {
			free(m.raw.p);
			return not_of_maps(nr, wrong);
		}
	}
	memcpy(m.raw.p, &m.header, sizeof(m.header));
	wrong = listing_parse(l, m.raw.p, m.raw.size);
	if (wrong)
		free(m.raw.p);
	return wrong;
}

/* ---- maps of a process ---- */

/* A device number of VMAs, as in maps */
struct device {
	dev_t dev;
	int kind;	/* of VMAs of files on it; -1 if that is not known */
	bool internal;	/* an internal mount of the kernel: its files have no path */
};

struct devices {
	struct device *list;
	size_t nr;
};

static struct device *device_find(const struct devices *d, dev_t dev)
{
	size_t i;

	for (i = 0; i < d->nr; i++)
		if (d->list[i].dev == dev)
			return &d->list[i];
	return NULL;
}

/* Collects the device numbers of all mapped files. There are few. */
static void devices_of(struct devices *d, const struct listing *l)
{
	const struct vma *vma;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		const dev_t dev = makedev(vma->dev_major, vma->dev_minor);

		if (!dev || device_find(d, dev))
			continue;
		d->list = array_grow(d->list, d->nr, sizeof(*d->list));
		d->list[d->nr++] = (struct device){ dev, -1, false };
	}
}

/* Finds them among the file systems that the process sees. */
static void devices_mounted(struct devices *d, const char *dir)
{
	char type[16], *line, *rest, *separator;
	unsigned int major, minor;
	struct bytes text = {};
	struct device *device;

	process_read(&text, dir, "mountinfo", NULL);
	rest = text.p;
	/* "36 35 98:0 /root /mount/point options [tag...] - type source options" */
	while ((line = strsep(&rest, "\n"))) {
		/* Blanks in paths are escaped. */
		separator = strstr(line, " - ");
		if (!separator || sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 ||
		    sscanf(separator, " - %15s", type) != 1)
			continue;
		device = device_find(d, makedev(major, minor));
		if (device)
			device->kind = !strcmp(type, "hugetlbfs") ? VMAINFO_KIND_HUGETLB :
				       !strcmp(type, "tmpfs") || !strcmp(type, "devtmpfs") ?
				       VMAINFO_KIND_SHMEM : VMAINFO_KIND_FILE;
	}
	free(text.p);
}

/*
 * The kernel keeps files of memory without a path on internal mounts. A memfd
 * with these flags is on the same mount. It is empty, so it takes no pages.
 */
static void device_internal(struct devices *d, unsigned int flags, int kind)
{
	struct device *device;
	struct stat st;
	int fd;

	fd = memfd_create("", flags | MFD_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &st)) {
		device = device_find(d, st.st_dev);
		if (device) {
			device->kind = kind;
			device->internal = true;
		}
	}
	close(fd);
}

/* Sizes that huge pages can have, from 8 kB */
#define MIN_HUGE_SHIFT 13
#define MAX_HUGE_SHIFT 63

static void devices_internal(struct devices *d)
{
	unsigned int shift;
	size_t i = 0;

	while (i < d->nr && d->list[i].kind >= 0)
		i++;
	if (i == d->nr)
		return;
	device_internal(d, 0, VMAINFO_KIND_SHMEM);
	for (shift = MIN_HUGE_SHIFT; shift <= MAX_HUGE_SHIFT; shift++)
		device_internal(d, MFD_HUGETLB | shift << MFD_HUGE_SHIFT, VMAINFO_KIND_HUGETLB);
}

/*
 * The kind if its name does not tell: a tmpfs or hugetlbfs can be mounted
 * anywhere. A name in /dev means a device, whatever the file system.
 */
static uint8_t kind_by_device(const struct devices *d, const struct vma *vma)
{
	const struct device *device = device_find(d, makedev(vma->dev_major, vma->dev_minor));

	if (!device || device->kind < 0)
		return vma->kind;
	if (vma->kind == VMAINFO_KIND_DEV && !device->internal &&
	    device->kind != VMAINFO_KIND_HUGETLB)
		return vma->kind;
	return device->kind;
}

void listing_kinds(struct listing *l, const char *dir)
{
	struct devices d = {};
	struct vmainfo_record *r;
	struct vma *vma;
	char *p;
	size_t i;

	devices_of(&d, l);
	if (!d.nr)
		return;
	devices_mounted(&d, dir);
	devices_internal(&d);
	for (i = 0, p = l->raw + l->header.size; i < l->nr; i++, p += r->next) {
		r = (struct vmainfo_record *)p;
		vma = &l->vmas[i];
		vma->kind = kind_by_device(&d, vma);
		r->kind = vma->kind;
	}
	free(d.list);
}

/* Reads the maps of a process as a listing. Returns 0 or an errno. */
static int from_maps(struct listing *l, pid_t pid)
{
	int tries = PROCESS_DIR_TRIES, err;
	struct bytes text = {};
	char dir[PROCESS_DIR];
	const char *wrong;
	bool has_vmas;

	do {
		free(text.p);
		memset(&text, 0, sizeof(text));
		has_vmas = process_dir(dir, pid);
		err = process_read(&text, dir, "maps", may_be_listing);
	} while (has_vmas && --tries && (err == ESRCH || (!err && !text.size)));
	if (err)
		return err;
	wrong = listing_parse_maps(l, text.p, text.size, pid);
	if (wrong)
		error(exit_failure, 0, "%s/maps: %s", dir, wrong);
	free(text.p);
	listing_kinds(l, dir);
	return 0;
}

/* ---- sources ---- */

int listing_open(pid_t pid, int *err, const char *instead)
{
	static bool told;
	const int fd = module_open(VMAINFO_RAW, O_RDWR);

	*err = 0;
	if (fd < 0 && !told)
		note("%s; this is from /proc/PID/%s are missing, kinds are guessed, and it is not a snapshot",
		     module_missing(errno), instead);
	else if (fd >= 0 && pid && dprintf(fd, "%d", pid) < 0)
		*err = errno;
	told = true;
	return fd;
}

int listing_read(struct listing *l, int fd, pid_t pid)
{
	struct bytes raw = {};
	const char *wrong;
	int err;

	if (fd < 0)
		return from_maps(l, pid ?: getpid());
	/* After rmmod, read() fails with EIO, but lseek() with EINVAL. */
	err = lseek(fd, 0, SEEK_SET) < 0 ? EIO : bytes_read(&raw, fd, may_be_listing);
	if (err)
		return err;
	wrong = listing_parse(l, raw.p, raw.size);
	if (wrong)
		error(exit_failure, 0, "%s: %s", VMAINFO_RAW, wrong);
	return 0;
}

int listing_try(struct listing *l, pid_t pid)
{
	int err, fd = listing_open(pid, &err, LISTING_MAPS);

	if (!err)
		err = listing_read(l, fd, pid);
	if (fd >= 0)
		close(fd);
	return err;
}

void listing_from_file(struct listing *l, const char *file)
{
	struct bytes raw = {};
	const char *wrong;

	file_read(&raw, file, may_be_listing);
	if (raw.size && is_maps(raw.p)) {
		wrong = listing_parse_maps(l, raw.p, raw.size, 0);
		free(raw.p);
	} else {
		wrong = listing_parse(l, raw.p, raw.size);
	}
	if (wrong)
		error(exit_failure, 0, "'%s': %s", file, wrong);
}

/* ---- one VMA at a time ---- */

/* A listing that is being read. The bytes of @b from @at on are not parsed yet. */
struct stream {
	int fd;
	struct bytes b;
	size_t at;
};

/* Reads until @size bytes are there, or the end of the file. Returns 0 or an errno. */
static int stream_need(struct stream *s, size_t size)
{
	static char more[64 << 10];
	ssize_t n;

	if (s->b.size - s->at >= size)
		return 0;
	if (s->at) {
		s->b.size -= s->at;
		memmove(s->b.p, s->b.p + s->at, s->b.size);
		s->at = 0;
	}
	while (s->b.size < size) {
		n = read(s->fd, more, sizeof(more));
		if (n < 0 && errno != EINTR)
			return errno;
		if (!n)
			break;
		bytes_add(&s->b, more, n > 0 ? n : 0);
	}
	return 0;
}

/* Returns 0 or an errno, and in *@wrong NULL or what is wrong. */
static int stream_records(struct stream *s, struct vmainfo_header *h, const char **wrong,
			  void (*each)(void *arg, const struct vma *vma), void *arg)
{
	struct vmainfo_record r;
	struct memory memory;
	struct vma vma = {};
	uint64_t i, last = 0;
	size_t next;
	bool swap;
	int err;

	*wrong = header_parse(h, s->b.p, s->b.size, &swap);
	for (s->at = *wrong ? 0 : h->size, i = 0; !*wrong; s->at += next, i++) {
		err = stream_need(s, VMAINFO_RECORD_SIZE_VER0);
		if (err)
			return err;
		if (i == (uint64_t)h->vmas + !!(h->flags & VMAINFO_GATE))
			break;
		if (s->b.size - s->at >= VMAINFO_RECORD_SIZE_VER0) {
			memcpy(&r, s->b.p + s->at, VMAINFO_RECORD_SIZE_VER0);
			err = stream_need(s, swap ? __builtin_bswap32(r.next) : r.next);
		}
		if (err)
			return err;
		*wrong = record_parse(&vma, h->flags & LISTING_MEMORY ? &memory : NULL,
				      s->b.p + s->at, s->b.size - s->at, swap, &next);
		if (!*wrong && vma.start < last)
			*wrong = "its VMAs are not in order";
		last = vma.end;
		if (!*wrong && i < h->vmas)
			each(arg, &vma);
	}
	if (!*wrong && s->at != s->b.size)
		*wrong = "there is something after its last record";
	return 0;
}

/*
 * Finds the end of a line, and puts a NUL there. Returns NULL at the end of the file.
 * *@whole is false if only more than MAX_LINE bytes of it were read.
 */
static char *stream_line(struct stream *s, bool *whole, int *err)
{
	size_t have = 0, before;
	char *end = NULL;

	do {
		before = have;
		*err = stream_need(s, have + 1);
		if (*err)
			return NULL;
		have = s->b.size - s->at;
		end = memchr(s->b.p + s->at + before, '\n', have - before);
	} while (!end && have > before && have <= MAX_LINE + 1);
	if (!end && have == before) {
		if (!have)
			return NULL;
		bytes_add(&s->b, "\n", 1);
		end = s->b.p + s->b.size - 1;
	}
	*whole = end;
	if (!end)
		end = s->b.p + s->b.size - 1;
	*end = 0;
	return end;
}

/* Reads the rest of a line whose beginning stream_line() returned. Returns 0 or an errno. */
static int stream_skip_line(struct stream *s)
{
	char *end = NULL;
	int err;

	do {
		err = stream_need(s, 1);
		if (err || s->b.size == s->at)
			return err;
		end = memchr(s->b.p + s->at, '\n', s->b.size - s->at);
		s->at = end ? (size_t)(end + 1 - s->b.p) : s->b.size;
	} while (!end);
	return 0;
}

static void stream_vma(struct devices *d, const char *dir, struct vma *vma,
		       void (*each)(void *arg, const struct vma *vma), void *arg)
{
	const dev_t dev = makedev(vma->dev_major, vma->dev_minor);

	if (dir && dev && !device_find(d, dev)) {
		d->list = array_grow(d->list, d->nr, sizeof(*d->list));
		d->list[d->nr++] = (struct device){ dev, -1, false };
		devices_mounted(d, dir);
		devices_internal(d);
	}
	vma->kind = kind_by_device(d, vma);
	each(arg, vma);
}

/*
 * As stream_records(). @dir is the process, or NULL for a copy, where the first line
 * tells whether lines end in CR LF.
 */
static int stream_maps(struct stream *s, struct vmainfo_header *h, const char *dir,
		       const char **wrong, void (*each)(void *arg, const struct vma *vma),
		       void *arg)
{
	struct maps m = { .header = { .flags = LISTING_FROM_MAPS, .pid = h->pid } };
	struct devices d = {};
	struct vma vma = {};
	bool crlf = !dir, whole;
	size_t nr, at, next;
	char *end, *line;
	int err;

	for (nr = 1; (end = stream_line(s, &whole, &err)); nr++) {
		line = s->b.p + s->at;
		s->at = end + 1 - s->b.p;
		crlf = crlf && end > line && end[-1] == '\r';
		if (crlf)
			*--end = 0;
		*wrong = add_line(&m, line, end - line);
		if (*wrong) {
			*wrong = not_of_maps(nr, *wrong);
			break;
		}
		if (!whole)
			err = stream_skip_line(s);
		if (err)
			break;
		/* The gate page waits: another line can follow. */
		if (m.header.flags & VMAINFO_GATE)
			continue;
		for (at = 0; at < m.raw.size && !*wrong; at += next) {
			*wrong = record_parse(&vma, NULL, m.raw.p + at, m.raw.size - at, false,
					      &next);
			if (!*wrong)
				stream_vma(&d, dir, &vma, each, arg);
		}
		m.raw.size = 0;
		if (*wrong)
			break;
	}
	*h = m.header;
	free(m.raw.p);
	free(d.list);
	return err;
}

/* Opens the maps of a process. Sets @dir, and @s->fd. Returns 0 or an errno. */
static int stream_open_maps(struct stream *s, char dir[PROCESS_DIR], pid_t pid)
{
	int tries = PROCESS_DIR_TRIES, err;
	char path[PROCESS_DIR + 16];
	bool has_vmas;

	do {
		if (s->fd >= 0)
			close(s->fd);
		has_vmas = process_dir(dir, pid);
		snprintf(path, sizeof(path), "%s/maps", dir);
		s->fd = open(path, O_RDONLY | O_CLOEXEC);
		err = s->fd >= 0 ? stream_need(s, 1) : errno == ENOENT ? ESRCH : errno;
	} while (has_vmas && --tries && (err == ESRCH || (!err && !s->b.size)));
	return err;
}

int listing_each(struct vmainfo_header *header, pid_t pid, const char *file,
		 void (*each)(void *arg, const struct vma *vma), void *arg)
{
	const char *wrong = NULL;
	char dir[PROCESS_DIR] = "";
	struct stream s = {};
	bool maps = false;
	int err = 0;

	s.fd = file ? file_open(file) : listing_open(pid, &err, LISTING_MAPS);
	if (!err && s.fd < 0) {
		maps = true;
		err = stream_open_maps(&s, dir, pid ?: getpid());
	} else if (!err) {
		err = stream_need(&s, sizeof(*header));
		maps = s.b.size >= PROBE && is_maps(s.b.p);
	}
	header->pid = maps && *dir ? pid ?: getpid() : 0;
	if (!err && maps)
		err = stream_maps(&s, header, *dir ? dir : NULL, &wrong, each, arg);
	else if (!err)
		err = stream_records(&s, header, &wrong, each, arg);
	if (err && file)
		error(exit_failure, err, "cannot read '%s'", file);
	if (!err && wrong)
		error(exit_failure, 0, "'%s': %s", file ?: *dir ? dir : VMAINFO_RAW, wrong);
	if (s.fd > STDIN_FILENO)
		close(s.fd);
	free(s.b.p);
	return err;
}
