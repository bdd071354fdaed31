/* SPDX-License-Identifier: Apache-2.0 */
#include "http2_server.h"
#include "transport/http2_private.h"

static struct fake_call calls[3];

static void end(size_t count)
{
    world_close();
    while (count > 0)
        fake_call_free(&calls[--count]);
}

static void wait(int64_t ms)
{
    fake_pool_wait(&world.transport, ms);
    world_run();
}

static void answer_ping(void)
{
    static const uint8_t data[8];

    server_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, data, sizeof(data));
}

START_TEST(a_silent_connection_with_streams_is_asked_for_a_sign_of_life)
{
    world_open(100);
    world_post(&calls[0], "x");
    wait(4000);
    ck_assert_uint_eq(world.pings, 0);
    wait(1000);
    ck_assert_uint_eq(world.pings, 1);
    wait(4000);
    ck_assert_uint_eq(world.pings, 1);
    answer_ping();
    wait(4000);
    ck_assert_uint_eq(world.pings, 1);
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    wait(1000);
    ck_assert_uint_eq(world.pings, 2);
    server_answer(1, "slow");
    expect_answer(&calls[0], 200, "slow");
    end(1);
}
END_TEST

START_TEST(a_connection_without_a_sign_of_life_is_lost)
{
    world_open(100);
    world_post(&calls[0], "x");
    world_get(&calls[1]);
    server_header(3, "200", NULL, false);
    wait(9000);
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    wait(1000);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_read_timeout");
    expect_failure(&calls[1], TRANSFER_ANSWERED, "http_response_incomplete");
    ck_assert(world.transport.connection.is_lost);
    ck_assert(!world.transport.was_bad);
    end(2);
}
END_TEST

START_TEST(any_byte_is_a_sign_of_life)
{
    static const char ping[17] = {0, 0, 8, NGHTTP2_PING};
    size_t i;

    world_open(100);
    world_get(&calls[0]);
    for (i = 0; i < sizeof(ping); i++) {
        wait(9000);
        fake_pool_receive(&world.transport, &ping[i], 1);
    }
    ck_assert(!world.transport.connection.is_lost);
    end(1);
}
END_TEST

START_TEST(acknowledged_bytes_are_a_sign_of_life)
{
    unsigned i;

    world_open(100);
    fake_pool_wait(&world.transport, 1000);
    world_post(&calls[0], "x");
    for (i = 0; i < 5; i++) {
        wait(8000);
        world.transport.acknowledged++;
    }
    wait(1000);
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    wait(9000);
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    wait(1000);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_read_timeout");
    end(1);
}
END_TEST

START_TEST(an_idle_connection_is_not_asked)
{
    world_open(100);
    wait(60000);
    ck_assert_uint_eq(world.pings, 0);
    ck_assert(!world.transport.connection.is_lost);
    end(0);
}
END_TEST

START_TEST(a_request_on_a_silent_connection_comes_with_a_ping)
{
    world_open(100);
    wait(5000);
    ck_assert_int_eq(world_get(&calls[0]), 1);
    ck_assert_uint_eq(world.pings, 1);
    ck_assert(stream_of(1)->has_end);
    wait(5000);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_read_timeout");
    end(1);
}
END_TEST

START_TEST(a_request_on_a_connection_that_is_not_silent_needs_no_ping)
{
    world_open(100);
    wait(4999);
    ck_assert_int_eq(world_post(&calls[0], "x"), 1);
    ck_assert_uint_eq(world.pings, 0);
    end(1);
}
END_TEST

START_TEST(a_request_that_must_not_run_twice_waits_for_a_sign_of_life)
{
    world_open(100);
    wait(5000);
    ck_assert_int_eq(world_post(&calls[0], "x"), 0);
    ck_assert_int_eq(world_post(&calls[1], "y"), 0);
    ck_assert_int_eq(world_get(&calls[2]), 1); /* may run twice */
    ck_assert_uint_eq(world.pings, 1);
    ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 97);
    ck_assert(!stream_of(3)->has_header);
    answer_ping();
    ck_assert_int_eq(stream_of(3)->body.data[0], 'x');
    ck_assert_int_eq(stream_of(5)->body.data[0], 'y');
    server_answer(3, "z");
    expect_answer(&calls[0], 200, "z");
    end(3);
}
END_TEST

START_TEST(what_waits_for_a_sign_of_life_was_not_sent)
{
    int i;

    for (i = 0; i < 4; i++) {
        world_open(100);
        wait(5000);
        ck_assert_int_eq(world_post(&calls[0], "x"), 0);
        if (i == 0)
            wait(5000);
        else if (i == 1)
            fake_pool_end(&world.transport, 0);
        else if (i == 2)
            server_goaway(0, NGHTTP2_NO_ERROR);
        else
            server_frame(NGHTTP2_PING, 0, 1, "bad", 3);
        ck_assert_int_eq(calls[0].outcome, FAKE_FAILED);
        ck_assert_int_eq(calls[0].knowledge, TRANSFER_NOT_SENT);
        ck_assert(world.transport.connection.is_lost);
        ck_assert(!stream_of(1)->has_header);
        end(1);
    }
}
END_TEST

START_TEST(what_waits_for_a_sign_of_life_can_be_cancelled)
{
    world_open(100);
    wait(5000);
    ck_assert_int_eq(world_post(&calls[0], "x"), 0);
    fake_call_cancel(&calls[0]);
    answer_ping();
    ck_assert(!stream_of(1)->has_header);
    ck_assert_uint_eq(http2_protocol.room(&world.transport.connection), 100);
    end(1);
}
END_TEST

START_TEST(a_connection_that_takes_bytes_again_is_alive)
{
    int i;

    world_open(100);
    fake_call_prepare(&calls[0], "POST", false);
    fake_call_read(&calls[0], 1 << 20, true);
    calls[0].source_ready = 1 << 20;
    server_window(0, 1 << 30);
    server_settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30);
    world.transport.send_room = 1000;
    world_start(&calls[0]);
    for (i = 0; i < 10; i++) { /* a slow line: the server's window says nothing for a minute */
        wait(6000);
        world.transport.acknowledged += world.transport.send_room = 1000;
        fake_pool_receive(&world.transport, "", 0);
    }
    ck_assert_int_eq(calls[0].outcome, FAKE_UNDER_WAY);
    wait(11000);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "connection_read_timeout");
    end(1);
}
END_TEST

UNIT_SUITE(http2_silence)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_silence", &tests);

    tcase_add_test(tests, a_silent_connection_with_streams_is_asked_for_a_sign_of_life);
    tcase_add_test(tests, a_connection_without_a_sign_of_life_is_lost);
    tcase_add_test(tests, any_byte_is_a_sign_of_life);
    tcase_add_test(tests, acknowledged_bytes_are_a_sign_of_life);
    tcase_add_test(tests, an_idle_connection_is_not_asked);
    tcase_add_test(tests, a_request_on_a_silent_connection_comes_with_a_ping);
    tcase_add_test(tests, a_request_on_a_connection_that_is_not_silent_needs_no_ping);
    tcase_add_test(tests, a_request_that_must_not_run_twice_waits_for_a_sign_of_life);
    tcase_add_test(tests, what_waits_for_a_sign_of_life_was_not_sent);
    tcase_add_test(tests, what_waits_for_a_sign_of_life_can_be_cancelled);
    tcase_add_test(tests, a_connection_that_takes_bytes_again_is_alive);
    return suite;
}
