/* SPDX-License-Identifier: Apache-2.0 */
#include "json/number.h"

#include <errno.h>
#include <string.h>

#include <tbclient/value.h>

#include "json/decimal.h"
#include "json/number_text.h"

/* The text of a number that is verbatim; NULL: VALUE is none. A program may have made it of any text. */
static const char *verbatim_number(const json_t *value)
{
    const char *text = tb_verbatim(json_string_value(value));
    size_t length = text ? strlen(text) : 0;

    return length > 0 && number_length(text, text + length) == length ? text : NULL;
}

bool number_is(const json_t *value)
{
    return json_is_number(value) || verbatim_number(value);
}

double number_of(const json_t *value)
{
    const char *text = verbatim_number(value);

    return text ? number_of_text(text, strlen(text)) : json_number_value(value);
}

/* From the digits, so nothing is rounded. */
static int integer_of_text(const char *text, int64_t *ret)
{
    struct decimal decimal;
    uint64_t number = 0, most;
    int64_t zeros;
    size_t i;

    decimal_read(text, strlen(text), &decimal);
    zeros = decimal.count > 0 ? decimal.exponent : 0;
    if (zeros < 0)
        return -EBADMSG;
    if ((int64_t)decimal.count + zeros > 19) /* 19 fit into a uint64_t */
        return -ERANGE;
    for (i = 0; i < decimal.count; i++)
        number = number * 10 + (uint64_t)(decimal.digits[i] - '0');
    for (; zeros > 0; zeros--)
        number *= 10;
    most = (uint64_t)INT64_MAX + decimal.negative;
    if (number > most)
        return -ERANGE;
    *ret = decimal.negative ? (int64_t)(0 - number) : (int64_t)number;
    return 0;
}

static int integer_of_real(double real, int64_t *ret)
{
    /* 2^63 is the first that is too large */
    if (!(real >= -0x1p63 && real < 0x1p63))
        return -ERANGE;
    *ret = (int64_t)real;
    return (double)*ret != real ? -EBADMSG : 0;
}

int number_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret)
{
    int64_t number = json_integer_value(value);
    int r = 0;

    if (!number_is(value))
        return -EBADMSG;
    if (json_is_real(value))
        r = integer_of_real(json_real_value(value), &number);
    else if (json_is_string(value))
        r = integer_of_text(tb_verbatim(json_string_value(value)), &number);
    if (r < 0)
        return r;
    if (number < min || number > max)
        return -ERANGE;
    *ret = number;
    return 0;
}
