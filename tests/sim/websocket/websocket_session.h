/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WebSocket to /api/ws or /api/ws/plugins/telemetry: frames, authentication, pings. The thread of its
 * connection serves it; other threads queue messages and wake that thread. Called with the lock of struct
 * sim, unless said otherwise.
 */
#ifndef TB_SIM_WEBSOCKET_SESSION_H
#define TB_SIM_WEBSOCKET_SESSION_H

#include <wslay/wslay.h>

#include "sim/http/servlet_request.h"
#include "sim/subscription/telemetry_subscription.h"
#include "sim/websocket/permessage_deflate.h"

enum {
    MESSAGE_MAX = 32768, /* of a real server; a longer one ends the session with 1009 */
};

struct websocket {
    struct list link; /* in sim->websockets */
    struct sim *sim;
    uint64_t number;
    char *target;
    bool open;
    bool ended; /* its thread does not need it any more */
    int fd;
    int wake_fd; /* an eventfd: there is something to send, or an order */
    bool reset;  /* ordered: the connection ends with an RST */
    char *early; /* bytes that came together with the handshake */
    size_t early_len;
    wslay_event_context_ptr frames;
    struct deflater deflater;
    uint64_t message_length; /* of the message that is being received */
    struct user *user;       /* NULL: not authenticated yet */
    struct subscriptions subscriptions;
    json_t *received; /* an array of messages */
    uint64_t sent;
    uint64_t pongs;
    int64_t heard_ms; /* when the last pong came, or the session began */
    int pings;        /* sent since then */
    int closed;       /* the code of the client's close frame; 0: none */
};

/* A new WebSocket on a connection whose handshake is done; EARLY_LEN bytes at EARLY were read with it. */
struct websocket *websocket_open(struct sim *sim, const struct request *rq, int fd, const char *early,
                                 size_t early_len);
/* Checks the token, and closes with CODE if it is not good. */
void websocket_authenticate(struct websocket *ws, const char *token, int code);
/* Runs the session until it has ended. Called without the lock. */
void websocket_serve(struct websocket *ws);
/* Frees it. Its thread has ended it. */
void websocket_free(struct websocket *ws);

void websocket_send_text(void *websocket, const char *text, size_t length);
void websocket_send_ping(struct websocket *ws);
void websocket_send_close(struct websocket *ws, int code, const char *reason);
void websocket_wake(const struct websocket *ws);

#endif
