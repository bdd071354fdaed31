/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/websocket/frame_filter.h"

#include <errno.h>

#include "upstream/auth_command.h"

/* A message ends with an empty block whose last bytes are left out (RFC 7692, section 7.2.1). */
static const char block_end[] = {0, 0, (char)0xff, (char)0xff};

#define WINDOW_BITS (-15) /* raw deflate, the largest window, which works for smaller ones, too */

void frame_filter_init(struct frame_filter *filter)
{
    *filter = (struct frame_filter){
        .in.max = FRAME_FILTER_ADD_BYTES,
        .reader.masked = true,
        .raw.max = FRAME_FILTER_RAW_BYTES,
        .payload.max = FRAME_FILTER_MESSAGE_BYTES + sizeof(block_end),
    };
}

void frame_filter_free(struct frame_filter *filter)
{
    fifo_free(&filter->in);
    buf_free_secret(&filter->raw); /* a client may have sent a token of its own */
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

/* A deflate stream that says that it has ended is refused: the next message would have no beginning. */
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

/* The message is complete: appends what goes to the server. */
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

    filter->handled += filter->payload.len + plain.len;
    if (r == 0)
        r = pass_message(filter, filter->first.compressed ? &plain : &filter->payload, out);
    buf_free_secret(&filter->raw);
    buf_free_secret(&filter->payload);
    return r < 0 ? r : 1;
}

static int begin_frame(struct frame_filter *filter)
{
    const struct frame *frame = &filter->reader.frame;

    if (filter->payload.len + frame->length > FRAME_FILTER_MESSAGE_BYTES)
        return -EMSGSIZE;
    if (frame->opcode != FRAME_CONTINUATION)
        filter->first = *frame;
    return buf_append(&filter->raw, filter->reader.header, frame->header_length);
}

/* A part of a message has been read. 1: it was the last one. */
static int take_data(struct frame_filter *filter, struct buf *out)
{
    const struct frame_reader *reader = &filter->reader;
    int r = reader->begun ? begin_frame(filter) : 0;

    if (r == 0 && reader->part_length > 0)
        r = buf_append(&filter->raw, reader->part, reader->part_length);
    if (r == 0)
        r = frame_reader_append_part(reader, &filter->payload);
    return r == 0 && reader->ended && reader->frame.final ? end_message(filter, out) : r;
}

static int take_control(struct frame_filter *filter, struct buf *out)
{
    const struct frame_reader *reader = &filter->reader;
    int r;

    if (!reader->ended)
        return 0;
    filter->closed = reader->closed;
    r = buf_append(out, reader->header, reader->frame.header_length);
    if (r == 0)
        r = buf_append(out, reader->control, reader->control_length);
    return r < 0 ? r : 1;
}

static int take_part(struct frame_filter *filter, struct buf *out)
{
    const struct frame_reader *reader = &filter->reader;
    ssize_t n = frame_read(&filter->reader, fifo_data(&filter->in), fifo_length(&filter->in));
    int r = 0;

    if (n < 0)
        return (int)n;
    if (reader->in_payload || reader->ended)
        r = frame_is_control(&reader->frame) ? take_control(filter, out) : take_data(filter, out);
    fifo_consume(&filter->in, (size_t)n);
    return r;
}

int frame_filter_next(struct frame_filter *filter, struct buf *out)
{
    size_t before = out->len;
    int r = 0;

    while (r == 0 && !fifo_is_empty(&filter->in))
        r = take_part(filter, out);
    if (filter->closed)
        fifo_free(&filter->in);
    if (r < 0)
        buf_truncate(out, before);
    return r;
}
