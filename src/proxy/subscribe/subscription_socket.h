/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbproxyd's own WebSocket to the server, /api/ws: it authenticates by authCmd with the session's JWT, sends
 * commands and receives messages, both JSON text. Pings are answered, and sent if the server is silent, so
 * that a lost connection is noticed.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_SOCKET_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_SOCKET_H

#include "http/websocket_frame.h"
#include "upstream/websocket.h"
#include "upstream/websocket_token.h"

#define SUBSCRIPTION_SOCKET_MESSAGE_BYTES (4 * 1024 * 1024) /* most of a message from the server */
#define SUBSCRIPTION_SOCKET_COMMAND_BYTES 32768             /* most of a command; the server takes no more */
#define SUBSCRIPTION_SOCKET_OUT_BYTES     (1024 * 1024)     /* commands that wait to be sent */
#define SUBSCRIPTION_SOCKET_READS         32                /* of 16 KiB, before others get their turn */
#define SUBSCRIPTION_SOCKET_QUIET_MS      5000              /* of silence until the server is pinged */
#define SUBSCRIPTION_SOCKET_LOST_MS       20000 /* of silence until the connection is taken for lost */

struct subscription_socket {
    /* The owner's part. After opened(), commands can be sent. message() gets a message; CUT: only its
     * beginning, because it is larger than SUBSCRIPTION_SOCKET_MESSAGE_BYTES. If it returns less than 0, the
     * message is lost for want of memory, and so is the socket then. lost(): the socket is closed,
     * and not by its owner; REASON has no secret. Each of them may close the socket. */
    void (*opened)(struct subscription_socket *socket);
    int (*message)(struct subscription_socket *socket, const char *text, size_t length, bool cut);
    void (*lost)(struct subscription_socket *socket, const char *reason);

    struct upstream *upstream;
    struct websocket_token *websocket_token;
    bool is_open; /* from subscription_socket_open() until it is closed or lost */
    struct websocket_token_wait wait;
    struct websocket websocket;
    struct fifo out;    /* frames that wait to be sent */
    struct timer timer; /* for the next ping, or to go on reading */
    bool more;          /* there may be more to read */
    int64_t heard_ms;   /* when the server last sent something; boot clock */

    struct frame_reader reader;
    struct buf message_text; /* the message, as far as it has arrived */
    bool cut;                /* the message is larger than that */
};

void subscription_socket_init(struct subscription_socket *socket, struct upstream *upstream,
                              struct websocket_token *websocket_token);

/* Opens it. TIMEOUT_MS is for the handshake. lost() may be called before this returns. */
void subscription_socket_open(struct subscription_socket *socket, int64_t timeout_ms);

/* Sends a command. Returns 0, -EMSGSIZE if it is larger than SUBSCRIPTION_SOCKET_COMMAND_BYTES or there is no
 * room for it, -ENOMEM or -EIO. A lost connection is reported later, by lost(). */
int subscription_socket_send(struct subscription_socket *socket, const char *text, size_t length);

/* Closes it, with a close frame if that can be sent at once. Harmless if it is closed. */
void subscription_socket_close(struct subscription_socket *socket);

#endif
