/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/json_print.h"

#include <string.h>

#include "json/json_text.h"

/* A scalar. U+0080 to U+009F are escaped: they control terminals like the characters below U+0020, which JSON
 * escapes anyway. In UTF-8 they begin with 0xc2. */
static void print_scalar(FILE *file, const char *text, const char *end)
{
    for (; text < end; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == 0xc2 && text + 1 < end && (unsigned char)text[1] < 0xa0)
            byte = (unsigned char)*++text;
        else if (byte != 0x7f) {
            putc(byte, file);
            continue;
        }
        fprintf(file, "\\u%04x", byte);
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
