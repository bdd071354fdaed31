/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/upstream_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "upstream/retry.h"

/* Values without a timestamp wait no longer than this for the second answer. */
#define QUESTION_TIMEOUT_MS   2000
#define QUESTION_INTERVAL_MS  1000 /* between two, however many odd answers come */
#define QUESTION_RESPONSE_MAX 4096

#define TIMESYNC_MARK "/run/systemd/timesync/synchronized"

/* The date of an answer. False: there is none, or a cache has kept the answer. */
static bool read_date(const struct transfer *transfer, struct server_clock_answer *ret)
{
    const char *date = transfer->status ? headers_find(&transfer->response, "Date") : NULL;
    int64_t date_s = date ? header_date_s(date) : -1;

    if (date_s <= 0 || headers_find(&transfer->response, "Age"))
        return false;
    *ret = (struct server_clock_answer){date_s, transfer->started_ms, clock_boot_ms()};
    return true;
}

static void log_difference(const struct upstream_clock *clock)
{
    long long ahead_s = (upstream_clock_now_ms(clock) - clock_wall_ms()) / 1000;

    if (clock->clock.known && ahead_s != 0)
        log_info("the server's clock is %lld s %s this host's: timestamps follow the server's",
                 llabs(ahead_s), ahead_s > 0 ? "ahead of" : "behind");
}

static void upstream_clock_answered(struct transfer *transfer)
{
    struct upstream_clock *clock = CONTAINER_OF(transfer, struct upstream_clock, question);
    struct server_clock_answer answer;
    bool answered = read_date(transfer, &answer);

    server_clock_second_answer(&clock->clock, answered ? &answer : NULL, clock_wall_ms());
    log_difference(clock);
    clock->doubt_ended(clock);
}

void upstream_clock_open(struct upstream_clock *clock, struct loop *loop, const struct server_health *health,
                         void (*doubt_ended)(struct upstream_clock *clock))
{
    static const char *const headers[] = {"Cache-Control: no-cache", NULL};

    clock->loop = loop;
    clock->health = health;
    clock->doubt_ended = doubt_ended;
    clock->asked_ms = INT64_MIN / 2;
    clock->question = (struct transfer){
        .method = "GET",
        .target = SERVERS_PROBE_PATH,
        .headers = headers,
        .timeout_ms = QUESTION_TIMEOUT_MS,
        .response_max = QUESTION_RESPONSE_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = upstream_clock_answered,
        .response = HEADERS_INIT,
    };
}

void upstream_clock_close(struct upstream_clock *clock)
{
    transfer_cancel(&clock->question);
    transfer_free(&clock->question);
}

/* If there is no memory, or it is too soon after the last question, the answer in doubt is not believed. */
static void ask_again(struct upstream_clock *clock)
{
    const struct server_health *health = clock->health;
    struct transport *transport =
        servers_session_transport(health->servers, failover_current(&health->failover));
    int64_t now_ms = clock->loop->now_ms;

    if (now_ms - clock->asked_ms >= QUESTION_INTERVAL_MS && transfer_start(transport, &clock->question) == 0)
        clock->asked_ms = now_ms;
    else
        server_clock_second_answer(&clock->clock, NULL, clock_wall_ms());
}

void upstream_clock_learn(struct upstream_clock *clock, const struct transfer *transfer)
{
    const char *date = transfer->status ? headers_find(&transfer->response, "Date") : NULL;
    bool asked = clock->clock.in_doubt;
    struct server_clock_answer answer;

    /* Only the first answer of each second says something new. */
    if (!date || strcmp(date, clock->last_date) == 0 || !read_date(transfer, &answer))
        return;
    snprintf(clock->last_date, sizeof(clock->last_date), "%s", date);
    server_clock_learn(&clock->clock, &answer, clock_wall_ms());
    if (clock->clock.in_doubt && !asked)
        ask_again(clock);
}

int64_t upstream_clock_now_ms(const struct upstream_clock *clock)
{
    return server_clock_at(&clock->clock, clock->loop->now_ms, clock_wall_ms());
}

/* The kernel knows whether something sets its clock: after a start without a network, it may be years off.
 * The sandbox of the service lets nobody ask (ProtectClock=); then systemd-timesyncd may have said it. */
static bool host_is_synchronised(void)
{
    struct timex state = {0};

    return adjtimex(&state) >= 0 ? !(state.status & STA_UNSYNC) : access(TIMESYNC_MARK, F_OK) == 0;
}

bool upstream_clock_is_certain(const struct upstream_clock *clock)
{
    return clock->clock.known || host_is_synchronised();
}

int64_t upstream_clock_told_ms(const struct upstream_clock *clock)
{
    return server_clock_told_at(&clock->clock, clock->loop->now_ms, clock_wall_ms());
}

int64_t upstream_clock_stamp_ms(struct upstream_clock *clock, const char *entity, size_t length)
{
    return server_clock_stamp(&clock->clock, hash_bytes(entity, length), clock->loop->now_ms,
                              clock_wall_ms());
}

int64_t upstream_clock_retry_after_ms(const struct upstream_clock *clock, const struct transfer *transfer)
{
    const char *value = transfer->status ? headers_find(&transfer->response, "Retry-After") : NULL;
    struct server_clock_answer answer;

    if (!value)
        return -1;
    /* A date is meant by the clock that wrote the answer's own. */
    return retry_after_ms(value,
                          read_date(transfer, &answer) ? answer.date_s * 1000 : upstream_clock_now_ms(clock));
}
