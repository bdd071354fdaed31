/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"
#include "http/origin.h"

#define WEBSOCKET_PREFIX "/api/ws"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 3986, section 2.3: these mean the same whether they are encoded or not. */
static bool is_unreserved(unsigned char c)
{
    static const bool chars[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['-'] = true,
        ['.'] = true,         ['_'] = true,         ['~'] = true,
    };

    return chars[c];
}

/* RFC 3986, section 3.3: these need no encoding. */
static bool is_allowed_raw(unsigned char c)
{
    return is_unreserved(c) || (c && strchr("!$&'()*+,;=:@", c));
}

/* How many bytes from TEXT on are simply copied. */
static size_t unreserved_length(const char *text)
{
    size_t length = 0;

    while (is_unreserved((unsigned char)text[length]))
        length++;
    return length;
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* Decodes the first character of RAW; *WAS_ENCODED: it was percent-encoded. Returns the bytes used, or 0 if
 * it is malformed. */
static size_t next_char(const char *raw, unsigned char *c, bool *was_encoded)
{
    *was_encoded = *raw == '%';
    if (!*was_encoded) {
        *c = (unsigned char)*raw;
        return 1;
    }
    if (hex_value(raw[1]) < 0 || hex_value(raw[2]) < 0)
        return 0;
    *c = (unsigned char)(hex_value(raw[1]) * 16 + hex_value(raw[2]));
    return 3;
}

static int put(struct buf *out, unsigned char c, bool was_encoded)
{
    static const char digits[] = "0123456789ABCDEF";

    if (is_unreserved(c) || (!was_encoded && is_allowed_raw(c)))
        return buf_append(out, &c, 1);
    return buf_append(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
}

static const char *refused_in_path(unsigned char c, bool was_encoded)
{
    if (c == '/' && was_encoded)
        return "an encoded slash in the path";
    if (c == '\\')
        return "a backslash in the path";
    if (c == ';')
        return "a semicolon in the path";
    return NULL;
}

/* Why the last segment of the canonical path, which begins at START, is refused; NULL: it is not. */
static const char *refused_segment(const struct buf *path, size_t start)
{
    const char *segment = path->data + start;
    size_t length = path->len - start;

    if (length == 1 && segment[0] == '.')
        return "a dot segment in the path";
    if (length == 2 && segment[0] == '.' && segment[1] == '.')
        return "a dot segment in the path";
    return NULL;
}

/* Takes a character of the path; the segment that it is in begins at *SEGMENT. */
static int take_char(const char **in, struct utf8 *utf8, struct buf *out, size_t *segment,
                     const char **reason)
{
    bool was_encoded;
    unsigned char c = 0;
    size_t used = next_char(*in, &c, &was_encoded);

    *reason = used == 0                  ? "invalid percent-encoding"
              : is_control(c)            ? "a control character"
              : !utf8_next(utf8, c)      ? "invalid UTF-8"
              : c == ' ' && !was_encoded ? "a space"
              : c == '#' && !was_encoded ? "a '#'"
                                         : refused_in_path(c, was_encoded);
    if (!*reason && c == '/' && out->len > 0) {
        *reason = out->len == *segment ? "an empty segment in the path" : refused_segment(out, *segment);
        *segment = out->len + 1;
    }
    if (*reason)
        return -EINVAL;
    *in += used;
    return c == '/' ? buf_append(out, "/", 1) : put(out, c, was_encoded);
}

static int take_path(const char **raw, struct buf *out, const char **reason)
{
    struct utf8 utf8 = {0};
    size_t segment = out->len + 1;
    int r = 0;

    while (r == 0 && **raw && **raw != '?') {
        size_t copied = utf8.pending == 0 ? unreserved_length(*raw) : 0;

        if (copied > 0)
            r = buf_append(out, *raw, copied);
        else
            r = take_char(raw, &utf8, out, &segment, reason);
        *raw += copied;
    }
    if (r < 0)
        return r;
    *reason = utf8.pending ? "invalid UTF-8" : refused_segment(out, segment);
    return *reason ? -EINVAL : 0;
}

/* An absolute-form target may lack a path, which is then "/" (RFC 9110, section 4.2.3). */
static int parse_path(const char **raw, struct buf *out, const char **reason)
{
    size_t origin = origin_length(*raw);

    *raw += origin;
    if (origin > 0 && (**raw == '\0' || **raw == '?'))
        return buf_append(out, "/", 1);
    *reason = "it must begin with a slash";
    return **raw == '/' ? take_path(raw, out, reason) : -EINVAL;
}

/* Appends QUERY, with its '?', unchanged. */
static int take_query(const char *query, struct buf *out, const char **reason)
{
    const char *c;

    for (c = query; *c; c++) {
        *reason = is_control((unsigned char)*c) ? "a control character" : *c == ' ' ? "a space" : NULL;
        if (*reason)
            return -EINVAL;
    }
    return buf_append_string(out, query);
}

static bool is_websocket(const struct target *target)
{
    size_t prefix = strlen(WEBSOCKET_PREFIX);

    return strncmp(target->text.data, WEBSOCKET_PREFIX, prefix) == 0 &&
           (target->path_length == prefix || target->text.data[prefix] == '/');
}

int target_parse(const char *raw, struct target *ret, const char **reason)
{
    int r;

    ret->text = (struct buf)BUF_INIT(TARGET_MAX_BYTES);
    ret->path_length = 0;
    r = parse_path(&raw, &ret->text, reason);
    if (r < 0)
        return r;
    ret->path_length = ret->text.len;
    r = take_query(raw, &ret->text, reason);
    if (r == 0 && is_websocket(ret))
        buf_truncate(&ret->text, ret->path_length);
    return r;
}

void target_free(struct target *target)
{
    buf_free(&target->text);
}

size_t target_public_length(const char *path, size_t length)
{
    static const char device_api[] = "/api/v1/";

    return strncmp(path, device_api, strlen(device_api)) == 0 ? strlen(device_api) : length;
}
