/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON (RFC 8259), with what JSON does not have by itself: names of any
 * bytes, and numbers of 64 bits. It goes to a stream at once, so that millions
 * of records take no memory.
 *
 * The functions that write a value take the key of a member of an object, or
 * NULL if the value is an element of an array.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - what is being written
 * @out: where to
 * @more: the next member or element needs a comma
 */
struct json {
	FILE *out;
	bool more;
};

/* Opens with '{' or '[', and closes with '}' or ']'. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* Begins a line: of an array of many elements, each has one. */
void json_line(struct json *j);

/* A text, by printable(); NULL becomes null. */
void json_text(struct json *j, const char *key, const char *text);

/*
 * A number that can be more than 2^53, from where on programs that take all
 * numbers for doubles (JavaScript, jq) round: as a text, hexadecimal with 0x,
 * or decimal.
 */
void json_hex(struct json *j, const char *key, uint64_t value);
void json_decimal(struct json *j, const char *key, uint64_t value);

/* A number that cannot be. */
void json_int(struct json *j, const char *key, uint64_t value);

void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

/* The names in a text that has commas between them, as an array of texts. */
void json_list(struct json *j, const char *key, const char *names);

#endif /* JSON_H */
