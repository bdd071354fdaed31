/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who answers a request: the server, or tbproxyd itself.
 */
#ifndef TB_PROXY_ROUTE_ROUTE_H
#define TB_PROXY_ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

enum route_kind {
    ROUTE_UNDECIDED,
    ROUTE_FORWARD,           /* to the server, with the session's credential */
    ROUTE_FORWARD_PAGE,      /* the same; it is a page of the server's own, or belongs to one */
    ROUTE_FORWARD_ANONYMOUS, /* to the server without: the path carries a credential of its own */
    ROUTE_TUNNEL,            /* to the server, as a WebSocket; tunnel_is_wanted() */
    ROUTE_LOGIN,             /* a placeholder token pair */
    ROUTE_LOGOUT,            /* done by doing nothing: the shared session lives on */
    ROUTE_FORBIDDEN, /* the answer would give away a credential, or the request would change the shared one */
    ROUTE_LIVE,
    ROUTE_READY,
    ROUTE_STATUS,
    ROUTE_METRICS,
    ROUTE_SUBSCRIBE,   /* a stream of updates: sse.h */
    ROUTE_NOT_ALLOWED, /* known path, other method */
    ROUTE_UNKNOWN,     /* nothing that is forwarded */
};

struct route {
    enum route_kind kind;
    const char *allow; /* ROUTE_NOT_ALLOWED: the methods */
};

/* A text that lives for ever for METHOD; NULL: none that is forwarded. */
const char *route_method(const char *method);

struct route route_find(const char *method, const char *path, size_t path_length);

#endif
