// SPDX-License-Identifier: GPL-2.0
/* JSON of names of any bytes and numbers of 64 bits, see json.h. */
#include <error.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "tool.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void add(json_object *o, const char *key, json_object *value)
{
	if (!value || json_object_object_add(o, key, value))
		error(exit_failure, 0, "no memory for JSON");
}

void json_add_text(json_object *o, const char *key, const char *text)
{
	const char *p = text;
	char *fixed, *to, *hex_key, *hex;
	bool invalid = false;
	size_t length, i;

	if (!text) {
		json_object_object_add(o, key, NULL);
		return;
	}
	length = strlen(text);
	/* Each byte becomes three at most. */
	fixed = xreallocarray(NULL, length + 1, strlen(REPLACEMENT));
	to = fixed;
	while (*p) {
		size_t n = utf8_length(p);

		invalid |= !n;
		to = mempcpy(to, n ? p : REPLACEMENT, n ?: strlen(REPLACEMENT));
		p += n ?: 1;
	}
	*to = 0;
	add(o, key, json_object_new_string(fixed));
	free(fixed);
	if (!invalid)
		return;
	hex = xreallocarray(NULL, length + 1, 2);
	for (i = 0; i < length; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)text[i]);
	hex_key = xmalloc(strlen(key) + sizeof("_hex"));
	sprintf(hex_key, "%s_hex", key);
	add(o, hex_key, json_object_new_string(hex));
	free(hex_key);
	free(hex);
}

void json_add_hex(json_object *o, const char *key, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	add(o, key, json_object_new_string(text));
}

void json_add_decimal(json_object *o, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add(o, key, json_object_new_string(text));
}

void json_add_int(json_object *o, const char *key, uint64_t value)
{
	add(o, key, json_object_new_int64(value));
}

/*
 * The library escapes the control characters that JSON forbids. Of the others, DEL and those
 * of Latin-1 (C1), there are only some that a terminal would obey, and all of them are in texts.
 */
void json_print(FILE *out, json_object *o, bool open)
{
	const char *text, *p, *end;

	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						 JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		error(exit_failure, 0, "no memory for JSON");
	end = text + strlen(text) - open;
	for (p = text; p < end; p++) {
		unsigned char c = *p;

		if (c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (c == 0xc2 && (unsigned char)p[1] < 0xa0)
			fprintf(out, "\\u%04x", (unsigned char)*++p);
		else
			putc(c, out);
	}
	json_object_put(o);
}
