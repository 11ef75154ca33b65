// SPDX-License-Identifier: GPL-2.0
/*
 * Anything for a listing: it is refused, or it is printed in each way there is and compared with
 * others, and nothing crashes.
 *
 * An input is what a file can be, raw or the text of a maps; from where a second magic number is,
 * another one follows, which the first is compared with. As a fuzz target (make fuzz), or with a
 * main() of its own (make fuzz_replay) for files that are known:
 *
 *	fuzz_replay FILE...
 */
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../changes.h"
#include "../show.h"
#include "../tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *out;

static bool parse(struct listing *l, const uint8_t *data, size_t size)
{
	char *copy = xmalloc(size + 1);
	const char *wrong;

	/* Of just this size, so that the sanitizer reports a read of one more byte */
	memcpy(copy, data, size);
	wrong = listing_parse(l, copy, size);
	if (!wrong)
		return true;
	free(copy);
	copy = xmalloc(size + 1);
	memcpy(copy, data, size);
	copy[size] = 0;
	wrong = listing_parse_maps(l, copy, size, 0);
	free(copy);
	return !wrong;
}

static void show(const struct listing *l)
{
	static struct vmainfo_range range = { 0x7fff00000000, 0x7fffffffe000 };
	static const uint64_t lookups[] = { 0x7fffffffd000, 0x1000 };
	static const struct show_options filters[] = {
		{ .colour = true },
		{ .terminal = true,
		  .wanted = { .flags = VMAINFO_WRITE, .flags_clear = VMAINFO_EXEC } },
		{ .wanted.kinds = 1u << VMAINFO_KIND_ANON | 1u << VMAINFO_KIND_SPECIAL },
		{ .wanted.ranges = &range, .wanted.nr_ranges = 1, .sort = COLUMN_SIZE },
		{ .wanted = { .ranges = &range, .nr_ranges = 1 },
		  .lookups = lookups, .nr_lookups = 2 },
		{ .group_by = COLUMN_NAME, .sort = COLUMN_NAME, .reverse = true },
	};
	const enum show_format formats[] = {
		SHOW_TABLE, SHOW_LONG, SHOW_JSON, SHOW_CSV, SHOW_MAPS, SHOW_SIMILAR
	};
	struct show_options o;
	size_t i, j;

	for (i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		for (j = 0; j < sizeof(formats) / sizeof(*formats); j++) {
			o = filters[i];
			o.format = formats[j];
			show_listing(out, l, &o);
		}
	}
}

/* What is mapped here has to be what is unmapped there, and nothing differs from itself. */
static void compare(const struct listing *a, const struct listing *b)
{
	struct json j = { .out = out };
	struct changes c, back;
	size_t i;

	changes_between(&c, a, b);
	changes_between(&back, b, a);
	if (c.nr != back.nr || c.kept != back.kept || (a == b && c.nr))
		abort();
	for (i = 0; i < c.nr; i++) {
		change_print(out, &c.list[i], i & 1);
		change_json(&j, &c.list[i]);
	}
	changes_free(&c);
	changes_free(&back);
}

/* The half of it that comes first: all other VMAs, and the rest with other rights */
static void compare_with_part(const struct listing *l)
{
	struct listing part = *l;
	size_t i;

	part.vmas = xreallocarray(NULL, l->nr, sizeof(*l->vmas));
	part.nr = 0;
	for (i = 0; i < l->nr; i++) {
		part.vmas[part.nr] = l->vmas[i];
		if (i % 4 == 1)
			part.vmas[part.nr].flags ^= l->vmas[i].start >> 12;
		if (i % 4 == 2)
			part.vmas[part.nr].end -= vma_size(&l->vmas[i]) / 2;
		part.nr += i % 4 != 3 || (l->has_gate && i == l->nr - 1);
	}
	compare(l, &part);
	free(part.vmas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t magic = VMAINFO_MAGIC;
	const size_t at = offsetof(struct vmainfo_header, magic);
	const uint8_t *second = NULL;
	struct listing a, b;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out)
		error(EXIT_FAILURE, errno, "/dev/null");
	if (size > sizeof(struct vmainfo_header) + at)
		second = memmem(data + sizeof(struct vmainfo_header),
				size - sizeof(struct vmainfo_header), &magic, sizeof(magic));
	if (second)
		second -= at;
	if (!parse(&a, data, second ? (size_t)(second - data) : size))
		return 0;
	show(&a);
	compare(&a, &a);
	compare_with_part(&a);
	if (second && parse(&b, second, size - (second - data))) {
		compare(&a, &b);
		listing_free(&b);
	}
	listing_free(&a);
	return 0;
}

#ifdef REPLAY
/* Another name for the one of main.c */
#undef main
int main(int argc, char **argv)
{
	uint8_t *data;
	FILE *file;
	size_t size;
	int i;

	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "r");
		if (!file)
			error(EXIT_FAILURE, errno, "%s", argv[i]);
		/* As the fuzzer: nothing longer is of use. */
		data = xmalloc(1 << 20);
		size = fread(data, 1, 1 << 20, file);
		fclose(file);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%d files\n", argc - 1);
	return 0;
}
#endif
