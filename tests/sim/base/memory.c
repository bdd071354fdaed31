/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/base/memory.h"

#include <stdio.h>

static void *require(void *memory)
{
    if (!memory) {
        fputs("tbsim: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return require(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *memory, size_t count, size_t size)
{
    return require(reallocarray(memory, count ? count : 1, size));
}

char *xstrdup(const char *text)
{
    return require(strdup(text));
}

char *xstrndup(const char *data, size_t length)
{
    char *copy = xcalloc(length + 1, 1);

    memcpy(copy, data, length);
    return copy;
}

char *xvasprintf(const char *format, va_list args)
{
    char *text;

    return require(vasprintf(&text, format, args) < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    return text;
}

void xbuf_append(struct buf *buf, const void *data, size_t length)
{
    if (buf_append(buf, data, length) < 0)
        require(NULL);
}

void xbuf_append_string(struct buf *buf, const char *text)
{
    xbuf_append(buf, text, strlen(text));
}

void xbuf_append_byte(struct buf *buf, char byte)
{
    xbuf_append(buf, &byte, 1);
}

void xbuf_append_format(struct buf *buf, const char *format, ...)
{
    CLEANUP(free_pointer) char *text = NULL;
    va_list args;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    xbuf_append_string(buf, text);
}

char *xbuf_take(struct buf *buf, size_t *ret_length)
{
    xbuf_append(buf, "", 0); /* there is a NUL even if nothing was appended */
    if (ret_length)
        *ret_length = buf->len;
    buf->len = buf->capacity = 0;
    return TAKE_PTR(buf->data);
}
