/* SPDX-License-Identifier: Apache-2.0 */
#include "refusals_world.h"

struct budget budget;
int64_t now_ms;

void open_budget(const char *limit, bool learn)
{
    struct budget_options options = {.learn = learn, .max_in_flight = 1000};

    ck_assert_int_eq(rate_limit_parse(limit, &options.limit, NULL), 0);
    now_ms = START_MS;
    budget_init(&budget, &options, now_ms);
}

bool goes(uint32_t operation)
{
    return budget_take(&budget, now_ms, operation, 1);
}

/* Sent and answered now. */
void accept_call(uint32_t operation, int64_t sent_ms)
{
    budget_settle(&budget, now_ms, 1, BUDGET_COUNTED);
    budget_accepted(&budget, now_ms, operation, 1, sent_ms);
}

void refuse_call_until(uint32_t operation, int64_t sent_ms, int64_t until_ms)
{
    budget_settle(&budget, now_ms, 1, BUDGET_REFUSED);
    budget_refused(&budget, now_ms,
                   &(struct refusal){.operation = operation, .sent_ms = sent_ms, .until_ms = until_ms});
}

void refuse_call(uint32_t operation, int64_t sent_ms)
{
    refuse_call_until(operation, sent_ms, now_ms + CLOSED_MS);
}

/* COUNT calls, a ms each. */
void pass(uint32_t operation, unsigned count)
{
    while (count-- > 0) {
        ck_assert(goes(operation));
        now_ms++;
        accept_call(operation, now_ms - 1);
    }
}

/* One call that takes a ms. */
void refuse(uint32_t operation)
{
    ck_assert(goes(operation));
    now_ms++;
    refuse_call(operation, now_ms - 1);
}

void find_own_limit(uint32_t operation)
{
    refuse(operation);
    now_ms++;
    pass(Y, 20);
}

void set_up(void)
{
    open_budget("", true);
    pass(Y, 1); /* no operation is alone */
    pass(Z, 1);
}

void assert_closed(uint32_t operation, int64_t for_ms)
{
    struct budget later = budget;

    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, operation, 1), now_ms + for_ms);
    ck_assert(!budget_take(&later, now_ms + for_ms - 1, operation, 1));
}
