/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream_call_world.h"

#include <inttypes.h>
#include <stdio.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/upstream_call.h"

#define TURNS_MAX 5000 /* of the loop in one ms; with more, it never sleeps */

struct metrics {
    uint64_t counts[METRICS_EVENT_COUNT];
    uint64_t refusals[METRICS_REFUSAL_COUNT];
};

static const struct {
    const char *method, *before, *after; /* the entity's number */
    bool is_anonymous;
    enum tb_retry retry;
    struct operation operation;
} kinds[KINDS] = {
    [TELEMETRY] = {"POST",
                   "/api/plugins/telemetry/DEVICE/",
                   "/timeseries/ANY",
                   false,
                   TB_RETRY_STAMPED,
                   {.id = 1, .flags = TB_ASYNCHRONOUS, .retry = TB_RETRY_STAMPED}},
    [ATTRIBUTES] = {"POST",
                    "/api/plugins/telemetry/DEVICE/",
                    "/attributes/SERVER_SCOPE",
                    false,
                    TB_RETRY_FREE,
                    {.id = 2, .flags = TB_ASYNCHRONOUS | TB_ATTRIBUTE_WRITE}},
    [READ] = {"GET",
              "/api/plugins/telemetry/DEVICE/",
              "/values/attributes/SERVER_SCOPE",
              false,
              TB_RETRY_FREE,
              {.id = 3, .flags = TB_ASYNCHRONOUS}},
    [DEVICE] = {"GET", "/api/device/", "", false, TB_RETRY_FREE, {.id = 4}},
    [RPC] = {"POST", "/api/rpc/twoway/", "", false, TB_RETRY_NEVER, {.id = 5, .flags = TB_ASYNCHRONOUS}},
    [DEVICE_API] = {"POST", "/api/v1/token-", "/telemetry", true, TB_RETRY_NEVER, {.flags = 0}},
};

/* ---- a local request ---- */

static void retire(struct local *local)
{
    struct exchange *exchange = &local->exchange;
    struct services *services = exchange->services;

    exchange->handler->leave(exchange);
    if (exchange->handler->free)
        exchange->handler->free(exchange);
    loop_timer_stop(&services->loop, &exchange->hang_up_timer);
    loop_timer_stop(&services->loop, &local->retire_timer);
    list_remove(&local->link);
    list_remove(&exchange->link);
    quota_give_back(&exchange->peer->principal->shares.bodies, exchange->inbound.body.len);
    principal_release(exchange->peer->principal);
    buf_free(&exchange->inbound.body);
    headers_free(&exchange->head.headers);
    target_free(&exchange->head.target);
    local->world->open--;
    free(local);
}

static void retire_expired(struct timer *timer)
{
    retire(CONTAINER_OF(timer, struct local, retire_timer));
}

static void answer(struct exchange *exchange, int status)
{
    struct local *local = CONTAINER_OF(exchange, struct local, exchange);

    exchange->handler->leave(exchange);
    loop_timer_stop(&exchange->services->loop, &exchange->hang_up_timer);
    exchange->outbound.state = OUTBOUND_QUEUED;
    local->answers++;
    WORLD_ASSERT(local->answers == 1);
    local->status = status;
    local->answered_ms = world_now(local->world);
    list_append(&local->world->answered, &local->link);
}

void reply_request(struct exchange *exchange, const struct request *request)
{
    struct local *local = CONTAINER_OF(exchange, struct local, exchange);
    const struct buf *body = &request->transfer.response_body;

    WORLD_ASSERT(request == &forwarding_of(exchange)->call->request);
    if (request->outcome == REQUEST_ANSWERED && body->len > 0)
        memcpy(local->answer, body->data, body->len + 1);
    answer(exchange, request->outcome == REQUEST_ANSWERED ? request->transfer.status
                     : request->outcome == REQUEST_FAILED ? request->transfer.error.status
                                                          : 502);
}

bool inbound_reserve(struct exchange *exchange)
{
    (void)exchange;
    return true;
}

void inbound_take(struct exchange *exchange, struct buf *ret)
{
    *ret = exchange->inbound.body;
    exchange->inbound.body = (struct buf)BUF_INIT(ret->max);
}

void exchange_hand_over(struct exchange *exchange, const struct handler *handler)
{
    exchange->handler->leave(exchange);
    if (exchange->handler->free)
        exchange->handler->free(exchange);
    exchange->handler = handler;
    exchange->state = NULL;
}

void body_stream_attach(struct upstream_call *call)
{
    (void)call;
}

void body_stream_arrived(struct forwarding *forwarding)
{
    (void)forwarding;
}

void body_stream_timer_expired(struct timer *timer)
{
    (void)timer;
}

void body_stream_answer_ended(struct upstream_call *call)
{
    (void)call;
}

bool body_stream_can_begin_again(const struct forwarding *forwarding)
{
    return !forwarding->body_let_go;
}

bool body_stream_is_endless(const struct forwarding *forwarding)
{
    (void)forwarding;
    return false;
}

void exchange_hung_up(struct exchange *exchange)
{
    answer(exchange, WORLD_HUNG_UP);
}

static void hang_up_expired(struct timer *timer)
{
    exchange_hung_up(CONTAINER_OF(timer, struct exchange, hang_up_timer));
}

void reply_error(struct exchange *exchange, int status, const char *token, const char *format, ...)
{
    (void)token;
    (void)format;
    answer(exchange, status);
}

void reply_busy(struct exchange *exchange, int64_t delay_ms, const char *format, ...)
{
    (void)delay_ms;
    (void)format;
    answer(exchange, 503);
}

void reply_session_late(struct exchange *exchange, int64_t waited_ms)
{
    (void)waited_ms;
    answer(exchange, 503);
}

void reply_server_away(struct exchange *exchange)
{
    answer(exchange, 503);
}

void reply_held_too_long(struct exchange *exchange, int64_t waited_ms, bool may_have_run)
{
    (void)waited_ms;
    answer(exchange, may_have_run ? 502 : 503);
}

void reply_no_memory(struct exchange *exchange)
{
    answer(exchange, 503);
}

void reply_stopping(struct exchange *exchange)
{
    answer(exchange, 503);
}

void reply_accepted(struct exchange *exchange, int status, const char *location)
{
    (void)location;
    answer(exchange, status);
}

void reply_empty(struct exchange *exchange, int status)
{
    answer(exchange, status);
}

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times)
{
    metrics->counts[event] += times;
}

void metrics_refused(struct metrics *metrics, enum metrics_refusal reason)
{
    metrics->refusals[reason]++;
}

uint64_t world_refusals(const struct world *world, enum metrics_refusal reason)
{
    return world->services.metrics->refusals[reason];
}

uint64_t world_count(const struct world *world, enum metrics_event event)
{
    return world->services.metrics->counts[event];
}

/* The jitter of delays is drawn here (--wrap), so that a seed reproduces it, too. */
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags);

ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags)
{
    uint32_t random = unit_random();

    (void)flags;
    WORLD_ASSERT(length == sizeof(random));
    memcpy(buffer, &random, sizeof(random));
    return (ssize_t)length;
}

static void make_body(struct local *local)
{
    struct exchange *exchange = &local->exchange;
    const struct wish *wish = &local->wish;

    exchange->inbound.body.max = SIZE_MAX - 1;
    exchange->inbound.state = INBOUND_COMPLETE;
    if (strcmp(exchange->head.method, "POST") != 0)
        return;
    buf_append_format(&exchange->inbound.body, "{\"w%u\":%u%s%*s", wish->writer, local->serial,
                      wish->broken ? ""
                      : wish->bad  ? ",\"bad\":1}"
                                   : "}",
                      (int)wish->blanks, "");
    exchange->inbound.length = (int64_t)exchange->inbound.body.len;
    WORLD_ASSERT(quota_take(&exchange->peer->principal->shares.bodies, exchange->inbound.body.len));
}

static const struct operation *operation_of(const struct world *world, enum kind kind)
{
    static struct operation copies[KINDS];
    const struct operation *real;
    char path[200];
    int length = snprintf(path, sizeof(path), "%s1%s", kinds[kind].before, kinds[kind].after);

    if (kinds[kind].is_anonymous)
        return NULL;
    copies[kind] = kinds[kind].operation;
    real = operation_find(kinds[kind].method, path, (size_t)length);
    copies[kind].path = real ? real->path : 0;
    if (world->is_one_operation)
        copies[kind].id = kinds[0].operation.id;
    return &copies[kind];
}

#define WORLD_TCP_USERS 1000000 /* of those connections */

static void make_exchange(struct local *local)
{
    struct exchange *exchange = &local->exchange;
    const struct wish *wish = &local->wish;
    int64_t connection = wish->user < 0 ? WORLD_TCP_USERS - wish->user : wish->user;
    int64_t user = wish->user < 0 && local->world->is_one_user ? WORLD_TCP_USERS : connection;

    exchange->services = &local->world->services;
    exchange->peer = &local->peer;
    local->peer.principal = principal_get(&local->world->services.principals, user, world_now(local->world));
    local->peer.number = (uint64_t)connection;
    exchange->head.method = kinds[wish->kind].method;
    exchange->head.target.text.max = 200;
    buf_append_format(&exchange->head.target.text, "%s%u%s", kinds[wish->kind].before,
                      wish->kind == RPC ? local->serial : wish->entity, kinds[wish->kind].after);
    exchange->head.target.path_length = exchange->head.target.text.len;
    exchange->head.route.kind = kinds[wish->kind].is_anonymous ? ROUTE_FORWARD_ANONYMOUS : ROUTE_FORWARD;
    exchange->head.operation = operation_of(local->world, wish->kind);
    exchange->head.retry = kinds[wish->kind].retry;
    exchange->head.headers = (struct headers)HEADERS_INIT;
    headers_add(&exchange->head.headers, "Accept", 6, "*/*", 3);
    if (wish->header)
        headers_add(&exchange->head.headers, wish->header, strlen(wish->header), "1", 1);
    exchange->head.urgency = wish->urgency > 0 ? (int)wish->urgency : -1;
    exchange->head.prefer_wait_ms = wish->wait_ms;
    exchange->handler = &forward_handler;
    exchange->hang_up_timer.expired = hang_up_expired;
    exchange->dispatched_ms = world_now(local->world);
    list_append(&exchange->services->exchanges, &exchange->link);
}

struct local *world_begin(struct world *world, const struct wish *wish)
{
    struct local *local = calloc(1, sizeof(*local));

    WORLD_ASSERT(world->serial < SERVER_SERIALS - 1);
    local->world = world;
    local->wish = *wish;
    local->serial = ++world->serial;
    local->begun_ms = world_now(world);
    local->retire_timer.expired = retire_expired;
    list_init(&local->link);
    make_exchange(local);
    make_body(local);
    world->open++;
    forward_handler.begin(&local->exchange);
    return local;
}

void world_hang_up(struct local *local)
{
    if (!exchange_has_response(&local->exchange))
        exchange_hung_up(&local->exchange);
}

void world_cut(struct local *local)
{
    retire(local);
}

/* ---- the loop ---- */

/* What the counts of the queue and the budget must be. */
struct tally {
    size_t waiting, bytes;
    unsigned calls;
    int64_t tokens;
};

static void add(struct tally *tally, const struct exchange *exchange)
{
    const struct forwarding *forwarding = forwarding_of(exchange);
    const struct upstream_call *call = forwarding->call;
    bool waits = forwarding->state == FORWARDING_WAITING;
    bool waits_for_login =
        forwarding->state == FORWARDING_SENT && call->request.waits && call->request.state == REQUEST_WAITING;

    WORLD_ASSERT(forwarding->item.is_waiting == waits);
    WORLD_ASSERT(timer_is_started(&forwarding->wait_timer) ==
                 (waits || waits_for_login || forwarding->state == FORWARDING_BACKING_OFF));
    tally->waiting += waits;
    tally->bytes += waits ? exchange->inbound.body.len : 0;
    if (forwarding->state != FORWARDING_SENT)
        return;
    WORLD_ASSERT(call && call->under_way);
    if (call->members.next != &forwarding->member || !call->is_queued)
        return;
    tally->calls++;
    tally->tokens += call->cost;
}

static void check(const struct world *world)
{
    const struct services *services = &world->services;
    struct tally tally = {0};
    const struct exchange *exchange;

    list_for_each(exchange, &services->exchanges, link)
        if (exchange->handler == &forward_handler)
            add(&tally, exchange);
    if (world->count_others)
        world->count_others(&tally.calls, &tally.tokens);
    WORLD_ASSERT(services->forward->queue.count == tally.waiting);
    WORLD_ASSERT(services->forward->queue.bytes == tally.bytes);
    WORLD_ASSERT(services->budget.in_flight == tally.calls);
    WORLD_ASSERT(services->budget.reserved == tally.tokens);
}

/* The clients get their responses, and may send more requests. */
static void tell_clients(struct world *world)
{
    while (!list_is_empty(&world->answered)) {
        struct local *local = CONTAINER_OF(world->answered.next, struct local, link);

        list_remove(&local->link);
        if (local->wish.answered)
            local->wish.answered(local);
        if (local->retire_after_ms > 0)
            loop_timer_start(&world->services.loop, &local->retire_timer, local->retire_after_ms);
        else
            retire(local);
    }
}

/* As in daemon_run(). Returns whether the loop must not sleep after it. */
static bool turn(struct world *world)
{
    struct services *services = &world->services;

    timers_run(&services->loop.timers, services->loop.now_ms);
    server_deliver(&world->server, world->late_delivery ? unit_random() % 3 : SIZE_MAX);
    tell_clients(world);
    forward_run(services->forward);
    server_deliver(&world->server, SIZE_MAX);
    if (services->exchanges.next != &services->exchanges && (world->open < 200 || unit_random() % 64 == 0))
        check(world);
    return !list_is_empty(&world->answered);
}

/* When the first that waits can go. */
static int64_t ready_ms_of(struct world *world)
{
    int64_t now_ms = world_now(world);

    if (world->forward.yields)
        return INT64_MAX;
    if (slow_start_allows(&world->forward.slow_start, now_ms))
        return queue_ready_ms(&world->forward.queue, &world->services.budget, now_ms);
    return world->forward.queue.count > 0 ? slow_start_ready_ms(&world->forward.slow_start, now_ms)
                                          : INT64_MAX;
}

/* To the next event, or to END_MS. */
static void move_clock(struct world *world, int64_t end_ms)
{
    struct loop *loop = &world->services.loop;
    int64_t next_ms = timers_next(&loop->timers);
    int64_t ready_ms = ready_ms_of(world);

    WORLD_ASSERT(next_ms <= ready_ms); /* or the loop would sleep while something could be sent */
    next_ms = next_ms < end_ms ? next_ms : end_ms;
    if (next_ms > loop->now_ms) {
        loop->now_ms = next_ms;
        world->repeat_turns = 0;
    }
    WORLD_ASSERT(++world->repeat_turns < TURNS_MAX);
}

static void run(struct world *world, int64_t ms, bool until_idle)
{
    int64_t end_ms = world_now(world) + ms;

    for (;;) {
        if (turn(world))
            continue;
        if (until_idle && world->open == 0)
            return;
        if (world_now(world) >= end_ms && timers_next(&world->services.loop.timers) > end_ms)
            break;
        move_clock(world, end_ms);
    }
    WORLD_ASSERT(!until_idle);
}

void world_run(struct world *world, int64_t ms)
{
    run(world, ms, false);
}

void world_run_all(struct world *world, int64_t max_ms)
{
    run(world, max_ms, true);
}

/* ---- an outage ---- */

/* As server_health.c does. */
void world_report(struct world *world, enum failover_result result)
{
    struct failover *failover = &world->services.upstream.health.failover;
    bool was_sound = failover_is_sound(failover);
    bool changed = failover_report(failover, 0, result, world_now(world));

    if (changed || !was_sound || !failover_is_sound(failover))
        forward_health_changed(&world->forward);
}

void world_stop_server(struct world *world)
{
    world->server.is_away = true;
}

void world_start_server(struct world *world)
{
    world->server.is_away = false;
    world_report(world, FAILOVER_ANSWERED);
}

/* ---- open and close ---- */

void world_budget(struct world *world, const char *limit, bool learn, unsigned max_in_flight)
{
    struct budget_options options = {.learn = learn, .max_in_flight = max_in_flight};
    struct tb_error err = TB_ERROR_INIT;

    WORLD_ASSERT(rate_limit_parse(limit, &options.limit, &err) == 0);
    budget_configure(&world->services.budget, &options, world_now(world));
}

void world_open(struct world *world)
{
    struct services *services = &world->services;

    memset(world, 0, sizeof(*world));
    world->config = (struct config){
        .queue = {.max_wait_ms = 30000, .max_requests = 10000, .max_bytes = 1 << 26, .urgency = ""},
        .merge = {MERGE_MODE_PRESSURE, 1048576},
        .join.reads = true};
    services->config = &world->config;
    services->loop.now_ms = WORLD_START_MS;
    services->loop.epoll_fd = -1;
    services->upstream.loop = services->upstream.clock.loop = &services->loop;
    services->own_request_options = services->request_options =
        (struct request_options){.retry = {.max_retries = 3, .initial_delay_ms = 1000, .max_delay_ms = 30000},
                                 .session_wait_ms = 30000};
    services->request_options.retry.off = true;
    failover_init(&services->upstream.health.failover, 1);
    services->metrics = calloc(1, sizeof(*services->metrics));
    list_init(&services->principals.list);
    services->principals.shares.bodies.max = SIZE_MAX;
    list_init(&services->exchanges);
    list_init(&world->answered);
    forward_open(&world->forward, services);
    urgencies_free(&world->forward.urgencies); /* the operations here are in no table */
    budget_init(&services->budget, &(struct budget_options){.max_in_flight = 64}, WORLD_START_MS);
    server_init(&world->server, &services->loop);
}

/* A call that has ended may hold its key for a moment. */
static void end_pauses(struct world *world)
{
    while (!list_is_empty(&world->forward.paused))
        upstream_call_end_pause(CONTAINER_OF(world->forward.paused.next, struct upstream_call, paused));
}

void world_assert_idle(struct world *world)
{
    struct services *services = &world->services;
    size_t i;

    end_pauses(world);
    WORLD_ASSERT(world->open == 0);
    WORLD_ASSERT(list_is_empty(&services->exchanges));
    WORLD_ASSERT(services->forward->queue.count == 0);
    WORLD_ASSERT(services->forward->queue.bytes == 0);
    WORLD_ASSERT(services->forward->queue.free_ready == 0);
    for (i = 0; i < QUEUE_PRINCIPAL_SLOTS; i++)
        WORLD_ASSERT(!services->forward->queue.principals[i]);
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        WORLD_ASSERT(services->forward->queue.keys[i] == NULL);
    WORLD_ASSERT(services->budget.in_flight == 0);
    WORLD_ASSERT(services->budget.reserved == 0);
    WORLD_ASSERT(services->principals.shares.bodies.used == 0);
    WORLD_ASSERT(list_is_empty(&services->principals.list));
}

void world_close(struct world *world)
{
    struct list *exchanges = &world->services.exchanges;

    while (!list_is_empty(exchanges))
        retire(CONTAINER_OF(CONTAINER_OF(exchanges->next, struct exchange, link), struct local, exchange));
    world_assert_idle(world);
    server_close(&world->server);
    forward_close(&world->forward);
    free(world->services.metrics);
}
