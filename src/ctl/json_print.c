/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/json_print.h"

#include <string.h>

#include "base/utf8.h"
#include "json/json_text.h"

/* The code of a character of LENGTH bytes, at most 3. */
static unsigned code_of(const char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f};
    unsigned code = (unsigned char)*text & masks[length];

    while (--length > 0)
        code = code << 6 | ((unsigned char)*++text & 0x3f);
    return code;
}

/* A scalar. What controls the terminal is escaped, and not only what JSON escapes anyway. A string has a
 * quote at its end, so no character goes beyond that. */
static void print_scalar(FILE *file, const char *text, const char *end)
{
    while (text < end) {
        size_t length = utf8_control_length(text);

        if (length > 0)
            fprintf(file, "\\u%04x", code_of(text, length));
        else
            putc(*text, file);
        text += length > 0 ? length : 1;
    }
}

static void new_line(FILE *file, bool compact, unsigned level)
{
    if (!compact)
        fprintf(file, "\n%*s", (int)(2 * level), "");
}

static void print_sign(FILE *file, char sign, bool compact, unsigned *level)
{
    if (sign == '}' || sign == ']')
        new_line(file, compact, --*level);
    putc(sign, file);
    if (sign == ':' && !compact)
        putc(' ', file);
    if (sign == '{' || sign == '[')
        new_line(file, compact, ++*level);
    if (sign == ',')
        new_line(file, compact, *level);
}

/* Prints the next token and returns its end: a scalar, an empty object or array, or one of "{}[],:". */
static const char *print_part(FILE *file, const char *text, const char *end, bool compact, unsigned *level)
{
    const char *next;

    if (!memchr("{}[],:", *text, 6)) {
        next = json_text_value_end(text, end);
        print_scalar(file, text, next);
        return next;
    }
    next = json_text_skip_blanks(text + 1, end);
    if ((*text == '{' || *text == '[') && next < end && (*next == '}' || *next == ']')) {
        fprintf(file, "%c%c", *text, *next);
        return next + 1;
    }
    print_sign(file, *text, compact, level);
    return text + 1;
}

void json_print(FILE *file, const char *text, const char *end, bool compact, unsigned level)
{
    for (text = json_text_skip_blanks(text, end); text < end; text = json_text_skip_blanks(text, end))
        text = print_part(file, text, end, compact, &level);
}
