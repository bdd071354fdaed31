/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_body.h"

#include <errno.h>

#include "json/json_check.h"
#include "json/json_text.h"

/* What stands around the values that are cut: {"ts":1,"values": and }. */
struct frame {
    struct json_part before, after;
};

/* The next element, or member from its name to its value. */
static bool next_item(const char **at, const char *end, bool is_object, struct json_part *ret)
{
    struct json_part value;

    if (!is_object)
        return json_text_next_element(at, end, ret);
    if (!json_text_next_member(at, end, ret, &value))
        return false;
    ret->length = (size_t)(value.text + value.length - ret->text);
    return true;
}

static size_t count_items(struct json_part container)
{
    const char *at = container.text, *end = at + container.length;
    struct json_part item;
    size_t count = 0;

    while (next_item(&at, end, *container.text == '{', &item))
        count++;
    return count;
}

static int append(struct buf *out, struct json_part part)
{
    return buf_append(out, part.text, part.length);
}

/* Moves COUNT items from *AT on to OUT, with brackets and FRAME. */
static int put_items(const char **at, struct json_part container, size_t count, struct frame frame,
                     struct buf *out)
{
    bool is_object = *container.text == '{';
    const char *end = container.text + container.length;
    struct json_part item;
    size_t i;
    int r = append(out, frame.before);

    for (i = 0; i < count && r == 0; i++) {
        next_item(at, end, is_object, &item);
        r = buf_append(out, i > 0 ? "," : is_object ? "{" : "[", 1);
        if (r == 0)
            r = append(out, item);
    }
    if (r == 0)
        r = buf_append(out, is_object ? "}" : "]", 1);
    return r == 0 ? append(out, frame.after) : r;
}

static int cut(struct json_part container, struct frame frame, struct buf *first, struct buf *second)
{
    size_t count = count_items(container);
    const char *at = container.text;
    int r;

    if (count < 2)
        return 0;
    r = put_items(&at, container, count / 2, frame, first);
    if (r == 0)
        r = put_items(&at, container, count - count / 2, frame, second);
    return r == 0 ? 1 : r;
}

static int cut_element(struct json_part element, struct buf *first, struct buf *second)
{
    struct json_part values;
    struct frame frame;

    if (*element.text != '{' || json_text_member(element, "values", &values) < 0 || *values.text != '{')
        return -EBADMSG;
    frame.before = (struct json_part){element.text, (size_t)(values.text - element.text)};
    frame.after.text = values.text + values.length;
    frame.after.length = (size_t)(element.text + element.length - frame.after.text);
    return cut(values, frame, first, second);
}

static int cut_telemetry(struct json_part body, struct buf *first, struct buf *second)
{
    const char *at = body.text;
    struct json_part element;

    if (*body.text != '[')
        return cut_element(body, first, second);
    switch (count_items(body)) {
    case 0:
        return 0;
    case 1:
        json_text_next_element(&at, body.text + body.length, &element);
        return cut_element(element, first, second);
    default:
        return cut(body, (struct frame){{"", 0}, {"", 0}}, first, second);
    }
}

int spool_body_halve(bool is_telemetry, const char *body, size_t length, struct buf *first,
                     struct buf *second)
{
    struct json_part value;
    int r;

    if (!json_check(body, length, 0))
        return -EBADMSG;
    value = json_text_value(body, length);
    if (is_telemetry)
        r = cut_telemetry(value, first, second);
    else
        r = *value.text == '{' ? cut(value, (struct frame){{"", 0}, {"", 0}}, first, second) : -EBADMSG;
    if (r <= 0) {
        buf_clear(first);
        buf_clear(second);
    }
    return r;
}
