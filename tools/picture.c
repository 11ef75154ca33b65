// SPDX-License-Identifier: GPL-2.0
/* The drawing as a picture, by cairo; see draw.h */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>

#include "draw.h"

/* Pixels, or points. 4 KB have a height of 3, each doubling adds 1.25. */
const struct metrics picture_metrics = {
	.part = 3, .box = 14, .broken = 18, .from = 12, .step = 320, .text = TEXT_UTF8,
};

/* The limit of cairo */
#define MAX_PIXELS 32767

#define MARGIN 28
#define ADDRESS_WIDTH 96
#define BOX_WIDTH 104
#define LABEL_WIDTH 316
#define LABEL_GAP 10
#define COLUMN_GAP 20
#define COLUMN_WIDTH (ADDRESS_WIDTH + BOX_WIDTH + LABEL_GAP + LABEL_WIDTH)
#define MIN_WIDTH 760

#define TITLE_SIZE 22
#define TEXT_SIZE 10
#define SMALL_SIZE 9
#define ADDRESS_SIZE 8

#define ELLIPSIS "…"

/* The baseline of a text whose middle is at a height of 0 */
#define MIDDLE(size) ((size) * 0.36)

/* 0xRRGGBB */
enum {
	ink = 0x22272e, grey = 0x6b7480, pale = 0xc9ced6, white = 0xffffff, alarm_colour = 0xc00418,
	gap_colour = 0xf7f8fa, hole_colour = 0xe9e6df,
};

/* Of boxes that have no VMAs */
static const uint32_t box_colours[] = {
	[BOX_GAP] = gap_colour, [BOX_HOLE] = hole_colour, [BOX_UNKNOWN] = hole_colour,
	[BOX_KERNEL] = 0x56617a, [BOX_KERNEL_GAP] = 0xc4cad6,
};

struct picture_state {
	cairo_t *cr;
	const struct layout *layout;
	const struct caption *caption;
	unsigned int columns;
	size_t breaks[MAX_COLUMNS];	/* of each column: the box behind its last one */
	double width;
	double height;
	double top;		/* of the columns */
};

/* Transparent, unless @alpha is 1 */
static void set_paint(cairo_t *cr, uint32_t c, double alpha)
{
	cairo_set_source_rgba(cr, (c >> 16) / 255., (c >> 8 & 255) / 255., (c & 255) / 255., alpha);
}

static void set_colour(cairo_t *cr, uint32_t c)
{
	set_paint(cr, c, 1);
}

static void set_font(cairo_t *cr, uint32_t c, double size, bool bold, bool mono)
{
	set_colour(cr, c);
	cairo_select_font_face(cr, mono ? "monospace" : "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, size);
}

static void fill_rectangle(cairo_t *cr, double x, double y, double w, double h, uint32_t c)
{
	cairo_rectangle(cr, x, y, w, h);
	set_colour(cr, c);
	cairo_fill(cr);
}

/* ---- texts ---- */

static double width_of(cairo_t *cr, const char *text)
{
	cairo_text_extents_t e;

	cairo_text_extents(cr, text, &e);
	return e.x_advance;
}

/* Shows a text; returns where it ends. */
static double put_text(cairo_t *cr, double x, double y, const char *text)
{
	cairo_move_to(cr, x, y);
	cairo_show_text(cr, text);
	return x + width_of(cr, text);
}

static char *cut_text(const char *text, size_t bytes, bool at_end)
{
	return at_end ? xasprintf("%.*s" ELLIPSIS, (int)bytes, text) :
			xasprintf(ELLIPSIS "%s", text + strlen(text) - bytes);
}

/* Shows a text, cut to @room at its end or beginning. Returns its end. */
static double put_cut(cairo_t *cr, double x, double y, double room, const char *text, bool at_end)
{
	size_t len = strlen(text), low = 0, high = len, middle;
	char *cut;

	if (width_of(cr, text) <= room)
		return put_text(cr, x, y, text);
	/* @low bytes fit, and @high do not. */
	while (high - low > 1) {
		middle = (low + high) / 2;
		while (middle > low && !is_first_byte(text[at_end ? middle : len - middle]))
			middle--;
		if (middle == low)
			break;
		cut = cut_text(text, middle, at_end);
		if (width_of(cr, cut) <= room)
			low = middle;
		else
			high = middle;
		free(cut);
	}
	cut = cut_text(text, low, at_end);
	if (low || width_of(cr, cut) <= room)
		x = put_text(cr, x, y, cut);
	free(cut);
	return x;
}

/* ---- boxes ---- */

/* Lines from lower left to upper right, for shared or unusable memory */
static void put_hatching(cairo_t *cr, double x, double y, double w, double h, double step,
			 uint32_t c, double alpha)
{
	double at;

	cairo_save(cr);
	cairo_rectangle(cr, x, y, w, h);
	cairo_clip(cr);
	set_paint(cr, c, alpha);
	cairo_set_line_width(cr, 1);
	for (at = x - h; at < x + w; at += step) {
		cairo_move_to(cr, at, y + h);
		cairo_line_to(cr, at + h, y);
	}
	cairo_stroke(cr);
	cairo_restore(cr);
}

static void fill_access(cairo_t *cr, double x, double y, double w, double h, unsigned int access)
{
	fill_rectangle(cr, x, y, w, h, access_colours[access]);
	if (access & ACCESS_SHARED)
		put_hatching(cr, x, y, w, h, 6, white, .22);
}

/* Merged VMAs: the share of each access, from left to right */
static void put_mix(struct picture_state *s, double x, double y, const struct span *span)
{
	unsigned int access, left = 0;
	uint64_t size = 0;
	struct mix mix;
	double w;

	span_mix(&mix, s->layout->l, span);
	for (access = 0; access < NR_ACCESS; access++) {
		size += mix.size[access];
		left += !!mix.nr[access];
	}
	/* Each has a visible part of the width. The rest is to scale. */
	w = BOX_WIDTH - 4. * left;
	for (access = 0; access < NR_ACCESS; access++) {
		const double part = 4 + w * mix.size[access] / size;

		if (!mix.nr[access])
			continue;
		fill_access(s->cr, x, y, part, span->height, access);
		x += part;
	}
}

/* Two zigzag lines across a box that is not to scale */
static void put_break(cairo_t *cr, double x, double y, double w)
{
	const double step = w / 26;
	int i;

	for (i = 0; i <= 26; i++)
		cairo_line_to(cr, x + i * step, y - 1.2 + (i & 1 ? -1.5 : 1.5));
	for (; i-- > 0; )
		cairo_line_to(cr, x + i * step, y + 1.2 + (i & 1 ? -1.5 : 1.5));
	cairo_close_path(cr);
	set_colour(cr, white);
	cairo_fill_preserve(cr);
	set_colour(cr, grey);
	cairo_set_line_width(cr, .6);
	cairo_stroke(cr);
}

static void put_part(struct picture_state *s, const struct span *part, double x, double y)
{
	const double text_size = part->height < 11 ? 7 : 8;
	const struct vma *vma = part->nr == 1 ? &s->layout->l->vmas[part->first] : NULL;
	bool is_dark = false, is_wx = false;
	char text[32], perm[5], size[SIZE_TEXT];
	cairo_t *cr = s->cr;

	if (vma) {
		is_wx = vma_is_wx(vma);
		is_dark = is_wx || vma_access(vma) & ACCESS_SHARED;
		fill_access(cr, x, y, BOX_WIDTH, part->height, vma_access(vma));
		snprintf(text, sizeof(text), "%.3s  %s", vma_perm(perm, vma),
			 size_text(size, vma_size(vma)));
	} else if (part->nr) {
		put_mix(s, x, y, part);
		snprintf(text, sizeof(text), "%zu VMAs", part->nr);
	} else {
		fill_rectangle(cr, x, y, BOX_WIDTH, part->height, gap_colour);
		size_text(text, part->end - part->start);
	}
	if (part->height < ADDRESS_SIZE)
		return;
	set_font(cr, is_dark ? white : ink, text_size, is_wx, true);
	put_text(cr, x + (BOX_WIDTH - width_of(cr, text)) / 2,
		 y + part->height / 2. + MIDDLE(text_size), text);
}

static void put_label(struct picture_state *s, const struct box *box, double x, double y)
{
	const bool mapped = box->type == BOX_VMAS;
	const double lines = box->height >= 24 && mapped ? 2 : 1, right = x + LABEL_WIDTH;
	const double badge = box->wx ? 36 : 0;
	double at = y + box->height / 2. + MIDDLE(TEXT_SIZE) - (lines - 1) * 6, end;
	char size[SIZE_TEXT], text[64];
	cairo_t *cr = s->cr;

	set_font(cr, mapped ? ink : grey, TEXT_SIZE, mapped, false);
	end = x + width_of(cr, box->name) + 8 + badge;
	set_font(cr, grey, SMALL_SIZE, false, false);
	snprintf(text, sizeof(text), "%s in %zu VMAs", size_text(size, box->size), box->span.nr);
	/* A whole name matters more than the number of VMAs. */
	if (box->span.nr <= 1 || box->span.merged || end + width_of(cr, text) > right)
		strcpy(text, size);
	end = right - width_of(cr, text) - badge - 8;
	set_font(cr, mapped ? ink : grey, TEXT_SIZE, mapped, false);
	end = put_cut(cr, x, at, end - x, box->name, true) + 7;
	set_font(cr, grey, SMALL_SIZE, false, false);
	end = put_text(cr, end, at, text) + 7;
	if (box->wx) {
		fill_rectangle(cr, end, at - 9, 29, 12, alarm_colour);
		set_font(cr, white, SMALL_SIZE, true, false);
		put_text(cr, end + 2.5, at, "W+X");
		set_font(cr, grey, SMALL_SIZE, false, false);
		end += 29 + 7;
	}
	if (lines == 2) {
		end = x;
		at += 12;
	}
	if (box->note)
		end = put_cut(cr, end, at, right - end, box->note, true) + 7;
	/* A shorter part would not help. */
	if (box->dir && (right - end > 60 || width_of(cr, box->dir) <= right - end))
		put_cut(cr, end, at, right - end, box->dir, false);
	else if (box->dir)
		put_cut(cr, end, at, right - end, ELLIPSIS, false);
}

static void put_address(cairo_t *cr, uint64_t address, double x, double y)
{
	char text[20];

	snprintf(text, sizeof(text), "%" PRIx64, address);
	set_font(cr, grey, ADDRESS_SIZE, false, true);
	put_text(cr, x + ADDRESS_WIDTH - 8 - width_of(cr, text), y + MIDDLE(ADDRESS_SIZE), text);
	cairo_set_line_width(cr, .6);
	cairo_move_to(cr, x + ADDRESS_WIDTH - 5, y);
	cairo_line_to(cr, x + ADDRESS_WIDTH, y);
	cairo_stroke(cr);
}

static void put_box(struct picture_state *s, const struct box *box, double x, double y)
{
	const double left = x + ADDRESS_WIDTH;
	double at = y;
	cairo_t *cr = s->cr;
	size_t i;

	if (box->type != BOX_VMAS)
		fill_rectangle(cr, left, y, BOX_WIDTH, box->height, box_colours[box->type]);
	if (box->type == BOX_HOLE || box->type == BOX_UNKNOWN)
		put_hatching(cr, left, y, BOX_WIDTH, box->height, 5, grey, .35);
	for (i = 0; i < box->nr_parts; i++) {
		put_part(s, &box->parts[i], left, at);
		at += box->parts[i].height;
		if (i + 1 == box->nr_parts)
			break;
		/* Also between two of the same colour */
		set_paint(cr, ink, .45);
		cairo_set_line_width(cr, .5);
		cairo_move_to(cr, left, at);
		cairo_line_to(cr, left + BOX_WIDTH, at);
		cairo_stroke(cr);
	}
	set_colour(cr, box->wx ? alarm_colour : box->type == BOX_GAP ? pale : ink);
	cairo_set_line_width(cr, box->wx ? 2.2 : .8);
	cairo_rectangle(cr, left, y, BOX_WIDTH, box->height);
	cairo_stroke(cr);
	if (box->broken)
		put_break(cr, left, y + box->height / 2., BOX_WIDTH);
	put_label(s, box, left + BOX_WIDTH + LABEL_GAP, y);
}

/* ---- what is around them ---- */

/* The middle of a swatch is at @y. Returns where the next swatch goes. */
static double put_swatch(struct picture_state *s, double x, double y, unsigned int access,
			 const char *perm, const char *what)
{
	const uint32_t ring = access == 7 ? alarm_colour : ink;
	cairo_t *cr = s->cr;

	fill_access(cr, x, y - 6, 15, 12, access);
	fill_access(cr, x + 15, y - 6, 15, 12, access | ACCESS_SHARED);
	set_colour(cr, ring);
	cairo_set_line_width(cr, access == 7 ? 2.2 : .8);
	cairo_rectangle(cr, x, y - 6, 30, 12);
	cairo_stroke(cr);
	set_font(cr, ring, SMALL_SIZE, true, true);
	x = put_text(cr, x + 36, y + MIDDLE(SMALL_SIZE), perm);
	set_font(cr, grey, SMALL_SIZE, false, false);
	return put_text(cr, x + 5, y + MIDDLE(SMALL_SIZE), what) + 18;
}

static double put_legend(struct picture_state *s, double y)
{
	/* Unusual ones are shown only if there are any. */
	static const struct {
		unsigned int access;
		bool always;
		const char *perm;
		const char *what;
	} entries[] = {
		{ 1, true, "r--", "read" },
		{ 5, true, "r-x", "execute" },
		{ 3, true, "rw-", "write" },
		{ 0, true, "---", "no access" },
		{ 7, true, "rwx", "write and execute" },
		{ 2, false, "-w-", "write only" },
		{ 4, false, "--x", "execute only" },
		{ 6, false, "-wx", "write and execute" },
	};
	const struct listing *l = s->layout->l;
	const struct span all = { .nr = l->nr };
	double x = MARGIN;
	struct mix mix;
	size_t i;

	span_mix(&mix, l, &all);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		const unsigned int access = entries[i].access;

		if (!entries[i].always && !mix.nr[access] && !mix.nr[access | ACCESS_SHARED])
			continue;
		if (x > MARGIN && x + 140 > s->width - MARGIN) {
			x = MARGIN;
			y += 18;
		}
		x = put_swatch(s, x, y, access, entries[i].perm, entries[i].what);
	}
	if (x + 170 > s->width - MARGIN) {
		x = MARGIN;
		y += 18;
	}
	put_text(s->cr, x, y + MIDDLE(SMALL_SIZE), "left: private, right (hatched): shared");
	return y;
}

/* The scale: the height of some sizes. It ends at @right. */
static void put_scale(struct picture_state *s, double right, double y)
{
	static const unsigned int shifts[] = { 30, 26, 20, 16, 12 };
	char size[SIZE_TEXT];
	cairo_t *cr = s->cr;
	double x = right, h;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		h = metrics_height(&picture_metrics, 1ULL << shifts[i]);
		size_text(size, 1ULL << shifts[i]);
		x -= 34;
		fill_rectangle(cr, x + 6, y - h, 18, h, pale);
		set_font(cr, grey, SMALL_SIZE, false, false);
		put_text(cr, x + 15 - width_of(cr, size) / 2, y + 11, size);
	}
	put_text(cr, x - 4 - width_of(cr, "heights:"), y, "heights:");
}

/* User space to scale, with its own addresses */
static void put_overview(struct picture_state *s, double y)
{
	static const char note[] = "all of user space to scale: what is mapped is dark";
	const double width = s->width - 2 * MARGIN;
	const size_t nr = width * 2;
	bool *cells = xreallocarray(NULL, nr, sizeof(*cells));
	uint64_t end = layout_overview(s->layout, cells, nr);
	cairo_t *cr = s->cr;
	size_t i, from;
	char text[64];

	fill_rectangle(cr, MARGIN, y, width, 12, gap_colour);
	for (i = 0; i < nr; i++) {
		if (!cells[i])
			continue;
		for (from = i; i < nr && cells[i]; i++)
			;
		/* Half a pixel would be hard to see. */
		fill_rectangle(cr, MARGIN + from / 2. - .5, y, (i - from) / 2. + 1, 12, ink);
	}
	free(cells);
	set_colour(cr, pale);
	cairo_set_line_width(cr, .8);
	cairo_rectangle(cr, MARGIN, y, width, 12);
	cairo_stroke(cr);
	set_font(cr, grey, ADDRESS_SIZE, false, true);
	put_text(cr, MARGIN, y + 22, "0");
	snprintf(text, sizeof(text), "%" PRIx64, end);
	put_text(cr, MARGIN + width - width_of(cr, text), y + 22, text);
	set_font(cr, grey, SMALL_SIZE, false, false);
	put_text(cr, MARGIN + (width - width_of(cr, note)) / 2, y + 23, note);
}

static void put_picture(struct picture_state *s)
{
	const struct layout *layout = s->layout;
	cairo_t *cr = s->cr;
	double x, y;
	unsigned int column;
	size_t i = 0;

	set_colour(cr, white);
	cairo_paint(cr);
	set_font(cr, ink, TITLE_SIZE, true, false);
	put_cut(cr, MARGIN, MARGIN + 18, s->width - 2 * MARGIN - 250, s->caption->title, true);
	set_font(cr, grey, TEXT_SIZE + 1, false, false);
	put_cut(cr, MARGIN, MARGIN + 38, s->width - 2 * MARGIN - 250, s->caption->subtitle, true);
	put_scale(s, s->width - MARGIN, MARGIN + 27);
	y = put_legend(s, MARGIN + 62);
	put_overview(s, y + 18);

	for (column = 0; column < s->columns; column++) {
		x = MARGIN + column * (COLUMN_WIDTH + COLUMN_GAP);
		y = s->top;
		put_address(cr, layout->boxes[i].span.end - !column, x, y);
		for (; i < s->breaks[column]; i++) {
			put_box(s, &layout->boxes[i], x, y);
			y += layout->boxes[i].height;
			put_address(cr, layout->boxes[i].span.start, x, y);
		}
		if (column + 1 == s->columns)
			break;
		set_font(cr, grey, SMALL_SIZE, false, false);
		put_text(cr, x + ADDRESS_WIDTH, y + 14, "goes on at the top of the next column");
	}
	set_font(cr, grey, SMALL_SIZE, false, false);
	y = s->height - MARGIN - 13. * s->caption->nr_notes;
	for (i = 0; i < s->caption->nr_notes; i++)
		put_cut(cr, MARGIN, y += 13, s->width - 2 * MARGIN, s->caption->notes[i], true);
}

/* Makes columns of about the same height. Returns the largest height. */
static unsigned int set_columns(struct picture_state *s, unsigned int columns)
{
	const struct layout *layout = s->layout;
	unsigned int highest = 0, height = 0, total = 0, done = 0;
	size_t i;

	for (i = 0; i < layout->nr; i++)
		total += layout->boxes[i].height;
	s->columns = 0;
	for (i = 0; i < layout->nr; i++) {
		/* A box goes to the column that has more than half of it. */
		if (height && s->columns + 1 < columns &&
		    done + layout->boxes[i].height / 2 >
		    (uint64_t)total * (s->columns + 1) / columns) {
			s->breaks[s->columns++] = i;
			height = 0;
		}
		height += layout->boxes[i].height;
		done += layout->boxes[i].height;
		if (height > highest)
			highest = height;
	}
	s->breaks[s->columns++] = layout->nr;
	return highest;
}

static void set_size(struct picture_state *s, unsigned int columns)
{
	unsigned int highest = set_columns(s, columns);

	s->width = 2 * MARGIN + s->columns * (COLUMN_WIDTH + COLUMN_GAP) - COLUMN_GAP;
	if (s->width < MIN_WIDTH)
		s->width = MIN_WIDTH;
	s->top = MARGIN + 62 + 18 + 42;
	/* The legend of a narrow picture has more lines. */
	if (s->width < 1000)
		s->top += 18;
	s->height = s->top + highest + 20 + 13 * s->caption->nr_notes + MARGIN;
}

/* Chooses a width slightly larger than the height. */
static void choose_columns(struct picture_state *s, unsigned int columns)
{
	double distance, best = INFINITY;
	unsigned int n, chosen = columns;

	for (n = 1; !columns && n <= 8; n++) {
		set_size(s, n);
		distance = fabs(s->width / s->height - 1.2);
		if (distance < best) {
			best = distance;
			chosen = n;
		}
	}
	set_size(s, chosen);
}

/* ---- the file ---- */

static cairo_status_t add_bytes(void *to, const unsigned char *data, unsigned int size)
{
	bytes_add(to, data, size);
	return CAIRO_STATUS_SUCCESS;
}

const char *picture_make(struct bytes *out, enum picture type, const struct layout *layout,
			 const struct caption *caption, unsigned int columns,
			 unsigned int scale)
{
	struct picture_state s = { .layout = layout, .caption = caption };
	cairo_surface_t *surface;
	cairo_status_t status;

	memset(out, 0, sizeof(*out));
	choose_columns(&s, columns);
	if (s.height * scale > MAX_PIXELS && type == PICTURE_PNG)
		return "it is too high for .png: use fewer boxes, more columns, or .svg";
	switch (type) {
	case PICTURE_SVG:
		surface = cairo_svg_surface_create_for_stream(add_bytes, out, s.width, s.height);
		break;
	case PICTURE_PDF:
		surface = cairo_pdf_surface_create_for_stream(add_bytes, out, s.width, s.height);
		cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, caption->title);
		cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "vmainfo");
		break;
	default:
		surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, s.width * scale,
						     s.height * scale);
		cairo_surface_set_device_scale(surface, scale, scale);
	}
	s.cr = cairo_create(surface);
	put_picture(&s);
	status = cairo_status(s.cr);
	cairo_destroy(s.cr);
	if (!status && type == PICTURE_PNG)
		status = cairo_surface_write_to_png_stream(surface, add_bytes, out);
	cairo_surface_finish(surface);
	if (!status)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (!status)
		return NULL;
	free(out->p);
	return cairo_status_to_string(status);
}
