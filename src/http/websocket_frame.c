/* SPDX-License-Identifier: Apache-2.0 */
#include "http/websocket_frame.h"

#include <errno.h>
#include <sys/random.h>

#define FINAL        0x80
#define COMPRESSED   0x40
#define RESERVED     0x30
#define OPCODE       0x0f
#define MASKED       0x80
#define LENGTH       0x7f
#define LENGTH_IN_16 126
#define LENGTH_IN_64 127

static uint64_t number(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool is_known(unsigned opcode)
{
    return opcode <= FRAME_BINARY || (opcode >= FRAME_CLOSE && opcode <= FRAME_PONG);
}

static int check(const struct frame *frame, const uint8_t *bytes, bool compression)
{
    if ((bytes[0] & RESERVED) || !is_known(frame->opcode))
        return -EPROTO;
    if (frame->compressed && (!compression || (frame->opcode != FRAME_TEXT && frame->opcode != FRAME_BINARY)))
        return -EPROTO;
    if (frame_is_control(frame) && (!frame->final || (bytes[1] & LENGTH) > FRAME_CONTROL_MAX))
        return -EPROTO;
    return 0;
}

static int read_length(struct frame *frame, const uint8_t *bytes)
{
    unsigned first = bytes[1] & LENGTH;

    frame->length = first == LENGTH_IN_16   ? number(bytes + 2, 2)
                    : first == LENGTH_IN_64 ? number(bytes + 2, 8)
                                            : first;
    if ((first == LENGTH_IN_16 && frame->length < LENGTH_IN_16) ||
        (first == LENGTH_IN_64 && (frame->length <= UINT16_MAX || frame->length > INT64_MAX)))
        return -EPROTO;
    return 0;
}

/* 0; -EAGAIN: more than LENGTH bytes are needed; -EPROTO. */
static int parse_header(const uint8_t *bytes, size_t length, bool compression, struct frame *ret)
{
    struct frame frame = {0};
    size_t extended;
    int r;

    if (length < 2)
        return -EAGAIN;
    frame.opcode = bytes[0] & OPCODE;
    frame.final = bytes[0] & FINAL;
    frame.compressed = bytes[0] & COMPRESSED;
    frame.masked = bytes[1] & MASKED;
    r = check(&frame, bytes, compression); /* before waiting for more of it */
    if (r < 0)
        return r;
    extended = (bytes[1] & LENGTH) == LENGTH_IN_16 ? 2 : (bytes[1] & LENGTH) == LENGTH_IN_64 ? 8 : 0;
    frame.header_length = 2 + extended + (frame.masked ? sizeof(frame.mask) : 0);
    if (length < frame.header_length)
        return -EAGAIN;
    r = read_length(&frame, bytes);
    if (r < 0)
        return r;
    if (frame.masked)
        memcpy(frame.mask, bytes + 2 + extended, sizeof(frame.mask));
    *ret = frame;
    return 0;
}

/* The same puts a mask on and takes it off. OFFSET: of DATA in the payload. */
static void apply_mask(char *data, size_t length, const uint8_t mask[4], uint64_t offset)
{
    uint64_t part, masks;
    uint8_t turned[sizeof(masks)]; /* MASK from OFFSET on, twice */
    size_t i;

    for (i = 0; i < sizeof(turned); i++)
        turned[i] = mask[(offset + i) % 4];
    memcpy(&masks, turned, sizeof(masks));
    for (i = 0; length - i >= sizeof(part); i += sizeof(part)) {
        memcpy(&part, data + i, sizeof(part));
        part ^= masks;
        memcpy(data + i, &part, sizeof(part));
    }
    for (; i < length; i++)
        data[i] = (char)(data[i] ^ turned[i % sizeof(turned)]);
}

bool frame_reader_is_between(const struct frame_reader *reader)
{
    return reader->header_read == 0 && !reader->in_payload;
}

static void end_frame(struct frame_reader *reader)
{
    reader->ended = true;
    reader->in_payload = false;
    reader->header_read = 0;
    reader->count++;
    reader->closed = reader->closed || reader->frame.opcode == FRAME_CLOSE;
}

/* RFC 6455, sections 5.1 and 5.4. */
static int begin_frame(struct frame_reader *reader)
{
    const struct frame *frame = &reader->frame;

    if (frame->masked != reader->masked)
        return -EPROTO;
    if (!frame_is_control(frame)) {
        if (!reader->any_order && (frame->opcode == FRAME_CONTINUATION) != reader->in_message)
            return -EPROTO;
        reader->in_message = !frame->final;
    }
    reader->begun = reader->in_payload = true;
    reader->left = frame->length;
    reader->control_length = 0;
    reader->control[0] = '\0';
    return 0;
}

static int read_header(struct frame_reader *reader, uint8_t byte)
{
    int r;

    reader->header[reader->header_read++] = byte;
    r = parse_header(reader->header, reader->header_read, reader->compression, &reader->frame);
    if (r < 0)
        return r == -EAGAIN ? 0 : r;
    return begin_frame(reader);
}

static void read_payload(struct frame_reader *reader, const char *data, size_t length)
{
    if (length > reader->left)
        length = (size_t)reader->left;
    reader->part = data;
    reader->part_length = length;
    reader->left -= length;
    if (frame_is_control(&reader->frame)) {
        memcpy(reader->control + reader->control_length, data, length);
        reader->control_length += length;
        reader->control[reader->control_length] = '\0';
    }
    if (reader->left == 0)
        end_frame(reader);
}

ssize_t frame_read(struct frame_reader *reader, const void *data, size_t length)
{
    const char *bytes = data;
    size_t at = 0;

    reader->begun = reader->ended = false;
    reader->part_length = 0;
    while (at < length && !reader->in_payload)
        if (read_header(reader, (uint8_t)bytes[at++]) < 0)
            return -EPROTO;
    if (reader->in_payload)
        read_payload(reader, bytes + at, length - at);
    return (ssize_t)(at + reader->part_length);
}

int frame_reader_append_part(const struct frame_reader *reader, struct buf *out)
{
    const struct frame *frame = &reader->frame;
    size_t length = reader->part_length;
    int r = length > 0 ? buf_append(out, reader->part, length) : 0;

    if (r == 0 && length > 0 && frame->masked)
        apply_mask(out->data + out->len - length, length, frame->mask, frame->length - reader->left - length);
    return r;
}

static size_t write_header(uint8_t header[FRAME_HEADER_MAX], enum frame_opcode opcode, size_t length)
{
    size_t extended = length > UINT16_MAX ? 8 : length >= LENGTH_IN_16 ? 2 : 0, i;

    header[0] = (uint8_t)(FINAL | opcode);
    header[1] = (uint8_t)(extended == 8 ? LENGTH_IN_64 : extended == 2 ? LENGTH_IN_16 : length);
    for (i = 0; i < extended; i++)
        header[2 + i] = (uint8_t)(length >> (8 * (extended - 1 - i)));
    return 2 + extended;
}

int frame_put(struct buf *out, enum frame_opcode opcode, bool masked, const void *payload, size_t length)
{
    uint8_t header[FRAME_HEADER_MAX], mask[4] = {0};
    size_t header_length = write_header(header, opcode, length), before = out->len;
    int r;

    if (masked) {
        if (getrandom(mask, sizeof(mask), 0) != (ssize_t)sizeof(mask))
            return -EIO;
        header[1] |= MASKED;
        memcpy(header + header_length, mask, sizeof(mask));
        header_length += sizeof(mask);
    }
    r = buf_append(out, header, header_length);
    if (r == 0)
        r = buf_append(out, payload, length);
    if (r < 0) {
        buf_truncate(out, before);
        return r;
    }
    apply_mask(out->data + before + header_length, length, mask, 0);
    return 0;
}

int frame_put_close(struct buf *out, bool masked, unsigned code, const char *reason)
{
    char payload[FRAME_CONTROL_MAX];
    size_t length = strlen(reason);

    if (length > sizeof(payload) - 2)
        return -EMSGSIZE;
    payload[0] = (char)(code >> 8);
    payload[1] = (char)(code & 0xff);
    memcpy(payload + 2, reason, length);
    return frame_put(out, FRAME_CLOSE, masked, payload, length + 2);
}

unsigned frame_close_code(const void *payload, size_t length)
{
    return length >= 2 ? (unsigned)number(payload, 2) : FRAME_CLOSE_NO_CODE;
}
