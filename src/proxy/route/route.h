/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of tbproxyd handles a request: forwarding to the server, or a response of its own. It depends on
 * the listener, too.
 */
#ifndef TB_PROXY_ROUTE_ROUTE_H
#define TB_PROXY_ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

/* Bits: a path may be on several. */
enum listener_kind {
    LISTENER_API = 1 << 0,        /* the addresses and the Unix socket of listen */
    LISTENER_API_STATUS = 1 << 1, /* beside the former, if status.on_api */
    LISTENER_ADMIN = 1 << 2,      /* admin.unix_path */
    LISTENER_ADMIN_TCP = 1 << 3,  /* admin.address */
};

enum route_kind {
    ROUTE_UNDECIDED,
    ROUTE_FORWARD,           /* to the server, with the session's credential */
    ROUTE_FORWARD_PAGE,      /* the same, for the pages of the server's Swagger UI */
    ROUTE_FORWARD_ANONYMOUS, /* to the server without it: the path contains a credential */
    ROUTE_TUNNEL,            /* to the server, as a WebSocket */
    ROUTE_LOGIN,             /* a placeholder token pair */
    ROUTE_LOGOUT,            /* does nothing: the shared session lives on */
    ROUTE_LIVE,
    ROUTE_READY,
    ROUTE_STARTUP,
    ROUTE_STATUS,
    ROUTE_METRICS,
    ROUTE_LIST,   /* what is on an admin listener */
    ROUTE_PAGE,   /* the status page */
    ROUTE_EVENTS, /* a stream of ROUTE_STATUS */
    ROUTE_TRACE,  /* a stream of requests */
    ROUTE_RENEW,  /* of the session */
    ROUTE_RELOAD, /* of the configuration */
    ROUTE_LOG_LEVEL,
    ROUTE_SPOOL_WRITE, /* what became of a write that the spool has taken */
    ROUTE_SPOOL_LIST,  /* rows of the spool */
    ROUTE_SPOOL_RETRY,
    ROUTE_SPOOL_DROP,
    ROUTE_PREFLIGHT,   /* a browser asks whether a page may send a request */
    ROUTE_SUBSCRIBE,   /* a stream of updates */
    ROUTE_NOT_ALLOWED, /* known path, other method */
    ROUTE_ELSEWHERE,   /* listeners of other kinds have it */
    ROUTE_UNKNOWN,     /* not forwarded */
};

struct route {
    enum route_kind kind;
    const char *allow; /* ROUTE_NOT_ALLOWED, ROUTE_PREFLIGHT: the methods */
    unsigned on;       /* ROUTE_ELSEWHERE: the kinds of listeners */
};

/* METHOD as a static string; NULL if it is not forwarded. */
const char *route_method(const char *method);

/* The route on a listener of the kinds LISTENER. */
struct route route_find(unsigned listener, const char *method, const char *path, size_t path_length);

/* The row after *POSITION (at first 0) of those on LISTENER that are for people who look after tbproxyd: sets
 * the texts, of which *ABOUT is a sentence. False: there is none. */
bool route_next_listed(unsigned listener, size_t *position, const char **method, const char **path,
                       const char **about);

/* Whether WebSockets of the server are at PATH. */
bool route_has_websocket(const char *path, size_t path_length);

/* That of a preflight, on any path. */
struct route route_preflight(void);

#endif
