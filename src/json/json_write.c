/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_write.h"

#include <errno.h>
#include <string.h>

#include <tbclient/value.h>

#include "json/json_read.h"
#include "json/number_text.h"

/* Jansson writes the text, which is then copied with other digits, and without quotes around what is
 * verbatim. */

struct dump {
    struct buf text;
    int r; /* why it is incomplete; jansson may go on after an error */
};

static int dump_append(const char *data, size_t length, void *context)
{
    struct dump *dump = context;

    if (dump->r == 0)
        dump->r = buf_append(&dump->text, data, length);
    return dump->r;
}

static int dump(struct dump *dump, const json_t *value, size_t flags)
{
    int r = json_dump_callback(value, dump_append, dump, flags);

    return dump->r < 0 ? dump->r : r == 0 ? 0 : -EINVAL;
}

/* Whether TEXT is one number, or one string, and nothing else; as a name, a string. */
static bool is_token(const char *text, size_t length, bool is_name)
{
    const char *end = text + length;

    return *text == '"' ? json_read_string(text, end) == length
                        : !is_name && number_length(text, end) == length;
}

/* TEXT is what jansson wrote of a string, without the quotes and TB_VERBATIM. JSON has only two characters
 * that jansson escapes. */
static int put_verbatim(struct buf *out, const char *text, const char *end, bool is_name)
{
    size_t before = out->len;
    int r = text < end ? 0 : -EINVAL;

    for (; r == 0 && text < end; text++) {
        text += *text == '\\' && (text[1] == '"' || text[1] == '\\');
        r = buf_append(out, text, 1);
    }
    if (r == 0 && !is_token(out->data + before, out->len - before, is_name))
        r = -EINVAL;
    return r;
}

static int put_string(struct buf *out, const char *text, size_t length)
{
    const size_t mark = sizeof(TB_VERBATIM) - 1;
    const char *end = text + length;

    if (length < mark + 2 || memcmp(text + 1, TB_VERBATIM, mark) != 0)
        return buf_append(out, text, length);
    return put_verbatim(out, text + 1 + mark, end - 1, *end == ':'); /* a NUL follows the whole text */
}

static int put_number(struct buf *out, const char *text, size_t length)
{
    char usual[NUMBER_TEXT_MAX];

    if (!memchr(text, '.', length) && !memchr(text, 'e', length))
        return buf_append(out, text, length);
    length = number_write(number_of_text(text, length), usual);
    return buf_append(out, usual, length);
}

static int copy(struct buf *out, const struct buf *text)
{
    const char *at = text->data, *end = text->data + text->len;
    int r = 0;

    while (r == 0 && at < end) {
        const char *start = at;

        if (*at == '"') {
            at += json_read_string(at, end);
            r = put_string(out, start, (size_t)(at - start));
        } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
            at += number_length(at, end);
            r = put_number(out, start, (size_t)(at - start));
        } else {
            while (at < end && *at != '"' && *at != '-' && !(*at >= '0' && *at <= '9'))
                at++;
            r = buf_append(out, start, (size_t)(at - start));
        }
    }
    return r;
}

int json_write(struct buf *out, const json_t *value)
{
    struct dump all = {.text = BUF_INIT(SIZE_MAX / 2)};
    size_t before = out->len;
    /* 17 digits are enough for every double. */
    int r = dump(&all, value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

    if (r == 0)
        r = copy(out, &all.text);
    if (r < 0)
        buf_truncate(out, before);
    buf_free(&all.text);
    return r;
}

char *json_write_text(const json_t *value, size_t flags)
{
    struct dump all = {.text = BUF_INIT(SIZE_MAX / 2)};

    if (!value || dump(&all, value, flags) < 0)
        buf_free(&all.text);
    return all.text.data;
}

void json_list_add(json_t **list, json_t *item)
{
    if (json_array_append_new(*list, item) == 0)
        return;
    json_decref(*list);
    *list = NULL;
}
