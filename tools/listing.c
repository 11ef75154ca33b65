// SPDX-License-Identifier: GPL-2.0
/* The VMAs of a process: from the module, from a file, from /proc/PID/maps; see listing.h. */
#include <ctype.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"
#include "tool.h"

/* No system call asks for more than this at a time. */
#define CHUNK (1 << 20)

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

#define NR_KINDS (sizeof(kind_names) / sizeof(*kind_names))

const char *kind_name(unsigned int kind)
{
	return kind < NR_KINDS ? kind_names[kind] : "?";
}

int kind_of_name(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
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

	return policy < sizeof(names) / sizeof(*names) ? names[policy] : "?";
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
	/* In the order of their bits; vmainfo.h says what they are. */
	static const char names[][3] = {
		"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "dw", "lo", "io", "sr",
		"rr", "dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "bt", "sd", "mm",
		"hg", "nh", "mg", "um", "uw", "ui", "ur", "mt", "ss", "dp", "sl", "gu",
	};
	char *p = buf;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
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

/* A text of @len bytes with the NUL: NULL for none. False if it is not one. */
static bool text_at(const char **text, const char *p, size_t len)
{
	*text = len ? p : NULL;
	return !len || (!p[len - 1] && strlen(p) == len - 1);
}

/* A record at @p, of which @left bytes are there: what is wrong with it, or NULL. */
static const char *record_parse(struct vma *vma, const char *p, size_t left, size_t *next)
{
	struct vmainfo_record r;

	if (left < sizeof(r))
		return "it ends inside a record";
	memcpy(&r, p, sizeof(r));
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
	if (r.page_shift > 63)
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

	memset(l, 0, sizeof(*l));
	if (size < offsetof(struct vmainfo_header, flags))
		return size ? "it is too short" : "it is empty";
	memcpy(h, raw, size < sizeof(*h) ? size : sizeof(*h));
	if (h->magic == __builtin_bswap32(VMAINFO_MAGIC))
		return "it was saved on a machine of another byte order";
	if (h->magic != VMAINFO_MAGIC)
		return "it is not a listing of vmainfo";
	if (h->version > VMAINFO_VERSION)
		return "it is of a later version than this program knows";
	if (!h->version || h->size < VMAINFO_HEADER_SIZE_VER0 || h->size % 8 || h->pid < 0)
		return "its header is impossible";
	if (h->size > size)
		return "it ends inside its header";
	nr = (uint64_t)h->vmas + !!(h->flags & VMAINFO_GATE);
	/* Before memory is taken for as many as it claims */
	if (nr > (size - h->size) / sizeof(struct vmainfo_record))
		return "it ends before its last record";
	l->vmas = xreallocarray(NULL, nr, sizeof(*l->vmas));
	for (at = h->size, i = 0; i < nr; at += next, i++) {
		wrong = record_parse(&l->vmas[i], raw + at, size - at, &next);
		if (!wrong && i && l->vmas[i].start < l->vmas[i - 1].end)
			wrong = "its VMAs are not in order";
		if (wrong)
			goto fail;
	}
	wrong = "there is something behind its last record";
	if (at != size)
		goto fail;
	/* Later versions' headers are larger: what is not known here is not kept. */
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

/* What has so many bytes can be told from other files: 16 digits of an address, and a '-'. */
#define PROBE 17

/* Has the magic number, in whatever byte order. @p has PROBE bytes. */
static bool is_raw(const char *p)
{
	uint32_t magic;

	memcpy(&magic, p + offsetof(struct vmainfo_header, magic), sizeof(magic));
	return magic == VMAINFO_MAGIC || magic == __builtin_bswap32(VMAINFO_MAGIC);
}

/* Begins as a line of maps does. @p ends in a NUL. */
static bool is_maps(const char *p)
{
	const size_t digits = strspn(p, "0123456789abcdef");

	return digits && digits < PROBE && p[digits] == '-';
}

struct bytes {
	char *p;
	size_t size;
	size_t room;
};

static void bytes_reserve(struct bytes *b, size_t more)
{
	if (b->room - b->size >= more)
		return;
	b->room = b->size + more > 2 * b->room ? b->size + more : 2 * b->room;
	b->p = xreallocarray(b->p, b->room, 1);
}

/*
 * All of a file from where it stands, and a NUL that is not counted; an errno or 0. What cannot
 * be a listing by how it begins is not read to its end: /dev/zero has none.
 */
static int bytes_read(struct bytes *b, int fd)
{
	ssize_t n;
	int err;

	do {
		bytes_reserve(b, CHUNK + 1);
		n = read(fd, b->p + b->size, b->room - b->size - 1);
		if (n > 0)
			b->size += n;
		b->p[b->size] = 0;
	} while ((n > 0 && (b->size < PROBE || is_raw(b->p) || is_maps(b->p))) ||
		 (n < 0 && errno == EINTR));
	if (n < 0) {
		err = errno;
		free(b->p);
		memset(b, 0, sizeof(*b));
		return err;
	}
	return 0;
}

static void bytes_add(struct bytes *b, const void *p, size_t size)
{
	bytes_reserve(b, size);
	memcpy(b->p + b->size, p, size);
	b->size += size;
}

/* ---- maps ---- */

/* The kernel's lines are shorter by far, and sizes of these have room in a record. */
#define MAX_LINE (2 << 20)

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* What the module would call it, as far as one can tell by the name. */
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
		{ "anon_inode:", VMAINFO_KIND_SPECIAL },
		{ "/anon_hugepage", VMAINFO_KIND_HUGETLB },
		{ "/dev/zero (deleted)", VMAINFO_KIND_SHMEM },
		{ "/dev/shm/", VMAINFO_KIND_SHMEM },
		{ "/memfd:", VMAINFO_KIND_SHMEM },
		{ "/SYSV", VMAINFO_KIND_SHMEM },
		{ "/dev/hugepages/", VMAINFO_KIND_HUGETLB },
		{ "/dev/", VMAINFO_KIND_DEV },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
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

/*
 * A line of maps as a record of raw; false if it is no such line. Lines that were not read at once
 * can overlap, if the process has mapped and unmapped in between: what is below *@behind was there
 * before, and is left out.
 */
static bool add_line(struct bytes *b, struct vmainfo_header *h, char *line, uint64_t *behind)
{
	static const char zeros[8];
	struct vmainfo_record r = { .size = sizeof(r) };
	uint64_t start, end, offset, ino;
	char perm[5], *name;
	int at = -1;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n", &start,
		   &end, perm, &offset, &r.dev_major, &r.dev_minor, &ino, &at) < 7 ||
	    at < 0 || strlen(perm) != 4 || start >= end)
		return false;
	/* Above the gate page there is nothing. */
	if (h->flags & VMAINFO_GATE)
		return false;
	for (name = line + at; *name == ' '; name++)
		;
	if (end <= *behind)
		return true;
	if (start < *behind) {
		/* Only what maps a file has an offset, and not all of that an inode number. */
		if (ino || offset)
			offset += *behind - start;
		start = *behind;
	}
	*behind = end;
	r.start = start;
	r.end = end;
	r.offset = offset;
	r.ino = ino;
	r.flags = (perm[0] == 'r' ? VMAINFO_READ : 0) | (perm[1] == 'w' ? VMAINFO_WRITE : 0) |
		  (perm[2] == 'x' ? VMAINFO_EXEC : 0) | (perm[3] == 's' ? VMAINFO_MAYSHARE : 0);
	r.kind = kind_by_name(name, ino);
	if (r.kind == VMAINFO_KIND_VSYSCALL)
		h->flags |= VMAINFO_GATE;
	else
		h->vmas++;
	if (*name)
		r.name_len = unescape(name) + 1;
	r.next = (sizeof(r) + r.name_len + 7) / 8 * 8;
	bytes_add(b, &r, sizeof(r));
	bytes_add(b, name, r.name_len);
	bytes_add(b, zeros, r.next - sizeof(r) - r.name_len);
	return true;
}

const char *listing_parse_maps(struct listing *l, char *text, size_t size, pid_t pid)
{
	struct vmainfo_header h = {
		.size = sizeof(h),
		.magic = VMAINFO_MAGIC,
		.version = VMAINFO_VERSION,
		.flags = VMAINFO_FROM_MAPS,
		.pid = pid,
	};
	char *line, *end, *const behind = text + size;
	struct bytes raw = {};
	const char *wrong;
	uint64_t last = 0;

	bytes_add(&raw, &h, sizeof(h));
	for (line = text; line < behind; line = end + 1) {
		end = memchr(line, '\n', behind - line);
		wrong = "its last line has no end";
		if (!end)
			goto fail;
		*end = 0;
		wrong = "it has a line that is not one of maps";
		if (end - line > MAX_LINE || memchr(line, 0, end - line) ||
		    !add_line(&raw, &h, line, &last))
			goto fail;
	}
	memcpy(raw.p, &h, sizeof(h));
	wrong = listing_parse(l, raw.p, raw.size);
	if (!wrong)
		return NULL;
fail:
	free(raw.p);
	return wrong;
}

/* /proc/PID/maps as a listing, or an errno. */
static int from_maps(struct listing *l, pid_t pid)
{
	struct bytes text = {};
	const char *wrong;
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ESRCH : errno;
	err = bytes_read(&text, fd);
	close(fd);
	if (err)
		return err;
	wrong = listing_parse_maps(l, text.p, text.size, pid);
	if (wrong)
		error(exit_failure, 0, "%s: %s", path, wrong);
	free(text.p);
	return 0;
}

/* ---- sources ---- */

int listing_open(pid_t pid)
{
	char number[16];
	int fd, len;

	fd = open(VMAINFO_RAW, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		/* Without the capability, even the directory says no. */
		if (errno != ENOENT && errno != EACCES && errno != EPERM)
			error(exit_failure, errno, "cannot open %s", VMAINFO_RAW);
		note("%s: flags, operations, policies and page sizes are missing, and it is no snapshot",
		     errno == ENOENT ?
		     "the module is not loaded (modprobe vmainfo), this is from /proc/PID/maps" :
		     "no permission to ask the module, this is from /proc/PID/maps");
		return -1;
	}
	if (!pid)
		return fd;
	len = snprintf(number, sizeof(number), "%d", pid);
	if (write(fd, number, len) < 0)
		error(exit_failure, errno, "process %d", pid);
	return fd;
}

int listing_read(struct listing *l, int fd, pid_t pid)
{
	struct bytes raw = {};
	const char *wrong;
	int err;

	if (fd < 0)
		return from_maps(l, pid ?: getpid());
	/* Of a module that has been unloaded procfs says EIO to read(), but EINVAL to this. */
	err = lseek(fd, 0, SEEK_SET) < 0 ? EIO : bytes_read(&raw, fd);
	if (err)
		return err;
	wrong = listing_parse(l, raw.p, raw.size);
	if (wrong)
		error(exit_failure, 0, "%s: %s", VMAINFO_RAW, wrong);
	return 0;
}

void listing_of(struct listing *l, pid_t pid)
{
	int fd = listing_open(pid);
	int err = listing_read(l, fd, pid);

	if (err && pid)
		error(exit_failure, err, "process %d", pid);
	if (err)
		error(exit_failure, err, "%s", fd < 0 ? "/proc/self/maps" : VMAINFO_RAW);
	if (fd >= 0)
		close(fd);
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
	err = bytes_read(&raw, fd);
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
