/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of a client, beside what libmicrohttpd knows of it: whose it is, its end, and the
 * time after which it is closed because nothing arrives.
 */
#ifndef TB_PROXY_EXCHANGE_PEER_H
#define TB_PROXY_EXCHANGE_PEER_H

#include <microhttpd.h>

#include "base/loop.h"
#include "proxy/exchange/principal.h"

struct exchange;
struct services;

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

struct peer {
    struct watch watch; /* what it sends, and its end */
    struct services *services;
    struct MHD_Connection *connection;
    unsigned port; /* of its listener; 0: a Unix socket */
    struct listener_work *work;
    struct exchange *exchange; /* its request under way; NULL: none */
    bool hastened;             /* its timeout is not that of the others */
    bool unread;               /* something has come since its request began */
    enum peer_end end;
    struct principal *principal;
    unsigned client_port;   /* at its own end; 0: a Unix socket */
    uint64_t last_round[2]; /* queue_item.last_round; that of the device API apart */
    uint64_t number;        /* connections are numbered from 1 */
    int64_t active_ms;      /* when it last sent something, or its last request ended; boot clock */
    const char *memory;     /* where its last request line began; NULL: none, or idle_memory.h gave it back */
    struct timer idle;      /* runs while no request has a complete header */
    bool closing;           /* tbproxyd has ended its side, and serves no further request */
};

/* Who has connected. */
struct newcomer {
    struct principal *principal;
    unsigned port; /* at its own end; 0: a Unix socket */
};

/* A connection has been accepted. Returns NULL if there is no memory. */
struct peer *peer_new(struct services *services, struct MHD_Connection *connection, unsigned port,
                      struct listener_work *work, const struct newcomer *newcomer);

/* The connection has been closed. PEER may be NULL. */
void peer_free(struct peer *peer);

/* Makes libmicrohttpd write the response before it reads. The connection is about to be resumed. */
void peer_hasten(struct peer *peer);

/* A request has ended: the idle time begins. */
void peer_request_ended(struct peer *peer);

/* Closes the connection at once. libmicrohttpd notices. */
void peer_cut_off(struct peer *peer);

/* Resets it, if it is a TCP connection: what the client has got of its response is not whole. */
void peer_reset(struct peer *peer);

/* Its uid; PRINCIPAL_UNKNOWN. */
static inline int64_t peer_user(const struct peer *peer)
{
    return peer->principal->user;
}

#endif
