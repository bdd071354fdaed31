/* SPDX-License-Identifier: Apache-2.0 */
#include "json/number.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tbclient/value.h>

/* Digits that decide between two doubles; a digit behind them stands for all that follow. */
#define DIGITS_MAX 800

/* Exponents are kept within this, which no double and no integer comes near. */
#define EXPONENT_MAX 1000000000

/* DIGITS times ten to the EXPONENT; no zero begins or ends the digits, and 0 has none. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    size_t count;
    int64_t exponent;
    bool negative;
};

/* The same for what 17 digits say. */
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

/* Returns whether the digit is lost, and is not 0. */
static bool add_digit(struct decimal *decimal, char digit, bool fraction)
{
    decimal->exponent -= fraction;
    if (decimal->count == 0 && digit == '0')
        return false;
    if (decimal->count == DIGITS_MAX) {
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

static void read_decimal(const char *text, size_t length, struct decimal *ret)
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

/* Digits and exponent only: so that the decimal point of the locale does not matter. */
static double decimal_value(const struct decimal *decimal)
{
    char text[DIGITS_MAX + 32];
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

double number_of_text(const char *text, size_t length)
{
    struct decimal decimal;

    read_decimal(text, length, &decimal);
    return decimal_value(&decimal);
}

/* TEXT without its sign: returns how many digits it has, or -1 where there are more than 17, or no double is
 * near. */
static int read_short(const char *text, size_t length, struct short_decimal *ret)
{
    struct decimal decimal;
    size_t i;

    read_decimal(text, length, &decimal);
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

/* Puts the digits of NUMBER before END and returns where they begin. (printf() would take as long as all the
 * rest.) */
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

/* The fewest digits that bring VALUE back, which is above 0; not fewer than 2, as in Java. Of 15 digits or
 * fewer all that have a normal double have one of their own. Powers of two have more room above than below:
 * there the next of 16 digits may be the one. */
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

/* Whether DECIMAL, of COUNT digits, is shortest() of its double VALUE; mostly without looking for that. */
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

/* POINT digits of the COUNT in DIGITS stand before the point; it may be before or behind all of them. */
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

/* Whether the whole number is one of 64 bits, as jansson reads it: -0 would lose its sign. */
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

/* Most numbers with a fraction: at most 7 digits before the point and 15 in all, no needless zero, not below
 * 0.001. They are written so without a look at the double. */
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

bool number_is(const json_t *value)
{
    const char *text = tb_verbatim(json_string_value(value));

    return json_is_number(value) || (text && *text != '"');
}

double number_of(const json_t *value)
{
    const char *text = tb_verbatim(json_string_value(value));

    if (text && *text != '"')
        return number_of_text(text, strlen(text));
    return json_number_value(value);
}

/* Digits are counted, so that nothing is rounded. */
static int integer_of_text(const char *text, int64_t *ret)
{
    struct decimal decimal;
    uint64_t number = 0, most;
    int64_t zeros;
    size_t i;

    read_decimal(text, strlen(text), &decimal);
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
    /* 2^63 is the first that is too large; beyond it, all are whole */
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
