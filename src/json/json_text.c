/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *json_text_skip_blanks(const char *text, const char *end)
{
    while (text < end && is_blank(*text))
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
    while (text < end && !is_blank(*text) && *text != ',' && *text != ']' && *text != '}')
        text++;
    return text;
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int json_text_unit(const char *text, const char *end)
{
    int unit = 0, i;

    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (i = 2; i < 6; i++) {
        int digit = digit_value(text[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

struct json_part json_text_value(const char *text, size_t length)
{
    const char *start = json_text_skip_blanks(text, text + length);

    return (struct json_part){start, (size_t)(json_text_value_end(start, text + length) - start)};
}

bool json_text_is_number(struct json_part value)
{
    return *value.text == '-' || (*value.text >= '0' && *value.text <= '9');
}

/* Moves *AT over a bracket or a comma to what follows it. */
static bool enter(const char **at, const char *end)
{
    const char *sign = json_text_skip_blanks(*at, end);

    if (sign == end || *sign == ']' || *sign == '}')
        return false;
    *at = json_text_skip_blanks(sign + 1, end);
    return *at < end && **at != ']' && **at != '}';
}

static void take(const char **at, const char *end, struct json_part *ret)
{
    *ret = json_text_value(*at, (size_t)(end - *at));
    *at = ret->text + ret->length;
}

bool json_text_next_element(const char **at, const char *end, struct json_part *ret)
{
    if (!enter(at, end))
        return false;
    take(at, end, ret);
    return true;
}

bool json_text_next_member(const char **at, const char *end, struct json_part *name, struct json_part *value)
{
    if (!enter(at, end))
        return false;
    take(at, end, name);
    *at = json_text_skip_blanks(*at, end) + 1; /* the colon */
    take(at, end, value);
    return true;
}

/* The character at *AT in a string, which moves on; other escapes than those of a code unit stand for signs
 * that no name has. */
static int next_unit(const char **at, const char *end)
{
    int unit = json_text_unit(*at, end);

    if (unit < 0)
        return (unsigned char)*(*at)++;
    *at += 6;
    return unit;
}

/* Whether the string PART is NAME, in any case; sets *DIFFERS if not in the same. */
static bool is_name(struct json_part part, const char *name, bool *differs)
{
    const char *at = part.text + 1, *end = part.text + part.length - 1;

    *differs = false;
    for (; *name && at < end; name++) {
        int unit = next_unit(&at, end);

        if (unit > 0x7f || tolower(unit) != tolower((unsigned char)*name))
            return false;
        *differs = *differs || unit != (unsigned char)*name;
    }
    return !*name && at == end;
}

bool json_text_is(struct json_part part, const char *name)
{
    bool differs;

    return is_name(part, name, &differs) && !differs;
}

bool json_text_is_alike(struct json_part part, const char *name)
{
    bool differs;

    return is_name(part, name, &differs);
}

int json_text_member(struct json_part object, const char *name, struct json_part *ret)
{
    const char *at = object.text, *end = object.text + object.length;
    struct json_part found, value;
    bool differs;
    int r = -ENOENT;

    if (object.length == 0 || *object.text != '{')
        return -ENOENT;
    while (json_text_next_member(&at, end, &found, &value)) {
        if (!is_name(found, name, &differs))
            continue;
        if (r == 0 || differs)
            return -EEXIST;
        *ret = value;
        r = 0;
    }
    return r;
}

static size_t put_character(unsigned character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xc0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xe0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3f));
        out[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | character >> 18);
    out[1] = (char)(0x80 | (character >> 12 & 0x3f));
    out[2] = (char)(0x80 | (character >> 6 & 0x3f));
    out[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

/* The character of the escape at *AT, which moves on. */
static unsigned next_escaped(const char **at, const char *end)
{
    static const char letters[] = "bfnrt", signs[] = "\b\f\n\r\t";
    int unit = json_text_unit(*at, end), next;
    const char *letter;

    if (unit < 0) {
        letter = strchr(letters, (*at)[1]);
        *at += 2;
        return (unsigned char)(letter ? signs[letter - letters] : (*at)[-1]);
    }
    *at += 6;
    next = json_text_unit(*at, end);
    if (unit < 0xd800 || unit > 0xdbff || next < 0xdc00 || next > 0xdfff)
        return (unsigned)unit;
    *at += 6;
    return 0x10000 + (((unsigned)unit & 0x3ff) << 10 | ((unsigned)next & 0x3ff));
}

size_t json_text_decode(struct json_part part, char *out)
{
    const char *at = part.text + 1, *end = part.text + part.length - 1;
    size_t length = 0;

    while (at < end)
        if (*at == '\\')
            length += put_character(next_escaped(&at, end), out + length);
        else
            out[length++] = *at++;
    return length;
}

bool json_text_copy(struct json_part value, char *ret, size_t size)
{
    size_t length;

    if (value.length > size || value.length == 0 || *value.text != '"')
        return false;
    length = json_text_decode(value, ret);
    ret[length] = '\0';
    return strlen(ret) == length && utf8_count(ret, length) >= 0;
}

char *json_text_string(struct json_part value)
{
    char *text = malloc(value.length + 1);

    errno = ENOMEM;
    if (!text || json_text_copy(value, text, value.length))
        return text;
    free(text);
    errno = EINVAL;
    return NULL;
}
