/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out. */
#include "sim/json/java_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json/exact_number.h"

json_t *json_read(const char *data, size_t n, json_error_t *ret_error)
{
    json_error_t error;
    json_error_t *why = ret_error ? ret_error : &error;
    json_t *value = json_loadb(data ? data : "", n, JSON_DECODE_ANY | JSON_ALLOW_NUL, why);

    if (value || json_error_code(why) != json_error_numeric_overflow)
        return value;
    value = numbers_read(data, n, false, why);
    return value ? numbers_simplify(value, false) : NULL;
}

/* How many digits of a decimal are behind its point: DIGITS is d.ddd, to be moved by POWER. */
static int fraction_digits(const char *digits, int power)
{
    const char *behind = strchr(digits, '.') + 1;
    int n = streq(behind, "0") ? 0 : (int)strlen(behind);

    return n - power > 1 ? n - power : 1;
}

/* As java.lang.Double prints it: with at least one digit behind the point, from 1E7 and below 1E-3 with one
 * before it and an exponent. */
void double_to_text(double v, char *ret, size_t n)
{
    char digits[40];
    int precision = 14;

    do
        snprintf(digits, sizeof digits, "%.*e", precision++, v);
    while (precision <= 16 && strtod(digits, NULL) != v);
    char *exponent = strchr(digits, 'e');
    int power = atoi(exponent + 1);
    while (exponent[-1] == '0' && exponent[-2] != '.')
        exponent--; /* the shortest form, but for one digit */
    *exponent = '\0';
    if (v != 0 && (power < -3 || power >= 7))
        snprintf(ret, n, "%sE%d", digits, power);
    else
        snprintf(ret, n, "%.*f", fraction_digits(digits, power), v);
}

static void write_string(struct buf *out, const char *s, size_t n)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c == '\r')
            buf_puts(out, "\\r");
        else if (c == '\t')
            buf_puts(out, "\\t");
        else if (c < 0x20)
            buf_printf(out, "\\u%04X", c);
        else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '"');
}

static void write_member(struct buf *out, const char *key, const json_t *value)
{
    write_string(out, key, strlen(key));
    buf_putc(out, ':');
    json_write(out, value);
}

static void write_object(struct buf *out, const json_t *object, bool twice)
{
    const char *key;
    json_t *value;
    const char *comma = "";

    buf_putc(out, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        buf_puts(out, comma);
        comma = ",";
        if (twice && strcmp(key, "type") == 0) {
            write_member(out, key, value);
            buf_putc(out, ',');
        }
        if (strcmp(key, "configuration") == 0 && json_is_object(value)) {
            /* the real server writes the discriminator of a device configuration twice */
            buf_puts(out, "\"configuration\":");
            write_object(out, value, true);
        } else {
            write_member(out, key, value);
        }
    }
    buf_putc(out, '}');
}

static void write_array(struct buf *out, const json_t *array)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            buf_putc(out, ',');
        json_write(out, json_array_get(array, i));
    }
    buf_putc(out, ']');
}

void json_write(struct buf *out, const json_t *value)
{
    char number[400];

    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        write_object(out, value, false);
        break;
    case JSON_ARRAY:
        write_array(out, value);
        break;
    case JSON_STRING:
        if (number_text(value)) {
            buf_puts(out, number_text(value));
            break;
        }
        write_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        buf_printf(out, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        double_to_text(json_real_value(value), number, sizeof number);
        buf_puts(out, number);
        break;
    case JSON_TRUE:
        buf_puts(out, "true");
        break;
    case JSON_FALSE:
        buf_puts(out, "false");
        break;
    case JSON_NULL:
        buf_puts(out, "null");
        break;
    }
}

json_t *json_text(const char *s)
{
    _cleanup_free_ char *utf8 = bytes_to_utf8(s, strlen(s));

    return json_string(utf8);
}

const char *json_str(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *v = json_object_get(object, key);

    if (json_is_real(v) && fabs(json_real_value(v)) < 9e18)
        return (int64_t)json_real_value(v);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

void json_put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value ? value : json_null());
}

json_t *json_entity_id(const char *type, const char *id)
{
    return id ? json_pack("{s:s, s:s}", "entityType", type, "id", id) : json_null();
}
