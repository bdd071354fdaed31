/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the daemon stops: no new connections, time for requests under way to end, then 503 for the rest.
 */
#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/daemon/daemon.h"
#include "proxy/exchange/reply.h"

/* For the first request of a connection that was accepted just before: its client may have sent it already,
 * and would not send it again. */
#define FIRST_REQUEST_MS 500

/* For what the spool has taken then, because nothing else saves it: the disk may be slow. */
#define LAST_COMMIT_MS 5000

/* For the responses that are sent when the time is over. */
#define LAST_RESPONSES_MS 500

static void drain_exchanges(struct services *services)
{
    struct exchange *exchange;

    list_for_each(exchange, &services->exchanges, link)
        if (exchange->handler && exchange->handler->drain)
            exchange->handler->drain(exchange);
}

void daemon_begin_drain(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    int64_t timeout_ms = services->config->limits.drain_timeout_ms;

    if (services->draining) {
        daemon->drain_until_ms = services->loop.now_ms; /* a second signal */
        return;
    }
    services->draining = true;
    daemon->drain_until_ms = services->loop.now_ms + timeout_ms;
    sd_notify(0, "STOPPING=1");
    daemon_notify_status(daemon);
    log_info("stopping: waiting up to %" PRId64 " ms for requests under way", timeout_ms);
    listeners_quiesce(&daemon->listeners);
    drain_exchanges(services);
}

/* Whatever has arrived of a header has been read by now. */
static void cut_off_unfinished(struct services *services)
{
    struct exchange *exchange;

    list_for_each(exchange, &services->exchanges, link)
        if (!exchange->head.method)
            peer_cut_off(exchange->peer);
}

/* Milliseconds left for requests on connections that were just accepted. */
static int64_t first_request_ms(const struct daemon *daemon)
{
    int64_t left_ms = daemon->listeners.accepted_ms + FIRST_REQUEST_MS - daemon->services.loop.now_ms;

    return daemon->services.open_peers == 0 || left_ms < 0 ? 0 : left_ms;
}

/* What waits in the spool is on the disk, but a call that the server has should end. */
static bool has_ended(const struct daemon *daemon)
{
    return list_is_empty(&daemon->services.exchanges) && spool_delivery_is_idle(&daemon->spool.delivery);
}

int64_t daemon_continue_drain(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    int64_t first_ms = first_request_ms(daemon);

    if (first_ms > 0)
        return first_ms;
    cut_off_unfinished(services);
    if (has_ended(daemon) || daemon->drain_until_ms <= services->loop.now_ms)
        return 0;
    return daemon->drain_until_ms - services->loop.now_ms;
}

/* libmicrohttpd aborts the process if a connection is suspended when it is stopped. */
static void end_suspended(struct services *services)
{
    struct exchange *exchange;

    list_for_each(exchange, &services->exchanges, link)
        if (exchange->suspended)
            reply_stopping(exchange);
}

/* Waits until UNTIL_MS for what the writer of the spool has not committed yet. */
static void finish_storing(struct daemon *daemon, int64_t until_ms)
{
    struct services *services = &daemon->services;

    while (services->principals.shares.storing.used > 0 && services->loop.now_ms < until_ms) {
        daemon_run_pending(daemon);
        if (loop_turn(&services->loop, 10) < 0)
            break;
    }
}

/* In each round: a response that streams is suspended again when its reader has caught up with the server. */
static void finish_responses(struct daemon *daemon, int64_t until_ms)
{
    struct services *services = &daemon->services;

    end_suspended(services);
    while (!list_is_empty(&services->exchanges) && services->loop.now_ms < until_ms) {
        daemon_run_pending(daemon);
        end_suspended(services);
        if (!list_is_empty(&services->exchanges) && loop_turn(&services->loop, 10) < 0)
            break;
    }
}

void daemon_end_drain(struct daemon *daemon)
{
    daemon->services.stopping = true;
    drain_exchanges(&daemon->services);
    finish_storing(daemon, clock_boot_ms() + LAST_COMMIT_MS);
    finish_responses(daemon, clock_boot_ms() + LAST_RESPONSES_MS);
}
