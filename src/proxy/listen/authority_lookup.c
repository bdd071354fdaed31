/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/authority_lookup.h"

#include <stdio.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/permission.h"
#include "proxy/policy/subject.h"
#include "json/json_read.h"

#define TARGET "/api/user/"

struct authority_lookup {
    struct exchange *exchange;
    struct headers headers; /* none */
    bool counted;           /* among the lookups under way, and in the budget */
    struct request request;
    char target[sizeof(TARGET) + USER_ID_LENGTH];
};

static void give_place(struct authority_lookup *lookup)
{
    struct services *services = lookup->exchange->services;

    if (!lookup->counted)
        return;
    budget_settle(&services->budget, services->loop.now_ms, 1, BUDGET_COUNTED);
    services->lookups--;
    lookup->counted = false;
}

static void authority_lookup_free(struct exchange *exchange)
{
    struct authority_lookup *lookup = TAKE_PTR(exchange->state);

    if (!lookup)
        return;
    give_place(lookup);
    request_free(&lookup->request);
    free(lookup);
}

static void authority_lookup_leave(struct exchange *exchange)
{
    struct authority_lookup *lookup = exchange->state;

    if (!lookup)
        return;
    request_cancel(&lookup->request);
    give_place(lookup);
}

static enum authority authority_in(const struct transfer *transfer)
{
    json_t *user = json_read(transfer->response_body.data, transfer->response_body.len, 0, NULL);
    enum authority authority = authority_parse(json_string_value(json_object_get(user, "authority")));

    json_decref(user);
    return authority;
}

/* A user who does not exist, or may not be seen: the server says the same of the link. */
static void authority_lookup_done(struct request *request)
{
    struct exchange *exchange = CONTAINER_OF(request, struct authority_lookup, request)->exchange;
    enum authority authority;

    if (request->outcome != REQUEST_ANSWERED) {
        reply_request(exchange, request);
        return;
    }
    if (request->transfer.status != 200) {
        reply_transfer(exchange, &request->transfer);
        return;
    }
    authority = authority_in(&request->transfer);
    authority_lookup_free(exchange);
    if (permission_check_authority(exchange, authority) == PERMISSION_GRANTED) {
        exchange->handler = &forward_handler;
        exchange->handler->begin(exchange);
    }
}

static bool take_place(struct services *services)
{
    int64_t now_ms = services->loop.now_ms;

    if (services->lookups == AUTHORITY_LOOKUPS_MAX || !budget_take(&services->budget, now_ms, 0, 1))
        return false;
    services->lookups++;
    return true;
}

static void ask(struct authority_lookup *lookup)
{
    struct exchange *exchange = lookup->exchange;
    struct services *services = exchange->services;
    char id[USER_ID_LENGTH + 1] = "";

    policy_user_in_path(exchange->head.operation, exchange->head.target.text.data,
                        exchange->head.target.path_length, id);
    snprintf(lookup->target, sizeof(lookup->target), TARGET "%s", id);
    request_init(&lookup->request, &services->upstream, &services->own_request_options);
    lookup->request.method = "GET";
    lookup->request.target = lookup->target;
    lookup->request.headers = &lookup->headers;
    lookup->request.done = authority_lookup_done;
    request_start(&lookup->request);
}

static void authority_lookup_begin(struct exchange *exchange)
{
    struct authority_lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup || !take_place(exchange->services)) {
        free(lookup);
        reply_busy(exchange, 0, "the user of an activation link cannot be looked up now; try again later");
        return;
    }
    exchange->state = lookup;
    lookup->exchange = exchange;
    lookup->counted = true;
    lookup->headers = (struct headers)HEADERS_INIT;
    ask(lookup);
}

const struct handler authority_lookup_handler = {
    .name = "authority-lookup",
    .begin = authority_lookup_begin,
    .leave = authority_lookup_leave,
    .free = authority_lookup_free,
};
