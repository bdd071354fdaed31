/* SPDX-License-Identifier: Apache-2.0 */
/* budget_take() succeeds at the time that budget_ready_ms() returns, and not before. */
#include "base/util.h"
#include "unit.h"
#include "upstream/budget.h"

#define MINUTE_MS  INT64_C(60000)
#define OPERATIONS 3

static struct budget budget;
static int64_t now_ms;

static struct {
    unsigned cost;
    uint32_t operation;
    int64_t sent_ms;
} calls[20];
static unsigned in_flight;

static void open_budget(const char *limit, unsigned max_in_flight)
{
    struct budget_options options = {.learn = true, .max_in_flight = max_in_flight};

    ck_assert_int_eq(rate_limit_parse(limit, &options.limit, NULL), 0);
    now_ms = unit_random();
    in_flight = 0;
    budget_init(&budget, &options, now_ms);
}

static void answer(void)
{
    enum budget_result result = (enum budget_result)(unit_random() % 3);
    unsigned i = --in_flight;

    budget_settle(&budget, now_ms, calls[i].cost, result);
    if (result == BUDGET_COUNTED && calls[i].cost > 0)
        budget_accepted(&budget, now_ms, calls[i].operation, calls[i].cost, calls[i].sent_ms);
    if (result == BUDGET_REFUSED && unit_random() % 4 == 0)
        budget_refused(&budget, now_ms,
                       &(struct refusal){.operation = calls[i].operation,
                                         .sent_ms = calls[i].sent_ms,
                                         .until_ms = now_ms + unit_random() % 3000});
}

/* Something that can happen to a budget. */
static void happen(void)
{
    unsigned cost = unit_random() % 4;
    uint32_t operation = unit_random() % OPERATIONS;

    now_ms += unit_random() % 3 ? unit_random() % 3 : unit_random() % 2000;
    if (unit_random() % 3 && budget_take(&budget, now_ms, operation, cost)) {
        calls[in_flight].cost = cost;
        calls[in_flight].operation = operation;
        calls[in_flight++].sent_ms = now_ms;
    } else if (unit_random() % 2 && in_flight > 0) {
        answer();
    }
}

/* Without ck_assert(), which writes to a pipe: this runs a million times. */
static void assert_told_time_is_true(uint32_t operation, unsigned cost)
{
    int64_t ready_ms = budget_ready_ms(&budget, now_ms, operation, cost);
    struct budget then = budget, early = budget;

    if (ready_ms == INT64_MAX) {
        if (budget_take(&then, now_ms + 1000 * MINUTE_MS, operation, cost))
            ck_abort_msg("cost %u goes without the end of a call", cost);
        return;
    }
    if (ready_ms < now_ms || !budget_take(&then, ready_ms, operation, cost))
        ck_abort_msg("cost %u does not go after %lld ms", cost, (long long)(ready_ms - now_ms));
    if (ready_ms > now_ms && budget_take(&early, ready_ms - 1, operation, cost))
        ck_abort_msg("cost %u goes before %lld ms", cost, (long long)(ready_ms - now_ms));
}

static const char *const limits[] = {"", "1:1", "3:7", "50:1", "20:1,100:10", "7:3,11:5,13:13", "100000:1"};

START_TEST(a_call_can_be_sent_when_it_was_told_and_no_earlier)
{
    unsigned i, cost;

    open_budget(limits[_i], ARRAY_SIZE(calls));
    for (i = 0; i < (unsigned)unit_rounds(30000); i++) {
        happen();
        for (cost = 0; cost < 4; cost++)
            assert_told_time_is_true(unit_random() % OPERATIONS, cost);
    }
    while (in_flight > 0)
        answer();
    ck_assert_uint_eq(budget.in_flight, 0);
    ck_assert_int_eq(budget.reserved, 0);
}
END_TEST

UNIT_SUITE(budget_ready)
{
    TCase *tests;
    Suite *suite = unit_suite_create("budget_ready", &tests);

    tcase_add_loop_test(tests, a_call_can_be_sent_when_it_was_told_and_no_earlier, 0,
                        (int)ARRAY_SIZE(limits));
    return suite;
}
