// SPDX-License-Identifier: GPL-2.0
/*
 * A listing: from the module, from a file, or from /proc/PID/maps; see
 * listing.h
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "listing.h"
#include "process.h"
#include "tool.h"

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

char *vma_flags(char buf[FLAGS_TEXT], const struct vma *vma)
{
	/* In the order of their bits */
	static const char names[][3] = {
		"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "dw", "lo", "io", "sr",
		"rr", "dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "bt", "sd", "mm",
		"hg", "nh", "mg", "um", "uw", "ui", "ur", "mt", "ss", "dp", "sl", "gu",
	};
	char *p = buf;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (vma->flags & 1ULL << i)
			p += sprintf(p, "%s%s", p > buf ? "," : "", names[i]);
	if (vma->flags & VMAINFO_OTHER)
		p += sprintf(p, "%s??", p > buf ? "," : "");
	if (p == buf)
		strcpy(buf, "-");
	return buf;
}

void listing_free(struct listing *l)
{
	free(l->vmas);
	free(l->raw);
	memset(l, 0, sizeof(*l));
}

/*
 * Sets *@text to a text of @len bytes with its NUL, or to NULL. False if it is
 * not a text.
 */
static bool text_at(const char **text, const char *p, size_t len)
{
	*text = len ? p : NULL;
	return !len || (!p[len - 1] && strlen(p) == len - 1);
}

/*
 * No architecture with an MMU has smaller pages. A capture can be from one with
 * larger pages.
 */
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
 * @swap is set. Returns NULL, or what is wrong.
 */
static const char *record_parse(struct vma *vma, char *p, size_t left, bool swap, size_t *next)
{
	struct vmainfo_record r;

	if (left < sizeof(r))
		return "it ends inside a record";
	memcpy(&r, p, sizeof(r));
	if (swap) {
		swap_record(&r);
		memcpy(p, &r, sizeof(r));
	}
	if (r.size < sizeof(r) || r.size % 8 || r.next % 8)
		return "a record has an impossible size";
	if (r.next > left)
		return "it ends inside a record";
	if (r.next < (uint64_t)r.size + r.name_len + r.ops_len)
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
	return NULL;
}

const char *listing_parse(struct listing *l, char *raw, size_t size)
{
	struct vmainfo_header *h = &l->header;
	const char *wrong;
	size_t at, next, i;
	uint64_t nr;
	bool swap;

	memset(l, 0, sizeof(*l));
	if (size < offsetof(struct vmainfo_header, flags))
		return size ? "it is too short" : "it is empty";
	memcpy(h, raw, size < sizeof(*h) ? size : sizeof(*h));
	swap = h->magic == __builtin_bswap32(VMAINFO_MAGIC);
	if (swap)
		swap_header(h);
	if (h->magic != VMAINFO_MAGIC)
		return "it is neither a file of 'vmainfo save' nor a copy of /proc/PID/maps";
	if (h->version > VMAINFO_VERSION)
		return "it is of a later version than this program knows";
	if (!h->version || h->size < VMAINFO_HEADER_SIZE_VER0 || h->size % 8 || h->pid < 0)
		return "its header is impossible";
	if (h->size > size)
		return "it ends inside its header";
	if (swap)
		memcpy(raw, h, sizeof(*h));
	nr = (uint64_t)h->vmas + !!(h->flags & VMAINFO_GATE);
	/* Before memory is allocated for that number */
	if (nr > (size - h->size) / sizeof(struct vmainfo_record))
		return "it ends before its last record";
	l->vmas = xreallocarray(NULL, nr, sizeof(*l->vmas));
	for (at = h->size, i = 0; i < nr; at += next, i++) {
		wrong = record_parse(&l->vmas[i], raw + at, size - at, swap, &next);
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
	memset(l, 0, sizeof(*l));
	return wrong;
}

/* ---- bytes ---- */

/* Enough bytes to recognize a listing: 16 digits of an address, and a hyphen */
#define PROBE 17

/* Has the magic number, in either byte order. @p has PROBE bytes. */
static bool is_raw(const char *p)
{
	uint32_t magic;

	memcpy(&magic, p + offsetof(struct vmainfo_header, magic), sizeof(magic));
	return magic == VMAINFO_MAGIC || magic == __builtin_bswap32(VMAINFO_MAGIC);
}

/* Begins like a line of maps. @p ends in a NUL. */
static bool is_maps(const char *p)
{
	const size_t digits = strspn(p, "0123456789abcdef");

	return digits && digits < PROBE && p[digits] == '-';
}

/*
 * A file that cannot be a listing by its first bytes is not read further:
 * /dev/zero has no end.
 */
static bool may_be_listing(const struct bytes *b)
{
	return b->size < PROBE || is_raw(b->p) || is_maps(b->p);
}

/* ---- maps ---- */

/* The lines of the kernel are shorter, and a record can hold this. */
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
		{ "[vsyscall]", VMAINFO_KIND_VSYSCALL },
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

/*
 * Parses a line of maps, without its end, into @r, and sets *@name to the text
 * behind the numbers. Returns NULL, or what is wrong.
 */
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
};

/*
 * Adds a line of maps as a record of raw. Returns NULL, or what is wrong with the line.
 *
 * The kernel fills a page of text at a time, and the process can map, unmap and
 * merge VMAs in between. So the first line of a page can overlap lines before it.
 * The part below @last_end is left out. But no line begins and ends where the
 * last one does, or below.
 */
static const char *add_line(struct maps *m, char *line)
{
	static const char zeros[8];
	struct vmainfo_record r = { .size = sizeof(r) };
	const char *wrong;
	char *name;

	wrong = parse_line(line, &r, &name);
	if (wrong)
		return wrong;
	if (m->header.flags & VMAINFO_GATE)
		return "nothing may follow the gate page";
	if (m->end && r.start <= m->start && r.end <= m->end)
		return "it is not in address order";
	m->start = r.start;
	m->end = r.end;
	if (r.end <= m->last_end)
		return NULL;
	if (r.start < m->last_end) {
		/*
		 * Only mappings of files have an offset. Not all of them have
		 * an inode number.
		 */
		if (r.ino || r.offset)
			r.offset += m->last_end - r.start;
		r.start = m->last_end;
	}
	r.kind = kind_by_name(name, r.ino);
	if (is_gate_page(r.start, name, m->last_end))
		m->header.flags |= VMAINFO_GATE;
	else
		m->header.vmas++;
	m->last_end = r.end;
	if (*name)
		r.name_len = unescape(name) + 1;
	r.next = (sizeof(r) + r.name_len + 7) / 8 * 8;
	bytes_add(&m->raw, &r, sizeof(r));
	bytes_add(&m->raw, name, r.name_len);
	bytes_add(&m->raw, zeros, r.next - sizeof(r) - r.name_len);
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

const char *listing_parse_maps(struct listing *l, char *text, size_t size, pid_t pid)
{
	static char message[128];
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
		if (end - line > MAX_LINE)
			wrong = "it is too long";
		else if (memchr(line, 0, end - line))
			wrong = "it contains a NUL";
		else
			wrong = add_line(&m, line);
		if (wrong) {
			snprintf(message, sizeof(message),
				 "line %zu is not one of /proc/PID/maps: %s", nr, wrong);
			free(m.raw.p);
			return message;
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
	unsigned int major;
	unsigned int minor;
	int kind;	/* of VMAs of files on it; -1 if that is not known */
	bool internal;	/* an internal mount of the kernel: its files have no path */
};

struct devices {
	struct device *list;
	size_t nr;
};

static struct device *device_find(const struct devices *d, unsigned int major, unsigned int minor)
{
	size_t i;

	for (i = 0; i < d->nr; i++)
		if (d->list[i].major == major && d->list[i].minor == minor)
			return &d->list[i];
	return NULL;
}

/* Collects the device numbers of all mapped files. There are few. */
static void devices_of(struct devices *d, const struct listing *l)
{
	const struct vma *vma, *last = NULL;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		vma = &l->vmas[i];
		if (!vma->dev_major && !vma->dev_minor)
			continue;
		if (last && last->dev_major == vma->dev_major && last->dev_minor == vma->dev_minor)
			continue;
		last = vma;
		if (device_find(d, vma->dev_major, vma->dev_minor))
			continue;
		d->list = array_grow(d->list, d->nr, sizeof(*d->list));
		d->list[d->nr++] = (struct device){ vma->dev_major, vma->dev_minor, -1, false };
	}
}

/* Finds them among the file systems that the process sees. */
static void devices_mounted(struct devices *d, const char *dir)
{
	char path[PROCESS_DIR + 16], type[16], *line = NULL, *separator;
	unsigned int major, minor;
	struct device *device;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/mountinfo", dir);
	file = fopen(path, "re");
	if (!file)
		return;
	/* "36 35 98:0 /root /mount/point options [tag...] - type source options" */
	while (getline(&line, &room, file) > 0) {
		/* Blanks in paths are escaped. */
		separator = strstr(line, " - ");
		if (!separator || sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 ||
		    sscanf(separator, " - %15s", type) != 1)
			continue;
		device = device_find(d, major, minor);
		if (device)
			device->kind = !strcmp(type, "hugetlbfs") ? VMAINFO_KIND_HUGETLB :
				       !strcmp(type, "tmpfs") || !strcmp(type, "devtmpfs") ?
				       VMAINFO_KIND_SHMEM : VMAINFO_KIND_FILE;
	}
	fclose(file);
	free(line);
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
		device = device_find(d, major(st.st_dev), minor(st.st_dev));
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
 * Sets the kinds that names do not tell: a tmpfs or hugetlbfs can be mounted
 * anywhere. A name in /dev means a device, whatever the file system.
 */
static void kinds_by_device(struct listing *l, const char *dir)
{
	const struct device *device;
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
		device = device_find(&d, vma->dev_major, vma->dev_minor);
		if (!device || device->kind < 0)
			continue;
		if (vma->kind == VMAINFO_KIND_DEV && !device->internal &&
		    device->kind != VMAINFO_KIND_HUGETLB)
			continue;
		vma->kind = device->kind;
		r->kind = device->kind;
	}
	free(d.list);
}

/* Reads DIR/maps. Returns 0 or an errno. */
static int maps_read(struct bytes *text, const char *dir)
{
	char path[PROCESS_DIR + 16];
	int fd, err;

	snprintf(path, sizeof(path), "%s/maps", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ESRCH : errno;
	err = bytes_read(text, fd, may_be_listing);
	close(fd);
	return err;
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
		err = maps_read(&text, dir);
	} while (has_vmas && --tries && (err == ESRCH || (!err && !text.size)));
	if (err)
		return err;
	wrong = listing_parse_maps(l, text.p, text.size, pid);
	if (wrong)
		error(exit_failure, 0, "%s/maps: %s", dir, wrong);
	free(text.p);
	kinds_by_device(l, dir);
	return 0;
}

/* ---- sources ---- */

/* See listing_open(). Sets *@err to 0, or to the errno of a missing process. */
static int open_raw(pid_t pid, int *err)
{
	char number[16];
	int fd, len;

	*err = 0;
	fd = open(VMAINFO_RAW, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		/*
		 * Without the capability, even the directory cannot be
		 * searched.
		 */
		if (errno != ENOENT && errno != EACCES && errno != EPERM)
			error(exit_failure, errno, "cannot open %s", VMAINFO_RAW);
		note("%s: flags, operations, policies and page sizes are missing, kinds are guessed, and it is no snapshot",
		     errno == ENOENT ?
		     "the module is not loaded (modprobe vmainfo), this is from /proc/PID/maps" :
		     "no permission to ask the module, this is from /proc/PID/maps");
		return -1;
	}
	if (!pid)
		return fd;
	len = snprintf(number, sizeof(number), "%d", pid);
	if (write(fd, number, len) < 0) {
		*err = errno;
		close(fd);
		return -1;
	}
	return fd;
}

int listing_open(pid_t pid)
{
	int err, fd = open_raw(pid, &err);

	if (err)
		error(exit_failure, err, "process %d", pid);
	return fd;
}

int listing_read(struct listing *l, int fd, pid_t pid)
{
	struct bytes raw = {};
	const char *wrong;
	int err;

	if (fd < 0)
		return from_maps(l, pid ?: getpid());
	/*
	 * After rmmod, procfs returns EIO from read() but EINVAL from lseek().
	 */
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
	int err, fd = open_raw(pid, &err);

	if (!err)
		err = listing_read(l, fd, pid);
	if (fd >= 0)
		close(fd);
	return err;
}

void listing_of(struct listing *l, pid_t pid)
{
	int err = listing_try(l, pid);

	if (err && pid)
		error(exit_failure, err, "process %d", pid);
	if (err)
		error(exit_failure, err, "cannot read %s", VMAINFO_RAW);
}

void listing_from_file(struct listing *l, const char *file)
{
	const bool is_stdin = !strcmp(file, "-");
	struct bytes raw = {};
	const char *wrong;
	int fd = STDIN_FILENO, err;

	if (!is_stdin)
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		error(exit_failure, errno, "cannot open '%s'", file);
	err = bytes_read(&raw, fd, may_be_listing);
	if (err)
		error(exit_failure, err, "cannot read '%s'", file);
	if (!is_stdin)
		close(fd);
	if (raw.size && is_maps(raw.p)) {
		wrong = listing_parse_maps(l, raw.p, raw.size, 0);
		free(raw.p);
	} else {
		wrong = listing_parse(l, raw.p, raw.size);
	}
	if (wrong)
		error(exit_failure, 0, "'%s': %s", file, wrong);
}
