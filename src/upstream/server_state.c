/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_state.h"

#include <stdio.h>

void server_state_init(struct server_state *state, int64_t now_ms)
{
    *state = (struct server_state){.since_ms = now_ms, .left_ms = now_ms, .next_try_ms = INT64_MAX};
}

const char *server_condition_name(enum server_condition condition)
{
    static const char *const names[] = {"starting", "ready", "unreachable", "failing", "refused", "limited"};

    return names[condition];
}

/* What counts of several troubles: without a connection, the session is no better; and whether there is a
 * limit matters only with a session. A renewal that failed is not one as long as the credential lives. */
static const struct server_trouble *weigh(const struct server_facts *facts)
{
    if (facts->connection)
        return facts->connection;
    if (facts->session && !facts->has_credential)
        return facts->session;
    return facts->budget;
}

/* While a credential is renewed there is none for a moment, which says nothing. */
static enum server_condition condition_of(const struct server_state *state, const struct server_facts *facts)
{
    const struct server_trouble *trouble = weigh(facts);

    if (trouble)
        return trouble->condition;
    return facts->has_credential ? SERVER_READY : state->condition;
}

static void take_texts(struct server_state *state, const struct server_trouble *trouble)
{
    snprintf(state->cause, sizeof(state->cause), "%s", trouble ? trouble->cause : "");
    snprintf(state->remedy, sizeof(state->remedy), "%s", trouble ? trouble->remedy : "");
    state->next_try_ms = trouble ? trouble->next_try_ms : INT64_MAX;
}

static void note_failure(struct server_state *state, const struct server_trouble *trouble, int64_t now_ms)
{
    if (!trouble)
        return;
    state->last_failure.at_ms = now_ms;
    snprintf(state->last_failure.cause, sizeof(state->last_failure.cause), "%s", trouble->cause);
}

static void change(struct server_state *state, enum server_condition condition, int64_t since_ms,
                   struct server_change *ret)
{
    bool was_ready = server_state_is_ready(state);

    state->condition = condition;
    state->since_ms = since_ms;
    if (was_ready && !server_state_is_ready(state))
        state->left_ms = since_ms;
    if (was_ready || !server_state_is_ready(state))
        return;
    ret->away_ms = since_ms - state->left_ms;
    ret->failed_requests = state->failed_requests;
    state->failed_requests = 0;
}

struct server_change server_state_update(struct server_state *state, const struct server_facts *facts,
                                         int64_t now_ms)
{
    const struct server_trouble *trouble = weigh(facts), *told = trouble ? trouble : facts->session;
    enum server_condition condition = condition_of(state, facts);
    struct server_change ret = {.before = state->condition};

    if (!trouble && !facts->has_credential)
        return ret;
    ret.is_news = condition != state->condition || !*state->cause != !told ||
                  (told && strcmp(state->remedy, told->remedy) != 0);
    if (condition != state->condition)
        change(state, condition, trouble && trouble->since_ms < now_ms ? trouble->since_ms : now_ms, &ret);
    else if (server_state_is_ready(state) && !facts->in_doubt)
        state->failed_requests = 0;
    take_texts(state, told);
    note_failure(state, told, now_ms);
    return ret;
}

void server_state_count_failure(struct server_state *state, bool in_doubt)
{
    if (in_doubt || !server_state_is_ready(state))
        state->failed_requests++;
}
