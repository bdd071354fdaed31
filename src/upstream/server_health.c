/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_health.h"

#include <stdio.h>

#include "base/log.h"

/* Any answer but a gateway error is a good one. */
#define PROBE_TIMEOUT_MS   10000
#define PROBE_RESPONSE_MAX 4096

/* Without another server and without an observer, nobody needs to know when the server is back. */
static void start_probe_timer(struct server_health *health)
{
    bool wanted = health->failover.count > 1 || health->probes_single;
    int64_t due_ms = wanted ? failover_due_ms(&health->failover) : INT64_MAX;

    if (due_ms == INT64_MAX)
        loop_timer_stop(health->loop, &health->timer);
    else /* if there is no memory, the next request that fails tries again */
        timer_start(&health->loop->timers, &health->timer, due_ms);
}

static bool is_gateway_error(const struct transfer *transfer)
{
    return transfer->status >= 502 && transfer->status <= 504;
}

/* Why a server cannot be used, according to a transfer to it; "" if it can. */
static void describe_cause(const struct transfer *transfer, char *ret, size_t size)
{
    ret[0] = '\0';
    if (is_gateway_error(transfer))
        snprintf(ret, size, "it answers %d", transfer->status);
    else if (transfer->status == 0)
        snprintf(ret, size, "%s", transfer_detail(transfer));
}

static void report_outage(struct server_health *health)
{
    health->outage_changed(health);
    if (!health->outage.is_on)
        outage_forget(&health->outage);
}

/* A single server is only reported as an outage. */
static void log_change(const struct server_health *health, size_t server, const char *cause)
{
    const struct failover_server *state = &health->failover.servers[server];

    if (health->failover.count == 1)
        return;
    if (state->ejected)
        log_warning("%s is ejected for %lld s: %s", health->servers->list[server].url,
                    (long long)state->ejected_ms / 1000, cause);
    else
        log_info("%s can be used again", health->servers->list[server].url);
}

/* After a report on SERVER; CHANGED: it was ejected, or is healthy again. */
static void note_change(struct server_health *health, size_t server, const struct transfer *transfer,
                        bool changed)
{
    char cause[TRANSFER_DETAIL_BYTES];

    describe_cause(transfer, cause, sizeof(cause));
    if (changed)
        log_change(health, server, cause);
    start_probe_timer(health);
    if (health->in_use != failover_current(&health->failover)) {
        health->in_use = failover_current(&health->failover);
        log_info("the server in use is %s", health->servers->list[health->in_use].url);
    }
    if (outage_update(&health->outage, &health->failover, health->servers->list[server].url, cause,
                      health->loop->now_ms, clock_wall_ms()))
        report_outage(health);
}

/* What a transfer says about its server; returns whether it says anything. */
static bool result_of(const struct transfer *transfer, bool counts, enum failover_result *ret)
{
    if (transfer->status == 0 && transfer->timed_out_waiting)
        return false;
    if (transfer->status == 0 && transfer->knowledge == TRANSFER_NOT_SENT)
        *ret = FAILOVER_UNREACHABLE;
    else if (transfer->status == 0 && transfer->answer_begun)
        return false;
    else if (transfer->status == 0)
        *ret = FAILOVER_DOUBTFUL;
    else if (counts)
        *ret = is_gateway_error(transfer) ? FAILOVER_GATEWAY_ERROR : FAILOVER_ANSWERED;
    else if (transfer->status == 502 || transfer->status == 503)
        *ret = FAILOVER_DOUBTFUL;
    else
        return false;
    return true;
}

void server_health_report(struct server_health *health, size_t server, const struct transfer *transfer,
                          bool counts)
{
    enum failover_result result;

    if (result_of(transfer, counts, &result))
        note_change(health, server, transfer,
                    failover_report(&health->failover, server, result, health->loop->now_ms));
}

size_t server_health_next(const struct server_health *health, const struct transfer *transfer, unsigned tried,
                          bool harmless)
{
    bool failed = transfer->status == 0 ? !transfer->answer_begun && transfer->error.status != 504
                                        : is_gateway_error(transfer);

    if (!transfer_was_not_executed(transfer) && (!harmless || !failed))
        return FAILOVER_NONE;
    return failover_next(&health->failover, tried);
}

static void server_health_probe_done(struct transfer *transfer)
{
    const struct health_probe *probe = CONTAINER_OF(transfer, struct health_probe, transfer);
    struct server_health *health = probe->health;
    size_t index = (size_t)(probe - health->probes);
    /* No answer is as bad as no connection. */
    enum failover_result result = transfer->status == 0        ? FAILOVER_UNREACHABLE
                                  : is_gateway_error(transfer) ? FAILOVER_GATEWAY_ERROR
                                                               : FAILOVER_ANSWERED;

    note_change(health, index, transfer,
                failover_report_probe(&health->failover, index, result, health->loop->now_ms));
}

static void server_health_timer_expired(struct timer *timer)
{
    struct server_health *health = CONTAINER_OF(timer, struct server_health, timer);
    size_t index;

    while ((index = failover_begin_probe(&health->failover, health->loop->now_ms)) != FAILOVER_NONE) {
        struct transport *transport = health->servers->list[index].transports[SERVER_WEBSOCKETS];
        struct transfer *transfer = &health->probes[index].transfer;

        transfer_cancel(transfer); /* of an earlier probe, if a request was answered before it */
        if (transfer_start(transport, transfer) < 0)
            failover_report_probe(&health->failover, index, FAILOVER_UNREACHABLE, health->loop->now_ms);
    }
    start_probe_timer(health);
}

void server_health_open(struct server_health *health, struct loop *loop, const struct servers *servers,
                        void (*outage_changed)(struct server_health *health))
{
    size_t i;

    health->loop = loop;
    health->servers = servers;
    health->outage_changed = outage_changed;
    health->timer.expired = server_health_timer_expired;
    failover_init(&health->failover, servers->count);
    for (i = 0; i < servers->count; i++) {
        health->probes[i].health = health;
        health->probes[i].transfer = (struct transfer){
            .method = "GET",
            .target = SERVERS_PROBE_PATH,
            .timeout_ms = PROBE_TIMEOUT_MS,
            .response_max = PROBE_RESPONSE_MAX,
            .cut = true,
            .may_be_sent_twice = true,
            .done = server_health_probe_done,
            .response = HEADERS_INIT,
        };
    }
}

void server_health_close(struct server_health *health)
{
    size_t i;

    if (!health->loop)
        return;
    loop_timer_stop(health->loop, &health->timer);
    for (i = 0; i < health->servers->count; i++) {
        transfer_cancel(&health->probes[i].transfer);
        transfer_free(&health->probes[i].transfer);
    }
}
