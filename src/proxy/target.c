/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/target.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy/origin.h"

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

/* RFC 3986, section 2.3: these mean the same encoded or not. */
static bool is_unreserved(unsigned char c)
{
    return isalnum(c) || (c && strchr("-._~", c));
}

/* RFC 3986, section 3.3 and 3.4: what may stand unencoded; "/" and "?" in a query too. */
static bool is_allowed_raw(unsigned char c, bool in_query)
{
    return is_unreserved(c) || (c && strchr("!$&'()*+,;=:@", c)) || (in_query && (c == '/' || c == '?'));
}

/* One character of RAW, decoded; *WAS_ENCODED tells how it stood there. Returns the bytes used, 0 if
 * malformed. */
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

static int put(struct buf *out, unsigned char c, bool was_encoded, bool in_query)
{
    static const char digits[] = "0123456789ABCDEF";

    if (is_unreserved(c) || (!was_encoded && is_allowed_raw(c, in_query)))
        return buf_append(out, &c, 1);
    return buf_append(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
}

/* Follows a UTF-8 sequence byte by byte (RFC 3629). PENDING: continuation bytes still to come. */
struct utf8 {
    int pending;
    unsigned char low,
        high; /* bounds of the next byte: no overlong form, no surrogate, nothing past U+10FFFF */
};

static bool utf8_next(struct utf8 *state, unsigned char c)
{
    if (state->pending > 0) {
        if (c < state->low || c > state->high)
            return false;
        state->pending--;
        state->low = 0x80;
        state->high = 0xbf;
        return true;
    }
    state->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    state->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    state->pending = c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : -1;
    return state->pending >= 0;
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

/* The segment that ends at END of the canonical path: "", "." or ".."? */
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

static int parse_part(const char **raw, struct buf *out, bool in_query, const char **reason)
{
    struct utf8 utf8 = {0, 0, 0};
    size_t segment = out->len + 1;
    const char *in = *raw;

    while (*in && (in_query || *in != '?')) {
        bool was_encoded;
        unsigned char c = 0;
        size_t used = next_char(in, &c, &was_encoded);
        int r;

        *reason = used == 0                  ? "invalid percent-encoding"
                  : c < 0x20 || c == 0x7f    ? "a control character"
                  : !utf8_next(&utf8, c)     ? "invalid UTF-8"
                  : c == ' ' && !was_encoded ? "a space"
                  : c == '#' && !was_encoded ? "a '#'"
                  : !in_query                ? refused_in_path(c, was_encoded)
                                             : NULL;
        if (!*reason && !in_query && c == '/' && out->len > 0) {
            *reason = out->len == segment ? "an empty segment in the path" : refused_segment(out, segment);
            segment = out->len + 1;
        }
        if (*reason)
            return -EINVAL;
        r = !in_query && c == '/' ? buf_append(out, "/", 1) : put(out, c, was_encoded, in_query);
        if (r < 0)
            return r;
        in += used;
    }
    *raw = in;
    *reason = utf8.pending ? "invalid UTF-8" : !in_query ? refused_segment(out, segment) : NULL;
    return *reason ? -EINVAL : 0;
}

/* Takes the parameter "token" out of the query at the end of TEXT. Names are canonical here, so comparing is
 * enough. */
static void remove_token(struct buf *text, size_t query)
{
    char *in = text->data + query;
    char *out = in;

    while (*in) {
        size_t length = strcspn(in, "&");

        if (length > 0 && (strncmp(in, "token", 5) != 0 || (length > 5 && in[5] != '='))) {
            if (out > text->data + query)
                *out++ = '&';
            memmove(out, in, length);
            out += length;
        }
        in += length + (in[length] == '&');
    }
    *out = '\0';
    text->len = (size_t)(out - text->data);
}

/* An absolute-form target may lack a path, which is then "/" (RFC 9110, section 4.2.3). */
static int parse_path(const char **raw, struct buf *out, const char **reason)
{
    size_t origin = origin_length(*raw);

    *raw += origin;
    if (origin > 0 && (**raw == '\0' || **raw == '?'))
        return buf_append(out, "/", 1);
    *reason = "it must begin with a slash";
    return **raw == '/' ? parse_part(raw, out, false, reason) : -EINVAL;
}

int target_parse(const char *raw, struct target *ret, const char **reason)
{
    size_t prefix = strlen(WEBSOCKET_PREFIX);
    int r;

    ret->text = (struct buf)BUF_INIT(TARGET_MAX_BYTES);
    ret->path_length = 0;
    r = parse_path(&raw, &ret->text, reason);
    if (r < 0)
        return r;
    ret->path_length = ret->text.len;
    if (*raw == '?') {
        raw++;
        r = buf_append(&ret->text, "?", 1);
        if (r == 0)
            r = parse_part(&raw, &ret->text, true, reason);
        if (r == 0 && strncmp(ret->text.data, WEBSOCKET_PREFIX, prefix) == 0 &&
            (ret->path_length == prefix || ret->text.data[prefix] == '/'))
            remove_token(&ret->text, ret->path_length + 1);
    }
    return r;
}

void target_free(struct target *target)
{
    buf_free(&target->text);
}
