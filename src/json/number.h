/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of JSON (RFC 8259, section 6), as text and as values. A text is held where jansson gives the same
 * number back: an integer of 64 bits; a real number whose digits, 17 at most, are those of its double.
 */
#ifndef TB_JSON_NUMBER_H
#define TB_JSON_NUMBER_H

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define NUMBER_OUT_OF_RANGE "the number is not between %" PRId64 " and %" PRId64

/* Room for the text of any double, and its NUL. */
#define NUMBER_TEXT_MAX 32

/* How many bytes the number has that begins at TEXT; 0: none begins there. What follows it is not looked at.
 */
size_t number_length(const char *text, const char *end);

/* TEXT is one number, of LENGTH bytes. Whether jansson can hold it; and whether number_write(), or an
 * integer's usual digits, are the very same text. */
bool number_is_held(const char *text, size_t length);
bool number_is_usual(const char *text, size_t length);

/* The nearest double, infinite where it is too large for one. */
double number_of_text(const char *text, size_t length);

/* The fewest digits that bring the double back, as Java and thus the server writes them (Double.toString():
 * 26.5, 100.0, 1.0E7, 1.0E-4). VALUE is finite. Returns the length; TEXT is ended by a NUL. */
size_t number_write(double value, char text[NUMBER_TEXT_MAX]);

/* VALUE is a number of jansson's, or one that is there verbatim (TB_VERBATIM). */
bool number_is(const json_t *value);

/* The nearest double; 0 where VALUE is no number. */
double number_of(const json_t *value);

/* The whole number VALUE, which may be written as 3, 3.0 or 3e0. -EBADMSG: it is none; -ERANGE: it is not
 * between MIN and MAX. */
int number_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret);

#endif
