/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as they were written. jansson holds 64-bit integers and doubles, a server more: a number that does
 * not fit is kept as its text, in a string that begins with a byte that UTF-8 does not have, and
 * java_json_write() writes it as a number. Shares no code with src/json/number.h, because it checks what that
 * makes of a number.
 */
#ifndef TB_SIM_EXACT_NUMBER_H
#define TB_SIM_EXACT_NUMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    PLAIN_MAX = 100000, /* digits that a number may have without an exponent */
};

/* The text of a number that is kept as text, otherwise NULL. */
const char *number_text(const json_t *value);
json_t *number_of_text(const char *text, size_t n);

/*
 * Reads any JSON value, with all numbers kept as text. LENIENT: as Gson reads, with single quotes, and
 * unquoted words as strings (NaN, 01). NULL if it is not JSON; RET_ERROR says why and may be NULL.
 */
json_t *numbers_read(const char *data, size_t n, bool lenient, json_error_t *ret_error);

/* Replaces the texts by jansson's numbers: with EXACT those that are then written as they were, otherwise all
 * that are in its range. Takes VALUE over and returns the new one. */
json_t *numbers_simplify(json_t *value, bool exact);

/* As java.math.BigDecimal: digits * 10 ^ -scale. */
struct decimal {
    bool negative;
    bool has_point, has_exponent; /* in the text */
    char *digits;                 /* without leading zeros; "0" is zero */
    long scale;
};

/* TEXT is a number of JSON. -ERANGE: its exponent has more than 32 bits. Freed with decimal_free(). */
int decimal_parse(const char *text, struct decimal *ret);
void decimal_free(struct decimal *d);
/* Whether the value is a whole number, however it is written. */
bool decimal_is_whole(const struct decimal *d);
/* Its digits without an exponent, or NULL if they are more than PLAIN_MAX. Freed with free(). */
char *decimal_plain(const struct decimal *d);

#endif
