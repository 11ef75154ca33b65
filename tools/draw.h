/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "vmainfo draw" draws: an address space as boxes, from the highest address to the lowest, the
 * same for the terminal (draw.c) and for a picture (picture.c).
 */
#ifndef DRAW_H
#define DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listing.h"
#include "tool.h"

/* Ends of ranges are the first address behind them, and 0 is then 2^64; so sizes come out right. */

/**
 * struct region - a part of the kernel's segment
 * @start: first address
 * @end: the first one behind it
 * @name: as summary has it, without "Kernel" and any that are not ASCII
 */
struct region {
	uint64_t start;
	uint64_t end;
	char name[32];
};

/* In the text of summary. One inside another cuts that into two. */
#define MAX_REGIONS 32

/**
 * struct space - what is known of an address space but for its VMAs
 * @user_end: the first address that user space cannot have; 0 if that is not known
 * @kernel_start: where the kernel's segment begins; 0 if that is not known
 * @code: where the program's code is, 0 if that is not known
 * @source: where this is known from, in words
 * @regions: of the kernel's segment, in address order, without overlaps
 * @nr_regions: how many
 */
struct space {
	uint64_t user_end;
	uint64_t kernel_start;
	uint64_t code;
	const char *source;
	struct region regions[2 * MAX_REGIONS];
	size_t nr_regions;
};

/**
 * space_read() - what the text of summary says
 * @space: where to
 * @text: the text; is changed
 *
 * Return: NULL, or what is wrong with it, until the next call.
 */
const char *space_read(struct space *space, char *text);

/**
 * space_guess() - what the addresses in a listing say of the machine
 * @space: where to
 * @l: the listing
 * @machine: of uname(2), if the listing is of this machine; else NULL
 */
void space_guess(struct space *space, const struct listing *l, const char *machine);

/**
 * struct metrics - how heights are made from sizes, in lines or pixels
 * @part: height of a part of up to @from bytes
 * @box: a box has at least this height
 * @broken: height of what is not drawn to scale
 * @from: log2 of the size above which heights grow
 * @step: by how much with each doubling, in 1/256
 * @text: flags of printable()
 */
struct metrics {
	unsigned int part;
	unsigned int box;
	unsigned int broken;
	unsigned int from;
	unsigned int step;
	unsigned int text;
};

/* How high something of that size is. */
unsigned int metrics_height(const struct metrics *m, uint64_t size);

/**
 * struct span - a range of addresses, and the VMAs in it
 * @start: first address
 * @end: the first one behind it
 * @first: index of its first VMA
 * @nr: how many VMAs; 0 if nothing is mapped there
 * @keep: something in it is to be seen by itself
 * @merged: small neighbours were made into one; what is unmapped between them is in it, too
 * @height: in the drawing
 */
struct span {
	uint64_t start;
	uint64_t end;
	size_t first;
	size_t nr;
	bool keep;
	bool merged;
	unsigned int height;
};

enum box_type {
	BOX_VMAS,	/* VMAs of one file, or of one kind, next to each other */
	BOX_GAP,	/* nothing is mapped */
	BOX_HOLE,	/* nothing can be */
	BOX_KERNEL,	/* the kernel's segment, or a region of it: no VMAs */
	BOX_KERNEL_GAP,	/* between its known regions */
	BOX_UNKNOWN,
};

/**
 * struct box - something that is drawn with one name
 * @type: what it is
 * @span: the addresses and VMAs
 * @parts: its VMAs, and what is unmapped between them, from the highest to the lowest
 * @nr_parts: how many; 0 if it has no VMAs
 * @name: UTF-8, as all texts here
 * @dir: directory of the file it is named after; NULL if it is no file
 * @note: what else is to be said; NULL if nothing
 * @size: of its VMAs, or if it has none, of the addresses
 * @broken: too large for the scale
 * @wx: can be written and executed
 * @height: in the drawing, the sum of those of its parts
 */
struct box {
	enum box_type type;
	struct span span;
	struct span *parts;
	size_t nr_parts;
	char *name;
	char *dir;
	char *note;
	uint64_t size;
	bool broken;
	bool wx;
	unsigned int height;
};

/**
 * struct layout - a drawing
 * @l: what it is of
 * @space: likewise
 * @metrics: what its heights were made with
 * @boxes: from the highest address to the lowest
 * @nr: how many
 * @mapped: size of all VMAs
 * @nr_merged: how many VMAs are not drawn by themselves
 * @in_boxes: but in so many boxes or parts of boxes
 */
struct layout {
	const struct listing *l;
	const struct space *space;
	struct metrics metrics;
	struct box *boxes;
	size_t nr;
	uint64_t mapped;
	size_t nr_merged;
	size_t in_boxes;
};

/**
 * layout_make() - what is to be drawn
 * @layout: where to; to be freed
 * @l: the listing, which has to stay
 * @space: likewise
 * @m: the scale
 * @max: small neighbours are merged until there are no more boxes than this; 0: never
 */
void layout_make(struct layout *layout, const struct listing *l, const struct space *space,
		 const struct metrics *m, size_t max);
void layout_free(struct layout *layout);

/*
 * All of user space to scale, from the lowest address: sets those of the @nr cells in which
 * something is mapped. Returns the address where the last cell ends.
 */
uint64_t layout_overview(const struct layout *layout, bool *cells, size_t nr);

/* What is drawn in one colour. */
#define NR_ACCESS 16
#define ACCESS_SHARED 8		/* and _READ, _WRITE, _EXEC in the lower three bits */
unsigned int vma_access(const struct vma *vma);
/* Writable and executable at the same time. */
bool vma_is_wx(const struct vma *vma);

/* The VMAs of a span by their access. */
struct mix {
	uint64_t size[NR_ACCESS];
	size_t nr[NR_ACCESS];
};

void span_mix(struct mix *mix, const struct listing *l, const struct span *span);

/**
 * struct caption - what is written above a drawing, and below it
 * @title: whose address space it is
 * @subtitle: how much there is, when it was taken, and where
 * @notes: what has to be said of the drawing, below it; NULL behind the last one
 */
struct caption {
	char *title;
	char *subtitle;
	char *notes[4];
};

/* ---- picture.c ---- */

enum picture { PICTURE_NONE, PICTURE_SVG, PICTURE_PNG, PICTURE_PDF };

extern const struct metrics picture_metrics;

/**
 * picture_make() - draws
 * @out: where to; to be freed
 * @type: not PICTURE_NONE
 * @layout: of picture_metrics
 * @caption: what is written above
 * @columns: how many the boxes are set in; 0: as many as look well
 * @scale: of PNG: pixels for one of CSS
 *
 * Return: NULL, or what is wrong.
 */
const char *picture_make(struct bytes *out, enum picture type, const struct layout *layout,
			 const struct caption *caption, unsigned int columns,
			 unsigned int scale);

#endif /* DRAW_H */
