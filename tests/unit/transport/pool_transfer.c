/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades; what done() and write() may do; ends of transfers. */
#include <errno.h>

#include "pool_world.h"
#include "transport/transfer_answer.h"

/* ---- upgrades ---- */

static void upgrade(unsigned call)
{
    prepare(call, true);
    calls[call].transfer.is_upgrade = true;
    ck_assert_int_eq(fake_start(&calls[call]), 0);
    fake_run();
}

START_TEST(test_an_upgrade_has_a_connection_of_its_own)
{
    open_three();
    upgrade(3);
    ck_assert_uint_eq(on(3), 4);
    opens_http1(4);
    fake_answer(&calls[3], 101, 0);
    fake_run();
    ck_assert_uint_eq(calls[3].done_count, 1);
    ck_assert_int_eq(calls[3].transfer.status, 101);
    ck_assert_uint_eq(fake_count(), 3);
    pool_end();
}
END_TEST

START_TEST(test_the_connection_of_a_refused_upgrade_is_not_used_again)
{
    pool_begin_http1(4);
    upgrade(0);
    opens_http1(1);
    answer(0);
    ck_assert_uint_eq(fake_count(), 0);
    pool_end();
}
END_TEST

START_TEST(test_an_upgrade_is_not_sent_on_a_shared_connection)
{
    pool_begin_tls(4, 10);
    get(0);
    opens_http2(1, 10);
    upgrade(1);
    opens_http1(2);
    fake_closes(fake_find(2), false);
    fake_run();
    ck_assert_uint_eq(calls[1].sends, 1);
    expect_failure(1, TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    pool_end();
}
END_TEST

START_TEST(test_an_upgrade_can_be_resumed_and_cancelled_while_it_connects)
{
    pool_begin_http1(1);
    upgrade(0);
    transfer_resume(&calls[0].transfer);
    fake_cancel(&calls[0]);
    fake_run();
    ck_assert_uint_eq(fake_count(), 0);
    pool_end();
}
END_TEST

START_TEST(test_an_upgrade_fails_with_its_connection)
{
    pool_begin_http1(1);
    upgrade(0);
    fake_fails(fake_find(1));
    fake_run();
    expect_failure(0, TRANSFER_NOT_SENT, "connection_refused");
    pool_end();
}
END_TEST

START_TEST(test_the_connection_of_a_cancelled_upgrade_is_closed)
{
    pool_begin_http1(1);
    upgrade(0);
    opens_http1(1);
    fake_answer(&calls[0], 101, 0);
    fake_cancel(&calls[0]); /* before done() */
    fake_run();
    ck_assert_uint_eq(fake_count(), 0);
    ck_assert_uint_eq(calls[0].done_count, 0);
    pool_end();
}
END_TEST

/* ---- done(), write() ---- */

static void start_again(struct fake_call *call)
{
    call->ended = NULL;
    ck_assert_int_eq(fake_start(call), 0);
}

static void cancel_the_next(struct fake_call *call)
{
    fake_cancel(call + 1);
}

START_TEST(test_done_may_start_the_transfer_again)
{
    pool_begin_http1(1);
    get(0);
    calls[0].ended = start_again;
    opens_http1(1);
    fake_answer(&calls[0], 503, 0);
    fake_run();
    ck_assert_uint_eq(on(0), 1);
    fake_answer(&calls[0], 200, 0);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 2);
    pool_end();
}
END_TEST

START_TEST(test_done_may_cancel_another_that_has_ended)
{
    pool_begin_http1(2);
    get_many(2);
    opens_http1(1);
    opens_http1(2);
    calls[0].ended = cancel_the_next;
    fake_answer(&calls[0], 200, 0);
    fake_answer(&calls[1], 200, 0);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 1);
    ck_assert_uint_eq(calls[1].done_count, 0);
    pool_end();
}
END_TEST

START_TEST(test_an_answer_that_is_held_frees_its_connection)
{
    struct quota quota = {.max = 1000};

    pool_begin_http1(1);
    prepare(0, true);
    fake_call_writes(&calls[0], -EAGAIN);
    calls[0].transfer.quota = &quota;
    fake_start(&calls[0]);
    fake_run();
    opens_http1(1);
    calls[0].write_result = 0; /* for the header */
    fake_begin_answer(&calls[0], 200);
    calls[0].write_result = -EAGAIN;
    fake_answer(&calls[0], 200, 500);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 0);
    ck_assert_uint_eq(quota.used, 500);
    get(1);
    answer(1);
    calls[0].write_result = 0;
    transfer_resume(&calls[0].transfer);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 1);
    ck_assert_uint_eq(quota.used, 0);
    pool_end();
}
END_TEST

START_TEST(test_write_may_cancel_what_was_held)
{
    struct quota quota = {.max = 1000};
    bool is_complete = _i;

    pool_begin_http1(1);
    prepare(0, true);
    fake_call_writes(&calls[0], 0);
    calls[0].transfer.quota = &quota;
    fake_start(&calls[0]);
    fake_run();
    opens_http1(1);
    fake_begin_answer(&calls[0], 200);
    calls[0].write_result = -EAGAIN;
    if (is_complete)
        fake_answer(&calls[0], 200, 500);
    else
        ck_assert_int_eq(transfer_body_arrived(&calls[0].transfer, "12345", 5), 0);
    calls[0].write_result = 0;
    calls[0].cancels_in_write = true;
    transfer_resume(&calls[0].transfer);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 0);
    ck_assert_uint_eq(quota.used, 0);
    pool_end();
}
END_TEST

START_TEST(test_an_answer_that_is_cut_when_it_is_resumed_is_complete)
{
    static const char part[TRANSFER_PART_BYTES];

    pool_begin_http1(1);
    prepare(0, true);
    fake_call_writes(&calls[0], 0);
    calls[0].transfer.response_max = 1000;
    calls[0].transfer.cut = true;
    fake_start(&calls[0]);
    fake_run();
    opens_http1(1);
    fake_begin_answer(&calls[0], 200);
    calls[0].write_result = -EAGAIN;
    ck_assert_int_eq(transfer_body_arrived(&calls[0].transfer, part, sizeof(part)), 0);
    ck_assert_int_eq(transfer_body_arrived(&calls[0].transfer, part, sizeof(part)), 0);
    if (_i)
        fake_answer(&calls[0], 200, 0);
    calls[0].write_result = TRANSFER_KEEP;
    transfer_resume(&calls[0].transfer);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 1);
    ck_assert_uint_eq(calls[0].transfer.response_body.len, 1000);
    ck_assert(calls[0].transfer.was_cut);
    pool_end();
}
END_TEST

START_TEST(test_what_expires_has_no_answer_and_no_done)
{
    pool_begin_http1(1);
    get(0);
    opens_http1(1);
    fake_wait(70);
    fake_expire(&calls[0]);
    fake_run();
    ck_assert_uint_eq(calls[0].done_count, 0);
    ck_assert_int_eq(calls[0].transfer.knowledge, TRANSFER_MAY_HAVE_RUN);
    ck_assert_str_eq(transfer_detail(&calls[0].transfer), "no answer in 70 ms");
    pool_end();
}
END_TEST

START_TEST(test_a_target_with_a_control_byte_is_refused)
{
    pool_begin_http1(1);
    prepare(0, true);
    calls[0].transfer.target = "/a b";
    ck_assert_int_lt(fake_start(&calls[0]), 0);
    calls[0].transfer.target = "/a\r\nX:1";
    ck_assert_int_lt(fake_start(&calls[0]), 0);
    pool_end();
}
END_TEST

START_TEST(test_windows_grow_together_up_to_the_bound)
{
    pool_begin_tls(1, 1);
    ck_assert(transport_grow_window(fake.transport, 65535));
    ck_assert(!transport_grow_window(fake.transport, 2));
    ck_assert(transport_grow_window(fake.transport, 1));
    ck_assert(!transport_grow_window(fake.transport, 1));
    transport_shrink_window(fake.transport, 65536);
    pool_end();
}
END_TEST

START_TEST(test_only_a_connection_that_has_spoken_lately_is_shared)
{
    pool_begin_tls(7, 10);
    get(0);
    ck_assert(transport_may_share(fake.transport));
    opens_http2(1, 10);
    fake_wait(POOL_FRESH_MS - 1);
    ck_assert(transport_may_share(fake.transport));
    fake_wait(1);
    ck_assert(!transport_may_share(fake.transport));
    answer(0);
    fake_wait(POOL_IDLE_MS + POOL_TICK_MS);
    ck_assert_uint_eq(fake_count(), 0);
    ck_assert(transport_may_share(fake.transport));
    pool_end();
}
END_TEST

START_TEST(test_the_capacity_follows_the_version)
{
    pool_begin_tls(7, 10);
    ck_assert(transport_may_share(fake.transport));
    ck_assert_uint_eq(transport_capacity(fake.transport), 7);
    get(0);
    opens_http2(1, 10);
    ck_assert(transport_may_share(fake.transport));
    ck_assert_uint_eq(transport_capacity(fake.transport), 10);
    pool_end();
    pool_begin_http1(7);
    ck_assert(!transport_may_share(fake.transport));
    ck_assert_uint_eq(transport_capacity(fake.transport), 7);
    pool_end();
}
END_TEST

UNIT_SUITE(pool_transfer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("pool_transfer", &tests);

    tcase_add_test(tests, test_an_upgrade_has_a_connection_of_its_own);
    tcase_add_test(tests, test_the_connection_of_a_refused_upgrade_is_not_used_again);
    tcase_add_test(tests, test_an_upgrade_is_not_sent_on_a_shared_connection);
    tcase_add_test(tests, test_an_upgrade_can_be_resumed_and_cancelled_while_it_connects);
    tcase_add_test(tests, test_an_upgrade_fails_with_its_connection);
    tcase_add_test(tests, test_the_connection_of_a_cancelled_upgrade_is_closed);
    tcase_add_test(tests, test_done_may_start_the_transfer_again);
    tcase_add_test(tests, test_done_may_cancel_another_that_has_ended);
    tcase_add_test(tests, test_an_answer_that_is_held_frees_its_connection);
    tcase_add_loop_test(tests, test_write_may_cancel_what_was_held, 0, 2);
    tcase_add_loop_test(tests, test_an_answer_that_is_cut_when_it_is_resumed_is_complete, 0, 2);
    tcase_add_test(tests, test_what_expires_has_no_answer_and_no_done);
    tcase_add_test(tests, test_a_target_with_a_control_byte_is_refused);
    tcase_add_test(tests, test_windows_grow_together_up_to_the_bound);
    tcase_add_test(tests, test_only_a_connection_that_has_spoken_lately_is_shared);
    tcase_add_test(tests, test_the_capacity_follows_the_version);
    return suite;
}
