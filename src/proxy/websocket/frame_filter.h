/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters what a client sends to the server through a WebSocket: frames are checked, and authCmd is removed
 * from messages. Everything else passes byte for byte: a message when it is complete, a control frame at
 * once.
 *
 * Messages compressed by permessage-deflate (RFC 7692) are inflated to be searched, all of them, because each
 * can refer to those before. After one was changed, the server's window differs from the client's, and
 * compressed messages go to the server uncompressed.
 */
#ifndef TB_PROXY_WEBSOCKET_FRAME_FILTER_H
#define TB_PROXY_WEBSOCKET_FRAME_FILTER_H

#include <zlib.h>

#include "base/fifo.h"
#include "http/websocket_frame.h"

/* Most bytes of a message, compressed or not. The server takes 32,768 and closes with 1009 beyond that
 * (docs/server-behaviour.md). */
#define FRAME_FILTER_MESSAGE_BYTES 65536

/* Most bytes of a message with the headers of all its fragments. */
#define FRAME_FILTER_RAW_BYTES (2 * FRAME_FILTER_MESSAGE_BYTES)

/* Most bytes of one frame_filter_add(): at least as many as libmicrohttpd can have read before the WebSocket
 * is open. */
#define FRAME_FILTER_ADD_BYTES 32768

/* Most bytes that frame_filter_next() can append. */
#define FRAME_FILTER_OUT_BYTES (FRAME_FILTER_RAW_BYTES + FRAME_HEADER_MAX)

struct frame_filter {
    bool no_context; /* client_no_context_takeover: no message refers to another */
    bool closed;     /* the client's close frame has passed: what follows is thrown away */
    size_t handled;  /* bytes of messages, inflated, that have been searched */
    struct fifo in;  /* not read yet */
    struct frame_reader reader;
    struct frame first; /* the current message's first frame */
    struct buf raw;     /* its frames, as they came */
    struct buf payload; /* its payload, unmasked but still compressed */
    z_stream stream;
    bool inflating;   /* STREAM is in use */
    bool out_of_step; /* the server's window lacks something that the client compressed */
};

void frame_filter_init(struct frame_filter *filter);

/* Adds bytes from the client, at most FRAME_FILTER_ADD_BYTES, after frame_filter_next() returned 0. Returns
 * 0 or -ENOMEM. */
int frame_filter_add(struct frame_filter *filter, const void *data, size_t length);

/* Reads one message or control frame, appends what passes of it to OUT, and returns 1, even if nothing
 * passes; or returns 0 if it needs more bytes. An error ends the connection: -EPROTO if a frame is invalid or
 * out of place, -EMSGSIZE if a message is too large, -EBADMSG if it cannot be read (auth_command.h), or
 * -ENOMEM. */
int frame_filter_next(struct frame_filter *filter, struct buf *out);

/* The close code for an error of frame_filter_next(). */
enum frame_close_code frame_filter_close_code(int error);

void frame_filter_free(struct frame_filter *filter);

#endif
