// SPDX-License-Identifier: GPL-2.0
/* Writes JSON, see json.h. */
#include "json.h"

/* Prints what comes before a value. */
static void begin(struct json *j, const char *key)
{
	if (j->more)
		putc_unlocked(',', j->out);
	j->more = true;
	if (!key)
		return;
	putc_unlocked('"', j->out);
	fputs_unlocked(key, j->out);
	fputs_unlocked("\":", j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
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

void json_text(struct json *j, const char *key, const char *text)
{
	if (!text) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	putc_unlocked('"', j->out);
	print_escaped(j->out, text, TEXT_UTF8, "\"\\", '\\');
	putc_unlocked('"', j->out);
}

void json_printed(struct json *j, const char *key, const char *text)
{
	begin(j, key);
	putc_unlocked('"', j->out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc_unlocked('\\', j->out);
		putc_unlocked(*text, j->out);
	}
	putc_unlocked('"', j->out);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}

void json_decimal(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->out, "\"%" PRIu64 "\"", value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs_unlocked(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	fputs_unlocked("null", j->out);
}

void json_list(struct json *j, const char *key, const char *names)
{
	const char *end;

	json_open(j, key, '[');
	for (; *names; names = end + (*end == ',')) {
		end = strchrnul(names, ',');
		begin(j, NULL);
		putc_unlocked('"', j->out);
		fwrite_unlocked(names, 1, end - names, j->out);
		putc_unlocked('"', j->out);
	}
	json_close(j, ']');
}
