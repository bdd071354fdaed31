/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers without a word of HTTP in them: memory, strings, a growing buffer. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Allocation that ends the program when memory is out: a stand-in has nothing better to do. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/* free() through a pointer to the pointer, for __attribute__((cleanup)). */
void freep(void *p);
#define _cleanup_free_ __attribute__((cleanup(freep)))

static inline bool streq(const char *a, const char *b)
{
    return a && b && __builtin_strcmp(a, b) == 0;
}

bool starts_with(const char *s, const char *prefix);
bool ends_with(const char *s, const char *suffix);

/* A whole decimal int64, nothing around it; false leaves *ret alone. */
bool parse_int64(const char *s, int64_t *ret);

/* A buffer that grows and is always NUL-terminated. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Hands the memory over and leaves the buffer empty; never NULL. */
char *buf_take(struct buf *b, size_t *ret_len);
void buf_free(struct buf *b);

/* UTF-8 to ISO-8859-1 in place; what Latin-1 lacks becomes '?'. Returns the new length. */
size_t utf8_to_latin1(char *s);
/* The bytes as UTF-8: taken over if they are UTF-8 without NUL, else read as Latin-1. */
char *bytes_to_utf8(const char *s, size_t n);
bool is_utf8(const char *s, size_t n);
