// SPDX-License-Identifier: GPL-2.0
/*
 * The drawing as an HTML page, see draw.h. The page consists of web.html and web.js,
 * and this adds the data. The page loads nothing. Its Content-Security-Policy allows
 * only the script and the style with a random number that no name can contain.
 */
#include <search.h>
#include <sys/random.h>

#include "changes.h"
#include "draw.h"
#include "json.h"

const struct metrics web_metrics = { .part = 1, .box = 1, .broken = 1, .text = TEXT_UTF8 };

/* Made of the two files. @NONCE@ and @DATA@ are placeholders. */
static const char template[] =
#include "web.inc"
;

/* ---- texts ---- */

/* All texts of the page, printable(), each once. The data refer to them by number. 0 is no text. */
struct texts {
	void *root;		/* of tsearch(3) */
	struct text **list;
	size_t nr;
};

struct text {
	const char *text;
	size_t nr;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(((const struct text *)a)->text, ((const struct text *)b)->text);
}

static size_t text_nr(struct texts *t, const char *text)
{
	const struct text key = { .text = text ?: "" };
	struct text **found = tsearch(&key, &t->root, compare_texts);

	if (!found)
		error(EXIT_FAILURE, ENOMEM, "texts");
	if (*found == &key) {
		*found = xmalloc(sizeof(**found));
		**found = (struct text){ .text = xstrdup(key.text), .nr = t->nr };
		t->list = array_grow(t->list, t->nr, sizeof(*t->list));
		t->list[t->nr++] = *found;
	}
	return (*found)->nr;
}

static void free_text(void *text)
{
	free((char *)((struct text *)text)->text);
	free(text);
}

/* ---- data ---- */

/* In units of pages, addresses are exact in JavaScript, whose numbers have 53 bits. */
static void put_range(struct json *j, uint64_t start, uint64_t end)
{
	json_int(j, NULL, start >> 12);
	/* An end of 0 is 2^64. */
	json_int(j, NULL, ((end - 1) >> 12) + 1 - (start >> 12));
}

static void put_text(struct json *j, struct texts *t, const char *text)
{
	json_int(j, NULL, text_nr(t, text));
}

static void put_name(struct json *j, struct texts *t, const char *name)
{
	char *text = printable(name ?: "", TEXT_UTF8);

	put_text(j, t, text);
	free(text);
}

/* The fields of a VMA, in the order that web.js knows */
static void put_vma(struct json *j, struct texts *t, const struct listing *l,
		    const struct vma *vma)
{
	char text[FLAGS_TEXT];

	json_line(j);
	json_open(j, NULL, '[');
	put_range(j, vma->start, vma->end);
	json_int(j, NULL, vma_access(vma));
	put_name(j, t, vma->name);
	put_text(j, t, kind_name(vma->kind));
	if (vma->ino) {
		json_hex(j, NULL, vma->offset);
		snprintf(text, sizeof(text), "%02" PRIx32 ":%02" PRIx32, vma->dev_major,
			 vma->dev_minor);
		put_text(j, t, text);
		json_decimal(j, NULL, vma->ino);
	} else {
		json_int(j, NULL, 0);
		json_int(j, NULL, 0);
		json_int(j, NULL, 0);
	}
	if (!listing_is_from_maps(l)) {
		*text = 0;
		if (vma->page_shift)
			size_text(text, 1ULL << vma->page_shift);
		put_text(j, t, text);
		put_text(j, t, vma->flags & VMAINFO_ANON_VMA ? "yes" : "no");
		put_text(j, t, policy_name(vma->policy));
		put_text(j, t, vma_flags(text, vma));
		put_text(j, t, vma_nomerge(text, l, vma) ? text : NULL);
		put_name(j, t, vma->ops);
	}
	json_close(j, ']');
}

static void put_vmas(struct json *j, struct texts *t, const char *key, const struct listing *l)
{
	size_t i;

	json_open(j, key, '[');
	for (i = 0; i < l->nr; i++)
		put_vma(j, t, l, &l->vmas[i]);
	json_close(j, ']');
}

static void put_boxes(struct json *j, struct texts *t, const struct layout *layout)
{
	const struct box *box;

	json_open(j, "boxes", '[');
	/* From the lowest address */
	for (box = layout->boxes + layout->nr; box-- > layout->boxes; ) {
		json_line(j);
		json_open(j, NULL, '[');
		put_range(j, box->span.start, box->span.end);
		json_int(j, NULL, box->type);
		put_text(j, t, box->name);
		put_text(j, t, box->note);
		json_close(j, ']');
	}
	json_close(j, ']');
}

/* The index of a VMA, or null */
static void put_index(struct json *j, const struct listing *l, const struct vma *vma)
{
	if (vma)
		json_int(j, NULL, vma - l->vmas);
	else
		json_null(j, NULL);
}

static void put_changes(struct json *j, struct texts *t, const struct listing *before,
			const struct listing *after)
{
	char flags[2 * FLAGS_TEXT];
	const struct change *change;
	struct changes c;

	changes_between(&c, before, after);
	json_open(j, "changes", '[');
	for (change = c.list; change < c.list + c.nr; change++) {
		json_line(j);
		json_open(j, NULL, '[');
		json_int(j, NULL, change->start >> 12);
		json_int(j, NULL, (change->end - change->start) >> 12);
		put_text(j, t, change_name(change->what));
		put_index(j, before, change->before);
		put_index(j, after, change->after);
		put_text(j, t, change->flags ? change_flags(flags, change) : NULL);
		json_close(j, ']');
	}
	json_close(j, ']');
	changes_free(&c);
}

static void put_data(FILE *out, const struct layout *layout, const struct caption *caption,
		     const struct listing *before, const char *before_title)
{
	struct json j = { .out = out };
	struct texts texts = {};
	size_t i;

	text_nr(&texts, "");
	json_open(&j, NULL, '{');
	json_printed(&j, "title", caption->title);
	json_printed(&j, "subtitle", caption->subtitle);
	json_printed(&j, "limits", caption->notes[0]);
	if (before_title)
		json_printed(&j, "before_title", before_title);
	else
		json_null(&j, "before_title");
	json_open(&j, "colours", '[');
	for (i = 0; i < NR_ACCESS; i++)
		json_int(&j, NULL, access_colours[i]);
	json_close(&j, ']');
	put_boxes(&j, &texts, layout);
	put_vmas(&j, &texts, "vmas", layout->l);
	if (before) {
		put_vmas(&j, &texts, "before", before);
		put_changes(&j, &texts, before, layout->l);
	}
	json_open(&j, "texts", '[');
	for (i = 0; i < texts.nr; i++)
		json_printed(&j, NULL, texts.list[i]->text);
	json_close(&j, ']');
	json_close(&j, '}');
	tdestroy(texts.root, free_text);
	free(texts.list);
}

/* ---- the page ---- */

/* In HTML, '<' is the only character that can end a script. JSON has it in texts only. */
static void put_escaped(FILE *out, const char *json)
{
	size_t len;

	for (; *json; json += len + !!json[len]) {
		len = strcspn(json, "<");
		fwrite_unlocked(json, 1, len, out);
		if (json[len])
			fputs_unlocked("\\u003c", out);
	}
}

char *web_page(size_t *size, const struct layout *layout, const struct caption *caption,
	       const struct listing *before, const char *before_title)
{
	static const char nonce_mark[] = "@NONCE@", data_mark[] = "@DATA@";
	const char *p = template, *mark;
	char *text, *data;
	uint64_t nonce[2];
	size_t data_size;
	FILE *out;

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		error(EXIT_FAILURE, errno, "cannot get random numbers");
	out = xopen_memstream(&data, &data_size);
	put_data(out, layout, caption, before, before_title);
	fclose(out);
	out = xopen_memstream(&text, size);
	while ((mark = strchr(p, '@'))) {
		fwrite(p, 1, mark - p, out);
		p = mark;
		if (!strncmp(p, nonce_mark, strlen(nonce_mark))) {
			fprintf(out, "%016" PRIx64 "%016" PRIx64, nonce[0], nonce[1]);
			p += strlen(nonce_mark);
		} else if (!strncmp(p, data_mark, strlen(data_mark))) {
			put_escaped(out, data);
			p += strlen(data_mark);
		} else {
			putc(*p++, out);
		}
	}
	fputs(p, out);
	fclose(out);
	free(data);
	return text;
}
