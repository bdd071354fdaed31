/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/stamp.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>

#include "json/json_read.h"
#include "json/json_text.h"

/* jansson says whether the text is JSON and what is in it; the text itself is copied byte for byte, so that
 * numbers keep their digits. */

/* ThingsBoard's rule (JsonConverter): an element with both keys has a time. An empty one needs none; the
 * server refuses it. */
static bool has_time(const json_t *element)
{
    return (json_object_get(element, "ts") && json_object_get(element, "values")) ||
           json_object_size(element) == 0;
}

static int put_element(struct buf *out, const json_t *element, const char *text, size_t length, int64_t ts_ms)
{
    int r = 0;

    if (has_time(element))
        return buf_append(out, text, length);
    r = buf_append_format(out, "{\"ts\":%" PRId64 ",\"values\":", ts_ms);
    if (r == 0)
        r = buf_append(out, text, length);
    return r == 0 ? buf_append(out, "}", 1) : r;
}

static int put_array(struct buf *out, const json_t *array, const char *text, const char *end, int64_t ts_ms)
{
    size_t i;
    int r = buf_append(out, "[", 1);

    text++;
    for (i = 0; i < json_array_size(array) && r == 0; i++) {
        const char *element_end;

        text = json_text_skip_blanks(text, end);
        if (i > 0)
            text = json_text_skip_blanks(text + 1, end); /* the comma */
        element_end = json_text_value_end(text, end);
        if (i > 0)
            r = buf_append(out, ",", 1);
        if (r == 0)
            r = put_element(out, json_array_get(array, i), text, (size_t)(element_end - text), ts_ms);
        text = element_end;
    }
    return r == 0 ? buf_append(out, "]", 1) : r;
}

/* 1: an element has no time; 0: all have; -EBADMSG: not telemetry. */
static int needs_stamp(const json_t *body)
{
    const json_t *element;
    size_t i;
    int needed = 0;

    if (json_is_object(body))
        return !has_time(body);
    if (!json_is_array(body))
        return -EBADMSG;
    json_array_foreach(body, i, element)
    {
        if (!json_is_object(element))
            return -EBADMSG;
        if (!has_time(element))
            needed = 1;
    }
    return needed;
}

int telemetry_stamp(const char *body, size_t length, int64_t ts_ms, struct buf *out)
{
    json_t *parsed = json_read(body, length, 0, NULL);
    int r = needs_stamp(parsed);

    if (r == 1) {
        const char *end = body + length;
        const char *start = json_text_skip_blanks(body, end);

        if (json_is_object(parsed))
            r = put_element(out, parsed, start, (size_t)(json_text_value_end(start, end) - start), ts_ms);
        else
            r = put_array(out, parsed, start, end, ts_ms);
        r = r < 0 ? r : 1;
    }
    json_decref(parsed);
    return r;
}

/* What the paths of one entity's telemetry have in common: the scope and the time to live do not tell values
 * apart. */
static size_t entity_length(const char *target)
{
    const char *end = strstr(target, "/timeseries/");

    return end ? (size_t)(end - target) : strcspn(target, "?");
}

bool telemetry_stamp_body(struct upstream_clock *clock, const char *target, struct buf *body,
                          struct quota *quota)
{
    struct buf stamped = BUF_INIT(8 * body->len + 1024); /* the shortest element is {"":0} */
    bool done;
    int r;

    if (body->len > TELEMETRY_STAMP_MAX_BYTES)
        return false;
    r = telemetry_stamp(body->data, body->len, upstream_clock_stamp_ms(clock, target, entity_length(target)),
                        &stamped);
    done = r == 0 || (r == 1 && (!quota || quota_take(quota, stamped.len)));
    if (r == 1 && done) {
        if (quota)
            quota_give_back(quota, body->len);
        stamped.max = body->max;
        buf_free(body);
        *body = stamped;
    } else {
        buf_free(&stamped);
    }
    return done;
}
