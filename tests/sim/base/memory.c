/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers: memory, strings, a growing buffer. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* vasprintf, reallocarray */
#endif
#include "sim/base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
    if (!p) {
        fputs("tbsim: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
    return check(reallocarray(p, n ? n : 1, size));
}

char *xstrdup(const char *s)
{
    return check(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
    char *copy = xcalloc(n + 1, 1);

    memcpy(copy, s, n);
    return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
    char *s = NULL;

    if (vasprintf(&s, fmt, ap) < 0)
        s = NULL;
    return check(s);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *s = xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void freep(void *p)
{
    free(*(void **)p);
}

bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s);
    size_t m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool parse_int64(const char *s, int64_t *ret)
{
    char *end = NULL;

    if (!s || !(*s == '-' || (*s >= '0' && *s <= '9')))
        return false;
    errno = 0;
    intmax_t v = strtoimax(s, &end, 10);
    if (errno != 0 || *end != '\0' || end == s)
        return false;
    *ret = (int64_t)v;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (b->len + n + 1 > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 256;

        while (cap < b->len + n + 1)
            cap *= 2;
        b->data = xrealloc(b->data, cap, 1);
        b->cap = cap;
    }
    if (n > 0)
        memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    _cleanup_free_ char *s = xvasprintf(fmt, ap);
    va_end(ap);
    buf_puts(b, s);
}

char *buf_take(struct buf *b, size_t *ret_len)
{
    buf_add(b, "", 0);
    char *data = b->data;

    if (ret_len)
        *ret_len = b->len;
    *b = (struct buf){};
    return data;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){};
}

/* Length of the UTF-8 sequence at s (at most n bytes), 0 if there is none. */
static size_t utf8_sequence(const unsigned char *s, size_t n, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

    if (len == 1) {
        *ret = s[0];
        return 1;
    }
    if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
        return 0;
    uint32_t c = s[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = (c << 6) | (s[i] & 0x3fU);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return len;
}

bool is_utf8(const char *s, size_t n)
{
    uint32_t c;

    for (size_t i = 0; i < n;) {
        size_t len = utf8_sequence((const unsigned char *)s + i, n - i, &c);

        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

size_t utf8_to_latin1(char *s)
{
    size_t n = strlen(s);
    size_t out = 0;

    for (size_t i = 0; i < n;) {
        uint32_t c = '?';
        size_t len = utf8_sequence((const unsigned char *)s + i, n - i, &c);

        s[out++] = len == 0 || c > 0xff ? '?' : (char)c;
        i += len ? len : 1;
    }
    s[out] = '\0';
    return out;
}

char *bytes_to_utf8(const char *s, size_t n)
{
    struct buf b = {};

    if (n == 0 || (!memchr(s, '\0', n) && is_utf8(s, n)))
        return xstrndup(n ? s : "", n);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == 0)
            buf_putc(&b, ' '); /* no NUL in a JSON string of ours */
        else if (c < 0x80)
            buf_putc(&b, (char)c);
        else {
            buf_putc(&b, (char)(0xc0 | (c >> 6)));
            buf_putc(&b, (char)(0x80 | (c & 0x3f)));
        }
    }
    return buf_take(&b, NULL);
}
