/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_health.h"

#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "http/content_type.h"
#include "http/proxy_status.h"
#include "upstream/retry.h"

/* Any answer of ThingsBoard but a gateway error is a good one. */
#define PROBE_TIMEOUT_MS   10000
#define PROBE_RESPONSE_MAX 4096

/* The time that people wait for a probe: then the server counts as one that does not answer. */
#define SILENCE_MS 2000

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

/* Whether something else than ThingsBoard answers a probe: a redirect, or a page. */
static bool is_page(const struct transfer *transfer)
{
    return (transfer->status >= 300 && transfer->status < 400) ||
           (transfer->status < 300 &&
            content_type_is_page(headers_find(&transfer->response, "Content-Type")));
}

static void keep_failure(struct server_health *health, size_t server, const struct transfer *transfer)
{
    struct server_failure *failure = &health->failure;

    *failure = (struct server_failure){
        .server = server,
        .status = transfer->status,
        .token = transfer->status == 0 ? transfer->error.token : NULL,
        .is_page = transfer->status != 0 && !is_gateway_error(transfer),
    };
    if (transfer->status == 0)
        snprintf(failure->detail, sizeof(failure->detail), "%s", transfer_detail(transfer));
}

/* A single server is only reported as a whole. */
static void log_change(const struct server_health *health, size_t server)
{
    const struct failover_server *state = &health->failover.servers[server];
    const struct server_failure *failure = &health->failure;
    char answer[32];

    if (health->failover.count == 1)
        return;
    snprintf(answer, sizeof(answer), "it answers %d", failure->status);
    if (state->ejected)
        log_warning("%s is ejected for %g s: %s", health->servers->list[server].url,
                    (double)state->ejected_ms / 1000, failure->status ? answer : failure->detail);
    else
        log_info("%s can be used again", health->servers->list[server].url);
}

static void start_check_timer(struct server_health *health)
{
    int64_t heard_ms = health->probes[health->in_use].heard_ms;

    if (health->check_interval_ms > 0)
        timer_start(&health->loop->timers, &health->check_timer, heard_ms + health->check_interval_ms);
}

/* Nothing is known of a server that is in use from now on. If none can be used, they only take turns to be
 * probed. */
static void follow_server_in_use(struct server_health *health)
{
    size_t current = failover_current(&health->failover);

    if (health->in_use == current || failover_has_none(&health->failover))
        return;
    health->in_use = current;
    log_info("the server in use is %s", health->servers->list[current].url);
    start_check_timer(health);
}

/* After a report on SERVER; CHANGED: it was ejected, or is healthy again. */
static void note_change(struct server_health *health, size_t server, bool changed)
{
    bool was_sound = health->is_sound;

    health->is_sound = failover_is_sound(&health->failover);
    if (changed)
        log_change(health, server);
    start_probe_timer(health);
    follow_server_in_use(health);
    if (changed || !was_sound || !health->is_sound)
        health->changed(health);
}

/* There is no memory, for example. A probe decides, which has more of it, or fails as well. */
static bool is_own_fault(const struct transfer *transfer)
{
    return transfer->error.token && strcmp(transfer->error.token, PROXY_STATUS_INTERNAL_ERROR) == 0;
}

/* What a transfer says about its server; returns whether it says anything. */
static bool result_of(const struct transfer *transfer, bool counts, enum failover_result *ret)
{
    if (transfer->status == 0 && transfer->timed_out_waiting)
        return false;
    if (transfer->status == 0 && transfer->knowledge == TRANSFER_NOT_SENT)
        *ret = is_own_fault(transfer) ? FAILOVER_DOUBTFUL : FAILOVER_UNREACHABLE;
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

    if (!result_of(transfer, counts, &result))
        return;
    if (result == FAILOVER_ANSWERED)
        health->probes[server].heard_ms = health->loop->now_ms;
    else
        keep_failure(health, server, transfer);
    note_change(health, server, failover_report(&health->failover, server, result, health->loop->now_ms));
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

/* No answer is as bad as no connection. */
static enum failover_result result_of_probe(const struct transfer *transfer)
{
    return transfer->status == 0                             ? FAILOVER_UNREACHABLE
           : is_gateway_error(transfer) || is_page(transfer) ? FAILOVER_GATEWAY_ERROR
                                                             : FAILOVER_ANSWERED;
}

static void server_health_probe_done(struct transfer *transfer)
{
    struct health_probe *probe = CONTAINER_OF(transfer, struct health_probe, transfer);
    struct server_health *health = probe->health;
    size_t index = (size_t)(probe - health->probes);
    enum failover_result result = result_of_probe(transfer);

    loop_timer_stop(health->loop, &probe->silence);
    if (result == FAILOVER_ANSWERED)
        probe->heard_ms = health->loop->now_ms;
    else
        keep_failure(health, index, transfer);
    note_change(health, index, failover_report_probe(&health->failover, index, result, health->loop->now_ms));
}

/* People want to know it before the probe is given up. */
static void server_health_is_silent(struct timer *timer)
{
    struct health_probe *probe = CONTAINER_OF(timer, struct health_probe, silence);
    struct server_health *health = probe->health;
    size_t index = (size_t)(probe - health->probes);

    if (!failover_report_silence(&health->failover, index))
        return;
    health->is_sound = failover_is_sound(&health->failover);
    health->failure = (struct server_failure){
        .server = index, .token = "http_response_timeout", .detail = "it does not answer"};
    health->changed(health);
}

static void send_probe(struct server_health *health, size_t index)
{
    struct transport *transport = health->servers->list[index].transports[SERVER_WEBSOCKETS];
    struct health_probe *probe = &health->probes[index];

    transfer_cancel(&probe->transfer); /* of an earlier probe, if a request was answered before it */
    loop_timer_start(health->loop, &probe->silence, SILENCE_MS);
    if (transfer_start(transport, &probe->transfer) < 0)
        failover_report_probe(&health->failover, index, FAILOVER_UNREACHABLE, health->loop->now_ms);
}

static void server_health_timer_expired(struct timer *timer)
{
    struct server_health *health = CONTAINER_OF(timer, struct server_health, timer);
    size_t index;

    while ((index = failover_begin_probe(&health->failover, health->loop->now_ms)) != FAILOVER_NONE)
        send_probe(health, index);
    start_probe_timer(health);
}

/* It is not started anew for each answer, but looks when it expires how old the last one is. */
static void server_health_check_expired(struct timer *timer)
{
    struct server_health *health = CONTAINER_OF(timer, struct server_health, check_timer);
    struct health_probe *probe = &health->probes[health->in_use];

    if (health->loop->now_ms - probe->heard_ms >= health->check_interval_ms) {
        failover_check(&health->failover, health->in_use, health->loop->now_ms);
        health->is_sound = failover_is_sound(&health->failover);
        start_probe_timer(health);
        timer_start(&health->loop->timers, timer, health->loop->now_ms + health->check_interval_ms);
    } else {
        start_check_timer(health);
    }
}

void server_health_set_check_interval(struct server_health *health, int64_t interval_ms)
{
    loop_timer_stop(health->loop, &health->check_timer);
    health->check_interval_ms = interval_ms;
    start_check_timer(health);
}

void server_health_open(struct server_health *health, struct loop *loop, const struct servers *servers,
                        void (*changed)(struct server_health *health))
{
    size_t i;

    health->loop = loop;
    health->servers = servers;
    health->changed = changed;
    health->is_sound = true;
    health->timer.expired = server_health_timer_expired;
    health->check_timer.expired = server_health_check_expired;
    failover_init(&health->failover, servers->count);
    health->failover.random = retry_random() | 1;
    for (i = 0; i < servers->count; i++) {
        health->probes[i].health = health;
        health->probes[i].silence.expired = server_health_is_silent;
        health->probes[i].heard_ms = loop->now_ms;
        health->probes[i].transfer = (struct transfer){
            .method = "GET",
            .target = SERVERS_PROBE_PATH,
            .headers = servers_probe_headers,
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
    loop_timer_stop(health->loop, &health->check_timer);
    for (i = 0; i < health->servers->count; i++) {
        loop_timer_stop(health->loop, &health->probes[i].silence);
        transfer_cancel(&health->probes[i].transfer);
        transfer_free(&health->probes[i].transfer);
    }
}
