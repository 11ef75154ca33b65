// SPDX-License-Identifier: GPL-2.0
/* Writes JSON, see json.h. */
#include <string.h>

#include "json.h"
#include "tool.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char hex_digits[] = "0123456789abcdef";

/* What comes before a value. @suffix is added to the key. */
static void begin(struct json *j, const char *key, const char *suffix)
{
	if (j->more)
		putc_unlocked(',', j->out);
	j->more = true;
	if (!key)
		return;
	putc_unlocked('"', j->out);
	fputs_unlocked(key, j->out);
	fputs_unlocked(suffix, j->out);
	fputs_unlocked("\":", j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key, "");
	putc_unlocked(bracket, j->out);
	j->more = false;
}

void json_close(struct json *j, char bracket)
{
	putc_unlocked(bracket, j->out);
	j->more = true;
}

void json_line(struct json *j)
{
	if (j->more)
		putc_unlocked(',', j->out);
	putc_unlocked('\n', j->out);
	j->more = false;
}

/* Whether a byte of ASCII stands for itself in a text. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/*
 * A character that does not: JSON forbids control characters, and a terminal
 * obeys DEL and those of Latin-1 (U+0080 to U+009F) as well.
 */
static void put_escaped(FILE *out, unsigned int c)
{
	switch (c) {
	case '"':
	case '\\':
		putc_unlocked('\\', out);
		putc_unlocked(c, out);
		break;
	case '\n':
		fputs_unlocked("\\n", out);
		break;
	default:
		fputs_unlocked("\\u00", out);
		putc_unlocked(hex_digits[c >> 4], out);
		putc_unlocked(hex_digits[c & 15], out);
	}
}

void json_text(struct json *j, const char *key, const char *text)
{
	bool invalid = false;
	const char *p, *end;
	size_t n;

	if (!text) {
		json_null(j, key);
		return;
	}
	begin(j, key, "");
	putc_unlocked('"', j->out);
	for (p = text; *p; p = end) {
		for (end = p; is_plain(*end); end++)
			;
		fwrite_unlocked(p, 1, end - p, j->out);
		if (!*end)
			break;
		n = utf8_length(end);
		if (!n)
			fputs_unlocked(REPLACEMENT, j->out);
		else if (n == 1)
			put_escaped(j->out, *end);
		else if (is_control(end))
			put_escaped(j->out, (unsigned char)end[1]);
		else
			fwrite_unlocked(end, 1, n, j->out);
		invalid |= !n;
		end += n ?: 1;
	}
	putc_unlocked('"', j->out);
	if (!invalid)
		return;
	begin(j, key, "_hex");
	putc_unlocked('"', j->out);
	for (p = text; *p; p++) {
		putc_unlocked(hex_digits[(unsigned char)*p >> 4], j->out);
		putc_unlocked(hex_digits[*p & 15], j->out);
	}
	putc_unlocked('"', j->out);
}

static void put_number(FILE *out, uint64_t value, unsigned int base)
{
	char digits[24], *p = digits + sizeof(digits);

	do {
		*--p = hex_digits[value % base];
		value /= base;
	} while (value);
	fwrite_unlocked(p, 1, digits + sizeof(digits) - p, out);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	begin(j, key, "");
	fputs_unlocked("\"0x", j->out);
	put_number(j->out, value, 16);
	putc_unlocked('"', j->out);
}

void json_decimal(struct json *j, const char *key, uint64_t value)
{
	begin(j, key, "");
	putc_unlocked('"', j->out);
	put_number(j->out, value, 10);
	putc_unlocked('"', j->out);
}

void json_int(struct json *j, const char *key, uint64_t value)
{
	begin(j, key, "");
	put_number(j->out, value, 10);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key, "");
	fputs_unlocked(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key, "");
	fputs_unlocked("null", j->out);
}

void json_list(struct json *j, const char *key, const char *names)
{
	const char *end;

	json_open(j, key, '[');
	for (; *names; names = end + (*end == ',')) {
		end = strchrnul(names, ',');
		begin(j, NULL, "");
		putc_unlocked('"', j->out);
		fwrite_unlocked(names, 1, end - names, j->out);
		putc_unlocked('"', j->out);
	}
	json_close(j, ']');
}
