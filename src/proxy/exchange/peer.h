/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of a client, beside what libmicrohttpd knows of it: whose it is, its end, and the
 * times after which it is closed: because nothing arrives, a header takes too long, or a body is too slow.
 */
#ifndef TB_PROXY_EXCHANGE_PEER_H
#define TB_PROXY_EXCHANGE_PEER_H

#include <microhttpd.h>

#include "base/loop.h"
#include "proxy/exchange/principal.h"
#include "proxy/route/route.h"

struct exchange;
struct services;

/* From the first byte of a header to its end. */
#define PEER_HEADER_MAX_MS 10000

/* Least bytes of a body in each listen.idle_timeout_s in which only the client is waited for. */
#define PEER_LEAST_BYTES (64 * 1024)

/* What libmicrohttpd has to do for the connections of a listener. */
struct listener_work {
    bool pending;       /* it has to run, although there may be no event */
    unsigned served;    /* requests that it is receiving or answering; it says itself when to run for them */
    unsigned timeout_s; /* of its connections */
};

enum peer_end {
    PEER_OPEN,
    PEER_MAY_READ, /* TCP: it sends no more; it is gone, or still reads */
    PEER_GONE,
};

/* Connections that share a number of places. */
struct connection_share {
    struct quota *places;
    struct list *idle; /* those without a request, the one that has been idle longest first */
};

struct peer {
    struct watch watch; /* what it sends, and its end */
    struct services *services;
    struct MHD_Connection *connection;
    enum listener_kind kind; /* of its listener */
    unsigned port;           /* of its listener; 0: a Unix socket */
    struct listener_work *work;
    struct exchange *exchange; /* its request under way; NULL: none */
    bool hastened;             /* its timeout is not that of the others */
    bool unread;               /* something has come since its request began */
    enum peer_end end;
    struct principal *principal;
    struct allowance *allowance;       /* of what it asks for now; NULL: its policy has no bounds */
    struct allowance *connected_under; /* in which it counts as a connection; NULL: in none */
    unsigned reloads;                  /* principals.reloads when the former was looked up */
    unsigned client_port;              /* at its own end; 0: a Unix socket */
    uint64_t last_round[2];            /* queue_item.last_round; that of the device API apart */
    uint64_t number;                   /* connections are numbered from 1 */
    int64_t active_ms;  /* when it last sent something, or its last request ended; boot clock */
    const char *memory; /* where its last request line began; NULL: none, or idle_memory.h gave it back */
    struct timer check; /* until its times are checked */
    struct list idle;   /* in share.idle while it has no request with a complete header */
    struct connection_share share; /* in which it counts */
    int64_t header_ms;             /* when the header under way began; 0: none is; boot clock */
    int64_t period_ms;             /* when the period began in which the least rate counts; boot clock */
    size_t moved;                  /* bytes of bodies in this period, from and to it */
    bool gave_way;                 /* it no longer counts as its principal's, and is about to be closed */
    bool closing;                  /* tbproxyd has ended its side, and serves no further request */
};

/* Who has connected. */
struct newcomer {
    enum listener_kind kind;
    struct principal *principal;
    struct allowance *allowance;   /* NULL: its policy has no bounds */
    struct connection_share share; /* in which it counts */
    unsigned port;                 /* at its own end; 0: a Unix socket */
    bool has_place;                /* it counts as a connection; peer_new() takes that over */
};

/* A connection has been accepted. Returns NULL if there is no memory. */
struct peer *peer_new(struct services *services, struct MHD_Connection *connection, unsigned port,
                      struct listener_work *work, struct newcomer *newcomer);

/* The connection has been closed. PEER may be NULL. */
void peer_free(struct peer *peer);

/* Makes libmicrohttpd write the response before it reads. The connection is about to be resumed. */
void peer_hasten(struct peer *peer);

/* The header of a request is complete. */
void peer_request_began(struct peer *peer);

/* A request has ended: the idle time begins. */
void peer_request_ended(struct peer *peer);

/* BYTES of a body came from the client, or were passed on to it. */
static inline void peer_moved(struct peer *peer, size_t bytes)
{
    peer->moved += bytes;
}

/* From now on the client is waited for: its least rate counts. */
void peer_is_waited_for(struct peer *peer);

/* Its connection is a WebSocket now, which has no least rate. */
void peer_upgraded(struct peer *peer);

/* Whether something has come that has not been read. */
bool peer_has_unread(const struct peer *peer);

/* Closes the connection, which has no request, to make room for another. */
void peer_give_way(struct peer *peer);

/* Closes the connection at once. libmicrohttpd notices. */
void peer_cut_off(struct peer *peer);

/* Resets it, if it is a TCP connection: what the client has got of its response is not whole. */
void peer_reset(struct peer *peer);

/* "tcp", "unix", "admin" or "admin-tcp". */
const char *peer_listener_name(const struct peer *peer);

#define PEER_NAME_MAX (PRINCIPAL_NAME_MAX + 16)

/* "uid:1000 port 41234"; without a port over a Unix socket. */
void peer_name(const struct peer *peer, char *ret, size_t size);

/* Its uid; PRINCIPAL_UNKNOWN. */
static inline int64_t peer_user(const struct peer *peer)
{
    return peer->principal->user;
}

#endif
