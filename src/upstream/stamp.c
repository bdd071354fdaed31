/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/stamp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "json/json_check.h"
#include "json/json_text.h"

/* The text is copied byte for byte, so that numbers keep their digits. */

#define PREFIX_MAX 64

/* ThingsBoard's rule (JsonConverter): an element with both keys has a time. An empty one needs none; the
 * server refuses it. */
static bool has_time(struct json_part element)
{
    const char *at = element.text, *end = element.text + element.length;
    struct json_part name, value;
    bool is_empty = true, has_ts = false, has_values = false;

    while (!(has_ts && has_values) && json_text_next_member(&at, end, &name, &value)) {
        is_empty = false;
        has_ts = has_ts || json_text_is(name, "ts");
        has_values = has_values || json_text_is(name, "values");
    }
    return is_empty || (has_ts && has_values);
}

static int put_element(struct buf *out, struct json_part element, const char *prefix)
{
    int r = 0;

    if (has_time(element))
        return buf_append(out, element.text, element.length);
    r = buf_append_string(out, prefix);
    if (r == 0)
        r = buf_append(out, element.text, element.length);
    return r == 0 ? buf_append(out, "}", 1) : r;
}

static int put_array(struct buf *out, struct json_part array, const char *prefix)
{
    const char *at = array.text, *end = array.text + array.length;
    struct json_part element;
    int r = 0;

    while (r == 0 && json_text_next_element(&at, end, &element)) {
        r = buf_append(out, out->len > 0 ? "," : "[", 1);
        if (r == 0)
            r = put_element(out, element, prefix);
    }
    return r == 0 ? buf_append(out, "]", 1) : r;
}

/* 1: an element has no time; 0: all have; -EBADMSG: not telemetry. */
static int needs_stamp(struct json_part body)
{
    const char *at = body.text, *end = body.text + body.length;
    struct json_part element;
    int needed = 0;

    if (*body.text == '{')
        return !has_time(body);
    if (*body.text != '[')
        return -EBADMSG;
    while (json_text_next_element(&at, end, &element)) {
        if (*element.text != '{')
            return -EBADMSG;
        needed = needed || !has_time(element);
    }
    return needed;
}

int telemetry_stamp(const char *body, size_t length, int64_t ts_ms, struct buf *out)
{
    char prefix[PREFIX_MAX];
    struct json_part value;
    int r;

    if (!json_check(body, length, 0))
        return -EBADMSG;
    value = json_text_value(body, length);
    r = needs_stamp(value);
    if (r != 1)
        return r;
    snprintf(prefix, sizeof(prefix), "{\"ts\":%" PRId64 ",\"values\":", ts_ms);
    r = *value.text == '{' ? put_element(out, value, prefix) : put_array(out, value, prefix);
    return r < 0 ? r : 1;
}

/* What the paths of one entity's telemetry have in common: the scope and the time to live do not tell values
 * apart. */
static size_t entity_length(const char *target)
{
    const char *end = strstr(target, "/timeseries/");

    return end ? (size_t)(end - target) : strcspn(target, "?");
}

int telemetry_stamp_in_place(struct buf *body, int64_t ts_ms, struct quota *quota)
{
    struct buf stamped = BUF_INIT(8 * body->len + 1024); /* the shortest element is {"":0} */
    int r = telemetry_stamp(body->data, body->len, ts_ms, &stamped);

    if (r == 1 && quota && !quota_take(quota, stamped.len))
        r = -ENOBUFS;
    if (r != 1) {
        buf_free(&stamped);
        return r;
    }
    if (quota)
        quota_give_back(quota, body->len);
    stamped.max = body->max;
    buf_free(body);
    *body = stamped;
    return 0;
}

int64_t telemetry_stamp_ms(struct upstream_clock *clock, const char *target)
{
    return upstream_clock_stamp_ms(clock, target, entity_length(target));
}

bool telemetry_stamp_body(struct upstream_clock *clock, const char *target, struct buf *body,
                          struct quota *quota)
{
    return body->len <= TELEMETRY_STAMP_MAX_BYTES &&
           telemetry_stamp_in_place(body, telemetry_stamp_ms(clock, target), quota) == 0;
}
