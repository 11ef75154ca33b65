/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMAs of one process, read from the module's "raw", from a file that such was saved to, or,
 * where there is no module, from /proc/PID/maps, or what somebody has kept of it.
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../vmainfo.h"

/**
 * struct vma - a VMA, or the gate page
 * @start: first address
 * @end: the first one behind it
 * @offset: of @start in the file
 * @ino: inode number as in maps, 0 without a file
 * @flags: VMAINFO_READ, ...; of a listing from maps only those that are the permissions
 * @dev_major: of the device as in maps
 * @dev_minor: likewise
 * @kind: enum vmainfo_kind, or a later one that kind_name() does not know
 * @policy: as in struct vmainfo_record
 * @page_shift: log2 of the kernel's page size for it; 0 if that is not known
 * @name: as in maps, unescaped; NULL if it has none
 * @ops: symbol of its operations; NULL if it has none or that is not known
 *
 * The texts belong to the listing.
 */
struct vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t ino;
	uint64_t flags;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint8_t kind;
	uint8_t policy;
	uint8_t page_shift;
	const char *name;
	const char *ops;
};

/*
 * A bit of struct vmainfo_header.flags in captures made from /proc/PID/maps: fields that maps does
 * not show are 0, and only VMAINFO_READ, _WRITE, _EXEC and _MAYSHARE are set in a record's flags.
 */
#define LISTING_FROM_MAPS	0x10000

/**
 * struct listing - the VMAs of a process at one time
 * @header: as in vmainfo.h. With LISTING_FROM_MAPS in its flags, all that maps does not say is 0.
 * @vmas: in address order; the gate page, which is no VMA of the process, is the last one
 * @nr: how many are in @vmas
 * @has_gate: whether the last of them is the gate page
 * @raw: what was read, in the form of "raw"; what the texts are in
 * @raw_size: of it
 */
struct listing {
	struct vmainfo_header header;
	struct vma *vmas;
	size_t nr;
	bool has_gate;
	char *raw;
	size_t raw_size;
};

/**
 * listing_parse() - a listing from the bytes of "raw"
 * @l: where to; to be freed if this succeeds
 * @raw: the bytes, from malloc(); belong to the listing if this succeeds
 * @size: how many
 *
 * The bytes can be anything: nothing is taken on trust.
 *
 * Return: NULL, or what is wrong with them.
 */
const char *listing_parse(struct listing *l, char *raw, size_t size);

/**
 * listing_parse_maps() - a listing from the text of a /proc/PID/maps
 * @l: where to; to be freed if this succeeds
 * @text: the text, and a NUL behind it; it is written to, and stays with the caller
 * @size: of it without that NUL
 * @pid: the process; 0 for a copy, whose lines can end in CR LF
 *
 * The text can be anything, too. The last line need not have an end. Lines that
 * overlap, as they can where not all was read at once, are cut.
 *
 * Return: NULL, or what is wrong with it, until the next call.
 */
const char *listing_parse_maps(struct listing *l, char *text, size_t size, pid_t pid);

/**
 * listing_open() - the module's "raw" for a process
 * @pid: the process, 0 for the one that the module's parameter names
 *
 * Ends the program if there is no such process.
 *
 * Return: an open file, or -1 if the module is not there or may not be asked; then there is
 * maps, and a note has been printed that says so and what will be missing.
 */
int listing_open(pid_t pid);

/**
 * listing_read() - takes a listing of a process
 * @l: where to; to be freed
 * @fd: what listing_open() returned
 * @pid: the process that was given to it
 *
 * Return: 0, or an errno of why it cannot be read: ESRCH if the process has exited. What the
 * module gives that is no "raw" ends the program.
 */
int listing_read(struct listing *l, int fd, pid_t pid);

/* Takes a listing of a process, with the fallback. Returns 0, or an errno. */
int listing_try(struct listing *l, pid_t pid);
/* The same, or ends the program. */
void listing_of(struct listing *l, pid_t pid);

/* Reads a file that was saved, or a copy of a maps, "-" for stdin, or ends the program. */
void listing_from_file(struct listing *l, const char *file);

/*
 * Whether a line of maps is the gate page and not a VMA of the process.
 * @last_end is the end of the VMA before it.
 */
bool is_gate_page(uint64_t start, const char *name, uint64_t last_end);

/* Frees what is in it; one that is all zero is empty. */
void listing_free(struct listing *l);

/* "anon", "file", ...; "?" for one that is not known. */
const char *kind_name(unsigned int kind);
/* The kind of that name, -1 if there is none. */
int kind_of_name(const char *name);
/* "rwxp", NUL included, as in maps. Returns @perm. */
char *vma_perm(char perm[5], const struct vma *vma);
/* "default", "bind", ...; "-" if it has none. */
const char *policy_name(unsigned int policy);
/* Two-letter names of its flags, as in the column "flags" of vmas. Returns @buf. */
#define FLAGS_TEXT 256
char *vma_flags(char buf[FLAGS_TEXT], const struct vma *vma);

static inline uint64_t vma_size(const struct vma *vma)
{
	return vma->end - vma->start;
}

static inline bool listing_is_from_maps(const struct listing *l)
{
	return l->header.flags & LISTING_FROM_MAPS;
}

#endif /* LISTING_H */
