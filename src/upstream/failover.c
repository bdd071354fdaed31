/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/failover.h"

#define GATEWAY_ERRORS_MAX 3
#define EJECTED_FIRST_MS   1000
#define EJECTED_MAX_MS     30000
#define AWAY_MIN_MS        250  /* requests wait while no server is healthy, so it is probed sooner: */
#define AWAY_MAX_MS        5000 /* after a part of the time that it has been away */
#define AWAY_PART          64
#define TRIAL_MS           10000 /* upstream.hold_ms: requests have waited that long for nothing */
#define CALM_MS            10000 /* a probe for each doubtful request would be too many */
#define CHECK_AGAIN_MS     200

void failover_init(struct failover *failover, size_t count)
{
    *failover = (struct failover){.count = count};
}

size_t failover_next(const struct failover *failover, unsigned tried)
{
    size_t i;

    for (i = 0; i < failover->count; i++)
        if (!failover->servers[i].ejected && !(tried & 1U << i))
            return i;
    return FAILOVER_NONE;
}

size_t failover_current(const struct failover *failover)
{
    size_t best = failover_next(failover, 0), i;

    if (best != FAILOVER_NONE)
        return best;
    for (best = 0, i = 1; i < failover->count; i++)
        if (failover->servers[i].until_ms < failover->servers[best].until_ms)
            best = i;
    return best;
}

bool failover_has_none(const struct failover *failover)
{
    return failover_next(failover, 0) == FAILOVER_NONE;
}

bool failover_is_in_vain(const struct failover *failover)
{
    size_t i;

    for (i = 0; i < failover->count; i++)
        if (!failover->servers[i].ejected || failover->servers[i].is_unproven)
            return false;
    return true;
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* An eighth more or less. */
static int64_t spread(struct failover *failover, int64_t pause_ms)
{
    failover->random *= 747796405; /* odd stays odd, and 0 stays 0 */
    return failover->random == 0 ? pause_ms
                                 : pause_ms - pause_ms / 8 + (pause_ms / 4 * (failover->random >> 16) >> 16);
}

/* While others are healthy, nobody misses it. */
static int64_t pause_ms(struct failover *failover, const struct failover_server *server, int64_t now_ms)
{
    if (failover_has_none(failover))
        return spread(failover, clamp((now_ms - server->since_ms) / AWAY_PART, AWAY_MIN_MS, AWAY_MAX_MS));
    return clamp(2 * server->ejected_ms, EJECTED_FIRST_MS, EJECTED_MAX_MS);
}

/* The last healthy one was ejected: now the others are missed, too. */
static void hasten_probes(struct failover *failover, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < failover->count; i++) {
        struct failover_server *server = &failover->servers[i];
        int64_t until_ms = now_ms + pause_ms(failover, server, now_ms);

        if (until_ms < server->until_ms)
            server->until_ms = until_ms;
    }
}

static void eject(struct failover *failover, struct failover_server *server, int64_t now_ms)
{
    bool had_one = !failover_has_none(failover);

    if (!server->ejected && !server->in_doubt)
        server->since_ms = now_ms;
    if (!server->ejected || server->is_unproven)
        server->closed_ms = now_ms;
    server->ejected = true;
    server->in_doubt = server->is_checked = server->is_silent = server->is_probed = false;
    server->is_unproven = false;
    server->ejected_ms = pause_ms(failover, server, now_ms);
    server->until_ms = now_ms + server->ejected_ms;
    if (had_one && failover_has_none(failover))
        hasten_probes(failover, now_ms);
}

static void put_in_doubt(struct failover_server *server, int64_t now_ms)
{
    if (server->ejected || server->in_doubt)
        return;
    server->in_doubt = true;
    server->since_ms = server->until_ms = now_ms;
}

void failover_check(struct failover *failover, size_t index, int64_t now_ms)
{
    struct failover_server *server = &failover->servers[index];

    server->is_checked |= !server->ejected && !server->in_doubt;
    put_in_doubt(server, now_ms);
}

bool failover_report_silence(struct failover *failover, size_t index)
{
    struct failover_server *server = &failover->servers[index];
    bool is_news = server->in_doubt && server->is_probed && !server->is_silent;

    server->is_silent |= is_news;
    return is_news;
}

bool failover_report(struct failover *failover, size_t index, enum failover_result result, int64_t now_ms)
{
    struct failover_server *server = &failover->servers[index];
    bool was_ejected = server->ejected;

    switch (result) {
    case FAILOVER_ANSWERED:
        *server = (struct failover_server){.calm_until_ms = server->calm_until_ms};
        return was_ejected;
    case FAILOVER_DOUBTFUL:
        if (now_ms >= server->calm_until_ms)
            put_in_doubt(server, now_ms);
        return false;
    case FAILOVER_GATEWAY_ERROR:
        if (++server->gateway_errors < GATEWAY_ERRORS_MAX)
            return false;
        break;
    case FAILOVER_UNREACHABLE:
        break;
    }
    if (was_ejected && !(server->is_unproven && (result == FAILOVER_UNREACHABLE || server->failed_probe)))
        return false;
    eject(failover, server, now_ms);
    server->is_unproven =
        result == FAILOVER_GATEWAY_ERROR && !server->failed_probe && failover_has_none(failover);
    if (server->is_unproven)
        server->until_ms = now_ms;
    return true;
}

/* A gateway may refuse all probes, and only requests show that it lets them through: one more is sent. */
static bool begin_trial(struct failover_server *server, int64_t now_ms)
{
    if (now_ms - server->closed_ms < TRIAL_MS)
        return false;
    server->gateway_errors = GATEWAY_ERRORS_MAX - 1;
    return true;
}

bool failover_report_probe(struct failover *failover, size_t index, enum failover_result result,
                           int64_t now_ms)
{
    struct failover_server *server = &failover->servers[index];
    bool was_ejected = server->ejected, only_probes;

    if (!server->is_probed)
        return false;
    if (result == FAILOVER_ANSWERED)
        return failover_report(failover, index, result, now_ms);
    if (result == FAILOVER_GATEWAY_ERROR && server->is_checked &&
        ++server->gateway_errors < GATEWAY_ERRORS_MAX) {
        server->is_probed = false;
        server->until_ms = now_ms + CHECK_AGAIN_MS;
        return false;
    }
    only_probes = server->is_checked || (server->is_unproven && server->failed_probe);
    eject(failover, server, now_ms);
    server->failed_probe = true;
    server->is_unproven = result == FAILOVER_GATEWAY_ERROR && (only_probes || begin_trial(server, now_ms));
    return !was_ejected;
}

bool failover_is_sound(const struct failover *failover)
{
    size_t i;

    for (i = 0; i < failover->count; i++)
        if (!failover->servers[i].ejected && !failover->servers[i].in_doubt)
            return true;
    return false;
}

int64_t failover_away_since_ms(const struct failover *failover)
{
    const struct failover_server *current = &failover->servers[failover_current(failover)];
    int64_t since_ms = INT64_MIN;
    size_t i;

    if (current->is_silent)
        return current->since_ms;
    for (i = 0; i < failover->count; i++) {
        const struct failover_server *server = &failover->servers[i];

        if (!server->ejected || !server->failed_probe)
            return INT64_MAX;
        if (server->since_ms > since_ms)
            since_ms = server->since_ms;
    }
    return since_ms;
}

static bool wants_probe(const struct failover_server *server)
{
    return (server->ejected || server->in_doubt) && !server->is_probed;
}

int64_t failover_due_ms(const struct failover *failover)
{
    int64_t due_ms = INT64_MAX;
    size_t i;

    for (i = 0; i < failover->count; i++)
        if (wants_probe(&failover->servers[i]) && failover->servers[i].until_ms < due_ms)
            due_ms = failover->servers[i].until_ms;
    return due_ms;
}

size_t failover_begin_probe(struct failover *failover, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < failover->count; i++) {
        struct failover_server *server = &failover->servers[i];

        if (wants_probe(server) && server->until_ms <= now_ms) {
            server->is_probed = true;
            if (server->in_doubt && !server->is_checked)
                server->calm_until_ms = now_ms + CALM_MS;
            return i;
        }
    }
    return FAILOVER_NONE;
}
