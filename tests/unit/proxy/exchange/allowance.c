/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/allowance.h"

#include "proxy/exchange/principal.h"
#include "unit.h"

#define NOW_MS INT64_C(1000000)

static struct principals principals;
static struct policies *policies;
static struct principal *alice;

static void set_up(void)
{
    memset(&principals, 0, sizeof(principals));
    principals_open(&principals);
    alice = principal_get(&principals, 1000, NOW_MS);
}

static void tear_down(void)
{
    principal_release(alice);
    principals_close(&principals);
    ck_assert(list_is_empty(&principals.list));
    policies_free(TAKE_PTR(policies));
}

/* The policy "a" has the bound KIND of MAX, also after a reload. */
static struct allowance *bound(enum policy_bound_kind kind, unsigned max)
{
    struct policies *fresh = policies_new();
    struct policy_bounds *bounds = &fresh->list[0].bounds;
    struct tb_error err = TB_ERROR_INIT;

    fresh->count = 1;
    fresh->list[0].name = strdup("a");
    bounds->name = fresh->list[0].name;
    bounds->list[kind] = (struct policy_bound){bounds->name, max};
    ck_assert_int_eq(policies_assign(fresh, "a", "default", &err), 0);
    principals_reload(&principals, fresh);
    policies_free(policies);
    policies = fresh;
    return allowance_get(&alice->allowances, bounds);
}

START_TEST(each_number)
{
    enum policy_bound_kind kind = (enum policy_bound_kind)_i;
    struct allowance *allowance = bound(kind, 3);
    int i;

    for (i = 0; i < 3; i++) {
        ck_assert(allowance_has(allowance, kind));
        allowance_take(allowance, kind);
    }
    ck_assert(!allowance_has(allowance, kind));
    allowance_give_back(allowance, kind);
    ck_assert(allowance_has(allowance, kind));
    ck_assert(allowance_has(allowance, (enum policy_bound_kind)((kind + 1) % POLICY_BOUNDS)));
}
END_TEST

START_TEST(a_reload_changes_the_number_and_what_is_held_stays_held)
{
    struct allowance *allowance = bound(POLICY_MAX_STREAMS, 2);

    allowance_take(allowance, POLICY_MAX_STREAMS);
    allowance_take(allowance, POLICY_MAX_STREAMS);
    ck_assert_ptr_eq(bound(POLICY_MAX_STREAMS, 1), allowance);
    allowance_give_back(allowance, POLICY_MAX_STREAMS);
    ck_assert(!allowance_has(allowance, POLICY_MAX_STREAMS));
    bound(POLICY_MAX_STREAMS, 2);
    ck_assert(allowance_has(allowance, POLICY_MAX_STREAMS));
    bound(POLICY_MAX_WEBSOCKETS, 0);
    ck_assert_uint_eq(allowance_max(allowance, POLICY_MAX_STREAMS), UINT_MAX);
}
END_TEST

START_TEST(requests_in_a_second)
{
    struct allowance *allowance = bound(POLICY_REQUESTS_PER_SECOND, 10);
    char name[POLICY_BOUND_NAME_MAX];
    int i;

    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(allowance_request_ready_ms(allowance, NOW_MS), NOW_MS);
        allowance_take_request(allowance, NOW_MS);
    }
    ck_assert_int_eq(allowance_request_ready_ms(allowance, NOW_MS), NOW_MS + 100);
    allowance_holds_request(allowance, NOW_MS + 99, name);
    ck_assert_str_eq(name, "policies.a.requests_per_second");
    allowance_holds_request(allowance, NOW_MS + 100, name);
    ck_assert_str_eq(name, "");
}
END_TEST

START_TEST(requests_at_a_time)
{
    struct allowance *allowance = bound(POLICY_MAX_REQUESTS, 1);
    char name[POLICY_BOUND_NAME_MAX];

    allowance_take_request(allowance, NOW_MS);
    ck_assert_int_eq(allowance_request_ready_ms(allowance, NOW_MS + 60000), INT64_MAX);
    allowance_holds_request(allowance, NOW_MS, name);
    ck_assert_str_eq(name, "policies.a.max_requests");
    allowance_give_back(allowance, POLICY_MAX_REQUESTS);
    ck_assert_int_eq(allowance_request_ready_ms(allowance, NOW_MS), NOW_MS);
}
END_TEST

/* Otherwise closing everything would be a way around the bound. */
START_TEST(tokens_are_remembered)
{
    allowance_take_request(bound(POLICY_REQUESTS_PER_SECOND, 1), NOW_MS);
    principal_release(alice);
    principal_release(principal_get(&principals, 1001, NOW_MS + 999));
    ck_assert_ptr_eq(principal_get(&principals, 1000, NOW_MS + 999), alice);
    allowance_give_back(bound(POLICY_REQUESTS_PER_SECOND, 1), POLICY_MAX_REQUESTS);
    principal_release(TAKE_PTR(alice));
    principal_release(principal_get(&principals, 1001, NOW_MS + 999));
    ck_assert(!list_is_empty(&principals.list));
    principal_release(principal_get(&principals, 1001, NOW_MS + 1000)); /* now they are forgotten */
    ck_assert(list_is_empty(&principals.list));
}
END_TEST

UNIT_SUITE(allowance)
{
    TCase *tests;
    Suite *suite = unit_suite_create("allowance", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_number, 0, POLICY_BOUNDS);
    tcase_add_test(tests, a_reload_changes_the_number_and_what_is_held_stays_held);
    tcase_add_test(tests, requests_in_a_second);
    tcase_add_test(tests, requests_at_a_time);
    tcase_add_test(tests, tokens_are_remembered);
    return suite;
}
