// SPDX-License-Identifier: GPL-2.0
/* vmainfo draw - the whole address space of a process, in the terminal or in a file. */
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>

#include "draw.h"
#include "listing.h"
#include "memory.h"
#include "process.h"

#define DEFAULT_BOXES 400
/* Screens have more pixels than CSS; a picture can be scaled down. */
#define DEFAULT_SCALE 2
#define MAX_SCALE 4

/* Labels need this width. */
#define MIN_WIDTH 48
#define MAX_WIDTH 1000

/* A line for each VMA, and one more from 64 MB on with each factor of 16 */
static const struct metrics terminal_metrics = {
	.part = 1, .box = 1, .broken = 1, .from = 22, .step = 64,
};

/* ---- options ---- */

enum { KEY_FROM = 256, KEY_BEFORE, KEY_SUMMARY, KEY_TITLE, KEY_BOXES, KEY_COLUMNS, KEY_SCALE };

struct options {
	const char *file;
	const char *from;
	const char *before;
	const char *summary;
	const char *title;
	enum picture picture;
	bool memory;
	uint64_t boxes;
	uint64_t columns;
	uint64_t scale;
};

static enum picture picture_type(const char *file)
{
	static const struct {
		const char *suffix;
		enum picture type;
	} types[] = {
		{ ".html", PICTURE_HTML }, { ".svg", PICTURE_SVG }, { ".png", PICTURE_PNG },
		{ ".pdf", PICTURE_PDF },
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
	  "Write a page for a browser to FILE.html, or a picture to FILE.svg, .png or .pdf. The mode is 0600, because it shows addresses",
	  0 },
	{ "from", KEY_FROM, "FILE", 0,
	  "A file from 'vmainfo save', or a copy of a /proc/PID/maps; - for stdin", 0 },
	{ "before", KEY_BEFORE, "FILE", 0,
	  "With -o FILE.html: also show what has changed since FILE, which is as for --from", 0 },
	{ "memory", 'x', NULL, 0,
	  "Also how much of each box is resident or swapped out. Reads /proc/PID/smaps, which delays the process, or a file of 'save -x'",
	  0 },
	{ "summary", KEY_SUMMARY, "FILE", 0,
	  "With --from: a copy of /proc/vmainfo/summary of the same process, for the kernel's part",
	  0 },
	{ "title", KEY_TITLE, "TEXT", 0, "A title instead of the name of the process", 0 },
	{ "boxes", KEY_BOXES, "N", 0,
	  "Merge small neighbours until there are at most N boxes; 0 draws all (400)", 0 },
	{ "columns", KEY_COLUMNS, "N", 0,
	  "Columns of boxes in a picture, at most 12; 0, the default: chosen by size", 0 },
	{ "scale", KEY_SCALE, "N", 0, "Scale of a .png, 1 to 4 (2)", 0 },
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
			argp_error(state, "'%s' does not end in .html, .svg, .png or .pdf", arg);
		break;
	case KEY_FROM:
		o->from = arg;
		break;
	case KEY_BEFORE:
		o->before = arg;
		break;
	case 'x':
		o->memory = true;
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
	case ARGP_KEY_END:
		if (o->from && operands.list[0])
			argp_error(state, "a process or --from, not both");
		if (o->summary && !o->from)
			argp_error(state, "--summary is for --from");
		if (o->before && o->picture != PICTURE_HTML)
			argp_error(state, "--before is for -o FILE.html");
		if (o->before && o->from && !strcmp(o->before, "-") && !strcmp(o->from, "-"))
			argp_error(state, "only one of the two can be stdin");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.children = process_children,
	.options = options,
	.parser = parse_option,
	.args_doc = "[PID|NAME]",
		.doc = "Draws the whole address space of a process from the highest address to the\n"
	       "lowest: VMAs, with those of one file together, gaps, addresses that cannot be\n"
	       "used, and the kernel's part. Without PID and NAME: the process that the\n"
	       "module's parameter names, or vmainfo itself.\n"
	       "\vHeights are logarithmic. The bar on top is user space to scale. W+X marks\n"
	       "writable and executable memory. The width is that of the terminal, or COLUMNS.\n",
};

/* ---- what is drawn ---- */

/* The summary of the module has some thousand bytes. */
#define MAX_SUMMARY (64 << 10)

static bool may_be_summary(const struct bytes *b)
{
	return b->size <= MAX_SUMMARY;
}

static void space_from_file(struct space *space, const char *file)
{
	struct bytes text = {};
	const char *wrong;

	file_read(&text, file, may_be_summary);
	wrong = may_be_summary(&text) ? space_read(space, text.p) : "it is too long";
	if (wrong)
		error(EXIT_FAILURE, 0, "'%s' is not a copy of /proc/vmainfo/summary: %s", file,
		      wrong);
	free(text.p);
}

/* The module's summary of a process; false if it cannot be had, or the process has exited. */
static bool space_from_module(struct space *space, pid_t pid)
{
	const int fd = open(VMAINFO_SUMMARY, O_RDWR | O_CLOEXEC);
	struct bytes text = {};
	bool done;

	if (fd < 0)
		return false;
	if (!pid || dprintf(fd, "%d", pid) > 0)
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
	char *comm = !name && !o->from ? process_comm(l->header.pid) : NULL;
	char *text = printable(comm ?: name ?: "a process", flags), *title;

	free(comm);
	if (o->title || !l->header.pid)
		return text;
	title = xasprintf("%s (pid %d)", text, l->header.pid);
	free(text);
	return title;
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

	out = xopen_memstream(&text, &room);
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

static char *limits_note(const struct space *space)
{
	char *text;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	if (space->user_end)
		fprintf(out, "User space ends at %" PRIx64, space->user_end);
	else
		fprintf(out, "Where user space ends is not known");
	if (space->kernel_start)
		fprintf(out, ", the kernel's part begins at %" PRIx64, space->kernel_start);
	fprintf(out, ": %s.", space->source ?: "the addresses are like those of no machine known");
	fclose(out);
	return text;
}

static void caption_make(struct caption *c, const struct options *o, const struct layout *layout)
{
	const struct space *space = layout->space;

	c->title = title_of(o, layout->l, space, layout->metrics.text);
	c->subtitle = subtitle_of(o, layout);
	c->notes[0] = limits_note(space);
	c->notes[1] = xasprintf("Heights are logarithmic; those with a break mark are not to scale.%s",
				space->kernel_start && !space->nr_regions ?
				" Which regions the kernel has is not known." : "");
	c->notes[2] = xasprintf("%zu of the VMAs are merged with small neighbours, in %zu boxes; "
				"--boxes=0 draws each.", layout->nr_merged, layout->in_boxes);
	c->nr_notes = layout->nr_merged ? 3 : 2;
}

static void caption_free(struct caption *c)
{
	size_t i;

	free(c->title);
	free(c->subtitle);
	for (i = 0; i < ARRAY_SIZE(c->notes); i++)
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
	if (s->colour && parameters)
		printf("\033[%sm", parameters);
}

/* Prints a text, cut to @room at its end or beginning. Returns its width. */
static int put_cut(const struct screen *s, const char *text, int room, bool at_end)
{
	const int width = text_width(text), dots = text_width(s->glyphs->ellipsis);
	int printed = 0, skip = 0, w;
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
		w = next_width(text, &n);
		if (skip > 0) {
			skip -= w;
			continue;
		}
		if (printed + w > room)
			break;
		fwrite(text, 1, n, stdout);
		printed += w;
	}
	if (width <= room)
		return printed;
	if (at_end)
		fputs(s->glyphs->ellipsis, stdout);
	return printed + dots;
}

/* Lines of no more than the width, broken at spaces. */
static void put_wrapped(const struct screen *s, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	int at = 0, width;

	while ((word = strsep(&rest, " "))) {
		width = text_width(word);
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

	s->glyphs = locale_is_utf8() ? &utf8_glyphs : &ascii_glyphs;
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
	int i;

	printf("%*" PRIx64 " %s", ADDRESS_WIDTH, address, sides[0]);
	for (i = 0; i < s->inner; i++)
		fputs(s->glyphs->horizontal, stdout);
	printf("%s\n", sides[1]);
}

/* The inside of a line of a box: two texts, of which the second is at the right. */
static void put_inside(const struct screen *s, const char *left, const char *right,
		       const char *parameters)
{
	const int room = s->inner - 2 - (*right ? strlen(right) + 1 : 0);
	int used;

	sgr(s, parameters);
	putchar(' ');
	used = put_cut(s, left, room, true);
	printf("%*s ", s->inner - 2 - used, right);
	sgr(s, parameters ? "0" : NULL);
}

static void put_part(const struct screen *s, const struct layout *layout, const struct box *box,
		     const struct span *part, bool first)
{
	char text[64] = "", size[SIZE_TEXT] = "";
	const char *parameters = NULL;
	struct mix mix;

	if (part->nr == 1) {
		const struct vma *vma = &layout->l->vmas[part->first];

		parameters = access_sgr(vma_access(vma));
		if (first)
			vma_perm(text, vma);
	} else if (part->nr) {
		span_mix(&mix, layout->l, part);
		parameters = mix.nr[7] || mix.nr[15] ? access_sgr(7) : "7";
		if (first)
			snprintf(text, sizeof(text), "%zu VMAs", part->nr);
	} else if (first && box->type == BOX_VMAS) {
		strcpy(text, "unmapped");
	}
	if (first)
		size_text(size, part->end - part->start);
	put_inside(s, text, size, parameters);
}

/* Texts at the right of a box, in their order; the last token has no text. */
struct token {
	enum { TOKEN_NAME, TOKEN_SIZE, TOKEN_ALARM, TOKEN_NOTE, TOKEN_DIR } type;
	char *text;
};

static struct token *add_token(struct token *tokens, size_t *nr, int type, const char *text,
			       size_t len)
{
	tokens = array_grow(tokens, *nr, sizeof(*tokens));
	tokens[*nr].type = type;
	tokens[(*nr)++].text = text ? xasprintf("%.*s", (int)len, text) : NULL;
	return tokens;
}

/* A note is cut at commas, which keeps a count with what it counts, or else at spaces. */
static struct token *label_of(const struct screen *s, const struct box *box)
{
	struct token *tokens = NULL;
	const char *note, *comma;
	char size[SIZE_TEXT];
	size_t nr = 0, len;

	tokens = add_token(tokens, &nr, TOKEN_NAME, box->name, strlen(box->name));
	/* The size of a single part stands inside. */
	if (box->nr_parts > 1)
		tokens = add_token(tokens, &nr, TOKEN_SIZE, size_text(size, box->size), SIZE_TEXT);
	if (box->wx)
		tokens = add_token(tokens, &nr, TOKEN_ALARM, "W+X", 3);
	for (note = box->note ?: ""; *note; note += len + (note[len] == ' ')) {
		comma = strstr(note, ", ");
		len = comma ? (size_t)(comma + 1 - note) : strlen(note);
		tokens = add_token(tokens, &nr, TOKEN_NOTE, note, len);
		if (text_width(tokens[nr - 1].text) <= s->label)
			continue;
		len = strcspn(note, " ");
		tokens[nr - 1].text[len] = 0;
	}
	if (box->dir)
		tokens = add_token(tokens, &nr, TOKEN_DIR, box->dir, strlen(box->dir));
	return add_token(tokens, &nr, TOKEN_DIR, NULL, 0);
}

/* Prints the tokens that fit into a line. In the last line of a box, a directory is cut. */
static struct token *put_label(const struct screen *s, struct token *t, const char *name_sgr,
			       bool last)
{
	int used = 0, gap, room;

	for (; t->text; t++) {
		gap = !used ? 0 : t->type == TOKEN_NOTE && t[-1].type == TOKEN_NOTE ? 1 : 2;
		room = s->label - used - gap;
		if (used && text_width(t->text) > room && !(t->type == TOKEN_DIR && last))
			break;
		/* Less would be only the dots. */
		if (t->type == TOKEN_DIR && s->label - used < 8)
			continue;
		if (t->type == TOKEN_NAME && t[1].text && t[1].type == TOKEN_SIZE)
			room -= text_width(t[1].text) + 2;
		printf("%*s", used ? gap : 1, "");
		if (t->type <= TOKEN_SIZE)
			sgr(s, name_sgr);
		else if (t->type == TOKEN_ALARM)
			sgr(s, "1;91");
		used += gap + put_cut(s, t->text, room, t->type != TOKEN_DIR);
		if (t->type <= TOKEN_ALARM)
			sgr(s, "0");
	}
	return t;
}

/* A box has more lines than its height if the sizes and counts need them. */
static void put_box(const struct screen *s, const struct layout *layout, const struct box *box)
{
	const struct span *part = box->parts;
	const char *side = box->broken ? s->glyphs->broken : s->glyphs->vertical;
	unsigned int line, end = box->nr_parts ? part->height : 0, begin = 0;
	struct token *tokens = label_of(s, box), *t = tokens;
	char size[SIZE_TEXT];

	size_text(size, box->size);
	for (line = 0; line < box->height || (t->text && t->type != TOKEN_DIR); line++) {
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
		t = put_label(s, t, box->type == BOX_VMAS ? "1" : "2", line + 1 >= box->height);
		putchar('\n');
	}
	for (t = tokens; t->text; t++)
		free(t->text);
	free(tokens);
}

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
	for (i = 0; i < caption->nr_notes; i++)
		put_wrapped(&s, caption->notes[i]);
}

/* ---- the file ---- */

static void draw_page(const struct options *o, const struct layout *layout,
		      const struct caption *caption)
{
	struct listing before = {};
	char *page, *title = NULL, *file, mapped[SIZE_TEXT];
	size_t size;

	if (o->before) {
		listing_from_file(&before, o->before);
		file = printable(strcmp(o->before, "-") ? o->before : "stdin", TEXT_UTF8);
		title = xasprintf("%s: %zu VMAs, %s mapped", file, listing_vmas(&before),
				  size_text(mapped, listing_size(&before)));
		free(file);
	}
	page = web_page(&size, layout, caption, o->before ? &before : NULL, title);
	write_private(o->file, page, size);
	free(page);
	free(title);
	listing_free(&before);
}

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
	if (o->picture == PICTURE_HTML)
		return &web_metrics;
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

	operands = (struct operands){ .max = 1, .what = "one process at a time" };
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	metrics = metrics_for(&o, argc, argv);
	if (o.from) {
		memory_or_end(&listing, 0, o.from, o.memory);
		if (o.summary) {
			space_from_file(&space, o.summary);
			known = true;
		}
	} else {
		pid = operands.list[0] ? process_find(operands.list[0]) : 0;
		memory_or_end(&listing, pid, NULL, o.memory);
		known = !listing_is_from_maps(&listing) && space_from_module(&space, pid);
	}
	if (!known)
		space_guess(&space, &listing, o.from || uname(&machine) ? NULL : machine.machine);
	/* A page has an element for each VMA. */
	layout_make(&layout, &listing, &space, metrics, o.picture == PICTURE_HTML ? 0 : o.boxes);
	caption_make(&caption, &o, &layout);
	if (o.picture == PICTURE_HTML)
		draw_page(&o, &layout, &caption);
#ifdef HAVE_CAIRO
	else if (o.file)
		draw_picture(&o, &layout, &caption);
#endif
	else
		draw_terminal(&layout, &caption);
	caption_free(&caption);
	layout_free(&layout);
	listing_free(&listing);
	return EXIT_SUCCESS;
}
