/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <ctype.h>
#include <errno.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "http/target.h"

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The server takes keys in UTF-8; a NUL would end a key. */
static bool is_text(const struct buf *buf)
{
    size_t i;

    for (i = 0; i < buf->len; i++)
        if ((unsigned char)buf->data[i] < 0x20 || buf->data[i] == 0x7f)
            return false;
    return utf8_count(buf->data, buf->len) >= 0;
}

/* A name or a value of the query; '+' is a space, as on the server. */
static int decode(const char *text, size_t length, struct buf *ret, const char **reason)
{
    size_t i;
    int r = buf_append_string(ret, "");

    for (i = 0; r == 0 && i < length; i++) {
        char c = text[i] == '+' ? ' ' : text[i];

        if (c == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        }
        r = buf_append(ret, &c, 1);
    }
    *reason = "a control character or invalid UTF-8 in the query";
    return r == 0 && !is_text(ret) ? -EINVAL : r;
}

static int take(const char *text, size_t length, const struct query_reader *reader, const char **reason)
{
    CLEANUP(buf_free) struct buf name = BUF_INIT(TARGET_MAX_BYTES);
    CLEANUP(buf_free) struct buf value = BUF_INIT(TARGET_MAX_BYTES);
    const char *equals = memchr(text, '=', length);
    int r = decode(text, equals ? (size_t)(equals - text) : length, &name, reason);

    if (r == 0)
        r = decode(equals ? equals + 1 : "", equals ? length - (size_t)(equals + 1 - text) : 0, &value,
                   reason);
    return r < 0 ? r : reader->take(reader->arg, name.data, value.data, reason);
}

int query_read(const char *query, const struct query_reader *reader, const char **reason)
{
    int r = 0;

    while (r == 0 && *query) {
        size_t length = strcspn(query, "&");

        if (length > 0)
            r = take(query, length, reader, reason);
        query += length + (query[length] == '&');
    }
    return r;
}
