/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of policies in the configuration, and whose they are. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"
#include "proxy/policy/policies.h"
#include "unit.h"

static struct policies *policies;
static struct tb_error err = TB_ERROR_INIT;

static void set_up(void)
{
    policies = policies_new();
}

static void tear_down(void)
{
    policies_free(policies);
}

static int read_policies(const char *text)
{
    config_setting_t *section;
    config_t parsed;
    int i, r = 0;

    config_init(&parsed);
    ck_assert_int_eq(config_read_string(&parsed, text), CONFIG_TRUE);
    section = config_lookup(&parsed, "policies");
    for (i = 0; r == 0 && i < config_setting_length(section); i++)
        r = policies_add(policies, "x.conf", config_setting_get_elem(section, (unsigned)i), &err);
    config_destroy(&parsed);
    return r;
}

static int read_bound(const char *name, int64_t value)
{
    char text[128];

    tear_down();
    set_up();
    snprintf(text, sizeof(text), "policies = { a = { %s = %" PRId64 "L; }; };", name, value);
    return read_policies(text);
}

static const struct {
    const char *name;
    unsigned minimum, maximum;
} numbers[] = {
    [POLICY_MAX_CONNECTIONS] = {"max_connections", 1, 65536},
    [POLICY_MAX_REQUESTS] = {"max_requests", 1, 4096},
    [POLICY_REQUESTS_PER_SECOND] = {"requests_per_second", 1, 100000},
    [POLICY_MAX_STREAMS] = {"max_streams", 0, 65536},
    [POLICY_MAX_WEBSOCKETS] = {"max_websockets", 0, 65536},
};

START_TEST(the_numbers)
{
    const char *name = numbers[_i].name;
    char full_name[POLICY_BOUND_NAME_MAX], expected[POLICY_BOUND_NAME_MAX];

    ck_assert_int_eq(read_bound(name, (int64_t)numbers[_i].minimum - 1), -EINVAL);
    ck_assert_int_eq(read_bound(name, (int64_t)numbers[_i].maximum + 1), -EINVAL);
    ck_assert_int_eq(read_bound(name, numbers[_i].minimum), 0);
    ck_assert_int_eq(read_bound(name, numbers[_i].maximum), 0);
    ck_assert(policies->has_bounds);
    ck_assert_uint_eq(policies->list[0].bounds.list[_i].max, numbers[_i].maximum);
    policy_bound_print(&policies->list[0].bounds, (enum policy_bound_kind)_i, full_name);
    snprintf(expected, sizeof(expected), "policies.a.%s", name);
    ck_assert_str_eq(full_name, expected);
}
END_TEST

START_TEST(a_policy_without_bounds_has_none)
{
    struct policy_principal anybody = {.user = 1000}, unknown = {.is_tcp = true, .user = -1};

    ck_assert_int_eq(read_policies("policies = { a = { allow = [ \"read\" ]; }; };"), 0);
    ck_assert_int_eq(policies_assign(policies, "a, uid 5 = default", "default, gid 5 = a", &err), 0);
    ck_assert(!policies->has_bounds);
    ck_assert_ptr_null(policies_bounds(policies, &anybody));
    ck_assert_ptr_null(policies_bounds(policies, &unknown));
}
END_TEST

#define THREE                                                                                                \
    "policies = { a = { max_requests = 5; max_streams = 2; }; b = { max_requests = 4; max_streams = 3; };"   \
    " c = { max_websockets = 0; }; };"

static const struct policy_bounds *bounds_of(bool is_tcp, int64_t user)
{
    return policies_bounds(policies, &(struct policy_principal){.is_tcp = is_tcp, .user = user});
}

START_TEST(each_user_has_those_of_his_policy)
{
    ck_assert_int_eq(read_policies(THREE), 0);
    ck_assert_int_eq(policies_assign(policies, "a, uid 5 = b, uid 6 = default", "c", &err), 0);
    ck_assert_str_eq(bounds_of(true, 4)->name, "a");
    ck_assert_str_eq(bounds_of(true, 5)->name, "b");
    ck_assert_ptr_null(bounds_of(true, 6));
    ck_assert_str_eq(bounds_of(false, 5)->name, "c");
    ck_assert_uint_eq(bounds_of(true, 5)->list[POLICY_MAX_REQUESTS].max, 4);
    ck_assert_ptr_null(bounds_of(true, 5)->list[POLICY_MAX_WEBSOCKETS].policy);
}
END_TEST

/* So nobody gains by hiding. */
START_TEST(a_user_who_is_not_known_has_the_strictest)
{
    const struct policy_bounds *unknown;

    ck_assert_int_eq(read_policies(THREE), 0);
    ck_assert_int_eq(policies_assign(policies, "default, uid 5 = a, uid 6 = b, uid 7 = c", "default", &err),
                     0);
    unknown = bounds_of(true, -1);
    ck_assert_uint_eq(unknown->list[POLICY_MAX_REQUESTS].max, 4);
    ck_assert_str_eq(unknown->list[POLICY_MAX_REQUESTS].policy, "b");
    ck_assert_uint_eq(unknown->list[POLICY_MAX_STREAMS].max, 2);
    ck_assert_str_eq(unknown->list[POLICY_MAX_STREAMS].policy, "a");
    ck_assert_uint_eq(unknown->list[POLICY_MAX_WEBSOCKETS].max, 0);
    ck_assert_ptr_null(unknown->list[POLICY_MAX_CONNECTIONS].policy);
    ck_assert_ptr_null(bounds_of(false, -1));
}
END_TEST

START_TEST(they_are_found_by_name_after_a_reload)
{
    ck_assert_int_eq(read_policies(THREE), 0);
    ck_assert_int_eq(policies_assign(policies, "a", "default, uid 1 = b", &err), 0);
    ck_assert_ptr_eq(policies_find_bounds(policies, "b"), &policies->list[1].bounds);
    ck_assert_ptr_eq(policies_find_bounds(policies, bounds_of(true, -1)->name), bounds_of(true, -1));
    ck_assert_ptr_eq(policies_find_bounds(policies, bounds_of(false, -1)->name), bounds_of(false, -1));
    ck_assert_ptr_null(policies_find_bounds(policies, "d"));
}
END_TEST

UNIT_SUITE(policy_bounds)
{
    TCase *tests;
    Suite *suite = unit_suite_create("policy_bounds", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_numbers, 0, POLICY_BOUNDS);
    tcase_add_test(tests, a_policy_without_bounds_has_none);
    tcase_add_test(tests, each_user_has_those_of_his_policy);
    tcase_add_test(tests, a_user_who_is_not_known_has_the_strictest);
    tcase_add_test(tests, they_are_found_by_name_after_a_reload);
    return suite;
}
