/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket_token.h"

#include <stdio.h>

#include "upstream/jwt.h"
#include "upstream/own_user.h"
#include "json/json_read.h"

static const char scheme[] = "X-Authorization: Bearer ";

static bool is_valid(const struct websocket_token *token, const struct credential *credential)
{
    return token->text && token->credential == credential->generation &&
           token->upstream->loop->now_ms < token->expires_ms;
}

static void forget(struct websocket_token *token)
{
    free_secret(TAKE_PTR(token->text));
}

static void end_waits(struct websocket_token *token, const struct request *failed)
{
    struct list waiting;

    list_init(&waiting);
    list_take_all(&waiting, &token->waiting);
    while (!list_is_empty(&waiting)) {
        struct websocket_token_wait *wait = CONTAINER_OF(waiting.next, struct websocket_token_wait, link);

        list_remove(&wait->link);
        wait->generation = token->generation;
        wait->done(wait, failed ? NULL : token->text, failed);
    }
}

/* Takes the token from {"token":...,"refreshToken":...}. Its life is counted from its receipt. */
static bool take_token(struct websocket_token *token, const struct buf *body)
{
    json_t *pair = json_read(body->data, body->len, 0, NULL);
    const char *jwt = json_string_value(json_object_get(pair, "token"));
    json_t *claims = jwt ? jwt_claims(jwt) : NULL;
    int64_t life_ms = claims ? jwt_life_ms(claims) : 0;

    forget(token);
    if (claims)
        token->text = strdup(jwt);
    token->expires_ms =
        token->upstream->loop->now_ms +
        (life_ms > 2 * WEBSOCKET_TOKEN_MARGIN_MS ? life_ms - WEBSOCKET_TOKEN_MARGIN_MS : life_ms / 2);
    token->generation++;
    json_decref(claims);
    json_decref(pair);
    return token->text != NULL;
}

static void ask(struct websocket_token *token, const struct credential *credential);

static void websocket_token_answered(struct request *request)
{
    struct websocket_token *token = CONTAINER_OF(request, struct websocket_token, request);
    struct upstream *upstream = token->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool got = request->outcome == REQUEST_ANSWERED && request->transfer.status == 200 &&
               take_token(token, &request->transfer.response_body);

    if (request->transfer.response_body.data)
        explicit_bzero(request->transfer.response_body.data, request->transfer.response_body.len);
    if (got && credential &&
        credential->generation != token->credential) /* the key has changed in the meantime */
        ask(token, credential);
    else
        end_waits(token, got ? NULL : request);
}

/* The id of the session's user, from /api/auth/user; NULL if it does not look like an id. */
static const char *own_id(const struct websocket_token *token)
{
    const char *id = own_user_read(session_user(token->upstream->session)).id;

    return id && *id && id[strspn(id, "0123456789abcdefABCDEF-")] == '\0' && strlen(id) <= 36 ? id : NULL;
}

static void ask(struct websocket_token *token, const struct credential *credential)
{
    const char *id = own_id(token);

    forget(token);
    token->credential = credential->generation;
    request_free(&token->request);
    snprintf(token->target, sizeof(token->target), "/api/user/%s/token", id ? id : "unknown");
    token->headers = (struct headers)HEADERS_INIT;
    token->request = (struct request){
        .method = "GET",
        .target = token->target,
        .headers = &token->headers,
        .done = websocket_token_answered,
    };
    request_init(&token->request, token->upstream, token->options);
    request_start(&token->request);
}

static void websocket_token_session_ready(struct request *request)
{
    struct websocket_token_wait *wait = CONTAINER_OF(request, struct websocket_token_wait, request);
    struct websocket_token *token = wait->owner;
    struct upstream *upstream = token->upstream;
    const struct credential *credential = session_credential(upstream->session, upstream->loop->now_ms);
    bool is_asking = !list_is_empty(&token->waiting);

    request_cancel(request);
    if (strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        wait->generation = credential->generation;
        wait->done(wait, credential->header + strlen(scheme), NULL);
    } else if (is_valid(token, credential)) {
        wait->generation = token->generation;
        wait->done(wait, token->text, NULL);
    } else {
        list_append(&token->waiting, &wait->link);
        if (!is_asking)
            ask(token, credential);
    }
}

static void websocket_token_no_session(struct request *request)
{
    struct websocket_token_wait *wait = CONTAINER_OF(request, struct websocket_token_wait, request);

    wait->done(wait, NULL, request);
}

void websocket_token_init(struct websocket_token *token, struct upstream *upstream,
                          const struct request_options *options)
{
    token->upstream = upstream;
    token->options = options;
    list_init(&token->waiting);
}

void websocket_token_get(struct websocket_token *token, struct websocket_token_wait *wait)
{
    wait->owner = token;
    list_init(&wait->link);
    wait->request = (struct request){
        .method = "GET", .ready = websocket_token_session_ready, .done = websocket_token_no_session};
    request_init(&wait->request, token->upstream, token->options);
    request_start(&wait->request);
}

void websocket_token_cancel(struct websocket_token_wait *wait)
{
    if (!wait->owner)
        return;
    list_remove(&wait->link);
    request_free(&wait->request);
}

void websocket_token_refused(struct websocket_token *token, uint64_t generation)
{
    struct upstream *upstream = token->upstream;
    int64_t now_ms = upstream->loop->now_ms;
    const struct credential *credential = session_credential(upstream->session, now_ms);
    bool again = token->refused_ms > 0 && now_ms - token->refused_ms < WEBSOCKET_TOKEN_REFUSALS_MS;

    token->refused_ms = now_ms;
    if (token->text) { /* it was the API key's */
        if (generation == token->generation && !again)
            forget(token);
    } else if (credential && strncmp(credential->header, scheme, strlen(scheme)) == 0) {
        session_refused(upstream->session, now_ms, generation, again);
        session_calls_schedule(&upstream->calls);
    }
}

void websocket_token_close(struct websocket_token *token)
{
    if (!token->upstream) /* never opened */
        return;
    request_free(&token->request);
    forget(token);
}
