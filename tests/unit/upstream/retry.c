/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/retry.h"
#include "base/util.h"
#include "unit.h"

#define NO_RETRY_AFTER (-1)

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7. */
#define EXAMPLE_MS (INT64_C(784111777) * 1000)
#define DAY_MS     (INT64_C(86400) * 1000)

/* Over evenly spread randoms: within 20 % of DELAY_MS, not beyond MAX_MS, and using that room. */
static void assert_spread(unsigned attempt, int64_t initial_ms, int64_t max_ms, int64_t delay_ms)
{
    int64_t low = INT64_MAX, high = 0, sum = 0;
    int64_t ceiling = delay_ms * 12 / 10 < max_ms ? delay_ms * 12 / 10 : max_ms;
    int64_t i;

    for (i = 0; i < 65536; i++) {
        int64_t delay = retry_backoff_ms(attempt, initial_ms, max_ms, NO_RETRY_AFTER, (uint32_t)(i * 65537));

        low = delay < low ? delay : low;
        high = delay > high ? delay : high;
        sum += delay;
    }
    ck_assert_int_ge(low, delay_ms * 8 / 10);
    ck_assert_int_le(low, delay_ms * 81 / 100);
    ck_assert_int_le(high, ceiling);
    ck_assert_int_ge(high, ceiling * 99 / 100);
    if (ceiling < max_ms)
        ck_assert_int_le(llabs(sum / 65536 - delay_ms), delay_ms / 100);
}

START_TEST(the_wait_doubles_plus_or_minus_20_percent)
{
    unsigned attempt;

    for (attempt = 1; attempt <= 5; attempt++)
        assert_spread(attempt, 1000, 30000, INT64_C(1000) << (attempt - 1));
}
END_TEST

START_TEST(the_wait_is_never_longer_than_the_maximum)
{
    assert_spread(6, 1000, 30000, 30000);
    assert_spread(7, 1000, 30000, 30000);
    assert_spread(1000, 1000, 30000, 30000);
    assert_spread(UINT32_MAX, 3600000, 3600000, 3600000);
    assert_spread(1, 5000, 5000, 5000);
    assert_spread(2, 4000, 5000, 5000);
}
END_TEST

START_TEST(every_random_keeps_to_the_bounds)
{
    int i;

    for (i = 0; i < unit_rounds(100000); i++) {
        int64_t delay = retry_backoff_ms(3, 1000, 4500, NO_RETRY_AFTER, unit_random());

        ck_assert_int_ge(delay, 3200);
        ck_assert_int_le(delay, 4500);
    }
}
END_TEST

START_TEST(retry_after_wins_as_it_is)
{
    static const int64_t asked[] = {1, 999, 1000, 29999, 30000};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(asked); i++)
        ck_assert_int_eq(retry_backoff_ms(1 + (unsigned)i, 1000, 30000, asked[i], unit_random()), asked[i]);
    ck_assert_int_eq(retry_backoff_ms(1, 1000, 30000, 30001, 0), -1);
    ck_assert_int_eq(retry_backoff_ms(1, 1000, 30000, DAY_MS, 0), -1);
}
END_TEST

/* "Now" is no reason to spend all retries at once. */
START_TEST(a_retry_after_of_0_asks_for_nothing)
{
    ck_assert_int_eq(retry_backoff_ms(2, 1000, 30000, 0, 200), 2000);
}
END_TEST

static const struct {
    const char *value;
    int64_t server_now_ms;
    int64_t expected;
} retry_after_rows[] = {
    {"0", 0, 0},
    {"1", 0, 1000},
    {"120", EXAMPLE_MS, 120000},
    {"007", 0, 7000},
    {"86399", 0, 86399000},
    {"86400", 0, DAY_MS},
    {"86401", 0, DAY_MS},
    {"99999999999999999999999999", 0, DAY_MS},
    {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS - 5000, 5000},
    {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS - 1, 1},
    {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS, 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS + 5000, 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS - 2 * DAY_MS, DAY_MS},
    {"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE_MS - 5000, 5000},
    {"Sun Nov  6 08:49:37 1994", EXAMPLE_MS - 5000, 5000},
    {"Sat, 01 Jan 10000 00:00:00 GMT", EXAMPLE_MS, -1},
    {"17 Jul 1000000002", EXAMPLE_MS, -1},
    {"", 0, -1},
    {"soon", 0, -1},
    {"-5", 0, -1},
    {"1.5", 0, -1},
    {"5s", 0, -1},
    {"5, 6", 0, -1},
    {"0x10", 0, -1},
};

START_TEST(the_forms_of_retry_after)
{
    int64_t wait = retry_after_ms(retry_after_rows[_i].value, retry_after_rows[_i].server_now_ms);

    ck_assert_msg(wait == retry_after_rows[_i].expected, "\"%s\" is %lld", retry_after_rows[_i].value,
                  (long long)wait);
}
END_TEST

UNIT_SUITE(backoff)
{
    TCase *tests;
    Suite *suite = unit_suite_create("backoff", &tests);

    tcase_add_test(tests, the_wait_doubles_plus_or_minus_20_percent);
    tcase_add_test(tests, the_wait_is_never_longer_than_the_maximum);
    tcase_add_test(tests, every_random_keeps_to_the_bounds);
    tcase_add_test(tests, retry_after_wins_as_it_is);
    tcase_add_test(tests, a_retry_after_of_0_asks_for_nothing);
    tcase_add_loop_test(tests, the_forms_of_retry_after, 0, (int)ARRAY_SIZE(retry_after_rows));
    return suite;
}
