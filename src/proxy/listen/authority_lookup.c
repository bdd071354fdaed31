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
    struct request request;
    char target[sizeof(TARGET) + USER_ID_LENGTH];
};

static void authority_lookup_free(struct exchange *exchange)
{
    struct authority_lookup *lookup = TAKE_PTR(exchange->state);

    if (lookup)
        request_free(&lookup->request);
    free(lookup);
}

static void authority_lookup_leave(struct exchange *exchange)
{
    struct authority_lookup *lookup = exchange->state;

    if (lookup)
        request_cancel(&lookup->request);
}

static enum authority authority_in(const struct transfer *transfer)
{
    json_t *user = json_read(transfer->response_body.data, transfer->response_body.len, 0, NULL);
    enum authority authority = authority_parse(json_string_value(json_object_get(user, "authority")));

    json_decref(user);
    return authority;
}

/* The server's answer counts against its rate limit. */
static void count(struct services *services)
{
    if (budget_take(&services->budget, services->loop.now_ms, 0, 1))
        budget_settle(&services->budget, services->loop.now_ms, 1, BUDGET_COUNTED);
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
    count(exchange->services);
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

static void authority_lookup_begin(struct exchange *exchange)
{
    struct services *services = exchange->services;
    struct authority_lookup *lookup = calloc(1, sizeof(*lookup));
    char id[USER_ID_LENGTH + 1] = "";

    if (!lookup) {
        reply_no_memory(exchange);
        return;
    }
    exchange->state = lookup;
    lookup->exchange = exchange;
    lookup->headers = (struct headers)HEADERS_INIT;
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

const struct handler authority_lookup_handler = {
    .name = "authority-lookup",
    .begin = authority_lookup_begin,
    .leave = authority_lookup_leave,
    .free = authority_lookup_free,
};
