/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program sends to the server through a WebSocket, on its way: frames are checked, and authCmd is
 * taken out of the messages. Everything else goes on byte for byte: a message when it is complete, a control
 * frame at once.
 *
 * Messages compressed by permessage-deflate (RFC 7692) are inflated to be looked at, all of them, because
 * each can refer to those before. Where one was changed the server's window is no longer the program's: from
 * then on they go to the server uncompressed.
 */
#ifndef TB_PROXY_WEBSOCKET_FRAME_FILTER_H
#define TB_PROXY_WEBSOCKET_FRAME_FILTER_H

#include <zlib.h>

#include "base/fifo.h"
#include "http/websocket_frame.h"

/* The server takes 32,768 bytes and closes with 1009 beyond (docs/server-behaviour.md). Compressed or not. */
#define FRAME_FILTER_MESSAGE_BYTES 65536

/* A message with the headers of all its fragments. */
#define FRAME_FILTER_RAW_BYTES (2 * FRAME_FILTER_MESSAGE_BYTES)

/* What may be added at once: no less than what libmicrohttpd can have read before the WebSocket is open. */
#define FRAME_FILTER_ADD_BYTES 32768

/* What frame_filter_next() can append. */
#define FRAME_FILTER_OUT_BYTES (FRAME_FILTER_RAW_BYTES + FRAME_HEADER_MAX)

struct frame_filter {
    bool no_context; /* client_no_context_takeover: no message refers to another */
    bool closed;     /* the program's close frame went through: what follows is thrown away */
    struct fifo in;  /* not looked at yet */
    struct frame_reader reader;
    struct frame first; /* of the message under way */
    struct buf raw;     /* its frames as they came */
    struct buf payload; /* unmasked, still compressed */
    z_stream stream;
    bool inflating;   /* STREAM is in use */
    bool out_of_step; /* the server has not got all that the program compressed */
};

void frame_filter_init(struct frame_filter *filter);

/* At most FRAME_FILTER_ADD_BYTES more have come; frame_filter_next() has said 0 before. 0 or -ENOMEM. */
int frame_filter_add(struct frame_filter *filter, const void *data, size_t length);

/* Appends the next message or control frame to OUT: 1. 0: more is needed. An error ends the connection:
 * -EPROTO: it is no frame of a client, or not in its place; -EMSGSIZE: a message is too large; -EBADMSG: it
 * cannot be read, see auth_command.h; -ENOMEM. */
int frame_filter_next(struct frame_filter *filter, struct buf *out);

/* The close code for such an error. */
enum frame_close_code frame_filter_close_code(int error);

void frame_filter_free(struct frame_filter *filter);

#endif
