/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_read.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tbclient/value.h>

#include "base/buf.h"
#include "json/json_check.h"
#include "json/json_text.h"
#include "json/json_write.h"
#include "json/number_text.h"

/* Jansson's own reader (2.14) ignores some failed allocations, and then writes beyond the end of a string. So
 * json_check() looks at the text, and then its values are made one by one. */
struct reader {
    const char *at, *end;
    unsigned flags;
    unsigned depth;
    struct buf string; /* the last one, without escapes, or verbatim */
    bool too_deep;
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

/* Whether jansson cannot hold the string from TEXT to END, or it would be taken for a verbatim one. */
static bool is_odd(const struct reader *reader, const char *text, const char *end, bool is_name)
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
        if (unit == 0 && (reader->flags & JSON_READ_EXACT || is_name))
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

/* Reads the string at AT, in place if it is there as it is. 0 or -ENOMEM. */
static int read_string(struct reader *reader, bool is_name, struct json_part *ret)
{
    struct json_part part = json_text_value(reader->at, (size_t)(reader->end - reader->at));
    const char *end = part.text + part.length;
    int r;

    reader->at = end;
    *ret = (struct json_part){part.text + 1, part.length - 2};
    if (!memchr(part.text, '\\', part.length) && (unsigned char)part.text[1] != (unsigned char)*TB_VERBATIM)
        return 0;
    buf_clear(&reader->string);
    if (is_odd(reader, part.text, end, is_name)) {
        r = buf_append_string(&reader->string, TB_VERBATIM);
        if (r == 0)
            r = buf_append(&reader->string, part.text, part.length);
    } else {
        r = buf_append(&reader->string, part.text, part.length);
        if (r == 0)
            buf_truncate(&reader->string, json_text_decode(part, reader->string.data));
    }
    *ret = (struct json_part){reader->string.data, reader->string.len};
    return r;
}

static json_t *new_string(struct reader *reader)
{
    struct json_part string;

    return read_string(reader, false, &string) < 0 ? NULL : json_stringn_nocheck(string.text, string.length);
}

static json_t *new_verbatim(struct reader *reader, const char *text, size_t length)
{
    buf_clear(&reader->string);
    if (buf_append_string(&reader->string, TB_VERBATIM) < 0 || buf_append(&reader->string, text, length) < 0)
        return NULL;
    return json_stringn_nocheck(reader->string.data, reader->string.len);
}

/* It fits. */
static json_int_t integer_of(const char *text, size_t length)
{
    const char *end = text + length;
    uint64_t value = 0;
    bool negative = *text == '-';

    for (text += negative; text < end; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return (json_int_t)(negative ? 0 - value : value);
}

static bool is_real(const char *text, size_t length)
{
    return memchr(text, '.', length) || memchr(text, 'e', length) || memchr(text, 'E', length);
}

static json_t *new_number(struct reader *reader)
{
    const char *text = reader->at;
    size_t length = number_length(text, reader->end);

    reader->at += length;
    if (!(reader->flags & JSON_READ_EXACT ? number_is_usual : number_is_held)(text, length))
        return new_verbatim(reader, text, length);
    return is_real(text, length) ? json_real(number_of_text(text, length))
                                 : json_integer(integer_of(text, length));
}

static json_t *new_word(struct reader *reader)
{
    char first = *reader->at;

    reader->at += first == 'f' ? 5 : 4;
    return first == 't' ? json_true() : first == 'f' ? json_false() : json_null();
}

static char next_sign(struct reader *reader)
{
    reader->at = json_text_skip_blanks(reader->at, reader->end);
    return *reader->at;
}

/* Whether the bracket has another value; if not, it moves over END. */
static bool has_more(struct reader *reader, char end)
{
    if (next_sign(reader) == ',')
        reader->at++;
    if (next_sign(reader) != end)
        return true;
    reader->at++;
    return false;
}

static json_t *new_value(struct reader *reader);

/* The last of several members of a name counts. 0 or -1. */
static int add_member(struct reader *reader, json_t *object)
{
    struct json_part name;
    char *copy = NULL;
    json_t *value;
    int r;

    if (read_string(reader, true, &name) < 0)
        return -1;
    if (name.text == reader->string.data) { /* the value may need that */
        copy = malloc(name.length + 1);
        if (!copy)
            return -1;
        name.text = memcpy(copy, name.text, name.length);
    }
    next_sign(reader);
    reader->at++; /* the colon */
    value = new_value(reader);
    r = value ? json_object_setn_new_nocheck(object, name.text, name.length, value) : -1;
    free(copy);
    return r;
}

static json_t *new_object(struct reader *reader)
{
    json_t *object = json_object();

    reader->at++;
    while (object && has_more(reader, '}'))
        if (add_member(reader, object) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *new_array(struct reader *reader)
{
    json_t *array = json_array(), *value;

    reader->at++;
    while (array && has_more(reader, ']')) {
        value = new_value(reader);
        if (!value || json_array_append_new(array, value) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *new_nested(struct reader *reader, bool is_object)
{
    return is_object ? new_object(reader) : new_array(reader);
}

/* NULL: there is no memory, or it is too deep. */
static json_t *new_value(struct reader *reader)
{
    char sign = next_sign(reader);
    json_t *value;

    if (++reader->depth > JSON_CHECK_DEPTH_MAX) {
        reader->too_deep = true;
        return NULL;
    }
    value = sign == '{' || sign == '['                  ? new_nested(reader, sign == '{')
            : sign == '"'                               ? new_string(reader)
            : sign == 't' || sign == 'f' || sign == 'n' ? new_word(reader)
                                                        : new_number(reader);
    reader->depth--;
    return value;
}

/* As jansson does; its code is in the last byte of the text. */
static json_t *fail(json_error_t *error, enum json_error_code code, const char *text)
{
    if (error) {
        *error = (json_error_t){.line = -1, .column = -1};
        snprintf(error->text, sizeof(error->text) - 1, "%s", text);
        error->text[sizeof(error->text) - 1] = (char)code;
    }
    return NULL;
}

/* WRONG is where the text is not JSON any more. */
static json_t *refuse(json_error_t *error, const char *text, const char *end, const char *wrong)
{
    const char *at;

    fail(error, wrong < end ? json_error_invalid_syntax : json_error_premature_end_of_input,
         wrong < end ? "this is not JSON" : "the text ends too early");
    if (!error)
        return NULL;
    error->line = error->column = 1;
    error->position = (int)(wrong - text);
    for (at = text; at < wrong; at++) {
        error->line += *at == '\n';
        error->column = *at == '\n' ? 1 : error->column + 1;
    }
    return NULL;
}

json_t *json_read_failed(json_error_t *error)
{
    return fail(error, json_error_out_of_memory, "out of memory");
}

json_t *json_read(const char *text, size_t length, unsigned flags, json_error_t *error)
{
    struct reader reader = {.flags = flags, .string = BUF_INIT(SIZE_MAX / 2)};
    const char *wrong;
    json_t *value;

    reader.at = text ? text : "";
    reader.end = reader.at + length;
    wrong = json_check_find(reader.at, length, 0);
    if (wrong)
        return refuse(error, reader.at, reader.end, wrong);
    value = new_value(&reader);
    buf_free_secret(&reader.string); /* a token, perhaps */
    if (!value && reader.too_deep)
        return fail(error, json_error_stack_overflow, "too many levels");
    return value ? value : json_read_failed(error);
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
