/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail: without memory, the stand-in ends with a message. Pointers are freed with
 * free().
 */
#ifndef TB_SIM_MEMORY_H
#define TB_SIM_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/util.h"

#define BUFFER_MAX ((size_t)1 << 30) /* bytes of one text or body, far beyond every limit of the server */

/* An empty buffer for the functions below. */
#define XBUF_INIT BUF_INIT(BUFFER_MAX)

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
/* Copies LENGTH bytes, which may hold NULs, and adds a NUL. */
char *xstrndup(const char *data, size_t length);
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *format, va_list args) PRINTF_LIKE(1, 0);

void xbuf_append(struct buf *buf, const void *data, size_t length);
void xbuf_append_string(struct buf *buf, const char *text);
void xbuf_append_byte(struct buf *buf, char byte);
void xbuf_append_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Hands the bytes over, ended by a NUL, and leaves the buffer empty; never NULL. RET_LENGTH may be NULL. */
char *xbuf_take(struct buf *buf, size_t *ret_length);

#endif
