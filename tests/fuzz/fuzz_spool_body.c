/* SPDX-License-Identifier: Apache-2.0 */
/* Halves of a body, of halves of it, and so on mean what the body means; of a body without keys all other
 * members stay. */
#include "base/buf.h"
#include "fuzz.h"
#include "proxy/spool/spool_body.h"
#include "proxy/spool/spool_keys.h"
#include "proxy/spool/spool_write.h"
#include "json/json_check.h"
#include "json/json_text.h"

#define INPUT_MAX 4096
#define TEXT_MAX  (64 * INPUT_MAX)

/* ---- halves ---- */

static void add(struct buf *out, struct json_part part)
{
    must(buf_append(out, part.text, part.length) == 0 && buf_append(out, "\n", 1) == 0);
}

static void add_members(struct buf *out, struct json_part time, struct json_part object)
{
    const char *at = object.text, *end = at + object.length;
    struct json_part name, value;

    while (json_text_next_member(&at, end, &name, &value)) {
        add(out, time);
        add(out, name);
        add(out, value);
    }
}

/* Of what is no telemetry, the text. */
static void add_element(struct buf *out, struct json_part element)
{
    struct json_part time = {"", 0}, values;

    json_text_member(element, "ts", &time);
    if (json_text_member(element, "values", &values) == 0 && *values.text == '{')
        add_members(out, time, values);
    else
        add(out, element);
}

/* Each value that BODY has, with its time, in their order. */
static void spread(bool is_telemetry, struct json_part body, struct buf *out)
{
    const char *at = body.text, *end = at + body.length;
    struct json_part element;

    if (!is_telemetry)
        add_members(out, (struct json_part){"", 0}, body);
    else if (*body.text == '{')
        add_element(out, body);
    else
        while (json_text_next_element(&at, end, &element))
            add_element(out, element);
}

/* Halves BODY until it stays whole, and spreads all parts. */
static void halve(bool is_telemetry, const char *body, size_t length, int depth, struct buf *out)
{
    struct buf first = BUF_INIT(TEXT_MAX), second = BUF_INIT(TEXT_MAX);
    int r = spool_body_halve(is_telemetry, body, length, &first, &second);

    must(depth < 2 * 12 + 2); /* each time half of the elements, then half of the values */
    if (r == 1) {
        must(json_check(first.data, first.len, 0) && json_check(second.data, second.len, 0));
        must(first.len < length && second.len < length);
        halve(is_telemetry, first.data, first.len, depth + 1, out);
        halve(is_telemetry, second.data, second.len, depth + 1, out);
    } else {
        must(first.len == 0 && second.len == 0);
        spread(is_telemetry, json_text_value(body, length), out);
    }
    buf_free(&first);
    buf_free(&second);
}

static bool may_be_kept(bool is_telemetry, const char *body, size_t length)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    const char *reason;
    int r;

    must(buf_append(&text, body, length) == 0);
    r = spool_write_check(is_telemetry ? SPOOL_TELEMETRY : SPOOL_ATTRIBUTES, &text, &reason);
    buf_free(&text);
    return r == 0;
}

static void check_halves(bool is_telemetry, const char *body, size_t length)
{
    struct buf parts = BUF_INIT(4 * TEXT_MAX), whole = BUF_INIT(4 * TEXT_MAX), out = BUF_INIT(TEXT_MAX);
    struct buf second = BUF_INIT(TEXT_MAX);
    int r = spool_body_halve(is_telemetry, body, length, &out, &second);

    must(is_telemetry || (r >= 0) == may_be_kept(is_telemetry, body, length));
    if (r >= 0) {
        halve(is_telemetry, body, length, 0, &parts);
        spread(is_telemetry, json_text_value(body, length), &whole);
        must(parts.len == whole.len && (whole.len == 0 || memcmp(parts.data, whole.data, whole.len) == 0));
    }
    buf_free(&parts);
    buf_free(&whole);
    buf_free(&out);
    buf_free(&second);
}

/* ---- keys ---- */

static int count_members(const char *body, size_t length)
{
    const char *at = body, *end = body + length;
    struct json_part name, value;
    int count = 0;

    while (json_text_next_member(&at, end, &name, &value))
        count++;
    return count;
}

static void check_removal(const struct spool_keys *keys, const char *body, size_t length)
{
    struct buf out = BUF_INIT(TEXT_MAX), again = BUF_INIT(TEXT_MAX);
    struct spool_keys all;
    int left = spool_keys_remove(keys, body, length, &out);

    must(spool_keys_of_body(body, length, &all) == (left < 0 ? left : 0));
    if (left >= 0) {
        must(left <= count_members(body, length) && (size_t)count_members(body, length) == all.count);
        must((left > 0) == (out.len > 0) && out.len <= length);
        must(left == 0 || (json_check(out.data, out.len, 0) && count_members(out.data, out.len) == left));
        must(left == 0 ||
             (spool_keys_remove(keys, out.data, out.len, &again) == left && again.len == out.len));
        buf_clear(&again);
        must(spool_keys_remove(&all, body, length, &again) == 0 && again.len == 0);
        spool_keys_free(&all);
    }
    buf_free(&out);
    buf_free(&again);
}

/* The input: one byte for the kind; a body; after a byte of 255, another body or a query, whose keys are
 * taken out of the first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 255, size) : NULL;
    size_t length = size == 0 ? 0 : (size_t)((end ? end : data + size) - data - 1);
    struct spool_keys keys;
    char *body, *other;

    if (size == 0 || end == data || size > INPUT_MAX)
        return 0;
    body = malloc(length + !length); /* of its very length, for the address sanitizer */
    memcpy(body, data + 1, length);
    other = end ? fuzz_text("", end + 1, (size_t)(data + size - end - 1)) : strdup("");
    check_halves(data[0] % 2, body, length);
    if ((data[0] & 2 ? spool_keys_of_query(other, &keys) : spool_keys_of_body(other, strlen(other), &keys)) ==
        0) {
        check_removal(&keys, body, length);
        spool_keys_free(&keys);
    }
    free(body);
    free(other);
    return 0;
}
