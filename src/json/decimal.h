/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decimal number that a JSON number (RFC 8259, section 6) is written as, of any length.
 */
#ifndef TB_JSON_DECIMAL_H
#define TB_JSON_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits that decide between two doubles; one more stands for all that follow. */
#define DECIMAL_DIGITS_MAX 800

/* DIGITS times ten to the EXPONENT; the digits neither begin nor end with a zero, and 0 has none. */
struct decimal {
    char digits[DECIMAL_DIGITS_MAX + 1];
    size_t count;
    int64_t exponent;
    bool negative;
};

/* TEXT is a number of LENGTH bytes. */
void decimal_read(const char *text, size_t length, struct decimal *ret);

/* The nearest double, infinite if it is too large for one. */
double decimal_value(const struct decimal *decimal);

/* Whether its whole part is not beyond a signed integer of 64 bits. */
bool decimal_fits_64_bits(const struct decimal *decimal);

#endif
