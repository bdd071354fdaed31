/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream_call_server.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "upstream/resend.h"
#include "upstream/stamp.h"
#include "upstream_call_world.h"

#define TIMEOUT_MS 3000

enum step { WAITING_FOR_SESSION, TRAVELLING, WORKING, RETURNING };

/* One call as the server has it. */
struct call {
    struct timer timer;
    struct list link;    /* in server->calls */
    struct list arrived; /* in server->arrived */
    struct server *server;
    struct request *request; /* NULL: given up */
    enum step step;
    char *target;
    struct buf body;
    bool is_write;
    unsigned entity, cost;
    bool late, lost, unsent;
    const struct server_limit *refused_by; /* the limit of its operation; NULL: the shared one, or none */
    int status;                            /* of the answer; 0: there is none */
    char answer[2048];
};

static int64_t draw(int64_t min, int64_t max)
{
    return min + (int64_t)(unit_random() % (uint32_t)(max - min + 1));
}

static bool happens(unsigned per_thousand)
{
    return per_thousand > 0 && unit_random() % 1000 < per_thousand;
}

static struct server *server_of(const struct request *request)
{
    return &CONTAINER_OF(request->upstream, struct world, services.upstream)->server;
}

void server_init(struct server *server, struct loop *loop)
{
    server->loop = loop;
    server->travel_min_ms = 1;
    server->travel_max_ms = 3;
    server->work_min_ms = 1;
    server->work_max_ms = 40;
    server->bad_status = 400;
    server->retry_after_ms = -1;
    list_init(&server->calls);
    list_init(&server->arrived);
}

/* ---- the limit ---- */

static void set_limit(struct server_limit *ret, const char *limit)
{
    int used = 0;

    for (ret->count = 0; *limit; ret->count++) {
        struct server_band *band = &ret->bands[ret->count];

        WORLD_ASSERT(sscanf(limit, "%" SCNd64 ":%" SCNd64 "%n", &band->capacity, &band->seconds, &used) == 2);
        band->full_at = 0;
        limit += used + (limit[used] == ',');
    }
}

void server_limit(struct server *server, const char *limit)
{
    set_limit(&server->limit, limit);
}

struct server_limit *server_limit_operation(struct server *server, const char *part, const char *limit)
{
    struct server_limit *own = &server->own[server->own_count++];

    WORLD_ASSERT(server->own_count <= SERVER_OWN_LIMITS);
    *own = (struct server_limit){.part = part, .retry_after_ms = -1};
    set_limit(own, limit);
    return own;
}

/* At some time within the ms, never going back. */
static void move_clock(struct server *server)
{
    int64_t now_us = server->loop->now_ms * 1000 + draw(0, 999);

    server->now_us = now_us > server->now_us ? now_us : server->now_us;
}

static bool has_token(const struct server_band *band, int64_t now_us)
{
    int64_t now = now_us * band->capacity, token = band->seconds * 1000000;
    int64_t full_at = band->full_at > now ? band->full_at : now;

    return full_at + token - now <= band->capacity * token;
}

static bool take_from(struct server_limit *limit, int64_t now_us)
{
    size_t i;

    for (i = 0; i < limit->count; i++)
        if (!has_token(&limit->bands[i], now_us))
            return false;
    for (i = 0; i < limit->count; i++) {
        struct server_band *band = &limit->bands[i];
        int64_t now = now_us * band->capacity;

        band->full_at = (band->full_at > now ? band->full_at : now) + band->seconds * 1000000;
    }
    return true;
}

static bool take_token(struct server *server)
{
    move_clock(server);
    if (!take_from(&server->limit, server->now_us))
        return false;
    server->tokens++;
    return true;
}

void server_use_up(struct server *server)
{
    move_clock(server);
    while (take_from(&server->limit, server->now_us))
        ;
}

/* The limit of the operation of TARGET; NULL: none. */
static struct server_limit *own_limit_passed(struct server *server, const char *target)
{
    size_t i;

    move_clock(server);
    for (i = 0; i < server->own_count; i++)
        if (strstr(target, server->own[i].part) && !take_from(&server->own[i], server->now_us))
            return &server->own[i];
    return NULL;
}

/* ---- execution ---- */

static void store_telemetry(struct call *call, unsigned writer, unsigned serial, int64_t ts_ms)
{
    struct server *server = call->server;
    struct server_write *write = &server->writes[serial];

    if (write->points == 0 || write->ts_ms != ts_ms)
        write->points++;
    write->ts_ms = ts_ms;
    write->executions++;
    if (serial < server->last[call->entity][writer])
        server->overtaken = true;
    server->last[call->entity][writer] = serial;
}

static void store_attribute(struct call *call, unsigned writer, unsigned serial)
{
    struct server *server = call->server;

    server->writes[serial].points = 1;
    server->writes[serial].executions++;
    if (serial < server->attributes[call->entity][writer])
        server->overtaken = true;
    server->attributes[call->entity][writer] = serial;
}

/* The values of an object; TS_MS: telemetry of that time, else -1. */
static void store(struct call *call, json_t *values, int64_t ts_ms, unsigned *last)
{
    const char *key;
    json_t *value;

    json_object_foreach(values, key, value)
    {
        unsigned writer = 0, serial = (unsigned)json_integer_value(value);

        WORLD_ASSERT(sscanf(key, "w%u", &writer) == 1);
        if (ts_ms >= 0)
            store_telemetry(call, writer, serial, ts_ms);
        else
            store_attribute(call, writer, serial);
        if (serial < *last)
            call->server->disordered = true;
        *last = serial;
    }
}

static json_t *values_of(json_t *element)
{
    json_t *values = json_object_get(element, "values");

    return values ? values : element;
}

static bool is_bad(json_t *body)
{
    const json_t *element;
    size_t i;

    json_array_foreach(body, i, element)
    {
        if (json_object_get(values_of((json_t *)(uintptr_t)element), "bad"))
            return true;
    }
    return !body || json_object_get(values_of(body), "bad");
}

static unsigned store_all(struct call *call, json_t *body)
{
    bool is_telemetry = strstr(call->target, "/timeseries/") != NULL;
    unsigned last = 0;
    json_t *element;
    size_t i;

    if (!is_telemetry) {
        store(call, body, -1, &last);
        return (unsigned)json_object_size(body);
    }
    if (json_is_object(body))
        store(call, values_of(body), json_integer_value(json_object_get(body, "ts")), &last);
    json_array_foreach(body, i, element)
    {
        store(call, values_of(element), json_integer_value(json_object_get(element, "ts")), &last);
    }
    return json_is_array(body) ? (unsigned)json_array_size(body) : 1;
}

static int execute_write(struct call *call)
{
    json_t *body = json_loadb(call->body.data, call->body.len, 0, NULL);
    struct server *server = call->server;
    bool bad = is_bad(body);

    if (!bad) {
        unsigned count = store_all(call, body);

        server->largest = count > server->largest ? count : server->largest;
    }
    json_decref(body);
    if (bad)
        snprintf(call->answer, sizeof(call->answer), "{\"message\":\"a value is bad\"}");
    return bad ? server->bad_status : 200;
}

static int execute_read(struct call *call)
{
    size_t length = 0, i;

    for (i = 0; i < SERVER_WRITERS; i++)
        length += (size_t)snprintf(call->answer + length, sizeof(call->answer) - length, "%u ",
                                   call->server->attributes[call->entity][i]);
    return 200;
}

static int execute(struct call *call)
{
    unsigned serial = 0;

    if (strstr(call->target, "/values/"))
        return execute_read(call);
    if (strstr(call->target, "/telemetry/"))
        return execute_write(call);
    if (sscanf(call->target, "/api/rpc/twoway/%u", &serial) == 1)
        call->server->writes[serial].executions++;
    return 200;
}

/* ---- a call's way ---- */

static void step(struct timer *timer);

static void next_step(struct call *call, enum step next, int64_t ms)
{
    call->step = next;
    call->timer.expired = step;
    loop_timer_start(call->server->loop, &call->timer, ms);
}

static void return_status(struct call *call, int status)
{
    call->status = status;
    next_step(call, RETURNING, draw(call->server->travel_min_ms, call->server->travel_max_ms));
}

static void refuse(struct call *call)
{
    call->server->refused++;
    return_status(call, 429);
}

static bool is_refused_by_own(struct call *call)
{
    struct server_limit *passed = own_limit_passed(call->server, call->target);

    if (!passed)
        return false;
    passed->refused++;
    call->refused_by = passed;
    return_status(call, 429);
    return true;
}

static void arrive(struct call *call)
{
    const struct server_faults *faults = &call->server->faults;

    if (call->server->is_away) {
        return_status(call, 0);
        return;
    }
    call->late = happens(faults->late);
    call->lost = happens(faults->lost);
    if (call->server->next_status) {
        return_status(call, call->server->next_status);
        call->server->next_status = 0;
    } else if (happens(faults->reset))
        return_status(call, 0);
    else if (happens(faults->unauthorized))
        return_status(call, 401);
    else if (happens(faults->error_503))
        return_status(call, 503);
    else if (is_refused_by_own(call))
        return;
    else if (call->cost > 0 && !take_token(call->server))
        refuse(call);
    else if (happens(faults->error_500))
        return_status(call, 500);
    else
        next_step(call, WORKING, draw(call->server->work_min_ms, call->server->work_max_ms));
}

static void work(struct call *call)
{
    int status = call->server->is_away ? 0 : execute(call);

    if (call->cost > 1 && !take_token(call->server)) {
        call->server->refused_after_execution++;
        refuse(call);
    } else {
        return_status(call, call->lost ? 0 : status);
    }
    if (call->late)
        next_step(call, RETURNING, TIMEOUT_MS);
}

static void free_call(struct call *call)
{
    struct server *server = call->server;

    server->writes_of[call->entity] -= call->is_write;
    loop_timer_stop(server->loop, &call->timer);
    list_remove(&call->link);
    list_remove(&call->arrived);
    free(call->target);
    buf_free(&call->body);
    free(call);
}

/* A call that waits for that has told the server nothing yet. */
static void session_may_be_there(struct call *call)
{
    struct request *request = call->request;

    free_call(call);
    request_start(request);
}

static void step(struct timer *timer)
{
    struct call *call = CONTAINER_OF(timer, struct call, timer);

    switch (call->step) {
    case WAITING_FOR_SESSION:
        session_may_be_there(call);
        return;
    case TRAVELLING:
        arrive(call);
        return;
    case WORKING:
        work(call);
        return;
    case RETURNING:
        if (call->request)
            list_append(&call->server->arrived, &call->arrived);
        else
            free_call(call);
    }
}

static void finish(struct request *request, enum request_outcome outcome)
{
    request_cancel(request);
    request->outcome = outcome;
    request->done(request);
}

/* Once more with another credential, or the answer. */
static void tell(struct call *call)
{
    struct request *request = call->request;
    struct server *server = call->server;
    int status = call->late ? 0 : call->status;

    if (status == 401 && !request->replayed) {
        request->replayed = true;
        request_cancel(request);
        request_start(request);
        return;
    }
    server->told = call->refused_by;
    request->transfer.status = status;
    request->transfer.error = (struct transfer_error){call->late ? 504 : 502, "connection_terminated"};
    request->transfer.knowledge = status         ? TRANSFER_ANSWERED
                                  : call->unsent ? TRANSFER_NOT_SENT
                                                 : TRANSFER_MAY_HAVE_RUN;
    request->may_have_run |= status == 0 && !call->unsent;
    world_report(CONTAINER_OF(server, struct world, server), call->unsent  ? FAILOVER_UNREACHABLE
                                                             : status == 0 ? FAILOVER_DOUBTFUL
                                                             : status == 502 || status == 503
                                                                 ? FAILOVER_GATEWAY_ERROR
                                                                 : FAILOVER_ANSWERED);
    request->transfer.response_body.max = sizeof(call->answer);
    buf_clear(&request->transfer.response_body);
    buf_append_string(&request->transfer.response_body, call->answer);
    finish(request, status == 0 ? REQUEST_FAILED : REQUEST_ANSWERED);
}

bool server_deliver(struct server *server, size_t count)
{
    bool any = !list_is_empty(&server->arrived);

    for (; count > 0 && !list_is_empty(&server->arrived); count--)
        tell(CONTAINER_OF(server->arrived.next, struct call, arrived));
    return any;
}

void server_close(struct server *server)
{
    while (!list_is_empty(&server->calls))
        free_call(CONTAINER_OF(server->calls.next, struct call, link));
}

/* ---- in place of upstream/request.c ---- */

void request_init(struct request *request, struct upstream *upstream, const struct request_options *options)
{
    request->upstream = upstream;
    request->options = options;
    request->transfer.response = (struct headers)HEADERS_INIT;
}

static unsigned cost_of(const char *target)
{
    return strncmp(target, "/api/v1/", 8) == 0                              ? 0
           : strstr(target, "/telemetry/") || strstr(target, "/rpc/twoway") ? 2
                                                                            : 1;
}

static struct call *call_new(struct request *request)
{
    struct call *call = calloc(1, sizeof(*call));

    call->server = server_of(request);
    call->request = request;
    call->body.max = SIZE_MAX - 1;
    list_init(&call->arrived);
    list_append(&call->server->calls, &call->link);
    return call;
}

/* Reads everything that would be sent. */
static void read_request(struct call *call)
{
    const struct request *request = call->request;
    const char *device = strstr(request->target, "/DEVICE/");
    const char *line;

    call->target = strdup(request->target);
    if (request->body)
        buf_append(&call->body, request->body->data, request->body->len);
    for (line = headers_next(request->headers, NULL); line; line = headers_next(request->headers, line))
        WORLD_ASSERT(strchr(line, ':') != NULL);
    call->is_write = strcmp(request->method, "POST") == 0 && device;
    call->entity = device ? (unsigned)strtoul(device + strlen("/DEVICE/"), NULL, 10) : 0;
    call->cost = cost_of(request->target);
}

static void wait_for_session(struct request *request)
{
    bool begins = request->state != REQUEST_WAITING;
    struct server *server = server_of(request);

    request->state = REQUEST_WAITING;
    next_step(call_new(request), WAITING_FOR_SESSION, server->session_ms - server->loop->now_ms);
    if (begins && request->waits)
        request->waits(request);
}

void request_start(struct request *request)
{
    struct server *server = server_of(request);

    if (happens(server->faults.no_session)) {
        finish(request, REQUEST_NO_SESSION);
        return;
    }
    if (server->session_ms > server->loop->now_ms) {
        wait_for_session(request);
        return;
    }
    request->state = REQUEST_READY;
    request->ready(request);
}

void request_send(struct request *request)
{
    struct call *call = call_new(request);
    struct server *server = call->server;
    unsigned writes;

    read_request(call);
    call->unsent = server->is_away;
    server->refused_connections += call->unsent;
    server->last_timeout_ms = request->timeout_ms;
    request->transfer.may_be_sent_twice =
        request->retry != TB_RETRY_NEVER && (request->stamped || strcmp(request->method, "POST") != 0);
    server->call_count++;
    writes = server->writes_of[call->entity] += call->is_write;
    server->most_writes_of_one = writes > server->most_writes_of_one ? writes : server->most_writes_of_one;
    request->state = REQUEST_SENDING;
    request->transfer.started_ms = server->loop->now_ms;
    next_step(call, TRAVELLING, draw(server->travel_min_ms, server->travel_max_ms));
}

/* The server goes on with it. */
void request_cancel(struct request *request)
{
    struct server *server;
    struct list *link, *next;

    if (!request->upstream) /* never begun */
        return;
    server = server_of(request);
    for (link = server->calls.next; link != &server->calls; link = next) {
        struct call *call = CONTAINER_OF(link, struct call, link);

        next = link->next;
        if (call->request != request)
            continue;
        call->request = NULL;
        if (!list_is_empty(&call->arrived) || call->step == WAITING_FOR_SESSION)
            free_call(call);
    }
    request->state = REQUEST_DONE;
}

void request_give_up(struct request *request)
{
    if (request->state != REQUEST_SENDING)
        return;
    request_cancel(request);
    request->outcome = REQUEST_FAILED;
    request->may_have_run = true;
}

void request_free(struct request *request)
{
    request_cancel(request);
    headers_free(&request->transfer.response);
    buf_free(&request->transfer.response_body);
}

bool request_may_be_resent(const struct request *request)
{
    const struct transfer *transfer = &request->transfer;

    return request->outcome == REQUEST_ANSWERED
               ? transfer->may_be_sent_twice && (transfer->status == 502 || transfer->status == 503)
               : request->outcome == REQUEST_FAILED && transfer->error.status != 504 &&
                     (transfer->may_be_sent_twice || transfer->knowledge == TRANSFER_NOT_SENT);
}

int64_t upstream_clock_stamp_ms(struct upstream_clock *clock, const char *entity, size_t length)
{
    (void)entity;
    (void)length;
    return upstream_clock_now_ms(clock);
}

int64_t upstream_clock_now_ms(const struct upstream_clock *clock)
{
    return WORLD_EPOCH_MS + clock->loop->now_ms;
}

bool upstream_clock_is_certain(const struct upstream_clock *clock)
{
    (void)clock;
    return true;
}

int64_t upstream_clock_retry_after_ms(const struct upstream_clock *clock, const struct transfer *transfer)
{
    const struct world *world = CONTAINER_OF(clock, struct world, services.upstream.clock);

    (void)transfer;
    return world->server.told ? world->server.told->retry_after_ms : world->server.retry_after_ms;
}

bool upstream_clock_is_awaited(const struct upstream *upstream)
{
    (void)upstream;
    return false;
}
