/* SPDX-License-Identifier: Apache-2.0 */
/* If the budget holds back one operation, nothing else is held back. */
#include <errno.h>

#include "base/util.h"
#include "proxy/forward/queue.h"
#include "unit.h"

#define NOW_MS  INT64_C(1000000)
#define OPEN_MS (NOW_MS + 5000) /* X is closed until then */
#define ALICE   1000
#define BOB     1001
#define CAROL   1002

/* Operations. */
#define X 7u
#define Y 8u
#define Z 9u

static struct queue queue;
static struct budget budget;
static struct queue_item items[16];

static void set_up(void)
{
    struct budget_options options = {.learn = true, .max_in_flight = 1000};

    memset(&queue, 0, sizeof(queue));
    memset(items, 0, sizeof(items));
    queue_init(&queue, 8, 100);
    budget_init(&budget, &options, NOW_MS - 1000);
}

static void tear_down(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(items); i++)
        queue_forget(&queue, &items[i]);
    ck_assert_uint_eq(queue.count, 0);
    ck_assert_uint_eq(queue.apart, 0);
    ck_assert(list_is_empty(&queue.turns));
    for (i = 0; i < QUEUE_PRINCIPAL_SLOTS; i++)
        ck_assert_ptr_null(queue.principals[i]);
    queue_free(&queue);
}

/* The server refuses X at NOW_MS; others are known to pass. */
static void close_x(void)
{
    int64_t refused_ms = NOW_MS - 100;

    budget_accepted(&budget, refused_ms, Y, 1, refused_ms);
    budget_refused(&budget, refused_ms, &(struct refusal){X, refused_ms, OPEN_MS});
    budget_accepted(&budget, NOW_MS, Y, 100, NOW_MS);
}

static void close_all(void)
{
    budget.closed_until_ms = OPEN_MS;
}

static int push(size_t i, uint64_t flow, uint32_t operation, const char *key)
{
    items[i].principal_id = items[i].flow_id = flow;
    items[i].cost = 1;
    items[i].operation = operation;
    items[i].urgency = items[i].urgency ? items[i].urgency : URGENCY_DEFAULT;
    return queue_push(&queue, &items[i], key, key ? strlen(key) : 0);
}

static struct queue_item *pop_at(int64_t now_ms)
{
    struct queue_item *item = queue_pop(&queue, &budget, now_ms);

    if (item)
        queue_call_ended(&queue, item->turn_of);
    return item;
}

/* "021": items 0, 2, 1 are sent, and then none can be. */
static void assert_order_at(int64_t now_ms, const char *expected)
{
    for (; *expected; expected++)
        ck_assert_ptr_eq(pop_at(now_ms), &items[*expected - '0']);
    ck_assert_ptr_null(pop_at(now_ms));
}

START_TEST(items_behind_it_are_sent)
{
    close_x();
    push(0, ALICE, X, NULL);
    push(1, ALICE, X, NULL);
    push(2, ALICE, Y, NULL);
    push(3, BOB, X, NULL);
    push(4, BOB, Z, NULL);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS + 1); /* it has not been checked */
    assert_order_at(NOW_MS, "24");
    ck_assert_uint_eq(queue.count, 3);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), OPEN_MS);
    assert_order_at(OPEN_MS - 1, "");
}
END_TEST

START_TEST(it_is_closed_while_others_wait_already)
{
    push(0, ALICE, X, NULL);
    push(1, ALICE, Y, NULL);
    push(2, ALICE, X, NULL);
    push(3, ALICE, Z, NULL);
    close_x();
    assert_order_at(NOW_MS, "13");
}
END_TEST

/* By urgency, then by arrival, together with items that have arrived in the meantime. */
START_TEST(it_has_its_old_place_when_it_opens)
{
    items[1].urgency = 1;
    items[4].urgency = 1;
    push(0, ALICE, X, NULL);
    push(1, ALICE, X, NULL);
    push(2, ALICE, X, NULL);
    close_x();
    assert_order_at(NOW_MS, "");
    ck_assert_uint_eq(queue.apart, 3);
    push(3, ALICE, X, NULL);
    push(4, ALICE, Y, NULL);
    push(5, ALICE, Y, NULL);
    ck_assert_ptr_eq(pop_at(NOW_MS), &items[4]);
    budget.refusals.operations.list[0].pace.rate = 0;
    assert_order_at(OPEN_MS, "10235");
    ck_assert_uint_eq(queue.apart, 0);
}
END_TEST

/* With a pace of its own, one item is sent each second; every flow gets its turn. */
START_TEST(flows_take_turns_with_held_back_items_too)
{
    static const char order[] = "013452";
    size_t i;

    for (i = 0; i < 3; i++)
        push(i, ALICE, X, NULL);
    push(3, BOB, X, NULL);
    push(4, BOB, X, NULL);
    push(5, CAROL, X, NULL);
    close_x();
    ck_assert_ptr_null(pop_at(NOW_MS));
    budget.refusals.operations.list[0].pace.rate = 1000;
    budget.refusals.operations.list[0].pace.ceiling = 1000000;
    for (i = 0; i < 6; i++) { /* a turn is two tokens */
        ck_assert_ptr_eq(pop_at(OPEN_MS + 1000 * (int64_t)i), &items[order[i] - '0']);
        ck_assert_ptr_null(pop_at(OPEN_MS + 1000 * (int64_t)i));
        budget.refusals.operations.list[0].pace.rate = 1000;
    }
}
END_TEST

/* Its own turns take nothing from the others. */
START_TEST(others_take_turns_as_before)
{
    close_x();
    push(0, ALICE, X, NULL);
    push(1, ALICE, Y, NULL);
    push(2, ALICE, Y, NULL);
    push(3, ALICE, Y, NULL);
    push(4, BOB, Y, NULL);
    push(5, BOB, Z, NULL);
    push(6, CAROL, X, NULL);
    push(7, CAROL, Z, NULL);
    assert_order_at(NOW_MS, "124573");
}
END_TEST

START_TEST(it_counts_against_the_bounds)
{
    size_t i;

    close_x();
    for (i = 0; i < 8; i++)
        ck_assert_int_eq(push(i, ALICE, X, NULL), 0);
    ck_assert_ptr_null(pop_at(NOW_MS));
    ck_assert_int_eq(push(8, ALICE, Y, NULL), -ENOBUFS);
    queue_forget(&queue, &items[3]);
    ck_assert_int_eq(push(8, ALICE, Y, NULL), 0);
    assert_order_at(NOW_MS, "8");
}
END_TEST

/* The first of a key has the place; its lane is left to the next. */
START_TEST(keys_stay_together)
{
    close_x();
    push(0, ALICE, X, "x");
    push(1, BOB, X, "x");
    push(2, ALICE, X, "x");
    push(3, ALICE, Y, NULL);
    assert_order_at(NOW_MS, "3");
    queue_forget(&queue, &items[0]);
    assert_order_at(NOW_MS, "");
    ck_assert_ptr_eq(pop_at(OPEN_MS), &items[1]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[1], 100), &items[2]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[1], 100));
}
END_TEST

/* The budget is closed for longer than X, or X for longer: it is checked again when either opens. */
START_TEST(both_closings_are_waited_for)
{
    close_x();
    push(0, ALICE, X, NULL);
    push(1, ALICE, Y, NULL);
    close_all();
    budget.refusals.operations.list[0].closed_until_ms = OPEN_MS + 100 * (_i - 1);
    ck_assert_ptr_null(pop_at(NOW_MS));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), _i ? OPEN_MS : OPEN_MS - 100);
    ck_assert_ptr_null(pop_at(OPEN_MS - 1));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, OPEN_MS - 1), OPEN_MS);
    assert_order_at(OPEN_MS, _i == 2 ? "1" : "10");
    assert_order_at(OPEN_MS + 100, _i == 2 ? "0" : "");
}
END_TEST

/* Free items belong to no operation, and stay where they are. */
START_TEST(a_free_call_is_not_held_back)
{
    close_x();
    push(0, ALICE, X, NULL);
    items[1] = (struct queue_item){.principal_id = ALICE, .flow_id = ALICE, .operation = X, .urgency = 3};
    ck_assert_int_eq(queue_push(&queue, &items[1], NULL, 0), 0);
    assert_order_at(NOW_MS, "1");
}
END_TEST

/* One flow has three quarters of the places, whatever lane its calls come from. */
START_TEST(lanes_share_the_places_of_their_flow)
{
    struct budget_options options = {.max_in_flight = 4};
    size_t i;

    budget_configure(&budget, &options, NOW_MS);
    close_x();
    for (i = 0; i < 4; i++)
        push(i, ALICE, i % 2 ? X : Y, NULL);
    push(4, ALICE, Y, NULL);
    ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[0]);
    ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[2]);
    ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[4]);
    ck_assert_ptr_null(queue_pop(&queue, &budget, OPEN_MS));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
    for (i = 0; i < 3; i++)
        queue_call_ended(&queue, ALICE);
}
END_TEST

/* Items come and go, operations close and open: no item is lost, and each is sent when queue_ready_ms() says
 * so. */
START_TEST(nothing_is_lost)
{
    int64_t now_ms = NOW_MS;
    size_t step, i;

    for (step = 0; step < (size_t)unit_rounds(20000); step++) {
        struct queue_item *item;
        uint32_t operation = unit_random() % 4;

        i = unit_random() % 8;
        now_ms += unit_random() % 50;
        if (unit_random() % 100 == 0)
            budget_refused(&budget, now_ms, &(struct refusal){operation, now_ms, now_ms + 500});
        else if (unit_random() % 4 == 0)
            budget_accepted(&budget, now_ms, operation, 1, now_ms - 1);
        if (unit_random() % 8 == 0)
            queue_forget(&queue, &items[i]);
        else if (!items[i].is_waiting && !items[i].key)
            push(i, ALICE + unit_random() % 3, operation,
                 (const char *const[]){NULL, "0", "1", "2", "3"}[unit_random() % 2 ? operation + 1 : 0]);
        item = pop_at(now_ms);
        if (item) {
            budget_settle(&budget, now_ms, 1, BUDGET_COUNTED);
            queue_forget(&queue, item);
        } else if (queue_ready_ms(&queue, &budget, now_ms) <= now_ms) {
            ck_abort_msg("what was not sent is ready");
        }
        if (queue.apart > queue.count)
            ck_abort_msg("%zu of %zu are apart", queue.apart, queue.count);
    }
    now_ms += 3600 * 1000;
    for (i = 0; queue.count > 0; i++) { /* slowly, because they were refused so often */
        struct queue_item *item = pop_at(now_ms);

        ck_assert_uint_lt(i, 1000);
        now_ms += 1000;
        if (!item)
            continue;
        budget_settle(&budget, now_ms, 1, BUDGET_COUNTED);
        queue_forget(&queue, item);
    }
}
END_TEST

UNIT_SUITE(queue_operation)
{
    TCase *tests;
    Suite *suite = unit_suite_create("queue, operations", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, items_behind_it_are_sent);
    tcase_add_test(tests, it_is_closed_while_others_wait_already);
    tcase_add_test(tests, it_has_its_old_place_when_it_opens);
    tcase_add_test(tests, flows_take_turns_with_held_back_items_too);
    tcase_add_test(tests, others_take_turns_as_before);
    tcase_add_test(tests, it_counts_against_the_bounds);
    tcase_add_test(tests, keys_stay_together);
    tcase_add_loop_test(tests, both_closings_are_waited_for, 0, 3);
    tcase_add_test(tests, a_free_call_is_not_held_back);
    tcase_add_test(tests, lanes_share_the_places_of_their_flow);
    tcase_add_test(tests, nothing_is_lost);
    return suite;
}
