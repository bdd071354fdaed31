/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection a transfer takes, and how many are opened. */
#include "pool_world.h"

/* ---- HTTP/1.1: the choice ---- */

START_TEST(test_the_connection_that_answered_last_is_taken)
{
    pool_begin_http1(3);
    get_many(3);
    opens_http1(1);
    opens_http1(2);
    opens_http1(3);
    answer(0);
    answer(2);
    answer(1);
    get(3);
    get(4);
    get(5);
    ck_assert_uint_eq(on(3), calls[1].last);
    ck_assert_uint_eq(on(4), calls[2].last);
    ck_assert_uint_eq(on(5), calls[0].last);
    pool_end();
}
END_TEST

START_TEST(test_the_state_of_the_connections)
{
    struct transport_state state;

    pool_begin_http1(3);
    get_many(4);
    opens_http1(1);
    opens_http1(2);
    answer(0);
    fake_run();
    state = transport_state(fake.transport);
    ck_assert_uint_eq(state.opening, 1);
    ck_assert_uint_eq(state.busy + state.idle, 2);
    ck_assert_uint_eq(state.transfers, state.busy);
    ck_assert_uint_eq(state.opened, 3);
    ck_assert_uint_eq(state.waiting + state.transfers, 3);
    pool_end();
}
END_TEST

START_TEST(test_a_request_of_risk_takes_a_fresh_connection)
{
    open_three();
    fake_wait(POOL_FRESH_MS - 1);
    post(3);
    ck_assert_uint_eq(on(3), 3);
    fake_wait(1);
    post(4);
    ck_assert_uint_eq(on(4), 0);
    ck_assert_uint_eq(fake.opened, 4);
    opens_http1(4);
    ck_assert_uint_eq(on(4), 4);
    get(5);
    ck_assert_uint_eq(on(5), 2);
    pool_end();
}
END_TEST

START_TEST(test_a_connection_that_was_idle_too_long_makes_room)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    answer(0);
    fake_wait(POOL_FRESH_MS);
    post(1);
    ck_assert_ptr_null(fake_find(1));
    opens_http1(2);
    ck_assert_uint_eq(on(1), 2);
    pool_end();
}
END_TEST

START_TEST(test_the_end_is_looked_for_after_1_s)
{
    open_three();
    fake_wait(POOL_PEEK_MS - 1);
    fake_find(3)->has_ended = true;
    fake_find(2)->has_ended = true;
    get(3);
    ck_assert_uint_eq(on(3), 3); /* not worth a system call */
    fake_wait(1);
    post(4);
    ck_assert_ptr_null(fake_find(2));
    ck_assert_uint_eq(on(4), 1);
    pool_end();
}
END_TEST

START_TEST(test_an_idle_connection_is_closed_after_50_s)
{
    open_three();
    fake_wait(10000);
    get(3);
    answer(3);
    fake_wait(POOL_IDLE_MS - 10001);
    ck_assert_uint_eq(fake_count(), 3);
    fake_wait(POOL_TICK_MS);
    ck_assert_uint_eq(fake_count(), 1);
    fake_wait(9999 - POOL_TICK_MS);
    ck_assert_uint_eq(fake_count(), 1);
    fake_wait(POOL_TICK_MS);
    ck_assert_uint_eq(fake_count(), 0);
    pool_end();
}
END_TEST

START_TEST(test_a_transport_for_one_connection_keeps_the_order)
{
    unsigned i;

    pool_begin_http1(1);
    get_many(3);
    ck_assert_uint_eq(fake.opened, 1);
    opens_http1(1);
    for (i = 0; i < 3; i++) {
        ck_assert_uint_eq(on(i), 1);
        ck_assert_uint_eq(sent(3), 1);
        answer(i);
    }
    ck_assert_uint_eq(fake.opened, 1);
    pool_end();
}
END_TEST

START_TEST(test_the_last_transfer_of_a_connection_closes_it)
{
    pool_begin_http1(1);
    get_many(2);
    opens_http1(1);
    fake_is_last(fake_find(1));
    answer(0);
    ck_assert_ptr_null(fake_find(1));
    opens_http1(2);
    ck_assert_uint_eq(on(1), 2);
    pool_end();
}
END_TEST

/* ---- a burst ---- */

START_TEST(test_a_cold_burst_shares_one_http2_connection)
{
    pool_begin_tls(4, 128);
    get_many(CALLS);
    ck_assert_uint_eq(fake.opened, 1);
    fake_opens(fake_find(1), true);
    fake_run();
    ck_assert_uint_eq(sent(CALLS), 1);
    fake_settings(fake_find(1), 128);
    fake_run();
    ck_assert_uint_eq(sent(CALLS), 128);
    ck_assert_uint_eq(fake.opened, 1);
    pool_end();
}
END_TEST

START_TEST(test_a_cold_burst_to_a_server_of_http1_opens_as_many_as_wait)
{
    pool_begin_tls(4, 100);
    get_many(10);
    ck_assert_uint_eq(fake.opened, 1);
    opens_http1(1);
    ck_assert_uint_eq(fake.opened, 4);
    pool_end();
}
END_TEST

START_TEST(test_without_tls_as_many_as_wait_are_opened_at_once)
{
    pool_begin_http1(4);
    get_many(3);
    ck_assert_uint_eq(fake.opened, 3);
    get(3);
    get(4);
    ck_assert_uint_eq(fake.opened, 4);
    pool_end();
}
END_TEST

START_TEST(test_a_connection_that_has_become_free_is_not_waited_for_twice)
{
    pool_begin_http1(4);
    get(0);
    opens_http1(1);
    get(1);
    answer(0);
    ck_assert_uint_eq(on(1), 1);
    opens_http1(2);
    get(2);
    ck_assert_uint_eq(on(2), 2);
    ck_assert_uint_eq(fake.opened, 2);
    pool_end();
}
END_TEST

/* ---- HTTP/2: the number of connections ---- */

START_TEST(test_a_server_that_allows_all_streams_gets_one_connection)
{
    pool_begin_tls(8, 5);
    get_many(12);
    opens_http2(1, 5);
    ck_assert_uint_eq(sent(12), 5);
    ck_assert_uint_eq(fake.opened, 1);
    pool_end();
}
END_TEST

START_TEST(test_a_server_that_allows_fewer_streams_gets_more_connections)
{
    unsigned i;

    pool_begin_tls(0, 5);
    get_many(12);
    for (i = 1; i <= POOL_HTTP2_CONNECTIONS_MAX; i++) {
        ck_assert_uint_eq(fake.opened, i);
        opens_http2(i, 2);
        ck_assert_uint_eq(sent(12), 2 * i);
    }
    ck_assert_uint_eq(fake.opened, POOL_HTTP2_CONNECTIONS_MAX);
    pool_end();
}
END_TEST

START_TEST(test_no_other_is_opened_before_the_settings_have_come)
{
    pool_begin_tls(8, 5);
    get_many(2);
    fake_opens(fake_find(1), true);
    fake_run();
    ck_assert_uint_eq(sent(2), 1);
    ck_assert_uint_eq(fake.opened, 1);
    fake_settings(fake_find(1), 1);
    fake_run();
    ck_assert_uint_eq(fake.opened, 2);
    pool_end();
}
END_TEST

START_TEST(test_no_other_is_opened_beside_one_with_room)
{
    pool_begin_tls(0, 5);
    get(0);
    opens_http2(1, 5);
    fake.send = FAKE_REFUSES_AT_ONCE;
    prepare(1, true);
    fake_start(&calls[1]);
    transport_run(fake.transport);
    fake_run();
    ck_assert_uint_eq(on(1), 1);
    ck_assert_uint_eq(fake.opened, 1);
    pool_end();
}
END_TEST

START_TEST(test_max_connections_bounds_http2_too)
{
    pool_begin_tls(2, 5);
    get_many(12);
    opens_http2(1, 1);
    opens_http2(2, 1);
    ck_assert_uint_eq(fake.opened, 2);
    ck_assert_uint_eq(sent(12), 2);
    pool_end();
}
END_TEST

UNIT_SUITE(pool_choice)
{
    TCase *tests;
    Suite *suite = unit_suite_create("pool_choice", &tests);

    tcase_add_test(tests, test_the_connection_that_answered_last_is_taken);
    tcase_add_test(tests, test_the_state_of_the_connections);
    tcase_add_test(tests, test_a_request_of_risk_takes_a_fresh_connection);
    tcase_add_test(tests, test_a_connection_that_was_idle_too_long_makes_room);
    tcase_add_test(tests, test_the_end_is_looked_for_after_1_s);
    tcase_add_test(tests, test_an_idle_connection_is_closed_after_50_s);
    tcase_add_test(tests, test_a_transport_for_one_connection_keeps_the_order);
    tcase_add_test(tests, test_the_last_transfer_of_a_connection_closes_it);
    tcase_add_test(tests, test_a_cold_burst_shares_one_http2_connection);
    tcase_add_test(tests, test_a_cold_burst_to_a_server_of_http1_opens_as_many_as_wait);
    tcase_add_test(tests, test_without_tls_as_many_as_wait_are_opened_at_once);
    tcase_add_test(tests, test_a_connection_that_has_become_free_is_not_waited_for_twice);
    tcase_add_test(tests, test_a_server_that_allows_all_streams_gets_one_connection);
    tcase_add_test(tests, test_a_server_that_allows_fewer_streams_gets_more_connections);
    tcase_add_test(tests, test_no_other_is_opened_before_the_settings_have_come);
    tcase_add_test(tests, test_no_other_is_opened_beside_one_with_room);
    tcase_add_test(tests, test_max_connections_bounds_http2_too);
    return suite;
}
