/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The drawing of "vmainfo draw": an address space as boxes, from the highest
 * address to the lowest. draw.c draws it in the terminal, web.c as an HTML page,
 * picture.c as a picture.
 *
 * The end of a range is exclusive; 0 stands for 2^64, so sizes come out right.
 */
#ifndef DRAW_H
#define DRAW_H

#include "listing.h"
#include "tool.h"

struct region {
	uint64_t start;
	uint64_t end;
	char name[32];		/* as in summary, without "Kernel" */
};

/* In the text of summary. A region inside another cuts that into two. */
#define MAX_REGIONS 32

/* What is known of an address space, apart from its VMAs. 0: not known */
struct space {
	uint64_t user_end;
	uint64_t kernel_start;
	uint64_t code;		/* where the code of the program is */
	const char *source;	/* how this is known, in words */
	struct region regions[2 * MAX_REGIONS];	/* in address order, without overlaps */
	size_t nr_regions;
};

/* Parses and changes the text of summary. Returns NULL, or what is wrong, until the next call. */
const char *space_read(struct space *space, char *text);

/* Infers a space from a listing. @machine: of uname(2), NULL for a listing of another machine */
void space_guess(struct space *space, const struct listing *l, const char *machine);

/* How heights are made from sizes, in lines or pixels */
struct metrics {
	unsigned int part;	/* of a part of up to 2^@from bytes */
	unsigned int box;	/* of a box at least */
	unsigned int broken;	/* of a box that is not to scale */
	unsigned int from;
	unsigned int step;	/* for each further doubling, in 1/256 */
	unsigned int text;	/* flags of printable() */
};

unsigned int metrics_height(const struct metrics *m, uint64_t size);

/* A range of addresses, and the VMAs in it */
struct span {
	uint64_t start;
	uint64_t end;
	size_t first;		/* index of its first VMA */
	size_t nr;		/* of VMAs; 0 if nothing is mapped */
	bool keep;		/* must not be merged with others */
	bool merged;		/* consists of small neighbours, and the gaps between them */
	unsigned int height;
};

enum box_type {
	BOX_VMAS,	/* VMAs of one file, or of one kind, next to each other */
	BOX_GAP,	/* nothing is mapped */
	BOX_HOLE,	/* nothing can be mapped */
	BOX_KERNEL,	/* the kernel's segment, or a region of it */
	BOX_KERNEL_GAP,	/* between the known regions of the kernel's segment */
	BOX_UNKNOWN,
};

/* A part of the drawing with one name. All texts are printable(). */
struct box {
	enum box_type type;
	struct span span;
	struct span *parts;	/* its VMAs and the gaps between them, from the highest address */
	size_t nr_parts;
	char *name;
	char *dir;		/* of the file that it is named after, or NULL */
	char *note;		/* sizes and counts, or NULL */
	uint64_t size;		/* of its VMAs; without VMAs, of the range */
	bool broken;		/* not to scale */
	bool wx;		/* some VMA is writable and executable */
	unsigned int height;	/* the sum of the parts' heights */
};

struct layout {
	const struct listing *l;
	const struct space *space;
	struct metrics metrics;
	struct box *boxes;	/* from the highest address to the lowest */
	size_t nr;
	uint64_t mapped;	/* size of all VMAs */
	size_t nr_merged;	/* VMAs that are merged with others */
	size_t in_boxes;	/* the number of boxes and parts that these are in */
};

/*
 * Lays out the drawing of @l and @space, which must outlive it. Merges small
 * neighbours until there are at most @max boxes; 0 for no limit.
 */
void layout_make(struct layout *layout, const struct listing *l, const struct space *space,
		 const struct metrics *m, size_t max);
void layout_free(struct layout *layout);

/* User space to scale: sets cells with mappings. Returns the last one's end. */
uint64_t layout_overview(const struct layout *layout, bool *cells, size_t nr);

/* Access rights, each with a colour of its own: _READ, _WRITE, _EXEC in the lower three bits */
#define NR_ACCESS 16
#define ACCESS_SHARED 8
unsigned int vma_access(const struct vma *vma);
bool vma_is_wx(const struct vma *vma);
/* 0xRRGGBB, by vma_access(). Colour-blind people can tell these colours apart. */
extern const uint32_t access_colours[NR_ACCESS];

/* The VMAs of a span by their access */
struct mix {
	uint64_t size[NR_ACCESS];
	size_t nr[NR_ACCESS];
};

void span_mix(struct mix *mix, const struct listing *l, const struct span *span);

/* The texts above a drawing, and the notes below it */
struct caption {
	char *title;
	char *subtitle;
	char *notes[3];
	size_t nr_notes;	/* @notes that apply */
};

enum picture { PICTURE_NONE, PICTURE_HTML, PICTURE_SVG, PICTURE_PNG, PICTURE_PDF };

/* ---- web.c ---- */

extern const struct metrics web_metrics;

/*
 * Returns a page of @layout, which must be of web_metrics and without merged
 * spans, and its size; to be freed. If @before is not NULL, the page also shows
 * what has changed since, and calls that listing @before_title.
 */
char *web_page(size_t *size, const struct layout *layout, const struct caption *caption,
	       const struct listing *before, const char *before_title);

/* ---- picture.c ---- */

extern const struct metrics picture_metrics;

/* Of boxes, in a picture */
#define MAX_COLUMNS 12

/*
 * Draws @layout, which must be of picture_metrics, into @out, to be freed.
 * @columns: of boxes; 0 for as many as look well. @scale: pixels of a PNG for
 * each of CSS. Returns NULL, or what is wrong.
 */
const char *picture_make(struct bytes *out, enum picture type, const struct layout *layout,
			 const struct caption *caption, unsigned int columns,
			 unsigned int scale);

#endif /* DRAW_H */
