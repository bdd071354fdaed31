/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue.h"

#include <errno.h>

#include "base/util.h"
#include "unit.h"

#define NOW_MS INT64_C(1000000)
#define ALICE  1000
#define BOB    1001
#define CAROL  1002

static struct queue queue;
static struct budget budget;
static struct queue_item items[16];

static void set_budget(const char *limits, unsigned max_in_flight)
{
    struct budget_options options = {.max_in_flight = max_in_flight};
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(rate_limit_parse(limits, &options.limit, &err), 0);
    budget_init(&budget, &options, NOW_MS);
}

static void set_up(void)
{
    memset(&queue, 0, sizeof(queue));
    memset(items, 0, sizeof(items));
    queue_init(&queue, 8, 100);
    set_budget("", 1000);
}

/* No test leaves anything in the queue. */
static void tear_down(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(items); i++)
        queue_forget(&queue, &items[i]);
    ck_assert_uint_eq(queue.count, 0);
    ck_assert_uint_eq(queue.bytes, 0);
    ck_assert_uint_eq(queue.free_ready, 0);
    ck_assert(list_is_empty(&queue.turns));
    for (i = 0; i < QUEUE_PRINCIPAL_SLOTS; i++)
        ck_assert_ptr_null(queue.principals[i]);
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        ck_assert_ptr_null(queue.keys[i]);
    queue_free(&queue);
}

static int push(size_t i, uint64_t flow, unsigned cost, const char *key)
{
    items[i].principal_id = items[i].flow_id = flow;
    items[i].cost = cost;
    items[i].urgency = items[i].urgency ? items[i].urgency : URGENCY_DEFAULT;
    return queue_push(&queue, &items[i], key, key ? strlen(key) : 0);
}

/* The call ends at once. */
static struct queue_item *pop_at(int64_t now_ms)
{
    struct queue_item *item = queue_pop(&queue, &budget, now_ms);

    if (item)
        queue_call_ended(&queue, item->turn_of);
    return item;
}

static struct queue_item *pop(void)
{
    return pop_at(NOW_MS);
}

/* Items are sent in this order ("021": items 0, 2, 1), and then none can be sent. */
static void assert_order(const char *expected)
{
    for (; *expected; expected++)
        ck_assert_ptr_eq(pop(), &items[*expected - '0']);
    ck_assert_ptr_null(pop());
}

/* Eight for each, and eleven for all. */
START_TEST(the_number_is_bounded)
{
    size_t i;

    for (i = 0; i < 8; i++)
        ck_assert_int_eq(push(i, ALICE, 1, NULL), 0);
    ck_assert_int_eq(push(8, ALICE, 1, NULL), -ENOBUFS);
    ck_assert_int_eq(push(8, ALICE, 1, "key"), -ENOBUFS);
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_int_eq(push(8, ALICE, 1, NULL), 0);
    ck_assert_int_eq(push(9, ALICE, 1, NULL), -ENOBUFS);
    ck_assert_int_eq(push(9, BOB, 1, NULL), 0);
    ck_assert_int_eq(push(10, BOB, 1, NULL), -ENOBUFS); /* 10 for all, the last for one who has none */
    ck_assert_int_eq(push(10, CAROL, 1, NULL), 0);
    ck_assert_int_eq(push(11, CAROL, 1, NULL), -ENOBUFS);
}
END_TEST

START_TEST(the_bytes_are_bounded)
{
    items[0].bytes = 101;
    ck_assert_int_eq(push(0, ALICE, 1, NULL), -ENOBUFS);
    items[0].bytes = 100;
    ck_assert_int_eq(push(0, ALICE, 1, NULL), 0);
    ck_assert_int_eq(push(1, ALICE, 1, NULL), 0); /* an empty body always fits */
    items[2].bytes = 1;
    ck_assert_int_eq(push(2, ALICE, 1, NULL), -ENOBUFS);
    items[3].bytes = 34; /* 133 for all */
    ck_assert_int_eq(push(3, BOB, 1, NULL), -ENOBUFS);
    items[3].bytes = 33;
    ck_assert_int_eq(push(3, BOB, 1, NULL), 0);
    queue_forget(&queue, &items[0]);
    items[4].bytes = 60;
    ck_assert_int_eq(push(4, ALICE, 1, NULL), 0);
    items[5].bytes = 41;
    ck_assert_int_eq(push(5, ALICE, 1, NULL), -ENOBUFS);
    items[5].bytes = SIZE_MAX; /* the sum must not overflow */
    ck_assert_int_eq(push(5, ALICE, 1, NULL), -ENOBUFS);
    items[5].bytes = 25; /* 16 are for those who have none */
    ck_assert_int_eq(push(5, ALICE, 1, NULL), -ENOBUFS);
    items[5].bytes = 24;
    ck_assert_int_eq(push(5, ALICE, 1, NULL), 0);
}
END_TEST

/* After a reload, the bounds may be smaller than what is waiting. */
START_TEST(smaller_bounds_apply_to_new_requests)
{
    items[0].bytes = 80;
    push(0, ALICE, 1, NULL);
    queue.max_bytes = 50;
    items[1].bytes = 1;
    ck_assert_int_eq(push(1, ALICE, 1, NULL), -ENOBUFS);
    queue.max_count = 0;
    ck_assert_int_eq(push(2, ALICE, 1, NULL), -ENOBUFS);
    assert_order("0");
}
END_TEST

START_TEST(within_a_flow_urgency_then_arrival_decide)
{
    static const unsigned urgencies[] = {3, 7, 3, 1, 7, 1};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(urgencies); i++) {
        items[i].urgency = urgencies[i];
        push(i, ALICE, 1, NULL);
    }
    assert_order("350214");
}
END_TEST

START_TEST(urgency_is_not_compared_between_principals)
{
    items[2].urgency = 7;
    items[0].urgency = items[1].urgency = 1;
    push(0, ALICE, 2, NULL);
    push(1, ALICE, 2, NULL);
    push(2, BOB, 2, NULL);
    assert_order("021");
}
END_TEST

/* Two tokens for each turn: one call of cost 2, or two of cost 1. */
START_TEST(principals_take_turns_by_tokens)
{
    size_t i;

    for (i = 0; i < 4; i++)
        push(i, ALICE, 2, NULL);
    for (; i < 8; i++)
        push(i, BOB, 1, NULL);
    assert_order("04516723");
}
END_TEST

/* One of 2 tokens is left over, so the next turn has 3. */
START_TEST(tokens_left_over_count_in_the_next_turn)
{
    push(0, ALICE, 1, NULL);
    push(1, ALICE, 2, NULL);
    push(2, ALICE, 1, NULL);
    push(3, BOB, 2, NULL);
    push(4, BOB, 2, NULL);
    assert_order("03124");
}
END_TEST

START_TEST(an_idle_principal_saves_no_tokens)
{
    push(0, ALICE, 1, NULL); /* leaves one token */
    ck_assert_ptr_eq(pop(), &items[0]);
    push(1, ALICE, 1, NULL);
    push(2, ALICE, 2, NULL);
    push(3, BOB, 2, NULL);
    assert_order("132");
}
END_TEST

/* Otherwise a flow that adds urgent items at the right time would keep its turn forever. */
START_TEST(a_turn_gets_its_tokens_once)
{
    push(0, ALICE, 1, NULL);
    push(1, ALICE, 1, NULL);
    push(2, BOB, 2, NULL);
    ck_assert_ptr_eq(pop(), &items[0]);
    items[3].urgency = 1;
    push(3, ALICE, 2, NULL);
    assert_order("231");
}
END_TEST

START_TEST(a_newcomer_waits_for_one_turn_of_each)
{
    push(0, ALICE, 2, NULL);
    push(1, ALICE, 2, NULL);
    push(2, BOB, 2, NULL);
    push(3, BOB, 2, NULL);
    ck_assert_ptr_eq(pop(), &items[0]);
    push(4, CAROL, 2, NULL);
    assert_order("2143");
}
END_TEST

START_TEST(items_of_a_key_are_kept_together)
{
    push(0, ALICE, 2, "x");
    push(1, ALICE, 2, "y");
    push(2, ALICE, 2, "x");
    push(3, BOB, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[0], 100), &items[2]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[0], 100), &items[3]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[0], 100));
    ck_assert_uint_eq(queue.count, 1);
    assert_order("1");
    ck_assert_ptr_null(queue_take_next(&queue, &items[1], 100));
}
END_TEST

START_TEST(keys_are_told_apart_by_every_byte)
{
    items[0].flow_id = items[1].flow_id = ALICE;
    ck_assert_int_eq(queue_push(&queue, &items[0], "a\0b", 3), 0);
    ck_assert_int_eq(queue_push(&queue, &items[1], "a\0c", 3), 0);
    ck_assert_ptr_eq(queue_find_key(&queue, "a\0b", 3), items[0].key);
    ck_assert_ptr_eq(queue_find_key(&queue, "a\0c", 3), items[1].key);
    ck_assert_ptr_null(queue_find_key(&queue, "a", 1));
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[0], 100));
}
END_TEST

START_TEST(an_item_without_a_key_goes_alone)
{
    push(0, ALICE, 2, NULL);
    push(1, ALICE, 2, NULL);
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[0], 100));
}
END_TEST

START_TEST(the_bytes_taken_along_are_bounded)
{
    items[1].bytes = 40;
    push(0, ALICE, 2, "x");
    push(1, ALICE, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[0], 39));
    ck_assert_ptr_eq(queue_take_next(&queue, &items[0], 40), &items[1]);
}
END_TEST

START_TEST(only_the_same_group_is_taken_along)
{
    size_t i;

    for (i = 0; i < 4; i++)
        push(i, ALICE, 2, "x");
    for (i = 0; i < 4; i++)
        ck_assert_ptr_eq(pop(), &items[i]);
    items[0].group = items[1].group = 1;
    items[2].group = items[3].group = 2;
    push(4, ALICE, 2, "x");
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(queue_push_again(&queue, &items[i]), 0);
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[0], 100), &items[1]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[0], 100));
    ck_assert_ptr_eq(pop(), &items[2]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[2], 100), &items[3]);
    ck_assert_ptr_null(queue_take_next(&queue, &items[2], 100));
    assert_order("4");
}
END_TEST

/* Otherwise Bob's write would wait for everything that Alice asked for before hers. */
START_TEST(another_flow_brings_its_own_turn)
{
    items[3].urgency = 7;
    push(0, ALICE, 2, NULL);
    push(1, ALICE, 2, NULL);
    push(2, ALICE, 2, NULL);
    push(3, ALICE, 2, "x");
    push(4, BOB, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_ptr_eq(pop(), &items[3]); /* in Bob's turn: the order of arrival is kept */
    ck_assert_ptr_eq(queue_take_next(&queue, &items[3], 100), &items[4]);
    assert_order("12");
}
END_TEST

START_TEST(an_item_that_was_not_taken_along_keeps_its_turn)
{
    push(0, ALICE, 2, NULL);
    push(1, ALICE, 2, "x");
    push(2, BOB, 2, "x");
    push(3, BOB, 2, NULL);
    assert_order("0123");
}
END_TEST

START_TEST(nothing_of_a_held_key_is_sent)
{
    push(0, ALICE, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    push(1, ALICE, 2, "x");
    queue_key_use(&queue, items[0].key, &items[0], true);
    push(2, BOB, 2, "x");
    push(3, BOB, 2, "y");
    assert_order("3");
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
    ck_assert_ptr_null(pop());
    ck_assert_ptr_eq(items[0].key->in_flight, &items[0]);
    queue_key_release(&queue, items[0].key, &items[0]);
    ck_assert_ptr_null(items[0].key->in_flight);
    assert_order("12");
}
END_TEST

START_TEST(items_of_a_key_in_use_are_sent_unless_it_is_held)
{
    push(0, ALICE, 2, "x");
    push(1, ALICE, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    queue_key_use(&queue, items[0].key, &items[0], false);
    assert_order("1");
    queue_key_use(&queue, items[0].key, &items[1], false); /* the latest counts */
    queue_key_release(&queue, items[0].key, &items[0]);
    ck_assert_ptr_eq(items[0].key->in_flight, &items[1]);
    queue_key_release(&queue, items[0].key, &items[1]);
    ck_assert_ptr_null(items[0].key->in_flight);
}
END_TEST

/* Like a call that has ended, but holds its key for a moment. */
START_TEST(a_key_lives_as_long_as_a_call_uses_it)
{
    struct queue_key *key;

    push(0, ALICE, 2, "x");
    ck_assert_ptr_eq(pop(), &items[0]);
    key = items[0].key;
    queue_key_use(&queue, key, &items[0], true);
    queue_forget(&queue, &items[0]);
    ck_assert_ptr_eq(queue_find_key(&queue, "x", 1), key);
    push(1, ALICE, 2, "x");
    ck_assert_ptr_null(pop());
    queue_key_release(&queue, key, &items[0]);
    ck_assert_ptr_eq(pop(), &items[1]);
    queue_forget(&queue, &items[1]);
    ck_assert_ptr_null(queue_find_key(&queue, "x", 1));
}
END_TEST

START_TEST(an_item_that_waits_again_gets_its_old_place)
{
    size_t i;

    for (i = 0; i < 4; i++)
        push(i, ALICE, 2, i % 2 ? "x" : NULL);
    for (i = 0; i < 4; i++)
        ck_assert_ptr_eq(pop(), &items[i]);
    push(4, ALICE, 2, "x");
    ck_assert_int_eq(queue_push_again(&queue, &items[2]), 0);
    ck_assert_int_eq(queue_push_again(&queue, &items[3]), 0);
    ck_assert_int_eq(queue_push_again(&queue, &items[1]), 0);
    ck_assert_ptr_eq(pop(), &items[1]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[1], 100), &items[3]);
    ck_assert_ptr_eq(queue_take_next(&queue, &items[1], 100), &items[4]);
    assert_order("2");
}
END_TEST

START_TEST(an_item_that_waits_again_is_not_refused)
{
    size_t i;

    for (i = 0; i < 8; i++)
        push(i, ALICE, 2, NULL);
    ck_assert_ptr_eq(pop(), &items[0]);
    ck_assert_int_eq(push(8, ALICE, 2, NULL), 0);
    ck_assert_int_eq(queue_push_again(&queue, &items[0]), 0);
    ck_assert_uint_eq(queue.count, 9);
    ck_assert_int_eq(push(9, ALICE, 2, NULL), -ENOBUFS);
    assert_order("012345678");
}
END_TEST

START_TEST(an_item_can_be_forgotten_in_every_state)
{
    queue_forget(&queue, &items[0]); /* never pushed */
    push(1, ALICE, 2, "x");          /* has the place */
    push(2, ALICE, 2, "x");          /* behind it */
    push(3, BOB, 2, "x");
    push(4, BOB, 2, NULL);
    queue_forget(&queue, &items[1]);
    queue_forget(&queue, &items[1]);
    queue_forget(&queue, &items[4]);
    assert_order("23");
    queue_forget(&queue, &items[2]);                       /* sent */
    ck_assert_ptr_nonnull(queue_find_key(&queue, "x", 1)); /* item 3 refers to it */
    queue_refer(&queue, &items[5], items[3].key);          /* joined */
    queue_key_use(&queue, items[3].key, &items[3], true);
    queue_forget(&queue, &items[3]);
    push(6, ALICE, 2, "x"); /* held back */
    queue_forget(&queue, &items[6]);
    queue_key_release(&queue, items[5].key, &items[3]);
    queue_forget(&queue, &items[5]);
    ck_assert_ptr_null(queue_find_key(&queue, "x", 1));
}
END_TEST

START_TEST(the_budget_bounds_what_is_sent)
{
    size_t i;

    set_budget("3:1", 1000);
    for (i = 0; i < 3; i++)
        push(i, ALICE, 2, NULL);
    assert_order("0"); /* one token is left */
    ck_assert_uint_eq(budget.in_flight, 1);
    ck_assert_int_eq(budget.reserved, 2);
    set_budget("", 1);
    assert_order("1");
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
}
END_TEST

/* Two calls of two tokens are under way; one is answered, and its tokens begin to come back a ms later. */
START_TEST(it_says_when_the_next_can_be_sent)
{
    int64_t ready_ms = NOW_MS + 1 + 200;
    size_t i;

    set_budget("5:1", 1000);
    for (i = 0; i < 3; i++)
        push(i, ALICE, 2, NULL);
    assert_order("01");
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
    budget_settle(&budget, NOW_MS, 2, BUDGET_COUNTED);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), ready_ms);
    ck_assert_ptr_null(pop_at(ready_ms - 1));
    ck_assert_ptr_eq(pop_at(ready_ms), &items[2]);
}
END_TEST

/* A cheap item behind an expensive one does not take its last token. */
START_TEST(an_expensive_call_does_not_starve)
{
    set_budget("3:1", 1000);
    push(0, ALICE, 2, NULL);
    push(1, BOB, 2, NULL);
    push(2, CAROL, 1, NULL);
    assert_order("0");
    budget_settle(&budget, NOW_MS, 2, BUDGET_UNCOUNTED);
    assert_order("12");
}
END_TEST

START_TEST(a_free_call_passes_a_closed_budget)
{
    push(0, ALICE, 1, NULL);
    push(1, BOB, 0, NULL);
    push(2, BOB, 0, NULL);
    push(3, BOB, 0, NULL);
    push(4, CAROL, 0, NULL);
    budget_refused(&budget, NOW_MS, &(struct refusal){0, NOW_MS, NOW_MS + 5000});
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS);
    assert_order("1243");
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS + 5000);
    ck_assert_ptr_eq(pop_at(NOW_MS + 5000), &items[0]);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS + 5000), INT64_MAX);
}
END_TEST

/* It is behind another of its flow: it is not sent, and queue_ready_ms() does not count it. */
START_TEST(a_free_call_behind_another_waits)
{
    push(0, ALICE, 1, NULL);
    push(1, ALICE, 0, NULL);
    budget.closed_until_ms = NOW_MS + 5000;
    ck_assert_ptr_null(pop());
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS + 5000);
}
END_TEST

START_TEST(a_pass_ends)
{
    push(0, ALICE, 1, "x");
    ck_assert(!queue_was_passed_over(&queue, &items[0]));
    queue_end_pass(&queue);
    ck_assert(queue_was_passed_over(&queue, &items[0]));
    ck_assert_ptr_eq(pop(), &items[0]);
    queue_push_again(&queue, &items[0]);
    ck_assert(!queue_was_passed_over(&queue, &items[0]));
}
END_TEST

START_TEST(principals_are_found)
{
    push(0, ALICE, 1, "x");
    push(1, ALICE, 1, "x");
    items[2].flow_id = ALICE + 100;
    items[2].principal_id = ALICE;
    ck_assert_int_eq(queue_push(&queue, &items[2], NULL, 0), 0);
    push(3, BOB, 1, NULL);
    ck_assert_uint_eq(queue_find_principal(&queue, ALICE)->count, 3);
    ck_assert_uint_eq(queue_find_principal(&queue, BOB)->count, 1);
    ck_assert_ptr_null(queue_find_principal(&queue, CAROL));
}
END_TEST

START_TEST(one_principal_has_three_quarters_of_the_places)
{
    size_t i;

    set_budget("", 4);
    for (i = 0; i < 5; i++)
        push(i, ALICE, 1, NULL);
    for (i = 0; i < 3; i++)
        ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[i]);
    ck_assert_ptr_null(queue_pop(&queue, &budget, NOW_MS));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
    push(5, BOB, 1, NULL);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS);
    ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[5]);
    ck_assert_ptr_null(queue_pop(&queue, &budget, NOW_MS));
    budget_settle(&budget, NOW_MS, 1, BUDGET_COUNTED);
    queue_call_ended(&queue, items[0].turn_of);
    ck_assert_ptr_eq(queue_pop(&queue, &budget, NOW_MS), &items[3]);
    for (i = 1; i < 4; i++)
        queue_call_ended(&queue, items[i].turn_of);
    queue_call_ended(&queue, items[5].turn_of);
}
END_TEST

/* An item that goes alone goes in a turn of its own flow. */
START_TEST(a_turn_is_not_used_for_an_item_that_goes_alone)
{
    size_t i;

    for (i = 0; i < 4; i++) {
        items[i].alone = true;
        push(i, ALICE, 2, "x");
    }
    push(4, BOB, 2, "x");
    assert_order("04123");
}
END_TEST

UNIT_SUITE(queue)
{
    TCase *tests;
    Suite *suite = unit_suite_create("queue", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_principal_has_three_quarters_of_the_places);
    tcase_add_test(tests, a_turn_is_not_used_for_an_item_that_goes_alone);
    tcase_add_test(tests, the_number_is_bounded);
    tcase_add_test(tests, the_bytes_are_bounded);
    tcase_add_test(tests, smaller_bounds_apply_to_new_requests);
    tcase_add_test(tests, within_a_flow_urgency_then_arrival_decide);
    tcase_add_test(tests, urgency_is_not_compared_between_principals);
    tcase_add_test(tests, principals_take_turns_by_tokens);
    tcase_add_test(tests, tokens_left_over_count_in_the_next_turn);
    tcase_add_test(tests, an_idle_principal_saves_no_tokens);
    tcase_add_test(tests, a_turn_gets_its_tokens_once);
    tcase_add_test(tests, a_newcomer_waits_for_one_turn_of_each);
    tcase_add_test(tests, items_of_a_key_are_kept_together);
    tcase_add_test(tests, keys_are_told_apart_by_every_byte);
    tcase_add_test(tests, an_item_without_a_key_goes_alone);
    tcase_add_test(tests, the_bytes_taken_along_are_bounded);
    tcase_add_test(tests, only_the_same_group_is_taken_along);
    tcase_add_test(tests, another_flow_brings_its_own_turn);
    tcase_add_test(tests, an_item_that_was_not_taken_along_keeps_its_turn);
    tcase_add_test(tests, nothing_of_a_held_key_is_sent);
    tcase_add_test(tests, items_of_a_key_in_use_are_sent_unless_it_is_held);
    tcase_add_test(tests, a_key_lives_as_long_as_a_call_uses_it);
    tcase_add_test(tests, an_item_that_waits_again_gets_its_old_place);
    tcase_add_test(tests, an_item_that_waits_again_is_not_refused);
    tcase_add_test(tests, an_item_can_be_forgotten_in_every_state);
    tcase_add_test(tests, the_budget_bounds_what_is_sent);
    tcase_add_test(tests, it_says_when_the_next_can_be_sent);
    tcase_add_test(tests, an_expensive_call_does_not_starve);
    tcase_add_test(tests, a_free_call_passes_a_closed_budget);
    tcase_add_test(tests, a_free_call_behind_another_waits);
    tcase_add_test(tests, a_pass_ends);
    tcase_add_test(tests, principals_are_found);
    return suite;
}
