/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/merge_body.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>

#include "json/json_text.h"

/* The server ignores null. An attribute's null would hide the value before it, and the server refuses a body
 * that has nothing else. */
static bool has_values(json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (json_is_null(value))
            return false;
    }
    return json_object_size(object) > 0;
}

/* The server refuses integers of more than 64 bits, but not if a later value hides them. */
static bool is_attributes(json_t *body)
{
    const char *key;
    json_t *value;

    json_object_foreach(body, key, value)
    {
        double number = json_number_value(value); /* 0 if it is not a number */

        if (number <= -0x1p63 || number >= 0x1p63)
            return false;
    }
    return has_values(body);
}

static bool is_timed_element(const json_t *element)
{
    return json_is_number(json_object_get(element, "ts")) && has_values(json_object_get(element, "values"));
}

static bool is_telemetry(const json_t *body)
{
    const json_t *element;
    size_t i;

    json_array_foreach(body, i, element)
    {
        if (!is_timed_element(element))
            return false;
    }
    return json_is_array(body) ? json_array_size(body) > 0 : is_timed_element(body);
}

int merge_check(enum merge_kind kind, const char *body, size_t length)
{
    json_error_t error = {0}; /* jansson leaves the code unset if its first allocation fails */
    json_t *parsed = json_loadb(body, length, JSON_DECODE_INT_AS_REAL, &error);
    bool fits;

    if (!parsed)
        return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
    fits = (kind == MERGE_TELEMETRY && is_telemetry(parsed)) ||
           (kind == MERGE_ATTRIBUTES && is_attributes(parsed));
    json_decref(parsed);
    return fits ? 0 : -EBADMSG;
}

static int put(struct buf *out, const char *opening, const char *text, size_t length)
{
    int r = buf_append(out, out->len > 0 ? "," : opening, 1);

    return r == 0 ? buf_append(out, text, length) : r;
}

/* The elements of BODY, or BODY itself. */
static int put_elements(struct buf *out, const struct buf *body)
{
    const char *end = body->data + body->len;
    const char *next = json_text_skip_blanks(body->data, end);
    int r;

    if (*next == '{')
        return put(out, "[", next, (size_t)(json_text_value_end(next, end) - next));
    do {
        const char *element = json_text_skip_blanks(next + 1, end);
        const char *element_end = json_text_value_end(element, end);

        r = put(out, "[", element, (size_t)(element_end - element));
        next = json_text_skip_blanks(element_end, end);
    } while (r == 0 && *next == ',');
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

/* Appends a member to MEMBERS, which has the text of each under its decoded key, and removes an earlier one
 * with the same key. */
static int add_member(json_t *members, const char *text, const char *key_end, const char *end)
{
    json_t *key = json_loadb(text, (size_t)(key_end - text), JSON_DECODE_ANY, NULL);
    int r;

    if (!key)
        return -ENOMEM;
    json_object_del(members, json_string_value(key));
    r = json_object_set_new_nocheck(members, json_string_value(key),
                                    json_stringn_nocheck(text, (size_t)(end - text)));
    json_decref(key);
    return r < 0 ? -ENOMEM : 0;
}

static int add_members(json_t *members, const struct buf *body)
{
    const char *end = body->data + body->len;
    const char *next = json_text_skip_blanks(body->data, end);
    int r;

    do {
        const char *key = json_text_skip_blanks(next + 1, end);
        const char *key_end = json_text_value_end(key, end);
        const char *colon = json_text_skip_blanks(key_end, end);
        const char *value_end = json_text_value_end(json_text_skip_blanks(colon + 1, end), end);

        r = add_member(members, key, key_end, value_end);
        next = json_text_skip_blanks(value_end, end);
    } while (r == 0 && *next == ',');
    return r;
}

static int merge_attributes(const struct buf *const *bodies, size_t count, struct buf *out)
{
    json_t *members = json_object();
    int r = members ? 0 : -ENOMEM;
    const char *key;
    json_t *text;
    size_t i;

    for (i = 0; i < count && r == 0; i++)
        r = add_members(members, bodies[i]);
    json_object_foreach(members, key, text) /* in the order of insertion */
    {
        if (r == 0)
            r = put(out, "{", json_string_value(text), json_string_length(text));
    }
    json_decref(members);
    return r == 0 ? buf_append(out, "}", 1) : r;
}

int merge_bodies(enum merge_kind kind, const struct buf *const *bodies, size_t count, struct buf *out)
{
    int r =
        kind == MERGE_TELEMETRY ? merge_telemetry(bodies, count, out) : merge_attributes(bodies, count, out);

    if (r < 0)
        buf_clear(out);
    return r;
}
