/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http2_server.h"
#include "transport/http2_private.h"

static struct fake_call calls[4];

static void end(size_t count)
{
    world_close();
    while (count > 0)
        fake_call_free(&calls[--count]);
}

/* A connection with a POST on each of the streams 1, 3, ... */
static void begin(size_t count)
{
    size_t i;

    world_open(100);
    for (i = 0; i < count; i++)
        ck_assert_int_eq(world_post(&calls[i], "x"), (int32_t)(2 * i + 1));
}

static bool is_lost(void)
{
    return world.transport.connection.is_lost;
}

START_TEST(a_request_that_was_not_given_to_the_connection_was_not_sent)
{
    world_open(100);
    ck_assert_int_eq(world_post(&calls[0], "x"), 1);
    fake_call_prepare(&calls[1], "POST", false);
    ck_assert(fake_call_start(&world.transport, &calls[1]));
    fake_pool_end(&world.transport, 0); /* received before anything is flushed */
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    expect_failure(&calls[1], TRANSFER_NOT_SENT, "connection_terminated");
    ck_assert(is_lost() && !world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(a_request_that_was_given_to_the_connection_may_have_run)
{
    static char text[1 << 20];

    memset(text, 'x', sizeof(text) - 1);
    world_open(100);
    server_window(0, 1 << 30);
    server_settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30);
    world.transport.send_room = 0; /* what is not taken may have been sent as a part of a TLS record */
    ck_assert_int_eq(world_post(&calls[0], text), 1);
    ck_assert_int_eq(world_post(&calls[1], "x"), 3); /* is not even gathered: the first one fills the room */
    fake_pool_end(&world.transport, -ECONNRESET);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    expect_failure(&calls[1], TRANSFER_NOT_SENT, "connection_terminated");
    end(2);
}
END_TEST

START_TEST(a_refused_stream_was_not_executed)
{
    begin(2);
    server_reset(1, NGHTTP2_REFUSED_STREAM);
    expect_failure(&calls[0], TRANSFER_REFUSED, "connection_terminated");
    ck_assert(!is_lost());
    server_answer(3, "y");
    expect_answer(&calls[1], 200, "y");
    end(2);
}
END_TEST

START_TEST(a_stream_reset_with_any_other_code_may_have_run)
{
    uint32_t code;

    for (code = 0; code <= NGHTTP2_HTTP_1_1_REQUIRED + 1; code++) {
        if (code == NGHTTP2_REFUSED_STREAM)
            continue;
        begin(1);
        server_reset(1, code);
        expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
        ck_assert_int_eq(is_lost(), code == NGHTTP2_HTTP_1_1_REQUIRED);
        ck_assert_int_eq(world.transport.was_bad, code == NGHTTP2_HTTP_1_1_REQUIRED);
        end(1);
    }
}
END_TEST

START_TEST(a_server_that_wants_http1_finishes_what_it_has_begun)
{
    begin(2);
    server_reset(1, NGHTTP2_HTTP_1_1_REQUIRED);
    ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 0);
    ck_assert(!is_lost());
    server_answer(3, "y");
    expect_answer(&calls[1], 200, "y");
    ck_assert(is_lost());
    ck_assert(world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(a_goaway_refuses_what_comes_after_its_last_stream)
{
    begin(3);
    fake_call_prepare(&calls[3], "POST", false);
    ck_assert(fake_call_start(&world.transport, &calls[3])); /* not gathered yet */
    server_goaway(3, NGHTTP2_NO_ERROR);
    ck_assert(world.transport.connection.is_last);
    ck_assert_int_eq(calls[1].outcome, FAKE_UNDER_WAY);
    expect_failure(&calls[2], TRANSFER_REFUSED, "connection_terminated");
    expect_failure(&calls[3], TRANSFER_NOT_SENT, "connection_terminated");
    ck_assert(!stream_of(7)->has_header);
    server_answer(1, "y");
    expect_answer(&calls[0], 200, "y");
    fake_pool_end(&world.transport, 0);
    expect_failure(&calls[1], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    ck_assert(is_lost() && !world.transport.was_bad);
    end(4);
}
END_TEST

START_TEST(a_goaway_does_not_refuse_what_has_been_looked_at)
{
    begin(2);
    server_header(3, "103", NULL, false);
    server_goaway(1, NGHTTP2_NO_ERROR);
    expect_failure(&calls[1], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    end(2);
}
END_TEST

START_TEST(a_goaway_with_an_internal_error_says_nothing_of_http2)
{
    begin(2);
    server_goaway(1, NGHTTP2_INTERNAL_ERROR);
    ck_assert(world.transport.connection.is_last);
    expect_failure(&calls[1], TRANSFER_REFUSED, "connection_terminated");
    server_answer(1, "y");
    expect_answer(&calls[0], 200, "y");
    ck_assert(is_lost() && !world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(a_goaway_in_two_steps_refuses_nothing_at_first)
{
    begin(2);
    server_goaway(INT32_MAX, NGHTTP2_NO_ERROR);
    ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 0);
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    ck_assert_int_eq(calls[1].outcome, FAKE_UNDER_WAY);
    server_goaway(1, NGHTTP2_NO_ERROR);
    expect_failure(&calls[1], TRANSFER_REFUSED, "connection_terminated");
    server_answer(1, "y");
    expect_answer(&calls[0], 200, "y");
    ck_assert(is_lost() && !world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(a_goaway_lets_a_body_be_sent_to_its_end)
{
    world_open(100);
    fake_call_prepare(&calls[0], "POST", false);
    fake_call_read(&calls[0], 100, true);
    calls[0].source_ready = 10;
    world_start(&calls[0]);
    server_goaway(1, NGHTTP2_NO_ERROR);
    calls[0].source_ready = 100;
    fake_call_resume(&calls[0]);
    world_run();
    ck_assert(stream_of(1)->has_end);
    server_answer(1, "y");
    expect_answer(&calls[0], 200, "y");
    end(1);
}
END_TEST

START_TEST(a_goaway_closes_an_idle_connection)
{
    begin(0);
    server_goaway(0, NGHTTP2_NO_ERROR);
    ck_assert(is_lost() && !world.transport.was_bad);
    end(0);
}
END_TEST

START_TEST(a_goaway_with_an_error_is_a_bad_end)
{
    int i;

    for (i = 0; i < 3; i++) {
        begin(2);
        server_goaway(1, NGHTTP2_PROTOCOL_ERROR);
        ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 0);
        expect_failure(&calls[1], TRANSFER_REFUSED, "connection_terminated");
        ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
        if (i == 0) {
            fake_pool_end(&world.transport, 0);
            expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
        } else if (i == 1) {
            server_answer(1, "y");
            expect_answer(&calls[0], 200, "y");
        } else {
            fake_call_cancel(&calls[0]);
            world_run();
        }
        ck_assert(is_lost() && world.transport.was_bad);
        ck_assert_ptr_nonnull(strstr(world.transport.reason, "PROTOCOL_ERROR"));
        end(2);
    }
}
END_TEST

START_TEST(the_end_of_the_connection_is_the_end_of_its_answers)
{
    int error;

    for (error = 0; error < 2; error++) {
        begin(3);
        server_header(3, "200", NULL, false);
        server_data(3, "part", 4, false);
        server_header(5, "103", NULL, false);
        fake_pool_end(&world.transport, error ? -ECONNRESET : 0);
        expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
        expect_failure(&calls[1], TRANSFER_ANSWERED, "http_response_incomplete");
        expect_failure(&calls[2], TRANSFER_MAY_HAVE_RUN, "connection_terminated");
        ck_assert(is_lost() && !world.transport.was_bad);
        end(3);
    }
}
END_TEST

START_TEST(an_answer_is_received_although_nothing_can_be_sent)
{
    begin(1);
    fake_call_prepare(&calls[1], "POST", false);
    ck_assert(fake_call_start(&world.transport, &calls[1]));
    world.transport.send_error = -EPIPE;
    fifo_append(&world.transport.received, "\0\0\1\1\5\0\0\0\1\x89", 10); /* 204 */
    world.transport.recv_ends = true;
    world.transport.recv_error = -ECONNRESET;
    fake_pool_run(&world.transport);
    expect_answer(&calls[0], 204, "");
    ck_assert_int_eq(calls[1].outcome, FAKE_FAILED);
    ck_assert(is_lost() && !world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(what_cannot_be_sent_any_more_is_reported_at_once)
{
    static char text[1 << 20];

    memset(text, 'x', sizeof(text) - 1);
    begin(1);
    server_window(0, 1 << 30);
    server_settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30);
    world.transport.send_room = 0;
    ck_assert_int_eq(world_post(&calls[1], text), 3);
    ck_assert_int_eq(world_post(&calls[2], "x"), 5); /* is not gathered */
    world.transport.send_error = -EPIPE;
    fake_pool_receive(&world.transport, "", 0);
    expect_failure(&calls[2], TRANSFER_NOT_SENT, "connection_terminated");
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    ck_assert_int_eq(calls[1].outcome, FAKE_UNDER_WAY);
    ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 0);
    server_answer(1, "y");
    expect_answer(&calls[0], 200, "y");
    fake_pool_wait(&world.transport, 10000);
    expect_failure(&calls[1], TRANSFER_MAY_HAVE_RUN, "connection_read_timeout");
    end(3);
}
END_TEST

UNIT_SUITE(http2_ending)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_ending", &tests);

    tcase_add_test(tests, a_request_that_was_not_given_to_the_connection_was_not_sent);
    tcase_add_test(tests, a_request_that_was_given_to_the_connection_may_have_run);
    tcase_add_test(tests, a_refused_stream_was_not_executed);
    tcase_add_test(tests, a_stream_reset_with_any_other_code_may_have_run);
    tcase_add_test(tests, a_server_that_wants_http1_finishes_what_it_has_begun);
    tcase_add_test(tests, a_goaway_refuses_what_comes_after_its_last_stream);
    tcase_add_test(tests, a_goaway_does_not_refuse_what_has_been_looked_at);
    tcase_add_test(tests, a_goaway_with_an_internal_error_says_nothing_of_http2);
    tcase_add_test(tests, a_goaway_in_two_steps_refuses_nothing_at_first);
    tcase_add_test(tests, a_goaway_lets_a_body_be_sent_to_its_end);
    tcase_add_test(tests, a_goaway_closes_an_idle_connection);
    tcase_add_test(tests, a_goaway_with_an_error_is_a_bad_end);
    tcase_add_test(tests, the_end_of_the_connection_is_the_end_of_its_answers);
    tcase_add_test(tests, an_answer_is_received_although_nothing_can_be_sent);
    tcase_add_test(tests, what_cannot_be_sent_any_more_is_reported_at_once);
    return suite;
}
