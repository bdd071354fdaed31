/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session of tbproxyd's own on the server's WebSocket API, /api/ws: authenticated by authCmd with the
 * session's JWT, commands in one direction, messages of JSON text in the other. Pings are answered, and sent
 * where the server is quiet, so that a lost connection is noticed.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_SOCKET_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_SOCKET_H

#include "http/websocket_frame.h"
#include "upstream/websocket.h"
#include "upstream/websocket_token.h"

#define SUBSCRIPTION_SOCKET_MESSAGE_BYTES (4 * 1024 * 1024) /* of the server */
#define SUBSCRIPTION_SOCKET_COMMAND_BYTES 32768             /* what the server takes; beyond: close 1009 */
#define SUBSCRIPTION_SOCKET_OUT_BYTES     (1024 * 1024)     /* commands that are not sent yet */
#define SUBSCRIPTION_SOCKET_READS         32                /* of 16 KiB, before others have their turn */
#define SUBSCRIPTION_SOCKET_QUIET_MS      20000 /* then the server is pinged; it pings after 10 s */
#define SUBSCRIPTION_SOCKET_LOST_MS       60000 /* without a frame: the connection is lost */

struct subscription_socket {
    /* The owner's part. After opened(), commands can be sent. A message larger than
     * SUBSCRIPTION_SOCKET_MESSAGE_BYTES comes cut off, with CUT. lost(): it is closed, by whatever; REASON
     * holds no secret. Each may close the socket. */
    void (*opened)(struct subscription_socket *socket);
    void (*message)(struct subscription_socket *socket, const char *text, size_t length, bool cut);
    void (*lost)(struct subscription_socket *socket, const char *reason);

    struct upstream *upstream;
    struct websocket_token *websocket_token;
    bool is_open; /* begun, and not closed or lost */
    struct websocket_token_wait wait;
    struct websocket websocket;
    struct fifo out;    /* frames that are not sent yet */
    struct timer timer; /* quiet, or there is more to read */
    bool more;
    int64_t heard_ms; /* boot clock */

    struct frame_reader reader;
    struct buf message_text; /* as far as it was received */
    bool cut;                /* there was no room for all of it */
};

void subscription_socket_init(struct subscription_socket *socket, struct upstream *upstream,
                              struct websocket_token *websocket_token);

/* Begins; TIMEOUT_MS for the handshake. lost() may be called before this returns. */
void subscription_socket_open(struct subscription_socket *socket, int64_t timeout_ms);

/* Sends a command of LENGTH bytes, at most SUBSCRIPTION_SOCKET_COMMAND_BYTES. 0, -EMSGSIZE, -ENOMEM, -EIO; a
 * connection that is lost is told of later. */
int subscription_socket_send(struct subscription_socket *socket, const char *text, size_t length);

/* Closes it, with a close frame where that can be sent at once. Harmless where it is closed. */
void subscription_socket_close(struct subscription_socket *socket);

#endif
