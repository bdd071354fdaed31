/* SPDX-License-Identifier: Apache-2.0 */
/* Dead connections, and those that were verified with old certificates. */
#include "pool_world.h"

/* ---- dead connections ---- */

static void get_for(unsigned call, int64_t timeout_ms)
{
    prepare(call, true);
    calls[call].transfer.timeout_ms = timeout_ms;
    ck_assert_int_eq(fake_start(&calls[call]), 0);
    fake_run();
}

START_TEST(test_a_time_out_without_a_byte_closes_the_connection_and_silent_idle_ones)
{
    open_three();
    get_for(3, 500);
    ck_assert_uint_eq(on(3), 3);
    fake_wait(100);
    fake_speaks(fake_find(1));
    fake_wait(399);
    ck_assert_uint_eq(calls[3].done_count, 0);
    fake_wait(1);
    expect_failure(3, TRANSFER_MAY_HAVE_RUN, "http_response_timeout");
    ck_assert_ptr_nonnull(fake_find(1));
    ck_assert_ptr_null(fake_find(2));
    ck_assert_ptr_null(fake_find(3));
    pool_end();
}
END_TEST

START_TEST(test_a_time_out_after_a_byte_says_nothing_of_others)
{
    open_three();
    get_for(3, 500);
    fake_wait(100);
    fake_begin_answer(&calls[3], 200);
    fake_wait(400);
    expect_failure(3, TRANSFER_ANSWERED, "http_response_timeout");
    ck_assert_ptr_nonnull(fake_find(1));
    ck_assert_ptr_nonnull(fake_find(2));
    pool_end();
}
END_TEST

START_TEST(test_a_time_out_without_a_byte_makes_an_http2_connection_the_last)
{
    pool_begin_tls(4, 10);
    get(0);
    opens_http2(1, 10);
    fake_wait(10);
    get_for(1, 500);
    fake_wait(500);
    expect_failure(1, TRANSFER_MAY_HAVE_RUN, "http_response_timeout");
    get(2);
    ck_assert_uint_eq(on(2), 0);
    ck_assert_uint_eq(fake.opened, 2);
    answer(0);
    ck_assert_ptr_null(fake_find(1));
    pool_end();
}
END_TEST

START_TEST(test_a_time_out_while_waiting_says_nothing_of_the_server)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    get_for(1, 500);
    fake_wait(500);
    expect_failure(1, TRANSFER_NOT_SENT, "http_response_timeout");
    ck_assert(calls[1].transfer.timed_out_waiting);
    ck_assert_str_eq(transfer_detail(&calls[1].transfer), "no answer in 500 ms");
    pool_end();
}
END_TEST

START_TEST(test_a_time_out_while_connecting_says_something_of_the_server)
{
    pool_begin_http1(1);
    get_for(0, 500);
    fake_wait(500);
    expect_failure(0, TRANSFER_NOT_SENT, "http_response_timeout");
    ck_assert(!calls[0].transfer.timed_out_waiting);
    pool_end();
}
END_TEST

START_TEST(test_a_silent_http2_connection_takes_no_more_until_it_speaks)
{
    pool_begin_tls(4, 10);
    get(0);
    opens_http2(1, 10);
    fake_wait(POOL_SILENT_MS - 1);
    get(1);
    ck_assert_uint_eq(on(1), 1);
    fake_wait(1);
    get(2);
    ck_assert_uint_eq(on(2), 0);
    ck_assert_uint_eq(fake.opened, 2);
    fake_speaks(fake_find(1));
    fake_run();
    ck_assert_uint_eq(on(2), 1);
    pool_end();
}
END_TEST

START_TEST(test_an_http2_connection_that_was_idle_takes_a_burst)
{
    pool_begin_tls(4, 10);
    get(0);
    opens_http2(1, 10);
    answer(0);
    fake_wait(3 * POOL_SILENT_MS);
    get_many(10);
    ck_assert_uint_eq(sent(10), 10);
    ck_assert_uint_eq(fake.opened, 1);
    pool_end();
}
END_TEST

START_TEST(test_connections_tick_every_second)
{
    pool_begin_http1(2);
    get_many(2);
    opens_http1(1);
    opens_http1(2);
    answer(0);
    fake_wait(3 * POOL_TICK_MS);
    ck_assert_uint_eq(fake_find(1)->ticks, 3);
    ck_assert_uint_eq(fake_find(2)->ticks, 3);
    pool_end();
}
END_TEST

/* ---- certificates ---- */

START_TEST(test_new_certificates_end_the_use_of_all_connections)
{
    pool_begin_tls(4, 10);
    get_many(4);
    opens_http1(1);
    opens_http1(2);
    opens_http1(3);
    answer(0); /* connection 1 takes call 3; 4 is being opened */
    fake_cancel(&calls[3]);
    fake_run();
    get(0);
    opens_http1(4);
    ck_assert_uint_eq(sent(3), 3);
    get(3);
    transport_reload_certificates(fake.transport);
    ck_assert_uint_eq(fake.reloads, 1);
    answer(0);
    answer(1);
    answer(2);
    ck_assert_uint_eq(fake_count(), 1);
    ck_assert_uint_eq(on(3), 0);
    pool_end();
}
END_TEST

START_TEST(test_new_certificates_close_idle_connections_and_those_being_opened)
{
    pool_begin_tls(4, 10);
    get_many(2);
    opens_http1(1);
    answer(0);
    answer(1);
    ck_assert_uint_eq(fake_count(), 2); /* 1 is idle, 2 is being opened */
    transport_reload_certificates(fake.transport);
    fake_run();
    ck_assert_ptr_null(fake_find(1));
    get(2);
    opens_http1(2); /* it may have been verified with the old ones */
    ck_assert_ptr_null(fake_find(2));
    opens_http1(3);
    ck_assert_uint_eq(on(2), 3);
    pool_end();
}
END_TEST

START_TEST(test_new_certificates_let_a_shared_connection_finish)
{
    pool_begin_tls(4, 10);
    get_many(2);
    opens_http2(1, 10);
    transport_reload_certificates(fake.transport);
    get(2);
    ck_assert_uint_eq(on(2), 0);
    answer(0);
    answer(1);
    ck_assert_ptr_null(fake_find(1));
    pool_end();
}
END_TEST

UNIT_SUITE(pool_dead)
{
    TCase *tests;
    Suite *suite = unit_suite_create("pool_dead", &tests);

    tcase_add_test(tests, test_a_time_out_without_a_byte_closes_the_connection_and_silent_idle_ones);
    tcase_add_test(tests, test_a_time_out_after_a_byte_says_nothing_of_others);
    tcase_add_test(tests, test_a_time_out_without_a_byte_makes_an_http2_connection_the_last);
    tcase_add_test(tests, test_a_time_out_while_waiting_says_nothing_of_the_server);
    tcase_add_test(tests, test_a_time_out_while_connecting_says_something_of_the_server);
    tcase_add_test(tests, test_a_silent_http2_connection_takes_no_more_until_it_speaks);
    tcase_add_test(tests, test_an_http2_connection_that_was_idle_takes_a_burst);
    tcase_add_test(tests, test_connections_tick_every_second);
    tcase_add_test(tests, test_new_certificates_end_the_use_of_all_connections);
    tcase_add_test(tests, test_new_certificates_close_idle_connections_and_those_being_opened);
    tcase_add_test(tests, test_new_certificates_let_a_shared_connection_finish);
    return suite;
}
