/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket_token.h"

#include <stdio.h>

#include "upstream/jwt.h"
#include "json/json_read.h"

static const char scheme[] = "X-Authorization: Bearer ";

static bool is_valid(const struct websocket_token *websocket_token, const struct credential *credential)
{
    return websocket_token->token && websocket_token->credential == credential->generation &&
           websocket_token->upstream->loop->now_ms < websocket_token->expires_ms;
}

static void forget(struct websocket_token *websocket_token)
{
    free_secret(TAKE_PTR(websocket_token->token));
}

static void tell_all(struct websocket_token *websocket_token, const struct request *failed)
{
    struct list waiting;

    list_init(&waiting);
    list_take_all(&waiting, &websocket_token->waiting);
    while (!list_is_empty(&waiting)) {
        struct websocket_token_wait *wait = CONTAINER_OF(waiting.next, struct websocket_token_wait, link);

        list_remove(&wait->link);
        wait->generation = websocket_token->generation;
        wait->done(wait, failed ? NULL : websocket_token->token, failed);
    }
}

/* Takes the token out of {"token":...,"refreshToken":...}. Its time is counted from its receipt. */
static bool take_token(struct websocket_token *websocket_token, const struct buf *body)
{
    json_t *pair = json_read(body->data, body->len, 0, NULL);
    const char *token = json_string_value(json_object_get(pair, "token"));
    json_t *claims = token ? jwt_claims(token) : NULL;
    int64_t life_ms = claims ? jwt_life_ms(claims) : 0;

    forget(websocket_token);
    if (claims)
        websocket_token->token = strdup(token);
    websocket_token->expires_ms =
        websocket_token->upstream->loop->now_ms +
        (life_ms > 2 * WEBSOCKET_TOKEN_MARGIN_MS ? life_ms - WEBSOCKET_TOKEN_MARGIN_MS : life_ms / 2);
    websocket_token->generation++;
    json_decref(claims);
    json_decref(pair);
    return websocket_token->token != NULL;
}

static void ask(struct websocket_token *websocket_token, const struct credential *credential);

static void asked(struct request *request)
{
    struct websocket_token *websocket_token = CONTAINER_OF(request, struct websocket_token, request);
    struct upstream *upstream = websocket_token->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool got = request->outcome == REQUEST_ANSWERED && request->transfer.status == 200 &&
               take_token(websocket_token, &request->transfer.response_body);

    if (request->transfer.response_body.data)
        explicit_bzero(request->transfer.response_body.data, request->transfer.response_body.len);
    if (got && credential &&
        credential->generation != websocket_token->credential) /* the key has changed meanwhile */
        ask(websocket_token, credential);
    else
        tell_all(websocket_token, got ? NULL : request);
}

/* The id of the session's user, of what /api/auth/user said; NULL where it is none. */
static const char *own_id(const struct websocket_token *websocket_token)
{
    const json_t *user = session_user(websocket_token->upstream->session);
    const char *id = json_string_value(json_object_get(json_object_get(user, "id"), "id"));

    return id && *id && id[strspn(id, "0123456789abcdefABCDEF-")] == '\0' && strlen(id) <= 36 ? id : NULL;
}

static void ask(struct websocket_token *websocket_token, const struct credential *credential)
{
    const char *id = own_id(websocket_token);

    forget(websocket_token);
    websocket_token->credential = credential->generation;
    request_free(&websocket_token->request);
    snprintf(websocket_token->target, sizeof(websocket_token->target), "/api/user/%s/token",
             id ? id : "unknown");
    websocket_token->headers = (struct headers)HEADERS_INIT;
    websocket_token->request = (struct request){
        .method = "GET",
        .target = websocket_token->target,
        .headers = &websocket_token->headers,
        .done = asked,
    };
    request_init(&websocket_token->request, websocket_token->upstream, websocket_token->options);
    request_start(&websocket_token->request);
}

static void session_ready(struct request *request)
{
    struct websocket_token_wait *wait = CONTAINER_OF(request, struct websocket_token_wait, request);
    struct websocket_token *websocket_token = wait->websocket_token;
    struct upstream *upstream = websocket_token->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool is_asking = !list_is_empty(&websocket_token->waiting);

    request_cancel(request);
    if (strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        wait->generation = credential->generation;
        wait->done(wait, credential->header + strlen(scheme), NULL);
    } else if (is_valid(websocket_token, credential)) {
        wait->generation = websocket_token->generation;
        wait->done(wait, websocket_token->token, NULL);
    } else {
        list_append(&websocket_token->waiting, &wait->link);
        if (!is_asking)
            ask(websocket_token, credential);
    }
}

static void no_session(struct request *request)
{
    struct websocket_token_wait *wait = CONTAINER_OF(request, struct websocket_token_wait, request);

    wait->done(wait, NULL, request);
}

void websocket_token_init(struct websocket_token *websocket_token, struct upstream *upstream,
                          const struct request_options *options)
{
    websocket_token->upstream = upstream;
    websocket_token->options = options;
    list_init(&websocket_token->waiting);
}

void websocket_token_get(struct websocket_token *websocket_token, struct websocket_token_wait *wait)
{
    wait->websocket_token = websocket_token;
    list_init(&wait->link);
    wait->request = (struct request){.method = "GET", .ready = session_ready, .done = no_session};
    request_init(&wait->request, websocket_token->upstream, websocket_token->options);
    request_start(&wait->request);
}

void websocket_token_cancel(struct websocket_token_wait *wait)
{
    if (!wait->websocket_token)
        return;
    list_remove(&wait->link);
    request_free(&wait->request);
}

void websocket_token_refused(struct websocket_token *websocket_token, uint64_t generation)
{
    struct upstream *upstream = websocket_token->upstream;
    int64_t now_ms = upstream->loop->now_ms;
    const struct credential *credential = session_credential(upstream->session, now_ms);
    bool again =
        websocket_token->refused_ms > 0 && now_ms - websocket_token->refused_ms < WEBSOCKET_TOKEN_REFUSALS_MS;

    websocket_token->refused_ms = now_ms;
    if (websocket_token->token) { /* it was the API key's */
        if (generation == websocket_token->generation && !again)
            forget(websocket_token);
    } else if (credential && strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        session_refused(upstream->session, now_ms, generation, again);
        session_calls_schedule(&upstream->calls);
    }
}

void websocket_token_close(struct websocket_token *websocket_token)
{
    if (!websocket_token->upstream) /* never opened */
        return;
    request_free(&websocket_token->request);
    forget(websocket_token);
}
