/* SPDX-License-Identifier: Apache-2.0 */
#include "json/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exponents are limited to this, which is far beyond any double or integer. */
#define EXPONENT_MAX 1000000000

/* Returns whether a digit other than 0 is lost. */
static bool add_digit(struct decimal *decimal, char digit, bool fraction)
{
    decimal->exponent -= fraction;
    if (decimal->count == 0 && digit == '0')
        return false;
    if (decimal->count == DECIMAL_DIGITS_MAX) {
        decimal->exponent++;
        return digit != '0';
    }
    decimal->digits[decimal->count++] = digit;
    return false;
}

static int64_t read_exponent(const char *text, const char *end)
{
    bool negative = *text == '-';
    int64_t exponent = 0;

    for (text += *text == '-' || *text == '+'; text < end; text++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*text - '0');
    return negative ? -exponent : exponent;
}

void decimal_read(const char *text, size_t length, struct decimal *ret)
{
    const char *end = text + length;
    bool fraction = false, more = false;

    ret->count = 0;
    ret->exponent = 0;
    ret->negative = *text == '-';
    for (text += ret->negative; text < end; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (*text == 'e' || *text == 'E') {
            ret->exponent += read_exponent(text + 1, end);
            break;
        } else if (add_digit(ret, *text, fraction)) {
            more = true;
        }
    }
    for (; ret->count > 0 && !more && ret->digits[ret->count - 1] == '0'; ret->exponent++)
        ret->count--;
    if (more) {
        ret->digits[ret->count++] = '1';
        ret->exponent--;
    }
}

/* Without a decimal point, which would depend on the locale. */
double decimal_value(const struct decimal *decimal)
{
    char text[DECIMAL_DIGITS_MAX + 32];
    int64_t exponent = decimal->exponent;
    double value;

    if (decimal->count == 0)
        return decimal->negative ? -0.0 : 0.0;
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        exponent = exponent > 0 ? EXPONENT_MAX : -EXPONENT_MAX;
    snprintf(text, sizeof(text), "%.*se%" PRId64, (int)decimal->count, decimal->digits, exponent);
    value = strtod(text, NULL);
    return decimal->negative ? -value : value;
}

bool decimal_fits_64_bits(const struct decimal *decimal)
{
    static const char largest[] = "9223372036854775807";
    int64_t before = decimal->exponent + (int64_t)decimal->count; /* digits before the point */
    size_t i, length = strlen(largest);

    if (decimal->count == 0 || before != (int64_t)length)
        return decimal->count == 0 || before < (int64_t)length;
    for (i = 0; i < length; i++) {
        char digit = i < decimal->count ? decimal->digits[i] : '0';

        if (digit != largest[i])
            return digit < largest[i];
    }
    return true;
}
