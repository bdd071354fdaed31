/* SPDX-License-Identifier: Apache-2.0 */
#include "http2_server.h"
#include "transport/http2_private.h"

#define CALLS 200

static struct fake_call calls[CALLS];

static unsigned room(void)
{
    return http2_protocol.room(&world.transport.connection);
}

/* As many calls as there is room for. Returns their number. */
static unsigned start_all(void)
{
    unsigned count = 0;

    for (; count < CALLS && room() > 0; count++) {
        fake_call_prepare(&calls[count], "GET", true);
        ck_assert(fake_call_start(&world.transport, &calls[count]));
    }
    world_run();
    return count;
}

static void end(unsigned count)
{
    world_close();
    while (count > 0)
        fake_call_free(&calls[--count]);
}

START_TEST(the_client_introduces_itself)
{
    world_open_silent();
    world_run();
    ck_assert(world.has_preface);
    ck_assert_uint_eq(world.settings[NGHTTP2_SETTINGS_ENABLE_PUSH], 0);
    ck_assert_uint_eq(world.settings[NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE], 256 * 1024);
    ck_assert_uint_eq(world.settings[NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE], 65536);
    ck_assert_uint_eq(world.settings[NGHTTP2_SETTINGS_HEADER_TABLE_SIZE], 0); /* not sent */
    ck_assert_int_eq(world.credit, 16 * 1024 * 1024);
    end(0);
}
END_TEST

START_TEST(a_lone_request_does_not_wait_for_the_servers_settings)
{
    world_open_silent();
    ck_assert_uint_eq(room(), 1);
    ck_assert_uint_eq(start_all(), 1);
    ck_assert(stream_of(1)->has_end);
    ck_assert_uint_eq(room(), 0);
    end(1);
}
END_TEST

START_TEST(a_burst_waits_for_the_servers_settings_and_then_goes_at_once)
{
    unsigned changes;

    world_open_silent();
    world.transport.max_streams = 1000;
    fake_call_prepare(&calls[0], "GET", true);
    ck_assert_int_eq(world_start(&calls[0]), 1);
    ck_assert(!world.transport.connection.has_spoken);
    changes = world.transport.changes;
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 128);
    ck_assert_uint_gt(world.transport.changes, changes);
    ck_assert(world.transport.connection.has_spoken);
    ck_assert_uint_eq(world.settings_acks, 1);
    ck_assert_uint_eq(room(), 127);
    server_answer(1, "");
    expect_answer(&calls[0], 200, "");
    fake_call_free(&calls[0]);
    ck_assert_uint_eq(start_all(), 128);
    ck_assert(stream_of(2 * 128 + 1)->has_end);
    end(128);
}
END_TEST

START_TEST(room_is_what_both_sides_allow)
{
    world_open(50);
    world.transport.max_streams = 100;
    ck_assert_uint_eq(room(), 50);
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000);
    ck_assert_uint_eq(room(), 100);
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0);
    ck_assert_uint_eq(room(), 0);
    end(0);
}
END_TEST

START_TEST(a_server_that_names_no_limit_has_none)
{
    world_open_silent();
    world.transport.max_streams = 150;
    world_run();
    server_frame(NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    ck_assert_uint_eq(start_all(), 150);
    ck_assert(stream_of(2 * 149 + 1)->has_end);
    end(150);
}
END_TEST

START_TEST(a_stream_that_ends_makes_room_and_that_is_said)
{
    unsigned changes;

    world_open(1);
    ck_assert_uint_eq(start_all(), 1);
    server_header(1, "200", NULL, false);
    changes = world.transport.changes;
    server_data(1, "x", 1, true);
    expect_answer(&calls[0], 200, "x");
    ck_assert_uint_gt(world.transport.changes, changes);
    ck_assert_uint_eq(room(), 1);
    end(1);
}
END_TEST

START_TEST(a_cancelled_stream_makes_room_once_its_reset_is_sent)
{
    unsigned changes;

    world_open(1);
    ck_assert_uint_eq(start_all(), 1);
    fake_call_cancel(&calls[0]);
    ck_assert_uint_eq(room(), 0);
    changes = world.transport.changes;
    world_run();
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    ck_assert_uint_eq(room(), 1);
    ck_assert_uint_gt(world.transport.changes, changes);
    end(1);
}
END_TEST

START_TEST(a_request_cancelled_before_it_was_sent_is_never_sent)
{
    world_open(10);
    fake_call_prepare(&calls[0], "GET", true);
    ck_assert(fake_call_start(&world.transport, &calls[0]));
    fake_call_cancel(&calls[0]);
    world_run();
    ck_assert(!stream_of(1)->has_header);
    ck_assert_int_eq(stream_of(1)->reset, -1);
    ck_assert_uint_eq(room(), 10);
    end(1);
}
END_TEST

START_TEST(late_frames_of_a_cancelled_stream_harm_nothing)
{
    static const char zeros[65536];
    int i;

    world_open(10);
    ck_assert_uint_eq(start_all(), 10);
    fake_call_cancel(&calls[0]);
    world_run();
    server_header(1, "200", NULL, false);
    for (i = 0; i < 4; i++)
        server_data(1, zeros, sizeof(zeros), false);
    server_window(1, 1);
    server_reset(1, NGHTTP2_CANCEL);
    server_answer(3, "y");
    expect_answer(&calls[1], 200, "y");
    ck_assert_int_eq(world.goaway, -1);
    end(10);
}
END_TEST

START_TEST(the_connections_window_comes_back_for_bytes_that_nobody_wants)
{
    static const char zeros[200000];
    int64_t had;
    unsigned i;

    world_open(200);
    had = world.credit;
    ck_assert_uint_eq(start_all(), 200);
    for (i = 0; i < 100; i++) { /* more than the whole window */
        server_header((int32_t)(2 * i + 1), "200", NULL, false);
        fake_call_cancel(&calls[i]); /* its reset is not sent before the bytes are here */
        server_data((int32_t)(2 * i + 1), zeros, sizeof(zeros), false);
    }
    ck_assert_int_gt(world.credit, had / 2);
    end(200);
}
END_TEST

START_TEST(a_connection_whose_ids_are_used_up_is_the_last_one)
{
    struct http2 *http2;

    world_open(100);
    http2 = world.transport.connection.state;
    ck_assert_int_eq(nghttp2_session_set_next_stream_id(http2->session, INT32_MAX - 2), 0);
    ck_assert_uint_eq(room(), 2);
    fake_call_prepare(&calls[0], "GET", true);
    ck_assert(fake_call_start(&world.transport, &calls[0]));
    ck_assert(!world.transport.connection.is_last);
    fake_call_prepare(&calls[1], "GET", true);
    ck_assert(fake_call_start(&world.transport, &calls[1]));
    ck_assert(world.transport.connection.is_last);
    ck_assert_uint_eq(room(), 0);
    fake_pool_run(&world.transport);
    ck_assert(!world.transport.connection.is_lost);
    end(2);
}
END_TEST

START_TEST(a_server_that_allows_fewer_streams_than_were_begun_gets_the_rest_later)
{
    world_open(10);
    world.transport.send_room = 0;
    ck_assert_uint_eq(start_all(), 10);
    world.transport.send_room = SIZE_MAX;
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 20);
    ck_assert(stream_of(19)->has_end);
    fake_call_prepare(&calls[10], "GET", true);
    ck_assert(fake_call_start(&world.transport, &calls[10]));
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 5); /* before the eleventh is sent */
    ck_assert(!stream_of(21)->has_header);
    ck_assert_uint_eq(room(), 0);
    fake_pool_end(&world.transport, 0);
    ck_assert_int_eq(calls[9].knowledge, TRANSFER_MAY_HAVE_RUN);
    expect_failure(&calls[10], TRANSFER_NOT_SENT, "connection_terminated");
    end(11);
}
END_TEST

START_TEST(a_push_is_an_error)
{
    static const uint8_t promise[] = {0, 0, 0, 2, 0x82};

    world_open(10);
    ck_assert_int_eq(world_get(&calls[0]), 1);
    server_frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, promise, sizeof(promise));
    ck_assert_int_eq(world.goaway, NGHTTP2_PROTOCOL_ERROR);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "http_protocol_error");
    end(1);
}
END_TEST

START_TEST(much_that_comes_at_once_is_received_to_its_end)
{
    static const char zeros[256 * 1024];
    unsigned i;

    world_open(10);
    ck_assert_uint_eq(start_all(), 10);
    for (i = 0; i < 10; i++) {
        int32_t id = (int32_t)(2 * i + 1);
        size_t at;

        server_add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, "\x88", 1);
        for (at = 0; at < sizeof(zeros); at += 16384)
            server_add(NGHTTP2_DATA, at + 16384 == sizeof(zeros) ? NGHTTP2_FLAG_END_STREAM : 0, id, zeros,
                       16384);
    }
    server_send();
    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(calls[i].outcome, FAKE_ANSWERED);
        ck_assert_uint_eq(calls[i].taken.len, sizeof(zeros));
    }
    end(10);
}
END_TEST

UNIT_SUITE(http2_connection)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_connection", &tests);

    tcase_add_test(tests, the_client_introduces_itself);
    tcase_add_test(tests, a_lone_request_does_not_wait_for_the_servers_settings);
    tcase_add_test(tests, a_burst_waits_for_the_servers_settings_and_then_goes_at_once);
    tcase_add_test(tests, room_is_what_both_sides_allow);
    tcase_add_test(tests, a_server_that_names_no_limit_has_none);
    tcase_add_test(tests, a_stream_that_ends_makes_room_and_that_is_said);
    tcase_add_test(tests, a_cancelled_stream_makes_room_once_its_reset_is_sent);
    tcase_add_test(tests, a_request_cancelled_before_it_was_sent_is_never_sent);
    tcase_add_test(tests, late_frames_of_a_cancelled_stream_harm_nothing);
    tcase_add_test(tests, the_connections_window_comes_back_for_bytes_that_nobody_wants);
    tcase_add_test(tests, a_connection_whose_ids_are_used_up_is_the_last_one);
    tcase_add_test(tests, a_server_that_allows_fewer_streams_than_were_begun_gets_the_rest_later);
    tcase_add_test(tests, a_push_is_an_error);
    tcase_add_test(tests, much_that_comes_at_once_is_received_to_its_end);
    return suite;
}
