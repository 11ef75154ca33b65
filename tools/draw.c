// SPDX-License-Identifier: GPL-2.0
/* vmainfo draw - the whole address space of a process, in the terminal or as a picture. */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "draw.h"
#include "listing.h"
#include "process.h"
#include "tool.h"

#define DEFAULT_BOXES 400
#define MAX_COLUMNS 12
/* Screens have more pixels than CSS has; what is scaled down looks well, too. */
#define DEFAULT_SCALE 2
#define MAX_SCALE 4

/* In less, no label has room. */
#define MIN_WIDTH 48
#define MAX_WIDTH 1000

/* A line for each VMA, and one more from 64 MB on with each factor of 16 */
static const struct metrics terminal_metrics = {
	.part = 1, .box = 1, .broken = 1, .from = 22, .step = 64,
};

/* ---- options ---- */

enum { KEY_FROM = 256, KEY_SUMMARY, KEY_TITLE, KEY_BOXES, KEY_COLUMNS, KEY_SCALE };

struct options {
	const char *process;
	const char *file;
	const char *from;
	const char *summary;
	const char *title;
	enum picture picture;
	uint64_t boxes;
	uint64_t columns;
	uint64_t scale;
};

/* By the end of the file's name. */
static enum picture picture_type(const char *file)
{
	static const struct {
		const char *suffix;
		enum picture type;
	} types[] = {
		{ ".svg", PICTURE_SVG }, { ".png", PICTURE_PNG }, { ".pdf", PICTURE_PDF },
	};
	const char *suffix = strrchr(file, '.');
	size_t i;

	for (i = 0; suffix && i < ARRAY_SIZE(types); i++)
		if (same_word(suffix, types[i].suffix))
			return types[i].type;
	return PICTURE_NONE;
}

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "Write a picture: FILE ends in .svg, .png or .pdf. Only its owner can read it, as it shows addresses",
	  0 },
	{ "from", KEY_FROM, "FILE", 0,
	  "Draw what was saved with 'vmainfo save' or read from raw; '-' for stdin", 0 },
	{ "summary", KEY_SUMMARY, "FILE", 0,
	  "With --from: a copy of /proc/vmainfo/summary of the same process, which says where the kernel's part is",
	  0 },
	{ "title", KEY_TITLE, "TEXT", 0, "Instead of the name of the process", 0 },
	{ "boxes", KEY_BOXES, "N", 0,
	  "Merge small neighbours until there are no more than N boxes, and say so; 0: draw all (400)",
	  0 },
	{ "columns", KEY_COLUMNS, "N", 0,
	  "Set the boxes of a picture in N columns, at most 12; 0: as many as look well (0)", 0 },
	{ "scale", KEY_SCALE, "N", 0,
	  "Pixels of a .png for each that the picture is thought to have, 1 to 4 (2)", 0 },
	{}
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->file = arg;
		o->picture = picture_type(arg);
		if (o->picture == PICTURE_NONE)
			argp_error(state, "'%s' does not end in .svg, .png or .pdf", arg);
		break;
	case KEY_FROM:
		o->from = arg;
		break;
	case KEY_SUMMARY:
		o->summary = arg;
		break;
	case KEY_TITLE:
		o->title = arg;
		break;
	case KEY_BOXES:
		if (!parse_decimal(arg, INT32_MAX, &o->boxes))
			argp_error(state, "invalid number of boxes: '%s'", arg);
		break;
	case KEY_COLUMNS:
		if (!parse_decimal(arg, MAX_COLUMNS, &o->columns))
			argp_error(state, "invalid number of columns: '%s'", arg);
		break;
	case KEY_SCALE:
		if (!parse_decimal(arg, MAX_SCALE, &o->scale) || !o->scale)
			argp_error(state, "invalid scale: '%s'", arg);
		break;
	case ARGP_KEY_ARG:
		if (o->process)
			argp_error(state, "extra operand '%s': one process at a time", arg);
		o->process = arg;
		break;
	case ARGP_KEY_END:
		if (o->from && o->process)
			argp_error(state, "a process or --from, not both");
		if (o->summary && !o->from)
			argp_error(state, "--summary is for --from");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.children = (const struct argp_child[]){
		{ &process_argp, 0, NULL, 0 }, { &colour_argp, 0, NULL, 0 }, { }
	},
	.options = options,
	.parser = parse_option,
	.args_doc = "[PID|NAME]",
	/* In lines that end themselves: argp leaves these as they are. */
	.doc = "Draws the whole address space of a process from the highest address to the\n"
	       "lowest: its VMAs, those of one file together, what is unmapped between them,\n"
	       "addresses that cannot be used, and the kernel's part. Without PID and NAME:\n"
	       "the process that the module's parameter names, or this one.\n"
	       "\vHeights grow with the logarithm of the size; what is larger than all that is\n"
	       "mapped has marks of a break, and a height that says nothing. The bar above\n"
	       "the drawing is all of user space to scale.\n\n"
	       "Permissions are those of /proc/PID/maps; what is writable and executable at\n"
	       "the same time is marked W+X. The terminal's width comes from the terminal, or\n"
	       "from COLUMNS, and 48 is the least; box-drawing characters are used if the\n"
	       "locale has UTF-8. NO_COLOR switches off colours.\n\n"
	       "With --from nothing is taken from this machine. Where user space ends and the\n"
	       "kernel begins is then inferred from the addresses, which the drawing says,\n"
	       "unless --summary tells it.",
};

/* ---- what is drawn ---- */

/* The module's have some thousand bytes. */
#define MAX_SUMMARY (64 << 10)

static bool may_be_summary(const struct bytes *b)
{
	return b->size <= MAX_SUMMARY;
}

static void space_from_file(struct space *space, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	const char *wrong;
	struct bytes text = {};
	int err;

	if (fd < 0)
		error(EXIT_FAILURE, errno, "cannot open '%s'", file);
	err = bytes_read(&text, fd, may_be_summary);
	if (err)
		error(EXIT_FAILURE, err, "cannot read '%s'", file);
	close(fd);
	wrong = may_be_summary(&text) ? space_read(space, text.p) : "it is too long";
	if (wrong)
		error(EXIT_FAILURE, 0, "'%s' is not a copy of /proc/vmainfo/summary: %s", file,
		      wrong);
	free(text.p);
}

/* The module's summary of a process; false if it cannot be had, or the process has exited. */
static bool space_from_module(struct space *space, pid_t pid)
{
	struct bytes text = {};
	char number[16];
	bool done;
	int fd, len;

	fd = open(VMAINFO_SUMMARY, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = snprintf(number, sizeof(number), "%d", pid);
	if (!pid || write(fd, number, len) == len)
		bytes_read(&text, fd, may_be_summary);
	close(fd);
	done = text.p && !space_read(space, text.p);
	free(text.p);
	return done;
}

/* The file that the program is from, as far as one can tell; NULL if one cannot. */
static const char *program_name(const struct listing *l, const struct space *space)
{
	const struct vma *vma;

	for (vma = l->vmas; vma < l->vmas + l->nr; vma++) {
		if (space->code && (vma->start > space->code || vma->end <= space->code))
			continue;
		/* As a rule, the program is below its libraries. */
		if (vma->kind != VMAINFO_KIND_FILE || !(vma->flags & VMAINFO_EXEC) ||
		    !vma->name || *vma->name != '/')
			continue;
		if (!space->code && strstr(vma->name, ".so"))
			return NULL;
		return strrchr(vma->name, '/') + 1;
	}
	return NULL;
}

static char *title_of(const struct options *o, const struct listing *l, const struct space *space,
		      unsigned int flags)
{
	const char *name = o->title ?: o->from ? program_name(l, space) : NULL;
	char *text, *title;

	if (!name && !o->from)
		text = process_comm(l->header.pid, flags);
	else
		text = printable(name ?: "a process", flags);
	if (o->title || !l->header.pid)
		return text;
	title = xasprintf("%s (pid %d)", text, l->header.pid);
	free(text);
	return title;
}

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		error(EXIT_FAILURE, errno, "open_memstream");
	return out;
}

static char *subtitle_of(const struct options *o, const struct layout *layout)
{
	const struct vmainfo_header *h = &layout->l->header;
	const uint64_t seconds = h->taken_ns / 1000000000;
	char *text = NULL, size[SIZE_TEXT], date[64];
	struct utsname machine;
	struct tm *local;
	size_t room;
	time_t now;
	FILE *out;

	out = open_text(&text, &room);
	fprintf(out, "%" PRIu32 " VMAs, %s mapped", h->vmas, size_text(size, layout->mapped));
	if (!o->from) {
		now = time(NULL);
		local = localtime(&now);
		if (local && strftime(date, sizeof(date), "%F %T %z", local))
			fprintf(out, ", taken %s", date);
		if (!uname(&machine))
			fprintf(out, ", %s %s on %s", machine.sysname, machine.release,
				machine.machine);
	} else if (seconds || h->taken_ns) {
		fprintf(out, ", taken %" PRIu64 ":%02u:%02u h after boot", seconds / 3600,
			(unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
	}
	if (h->flags & LISTING_FROM_MAPS)
		fprintf(out, ", from /proc/PID/maps");
	else if (!(h->flags & VMAINFO_ATOMIC))
		fprintf(out, ", not all of one instant");
	fclose(out);
	return text;
}

static void caption_make(struct caption *c, const struct options *o, const struct layout *layout)
{
	const struct space *space = layout->space;
	size_t room, n = 0;
	FILE *out;

	memset(c, 0, sizeof(*c));
	c->title = title_of(o, layout->l, space, layout->metrics.text);
	c->subtitle = subtitle_of(o, layout);
	out = open_text(&c->notes[n++], &room);
	if (space->user_end)
		fprintf(out, "User space ends at %" PRIx64, space->user_end);
	else
		fprintf(out, "Where user space ends is not known");
	if (space->kernel_start)
		fprintf(out, ", the kernel's part begins at %" PRIx64, space->kernel_start);
	fprintf(out, ": %s.", space->source ?: "the addresses are like those of no machine known");
	fclose(out);
	out = open_text(&c->notes[n++], &room);
	fprintf(out, "Heights are logarithmic; those with a break mark are not to scale.");
	if (space->kernel_start && !space->nr_regions)
		fprintf(out, " Which regions the kernel has is not known.");
	fclose(out);
	if (layout->nr_merged) {
		out = open_text(&c->notes[n++], &room);
		fprintf(out, "%zu of the VMAs are merged with small neighbours, in %zu boxes; "
			"--boxes=0 draws each.", layout->nr_merged, layout->in_boxes);
		fclose(out);
	}
}

static void caption_free(struct caption *c)
{
	size_t i;

	free(c->title);
	free(c->subtitle);
	for (i = 0; c->notes[i]; i++)
		free(c->notes[i]);
}

/* ---- the terminal ---- */

struct glyphs {
	const char *horizontal;
	const char *vertical;
	const char *top[2];
	const char *middle[2];
	const char *bottom[2];
	const char *broken;
	const char *mapped;
	const char *unmapped;
	const char *ellipsis;
};

static const struct glyphs ascii_glyphs = {
	"-", "|", { "+", "+" }, { "+", "+" }, { "+", "+" }, "~", "#", ".", "...",
};

static const struct glyphs utf8_glyphs = {
	"─", "│", { "┌", "┐" }, { "├", "┤" }, { "└", "┘" }, "≈", "█", "·", "…",
};

struct screen {
	const struct glyphs *glyphs;
	bool utf8;
	bool colour;
	int width;	/* of all */
	int inner;	/* of boxes, without their sides */
	int label;	/* of what is at their right */
};

#define ADDRESS_WIDTH 16

/* SGR parameters. Shared is underlined. */
static const char *access_sgr(unsigned int access)
{
	static const char * const sgr[NR_ACCESS] = {
		[0] = "100;37", [1] = "44;97", [2] = "42;30", [3] = "42;30",
		[4] = "43;30", [5] = "43;30", [6] = "1;101;97", [7] = "1;101;97",
		[8] = "4;100;37", [9] = "4;44;97", [10] = "4;42;30", [11] = "4;42;30",
		[12] = "4;43;30", [13] = "4;43;30", [14] = "1;4;101;97", [15] = "1;4;101;97",
	};

	return sgr[access];
}

static void sgr(const struct screen *s, const char *parameters)
{
	if (s->colour)
		printf("\033[%sm", parameters);
}

/* The next character of a text, and how many columns it takes; sets *@n to its bytes. */
static int next_width(const struct screen *s, const char *text, size_t *n)
{
	wchar_t c = (unsigned char)*text;
	int width;

	for (*n = 1; ((unsigned char)text[*n] & 0xc0) == 0x80; (*n)++)
		;
	if (*n == 1 || !s->utf8)
		return 1;
	c &= 0x7f >> *n;
	for (size_t i = 1; i < *n; i++)
		c = c << 6 | (text[i] & 0x3f);
	width = wcwidth(c);
	return width < 0 ? 1 : width;
}

static int text_width(const struct screen *s, const char *text)
{
	int width = 0;
	size_t n;

	for (; *text; text += n)
		width += next_width(s, text, &n);
	return width;
}

/*
 * Prints @text in at most @room columns, cut at its end or else at its beginning. Returns how many
 * it took.
 */
static int put_cut(const struct screen *s, const char *text, int room, bool at_end)
{
	const int width = text_width(s, text), dots = s->utf8 ? 1 : 3;
	int printed = 0, skip = 0, w;
	wchar_t c;
	size_t n;

	if (width > room) {
		if (room < dots)
			return 0;
		room -= dots;
		skip = at_end ? 0 : width - room;
		if (skip)
			fputs(s->glyphs->ellipsis, stdout);
	}
	for (; *text; text += n) {
		w = next_width(s, text, &n);
		if (skip > 0) {
			skip -= w;
			continue;
		}
		if (printed + w > room)
			break;
		if (n > 1 && (!s->utf8 || mbrtowc(&c, text, n, &(mbstate_t){}) != n ||
			      wcwidth(c) < 0))
			putchar('?');
		else
			fwrite(text, 1, n, stdout);
		printed += w;
	}
	if (width <= room)
		return printed;
	if (at_end)
		fputs(s->glyphs->ellipsis, stdout);
	return printed + dots;
}

static void put_times(const char *text, int times)
{
	while (times-- > 0)
		fputs(text, stdout);
}

/* Lines of no more than the width, broken at spaces. */
static void put_wrapped(const struct screen *s, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	int at = 0, width;

	while ((word = strsep(&rest, " "))) {
		width = text_width(s, word);
		if (at && at + 1 + width > s->width) {
			putchar('\n');
			at = 0;
		} else if (at) {
			putchar(' ');
			at++;
		}
		at += put_cut(s, word, s->width - at, true);
	}
	putchar('\n');
	free(copy);
}

static void screen_init(struct screen *s)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	s->utf8 = locale_is_utf8();
	s->glyphs = s->utf8 ? &utf8_glyphs : &ascii_glyphs;
	s->colour = use_colour();
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		s->width = size.ws_col;
	else if (columns && parse_decimal(columns, MAX_WIDTH, &width) && width)
		s->width = width;
	else
		s->width = 80;
	if (s->width < MIN_WIDTH)
		s->width = MIN_WIDTH;
	s->inner = s->width / 4;
	s->inner = s->inner < 18 ? 18 : s->inner > 32 ? 32 : s->inner;
	s->label = s->width - ADDRESS_WIDTH - 1 - s->inner - 2 - 1;
}

static void put_border(const struct screen *s, uint64_t address, const char * const sides[2])
{
	printf("%*" PRIx64 " %s", ADDRESS_WIDTH, address, sides[0]);
	put_times(s->glyphs->horizontal, s->inner);
	printf("%s\n", sides[1]);
}

/* The inside of a line of a box: two texts, of which the second is at the right. */
static void put_inside(const struct screen *s, const char *left, const char *right,
		       const char *parameters)
{
	const int room = s->inner - 2 - (*right ? strlen(right) + 1 : 0);
	int used;

	if (parameters)
		sgr(s, parameters);
	putchar(' ');
	used = put_cut(s, left, room, true);
	printf("%*s ", s->inner - 2 - used, right);
	if (parameters)
		sgr(s, "0");
}

static void put_part(const struct screen *s, const struct layout *layout, const struct box *box,
		     const struct span *part, bool first)
{
	char text[64] = "", size[SIZE_TEXT] = "", perm[5];
	const char *parameters = NULL;
	struct mix mix;

	if (part->nr == 1) {
		const struct vma *vma = &layout->l->vmas[part->first];

		parameters = access_sgr(vma_access(vma));
		if (first)
			snprintf(text, sizeof(text), "%s", vma_perm(perm, vma));
	} else if (part->nr) {
		span_mix(&mix, layout->l, part);
		parameters = mix.nr[7] || mix.nr[15] ? access_sgr(7) : "7";
		if (first)
			snprintf(text, sizeof(text), "%zu VMAs", part->nr);
	} else if (first && box->type == BOX_VMAS) {
		snprintf(text, sizeof(text), "unmapped");
	}
	if (first)
		size_text(size, part->end - part->start);
	put_inside(s, text, size, parameters);
}

/*
 * What stands at the right of a box and has not been printed yet: NULL if it
 * has.
 * @name: of the box; cut if it is too long
 * @size: of all of it, beside the name
 * @alarm: that it is writable and executable
 * @note: sizes and counts; goes on in the next line
 * @dir: where the file is; cut if it is too long, and left out if there
 *	is no room
 */
struct label {
	const char *name;
	const char *size;
	const char *alarm;
	const char *note;
	const char *dir;
};

/*
 * How many bytes of a note go into a line of @room columns: as a rule up to the
 * next comma, which keeps a count with what it counts, else a word.
 */
static size_t note_part(const struct screen *s, const char *note, int room)
{
	const char *comma = strstr(note, ", ");
	size_t len = comma ? (size_t)(comma + 1 - note) : strlen(note);
	char *part = xasprintf("%.*s", (int)len, note);

	if (text_width(s, part) > room)
		len = strcspn(note, " ");
	free(part);
	return len;
}

/*
 * As much of a note as goes into a line that has @used columns. Returns how
 * many it has then.
 */
static int put_note(const struct screen *s, struct label *label, int used)
{
	bool first = true;

	while (label->note) {
		const int gap = !used ? 0 : first ? 2 : 1;
		const size_t len = note_part(s, label->note, s->label);
		char *part = xasprintf("%.*s", (int)len, label->note);

		if (used && used + gap + text_width(s, part) > s->label) {
			free(part);
			break;
		}
		printf("%*s", gap, "");
		used += gap + put_cut(s, part, s->label - gap - used, true);
		free(part);
		label->note += len + (label->note[len] == ' ');
		if (!*label->note)
			label->note = NULL;
		first = false;
	}
	return used;
}

/* A line of it. In the last one that the box has, what may be cut is. */
static void put_label(const struct screen *s, struct label *label, const char *name_sgr, bool last)
{
	int used = 0, room;

	if (!label->name && !label->alarm && !label->note && !label->dir)
		return;
	putchar(' ');
	if (label->name) {
		room = s->label - (label->size ? text_width(s, label->size) + 2 : 0);
		sgr(s, name_sgr);
		used = put_cut(s, label->name, room, true);
		if (label->size)
			used += printf("  %s", label->size);
		sgr(s, "0");
		label->name = NULL;
	}
	if (label->alarm) {
		if (used && used + 2 + text_width(s, label->alarm) > s->label)
			return;
		used += printf("%*s", used ? 2 : 0, "");
		sgr(s, "1;91");
		used += put_cut(s, label->alarm, s->label - used, true);
		sgr(s, "0");
		label->alarm = NULL;
	}
	used = put_note(s, label, used);
	if (!label->dir || label->note)
		return;
	if (used && !last && used + 2 + text_width(s, label->dir) > s->label)
		return;
	/* Less would be only the dots. */
	if (used + 8 <= s->label) {
		used += printf("%*s", used ? 2 : 0, "");
		put_cut(s, label->dir, s->label - used, false);
	}
	label->dir = NULL;
}

/*
 * It gets more lines than it is high if there are more sizes and counts to
 * tell.
 */
static void put_box(const struct screen *s, const struct layout *layout, const struct box *box)
{
	const struct span *part = box->parts;
	const char *side = box->broken ? s->glyphs->broken : s->glyphs->vertical;
	unsigned int line, end = box->nr_parts ? part->height : 0, begin = 0;
	struct label label = {
		.name = box->name,
		.alarm = box->wx ? "W+X" : NULL,
		.note = box->note,
		.dir = box->dir,
	};
	char size[SIZE_TEXT];

	size_text(size, box->size);
	/* The size of a single part stands inside. */
	if (box->nr_parts > 1)
		label.size = size;
	for (line = 0; line < box->height || label.alarm || label.note; line++) {
		printf("%*s %s", ADDRESS_WIDTH, "", side);
		if (part && line == end && line < box->height) {
			part++;
			begin = line;
			end += part->height;
		}
		if (part)
			put_part(s, layout, box, part, line == begin);
		else
			put_inside(s, "", line ? "" : size, NULL);
		fputs(side, stdout);
		put_label(s, &label, box->type == BOX_VMAS ? "1" : "2", line + 1 >= box->height);
		putchar('\n');
	}
}

/* All of user space in a line, to scale. */
static void put_overview(const struct screen *s, const struct layout *layout)
{
	bool *cells;
	uint64_t end;
	int nr, i;

	/* "0 " and " ADDRESS" */
	nr = s->width - 2 - 1 - ADDRESS_WIDTH;
	cells = xreallocarray(NULL, nr, sizeof(*cells));
	end = layout_overview(layout, cells, nr);
	fputs("0 ", stdout);
	for (i = 0; i < nr; i++)
		fputs(cells[i] ? s->glyphs->mapped : s->glyphs->unmapped, stdout);
	printf(" %" PRIx64 "\n", end);
	free(cells);
}

static void draw_terminal(const struct layout *layout,
			  const struct caption *caption)
{
	const struct box *box = layout->boxes;
	struct screen s;
	size_t i;

	screen_init(&s);
	sgr(&s, "1");
	put_wrapped(&s, caption->title);
	sgr(&s, "0");
	put_wrapped(&s, caption->subtitle);
	put_overview(&s, layout);
	putchar('\n');
	put_border(&s, box->span.end - 1, s.glyphs->top);
	for (i = 0; i < layout->nr; i++, box++) {
		put_box(&s, layout, box);
		put_border(&s, box->span.start,
			   i + 1 < layout->nr ? s.glyphs->middle : s.glyphs->bottom);
	}
	putchar('\n');
	for (i = 0; caption->notes[i]; i++)
		put_wrapped(&s, caption->notes[i]);
}

/* ---- the file ---- */

#ifdef HAVE_CAIRO
static void draw_picture(const struct options *o, const struct layout *layout,
			 const struct caption *caption)
{
	struct bytes bytes = {};
	const char *wrong;

	wrong = picture_make(&bytes, o->picture, layout, caption, o->columns,
			     o->scale);
	if (wrong)
		error(EXIT_FAILURE, 0, "cannot make '%s': %s", o->file, wrong);
	write_private(o->file, bytes.p, bytes.size);
	free(bytes.p);
}
#else
/*
 * vmainfo is linked without cairo, which needs twenty more libraries. vmainfo-draw is the same
 * program with cairo. It replaces this one, and gets the same arguments. "make install" puts it
 * into ../libexec, a build leaves it in the same directory. PATH is not searched.
 */
static void __attribute__((noreturn)) exec_with_cairo(int argc, char **argv)
{
	static const char *const places[] = { "../libexec/vmainfo/vmainfo-draw", "vmainfo-draw" };
	char **args = xreallocarray(NULL, argc + 2, sizeof(*args));
	char self[PATH_MAX], *path;
	ssize_t len;
	size_t i;

	args[0] = program_invocation_name;
	args[1] = "draw";
	/* argv[argc] is NULL. */
	memcpy(args + 2, argv + 1, argc * sizeof(*args));
	len = readlink("/proc/self/exe", self, sizeof(self));
	if (len < 0 || (size_t)len == sizeof(self))
		error(EXIT_FAILURE, len < 0 ? errno : ENAMETOOLONG, "/proc/self/exe");
	while (self[len - 1] != '/')
		len--;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		path = xasprintf("%.*s%s", (int)len, self, places[i]);
		execv(path, args);
		if (errno != ENOENT)
			error(EXIT_FAILURE, errno, "cannot run '%s'", path);
		free(path);
	}
	error(0, 0, "pictures need vmainfo-draw, which is not installed: install the package vmainfo-draw, or build it where cairo is (on Debian: apt-get install libcairo2-dev)");
	exit(EXIT_FAILURE);
}
#endif

static const struct metrics *metrics_for(const struct options *o, int argc, char **argv)
{
	if (!o->file)
		return &terminal_metrics;
#ifdef HAVE_CAIRO
	(void)argc;
	(void)argv;
	return &picture_metrics;
#else
	exec_with_cairo(argc, argv);
#endif
}

int draw_command(int argc, char **argv)
{
	struct options o = { .boxes = DEFAULT_BOXES, .scale = DEFAULT_SCALE };
	const struct metrics *metrics;
	struct listing listing = {};
	struct caption caption;
	struct utsname machine;
	struct layout layout;
	struct space space;
	bool known = false;
	pid_t pid;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	metrics = metrics_for(&o, argc, argv);
	if (o.from) {
		listing_from_file(&listing, o.from);
		if (o.summary) {
			space_from_file(&space, o.summary);
			known = true;
		}
	} else {
		pid = o.process ? process_find(o.process) : 0;
		listing_of(&listing, pid);
		known = !listing_is_from_maps(&listing) && space_from_module(&space, pid);
	}
	if (!known)
		space_guess(&space, &listing, o.from || uname(&machine) ? NULL : machine.machine);
	layout_make(&layout, &listing, &space, metrics, o.boxes);
	caption_make(&caption, &o, &layout);
#ifdef HAVE_CAIRO
	if (o.file)
		draw_picture(&o, &layout, &caption);
	else
#endif
		draw_terminal(&layout, &caption);
	caption_free(&caption);
	layout_free(&layout);
	listing_free(&listing);
	return EXIT_SUCCESS;
}
