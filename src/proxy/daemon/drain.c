/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the daemon stops: no new connections, time for the requests under way to end, then 503 for the rest.
 */
#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/daemon/daemon.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/forward/body_stream.h"
#include "proxy/subscribe/sse.h"
#include "proxy/websocket/tunnel.h"

/* Responses that are queued when the time is over may still take this long to be written. */
#define LAST_WORDS_MS 500

static void end_event_streams(struct services *services)
{
    struct list *link;

    for (link = services->exchanges.next; link != &services->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (body_stream_is_endless(exchange))
            reply_stopping(exchange);
    }
}

void daemon_begin_drain(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    int64_t timeout_ms = services->config->limits.drain_timeout_ms;

    if (services->draining) {
        daemon->drain_until_ms = services->loop.now_ms; /* asked twice: at once */
        return;
    }
    services->draining = true;
    daemon->drain_until_ms = services->loop.now_ms + timeout_ms;
    sd_notify(0, "STOPPING=1");
    daemon_notify_status(daemon);
    log_info("stopping: requests under way have %" PRId64 " ms to end", timeout_ms);
    listeners_quiesce(&daemon->listeners);
    end_event_streams(services);
    tunnel_drain(services);
    sse_end_all(services);
}

/* What has arrived of a header has been read by now; the rest is not waited for. */
static void cut_off_unfinished(struct services *services)
{
    struct list *link;

    for (link = services->exchanges.next; link != &services->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (!exchange->method)
            peer_cut_off(exchange->peer);
    }
}

int64_t daemon_drain_left_ms(const struct daemon *daemon)
{
    struct services *services = (struct services *)(uintptr_t)&daemon->services;

    cut_off_unfinished(services);
    if (list_is_empty(&services->exchanges) || daemon->drain_until_ms <= services->loop.now_ms)
        return 0;
    return daemon->drain_until_ms - services->loop.now_ms;
}

/* libmicrohttpd aborts if a connection is suspended when it is stopped. */
static void answer_suspended(struct services *services)
{
    struct list *link;

    for (link = services->exchanges.next; link != &services->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (exchange->suspended)
            reply_stopping(exchange);
    }
}

/* A response that streams is suspended only when its reader has caught up with the server. */
void daemon_end_drain(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    int64_t until_ms = clock_boot_ms() + LAST_WORDS_MS;

    services->stopping = true;
    tunnel_stop(services);
    answer_suspended(services);
    while (!list_is_empty(&services->exchanges) && services->loop.now_ms < until_ms) {
        daemon_run_pending(daemon);
        answer_suspended(services);
        if (!list_is_empty(&services->exchanges) && loop_turn(&services->loop, 10) < 0)
            break;
    }
}
