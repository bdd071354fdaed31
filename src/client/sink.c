/* SPDX-License-Identifier: Apache-2.0 */
/* The sinks to memory and to a file. */
#include <errno.h>
#include <stdio.h>

#include <tbclient/client.h>

#include "base/util.h"

#define BUFFER_MAX_DEFAULT ((size_t)64 << 20)

static int buffer_begin(void *context, const char *content_type, const char *file_name, int64_t length)
{
    tb_buffer *buffer = context;

    (void)length; /* a server's claim is no reason to allocate memory */
    snprintf(buffer->content_type, sizeof(buffer->content_type), "%s", content_type);
    snprintf(buffer->file_name, sizeof(buffer->file_name), "%s", file_name);
    return 0;
}

static int buffer_reserve(tb_buffer *buffer, size_t extra)
{
    size_t max = buffer->max ? buffer->max : BUFFER_MAX_DEFAULT;
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    char *data;

    if (buffer->length > max || extra > max - buffer->length)
        return -EMSGSIZE;
    if (buffer->length + extra < buffer->capacity)
        return 0;
    while (capacity <= buffer->length + extra)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (!data)
        return -ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

static int buffer_write(void *context, const void *data, size_t length)
{
    tb_buffer *buffer = context;
    int r = buffer_reserve(buffer, length);

    if (r < 0)
        return r;
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return 0;
}

tb_sink tb_sink_to_buffer(tb_buffer *buffer)
{
    return (tb_sink){.begin = buffer_begin, .write = buffer_write, .context = buffer};
}

void tb_buffer_free(tb_buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->length = buffer->capacity = 0;
}

static int file_write(void *context, const void *data, size_t length)
{
    const char *next = data;

    while (length > 0) {
        ssize_t n = write(*(const int *)context, next, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        next += n;
        length -= (size_t)n;
    }
    return 0;
}

tb_sink tb_sink_to_file(int *fd)
{
    return (tb_sink){.write = file_write, .context = fd};
}
