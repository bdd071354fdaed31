/* SPDX-License-Identifier: Apache-2.0 */
/* Principals with several connections, and their places in flight. */
#include "proxy/forward/queue.h"

#include "base/util.h"
#include "unit.h"

#define NOW_MS  INT64_C(1000000)
#define ALICE   1
#define BOB     2
#define CAROL   3
#define ITEMS   200
#define FLOWS   8
#define PLACES  64
#define QUARTER (PLACES / 4)

static struct queue queue;
static struct budget budget;
static struct queue_item items[ITEMS];
static uint64_t rounds[FLOWS];
static size_t used;

static void set_up(void)
{
    struct budget_options options = {.max_in_flight = PLACES};

    memset(&queue, 0, sizeof(queue));
    memset(items, 0, sizeof(items));
    memset(rounds, 0, sizeof(rounds));
    used = 0;
    queue_init(&queue, ITEMS, 100);
    budget_init(&budget, &options, NOW_MS);
}

static void tear_down(void)
{
    size_t i;

    for (i = 0; i < ITEMS; i++)
        queue_forget(&queue, &items[i]);
    queue_free(&queue);
}

static struct queue_item *push_urgent(uint64_t principal, unsigned flow, unsigned urgency)
{
    struct queue_item *item = &items[used++];

    *item = (struct queue_item){.principal_id = principal,
                                .flow_id = flow,
                                .last_round = &rounds[flow],
                                .cost = 1,
                                .urgency = urgency};
    ck_assert_int_eq(queue_push(&queue, item, NULL, 0), 0);
    return item;
}

static struct queue_item *push(uint64_t principal, unsigned flow)
{
    return push_urgent(principal, flow, URGENCY_DEFAULT);
}

/* The connection whose call is sent now, and ends at once; 0: none. */
static unsigned pop(void)
{
    struct queue_item *item = queue_pop(&queue, &budget, NOW_MS);

    if (!item)
        return 0;
    budget_settle(&budget, NOW_MS, item->cost, BUDGET_UNCOUNTED);
    queue_call_ended(&queue, item->turn_of);
    return (unsigned)item->flow_id;
}

static void assert_order(const char *expected)
{
    for (; *expected; expected++)
        ck_assert_uint_eq(pop(), (unsigned)(*expected - '0'));
}

START_TEST(connections_of_a_principal_take_turns)
{
    size_t i;

    for (i = 0; i < 4; i++)
        push(ALICE, 1);
    push(ALICE, 2);
    push(ALICE, 2);
    push(ALICE, 3);
    assert_order("1231211");
    ck_assert_uint_eq(pop(), 0);
}
END_TEST

/* However many she has. */
START_TEST(a_principal_with_many_connections_has_no_more_turns)
{
    unsigned flow;

    for (flow = 1; flow <= 5; flow++)
        push(ALICE, flow);
    push(BOB, 6);
    push(BOB, 7);
    assert_order("1267345");
}
END_TEST

START_TEST(within_a_round_the_more_urgent_goes_first)
{
    push_urgent(ALICE, 1, 7);
    push_urgent(ALICE, 2, 3);
    push_urgent(ALICE, 3, 0);
    push_urgent(ALICE, 4, 3);
    assert_order("3241");
}
END_TEST

/* One that always has something urgent does not hold up its siblings. */
START_TEST(an_urgent_connection_has_one_turn_in_a_round)
{
    size_t i;

    for (i = 0; i < 3; i++)
        push_urgent(ALICE, 1, 0);
    push_urgent(ALICE, 2, 7);
    push_urgent(ALICE, 3, 7);
    assert_order("12311");
}
END_TEST

/* As a pipelining client does: each request comes when the last one has been answered. */
START_TEST(nor_does_one_that_asks_again_and_again)
{
    push_urgent(ALICE, 2, 7);
    push_urgent(ALICE, 3, 7);
    push_urgent(ALICE, 1, 0);
    ck_assert_uint_eq(pop(), 1);
    push_urgent(ALICE, 1, 0);
    ck_assert_uint_eq(pop(), 2);
    push_urgent(ALICE, 2, 7);
    ck_assert_uint_eq(pop(), 3);
    assert_order("12");
}
END_TEST

START_TEST(a_newcomer_is_in_this_round)
{
    push(ALICE, 1);
    push(ALICE, 1);
    push(ALICE, 2);
    push(ALICE, 2);
    ck_assert_uint_eq(pop(), 1);
    push(ALICE, 3);
    assert_order("2312");
}
END_TEST

/* COUNT calls of PRINCIPAL are sent, which do not end, and then no more. */
static size_t fill(uint64_t principal, unsigned flow, size_t count)
{
    struct queue_item *pushed[PLACES + 1], *item;
    size_t sent = 0, i;

    for (i = 0; i < count; i++)
        pushed[i] = push(principal, flow);
    while ((item = queue_pop(&queue, &budget, NOW_MS))) {
        ck_assert_uint_eq(item->principal_id, principal);
        sent++;
    }
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), sent < count ? INT64_MAX : NOW_MS);
    for (i = 0; i < count; i++)
        queue_forget(&queue, pushed[i]);
    return sent;
}

START_TEST(places_are_left_for_those_who_come_later)
{
    ck_assert_uint_eq(fill(ALICE, 1, PLACES), PLACES - QUARTER);
    ck_assert_uint_eq(fill(BOB, 2, PLACES), QUARTER / 2); /* half of it is for those who have none */
    ck_assert_uint_eq(fill(CAROL, 3, PLACES), 1);
    ck_assert_uint_eq(fill(ALICE, 1, 1), 0);
}
END_TEST

/* With calls that end, both come to three sevenths. */
START_TEST(no_principal_gets_more_than_half_while_another_waits)
{
    const struct queue_principal *alice, *bob;
    size_t i;

    fill(ALICE, 1, PLACES);
    for (i = 0; i < PLACES; i++) {
        push(ALICE, 1);
        push(BOB, 2);
    }
    while (queue_pop(&queue, &budget, NOW_MS))
        ;
    for (i = 0; i < PLACES - QUARTER; i++) { /* those of the beginning end */
        budget_settle(&budget, NOW_MS, 1, BUDGET_UNCOUNTED);
        queue_call_ended(&queue, ALICE);
        while (queue_pop(&queue, &budget, NOW_MS))
            ;
    }
    alice = queue_find_principal(&queue, ALICE);
    bob = queue_find_principal(&queue, BOB);
    ck_assert_uint_le(alice->in_flight, PLACES / 2);
    ck_assert_uint_le(bob->in_flight, PLACES / 2);
    ck_assert_uint_ge(alice->in_flight, PLACES * 3 / 7 - 1);
    ck_assert_uint_ge(bob->in_flight, PLACES * 3 / 7 - 1);
}
END_TEST

UNIT_SUITE(queue_principals)
{
    TCase *tests;
    Suite *suite = unit_suite_create("queue, principals", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, connections_of_a_principal_take_turns);
    tcase_add_test(tests, a_principal_with_many_connections_has_no_more_turns);
    tcase_add_test(tests, within_a_round_the_more_urgent_goes_first);
    tcase_add_test(tests, an_urgent_connection_has_one_turn_in_a_round);
    tcase_add_test(tests, nor_does_one_that_asks_again_and_again);
    tcase_add_test(tests, a_newcomer_is_in_this_round);
    tcase_add_test(tests, places_are_left_for_those_who_come_later);
    tcase_add_test(tests, no_principal_gets_more_than_half_while_another_waits);
    return suite;
}
