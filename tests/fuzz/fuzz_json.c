/* SPDX-License-Identifier: Apache-2.0 */
/* json_read() takes what jansson takes, but for bytes of 0, and of what jansson does not take only JSON: with
 * other numbers and strings in the same places, jansson takes that, too. json_write() brings all numbers
 * back, character by character. json_check() says the same without reading it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json/json_check.h"
#include "json/json_read.h"
#include "json/json_write.h"
#include "json/number_text.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text with 0 for every number and "" for every string; or, in NUMBERS, only its numbers. */
static void replace(const char *text, const char *end, struct buf *plain, struct buf *numbers)
{
    while (text < end) {
        size_t string = json_read_string(text, end), number = number_length(text, end);

        if (number > 0) {
            buf_append_format(numbers, "%.*s ", (int)number, text);
            buf_append_string(plain, "0");
        } else if (string > 0) {
            buf_append_string(plain, "\"\"");
        } else {
            buf_append(plain, text, 1);
        }
        text += number + string > 0 ? number + string : 1;
    }
}

static void check_json(const char *text, size_t length)
{
    struct buf plain = BUF_INIT(INPUT_MAX), numbers = BUF_INIT(4 * INPUT_MAX);
    json_t *value;

    replace(text, text + length, &plain, &numbers);
    value = json_loadb(plain.data, plain.len, JSON_DECODE_ANY, NULL);
    if (!value)
        abort();
    json_decref(value);
    buf_free(&plain);
    buf_free(&numbers);
}

static void check_numbers(const char *text, size_t length, const struct buf *written)
{
    struct buf plain = BUF_INIT(8 * INPUT_MAX), before = BUF_INIT(8 * INPUT_MAX),
               after = BUF_INIT(8 * INPUT_MAX);

    replace(text, text + length, &plain, &before);
    replace(written->data, written->data + written->len, &plain, &after);
    if (before.len != after.len || (before.len > 0 && memcmp(before.data, after.data, before.len) != 0))
        abort();
    buf_free(&plain);
    buf_free(&before);
    buf_free(&after);
}

static size_t count_members(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    size_t count = 0, string;

    for (; at<end; at += string> 0 ? string : 1) {
        string = *at == '"' ? json_read_string(at, end) : 0;
        count += *at == ':';
    }
    return count;
}

static void check_written(const char *text, size_t length, const json_t *value, unsigned flags)
{
    struct buf out = BUF_INIT(64 * INPUT_MAX);
    json_t *again;

    if (json_write(&out, value) < 0)
        abort();
    again = json_read(out.data, out.len, flags, NULL);
    if (!json_equal(again, value))
        abort();
    /* Of members of the same name only one is left. */
    if (flags == JSON_READ_EXACT && count_members(text, length) == count_members(out.data, out.len))
        check_numbers(text, length, &out);
    json_decref(again);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    json_t *taken = size > 0 && !memchr(text, 0, size)
                        ? json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                        : NULL;
    unsigned flags;

    for (flags = 0; size <= INPUT_MAX && flags <= JSON_READ_EXACT; flags++) {
        json_t *value = json_read(text, size, flags, NULL);

        if (taken && !value)
            abort();
        if (json_check(text, size, 0) != (value && !memchr(text, 0, size))) /* jansson ignores some of them */
            abort();
        if (value) {
            check_json(text, size);
            check_written(text, size, value, flags);
        }
        json_decref(value);
    }
    json_decref(taken);
    return 0;
}
