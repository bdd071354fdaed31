/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/json/java_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json/exact_number.h"

json_t *java_json_read(const char *data, size_t n, json_error_t *ret_error)
{
    json_error_t error;
    json_error_t *why = ret_error ? ret_error : &error;
    json_t *value = json_loadb(data ? data : "", n, JSON_DECODE_ANY | JSON_ALLOW_NUL, why);

    if (value || json_error_code(why) != json_error_numeric_overflow)
        return value;
    value = numbers_read(data, n, false, why);
    return value ? numbers_simplify(value, false) : NULL;
}

/* How many digits a decimal has behind its point; DIGITS is d.ddd, to be moved by POWER. */
static int fraction_digits(const char *digits, int power)
{
    const char *behind = strchr(digits, '.') + 1;
    int n = streq(behind, "0") ? 0 : (int)strlen(behind);

    return n - power > 1 ? n - power : 1;
}

/* The shortest decimal that reads back as the same double, as java.lang.Double prints it: with at least one
 * digit behind the point, and with an exponent from 1E7 on and below 1E-3. */
static void double_to_text(double v, char *ret, size_t n)
{
    char digits[40];
    int precision = 14;

    do
        snprintf(digits, sizeof(digits), "%.*e", precision++, v);
    while (precision <= 16 && strtod(digits, NULL) != v);
    char *exponent = strchr(digits, 'e');
    int power = atoi(exponent + 1);
    while (exponent[-1] == '0' && exponent[-2] != '.')
        exponent--; /* zeros at the end, but for the first digit */
    *exponent = '\0';
    if (v != 0 && (power < -3 || power >= 7))
        snprintf(ret, n, "%sE%d", digits, power);
    else
        snprintf(ret, n, "%.*f", fraction_digits(digits, power), v);
}

static void write_string(struct buf *out, const char *s, size_t n)
{
    xbuf_append_byte(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\')
            xbuf_append_format(out, "\\%c", c);
        else if (c == '\n')
            xbuf_append_string(out, "\\n");
        else if (c == '\r')
            xbuf_append_string(out, "\\r");
        else if (c == '\t')
            xbuf_append_string(out, "\\t");
        else if (c < 0x20)
            xbuf_append_format(out, "\\u%04X", c);
        else
            xbuf_append_byte(out, (char)c);
    }
    xbuf_append_byte(out, '"');
}

static void write_member(struct buf *out, const char *key, const json_t *value)
{
    write_string(out, key, strlen(key));
    xbuf_append_byte(out, ':');
    java_json_write(out, value);
}

static void write_object(struct buf *out, const json_t *object, bool twice)
{
    const char *key;
    json_t *value;
    const char *comma = "";

    xbuf_append_byte(out, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        xbuf_append_string(out, comma);
        comma = ",";
        if (twice && strcmp(key, "type") == 0) {
            write_member(out, key, value);
            xbuf_append_byte(out, ',');
        }
        if (strcmp(key, "configuration") == 0 && json_is_object(value)) {
            /* the real server writes the discriminator of a device configuration twice */
            xbuf_append_string(out, "\"configuration\":");
            write_object(out, value, true);
        } else {
            write_member(out, key, value);
        }
    }
    xbuf_append_byte(out, '}');
}

static void write_array(struct buf *out, const json_t *array)
{
    xbuf_append_byte(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            xbuf_append_byte(out, ',');
        java_json_write(out, json_array_get(array, i));
    }
    xbuf_append_byte(out, ']');
}

void java_json_write(struct buf *out, const json_t *value)
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
            xbuf_append_string(out, number_text(value));
            break;
        }
        write_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        xbuf_append_format(out, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        double_to_text(json_real_value(value), number, sizeof(number));
        xbuf_append_string(out, number);
        break;
    case JSON_TRUE:
        xbuf_append_string(out, "true");
        break;
    case JSON_FALSE:
        xbuf_append_string(out, "false");
        break;
    case JSON_NULL:
        xbuf_append_string(out, "null");
        break;
    }
}

char *java_json_text(const json_t *value, size_t *ret_length)
{
    struct buf text = XBUF_INIT;

    java_json_write(&text, value);
    return xbuf_take(&text, ret_length);
}

json_t *json_text(const char *text)
{
    CLEANUP(free_pointer) char *utf8 = bytes_to_utf8(text, strlen(text));

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

bool json_array_has(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (streq(json_string_value(json_array_get(array, i)), text))
            return true;
    }
    return false;
}

json_t *json_entity_id(const char *type, const char *id)
{
    return id ? json_pack("{s:s, s:s}", "entityType", type, "id", id) : json_null();
}
