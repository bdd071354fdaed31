/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of tbproxyd handles a request: forwarding to the server, or a response of its own.
 */
#ifndef TB_PROXY_ROUTE_ROUTE_H
#define TB_PROXY_ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

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
    ROUTE_STATUS,
    ROUTE_METRICS,
    ROUTE_PREFLIGHT,   /* a browser asks whether a page may send a request */
    ROUTE_SUBSCRIBE,   /* a stream of updates */
    ROUTE_NOT_ALLOWED, /* known path, other method */
    ROUTE_UNKNOWN,     /* not forwarded */
};

struct route {
    enum route_kind kind;
    const char *allow; /* ROUTE_NOT_ALLOWED, ROUTE_PREFLIGHT: the methods */
};

/* METHOD as a static string; NULL if it is not forwarded. */
const char *route_method(const char *method);

struct route route_find(const char *method, const char *path, size_t path_length);

/* Whether WebSockets of the server are at PATH. */
bool route_has_websocket(const char *path, size_t path_length);

/* That of a preflight, on any path. */
struct route route_preflight(void);

#endif
