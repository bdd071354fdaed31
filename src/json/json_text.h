/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds values in JSON text, which is copied byte for byte. Only for text that json_check() or jansson has
 * accepted: nothing is checked here. No function needs memory, unless it says so.
 */
#ifndef TB_JSON_JSON_TEXT_H
#define TB_JSON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the text: a value from its first byte to its last. */
struct json_part {
    const char *text;
    size_t length;
};

/* The first byte from TEXT on that is not white space, or END. */
const char *json_text_skip_blanks(const char *text, const char *end);

/* The end of the value at TEXT, of any type and depth. */
const char *json_text_value_end(const char *text, const char *end);

/* The code unit of the \u escape at TEXT; -1: there is none. For any text. */
int json_text_unit(const char *text, const char *end);

/* The value of TEXT, which has one. */
struct json_part json_text_value(const char *text, size_t length);

/* The next element of an array, or member of an object. *AT is its bracket at first, and moves on. False:
 * there are no more. */
bool json_text_next_element(const char **at, const char *end, struct json_part *ret);
bool json_text_next_member(const char **at, const char *end, struct json_part *name, struct json_part *value);

bool json_text_is_number(struct json_part value);

/* Whether the string PART, with escapes or without, is NAME (ASCII); and whether it is in any case. */
bool json_text_is(struct json_part part, const char *name);
bool json_text_is_alike(struct json_part part, const char *name);

/* The value of the member called NAME (ASCII) of OBJECT. 0; -ENOENT: there is none, or OBJECT is not an
 * object; -EEXIST: there are two, or one whose name differs only in case, so that programs may read different
 * values. */
int json_text_member(struct json_part object, const char *name, struct json_part *ret);

/* The string VALUE as C text, to be freed. NULL: it is not a string, or has a NUL or half of a surrogate
 * pair (errno is EINVAL), or there is no memory (ENOMEM). */
char *json_text_string(struct json_part value);

/* The same without memory: writes it to RET of SIZE bytes. False: VALUE is not such a string, or longer than
 * that as JSON.
 */
bool json_text_copy(struct json_part value, char *ret, size_t size);

/* Writes the string PART to OUT, without quotes and escapes, in UTF-8; at most PART.length bytes. Returns how
 * many. Half of a surrogate pair becomes three bytes that are not UTF-8. */
size_t json_text_decode(struct json_part part, char *out);

#endif
