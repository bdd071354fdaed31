/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/outage.h"
#include "unit.h"

#define URL     "http://tb.example"
#define EPOCH   INT64_C(1772366400000) /* 2026-03-01T12:00:00Z, by the host's clock at boot time 0 */
#define REFUSED "Connection refused"

static struct failover failover;
static struct outage outage;

static void set_up(void)
{
    failover_init(&failover, 1);
    outage = (struct outage){0};
}

static bool update(const char *cause, int64_t now_ms)
{
    return outage_update(&outage, &failover, URL, cause, now_ms, EPOCH + now_ms);
}

static bool report(size_t server, enum failover_result result, int64_t now_ms)
{
    failover_report(&failover, server, result, now_ms);
    return update(result == FAILOVER_ANSWERED ? "" : REFUSED, now_ms);
}

static bool report_probe(size_t server, enum failover_result result, const char *cause, int64_t now_ms)
{
    ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), server);
    failover_report_probe(&failover, server, result, now_ms);
    return update(cause, now_ms);
}

START_TEST(it_begins_once_and_ends_once)
{
    int i;

    ck_assert(!report(0, FAILOVER_UNREACHABLE, 1000));
    ck_assert(!outage.is_on);
    ck_assert_str_eq(outage.reason, "");
    ck_assert(report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 2000));
    ck_assert(outage.is_on);
    ck_assert_str_eq(outage.reason, URL " cannot be reached since 2026-03-01T12:00:01Z: " REFUSED);
    for (i = 0; i < 600; i++)
        ck_assert(!report(0, FAILOVER_UNREACHABLE, 2000 + i));
    ck_assert(!report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 4000));
    ck_assert(report_probe(0, FAILOVER_ANSWERED, "", 8000));
    ck_assert(!outage.is_on);
    ck_assert_int_eq(outage.since_ms, 1000);
    outage_forget(&outage);
    ck_assert(!report(0, FAILOVER_ANSWERED, 8001));
}
END_TEST

START_TEST(requests_are_counted_from_its_beginning_on)
{
    outage_count(&outage, &failover); /* it says nothing of the server */
    report(0, FAILOVER_UNREACHABLE, 1000);
    outage_count(&outage, &failover);
    outage_count(&outage, &failover);
    report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 2000);
    outage_count(&outage, &failover);
    report(0, FAILOVER_ANSWERED, 3000);
    ck_assert_uint_eq(outage.failed_requests, 3);
}
END_TEST

/* Those that fail before the probe has ended belong to it, too. */
START_TEST(requests_are_counted_while_the_server_is_in_doubt)
{
    report(0, FAILOVER_DOUBTFUL, 1000);
    outage_count(&outage, &failover);
    report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 1100);
    ck_assert(outage.is_on);
    ck_assert_uint_eq(outage.failed_requests, 1);
    report(0, FAILOVER_ANSWERED, 3000);
    outage_forget(&outage);
    report(0, FAILOVER_DOUBTFUL, 20000);
    outage_count(&outage, &failover);
    report_probe(0, FAILOVER_ANSWERED, "", 20100);
    ck_assert(!outage.is_on);
    ck_assert_uint_eq(outage.failed_requests, 0);
}
END_TEST

START_TEST(what_was_not_certain_is_forgotten)
{
    report(0, FAILOVER_UNREACHABLE, 1000);
    outage_count(&outage, &failover);
    ck_assert(!report(0, FAILOVER_ANSWERED, 1500));
    ck_assert_uint_eq(outage.failed_requests, 0);
}
END_TEST

START_TEST(the_reason_follows_the_last_cause_and_the_time_stays)
{
    report(0, FAILOVER_UNREACHABLE, 1000);
    report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 2000);
    ck_assert(!report_probe(0, FAILOVER_GATEWAY_ERROR, "it answers 502", 4000));
    ck_assert_str_eq(outage.reason, URL " cannot be reached since 2026-03-01T12:00:01Z: it answers 502");
}
END_TEST

START_TEST(of_several_none_is_left)
{
    failover_init(&failover, 2);
    report(0, FAILOVER_UNREACHABLE, 0);
    ck_assert(!report_probe(0, FAILOVER_UNREACHABLE, REFUSED, 1000));
    ck_assert(!report(1, FAILOVER_UNREACHABLE, 1100));
    ck_assert(report_probe(1, FAILOVER_UNREACHABLE, REFUSED, 2100));
    ck_assert_str_eq(outage.reason,
                     "none of the 2 servers can be reached since 2026-03-01T12:00:01Z; " URL ": " REFUSED);
    ck_assert(report(1, FAILOVER_ANSWERED, 2200));
}
END_TEST

START_TEST(the_reason_is_bounded_and_one_line_of_ascii)
{
    char cause[2000];
    const char *c;

    memset(cause, 'x', sizeof(cause) - 1);
    cause[sizeof(cause) - 1] = '\0';
    memcpy(cause, "a\nb\xc3\xa9\x7f", 6);
    report(0, FAILOVER_UNREACHABLE, 1000);
    report_probe(0, FAILOVER_UNREACHABLE, cause, 2000);
    ck_assert_uint_eq(strlen(outage.reason), sizeof(outage.reason) - 1);
    ck_assert_ptr_nonnull(strstr(outage.reason, ": a?b???x"));
    for (c = outage.reason; *c; c++)
        ck_assert(*c >= 0x20 && *c < 0x7f);
}
END_TEST

UNIT_SUITE(outage)
{
    TCase *tests;
    Suite *suite = unit_suite_create("outage", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, it_begins_once_and_ends_once);
    tcase_add_test(tests, requests_are_counted_from_its_beginning_on);
    tcase_add_test(tests, requests_are_counted_while_the_server_is_in_doubt);
    tcase_add_test(tests, what_was_not_certain_is_forgotten);
    tcase_add_test(tests, the_reason_follows_the_last_cause_and_the_time_stays);
    tcase_add_test(tests, of_several_none_is_left);
    tcase_add_test(tests, the_reason_is_bounded_and_one_line_of_ascii);
    return suite;
}
