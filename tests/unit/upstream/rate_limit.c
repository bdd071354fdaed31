/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "unit.h"
#include "upstream/rate_limit.h"

static void assert_parsed(const char *text, size_t count, const struct rate_limit_pair *pairs)
{
    struct rate_limit limit;
    size_t i;

    ck_assert_int_eq(rate_limit_parse(text, &limit, NULL), 0);
    ck_assert_uint_eq(limit.count, count);
    for (i = 0; i < count; i++) {
        ck_assert_int_eq(limit.pairs[i].capacity, pairs[i].capacity);
        ck_assert_int_eq(limit.pairs[i].seconds, pairs[i].seconds);
    }
}

START_TEST(pairs_are_read)
{
    static const struct rate_limit_pair pairs[] = {{100, 1}, {2000, 60}};

    assert_parsed("", 0, NULL);
    assert_parsed("100:1", 1, pairs);
    assert_parsed("100:1,2000:60", 2, pairs);
    assert_parsed(" 100:1 ,\t2000:60 ", 2, pairs);
    assert_parsed("0100:01,002000:0060", 2, pairs);
}
END_TEST

START_TEST(the_largest_numbers_are_read)
{
    assert_parsed("100000000:10000000", 1, (struct rate_limit_pair[]){{100000000, 10000000}});
    assert_parsed("1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1", 8,
                  (struct rate_limit_pair[]){{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}, {7, 1}, {8, 1}});
}
END_TEST

/* The text, and the pair that is wrong with it. */
static const struct {
    const char *text, *pair;
} wrong[] = {
    {"0:1", "0:1"},
    {"1:0", "1:0"},
    {"100000001:1", "100000001:1"},
    {"1:10000001", "1:10000001"},
    {"99999999999999999999999:1", "99999999999999999999999:1"},
    {"18446744073709551617:1", "18446744073709551617:1"}, /* 2^64 + 1 */
    {"1:18446744073709551617", "1:18446744073709551617"},
    {"100", "100"},
    {"100:", "100:"},
    {":60", ":60"},
    {":", ":"},
    {" ", ""},
    {",", ""},
    {"100:1,", ""},
    {",100:1", ""},
    {"100:1,,2000:60", ""},
    {"-1:1", "-1:1"},
    {"1:-1", "1:-1"},
    {"+1:1", "+1:1"},
    {"1.5:1", "1.5:1"},
    {"1e3:1", "1e3:1"},
    {"0x10:1", "0x10:1"},
    {"100 :1", "100 :1"},
    {"100: 1", "100: 1"},
    {"10 0:1", "10 0:1"},
    {"\n100:1", "\n100:1"},
    {"100:1:1", "100:1:1"},
    {"100:1, 2000/60 ", "2000/60"},
    {"100:1;2000:60", "100:1;2000:60"},
    {"auto", "auto"},
};

START_TEST(what_is_wrong_is_named)
{
    struct rate_limit limit = {.count = 99};
    struct tb_error err = TB_ERROR_INIT;
    char shown[64];

    ck_assert_int_eq(rate_limit_parse(wrong[_i].text, &limit, &err), -EINVAL);
    snprintf(shown, sizeof(shown), "\"%s\": ", wrong[_i].pair);
    ck_assert_msg(strncmp(err.message, shown, strlen(shown)) == 0, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(err.message, "capacity:seconds"));
    ck_assert_ptr_nonnull(strstr(err.message, " 1 to 100000000 "));
    ck_assert_ptr_nonnull(strstr(err.message, " 1 to 10000000"));
    ck_assert_uint_eq(limit.count, 99);
}
END_TEST

START_TEST(a_ninth_pair_is_refused)
{
    struct rate_limit limit = {.count = 99};
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(rate_limit_parse("1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1, 9:1", &limit, &err), -EINVAL);
    ck_assert_str_eq(err.message, "\"9:1\": a rate limit has at most 8 pairs");
    ck_assert_uint_eq(limit.count, 99);
}
END_TEST

START_TEST(a_long_pair_does_not_hide_what_is_allowed)
{
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit limit;
    char text[2000];

    memset(text, '1', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(rate_limit_parse(text, &limit, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "10000000"));
    ck_assert_ptr_nonnull(strstr(err.message, "capacity:seconds"));
}
END_TEST

UNIT_SUITE(limit)
{
    TCase *tests;
    Suite *suite = unit_suite_create("limit", &tests);

    tcase_add_test(tests, pairs_are_read);
    tcase_add_test(tests, the_largest_numbers_are_read);
    tcase_add_loop_test(tests, what_is_wrong_is_named, 0, (int)ARRAY_SIZE(wrong));
    tcase_add_test(tests, a_ninth_pair_is_refused);
    tcase_add_test(tests, a_long_pair_does_not_hide_what_is_allowed);
    return suite;
}
