/* SPDX-License-Identifier: Apache-2.0 */
/* A server's answer to the handshake of a WebSocket, and the frames that follow: only an answer to the key is
 * accepted, and what is found in the frames does not depend on how they come. */
#include "fuzz.h"
#include "http/response_reader.h"
#include "http/websocket_frame.h"
#include "upstream/websocket_handshake.h"

#define KEY     "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, section 1.3 */
#define ACCEPT  "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define OUT_MAX (1 << 20)

static void put_frame(const struct frame_reader *reader, struct buf *out)
{
    const struct frame *frame = &reader->frame;

    must(!frame->masked && (!frame_is_control(frame) || frame->length <= FRAME_CONTROL_MAX));
    must(!frame_is_control(frame) || (frame->final && reader->control_length == frame->length));
    must(buf_append_format(out, "|%d %d %d %llu", frame->opcode, frame->final, frame->compressed,
                           (unsigned long long)frame->length) == 0);
}

static void read_frames(const char *data, size_t size, size_t step, uint8_t flags, struct buf *out)
{
    struct frame_reader reader = {.compression = flags & 1, .any_order = flags & 2};
    ssize_t n = 0;
    size_t at;

    for (at = 0; at < size; at += (size_t)n) {
        n = frame_read(&reader, data + at, size - at < step ? size - at : step);
        if (n < 0)
            break;
        must(n > 0 && (size_t)n <= step);
        if (reader.begun)
            must(reader.frame.header_length <= FRAME_HEADER_MAX);
        must(reader.part_length <= (size_t)n && frame_reader_append_part(&reader, out) == 0);
        if (reader.ended)
            put_frame(&reader, out);
    }
    buf_append_format(out, "|%d %d %d", n < 0, reader.closed, frame_reader_is_between(&reader));
}

static void check_frames(const char *data, size_t size, uint8_t flags)
{
    struct buf whole = BUF_INIT(OUT_MAX), in_bytes = BUF_INIT(OUT_MAX);

    read_frames(data, size, SIZE_MAX, flags, &whole);
    read_frames(data, size, 1, flags, &in_bytes);
    must(whole.len == in_bytes.len && memcmp(whole.data, in_bytes.data, whole.len) == 0);
    buf_free(&whole);
    buf_free(&in_bytes);
}

static bool is_accepted(const struct headers *response, uint8_t flags)
{
    struct handshake handshake = {
        .key = KEY, .asked_for_protocol = flags & 4, .asked_for_extensions = flags & 1};
    bool accepted = !handshake_fault(&handshake, response);
    const char *accept = headers_find(response, "Sec-WebSocket-Accept");

    must(!accepted || (accept && strcmp(accept, ACCEPT) == 0 && headers_find(response, "Upgrade")));
    must(!accepted || flags & 1 || !headers_find(response, "Sec-WebSocket-Extensions"));
    must(!accepted || flags & 4 || !headers_find(response, "Sec-WebSocket-Protocol"));
    return accepted;
}

/* The input: a byte that says what was asked for, and the stream after "HTTP/1.1 101 ". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char begin[] = "HTTP/1.1 101 ";
    struct headers headers = HEADERS_INIT;
    struct response_reader reader = {0};
    const char *body, *at = (const char *)data + 1;
    size_t used, length;

    if (size < 1)
        return 0;
    response_reader_begin(&reader, false, &headers);
    must(response_reader_next(&reader, begin, strlen(begin), &used, &body, &length) == RESPONSE_MORE);
    if (response_reader_next(&reader, at, size - 1, &used, &body, &length) == RESPONSE_HEADER &&
        is_accepted(&headers, data[0]))
        check_frames(at + used, size - 1 - used, data[0]);
    if (data[0] & 128)
        check_frames(at, size - 1, data[0]);
    response_reader_free(&reader);
    headers_free(&headers);
    return 0;
}
