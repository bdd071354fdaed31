/* SPDX-License-Identifier: Apache-2.0 */
#include "client/failover.h"

#define GATEWAY_ERRORS_MAX 3
#define ASIDE_FIRST_MS     1000
#define ASIDE_MAX_MS       60000

void failover_init(struct failover *failover, size_t count)
{
    *failover = (struct failover){.count = count};
}

size_t failover_next(const struct failover *failover, unsigned tried)
{
    size_t i;

    for (i = 0; i < failover->count; i++)
        if (!failover->servers[i].aside && !(tried & 1U << i))
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

static void put_aside(struct failover_server *server, int64_t now_ms)
{
    int64_t aside_ms = server->aside_ms ? 2 * server->aside_ms : ASIDE_FIRST_MS;

    server->aside = true;
    server->is_probed = false;
    server->aside_ms = aside_ms < ASIDE_MAX_MS ? aside_ms : ASIDE_MAX_MS;
    server->until_ms = now_ms + server->aside_ms;
}

static bool is_bad(struct failover_server *server, enum failover_news news)
{
    if (news == FAILOVER_GATEWAY_ERROR)
        return ++server->gateway_errors >= GATEWAY_ERRORS_MAX;
    return news == FAILOVER_UNREACHABLE;
}

bool failover_report(struct failover *failover, size_t index, enum failover_news news, int64_t now_ms)
{
    struct failover_server *server = &failover->servers[index];
    bool was_aside = server->aside;

    if (failover->count == 1)
        return false;
    if (news == FAILOVER_ANSWERED) {
        *server = (struct failover_server){0};
        return was_aside;
    }
    if (is_bad(server, news) && !was_aside)
        put_aside(server, now_ms);
    return server->aside && !was_aside;
}

bool failover_report_probe(struct failover *failover, size_t index, enum failover_news news, int64_t now_ms)
{
    struct failover_server *server = &failover->servers[index];

    if (!server->is_probed)
        return false;
    if (news == FAILOVER_ANSWERED)
        return failover_report(failover, index, news, now_ms);
    put_aside(server, now_ms);
    return false;
}

int64_t failover_due_ms(const struct failover *failover)
{
    int64_t due_ms = INT64_MAX;
    size_t i;

    for (i = 0; i < failover->count; i++) {
        const struct failover_server *server = &failover->servers[i];

        if (server->aside && !server->is_probed && server->until_ms < due_ms)
            due_ms = server->until_ms;
    }
    return due_ms;
}

size_t failover_begin_probe(struct failover *failover, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < failover->count; i++) {
        struct failover_server *server = &failover->servers[i];

        if (server->aside && !server->is_probed && server->until_ms <= now_ms) {
            server->is_probed = true;
            return i;
        }
    }
    return FAILOVER_NONE;
}
