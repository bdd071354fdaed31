/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How many bytes the character that begins with LEAD has; 0: none begins so. */
static size_t character_size(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

static bool is_character(const unsigned char *bytes, size_t size)
{
    size_t i;

    for (i = 1; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    /* the second byte tells what is overlong, a surrogate, too high */
    switch (bytes[0]) {
    case 0xe0:
        return bytes[1] >= 0xa0;
    case 0xed:
        return bytes[1] < 0xa0;
    case 0xf0:
        return bytes[1] >= 0x90;
    case 0xf4:
        return bytes[1] < 0x90;
    default:
        return true;
    }
}

ssize_t utf8_count(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i = 0;
    ssize_t count = 0;

    for (; i < length; count++) {
        size_t size = character_size(bytes[i]);

        if (size == 0 || size > length - i || !is_character(bytes + i, size))
            return -EILSEQ;
        i += size;
    }
    return count;
}

size_t utf8_mark_length(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
