/* SPDX-License-Identifier: Apache-2.0 */
#include "budget_world.h"

#include <math.h>

#define MS INT64_C(1000000)
#define S  INT64_C(1000000000)

#define LOST_PERCENT 5 /* calls that never reach the server */

static int64_t random_below(int64_t end)
{
    return end > 0 ? (int64_t)(((uint64_t)unit_random() << 32 | unit_random()) % (uint64_t)end) : 0;
}

static int64_t client_now_ms(const struct budget_world *world)
{
    return (world->now_ns + world->phase_ns) / MS;
}

void budget_world_change_limit(struct budget_world *world, const char *text)
{
    struct rate_limit limit;
    size_t i;

    ck_assert_int_eq(rate_limit_parse(text, &limit, NULL), 0);
    world->bucket_count = limit.count;
    for (i = 0; i < limit.count; i++)
        world->buckets[i] = (struct server_bucket){.capacity = limit.pairs[i].capacity,
                                                   .period_ns = limit.pairs[i].seconds * S};
}

double budget_world_rate(const struct budget_world *world)
{
    double lowest = HUGE_VAL;
    size_t i;

    for (i = 0; i < world->bucket_count; i++) {
        const struct server_bucket *bucket = &world->buckets[i];
        double rate = (double)bucket->capacity * S / (double)bucket->period_ns;

        lowest = rate < lowest ? rate : lowest;
    }
    return lowest;
}

/* One token from all buckets, or none from any. */
static bool server_takes(struct budget_world *world)
{
    int64_t now = world->now_ns / world->server_tick_ns * world->server_tick_ns;
    size_t i;

    for (i = 0; i < world->bucket_count; i++) {
        struct server_bucket *bucket = &world->buckets[i];

        if (bucket->full_at < now * bucket->capacity)
            bucket->full_at = now * bucket->capacity;
        if (bucket->full_at + bucket->period_ns > (now + bucket->period_ns) * bucket->capacity)
            return false;
    }
    for (i = 0; i < world->bucket_count; i++)
        world->buckets[i].full_at += world->buckets[i].period_ns;
    return true;
}

void budget_world_use_up(struct budget_world *world)
{
    while (server_takes(world))
        ;
}

static bool percent(unsigned share)
{
    return unit_random() % 100 < share;
}

static void choose_next(struct budget_world *world)
{
    world->next_cost = percent(world->plan.asynchronous) ? 2 : 1;
}

static void others_wait(struct budget_world *world)
{
    double rate = budget_world_rate(world) * world->plan.others / 100;

    world->others_ns =
        world->plan.others > 0 ? world->now_ns + random_below((int64_t)(2e9 / rate)) : INT64_MAX;
}

void budget_world_open(struct budget_world *world, const struct plan *plan)
{
    struct budget_options options = {.learn = plan->learn, .max_in_flight = plan->in_flight_max};

    *world = (struct budget_world){.plan = *plan,
                                   .now_ns = S + random_below(S),
                                   .phase_ns = random_below(MS),
                                   .server_tick_ns = percent(50) ? MS : 1,
                                   .wanted = 1};
    world->start_ns = world->wake_ns = world->now_ns;
    budget_world_change_limit(world, plan->limit);
    ck_assert_int_eq(rate_limit_parse(plan->configured, &options.limit, NULL), 0);
    budget_init(&world->budget, &options, client_now_ms(world));
    others_wait(world);
    choose_next(world);
}

/* The server takes its tokens at any time between the sending and the answer. */
static void send_call(struct budget_world *world)
{
    int64_t latency_ns = random_below(world->plan.latency_ms * MS + 1);
    int64_t a = random_below(latency_ns + 1), b = random_below(latency_ns + 1);
    bool lost = percent(LOST_PERCENT);
    struct call *call = world->calls;

    while (call->under_way)
        call++;
    *call = (struct call){.under_way = true,
                          .result = lost ? BUDGET_UNCOUNTED : BUDGET_COUNTED,
                          .cost = world->next_cost,
                          .steps = lost ? 0 : world->next_cost,
                          .sent_ms = client_now_ms(world),
                          .step_ns = {world->now_ns + (a > b ? a : b), world->now_ns + (a > b ? b : a)},
                          .answer_ns = world->now_ns + latency_ns};
    world->under_way++;
    if (world->under_way > world->plan.in_flight_max)
        ck_abort_msg("%u calls in flight", world->under_way);
    choose_next(world);
}

/* Sends what may be sent, and says when to look again. */
static void send_calls(struct budget_world *world)
{
    int64_t now_ms = client_now_ms(world), ready_ms;

    while (world->wanted > 0 && budget_take(&world->budget, now_ms, 0, world->next_cost)) {
        send_call(world);
        if (world->plan.pauses)
            world->wanted--;
    }
    if (world->wanted == 0) {
        world->wake_ns = world->now_ns + random_below(3 * S);
        return;
    }
    ready_ms = budget_ready_ms(&world->budget, now_ms, 0, world->next_cost);
    if (ready_ms <= now_ms)
        ck_abort_msg("a call that was not sent is ready");
    world->wake_ns = ready_ms == INT64_MAX ? INT64_MAX : ready_ms * MS - world->phase_ns;
}

static void wake(struct budget_world *world)
{
    if (world->wanted == 0)
        world->wanted = 1 + (unsigned)random_below(2 * world->buckets[0].capacity);
    send_calls(world);
}

static void count_refusal(struct budget_world *world, const struct call *call, int64_t now_ms)
{
    world->refusals++;
    if (world->episodes == 0 || call->sent_ms > world->episode_ms) {
        world->episodes++;
        world->minute_episodes[(world->now_ns - world->start_ns) / (60 * S)]++;
        world->episode_refusals = 0;
        world->episode_ms = now_ms;
    }
    world->episode_refusals++;
    ck_assert_uint_le(world->episode_refusals, world->plan.in_flight_max);
}

static void answer(struct budget_world *world, struct call *call)
{
    int64_t now_ms = client_now_ms(world);

    call->under_way = false;
    world->under_way--;
    budget_settle(&world->budget, now_ms, call->cost, call->result);
    if (call->result == BUDGET_COUNTED)
        budget_accepted(&world->budget, now_ms, 0, call->cost, call->sent_ms);
    if (call->result == BUDGET_REFUSED) {
        count_refusal(world, call, now_ms);
        budget_refused(&world->budget, now_ms,
                       &(struct refusal){0, call->sent_ms, now_ms + 800 + random_below(401)});
    }
    if (world->wanted > 0)
        send_calls(world);
}

/* When the next step of the call is due. */
static int64_t call_ns(const struct call *call)
{
    if (!call->under_way)
        return INT64_MAX;
    return call->steps > 0 ? call->step_ns[call->steps - 1] : call->answer_ns;
}

static void call_goes_on(struct budget_world *world, struct call *call)
{
    if (call->steps == 0) {
        answer(world, call);
    } else if (server_takes(world)) {
        world->granted++;
        call->steps--;
    } else {
        call->result = BUDGET_REFUSED;
        call->steps = 0;
    }
}

static struct call *next_call(struct budget_world *world)
{
    struct call *next = world->calls;
    unsigned i;

    for (i = 1; i < world->plan.in_flight_max; i++)
        if (call_ns(&world->calls[i]) < call_ns(next))
            next = &world->calls[i];
    return next;
}

/* The next thing that happens before END_NS. */
static bool step(struct budget_world *world, int64_t end_ns)
{
    struct call *call = next_call(world);
    int64_t next_ns = call_ns(call);

    next_ns = world->wake_ns < next_ns ? world->wake_ns : next_ns;
    next_ns = world->others_ns < next_ns ? world->others_ns : next_ns;
    if (next_ns >= end_ns)
        return false;
    world->now_ns = next_ns;
    if (next_ns == world->others_ns) {
        server_takes(world);
        others_wait(world);
    } else if (next_ns == world->wake_ns) {
        wake(world);
    } else {
        call_goes_on(world, call);
    }
    return true;
}

void budget_world_run(struct budget_world *world, int64_t seconds)
{
    int64_t end_ns = world->now_ns + seconds * S;

    while (step(world, end_ns))
        ;
    world->now_ns = end_ns;
}

void budget_world_close(struct budget_world *world)
{
    world->wanted = 0;
    world->wake_ns = world->others_ns = INT64_MAX;
    while (step(world, INT64_MAX))
        ;
    ck_assert_uint_eq(world->under_way, 0);
    ck_assert_uint_eq(world->budget.in_flight, 0);
    ck_assert_int_eq(world->budget.reserved, 0);
}
