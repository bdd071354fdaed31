/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rooms of the daemon share. daemon/ owns it, opens it before the first exchange and closes it after
 * the last. Used by the loop's thread only.
 */
#ifndef TB_PROXY_EXCHANGE_SERVICES_H
#define TB_PROXY_EXCHANGE_SERVICES_H

#include "base/list.h"
#include "base/loop.h"
#include "base/quota.h"
#include "proxy/config/config.h"
#include "proxy/metrics/metrics.h"
#include "upstream/budget.h"
#include "upstream/request.h"
#include "upstream/server_version.h"
#include "upstream/upstream.h"
#include "upstream/websocket_token.h"

struct forward;
struct subscriptions;

struct services {
    struct config *config;
    struct loop loop;
    struct upstream upstream;
    struct request_options request_options;      /* of programs' requests, which upstream_call.c retries */
    struct request_options own_request_options;  /* of the daemon's own, which request.c retries */
    struct websocket_token websocket_token;      /* that the daemon's WebSockets authenticate with */
    struct budget budget;                        /* of what is sent with the session's credential */
    const struct server_version *server_version; /* of the server in use, as far as it is known */
    struct metrics *metrics;
    struct quota bodies;   /* bytes of requests and responses in memory (limits.max_buffered_bytes) */
    struct list exchanges; /* all of them */
    uint64_t peers;        /* local connections so far */
    size_t open_peers;     /* and now */
    bool draining;         /* no new connections; ends when no exchange is left */
    bool stopping;         /* the drain is over: nothing is sent any more */

    /* The state of a room, which it alone looks into. */
    struct forward *forward;
    struct subscriptions *subscriptions;
};

/* The daemon's state in one word, "ready" if requests can be answered, and the reason for any other; "" if
 * there is none. */
const char *services_state(const struct services *services);
const char *services_reason(const struct services *services);

#endif
