/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/merge_body.h"

#include <errno.h>
#include <stdbool.h>

#include "proxy/forward/merge_attributes.h"
#include "json/decimal.h"
#include "json/json_check.h"
#include "json/json_text.h"

/* The server ignores null. An attribute's null would hide the value before it, and the server refuses a body
 * that has nothing else. */
static bool has_values(struct json_part object)
{
    const char *at = object.text, *end = object.text + object.length;
    struct json_part name, value;
    bool found = false;

    if (*object.text != '{')
        return false;
    while (json_text_next_member(&at, end, &name, &value)) {
        if (*value.text == 'n')
            return false;
        found = true;
    }
    return found;
}

static bool fits_64_bits(struct json_part number)
{
    struct decimal decimal;

    decimal_read(number.text, number.length, &decimal);
    return decimal_fits_64_bits(&decimal);
}

/* The server refuses integers of more than 64 bits, but not if a later value hides them. */
static bool is_attributes(struct json_part body)
{
    const char *at = body.text, *end = body.text + body.length;
    struct json_part name, value;

    if (!has_values(body))
        return false;
    while (json_text_next_member(&at, end, &name, &value))
        if (json_text_is_number(value) && !fits_64_bits(value))
            return false;
    return true;
}

static bool is_timed_element(struct json_part element)
{
    struct json_part ts, values;

    return json_text_member(element, "ts", &ts) == 0 && json_text_is_number(ts) &&
           json_text_member(element, "values", &values) == 0 && has_values(values);
}

static bool is_telemetry(struct json_part body)
{
    const char *at = body.text, *end = body.text + body.length;
    struct json_part element;
    bool found = false;

    if (*body.text != '[')
        return is_timed_element(body);
    while (json_text_next_element(&at, end, &element)) {
        if (!is_timed_element(element))
            return false;
        found = true;
    }
    return found;
}

int merge_check(enum merge_kind kind, const char *body, size_t length)
{
    struct json_part value;

    if (kind == MERGE_NONE || !json_check(body, length, JSON_CHECK_STORABLE))
        return -EBADMSG;
    value = json_text_value(body, length);
    return (kind == MERGE_TELEMETRY ? is_telemetry(value) : is_attributes(value)) ? 0 : -EBADMSG;
}

static int put(struct buf *out, const char *opening, const char *text, size_t length)
{
    int r = buf_append(out, out->len > 0 ? "," : opening, 1);

    return r == 0 ? buf_append(out, text, length) : r;
}

/* The elements of BODY, or BODY itself. */
static int put_elements(struct buf *out, const struct buf *body)
{
    struct json_part value = json_text_value(body->data, body->len), element;
    const char *at = value.text, *end = value.text + value.length;
    int r = 0;

    if (*value.text == '{')
        return put(out, "[", value.text, value.length);
    while (r == 0 && json_text_next_element(&at, end, &element))
        r = put(out, "[", element.text, element.length);
    return r;
}

static int merge_telemetry(const struct buf *const *bodies, size_t count, struct buf *out)
{
    size_t i;
    int r = 0;

    for (i = 0; i < count && r == 0; i++)
        r = put_elements(out, bodies[i]);
    return r == 0 ? buf_append(out, "]", 1) : r;
}

int merge_bodies(enum merge_kind kind, const struct buf *const *bodies, size_t count, struct buf *out)
{
    int r =
        kind == MERGE_TELEMETRY ? merge_telemetry(bodies, count, out) : merge_attributes(bodies, count, out);

    if (r < 0)
        buf_clear(out);
    return r;
}
