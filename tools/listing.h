/* SPDX-License-Identifier: GPL-2.0 */
/* The VMAs of a process: "raw" of the module, /proc/PID/maps, or a copy */
#ifndef LISTING_H
#define LISTING_H

#include "../vmainfo.h"
#include "tool.h"

/* A VMA, or the gate page. The texts belong to the listing. */
struct vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t ino;		/* 0 without a file */
	uint64_t flags;		/* from maps: only the permissions */
	uint32_t dev_major;
	uint32_t dev_minor;
	uint8_t kind;		/* can be a later one than kind_name() knows */
	uint8_t policy;		/* as in struct vmainfo_record */
	uint8_t page_shift;	/* log2 of the kernel's page size; 0 if not known */
	uint8_t nomerge;	/* VMAINFO_NOMERGE_*; 0 if not known */
	const char *name;	/* as in maps, without escapes, or NULL */
	const char *ops;	/* symbol of its operations, or NULL */
	const unsigned char *build_id;	/* of its file; see @has_build_ids */
	uint8_t build_id_size;	/* 0 without one */
};

/* The largest size of a build ID */
#define BUILD_ID 20

/*
 * A bit of struct vmainfo_header.flags in captures of /proc/PID/maps. Fields
 * that maps does not show are 0, and only VMAINFO_READ, _WRITE, _EXEC and
 * _MAYSHARE are set in a record's flags.
 */
#define LISTING_FROM_MAPS	0x10000

/* As from maps, but flags and page sizes are known: the source was smaps. */
#define LISTING_FLAGS		0x20000
/* Records end with what memory_pack() has added. */
#define LISTING_MEMORY		0x40000

struct memory;

struct listing {
	struct vmainfo_header header;
	struct vma *vmas;	/* in address order; the gate page is the last one */
	size_t nr;
	bool has_gate;
	bool has_build_ids;	/* true: @build_id_size is 0 only if there is no build ID */
	unsigned char *build_ids;	/* those that are not in @raw */
	struct memory *memory;	/* of each of @vmas; NULL if it was not asked for */
	struct memory *rollup;	/* of all of them by smaps_rollup; NULL in captures */
	char *raw;		/* all of it in the form of "raw" */
	size_t raw_size;
};

/*
 * Parses the bytes of "raw", which can be anything. @raw is from malloc() and
 * belongs to the listing on success. Returns NULL, or what is wrong.
 */
const char *listing_parse(struct listing *l, char *raw, size_t size);

/*
 * Parses a text of /proc/PID/maps, which can be anything. @text is written to;
 * a NUL follows it. @pid is 0 for a copy, whose lines can end in CR LF. The last
 * line need not have an end. Lines that overlap, because maps was read in
 * pieces, are trimmed. Returns NULL, or what is wrong, until the next call.
 */
const char *listing_parse_maps(struct listing *l, char *text, size_t size, pid_t pid);

/*
 * Opens the module's "raw" for a process, or with 0 for the one that the
 * module's parameter names. Returns -1, after a note with @instead, if the module
 * is not loaded or there is no permission. Sets *@err to 0, or to the errno of a
 * missing process.
 */
int listing_open(pid_t pid, int *err, const char *instead);
/* @instead for listing_read() */
#define LISTING_MAPS	"maps: flags, operations, policies and page sizes"

/*
 * Reads a listing of a process: @fd and @pid are those of listing_open(). Returns
 * 0 or an errno; ESRCH if the process has exited.
 */
int listing_read(struct listing *l, int fd, pid_t pid);

/* listing_open() and listing_read(), without memory. Returns 0 or an errno. */
int listing_try(struct listing *l, pid_t pid);

/* Corrects kinds that are guessed from names by the file systems of the process. */
void listing_kinds(struct listing *l, const char *dir);

/* Reads a file of "save", or a copy of maps, "-" for stdin, or ends the program. */
void listing_from_file(struct listing *l, const char *file);

/*
 * Calls @each for all VMAs of a process, or of @file if that is not NULL, without
 * the gate page, and sets *@header. Texts are valid during the call only. The
 * memory that this takes does not grow with the number of VMAs. Returns 0, or the
 * errno of a process as listing_try() does.
 */
int listing_each(struct vmainfo_header *header, pid_t pid, const char *file,
		 void (*each)(void *arg, const struct vma *vma), void *arg);

/* Whether a line of maps is the gate page. @last_end: of the VMA before it */
bool is_gate_page(uint64_t start, const char *name, uint64_t last_end);

/* Frees the content. A listing of zeros is empty. */
void listing_free(struct listing *l);

/* "anon", "file", ...; "?" for an unknown kind */
const char *kind_name(unsigned int kind);
/* The kind of that name, or -1 */
int kind_of_name(const char *name);
/* "rwxp" as in maps. Returns @perm. */
char *vma_perm(char perm[5], const struct vma *vma);
/* "default", "bind", ..., or "-" */
const char *policy_name(unsigned int policy);
/* Two-letter names of the flags, as in the column "flags" of vmas. Returns @buf. */
#define FLAGS_TEXT 256
char *vma_flags(char buf[FLAGS_TEXT], const struct vma *vma);
/* The flags of such names with a blank after each, as VmFlags of smaps has them */
uint64_t parse_flags(const char *names);
/* The bits VMAINFO_NOMERGE_*, in their order; ends with NULL */
extern const char *const nomerge_names[];
/* The column "nomerge" of vmas. Returns false if no VMA ends where this one starts. */
bool vma_nomerge(char buf[FLAGS_TEXT], const struct listing *l, const struct vma *vma);

/* Their number and size, without the gate page */
static inline size_t listing_vmas(const struct listing *l)
{
	return l->nr - l->has_gate;
}

uint64_t listing_size(const struct listing *l);

static inline uint64_t vma_size(const struct vma *vma)
{
	return vma->end - vma->start;
}

static inline bool listing_is_from_maps(const struct listing *l)
{
	return l->header.flags & LISTING_FROM_MAPS;
}

static inline bool listing_has_flags(const struct listing *l)
{
	return !listing_is_from_maps(l) || l->header.flags & LISTING_FLAGS;
}

#endif /* LISTING_H */
