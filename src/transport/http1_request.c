/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http1_request.h"

static int append_lines(const char *const *lines, struct buf *out)
{
    int r = 0;

    for (; r == 0 && lines && *lines; lines++) {
        r = buf_append_string(out, *lines);
        if (r == 0)
            r = buf_append(out, "\r\n", 2);
    }
    return r;
}

static int append_framing(const struct transfer *transfer, struct buf *out)
{
    int64_t length = transfer_body_length(transfer);

    if (!transfer_has_body(transfer))
        return 0;
    if (length < 0)
        return buf_append_string(out, "Transfer-Encoding: chunked\r\n");
    return buf_append_format(out, "Content-Length: %lld\r\n", (long long)length);
}

int http1_write_head(const struct transport *transport, const struct transfer *transfer, bool expects,
                     struct buf *out)
{
    const char *parts[] = {transfer->method,
                           " ",
                           transport_prefix(transport),
                           transfer->target,
                           " HTTP/1.1\r\nHost: ",
                           transport_host(transport),
                           "\r\n"};
    size_t i;
    int r = 0;

    for (i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
        r = buf_append_string(out, parts[i]);
    if (r == 0)
        r = append_lines(transfer->headers, out);
    if (r == 0)
        r = append_framing(transfer, out);
    if (r == 0 && expects)
        r = buf_append_string(out, "Expect: 100-continue\r\n");
    return r == 0 ? buf_append(out, "\r\n", 2) : r;
}
