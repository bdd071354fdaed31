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

size_t utf8_mark_length(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
