/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a WebSocket (RFC 6455, section 5), of either side.
 */
#ifndef TB_HTTP_WEBSOCKET_FRAME_H
#define TB_HTTP_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stdint.h>

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
    FRAME_CLOSE_GOING_AWAY = 1001,
    FRAME_CLOSE_PROTOCOL_ERROR = 1002,
    FRAME_CLOSE_INVALID_DATA = 1007,
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

/* The header at the beginning of LENGTH bytes; whether it is masked as it must be is the caller's business.
 * 0; -EAGAIN: more bytes are needed; -EPROTO: it is none: a reserved bit (the one for compression only where
 * COMPRESSION was negotiated, and not on continuations and control frames), an unknown opcode, a control
 * frame that is fragmented or larger than FRAME_CONTROL_MAX, a length not written in the shortest way. */
int frame_parse(const void *data, size_t length, bool compression, struct frame *ret);

/* Applies MASK, or takes it off. */
void frame_mask(void *data, size_t length, const uint8_t mask[4]);

/* Appends a final frame that is not compressed; a client's is MASKED. 0, -EMSGSIZE, -ENOMEM; -EIO without
 * random numbers for the mask. */
int frame_put(struct buf *out, enum frame_opcode opcode, bool masked, const void *payload, size_t length);

/* Appends a close frame with this code and reason, of at most FRAME_CONTROL_MAX - 2 bytes. */
int frame_put_close(struct buf *out, bool masked, unsigned code, const char *reason);

/* The code in a close frame's payload; 1005 where it has none. */
unsigned frame_close_code(const void *payload, size_t length);

#endif
