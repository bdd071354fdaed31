/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_check.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "json/decimal.h"
#include "json/json_text.h"
#include "json/number_text.h"

#define MAGNITUDE_MAX 308 /* digits before the point that every double has room for */

/* Depth is a number, not a recursion. */
struct check {
    const char *at, *end;
    bool storable;
    bool has_value; /* the innermost bracket has a value before AT, so a comma or its end comes next */
    size_t depth;
    uint8_t is_object[JSON_CHECK_DEPTH_MAX]; /* of each open bracket */
};

static char next_sign(struct check *check)
{
    check->at = json_text_skip_blanks(check->at, check->end);
    return check->at < check->end ? *check->at : '\0';
}

/* A \u escape at TEXT, which may need the one after it. Returns its length; 0: it cannot be taken. */
static size_t unit_length(const struct check *check, const char *text)
{
    int unit = json_text_unit(text, check->end), next;

    if (unit < 0 || (check->storable && unit == 0))
        return 0;
    if (!check->storable || unit < 0xd800 || unit > 0xdfff)
        return 6;
    next = json_text_unit(text + 6, check->end);
    return unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff ? 12 : 0;
}

static size_t escape_length(const struct check *check, const char *text)
{
    if (check->end - text < 2)
        return 0;
    if (text[1] == 'u')
        return unit_length(check, text);
    return memchr("\"\\/bfnrt", text[1], 8) ? 2 : 0;
}

static bool check_string(struct check *check)
{
    const char *start = check->at + 1, *at = start;
    unsigned char bits = 0;

    while (at < check->end && *at != '"') {
        unsigned char byte = (unsigned char)*at;
        size_t length = byte == '\\' ? escape_length(check, at) : byte < 0x20 ? 0 : 1;

        if (length == 0)
            return false;
        bits |= byte;
        at += length;
    }
    if (at >= check->end)
        return false;
    check->at = at + 1;
    return bits < 0x80 || utf8_count(start, (size_t)(at - start)) >= 0;
}

/* Few numbers are so long, or have an exponent, that they need a closer look. */
static bool is_storable(const char *text, size_t length)
{
    struct decimal decimal;

    if (length <= MAGNITUDE_MAX && !memchr(text, 'e', length) && !memchr(text, 'E', length))
        return true;
    decimal_read(text, length, &decimal);
    return decimal.count == 0 || decimal.exponent + (int64_t)decimal.count <= MAGNITUDE_MAX;
}

static bool check_number(struct check *check)
{
    size_t length = number_length(check->at, check->end);

    if (length == 0 || (check->storable && !is_storable(check->at, length)))
        return false;
    check->at += length;
    return true;
}

static bool check_word(struct check *check)
{
    const char *word = *check->at == 't' ? "true" : *check->at == 'f' ? "false" : "null";
    size_t length = strlen(word);

    if ((size_t)(check->end - check->at) < length || memcmp(check->at, word, length) != 0)
        return false;
    check->at += length;
    return true;
}

static bool check_name(struct check *check)
{
    if (next_sign(check) != '"' || !check_string(check) || next_sign(check) != ':')
        return false;
    check->at++;
    return true;
}

static void close_bracket(struct check *check)
{
    check->at++;
    check->depth--;
    check->has_value = true;
}

/* After it comes its end, a name or a value. */
static bool open_bracket(struct check *check, bool is_object)
{
    if (check->depth == JSON_CHECK_DEPTH_MAX)
        return false;
    check->at++;
    check->is_object[check->depth++] = is_object;
    check->has_value = false;
    if (next_sign(check) == (is_object ? '}' : ']')) {
        close_bracket(check);
        return true;
    }
    return !is_object || check_name(check);
}

static bool check_value(struct check *check)
{
    char sign = next_sign(check);

    if (sign == '{' || sign == '[')
        return open_bracket(check, sign == '{');
    check->has_value = true;
    if (sign == '"')
        return check_string(check);
    return sign == 't' || sign == 'f' || sign == 'n' ? check_word(check) : check_number(check);
}

static bool check_after_value(struct check *check)
{
    bool in_object = check->is_object[check->depth - 1];
    char sign = next_sign(check);

    if (sign == (in_object ? '}' : ']')) {
        close_bracket(check);
        return true;
    }
    if (sign != ',')
        return false;
    check->at++;
    check->has_value = false;
    return !in_object || check_name(check);
}

const char *json_check_find(const char *text, size_t length, unsigned flags)
{
    struct check check;

    check.at = text ? text : "";
    check.end = check.at + length;
    check.storable = flags & JSON_CHECK_STORABLE;
    check.depth = 0;
    if (!check_value(&check))
        return check.at;
    while (check.depth > 0)
        if (!(check.has_value ? check_after_value(&check) : check_value(&check)))
            return check.at;
    next_sign(&check);
    return check.at == check.end ? NULL : check.at;
}

bool json_check(const char *text, size_t length, unsigned flags)
{
    return !json_check_find(text, length, flags);
}
