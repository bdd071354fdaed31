/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes the frames of a WebSocket (RFC 6455, section 5), of either side, with or without
 * permessage-deflate (RFC 7692). Nothing else knows how a frame is built. Lengths are in bytes.
 */
#ifndef TB_HTTP_WEBSOCKET_FRAME_H
#define TB_HTTP_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define FRAME_HEADER_MAX  14
#define FRAME_CONTROL_MAX 125 /* bytes of payload */

enum frame_opcode {
    FRAME_CONTINUATION = 0,
    FRAME_TEXT = 1,
    FRAME_BINARY = 2,
    FRAME_CLOSE = 8, /* from here on: control frames */
    FRAME_PING = 9,
    FRAME_PONG = 10,
};

/* RFC 6455, section 7.4.1. */
enum frame_close_code {
    FRAME_CLOSE_NORMAL = 1000,
    FRAME_CLOSE_GOING_AWAY = 1001,
    FRAME_CLOSE_PROTOCOL_ERROR = 1002,
    FRAME_CLOSE_NO_CODE = 1005, /* never sent: a close frame without a code */
    FRAME_CLOSE_INVALID_DATA = 1007,
    FRAME_CLOSE_POLICY = 1008,
    FRAME_CLOSE_TOO_LARGE = 1009,
    FRAME_CLOSE_INTERNAL_ERROR = 1011,
};

struct frame {
    enum frame_opcode opcode;
    bool final;
    bool compressed; /* RSV1 (RFC 7692): the message that begins with it is */
    bool masked;
    uint8_t mask[4];
    uint64_t length; /* of the payload */
    size_t header_length;
};

/* Reads what one side sends, in pieces of any size. Zeroed memory, but for the first three members. */
struct frame_reader {
    bool masked;      /* what a client sends; what a server sends is not */
    bool compression; /* was negotiated */
    bool any_order;   /* whoever puts messages together checks that their frames are in order */

    /* What frame_read() found. Payloads are as they came: still masked. */
    struct frame frame; /* the last one whose header is complete */
    bool begun;         /* by this call: its header was completed */
    bool ended;         /* by this call: its last byte was read */
    bool in_payload;    /* its header is complete, and more of its payload is to come */
    const char *part;   /* of its payload: what this call read */
    size_t part_length;
    uint8_t header[FRAME_HEADER_MAX];    /* its header, until the next one begins */
    char control[FRAME_CONTROL_MAX + 1]; /* of a control frame: the payload read so far, and a NUL */
    size_t control_length;
    uint64_t count; /* frames that have ended */
    bool closed;    /* one of them was a close frame */

    /* For the reader alone. */
    size_t header_read;
    uint64_t left;   /* of the payload */
    bool in_message; /* a message has begun and is to be continued */
};

static inline bool frame_is_control(const struct frame *frame)
{
    return frame->opcode >= FRAME_CLOSE;
}

/* Reads DATA at most to the end of the frame under way. Returns how many of its LENGTH bytes were read, all
 * of them unless the frame has ended; or -EPROTO, as soon as that is certain, after which nothing more can be
 * read: a mask that is missing or should be, a reserved bit (that for compression only if it was negotiated,
 * and on the first frame of a message), an unknown opcode, a control frame that is fragmented or larger than
 * FRAME_CONTROL_MAX, a length not written in the shortest way; and unless any_order is set, a continuation of
 * nothing and a new message before the end of the last one. */
ssize_t frame_read(struct frame_reader *reader, const void *data, size_t length);

/* Whether the bytes read so far end between two frames. */
bool frame_reader_is_between(const struct frame_reader *reader);

/* Appends the part of the payload that frame_read() read, without the mask. 0, -EMSGSIZE or -ENOMEM. */
int frame_reader_append_part(const struct frame_reader *reader, struct buf *out);

/* Appends a final, uncompressed frame; a client's is MASKED. 0, -EMSGSIZE, -ENOMEM, or -EIO if there are no
 * random numbers for the mask; OUT is unchanged on error. */
int frame_put(struct buf *out, enum frame_opcode opcode, bool masked, const void *payload, size_t length);

/* The same for a close frame. REASON has FRAME_CONTROL_MAX - 2 bytes at most; else -EMSGSIZE. */
int frame_put_close(struct buf *out, bool masked, unsigned code, const char *reason);

/* The code in the payload of a close frame; FRAME_CLOSE_NO_CODE if it has none. */
unsigned frame_close_code(const void *payload, size_t length);

#endif
