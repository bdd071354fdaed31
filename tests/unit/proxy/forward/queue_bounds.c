/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of users whose policy bounds them. */
#include "proxy/forward/queue.h"

#include "base/util.h"
#include "unit.h"

#define NOW_MS INT64_C(1000000)
#define ALICE  1
#define BOB    2
#define ITEMS  32

static struct queue queue;
static struct budget budget;
static struct queue_item items[ITEMS];
static size_t used;
static struct policy_bounds bounds;
static struct allowance allowance;

static void set_up(void)
{
    struct budget_options options = {.max_in_flight = 64};

    memset(&queue, 0, sizeof(queue));
    memset(items, 0, sizeof(items));
    used = 0;
    queue_init(&queue, ITEMS, 100);
    budget_init(&budget, &options, NOW_MS);
    bounds = (struct policy_bounds){.name = "a"};
    allowance = (struct allowance){.bounds = &bounds};
}

static void tear_down(void)
{
    size_t i;

    for (i = 0; i < ITEMS; i++)
        queue_forget(&queue, &items[i]);
    ck_assert_uint_eq(queue.bounded, 0);
    queue_free(&queue);
}

static void set_bound(enum policy_bound_kind kind, unsigned max)
{
    bounds.list[kind] = (struct policy_bound){"a", max};
}

/* Of a connection of its own. Only ALICE is bounded. */
static struct queue_item *push_with(uint64_t principal, const char *key, unsigned cost)
{
    struct queue_item *item = &items[used++];

    *item = (struct queue_item){.principal_id = principal,
                                .flow_id = used,
                                .cost = cost,
                                .allowance = principal == ALICE ? &allowance : NULL,
                                .urgency = URGENCY_DEFAULT};
    ck_assert_int_eq(queue_push(&queue, item, key, key ? strlen(key) : 0), 0);
    return item;
}

static struct queue_item *push(uint64_t principal)
{
    return push_with(principal, NULL, 1);
}

static void end(struct queue_item *item)
{
    budget_settle(&budget, NOW_MS, item->cost, BUDGET_COUNTED);
    queue_call_ended(&queue, item->turn_of);
    allowance_give_back(item->sent_under, POLICY_MAX_REQUESTS);
}

static struct queue_item *pop_at(int64_t now_ms)
{
    return queue_pop(&queue, &budget, now_ms);
}

START_TEST(one_more_waits_and_nobody_behind_it)
{
    struct queue_item *first = push(ALICE), *second, *third, *bob;

    set_bound(POLICY_MAX_REQUESTS, 2);
    second = push(ALICE);
    third = push_with(ALICE, NULL, 0);
    bob = push(BOB);
    ck_assert_ptr_eq(pop_at(NOW_MS), first);
    ck_assert_ptr_eq(pop_at(NOW_MS), second);
    ck_assert_ptr_eq(pop_at(NOW_MS), bob);
    ck_assert_ptr_null(pop_at(NOW_MS));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), INT64_MAX);
    end(bob);
    ck_assert_ptr_null(pop_at(NOW_MS));
    end(first);
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS);
    ck_assert_ptr_eq(pop_at(NOW_MS), third);
    end(second);
    end(third);
    ck_assert_uint_eq(allowance.used[POLICY_MAX_REQUESTS], 0);
}
END_TEST

START_TEST(it_goes_when_its_token_is_there)
{
    struct queue_item *first = push(ALICE), *second = push(ALICE), *bob;

    set_bound(POLICY_REQUESTS_PER_SECOND, 1);
    ck_assert_ptr_eq(pop_at(NOW_MS), first);
    end(first);
    ck_assert_ptr_null(pop_at(NOW_MS));
    ck_assert_int_eq(queue_ready_ms(&queue, &budget, NOW_MS), NOW_MS + 1000);
    bob = push(BOB);
    ck_assert_ptr_eq(pop_at(NOW_MS + 999), bob);
    ck_assert_ptr_null(pop_at(NOW_MS + 999));
    ck_assert_ptr_eq(pop_at(NOW_MS + 1000), second);
    end(bob);
    end(second);
}
END_TEST

/* The call is BOB's. */
START_TEST(a_read_that_goes_along_is_not_counted)
{
    struct queue_item *alice = push_with(ALICE, "k", 1), *bob, *first;

    set_bound(POLICY_MAX_REQUESTS, 1);
    allowance_take_request(&allowance, NOW_MS);
    bob = push_with(BOB, "k", 1);
    first = pop_at(NOW_MS);
    ck_assert_ptr_eq(first, alice);
    ck_assert_ptr_eq(queue_take_next(&queue, first, 100), bob);
    ck_assert_ptr_null(first->sent_under);
    ck_assert_uint_eq(allowance.used[POLICY_MAX_REQUESTS], 1);
    end(first);
}
END_TEST

/* A principal can have connections under several policies. */
START_TEST(one_policy_does_not_hold_up_another)
{
    struct allowance other = {.bounds = &bounds};
    struct queue_item *first = push(ALICE), *second;

    set_bound(POLICY_MAX_REQUESTS, 1);
    allowance_take_request(&allowance, NOW_MS);
    ck_assert_ptr_null(pop_at(NOW_MS));
    second = &items[used++];
    *second = *first;
    second->flow_id = used;
    second->allowance = &other;
    ck_assert_int_eq(queue_push(&queue, second, NULL, 0), 0);
    ck_assert_ptr_eq(pop_at(NOW_MS), second);
    ck_assert_uint_eq(other.used[POLICY_MAX_REQUESTS], 1);
    ck_assert_ptr_null(pop_at(NOW_MS));
    end(second);
    allowance_give_back(&allowance, POLICY_MAX_REQUESTS);
    ck_assert_ptr_eq(pop_at(NOW_MS), first);
    end(first);
}
END_TEST

UNIT_SUITE(queue_bounds)
{
    TCase *tests;
    Suite *suite = unit_suite_create("queue_bounds", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_more_waits_and_nobody_behind_it);
    tcase_add_test(tests, it_goes_when_its_token_is_there);
    tcase_add_test(tests, one_policy_does_not_hold_up_another);
    tcase_add_test(tests, a_read_that_goes_along_is_not_counted);
    return suite;
}
