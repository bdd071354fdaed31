/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_read.h"

#include <errno.h>
#include <string.h>

#include <tbclient/value.h>

#include "base/buf.h"
#include "json/json_memory.h"
#include "json/json_text.h"
#include "json/json_write.h"
#include "json/number_text.h"

/* Jansson reads the text. Before that, one pass puts numbers and strings that jansson cannot hold in quotes,
 * after TB_VERBATIM. A string is allowed wherever a number is, and names are left alone, so text that is not
 * JSON does not become JSON. If nothing needs quotes, jansson gets the text itself. */

struct reader {
    const char *at, *end;
    const char *copied; /* everything before it is in OUT, if anything is */
    unsigned flags;
    struct buf out;
    int r;
};

size_t json_read_string(const char *text, const char *end)
{
    const char *at = text;

    if (at == end || *at != '"')
        return 0;
    for (at++; at < end && *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return 0;
        if (*at != '\\')
            continue;
        if (json_text_unit(at, end) >= 0)
            at += 5;
        else if (end - at > 1 && memchr("\"\\/bfnrt", at[1], 8))
            at++;
        else
            return 0;
    }
    return at < end ? (size_t)(at + 1 - text) : 0;
}

static bool is_name(const struct reader *reader, const char *end)
{
    end = json_text_skip_blanks(end, reader->end);
    return end < reader->end && *end == ':';
}

/* Whether jansson cannot hold the string from TEXT to END, or it would be taken for a verbatim one. */
static bool is_odd(const struct reader *reader, const char *text, const char *end)
{
    const size_t mark = sizeof(TB_VERBATIM) - 1;
    const char *at;

    if ((size_t)(end - text) > mark + 1 && memcmp(text + 1, TB_VERBATIM, mark) == 0)
        return true;
    for (at = text + 1; at < end; at++) {
        int unit = json_text_unit(at, end), next;

        if (unit < 0) {
            at += *at == '\\';
            continue;
        }
        if (unit == 0xfdd0 && at == text + 1)
            return true;
        if (unit == 0 && (reader->flags & JSON_READ_EXACT || is_name(reader, end)))
            return true;
        at += 5;
        if (unit < 0xd800 || unit > 0xdfff)
            continue;
        next = json_text_unit(at + 1, end);
        if (unit > 0xdbff || next < 0xdc00 || next > 0xdfff)
            return true;
        at += 6;
    }
    return false;
}

/* Puts the part of the text from START to END in quotes. */
static void quote(struct reader *reader, const char *start, const char *end)
{
    int r = buf_append(&reader->out, reader->copied, (size_t)(start - reader->copied));

    if (r == 0)
        r = buf_append_string(&reader->out, "\"" TB_VERBATIM);
    for (; r == 0 && start < end; start++) {
        if (*start == '"' || *start == '\\')
            r = buf_append(&reader->out, "\\", 1);
        if (r == 0)
            r = buf_append(&reader->out, start, 1);
    }
    if (r == 0)
        r = buf_append(&reader->out, "\"", 1);
    reader->copied = end;
    reader->r = r;
}

/* Returns the end of the string or of the text; sets *UNICODE if there is a \u escape in it. */
static const char *skip_string(const char *text, const char *end, bool *unicode)
{
    const char *quote = memchr(text + 1, '"', (size_t)(end - text - 1)), *at;

    if (quote && !memchr(text, '\\', (size_t)(quote - text)))
        return quote + 1;
    for (at = text + 1; at < end && *at != '"'; at++)
        if (*at == '\\') {
            at++;
            *unicode = *unicode || (at < end && *at == 'u');
        }
    return at < end ? at + 1 : end;
}

static void read_string(struct reader *reader)
{
    const char *start = reader->at;
    bool may_be_odd = reader->end - start > 1 && (unsigned char)start[1] == (unsigned char)*TB_VERBATIM;

    reader->at = skip_string(start, reader->end, &may_be_odd);
    if (may_be_odd && is_odd(reader, start, reader->at) && json_read_string(start, reader->at) > 0)
        quote(reader, start, reader->at);
}

/* Jansson ignores a NUL after a number, but not after a string. */
static bool must_be_quoted(const struct reader *reader, const char *number, const char *end)
{
    size_t length = (size_t)(end - number);

    if (end < reader->end && *end == '\0')
        return true;
    return reader->flags & JSON_READ_EXACT ? !number_is_usual(number, length)
                                           : !number_is_held(number, length);
}

static void read_number(struct reader *reader)
{
    const char *start = reader->at;
    size_t length = number_length(start, reader->end);
    const char *end = start + length;

    while (reader->at < reader->end && *reader->at && strchr("+-.0123456789Ee", *reader->at))
        reader->at++;
    if (length == 0 || reader->at > end || is_name(reader, end))
        return;
    if (must_be_quoted(reader, start, end))
        quote(reader, start, end);
}

static void read_all(struct reader *reader)
{
    while (reader->r == 0 && reader->at < reader->end) {
        if (*reader->at == '"')
            read_string(reader);
        else if (*reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9'))
            read_number(reader);
        else
            reader->at++;
    }
    if (reader->r == 0 && reader->out.len > 0)
        reader->r = buf_append(&reader->out, reader->copied, (size_t)(reader->end - reader->copied));
}

json_t *json_read(const char *text, size_t length, unsigned flags, json_error_t *error)
{
    size_t how = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    struct reader reader = {.flags = flags, .out = BUF_INIT(SIZE_MAX / 2)};
    json_t *value;

    reader.at = reader.copied = length > 0 ? text : "";
    reader.end = reader.at + length;
    read_all(&reader);
    if (reader.r < 0)
        value = json_memory_error(error);
    else if (reader.out.len > 0)
        value = json_memory_load(reader.out.data, reader.out.len, how, error);
    else
        value = json_memory_load(reader.copied, length, how, error);
    buf_free_secret(&reader.out); /* a token pair, perhaps */
    return value;
}

json_t *json_read_text(const char *text)
{
    json_t *value = json_string(text);
    char *quoted;

    if (!value || !tb_verbatim(text))
        return value;
    quoted = json_write_text(value, JSON_ENCODE_ANY);
    json_decref(value);
    value = quoted ? json_read(quoted, strlen(quoted), 0, NULL) : NULL;
    free(quoted);
    return value;
}
