/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent again, and how often; connections that fail, or break HTTP/2. */
#include "pool_world.h"
#include "transport/transfer_answer.h"

/* ---- sent again ---- */

START_TEST(test_what_a_goaway_refuses_is_sent_on_another_connection)
{
    unsigned i;

    pool_begin_tls(8, 100);
    for (i = 0; i < 5; i++)
        post(i);
    opens_http2(1, 100);
    ck_assert_uint_eq(sent(5), 5);
    fake_goaway(fake_find(1), 2);
    fake_run();
    ck_assert_uint_eq(sent(5), 2);
    opens_http2(2, 100);
    for (i = 0; i < 5; i++) {
        ck_assert_uint_eq(on(i), i < 2 ? 1 : 2);
        answer(i);
    }
    ck_assert_ptr_null(fake_find(1));
    ck_assert_uint_eq(fake_count(), 1);
    pool_end();
}
END_TEST

START_TEST(test_what_was_refused_goes_in_front)
{
    pool_begin_tls(1, 1);
    get(0);
    opens_http2(1, 1);
    get(1);
    fake_report(&calls[0], TRANSFER_REFUSED);
    fake_run();
    ck_assert_uint_eq(on(0), 1);
    ck_assert_uint_eq(on(1), 0);
    pool_end();
}
END_TEST

START_TEST(test_what_is_always_refused_is_sent_100_times)
{
    unsigned i;

    pool_begin_tls(1, 10);
    post(0);
    opens_http2(1, 10);
    for (i = 1; i <= TRANSFER_SENDS_MAX; i++) {
        ck_assert_uint_eq(calls[0].sends, i);
        ck_assert_uint_eq(calls[0].done_count, 0);
        fake_report(&calls[0], i % 2 ? TRANSFER_REFUSED : TRANSFER_NOT_SENT);
        fake_wait(POOL_PAUSE_MAX_MS);
    }
    ck_assert_uint_eq(calls[0].sends, TRANSFER_SENDS_MAX);
    expect_failure(0, TRANSFER_REFUSED, "connection_terminated");
    ck_assert(transfer_was_not_executed(&calls[0].transfer));
    pool_end();
}
END_TEST

START_TEST(test_what_is_refused_is_not_sent_again_after_its_time)
{
    pool_begin_tls(1, 10);
    prepare(0, false);
    calls[0].transfer.timeout_ms = 10000;
    calls[0].transfer.send_by_ms = fake.loop.now_ms + 2000;
    fake_start(&calls[0]);
    fake_run();
    opens_http2(1, 10);
    fake_wait(1999);
    fake_report(&calls[0], TRANSFER_REFUSED);
    fake_run();
    ck_assert_uint_eq(calls[0].sends, 2);
    fake_wait(1);
    ck_assert_uint_eq(calls[0].done_count, 0); /* the server has it */
    fake_report(&calls[0], TRANSFER_REFUSED);
    fake_run();
    ck_assert_uint_eq(calls[0].sends, 2);
    expect_failure(0, TRANSFER_REFUSED, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_what_cannot_be_sent_by_its_time_says_nothing_of_the_server)
{
    pool_begin_http1(1);
    prepare(0, true);
    calls[0].transfer.timeout_ms = _i ? 10000 : 0;
    calls[0].transfer.send_by_ms = fake.loop.now_ms + 2000;
    fake_start(&calls[0]);
    fake_run();
    fake_wait(1999);
    ck_assert_uint_eq(calls[0].done_count, 0);
    fake_wait(1);
    expect_failure(0, TRANSFER_NOT_SENT, "destination_unavailable");
    ck_assert_int_eq(calls[0].transfer.error.status, 503);
    ck_assert(calls[0].transfer.timed_out_waiting);
    ck_assert_str_eq(transfer_detail(&calls[0].transfer), "not sent, or only refused, for 2000 ms");
    pool_end();
}
END_TEST

START_TEST(test_the_time_to_send_it_is_only_brought_forward)
{
    int64_t now_ms;

    pool_begin_http1(1);
    prepare(0, true);
    now_ms = fake.loop.now_ms;
    transfer_send_by(&calls[0].transfer, now_ms); /* not under way */
    calls[0].transfer.send_by_ms = now_ms + 2000;
    fake_start(&calls[0]);
    transfer_send_by(&calls[0].transfer, now_ms + 3000);
    transfer_send_by(&calls[0].transfer, now_ms + 1000);
    fake_run();
    fake_wait(999);
    ck_assert_uint_eq(calls[0].done_count, 0);
    fake_wait(1);
    expect_failure(0, TRANSFER_NOT_SENT, "destination_unavailable");
    pool_end();
}
END_TEST

START_TEST(test_what_was_sent_has_all_its_time)
{
    pool_begin_http1(1);
    prepare(0, true);
    calls[0].transfer.timeout_ms = 10000;
    calls[0].transfer.send_by_ms = fake.loop.now_ms + 2000;
    fake_start(&calls[0]);
    fake_run();
    opens_http1(1);
    fake_wait(9999);
    ck_assert_uint_eq(calls[0].done_count, 0);
    fake_wait(1);
    expect_failure(0, TRANSFER_MAY_HAVE_RUN, "http_response_timeout");
    pool_end();
}
END_TEST

/* Refuses the first call, which is sent again after PAUSE_MS. */
static void refuse(int64_t pause_ms)
{
    unsigned sends = calls[0].sends;

    fake_report(&calls[0], TRANSFER_REFUSED);
    fake_run();
    if (pause_ms > 0) {
        fake_wait(pause_ms - 1);
        ck_assert_uint_eq(calls[0].sends, sends);
        fake_wait(1);
    }
    ck_assert_uint_eq(calls[0].sends, sends + 1);
}

START_TEST(test_what_is_refused_again_and_again_waits_longer_and_longer)
{
    int64_t pause_ms;

    pool_begin_tls(1, 10);
    post(0);
    opens_http2(1, 10);
    refuse(0);
    for (pause_ms = POOL_PAUSE_MIN_MS; pause_ms < POOL_PAUSE_MAX_MS; pause_ms *= 2)
        refuse(pause_ms);
    refuse(POOL_PAUSE_MAX_MS);
    refuse(POOL_PAUSE_MAX_MS);
    answer(0);
    post(0);
    refuse(0);
    refuse(POOL_PAUSE_MIN_MS);
    pool_end();
}
END_TEST

START_TEST(test_many_that_are_refused_together_wait_once)
{
    unsigned i;

    pool_begin_tls(1, 10);
    get_many(4);
    opens_http2(1, 10);
    ck_assert_uint_eq(sent(4), 4);
    for (i = 0; i < 8; i++)
        fake_report(&calls[i % 4], TRANSFER_REFUSED), fake_run();
    get(4);
    ck_assert_uint_eq(sent(5), 0);
    fake_wait(POOL_PAUSE_MIN_MS);
    ck_assert_uint_eq(sent(5), 5);
    pool_end();
}
END_TEST

START_TEST(test_what_is_always_lost_is_sent_again_5_times)
{
    unsigned i;

    pool_begin_tls(1, 10);
    get(0);
    get(1);
    opens_http2(1, 10);
    answer(1);
    for (i = 1; i <= 1 + TRANSFER_LOSSES_MAX; i++) {
        ck_assert_uint_eq(calls[0].sends, i);
        fake_report(&calls[0], TRANSFER_MAY_HAVE_RUN);
        fake_run();
    }
    ck_assert_uint_eq(calls[0].sends, 1 + TRANSFER_LOSSES_MAX);
    expect_failure(0, TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_what_ends_two_new_connections_is_not_sent_on_a_third)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    fake_closes(fake_find(1), false);
    fake_run();
    opens_http1(2);
    ck_assert_uint_eq(on(0), 2);
    fake_closes(fake_find(2), false);
    fake_run();
    ck_assert_uint_eq(calls[0].sends, 2);
    expect_failure(0, TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    ck_assert(!transfer_was_not_executed(&calls[0].transfer));
    pool_end();
}
END_TEST

/* As a server does that refuses our certificate: TLS 1.3 says so after the handshake. */
START_TEST(test_what_5_new_connections_did_not_take_fails)
{
    unsigned i;

    pool_begin_http1(1);
    get(0);
    for (i = 1; i <= TRANSFER_REJECTIONS_MAX; i++) {
        ck_assert_uint_eq(calls[0].done_count, 0);
        opens_http1(i);
        ck_assert_uint_eq(calls[0].sends, i);
        fake_find(i)->http->is_last = true;
        fake_report(&calls[0], TRANSFER_NOT_SENT);
        fake_run();
        fake_wait(POOL_PAUSE_MAX_MS);
    }
    ck_assert_uint_eq(calls[0].sends, TRANSFER_REJECTIONS_MAX);
    expect_failure(0, TRANSFER_NOT_SENT, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_a_request_of_risk_that_may_have_run_is_not_sent_again)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    answer(0);
    post(1);
    fake_closes(fake_find(1), false);
    fake_run();
    ck_assert_uint_eq(calls[1].sends, 1);
    expect_failure(1, TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_nothing_is_sent_again_after_an_answer_has_begun)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    fake_begin_answer(&calls[0], 200);
    fake_closes(fake_find(1), false);
    fake_run();
    ck_assert_uint_eq(calls[0].sends, 1);
    expect_failure(0, TRANSFER_ANSWERED, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_what_is_sent_again_has_no_answer_yet)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    transfer_answer_begins(&calls[0].transfer);
    ck_assert(calls[0].transfer.answer_begun);
    fake_closes(fake_find(1), false);
    fake_run();
    ck_assert(!calls[0].transfer.answer_begun);
    fake_fails(fake_find(2));
    fake_run();
    expect_failure(0, TRANSFER_MAY_HAVE_RUN, "connection_refused");
    ck_assert(!calls[0].transfer.answer_begun);
    pool_end();
}
END_TEST

START_TEST(test_a_body_is_read_from_its_beginning_again_or_not_sent_again)
{
    unsigned i;

    pool_begin_tls(1, 10);
    for (i = 0; i < 2; i++) {
        prepare(i, true);
        fake_call_reads(&calls[i], i);
        fake_start(&calls[i]);
    }
    fake_run();
    opens_http2(1, 10);
    fake_report(&calls[0], TRANSFER_REFUSED);
    fake_report(&calls[1], TRANSFER_REFUSED);
    fake_run();
    ck_assert_uint_eq(calls[0].sends, 2);
    ck_assert_uint_eq(calls[0].rewinds, 1);
    ck_assert_uint_eq(calls[1].sends, 1);
    expect_failure(1, TRANSFER_REFUSED, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_what_is_lost_while_it_is_flushed_does_not_wait)
{
    pool_begin_http1(2);
    get(0);
    opens_http1(1);
    answer(0);
    fake_find(1)->in_flush = true;
    get(1); /* fake_run() checks that nothing waits for nothing */
    ck_assert_uint_eq(fake.opened, 2);
    opens_http1(2);
    answer(1);
    pool_end();
}
END_TEST

/* ---- connecting fails ---- */

START_TEST(test_a_failed_connect_ends_all_that_wait_for_it)
{
    unsigned i;

    pool_begin_tls(4, 100);
    get_many(5);
    fake_fails(fake_find(1));
    fake_run();
    for (i = 0; i < 5; i++) {
        expect_failure(i, TRANSFER_NOT_SENT, "connection_refused");
        ck_assert_str_eq(transfer_detail(&calls[i].transfer), "connection 1 refused");
    }
    ck_assert_uint_eq(fake.opened, 1);
    ck_assert_str_eq(fake.log, "a connection to server is closed: connection 1 refused");
    pool_end();
}
END_TEST

START_TEST(test_a_failed_connect_beside_a_connection_ends_one)
{
    pool_begin_http1(2);
    get_many(3);
    opens_http1(1);
    fake_fails(fake_find(2));
    fake_run();
    expect_failure(1, TRANSFER_NOT_SENT, "connection_refused");
    ck_assert_uint_eq(calls[2].done_count, 0);
    answer(0);
    ck_assert_uint_eq(on(2), 1);
    pool_end();
}
END_TEST

START_TEST(test_a_failed_connect_beside_dead_connections_ends_all)
{
    unsigned i;

    pool_begin_tls(8, 10);
    get(0);
    opens_http2(1, 10);
    if (_i)
        fake_is_last(fake_find(1));
    else
        fake_wait(POOL_SILENT_MS);
    for (i = 1; i < 6; i++)
        get(i);
    fake_fails(fake_find(2));
    fake_run();
    for (i = 1; i < 6; i++)
        expect_failure(i, TRANSFER_NOT_SENT, "connection_refused");
    ck_assert_uint_eq(fake.opened, 2);
    pool_end();
}
END_TEST

START_TEST(test_what_is_cancelled_after_a_failed_connect_is_counted_once)
{
    pool_begin_http1(0);
    get(0);
    fake_fails(fake_find(1));
    fake_cancel(&calls[0]);
    fake_run(); /* looks at waiting_count */
    ck_assert_uint_eq(fake.opened, 1);
    ck_assert_uint_eq(calls[0].done_count, 0);
    pool_end();
}
END_TEST

/* ---- HTTP/2 that is broken ---- */

static void break_http2(unsigned number)
{
    get(number);
    ck_assert_uint_eq(fake.opened, number);
    opens_http2(number, 10);
    fake_cancel(&calls[number]);
    fake_closes(fake_find(number), true);
    fake_run();
}

START_TEST(test_after_three_bad_ends_http1_is_used_for_10_minutes)
{
    pool_begin_tls(4, 10);
    break_http2(1);
    break_http2(2);
    get(0);
    ck_assert(fake_find(3)->http->offers_http2);
    opens_http2(3, 10);
    fake_cancel(&calls[0]);
    fake_closes(fake_find(3), true);
    ck_assert_ptr_nonnull(strstr(fake.log, "server broke HTTP/2 on 3 connections in a row"));
    get(4);
    ck_assert(!fake_find(4)->http->offers_http2);
    opens_http1(4);
    answer(4);
    fake_wait(POOL_HTTP1_PERIOD_MS - 1);
    get(5);
    ck_assert(!fake_find(5)->http->offers_http2);
    fake_fails(fake_find(5));
    fake_wait(1);
    get(6);
    ck_assert(fake_find(6)->http->offers_http2);
    opens_http2(6, 10);
    answer(6);
    pool_end();
}
END_TEST

/* 0: it cannot be opened, as with TLS if the server insists on h2; 1: what comes on it is no answer. */
START_TEST(test_http1_that_is_no_better_is_not_used_for_10_minutes)
{
    pool_begin_tls(4, 10);
    break_http2(1);
    break_http2(2);
    break_http2(3);
    get(4);
    ck_assert(!fake_find(4)->http->offers_http2);
    if (_i == 0) {
        fake_fails(fake_find(4));
    } else {
        opens_http1(4);
        fake_report(&calls[4], TRANSFER_ANSWERED);
    }
    fake_run();
    ck_assert_ptr_null(fake_find(4));
    get(5);
    ck_assert(fake_find(5)->http->offers_http2);
    opens_http2(5, 10);
    answer(5);
    pool_end();
}
END_TEST

START_TEST(test_an_answer_over_http2_ends_the_row_of_bad_ends)
{
    unsigned i;

    pool_begin_tls(4, 10);
    break_http2(1);
    break_http2(2);
    get(0);
    opens_http2(3, 10);
    answer(0);
    fake_closes(fake_find(3), true);
    fake_run();
    break_http2(4);
    get(0);
    ck_assert(fake_find(5)->http->offers_http2);
    for (i = 1; i < 5; i++)
        ck_assert_uint_eq(calls[i].done_count, 0);
    pool_end();
}
END_TEST

START_TEST(test_a_request_of_risk_takes_http2_behind_an_http1_connection_that_was_idle_too_long)
{
    pool_begin_tls(4, 10);
    break_http2(1);
    break_http2(2);
    break_http2(3);
    get(4);
    opens_http1(4);
    fake_wait(POOL_HTTP1_PERIOD_MS);
    get(5);
    opens_http2(5, 10); /* call 4 is still on connection 4 */
    answer(4);
    fake_wait(POOL_FRESH_MS);
    post(6);
    ck_assert_uint_eq(on(6), 5);
    ck_assert_uint_eq(fake.opened, 5);
    pool_end();
}
END_TEST

UNIT_SUITE(pool_retry)
{
    TCase *tests;
    Suite *suite = unit_suite_create("pool_retry", &tests);

    tcase_add_test(tests, test_what_a_goaway_refuses_is_sent_on_another_connection);
    tcase_add_test(tests, test_what_was_refused_goes_in_front);
    tcase_add_test(tests, test_what_is_always_refused_is_sent_100_times);
    tcase_add_test(tests, test_what_is_refused_is_not_sent_again_after_its_time);
    tcase_add_loop_test(tests, test_what_cannot_be_sent_by_its_time_says_nothing_of_the_server, 0, 2);
    tcase_add_test(tests, test_the_time_to_send_it_is_only_brought_forward);
    tcase_add_test(tests, test_what_was_sent_has_all_its_time);
    tcase_add_test(tests, test_what_is_refused_again_and_again_waits_longer_and_longer);
    tcase_add_test(tests, test_many_that_are_refused_together_wait_once);
    tcase_add_test(tests, test_what_is_always_lost_is_sent_again_5_times);
    tcase_add_test(tests, test_what_ends_two_new_connections_is_not_sent_on_a_third);
    tcase_add_test(tests, test_what_5_new_connections_did_not_take_fails);
    tcase_add_test(tests, test_a_request_of_risk_that_may_have_run_is_not_sent_again);
    tcase_add_test(tests, test_nothing_is_sent_again_after_an_answer_has_begun);
    tcase_add_test(tests, test_what_is_sent_again_has_no_answer_yet);
    tcase_add_test(tests, test_a_body_is_read_from_its_beginning_again_or_not_sent_again);
    tcase_add_test(tests, test_what_is_lost_while_it_is_flushed_does_not_wait);
    tcase_add_test(tests, test_a_failed_connect_ends_all_that_wait_for_it);
    tcase_add_test(tests, test_a_failed_connect_beside_a_connection_ends_one);
    tcase_add_loop_test(tests, test_a_failed_connect_beside_dead_connections_ends_all, 0, 2);
    tcase_add_test(tests, test_what_is_cancelled_after_a_failed_connect_is_counted_once);
    tcase_add_test(tests, test_after_three_bad_ends_http1_is_used_for_10_minutes);
    tcase_add_loop_test(tests, test_http1_that_is_no_better_is_not_used_for_10_minutes, 0, 2);
    tcase_add_test(tests, test_an_answer_over_http2_ends_the_row_of_bad_ends);
    tcase_add_test(tests,
                   test_a_request_of_risk_takes_http2_behind_an_http1_connection_that_was_idle_too_long);
    return suite;
}
