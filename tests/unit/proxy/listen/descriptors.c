/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>

#include "base/util.h"
#include "proxy/listen/descriptors.h"
#include "unit.h"

#define OWN(servers) (DESCRIPTORS_OWN + DESCRIPTORS_OWN_SERVER * (servers))

static const struct {
    uint64_t limit;
    unsigned wanted;
    unsigned upstream;
    size_t servers;
    unsigned fit;
} rows[] = {
    {UINT64_MAX, 1024, 64, 1, 1024},
    {UINT64_MAX, 65536, 4096, 8, 65536},
    /* 1024 connections and a third more, as many to the server for WebSockets, 64 for requests, of three
     * descriptors each */
    {OWN(1) + 4 * 1366 + 3 * 64, 1024, 64, 1, 1024},
    {OWN(1) + 4 * 1364 + 3 * 64, 1024, 64, 1, 1023},
    {OWN(8) + 4 * 1366 + 8 * 3 * 64, 1024, 64, 8, 1024},
    {OWN(8) + 4 * 1364 + 8 * 3 * 64, 1024, 64, 8, 1023},
    /* no more connections to the server than local ones */
    {OWN(1) + 7 * 40, 1024, 64, 1, 30},
    {OWN(1) + 7 * 40 - 1, 1024, 64, 1, 29},
    {OWN(1) + 7 * 64, 1024, 64, 1, 48},
    {OWN(2) + 10 * 40, 1024, 64, 2, 30},
    {164, 1024, 64, 1, 4},
    /* at least one */
    {OWN(1), 1024, 64, 1, 1},
    {0, 1024, 64, 1, 1},
    {UINT64_MAX, 1, 64, 1, 1},
};

START_TEST(connections_fit_into_the_limit)
{
    ck_assert_uint_eq(descriptors_fit(rows[_i].limit, rows[_i].wanted, rows[_i].upstream, rows[_i].servers),
                      rows[_i].fit);
}
END_TEST

START_TEST(the_soft_limit_becomes_the_hard_one)
{
    struct rlimit before, lowered, after;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    lowered = (struct rlimit){64, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    ck_assert_uint_eq(descriptors_raise_limit(), before.rlim_max);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    ck_assert_uint_eq(after.rlim_cur, before.rlim_max);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

UNIT_SUITE(descriptors)
{
    TCase *tests;
    Suite *suite = unit_suite_create("descriptors", &tests);

    tcase_add_loop_test(tests, connections_fit_into_the_limit, 0, (int)ARRAY_SIZE(rows));
    tcase_add_test(tests, the_soft_limit_becomes_the_hard_one);
    return suite;
}
