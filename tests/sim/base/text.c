/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/base/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/utf8.h"
#include "sim/base/memory.h"

bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);

    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

int parse_int64(const char *text, int64_t *ret)
{
    intmax_t value;
    char *end;

    if (!text || !(*text == '-' || (*text >= '0' && *text <= '9')))
        return -EINVAL;
    errno = 0;
    value = strtoimax(text, &end, 10);
    if (*end != '\0' || end == text)
        return -EINVAL;
    if (errno != 0)
        return -errno;
    *ret = value;
    return 0;
}

size_t utf8_to_latin1(char *text)
{
    const unsigned char *in = (const unsigned char *)text;
    char *out = text;

    for (; *in; in++) {
        if (*in < 0x80)
            *out++ = (char)*in;
        else if (*in == 0xc2 || *in == 0xc3)
            *out++ = (char)(*in << 6 | (in[1] & 0x3f));
        else if (*in >= 0xc0) /* the other bytes are the rest of a character */
            *out++ = '?';
    }
    *out = '\0';
    return (size_t)(out - text);
}

char *bytes_to_utf8(const char *data, size_t length)
{
    struct buf text = XBUF_INIT;
    size_t i;

    if (length == 0 || (!memchr(data, '\0', length) && utf8_count(data, length) >= 0))
        return xstrndup(length ? data : "", length);
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c < 0x80) {
            xbuf_append_byte(&text, c ? (char)c : ' '); /* strings of JSON have no NUL here */
        } else {
            xbuf_append_byte(&text, (char)(0xc0 | (c >> 6)));
            xbuf_append_byte(&text, (char)(0x80 | (c & 0x3f)));
        }
    }
    return xbuf_take(&text, NULL);
}
