/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as they were written. jansson holds 64 bits and doubles, a server more: what does not fit is kept
 * as its text, in a string of jansson's that begins with a byte that no JSON text can have. json_write()
 * prints it as the number that it is.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    PLAIN_MAX = 100000, /* digits that a number may have without an exponent */
};

/* The text of a number that is kept as text, NULL if the value is not one. */
const char *number_text(const json_t *value);
json_t *number_of_text(const char *text, size_t n);

/*
 * Any JSON value with all its numbers as texts. LENIENT: as Gson reads, that is with single quotes, and words
 * without quotes for strings (NaN, 01). NULL: it is none.
 */
json_t *numbers_read(const char *data, size_t n, bool lenient, json_error_t *ret_error);

/* The value with jansson's own numbers for texts: for those that it then writes again as they are, or,
 * without EXACT, for all that are in its range. Takes the value over. */
json_t *numbers_simplify(json_t *value, bool exact);

/* As java.math.BigDecimal: digits * 10 ^ -scale. */
struct decimal {
    bool negative;
    bool has_point, has_exponent; /* in the text */
    char *digits;                 /* no zero before others */
    long scale;
};

/* False: TEXT is no number, or its exponent is beyond 32 bits. */
bool decimal_parse(const char *text, struct decimal *ret);
void decimal_free(struct decimal *d);
/* Whether it is a whole number, however it is written. */
bool decimal_is_whole(const struct decimal *d);
/* Without exponent; NULL: that is longer than PLAIN_MAX. To be freed. */
char *decimal_plain(const struct decimal *d);
