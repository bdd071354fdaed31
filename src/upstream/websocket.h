/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of one WebSocket connection (RFC 6455): connects as all transfers do (TLS, proxy and
 * socket path are the transport's), makes the opening handshake, and carries bytes. The owner reads and
 * writes the frames.
 *
 * Sending and receiving never block: both return -EAGAIN, and ready() is called when it is worth trying
 * again. If the owner does not receive, the kernel's buffers fill up and the server waits; nothing is read in
 * advance. Callbacks come from the loop or from transport_run(), never from one of the functions here, and
 * each may close the connection. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_H
#define TB_UPSTREAM_WEBSOCKET_H

#include "transport/connection.h"
#include "transport/transport.h"
#include "upstream/websocket_handshake.h"

#define WEBSOCKET_SEND_BYTES    32768 /* taken by websocket_send() and not yet by the kernel */
#define WEBSOCKET_REFUSAL_BYTES 65536 /* of the body of an answer that is not 101 */

enum websocket_state {
    WEBSOCKET_CLOSED,
    WEBSOCKET_CONNECTING, /* the connection or the answer to the handshake is awaited */
    WEBSOCKET_OPEN,
};

/* The caller fills the first part and keeps the structure until it is closed. What the pointers point to is
 * only needed by websocket_open(). */
struct websocket {
    const char *target;         /* origin-form: path and query; may hold a token */
    const char *const *headers; /* further lines of the handshake, "Name: value", ended by NULL: credentials,
                                   User-Agent, Sec-WebSocket-Protocol and -Extensions; NULL: none */
    int64_t timeout_ms;         /* from websocket_open() to the end of the handshake */
    /* The server's 101 is verified; its header is in transfer.response. */
    void (*opened)(struct websocket *websocket);
    /* The handshake failed, and the connection is closed. As for any other request, transfer has the answer
     * (status, response, response_body), or status 0, error and detail. */
    void (*refused)(struct websocket *websocket);
    /* Something may have changed since -EAGAIN. May be called without need. */
    void (*ready)(struct websocket *websocket);

    struct transport *transport;
    struct transfer transfer; /* the handshake and its answer */
    enum websocket_state state;
    struct connection *connection; /* once it is open */
    struct handshake handshake;
    char *own_target;
    struct fifo out;
};

/* Starts it; the structure is all zeros except its first part. Returns 0; -ENOMEM; -EMSGSIZE if the handshake
 * is larger than HANDSHAKE_REQUEST_BYTES; -EINVAL if a line of it contains a control byte. After an error it
 * is closed. */
int websocket_open(struct websocket *websocket, struct transport *transport);

/* Hands over the first of LENGTH bytes, at least one: 0 and how many. -EAGAIN: not now, because others have
 * not been sent yet; -EPIPE: the connection is lost; -ENOMEM. */
int websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret);

/* How many bytes were taken and have not been passed to the kernel yet. */
size_t websocket_unsent(const struct websocket *websocket);

/* Receives at most SIZE bytes: returns 0 and how many, 0 of them at the end of the stream. -EAGAIN: none now;
 * -EPIPE: the connection is lost. */
int websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret);

/* Closes the connection at once, without a close frame, and frees what the structure holds. Harmless if it is
 * closed. */
void websocket_close(struct websocket *websocket);

#endif
