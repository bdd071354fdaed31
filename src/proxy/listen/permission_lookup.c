/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/permission_lookup.h"

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/permission.h"
#include "json/json_read.h"

struct permission_lookup {
    struct exchange *exchange;
    struct headers headers; /* none */
    bool counted;           /* among the lookups under way, and in the budget */
    struct request request;
    char target[POLICY_QUESTION_BYTES];
};

static void give_place(struct permission_lookup *lookup)
{
    struct services *services = lookup->exchange->services;

    if (!lookup->counted)
        return;
    budget_settle(&services->budget, services->loop.now_ms, 1, BUDGET_COUNTED);
    quota_give_back(&lookup->exchange->peer->principal->shares.lookups, 1);
    lookup->counted = false;
}

static void permission_lookup_free(struct exchange *exchange)
{
    struct permission_lookup *lookup = TAKE_PTR(exchange->state);

    if (!lookup)
        return;
    give_place(lookup);
    request_free(&lookup->request);
    free(lookup);
}

static void permission_lookup_leave(struct exchange *exchange)
{
    struct permission_lookup *lookup = exchange->state;

    if (!lookup)
        return;
    request_cancel(&lookup->request);
    give_place(lookup);
}

/* Or responds. */
static enum permission check(struct exchange *exchange, const struct transfer *transfer)
{
    json_error_t error = {.line = 0};
    json_t *answer = json_read(transfer->response_body.data, transfer->response_body.len, 0, &error);
    enum permission permission = PERMISSION_REFUSED;

    if (!answer && json_error_code(&error) == json_error_out_of_memory)
        reply_no_memory(exchange);
    else
        permission = permission_check_answer(exchange, answer);
    json_decref(answer);
    return permission;
}

/* What does not exist, or may not be seen: the server says the same of the request. */
static void permission_lookup_done(struct request *request)
{
    struct permission_lookup *lookup = CONTAINER_OF(request, struct permission_lookup, request);
    struct exchange *exchange = lookup->exchange;

    give_place(lookup);
    if (request->outcome != REQUEST_ANSWERED) {
        reply_request(exchange, request);
    } else if (request->transfer.status != 200) {
        reply_transfer(exchange, &request->transfer);
    } else if (check(exchange, &request->transfer) == PERMISSION_GRANTED) {
        exchange_hand_over(exchange, &forward_handler);
        exchange->handler->begin(exchange);
    }
}

static bool take_place(struct exchange *exchange)
{
    struct services *services = exchange->services;
    struct quota *lookups = &exchange->peer->principal->shares.lookups;

    if (!quota_take(lookups, 1))
        return false;
    if (budget_take(&services->budget, services->loop.now_ms, 0, 1))
        return true;
    quota_give_back(lookups, 1);
    return false;
}

static void ask(struct permission_lookup *lookup)
{
    struct services *services = lookup->exchange->services;

    permission_question(lookup->exchange, lookup->target);
    request_init(&lookup->request, &services->upstream, &services->own_request_options);
    lookup->request.method = "GET";
    lookup->request.target = lookup->target;
    lookup->request.headers = &lookup->headers;
    lookup->request.done = permission_lookup_done;
    request_start(&lookup->request);
}

static void permission_lookup_begin(struct exchange *exchange)
{
    struct permission_lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup || !take_place(exchange)) {
        free(lookup);
        reply_busy(exchange, 0, "what the policy depends on cannot be looked up now; try again later");
        return;
    }
    exchange->state = lookup;
    lookup->exchange = exchange;
    lookup->counted = true;
    lookup->headers = (struct headers)HEADERS_INIT;
    ask(lookup);
}

const struct handler permission_lookup_handler = {
    .name = "permission-lookup",
    .begin = permission_lookup_begin,
    .leave = permission_lookup_leave,
    .free = permission_lookup_free,
};
