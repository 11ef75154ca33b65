/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON (RFC 8259) of what is no JSON by itself: names of any bytes, numbers of 64 bits.
 */
#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Adds a text to an object. JSON is UTF-8: each byte that is none becomes U+FFFD, and then
 * there is KEY_hex as well, which has the bytes themselves. NULL becomes null.
 */
void json_add_text(json_object *o, const char *key, const char *text);

/*
 * A number that can be more than 2^53, which is where programs that take all numbers for doubles
 * (JavaScript, jq) begin to round: as a text, hexadecimal with 0x, or decimal.
 */
void json_add_hex(json_object *o, const char *key, uint64_t value);
void json_add_decimal(json_object *o, const char *key, uint64_t value);

/* One that is not. */
void json_add_int(json_object *o, const char *key, uint64_t value);

/*
 * Prints an object on one line, with no newline behind it, and frees it. Without the brace at its
 * end if it is @open: then more is to follow.
 */
void json_print(FILE *out, json_object *o, bool open);

#endif /* JSON_H */
