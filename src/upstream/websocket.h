/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of one WebSocket connection (RFC 6455): connects as all transfers do (TLS, proxy and
 * socket path are the transport's), makes the opening handshake, and carries bytes. Frames are the owner's
 * business.
 *
 * Sending and receiving never block: both say -EAGAIN, and then ready() is called when it is worth trying
 * again. An owner that does not receive makes the kernel's buffers fill up and the server wait; nothing is
 * read in advance. Callbacks come from the loop or from transport_run(), never from one of the functions
 * here, and each may close the connection.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_H
#define TB_UPSTREAM_WEBSOCKET_H

#include "upstream/transport.h"
#include "upstream/websocket_handshake.h"

/* Taken by websocket_send() and not yet by the kernel. The handshake fits, too. */
#define WEBSOCKET_SEND_BYTES 32768

enum websocket_state {
    WEBSOCKET_CLOSED,
    WEBSOCKET_CONNECTING,
    WEBSOCKET_HANDSHAKE, /* it is being sent, or the answer awaited */
    WEBSOCKET_OPEN,
};

/* The caller fills the first part and keeps the structure until it was closed. What the pointers point to is
 * needed by websocket_open() only. */
struct websocket {
    const char *target;               /* origin-form: path and query; may hold a token */
    const struct curl_slist *headers; /* further lines of the handshake, "Name: value": credentials,
                                         User-Agent, Sec-WebSocket-Protocol and -Extensions; NULL: none */
    int64_t timeout_ms;               /* from websocket_open() to the end of the handshake */
    /* The server's 101 is verified; its header is in transfer.response. */
    void (*opened)(struct websocket *websocket);
    /* It did not come to that, and the connection is closed: what came instead is in transfer, as with any
     * other request: status, response, response_body; or status 0, error and detail. */
    void (*refused)(struct websocket *websocket);
    /* Since -EAGAIN something may have changed. It also comes without need. */
    void (*ready)(struct websocket *websocket);

    struct transfer transfer; /* connects, and holds the answer to the handshake */
    enum websocket_state state;
    struct transport *transport;
    struct loop *loop;
    struct watch watch;
    struct timer timer;
    struct handshake handshake;
    struct fifo out;
};

/* Starts it; the structure is all zeros but for its first part. 0; -ENOMEM; -EMSGSIZE where the handshake is
 * larger than WEBSOCKET_SEND_BYTES; -EINVAL where a line of it would end before its end. After an error it is
 * closed. */
int websocket_open(struct websocket *websocket, struct loop *loop, struct transport *transport);

/* Hands over the first of LENGTH bytes, at least one: 0 and how many. -EAGAIN: not now, because others have
 * not been sent yet; -EPIPE: the connection is lost; -ENOMEM. */
int websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret);

/* How many bytes were handed over that the kernel has not taken yet. */
size_t websocket_unsent(const struct websocket *websocket);

/* At most SIZE bytes: 0 and how many, 0 of them at the end of the stream. -EAGAIN: none now; -EPIPE: the
 * connection is lost. */
int websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret);

/* Closes the connection at once, without a close frame, and frees what the structure holds. Harmless where it
 * is closed. */
void websocket_close(struct websocket *websocket);

#endif
