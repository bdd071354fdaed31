/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of JSON numbers (RFC 8259, section 6). jansson can hold a text if it gives the same number back:
 * an integer of 64 bits, or a real number whose digits, at most 17, are those of its double.
 */
#ifndef TB_JSON_NUMBER_TEXT_H
#define TB_JSON_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the text of any double, and its NUL. */
#define NUMBER_TEXT_MAX 32

/* The length of the number at the beginning of TEXT, whatever follows it; 0 if there is none. */
size_t number_length(const char *text, const char *end);

/* Of TEXT, which is a number of LENGTH bytes: whether jansson can hold it; whether number_write(), or
 * printf() for an integer, would write the very same text. */
bool number_is_held(const char *text, size_t length);
bool number_is_usual(const char *text, size_t length);

/* The nearest double, infinite if it is too large for one. */
double number_of_text(const char *text, size_t length);

/* Writes the fewest digits that bring the double back, in the form of Java's Double.toString(), which is the
 * server's: 26.5, 100.0, 1.0E7, 1.0E-4. VALUE is finite. Returns the length without the NUL. */
size_t number_write(double value, char text[NUMBER_TEXT_MAX]);

#endif
