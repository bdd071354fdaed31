/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64url.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int base64url_encode(struct buf *out, const void *data, size_t len)
{
    const unsigned char *in = data;
    size_t start = out->len;
    size_t i;

    for (i = 0; i < len; i += 3) {
        size_t rest = len - i;
        uint32_t group = (uint32_t)in[i] << 16 | (rest > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (rest > 2 ? (uint32_t)in[i + 2] : 0);
        char digits[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63], alphabet[group >> 6 & 63],
                          alphabet[group & 63]};
        int r = buf_append(out, digits, rest > 2 ? 4 : rest + 1);

        if (r < 0) {
            buf_truncate(out, start);
            return r;
        }
    }
    return 0;
}

static int digit_value(char c)
{
    const char *place = c ? strchr(alphabet, c) : NULL;

    return place ? (int)(place - alphabet) : -1;
}

int base64url_decode(struct buf *out, const char *text, size_t len)
{
    size_t start = out->len;
    uint32_t bits = 0;
    size_t i;
    int r = len % 4 == 1 ? -EBADMSG : 0;

    for (i = 0; i < len && r == 0; i++) {
        int value = digit_value(text[i]);

        if (value < 0) {
            r = -EBADMSG;
            break;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0) { /* the 2nd, 3rd and 4th digit of a group complete a byte each */
            unsigned char byte = (unsigned char)(bits >> (6 - 2 * (i % 4)));

            r = buf_append(out, &byte, 1);
        }
    }
    if (r < 0)
        buf_truncate(out, start);
    return r;
}
