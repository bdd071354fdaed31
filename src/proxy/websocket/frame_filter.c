/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/websocket/frame_filter.h"

#include <errno.h>

#include "upstream/auth_command.h"

/* A message ends with an empty block, the last bytes of which are left out (RFC 7692, section 7.2.1). */
static const char block_end[] = {0, 0, (char)0xff, (char)0xff};

#define WINDOW_BITS (-15) /* raw, the largest window: it fits every smaller one */

void frame_filter_init(struct frame_filter *filter)
{
    *filter = (struct frame_filter){
        .in.max = FRAME_FILTER_MESSAGE_BYTES + FRAME_HEADER_MAX + FRAME_FILTER_ADD_BYTES,
        .raw.max = FRAME_FILTER_RAW_BYTES,
        .payload.max = FRAME_FILTER_MESSAGE_BYTES + sizeof(block_end),
    };
}

void frame_filter_free(struct frame_filter *filter)
{
    fifo_free(&filter->in);
    buf_free_secret(&filter->raw); /* a program may have sent a token of its own */
    buf_free_secret(&filter->payload);
    if (filter->inflating)
        inflateEnd(&filter->stream);
    filter->inflating = false;
}

int frame_filter_add(struct frame_filter *filter, const void *data, size_t length)
{
    return filter->closed ? 0 : fifo_append(&filter->in, data, length);
}

enum frame_close_code frame_filter_close_code(int error)
{
    switch (error) {
    case -EPROTO:
        return FRAME_CLOSE_PROTOCOL_ERROR;
    case -EMSGSIZE:
        return FRAME_CLOSE_TOO_LARGE;
    case -EBADMSG:
        return FRAME_CLOSE_INVALID_DATA;
    default:
        return FRAME_CLOSE_INTERNAL_ERROR;
    }
}

static int begin_inflating(struct frame_filter *filter)
{
    if (filter->inflating)
        return filter->no_context && inflateReset(&filter->stream) != Z_OK ? -ENOMEM : 0;
    filter->inflating = inflateInit2(&filter->stream, WINDOW_BITS) == Z_OK;
    return filter->inflating ? 0 : -ENOMEM;
}

/* The message's text; a stream that says that it has ended would leave the next message without a beginning,
 * and is refused. */
static int inflate_message(struct frame_filter *filter, struct buf *plain)
{
    z_stream *stream = &filter->stream;
    char part[4096];
    int r = buf_append(&filter->payload, block_end, sizeof(block_end));

    if (r == 0)
        r = begin_inflating(filter);
    stream->next_in = (Bytef *)filter->payload.data;
    stream->avail_in = (uInt)filter->payload.len;
    do {
        int status;

        stream->next_out = (Bytef *)part;
        stream->avail_out = sizeof(part);
        status = r == 0 ? inflate(stream, Z_SYNC_FLUSH) : Z_OK;
        if (status != Z_OK && status != Z_BUF_ERROR)
            return status == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
        if (r == 0)
            r = buf_append(plain, part, sizeof(part) - stream->avail_out);
    } while (r == 0 && stream->avail_out == 0);
    return r < 0 ? r : stream->avail_in > 0 ? -EBADMSG : 0;
}

/* The message is complete: what of it goes to the server. */
static int pass_message(struct frame_filter *filter, const struct buf *plain, struct buf *out)
{
    CLEANUP(buf_free) struct buf rest = BUF_INIT(FRAME_FILTER_MESSAGE_BYTES);
    bool compressed = filter->first.compressed;
    const char *text = plain->data ? plain->data : "";
    int r =
        filter->first.opcode == FRAME_TEXT ? auth_command_remove(text, plain->len, &rest) : AUTH_COMMAND_NONE;

    if (r > AUTH_COMMAND_NONE && compressed && !filter->no_context)
        filter->out_of_step = true;
    if (r == AUTH_COMMAND_REMOVED)
        return frame_put(out, FRAME_TEXT, true, rest.data, rest.len);
    if (r == AUTH_COMMAND_NONE && compressed && filter->out_of_step)
        return frame_put(out, filter->first.opcode, true, text, plain->len);
    return r == AUTH_COMMAND_NONE ? buf_append(out, filter->raw.data, filter->raw.len) : r < 0 ? r : 0;
}

static int end_message(struct frame_filter *filter, struct buf *out)
{
    CLEANUP(buf_free_secret) struct buf plain = BUF_INIT(FRAME_FILTER_MESSAGE_BYTES);
    int r = filter->first.compressed ? inflate_message(filter, &plain) : 0;

    if (r == 0)
        r = pass_message(filter, filter->first.compressed ? &plain : &filter->payload, out);
    filter->in_message = false;
    buf_free_secret(&filter->raw);
    buf_free_secret(&filter->payload);
    return r;
}

/* A part of a message, with its header, of LENGTH bytes at DATA. */
static int take_data(struct frame_filter *filter, const struct frame *frame, const char *data, size_t length,
                     struct buf *out)
{
    size_t before = filter->payload.len;
    int r;

    if (filter->in_message != (frame->opcode == FRAME_CONTINUATION))
        return -EPROTO;
    if (!filter->in_message)
        filter->first = *frame;
    filter->in_message = true;
    if (filter->payload.len + frame->length > FRAME_FILTER_MESSAGE_BYTES)
        return -EMSGSIZE;
    r = buf_append(&filter->raw, data, length);
    if (r == 0)
        r = buf_append(&filter->payload, data + frame->header_length, (size_t)frame->length);
    if (r < 0)
        return r;
    frame_mask(filter->payload.data + before, (size_t)frame->length, frame->mask);
    return frame->final ? end_message(filter, out) : 0;
}

/* The frame at the beginning of what came, if it is complete: 0; -EAGAIN, -EPROTO, -EMSGSIZE. */
static int next_frame(const struct frame_filter *filter, struct frame *frame)
{
    size_t left = fifo_length(&filter->in);
    int r = frame_parse(fifo_data(&filter->in), left, filter->compression, frame);

    if (r < 0)
        return r;
    if (!frame->masked) /* RFC 6455, section 5.1 */
        return -EPROTO;
    if (frame->length > FRAME_FILTER_MESSAGE_BYTES)
        return -EMSGSIZE;
    return left < frame->header_length + frame->length ? -EAGAIN : 0;
}

int frame_filter_next(struct frame_filter *filter, struct buf *out)
{
    size_t before = out->len;
    struct frame frame;
    int r = 0;

    while (r == 0 && out->len == before && !filter->closed) {
        const char *data = fifo_data(&filter->in);
        size_t length;

        r = next_frame(filter, &frame);
        if (r < 0)
            break;
        length = frame.header_length + (size_t)frame.length;
        filter->closed = frame.opcode == FRAME_CLOSE;
        r = frame.opcode >= FRAME_CLOSE ? buf_append(out, data, length)
                                        : take_data(filter, &frame, data, length, out);
        fifo_consume(&filter->in, length);
    }
    if (filter->closed)
        fifo_free(&filter->in);
    return r < 0 && r != -EAGAIN ? r : out->len > before;
}
