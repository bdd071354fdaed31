/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's clock, as its answers tell it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "upstream/request.h"

/* Values without a timestamp wait no longer than this for the second answer. */
#define QUESTION_TIMEOUT_MS   2000
#define QUESTION_INTERVAL_MS  1000 /* between two, however many odd answers come */
#define QUESTION_RESPONSE_MAX 4096

static void question_done(struct transfer *transfer);

void upstream_clock_open(struct upstream *upstream)
{
    static char no_cache[] = "Cache-Control: no-cache";
    static struct curl_slist headers = {no_cache, NULL};

    upstream->clock_asked_ms = INT64_MIN / 2;
    upstream->clock_question = (struct transfer){
        .method = "GET",
        .target = UPSTREAM_PROBE_PATH,
        .headers = &headers,
        .timeout_ms = QUESTION_TIMEOUT_MS,
        .response_max = QUESTION_RESPONSE_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = question_done,
        .response = HEADERS_INIT,
    };
}

void upstream_clock_close(struct upstream *upstream)
{
    transfer_cancel(&upstream->clock_question);
    transfer_free(&upstream->clock_question);
}

bool upstream_clock_read(const struct transfer *transfer, struct server_clock_answer *ret)
{
    const char *date = transfer->status ? headers_find(&transfer->response, "Date") : NULL;
    int64_t date_s = date ? header_date_s(date) : -1;

    if (date_s <= 0 || headers_find(&transfer->response, "Age"))
        return false;
    *ret = (struct server_clock_answer){date_s, transfer->started_ms, clock_boot_ms()};
    return true;
}

static void log_difference(const struct upstream *upstream)
{
    long long ahead_s = (upstream_now_ms(upstream) - clock_wall_ms()) / 1000;

    if (upstream->clock.known && ahead_s != 0)
        log_info("the server's clock is %lld s %s this host's: timestamps follow the server's",
                 llabs(ahead_s), ahead_s > 0 ? "ahead of" : "behind");
}

static void question_done(struct transfer *transfer)
{
    struct upstream *upstream = CONTAINER_OF(transfer, struct upstream, clock_question);
    struct server_clock_answer answer;
    bool answered = upstream_clock_read(transfer, &answer);

    server_clock_second_answer(&upstream->clock, answered ? &answer : NULL, clock_wall_ms());
    log_difference(upstream);
    request_wake_all(upstream);
}

/* Without memory for it, or too soon after the last time, the answer in doubt is not believed. */
static void ask_again(struct upstream *upstream)
{
    struct transport *transport = upstream_session_transport(upstream, upstream_server(upstream));
    int64_t now_ms = upstream->loop->now_ms;

    if (now_ms - upstream->clock_asked_ms >= QUESTION_INTERVAL_MS &&
        transfer_start(transport, &upstream->clock_question) == 0)
        upstream->clock_asked_ms = now_ms;
    else
        server_clock_second_answer(&upstream->clock, NULL, clock_wall_ms());
}

void upstream_learn_clock(struct upstream *upstream, const struct transfer *transfer)
{
    const char *date = transfer->status ? headers_find(&transfer->response, "Date") : NULL;
    bool asked = upstream->clock.in_doubt;
    struct server_clock_answer answer;

    /* Only the first answer of each second teaches something. */
    if (!date || strcmp(date, upstream->last_date) == 0 || !upstream_clock_read(transfer, &answer))
        return;
    snprintf(upstream->last_date, sizeof(upstream->last_date), "%s", date);
    server_clock_learn(&upstream->clock, &answer, clock_wall_ms());
    if (upstream->clock.in_doubt && !asked)
        ask_again(upstream);
}

bool upstream_clock_is_awaited(const struct upstream *upstream)
{
    return !upstream->clock.known && upstream->session &&
           (upstream->clock.in_doubt || !session_credential(upstream->session, upstream->loop->now_ms));
}

int64_t upstream_now_ms(const struct upstream *upstream)
{
    return server_clock_at(&upstream->clock, upstream->loop->now_ms, clock_wall_ms());
}

int64_t upstream_told_ms(const struct upstream *upstream)
{
    return server_clock_told_at(&upstream->clock, upstream->loop->now_ms, clock_wall_ms());
}

int64_t upstream_stamp_ms(struct upstream *upstream, const char *entity, size_t length)
{
    return server_clock_stamp(&upstream->clock, hash_bytes(entity, length), upstream->loop->now_ms,
                              clock_wall_ms());
}
