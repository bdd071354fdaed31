/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a local program, beside what libmicrohttpd keeps of it: who it is, its end, and the time
 * after which it is closed because nothing arrives.
 */
#ifndef TB_PROXY_EXCHANGE_PEER_H
#define TB_PROXY_EXCHANGE_PEER_H

#include <microhttpd.h>

#include "base/loop.h"

struct exchange;
struct services;

enum peer_end {
    PEER_OPEN,
    PEER_MAY_READ, /* TCP: it sends no more, and is gone or still reads */
    PEER_GONE,
};

struct peer {
    struct watch watch; /* of what it sends, and of its end */
    struct services *services;
    struct MHD_Connection *connection;
    unsigned port; /* of the listener that it came to; 0: a Unix socket */
    bool *pending; /* set: that listener's libmicrohttpd has something to do that no event tells of */
    struct exchange *exchange; /* the request that it waits for; NULL: none */
    enum peer_end end;
    int64_t user;      /* uid at the other end of a Unix socket; -1: TCP */
    uint64_t number;   /* counts connections */
    int64_t active_ms; /* when it sent something, or its last answer ended; boot clock */
    struct timer idle; /* runs while no request is under way: none, or a header that is not complete */
    bool closing;      /* it has been told the end; no request of it is served any more */
};

/* A connection has begun; NULL without memory. */
struct peer *peer_new(struct services *services, struct MHD_Connection *connection, unsigned port,
                      bool *pending);

/* It has been closed. NULL is allowed. */
void peer_free(struct peer *peer);

/* Its request has ended, so that the idle time begins. */
void peer_request_ended(struct peer *peer);

/* Closes it at once; libmicrohttpd notices. */
void peer_cut_off(struct peer *peer);

/* Whom the queue treats fairly: a user of the Unix socket, else a connection. The device API, which the
 * server counts by itself, is apart. CLIENT may be NULL. */
uint64_t peer_flow(const struct peer *peer, bool device_api);

#define PEER_NAME_MAX 32

/* "uid:1000", or "tcp:7" for the seventh connection. */
void peer_flow_name(uint64_t flow, char *ret, size_t size);

#endif
