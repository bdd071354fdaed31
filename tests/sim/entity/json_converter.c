/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/entity/json_converter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json/exact_number.h"

enum {
    SCALE_MAX = 16, /* digits behind the point that the server leaves to a double */
};

/* The conversion of one body. */
struct conversion {
    int64_t now;
    bool device_api;
    char *error; /* the message of the first exception; NULL: none */
};

static void conversion_free(struct conversion *c)
{
    free(c->error);
}

static void PRINTF_LIKE(2, 3) fail(struct conversion *c, const char *fmt, ...)
{
    va_list ap;

    if (c->error)
        return;
    va_start(ap, fmt);
    c->error = xvasprintf(fmt, ap);
    va_end(ap);
}

static void fail_value(struct conversion *c, const char *what, const json_t *value)
{
    CLEANUP(free_pointer) char *text = java_json_text(value, NULL);

    fail(c, "%s: %s", what, text);
}

static json_t *plain_string(struct conversion *c, const struct decimal *d)
{
    CLEANUP(free_pointer) char *text = decimal_plain(d);

    if (!text)
        fail(c, "a number of more than %d digits", PLAIN_MAX); /* a real server runs out of memory */
    return text ? json_string(text) : NULL;
}

static json_t *whole_number(struct conversion *c, const struct decimal *d)
{
    CLEANUP(free_pointer) char *text = decimal_plain(d);
    char *point = text ? strchr(text, '.') : NULL;

    if (point)
        *point = '\0'; /* only zeros follow */
    errno = 0;
    long long number = text ? strtoll(text, NULL, 10) : 0;
    return text && errno == 0 ? json_integer(number) : plain_string(c, d);
}

static json_t *real_number(const char *text)
{
    double number = strtod(text, NULL);

    if (isinf(number))
        return json_string(number < 0 ? "-Infinity" : "Infinity");
    return json_real(number == 0 ? 0 : number); /* BigDecimal has no negative zero */
}

static json_t *number(struct conversion *c, const char *text)
{
    CLEANUP(decimal_free) struct decimal d = {};
    json_t *value;

    if (decimal_parse(text, &d) < 0) {
        fail(c, "Exponent overflow.");
        return NULL;
    }
    if (decimal_is_whole(&d) && (!d.has_point || d.has_exponent))
        value = whole_number(c, &d);
    else if (d.scale <= SCALE_MAX)
        value = real_number(text);
    else
        value = plain_string(c, &d);
    return value;
}

/* NumberUtils.isParsable() of Apache Commons. */
static bool is_parsable(const char *s)
{
    size_t points = 0;

    s += *s == '-';
    if (*s == '\0' || ends_with(s, "."))
        return false;
    for (; *s; s++) {
        points += *s == '.';
        if (points > 1 || !strchr("0123456789.", *s))
            return false;
    }
    return true;
}

/* A new reference. NULL: the value is left out or refused. */
static json_t *convert_value(struct conversion *c, const json_t *element)
{
    const char *digits = number_text(element);

    if (digits)
        return number(c, digits);
    if (json_is_string(element) && is_parsable(json_string_value(element)))
        return number(c, json_string_value(element));
    if (json_is_object(element) || json_is_array(element))
        return numbers_simplify(json_deep_copy(element), true);
    if (!json_is_null(element))
        return json_incref((json_t *)(uintptr_t)element);
    if (!c->device_api)
        fail_value(c, "Can't parse value", element);
    return NULL;
}

static json_t *convert_object(struct conversion *c, const json_t *object)
{
    json_t *values = json_object();
    const char *key;
    json_t *element;

    json_object_foreach((json_t *)(uintptr_t)object, key, element)
    {
        json_t *value = convert_value(c, element);

        if (value)
            json_object_set_new(values, key, value);
    }
    return values;
}

/* JsonElement.getAsLong() */
static int64_t time_of(struct conversion *c, const json_t *ts)
{
    const char *text = number_text(ts) ? number_text(ts) : json_string_value(ts);
    int64_t ms = 0;

    if (text && parse_int64(text, &ms) == 0)
        return ms;
    if (!number_text(ts)) {
        fail_value(c, "For input string", ts);
        return 0;
    }
    double real = strtod(text, NULL);
    return fabs(real) < 9e18 ? (int64_t)real : 0;
}

static void add_entry(struct conversion *c, json_t *entries, int64_t ts, const json_t *object)
{
    json_t *values = convert_object(c, object);

    if (json_object_size(values) > 0)
        json_array_append_new(entries, json_pack("{s:I, s:O}", "ts", (json_int_t)ts, "values", values));
    json_decref(values);
}

static void convert_element(struct conversion *c, json_t *entries, const json_t *element)
{
    const json_t *ts = json_object_get(element, "ts");
    const json_t *values = json_object_get(element, "values");

    if (!json_is_object(element))
        fail_value(c, "Can't parse value", element);
    else if (!ts || !values)
        add_entry(c, entries, c->now, element);
    else if (!json_is_object(values))
        fail_value(c, "Not a JSON Object", values);
    else
        add_entry(c, entries, time_of(c, ts), values);
}

/* The device API sends the exception in the body of a 500. */
static void refuse(struct reply *rp, bool device_api, const char *message, const char *error)
{
    static const char syntax[] = "com.google.gson.stream.MalformedJsonException: Use "
                                 "JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON";

    if (device_api)
        reply_text(rp, 500, "%s", error ? error : syntax);
    else
        reply_text(rp, 400, "%s%s", message, error ? error : "");
}

json_t *convert_telemetry(const struct request *rq, struct reply *rp, bool device_api)
{
    json_auto_t *body = numbers_read(rq->body.data ? rq->body.data : "", rq->body.len, true, NULL);
    CLEANUP(conversion_free) struct conversion c = {.now = rq->now, .device_api = device_api};
    json_auto_t *entries = json_array();

    for (size_t i = 0; i < json_array_size(body); i++)
        convert_element(&c, entries, json_array_get(body, i));
    if (body && !json_is_array(body))
        convert_element(&c, entries, body);
    if (!body)
        refuse(rp, device_api, "Unable to parse time series payload: Invalid JSON body!", NULL);
    else if (c.error)
        refuse(rp, device_api, "Unable to parse time series payload. Invalid JSON body: ", c.error);
    else if (json_array_size(entries) == 0 && !device_api)
        reply_text(rp, 400, "No time series data found in request body!");
    else
        return TAKE_PTR(entries);
    return NULL;
}

static bool has_blank_key(const json_t *values)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        if (key[strspn(key, " \t\r\n")] == '\0')
            return true;
    }
    return false;
}

json_t *convert_attributes(const struct request *rq, struct reply *rp, bool device_api)
{
    json_auto_t *body = numbers_read(rq->body.data ? rq->body.data : "", rq->body.len, true, NULL);
    CLEANUP(conversion_free) struct conversion c = {.now = rq->now, .device_api = device_api};
    json_auto_t *values = convert_object(&c, body);

    if (!body) {
        refuse(rp, device_api, "Invalid JSON", NULL);
    } else if (!json_is_object(body)) {
        if (device_api)
            fail_value(&c, "Can't parse value", body);
        refuse(rp, device_api, "Request is not a JSON object", c.error);
    } else if (c.error && !device_api) { /* the controller does not catch the exception */
        reply_error(rp, 500, ERROR_GENERAL, "%s", c.error);
    } else if (c.error) {
        refuse(rp, true, "", c.error);
    } else if (json_object_size(values) == 0 && !device_api) {
        reply_text(rp, 400, "No attributes data found in request body!");
    } else if (has_blank_key(values) && !device_api) {
        reply_text(rp, 400, "Key cannot be blank");
    } else {
        return TAKE_PTR(values);
    }
    return NULL;
}

json_t *convert_to_jackson(const json_t *value)
{
    if (!json_is_object(value) && !json_is_array(value))
        return json_incref((json_t *)(uintptr_t)value);
    return numbers_simplify(json_deep_copy(value), false);
}

json_t *convert_to_string(const json_t *value)
{
    CLEANUP(free_pointer) char *text = NULL;
    size_t length;

    if (json_is_string(value))
        return json_incref((json_t *)(uintptr_t)value);
    text = java_json_text(value, &length);
    return json_stringn(text, length);
}
