/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets of local clients to the server's endpoints below /api/ws. A WebSocket authenticates by its
 * first message at /api/ws itself (auth_command.h), and by ?token= at the other paths. tbproxyd does both
 * itself, with the session's JWT (websocket_token.h). A client's own authentication is thrown away, together
 * with the whole query, because the server takes whatever follows the first "token=" anywhere in it for a
 * token.
 *
 *     tunnel_begin() -> a token -> the server's 101 is verified -> 101 to the client -> bytes pass -> the
 * end
 *
 * If the server answers with anything but 101, that is the response to the client. Frames from the server
 * pass unchanged, frames to it through frame_filter.h. Nothing is timed out: the server pings.
 *
 * Memory: "up" is from the client to the server, with the buffers of frame_filter.h; "down" is from the
 * server to the client, with TUNNEL_CHUNK_BYTES; and the buffers of websocket.h. A side is not read while
 * anything waits for the other side, so that its sending stops. All tunnels together move so much in a turn
 * of the loop, and take turns (tasks.h). At most one tunnel for each local connection
 * (listen.max_connections); those of one principal are opened at a pace (principal.h).
 */
#ifndef TB_PROXY_WEBSOCKET_TUNNEL_H
#define TB_PROXY_WEBSOCKET_TUNNEL_H

#include "base/fifo.h"
#include "http/websocket_frame.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/tasks.h"
#include "proxy/websocket/frame_filter.h"
#include "upstream/websocket.h"
#include "upstream/websocket_token.h"

#define TUNNEL_CHUNK_BYTES 16384 /* read at a time from either side */

/* How long each side has after a close frame, to answer it and to take what is left. */
#define TUNNEL_LINGER_MS 5000

enum tunnel_state {
    TUNNEL_WAITING,    /* for a token */
    TUNNEL_CONNECTING, /* waiting for the server's answer */
    TUNNEL_UPGRADING,  /* the 101 is on its way to the client */
    TUNNEL_OPEN,
    TUNNEL_ENDED,
};

struct tunnel {
    struct exchange *exchange;
    struct services *services;
    enum tunnel_state state;
    bool by_command;                /* authenticates by a message, not in the target */
    struct allowance *opened_under; /* in which it counts; NULL: in none */
    struct websocket_token_wait websocket_token;
    struct headers headers; /* of the handshake with the server */
    struct websocket websocket;

    struct MHD_UpgradeResponseHandle *handle;
    struct watch client;          /* the client's socket */
    struct timer handshake_timer; /* until its turn to begin has come */
    struct task task;             /* tunnel_pump() */
    struct timer linger;

    struct frame_filter filter;
    struct fifo up;             /* waiting for the server: whole frames */
    struct frame_reader reader; /* of the server's frames */
    struct fifo down;           /* waiting for the client */

    enum frame_close_code close_code; /* of tbproxyd's own close frame; 0: none */
    bool client_got_close;            /* the client has got that close frame, or the server's before it */
    bool passed_close;                /* the client has got the server's close frame */
    bool down_ended;                  /* the client has got the end of the stream */
    bool client_ended, client_lost;   /* the client: sends no more; has lost its connection */
    bool broken;                      /* what the client sends is no longer read */
    bool server_ended;

    size_t handled; /* bytes, by this tunnel_pump() */
};

/* Whether a GET with these headers is the handshake of a WebSocket. UPGRADE and CONNECTION are their values,
 * or NULL. */
bool tunnel_is_wanted(const char *upgrade, const char *connection);

extern const struct handler websocket_handler;

/* The number of open tunnels. */
size_t tunnel_count(const struct services *services);

/* ---- in tunnel_handshake.c ---- */

/* Checks the client's handshake, gets a token and opens the server's WebSocket; or responds with an error.
 */
void tunnel_handshake(struct tunnel *tunnel);

/* Its turn has come (principal_next_handshake_ms()). */
void tunnel_begin_handshake(struct tunnel *tunnel);

/* ---- in tunnel_pump.c ---- */

/* The step of its task: moves at most one message or TUNNEL_CHUNK_BYTES each way, and ends the tunnel when
 * both sides are done. Returns how many bytes it has handled. */
size_t tunnel_pump(struct task *task);

/* Sends a close frame in both directions. */
void tunnel_close(struct tunnel *tunnel, enum frame_close_code code, const char *reason);

/* Gives the tunnel TUNNEL_LINGER_MS to end. */
void tunnel_linger(struct tunnel *tunnel);

/* ---- in tunnel.c ---- */

/* The callback of reply_upgrade(): the client's handshake is done. */
void tunnel_upgraded(void *arg, struct MHD_Connection *connection, void *context, const char *extra,
                     size_t extra_length, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle);

/* Closes both connections. */
void tunnel_end(struct tunnel *tunnel, const char *reason);

#endif
