/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

bool utf8_next(struct utf8 *state, unsigned char byte)
{
    if (state->pending > 0) {
        if (byte < state->low || byte > state->high)
            return false;
        state->pending--;
        state->low = 0x80;
        state->high = 0xbf;
        return true;
    }
    state->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    state->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    state->pending = byte < 0x80   ? 0
                     : byte < 0xc2 ? -1
                     : byte < 0xe0 ? 1
                     : byte < 0xf0 ? 2
                     : byte < 0xf5 ? 3
                                   : -1;
    return state->pending >= 0;
}

ssize_t utf8_count(const char *text, size_t length)
{
    struct utf8 state = {0};
    ssize_t count = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        bool is_ascii = state.pending == 0 && (unsigned char)text[i] < 0x80; /* mostly */

        if (!is_ascii && !utf8_next(&state, (unsigned char)text[i]))
            return -EILSEQ;
        count += state.pending == 0;
    }
    return state.pending == 0 ? count : -EILSEQ;
}

size_t utf8_control_length(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    if (c[0] < 0x20 || c[0] == 0x7f)
        return 1;
    if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
        return 2;
    if (c[0] == 0xe2 &&
        ((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
        return 3;
    return 0;
}

/* Of the character at TEXT; 0 if it is not UTF-8, or has no end. */
static size_t character_length(const char *text)
{
    struct utf8 state = {0};
    size_t length = 0;

    do
        if (!utf8_next(&state, (unsigned char)text[length++]))
            return 0;
    while (state.pending > 0);
    return length;
}

void utf8_mask(char *text)
{
    char *end = text;

    while (*text) {
        size_t control = utf8_control_length(text), length = character_length(text);

        if (control > 0 || length == 0) {
            *end++ = '?';
            text += control > 0 ? control : 1;
            continue;
        }
        memmove(end, text, length);
        end += length;
        text += length;
    }
    *end = '\0';
}

size_t utf8_mark_length(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
