/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON (RFC 8259) to a stream, so that millions of records take no memory.
 * Functions that write a value take the key of a member, or NULL for an element
 * of an array.
 */
#ifndef JSON_H
#define JSON_H

#include "tool.h"

struct json {
	FILE *out;
	bool more;	/* the next member or element needs a comma */
};

/* Opens with '{' or '[', and closes with '}' or ']'. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* Begins a new line, for an element of a large array. */
void json_line(struct json *j);

/* A text, by printable(); NULL becomes null. */
void json_text(struct json *j, const char *key, const char *text);

/* A text that is printable() already */
void json_printed(struct json *j, const char *key, const char *text);

/* Numbers as texts, because JavaScript and jq round those above 2^53 */
void json_hex(struct json *j, const char *key, uint64_t value);
void json_decimal(struct json *j, const char *key, uint64_t value);

/* A number below 2^53, and above its negative */
void json_int(struct json *j, const char *key, int64_t value);

void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

/* Names with commas between them, as an array of texts */
void json_list(struct json *j, const char *key, const char *names);

#endif /* JSON_H */
