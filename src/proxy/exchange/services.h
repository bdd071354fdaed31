/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rooms of the daemon share. src/proxy/daemon owns it, opens it before the first exchange and closes
 * it after the last. Used only by the thread of the loop.
 */
#ifndef TB_PROXY_EXCHANGE_SERVICES_H
#define TB_PROXY_EXCHANGE_SERVICES_H

#include "base/list.h"
#include "base/loop.h"
#include "proxy/config/config.h"
#include "proxy/exchange/failure_log.h"
#include "proxy/exchange/failures.h"
#include "proxy/exchange/principal.h"
#include "proxy/exchange/tasks.h"
#include "proxy/metrics/metrics.h"
#include "upstream/budget.h"
#include "upstream/request.h"
#include "upstream/server_state.h"
#include "upstream/server_version.h"
#include "upstream/upstream.h"
#include "upstream/websocket_token.h"

struct forward;
struct handler;
struct spool;
struct status_events;
struct subscriptions;

struct services {
    struct config *config;
    struct loop loop;
    struct upstream upstream;
    struct server_state server;                  /* what people are told of it */
    struct request_options request_options;      /* of clients' requests; forward/ retries them */
    struct request_options own_request_options;  /* of tbproxyd's own; its retry is that of both */
    struct websocket_token websocket_token;      /* for WebSockets to the server */
    struct budget budget;                        /* of requests with the session's credential */
    const struct server_version *server_version; /* of the server in use, if known */
    struct metrics *metrics;
    struct list exchanges; /* all exchanges */
    struct principals principals;
    struct tasks tasks;
    struct failures failures; /* requests that failed lately */
    struct failure_log failure_log;
    struct list tracers;    /* who watches requests (trace.h) */
    uint64_t peers;         /* connections of clients so far */
    size_t open_peers;      /* open ones */
    const char *admin_path; /* of the admin socket; NULL: there is none */
    int64_t started_ms;     /* boot clock */
    bool was_ready;         /* there has been a session */
    bool draining;          /* no new connections; the daemon ends when no exchange is left */
    bool stopping;          /* the time to drain is over: nothing more is sent to the server */

    /* The states of rooms. */
    struct forward *forward;
    struct spool *spool; /* NULL: there is none */
    struct subscriptions *subscriptions;
    struct status_events *status_events;

    const struct handler *actions; /* of requests that change something: ROUTE_RENEW, ... */
};

#endif
