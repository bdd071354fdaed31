/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_text.h"

#include <string.h>

const char *json_text_skip_blanks(const char *text, const char *end)
{
    while (text < end && memchr(" \t\r\n", *text, 4))
        text++;
    return text;
}

static const char *string_end(const char *text, const char *end)
{
    for (text++; text < end && *text != '"'; text++)
        if (*text == '\\')
            text++;
    return text < end ? text + 1 : end;
}

static const char *nested_end(const char *text, const char *end)
{
    int depth = 0;

    while (text < end) {
        if (*text == '"') {
            text = string_end(text, end);
            continue;
        }
        if (*text == '{' || *text == '[')
            depth++;
        else if ((*text == '}' || *text == ']') && --depth == 0)
            return text + 1;
        text++;
    }
    return end;
}

const char *json_text_value_end(const char *text, const char *end)
{
    if (text < end && *text == '"')
        return string_end(text, end);
    if (text < end && (*text == '{' || *text == '['))
        return nested_end(text, end);
    while (text < end && !memchr(",]} \t\r\n", *text, 7))
        text++;
    return text;
}
