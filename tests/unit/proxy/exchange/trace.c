/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/trace.h"

#include <errno.h>
#include <limits.h>

#include "unit.h"

static const struct {
    const char *query;
    bool right;
} rows[] = {
    {"", true},
    {"&&", true},
    {"client=uid:0", true},
    {"client=uid:4294967295", true},
    {"client=unknown", true},
    {"client=uid%3A1000&method=GET", true},
    {"operation=saveDevice&status=404", true},
    {"status=1xx", true},
    {"status=599", true},
    {"client=", false},
    {"client=uid:", false},
    {"client=uid:-1", false},
    {"client=uid:12345678901", false},
    {"client=uid:1&client=uid:1", false},
    {"operation=nothing", false},
    {"operation=", false},
    {"operation=saveDevice&operation=saveDevice", false},
    {"status=", false},
    {"status=0xx", false},
    {"status=6xx", false},
    {"status=40x", false},
    {"status=4040", false},
    {"status=404&status=5xx", false},
    {"method=get", false},
    {"method=TRACE", false},
    {"method=GET&method=GET", false},
    {"colour=red", false},
    {"status=4%00", false},
};

START_TEST(what_a_filter_is)
{
    struct trace_filter filter;
    const char *reason = NULL;
    int r = trace_filter_parse(rows[_i].query, &filter, &reason);

    ck_assert_msg(r == (rows[_i].right ? 0 : -EINVAL), "%s", rows[_i].query);
    if (r < 0)
        ck_assert_str_ne(reason, "");
}
END_TEST

START_TEST(what_it_wants)
{
    struct trace_filter filter;
    const char *reason;

    ck_assert_int_eq(trace_filter_parse("client=uid:4294967295&operation=saveDevice&status=5xx&method=HEAD",
                                        &filter, &reason),
                     0);
    ck_assert(filter.has_user);
    ck_assert_int_eq(filter.user, 4294967295);
    ck_assert_str_eq(filter.operation, "saveDevice");
    ck_assert_int_eq(filter.status_min, 500);
    ck_assert_int_eq(filter.status_max, 599);
    ck_assert_str_eq(filter.method, "HEAD");
    ck_assert_int_eq(trace_filter_parse("client=unknown&status=404", &filter, &reason), 0);
    ck_assert_int_eq(filter.user, PRINCIPAL_UNKNOWN);
    ck_assert_int_eq(filter.status_min, 404);
    ck_assert_int_eq(filter.status_max, 404);
    ck_assert_int_eq(trace_filter_parse("", &filter, &reason), 0);
    ck_assert(!filter.has_user && !filter.operation && !filter.method);
    ck_assert_int_eq(filter.status_min, 0);
    ck_assert_int_eq(filter.status_max, INT_MAX);
}
END_TEST

UNIT_SUITE(trace)
{
    TCase *tests;
    Suite *suite = unit_suite_create("trace", &tests);

    tcase_add_loop_test(tests, what_a_filter_is, 0, (int)ARRAY_SIZE(rows));
    tcase_add_test(tests, what_it_wants);
    return suite;
}
