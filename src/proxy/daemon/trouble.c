/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/trouble.h"

#include <stdio.h>

#include "proxy/config/remedy.h"

#define URL_SHOWN 200 /* bytes */

static bool is_late(const struct server_failure *failure)
{
    return failure->token && (strcmp(failure->token, "http_response_timeout") == 0 ||
                              strcmp(failure->token, "connection_timeout") == 0);
}

static void explain_failure(const char *url, const struct server_failure *failure, char *ret, size_t size)
{
    if (failure->is_page)
        snprintf(ret, size, "%.*s answers with a page or a redirect (HTTP %d), not as ThingsBoard does",
                 URL_SHOWN, url, failure->status);
    else if (failure->status)
        snprintf(ret, size, "%.*s answers %d", URL_SHOWN, url, failure->status);
    else if (is_late(failure))
        snprintf(ret, size, "%.*s does not answer", URL_SHOWN, url);
    else
        snprintf(ret, size, "%.*s cannot be reached: %s", URL_SHOWN, url, failure->detail);
}

static void describe_failure(const struct services *services, struct server_trouble *ret)
{
    const struct upstream *upstream = &services->upstream;
    const struct server_failure *failure = &upstream->health.failure;
    size_t count = upstream->servers.count;
    int length = 0;

    ret->condition = failure->status ? SERVER_FAILING : SERVER_UNREACHABLE;
    if (count > 1)
        length = snprintf(ret->cause, sizeof(ret->cause), "none of the %zu servers can be used; ", count);
    explain_failure(upstream->servers.list[failure->server].url, failure, ret->cause + length,
                    sizeof(ret->cause) - (size_t)length);
    make_printable(
        ret->cause); /* systemd's protocol has one line for it, and the server may have worded it */
    remedy_for_failure(services->config, failure->status, failure->token, ret->remedy, sizeof(ret->remedy));
}

bool trouble_of_connection(const struct services *services, struct server_trouble *ret)
{
    const struct failover *failover = &services->upstream.health.failover;

    if (!services->upstream.is_away)
        return false;
    describe_failure(services, ret);
    ret->since_ms = failover_away_since_ms(failover);
    ret->next_try_ms = failover_due_ms(failover);
    return true;
}

/* An answer came that does not help. */
static void describe_odd_answer(const struct services *services, struct server_trouble *ret)
{
    const struct session *session = services->upstream.session;

    ret->condition = SERVER_FAILING;
    snprintf(ret->cause, sizeof(ret->cause), "%s", session_reason(session));
    if (session_status(session) != 429)
        remedy_for_failure(services->config, session_status(session), NULL, ret->remedy, sizeof(ret->remedy));
}

/* Why the last call had no success. Returns whether that counts still: if there was no connection and the
 * server answers now, or if a credential was refused and is being renewed, the next call is about to say. */
static bool describe_offline(const struct services *services, struct server_trouble *ret)
{
    const struct upstream *upstream = &services->upstream;
    bool is_asking = session_next_try_ms(upstream->session) == INT64_MAX;
    bool was_answered = session_status(upstream->session) || /* or that of a call under way begins */
                        (upstream->calls.transfer.answer_begun && !is_asking);

    if (session_state(upstream->session) == SESSION_REFRESHING &&
        !session_credential(upstream->session, services->loop.now_ms))
        return false;
    if (was_answered)
        describe_odd_answer(services, ret);
    else if (!upstream->health.is_sound)
        describe_failure(services, ret);
    return was_answered || !upstream->health.is_sound;
}

bool trouble_of_session(const struct services *services, struct server_trouble *ret)
{
    const struct session *session = services->upstream.session;

    if (!*session_reason(session))
        return false;
    *ret = (struct server_trouble){
        .condition = SERVER_REFUSED,
        .since_ms = INT64_MAX,
        .next_try_ms = session_next_try_ms(session),
    };
    if (session_state(session) != SESSION_LOCKED_OUT)
        return describe_offline(services, ret);
    snprintf(ret->cause, sizeof(ret->cause), "%s", session_reason(session));
    snprintf(ret->remedy, sizeof(ret->remedy), "%s", session_remedy(session));
    return true;
}

bool trouble_of_budget(const struct services *services, struct server_trouble *ret)
{
    int64_t now_ms = services->loop.now_ms, closed_ms = budget_closed_ms(&services->budget, now_ms);

    if (closed_ms == 0)
        return false;
    *ret = (struct server_trouble){
        .condition = SERVER_LIMITED,
        .cause = "the server's rate limit is reached (HTTP 429)",
        .remedy = "requests wait until it is open again; tbproxyctl limits shows it, and a higher one is "
                  "set in the tenant profile on the server",
        .since_ms = INT64_MAX,
        .next_try_ms = now_ms + closed_ms,
    };
    return true;
}
