/* SPDX-License-Identifier: Apache-2.0 */
#include "http/field_line.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110, section 5.6.2. */
static bool is_token_char(char c)
{
    static const bool chars[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,  ['#'] = true,
        ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
        ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true,  ['_'] = true,
        ['`'] = true,         ['|'] = true,         ['~'] = true,
    };

    return chars[(unsigned char)c];
}

/* Without a branch for each byte: all of a header goes through this. */
bool field_text_is_valid(const char *text, const char *end)
{
    bool has_control = false;

    for (; text < end; text++) {
        unsigned char c = (unsigned char)*text;

        has_control |= (c < 0x20 && c != '\t') | (c == 0x7f);
    }
    return !has_control;
}

size_t field_token_length(const char *text)
{
    size_t length = 0;

    while (is_token_char(text[length]))
        length++;
    return length;
}

const char *field_line_split(const char *line, size_t length, struct field_line *ret)
{
    const char *end = line + length, *colon = line, *value;

    if (is_blank(*line))
        return "a header of the answer is folded";
    while (colon < end && is_token_char(*colon))
        colon++;
    if (colon == line || colon == end || *colon != ':')
        return "a header of the answer has an invalid name";
    if (!field_text_is_valid(colon, end))
        return "a header of the answer contains a control character";
    for (value = colon + 1; value < end && is_blank(*value); value++)
        ;
    while (end > value && is_blank(end[-1]))
        end--;
    *ret = (struct field_line){line, value, (size_t)(colon - line), (size_t)(end - value)};
    return NULL;
}
