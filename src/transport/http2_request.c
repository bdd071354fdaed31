/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/http2_private.h"
#include "transport/transfer_answer.h"

#define FIELDS_MAX_OWN 5 /* that are not lines of transfer->headers */
#define LENGTH_DIGITS  24

#define BLANKS " \t" /* around a value; they are not part of it (RFC 9110, section 5.5) */

/* A request's header for nghttp2, which copies it. */
struct fields {
    nghttp2_nv *list;
    size_t count;
    char *names; /* of transfer->headers, in lower case */
    char *path;
    char length[LENGTH_DIGITS]; /* of the body */
};

static void fields_free(struct fields *fields)
{
    free(fields->list);
    free(fields->names);
    free(fields->path);
}

static void add(struct fields *fields, const char *name, size_t name_length, const char *value, size_t length)
{
    fields->list[fields->count++] = (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name,
        .value = (uint8_t *)(uintptr_t)value,
        .namelen = name_length,
        .valuelen = length,
        .flags = NGHTTP2_NV_FLAG_NONE,
    };
}

static int allocate(struct fields *fields, const struct transport *transport, const struct transfer *transfer)
{
    const char *const *line;
    size_t lines = 0, bytes = 1;

    for (line = transfer->headers; line && *line; line++) {
        lines++;
        bytes += strcspn(*line, ":");
    }
    fields->list = calloc(lines + FIELDS_MAX_OWN, sizeof(*fields->list));
    fields->names = malloc(bytes);
    if (asprintf(&fields->path, "%s%s", transport_prefix(transport), transfer->target) < 0)
        fields->path = NULL;
    return fields->list && fields->names && fields->path ? 0 : -ENOMEM;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* 0, or -EINVAL for what could be read as another header, or as two. */
static int add_lines(struct fields *fields, const char *const *lines)
{
    char *name = fields->names;

    for (; lines && *lines; lines++) {
        const char *value = strchr(*lines, ':');
        size_t i, length = strcspn(*lines, ":"), value_length;

        if (!value)
            return -EINVAL;
        value += 1 + strspn(value + 1, BLANKS);
        for (value_length = strlen(value); value_length > 0 && strchr(BLANKS, value[value_length - 1]);)
            value_length--;
        for (i = 0; i < length; i++)
            name[i] = lower((*lines)[i]);
        if (!nghttp2_check_header_name((const uint8_t *)name, length) ||
            !nghttp2_check_header_value((const uint8_t *)value, value_length))
            return -EINVAL;
        add(fields, name, length, value, value_length);
        name += length;
    }
    return 0;
}

static int add_own(struct fields *fields, const struct transport *transport, const struct transfer *transfer)
{
    const char *method = transfer->method, *host = transport_host(transport);

    if (!nghttp2_check_method((const uint8_t *)method, strlen(method)) || !*fields->path ||
        !nghttp2_check_path((const uint8_t *)fields->path, strlen(fields->path)) ||
        !nghttp2_check_authority((const uint8_t *)host, strlen(host)))
        return -EINVAL;
    add(fields, ":method", 7, method, strlen(method));
    add(fields, ":scheme", 7, transport_scheme(transport), strlen(transport_scheme(transport)));
    add(fields, ":authority", 10, host, strlen(host));
    add(fields, ":path", 5, fields->path, strlen(fields->path));
    return 0;
}

static void add_length(struct fields *fields, const struct transfer *transfer)
{
    int64_t length = transfer_body_length(transfer);

    if (!transfer_has_body(transfer) || length < 0)
        return;
    snprintf(fields->length, sizeof(fields->length), "%lld", (long long)length);
    add(fields, "content-length", 14, fields->length, strlen(fields->length));
}

/* ---- the body ---- */

static ssize_t copy_part(struct http2_stream *stream, uint8_t *data, size_t max)
{
    const struct transfer *transfer = stream->transfer;
    size_t left = transfer->body_length - stream->body_sent;
    size_t length = left < max ? left : max;

    memcpy(data, (const char *)transfer->body + stream->body_sent, length);
    stream->body_sent += length;
    stream->is_sent = length == left;
    return (ssize_t)length;
}

/* NGHTTP2_ERR_DEFERRED: nothing now, or the transfer is over. */
static ssize_t read_part(struct http2_stream *stream, uint8_t *data, size_t max)
{
    struct transfer *transfer = stream->transfer;
    size_t length = 0;
    int r;

    if (stream->read_left >= 0 && stream->read_left < (int64_t)max)
        max = (size_t)stream->read_left;
    r = transfer_read_body(transfer, data, max, &length);
    if (stream->transfer != transfer || r == -EAGAIN) /* it may have been cancelled */
        return NGHTTP2_ERR_DEFERRED;
    if (r < 0 || (length == 0 && stream->read_left > 0)) {
        http2_stream_fail(stream, NGHTTP2_CANCEL, TRANSFER_MAY_HAVE_RUN,
                          (struct transfer_error){502, r == -ECANCELED ? NULL : PROXY_STATUS_INTERNAL_ERROR},
                          "the request's body is shorter than was announced");
        return NGHTTP2_ERR_DEFERRED;
    }
    if (stream->read_left > 0)
        stream->read_left -= (int64_t)length;
    stream->is_sent = length == 0 || stream->read_left == 0;
    return (ssize_t)length;
}

static ssize_t http2_body_wanted(nghttp2_session *session, int32_t id, uint8_t *data, size_t max,
                                 uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct http2_stream *stream = source->ptr;
    ssize_t length;

    (void)session;
    (void)id;
    (void)arg;
    if (!stream->transfer || transfer_is_refused_early(stream->transfer))
        return NGHTTP2_ERR_DEFERRED;
    length = stream->transfer->read ? read_part(stream, data, max) : copy_part(stream, data, max);
    if (length >= 0 && stream->is_sent)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return length;
}

int http2_submit(struct http2_stream *stream)
{
    struct http2 *http2 = stream->http2;
    const struct transport *transport = http2->connection->transport;
    const struct transfer *transfer = stream->transfer;
    nghttp2_data_provider body = {{.ptr = stream}, http2_body_wanted};
    CLEANUP(fields_free) struct fields fields = {0};
    int32_t id;
    int r = allocate(&fields, transport, transfer);

    if (r == 0)
        r = add_own(&fields, transport, transfer);
    if (r == 0)
        r = add_lines(&fields, transfer->headers);
    if (r < 0)
        return r;
    add_length(&fields, transfer);
    stream->read_left = transfer_body_length(transfer);
    stream->is_sent = !transfer_has_body(transfer) || stream->read_left == 0;
    id = nghttp2_submit_request(http2->session, NULL, fields.list, fields.count,
                                stream->is_sent ? NULL : &body, stream);
    if (id < 0)
        return -ENOMEM;
    stream->id = id;
    return 0;
}
