/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets of local programs to the server's endpoint below /api/ws, of two kinds: at /api/ws the server is
 * told who we are by a first message (auth_command.h), elsewhere by ?token=. tbproxyd does both itself, with
 * the session's JWT (websocket_token.h); what a program says of that is thrown away, with the whole query,
 * because the server takes for a token what follows the first "token=" anywhere in it.
 *
 *     tunnel_begin() -> a token is there -> the server's 101 is verified -> 101 -> bytes pass -> one side
 * ends
 *
 * What comes instead of 101 is the program's answer. Frames from the server pass unchanged, frames to it by
 * frame_filter.h. Nothing is timed out: the server pings.
 *
 * Memory: TUNNEL_CHUNK_BYTES down, what frame_filter.h says up, and the buffers of websocket.h; who cannot
 * get rid of them reads no more, so that the other side's sending stops. At most as many tunnels as local
 * connections (listen.max_connections).
 */
#ifndef TB_PROXY_WEBSOCKET_TUNNEL_H
#define TB_PROXY_WEBSOCKET_TUNNEL_H

#include "base/fifo.h"
#include "http/websocket_frame.h"
#include "proxy/exchange/exchange.h"
#include "proxy/websocket/frame_filter.h"
#include "upstream/websocket.h"
#include "upstream/websocket_token.h"

#define TUNNEL_CHUNK_BYTES 16384 /* read at once from either side */

/* After a close frame each side has so long to answer it and to take what is left. */
#define TUNNEL_LINGER_MS 5000

enum tunnel_state {
    TUNNEL_WAITING,    /* for a token */
    TUNNEL_CONNECTING, /* until the server's answer */
    TUNNEL_ANSWERED,   /* the 101 is on its way to the program */
    TUNNEL_OPEN,
    TUNNEL_ENDED,
};

struct tunnel {
    struct exchange *exchange;
    struct services *services;
    enum tunnel_state state;
    bool by_command; /* authenticated by a message, not in the target */
    struct websocket_token_wait websocket_token;
    struct headers headers; /* of the handshake */
    struct websocket websocket;

    struct MHD_UpgradeResponseHandle *handle;
    struct watch client; /* the program's socket */
    struct timer again;  /* there is more to do, but others come first */
    struct timer linger;

    struct frame_filter filter;
    struct fifo up;             /* for the server: whole frames */
    struct frame_reader reader; /* of what the server sends */
    struct fifo down;           /* for the program */

    enum frame_close_code close_code; /* that tbproxyd ends it with; 0: it does not */
    bool told_client;                 /* of that, or the server's own close frame went before */
    bool passed_close;                /* the server's */
    bool down_ended;                  /* the program got the end of the stream */
    bool client_ended, client_lost;   /* it sends no more; it reads no more */
    bool broken;                      /* what it sends is not looked at any more */
    bool server_ended;
};

/* Whether a GET of PATH is a handshake of a WebSocket that is tunnelled; UPGRADE and CONNECTION: those
 * headers, or NULL. */
bool tunnel_is_wanted(const char *path, size_t path_length, const char *upgrade, const char *connection);

extern const struct handler websocket_handler;

/* How many are open. */
size_t tunnel_count(const struct services *services);

/* For tunnel.c, from here on in tunnel_pump.c. Moves what can be moved, and closes the tunnel when it is
 * over. */
void tunnel_pump(struct tunnel *tunnel);

/* Ends it with a close frame in both directions. */
void tunnel_close(struct tunnel *tunnel, enum frame_close_code code, const char *reason);

/* From now on it has TUNNEL_LINGER_MS to end. */
void tunnel_linger(struct tunnel *tunnel);

/* For tunnel_pump.c: both connections are to be closed. */
void tunnel_end(struct tunnel *tunnel, const char *reason);

#endif
