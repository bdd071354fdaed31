/* SPDX-License-Identifier: Apache-2.0 */
#include "json/number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/decimal.h"

/* DIGITS times ten to the EXPONENT, for at most 17 digits. */
struct short_decimal {
    uint64_t digits;
    int exponent;
};

static size_t digits_length(const char *text, const char *end)
{
    const char *from = text;

    while (text < end && *text >= '0' && *text <= '9')
        text++;
    return (size_t)(text - from);
}

size_t number_length(const char *text, const char *end)
{
    const char *at = text + (text < end && *text == '-');
    size_t digits = digits_length(at, end);

    if (digits == 0 || (digits > 1 && *at == '0'))
        return 0;
    at += digits;
    if (at < end && *at == '.') {
        digits = digits_length(at + 1, end);
        if (digits == 0)
            return 0;
        at += 1 + digits;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = digits_length(at, end);
        if (digits == 0)
            return 0;
        at += digits;
    }
    return (size_t)(at - text);
}

double number_of_text(const char *text, size_t length)
{
    struct decimal decimal;

    decimal_read(text, length, &decimal);
    return decimal_value(&decimal);
}

/* Reads TEXT without its sign. Returns the number of digits, or -1 if there are more than 17 or no double is
 * near. */
static int read_short(const char *text, size_t length, struct short_decimal *ret)
{
    struct decimal decimal;
    size_t i;

    decimal_read(text, length, &decimal);
    if (decimal.count > DBL_DECIMAL_DIG)
        return -1;
    *ret = (struct short_decimal){0, 0};
    if (decimal.count == 0)
        return 0;
    if (decimal.exponent > DBL_MAX_10_EXP || decimal.exponent < DBL_MIN_10_EXP - 2 * DBL_DECIMAL_DIG)
        return -1;
    for (i = 0; i < decimal.count; i++)
        ret->digits = ret->digits * 10 + (uint64_t)(decimal.digits[i] - '0');
    ret->exponent = (int)decimal.exponent;
    return (int)decimal.count;
}

/* Writes the digits of NUMBER before END and returns their beginning. (printf() would take as long as
 * everything else together.) */
static char *put_digits(uint64_t number, char *end)
{
    do
        *--end = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return end;
}

static double short_value(struct short_decimal decimal)
{
    unsigned exponent = decimal.exponent < 0 ? 0u - (unsigned)decimal.exponent : (unsigned)decimal.exponent;
    char text[48], *at = put_digits(exponent, text + sizeof(text) - 1);

    text[sizeof(text) - 1] = '\0';
    *--at = decimal.exponent < 0 ? '-' : '+';
    *--at = 'e';
    return strtod(put_digits(decimal.digits, at), NULL);
}

static struct short_decimal without_zeros(struct short_decimal decimal)
{
    for (; decimal.digits != 0 && decimal.digits % 10 == 0; decimal.exponent++)
        decimal.digits /= 10;
    return decimal;
}

/* VALUE, which is above 0, rounded to COUNT digits, at most 17. */
static struct short_decimal rounded(double value, int count)
{
    struct short_decimal decimal = {0, 0};
    char text[NUMBER_TEXT_MAX];
    const char *c;

    snprintf(text, sizeof(text), "%.*e", count - 1, value);
    for (c = text; *c != 'e'; c++)
        if (*c >= '0' && *c <= '9')
            decimal.digits = decimal.digits * 10 + (uint64_t)(*c - '0');
    decimal.exponent = (int)strtol(c + 1, NULL, 10) - (count - 1);
    return decimal;
}

static bool is_same(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool is_power_of_two(double value)
{
    int exponent;

    return is_same(frexp(value, &exponent), 0.5);
}

/* The fewest digits that bring VALUE, which is above 0, back; at least 2, as in Java. Every number of 15
 * digits or fewer with a normal double has one of its own. Powers of two have more room above than below:
 * there the next number of 16 digits may be the one. */
static struct short_decimal shortest(double value)
{
    struct short_decimal decimal;
    int count;

    for (count = value < DBL_MIN ? 2 : DBL_DIG; count < DBL_DECIMAL_DIG; count++) {
        decimal = rounded(value, count);
        if (is_same(short_value(decimal), value))
            return without_zeros(decimal);
        decimal.digits++;
        if (count == 16 && is_power_of_two(value) && is_same(short_value(decimal), value))
            return without_zeros(decimal);
    }
    return without_zeros(rounded(value, DBL_DECIMAL_DIG));
}

static bool is_equal(struct short_decimal a, struct short_decimal b)
{
    a = without_zeros(a);
    b = without_zeros(b);
    return a.digits == b.digits && a.exponent == b.exponent;
}

/* Whether DECIMAL, of COUNT digits, is shortest() of its double VALUE; mostly without computing that. */
static bool is_shortest(struct short_decimal decimal, int count, double value)
{
    struct short_decimal up = {(decimal.digits + 5) / 10, decimal.exponent + 1};
    struct short_decimal down = {(decimal.digits + 4) / 10, decimal.exponent + 1};

    if (value < DBL_MIN || is_power_of_two(value))
        return is_equal(decimal, shortest(value));
    if (count <= DBL_DIG)
        return true;
    return is_equal(decimal, rounded(value, count)) && !is_same(short_value(up), value) &&
           (up.digits == down.digits || !is_same(short_value(down), value));
}

/* POINT of the COUNT digits are before the point, which may also be before or after all of them. */
static int write_plain(const char *digits, int count, int point, char *text, size_t size)
{
    int before = point > 0 ? point : 0;
    int zeros = before - count > 0 ? before - count : 0;

    if (before == 0)
        return snprintf(text, size, "0.%.*s%s", -point, "00", digits);
    return snprintf(text, size, "%.*s%.*s.%s", before, digits, zeros, "000000",
                    before < count ? digits + before : "0");
}

static size_t write_decimal(struct short_decimal decimal, bool negative, char text[NUMBER_TEXT_MAX])
{
    size_t sign = negative ? 1 : 0, size = NUMBER_TEXT_MAX - sign;
    char buffer[24] = "", *digits = put_digits(decimal.digits, buffer + sizeof(buffer) - 1);
    int count = (int)(buffer + sizeof(buffer) - 1 - digits);
    int point = count + decimal.exponent, length;

    *text = '-';
    if (point >= -2 && point <= 7) /* from 0.001 to below 10,000,000 */
        length = write_plain(digits, count, point, text + sign, size);
    else
        length = snprintf(text + sign, size, "%c.%sE%d", *digits, count > 1 ? digits + 1 : "0", point - 1);
    return sign + (size_t)length;
}

size_t number_write(double value, char text[NUMBER_TEXT_MAX])
{
    struct short_decimal zero = {0, 0};

    return write_decimal(is_same(fabs(value), 0) ? zero : shortest(fabs(value)), signbit(value), text);
}

/* Whether the whole number fits jansson's 64 bits; -0 would lose its sign. */
static bool is_integer(const char *text, size_t length)
{
    bool negative = *text == '-';
    const char *most = negative ? "9223372036854775808" : "9223372036854775807";

    text += negative;
    length -= negative;
    if (negative && *text == '0')
        return false;
    return length < strlen(most) || (length == strlen(most) && memcmp(text, most, length) <= 0);
}

static bool is_whole(const char *text, size_t length)
{
    return !memchr(text, '.', length) && !memchr(text, 'e', length) && !memchr(text, 'E', length);
}

bool number_is_held(const char *text, size_t length)
{
    struct short_decimal decimal;
    double value;
    int count;

    if (is_whole(text, length))
        return is_integer(text, length);
    count = read_short(text, length, &decimal);
    if (count == 0)
        return true;
    value = count > 0 ? short_value(decimal) : 0;
    if (!isfinite(value) || is_same(value, 0))
        return false;
    return (count <= DBL_DIG && value >= DBL_MIN) || is_equal(decimal, rounded(value, count)) ||
           is_equal(decimal, shortest(value));
}

/* Most numbers with a fraction are: at most 7 digits before the point and 15 in all, no needless zero, not
 * below 0.001. Their double is certainly written in the same way. */
static bool is_plain(const char *text, size_t length)
{
    const char *end = text + length;
    size_t whole, fraction;

    text += *text == '-';
    whole = digits_length(text, end);
    if (whole > 7 || text + whole == end || text[whole] != '.')
        return false;
    fraction = digits_length(text + whole + 1, end);
    if (text + whole + 1 + fraction != end || whole + fraction > DBL_DIG)
        return false;
    if (fraction == 1)
        return true;
    if (end[-1] == '0')
        return false;
    return *text != '0' || memcmp(text + 2, "000", fraction < 3 ? fraction : 3) != 0;
}

bool number_is_usual(const char *text, size_t length)
{
    char usual[NUMBER_TEXT_MAX];
    struct short_decimal decimal;
    double value;
    int count;

    if (is_whole(text, length))
        return is_integer(text, length);
    if (is_plain(text, length))
        return true;
    count = read_short(text, length, &decimal);
    if (count < 0 || write_decimal(decimal, *text == '-', usual) != length ||
        memcmp(usual, text, length) != 0)
        return false;
    value = short_value(decimal);
    return count == 0 || (isfinite(value) && !is_same(value, 0) && is_shortest(decimal, count, value));
}
