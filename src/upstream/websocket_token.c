/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket_token.h"

#include <stdio.h>

#include "json/json_read.h"
#include "upstream/jwt.h"

static const char scheme[] = "X-Authorization: Bearer ";

static bool is_valid(const struct bearer *bearer, const struct credential *credential)
{
    return bearer->token && bearer->credential == credential->generation &&
           bearer->upstream->loop->now_ms < bearer->expires_ms;
}

static void forget(struct bearer *bearer)
{
    free_secret(TAKE_PTR(bearer->token));
}

static void tell_all(struct bearer *bearer, const struct request *failed)
{
    struct list waiting;

    list_init(&waiting);
    list_take_all(&waiting, &bearer->waiting);
    while (!list_is_empty(&waiting)) {
        struct bearer_wait *wait = CONTAINER_OF(waiting.next, struct bearer_wait, link);

        list_remove(&wait->link);
        wait->generation = bearer->generation;
        wait->done(wait, failed ? NULL : bearer->token, failed);
    }
}

/* Takes the token out of {"token":...,"refreshToken":...}. Its time is counted from its receipt. */
static bool take_token(struct bearer *bearer, const struct buf *body)
{
    json_t *pair = json_read(body->data, body->len, 0, NULL);
    const char *token = json_string_value(json_object_get(pair, "token"));
    json_t *claims = token ? jwt_claims(token) : NULL;
    int64_t life_ms = claims ? jwt_life_ms(claims) : 0;

    forget(bearer);
    if (claims)
        bearer->token = strdup(token);
    bearer->expires_ms = bearer->upstream->loop->now_ms +
                         (life_ms > 2 * BEARER_MARGIN_MS ? life_ms - BEARER_MARGIN_MS : life_ms / 2);
    bearer->generation++;
    json_decref(claims);
    json_decref(pair);
    return bearer->token != NULL;
}

static void ask(struct bearer *bearer, const struct credential *credential);

static void asked(struct request *request)
{
    struct bearer *bearer = CONTAINER_OF(request, struct bearer, request);
    struct upstream *upstream = bearer->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool got = request->outcome == REQUEST_ANSWERED && request->transfer.status == 200 &&
               take_token(bearer, &request->transfer.response_body);

    if (request->transfer.response_body.data)
        explicit_bzero(request->transfer.response_body.data, request->transfer.response_body.len);
    if (got && credential && credential->generation != bearer->credential) /* the key has changed meanwhile */
        ask(bearer, credential);
    else
        tell_all(bearer, got ? NULL : request);
}

/* The id of the session's user, of what /api/auth/user said; NULL where it is none. */
static const char *own_id(const struct bearer *bearer)
{
    const json_t *user = session_user(bearer->upstream->session);
    const char *id = json_string_value(json_object_get(json_object_get(user, "id"), "id"));

    return id && *id && id[strspn(id, "0123456789abcdefABCDEF-")] == '\0' && strlen(id) <= 36 ? id : NULL;
}

static void ask(struct bearer *bearer, const struct credential *credential)
{
    const char *id = own_id(bearer);

    forget(bearer);
    bearer->credential = credential->generation;
    request_free(&bearer->request);
    snprintf(bearer->target, sizeof(bearer->target), "/api/user/%s/token", id ? id : "unknown");
    bearer->headers = (struct headers)HEADERS_INIT;
    bearer->request = (struct request){
        .method = "GET",
        .target = bearer->target,
        .headers = &bearer->headers,
        .done = asked,
    };
    request_init(&bearer->request, bearer->upstream, bearer->options);
    request_start(&bearer->request);
}

static void session_ready(struct request *request)
{
    struct bearer_wait *wait = CONTAINER_OF(request, struct bearer_wait, request);
    struct bearer *bearer = wait->bearer;
    struct upstream *upstream = bearer->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool is_asking = !list_is_empty(&bearer->waiting);

    request_cancel(request);
    if (strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        wait->generation = credential->generation;
        wait->done(wait, credential->header + strlen(scheme), NULL);
    } else if (is_valid(bearer, credential)) {
        wait->generation = bearer->generation;
        wait->done(wait, bearer->token, NULL);
    } else {
        list_append(&bearer->waiting, &wait->link);
        if (!is_asking)
            ask(bearer, credential);
    }
}

static void no_session(struct request *request)
{
    struct bearer_wait *wait = CONTAINER_OF(request, struct bearer_wait, request);

    wait->done(wait, NULL, request);
}

void bearer_init(struct bearer *bearer, struct upstream *upstream, const struct request_options *options)
{
    bearer->upstream = upstream;
    bearer->options = options;
    list_init(&bearer->waiting);
}

void bearer_get(struct bearer *bearer, struct bearer_wait *wait)
{
    wait->bearer = bearer;
    list_init(&wait->link);
    wait->request = (struct request){.method = "GET", .ready = session_ready, .done = no_session};
    request_init(&wait->request, bearer->upstream, bearer->options);
    request_start(&wait->request);
}

void bearer_cancel(struct bearer_wait *wait)
{
    if (!wait->bearer)
        return;
    list_remove(&wait->link);
    request_free(&wait->request);
}

void bearer_refused(struct bearer *bearer, uint64_t generation)
{
    struct upstream *upstream = bearer->upstream;
    int64_t now_ms = upstream->loop->now_ms;
    const struct credential *credential = session_credential(upstream->session, now_ms);
    bool again = bearer->refused_ms > 0 && now_ms - bearer->refused_ms < BEARER_REFUSALS_MS;

    bearer->refused_ms = now_ms;
    if (bearer->token) { /* it was the API key's */
        if (generation == bearer->generation && !again)
            forget(bearer);
    } else if (credential && strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        session_refused(upstream->session, now_ms, generation, again);
        upstream_poke(upstream);
    }
}

void bearer_close(struct bearer *bearer)
{
    if (!bearer->upstream) /* never opened */
        return;
    request_free(&bearer->request);
    forget(bearer);
}
