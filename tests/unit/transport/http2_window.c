/* SPDX-License-Identifier: Apache-2.0 */
#include "http2_server.h"
#include "transport/http2_private.h"

#define WINDOW  ((int64_t)HTTP2_WINDOW_BYTES)
#define STALLED 99

static struct fake_call calls[STALLED + 1];
static const char zeros[HTTP2_WINDOW_MAX_BYTES];

/* Sends as much as the client allows on the stream ID. Returns the bytes. */
static size_t send_all(int32_t id)
{
    size_t length = (size_t)stream_of(id)->credit;

    if (length > 0)
        server_data(id, zeros, length, false);
    return length;
}

static int32_t start(struct fake_call *call)
{
    int32_t id = world_get(call);

    server_header(id, "200", NULL, false);
    return id;
}

START_TEST(a_late_reader_holds_one_window_and_stops_no_other)
{
    size_t i;
    int32_t id;

    world_open(100);
    world.transport.growth_left = 1 << 30;
    for (i = 0; i < STALLED; i++) {
        id = start(&calls[i]);
        calls[i].is_late = true;
        send_all(id);
        ck_assert_int_eq(stream_of(id)->credit, 0);
        ck_assert_uint_eq(fifo_length(&calls[i].transfer.held), HTTP2_WINDOW_BYTES);
    }
    ck_assert_int_ge(world.credit, HTTP2_CONNECTION_WINDOW_BYTES / 2);
    id = start(&calls[STALLED]);
    server_data(id, "x", 1, true);
    expect_answer(&calls[STALLED], 200, "x");
    world_close();
    for (i = 0; i <= STALLED; i++)
        fake_call_free(&calls[i]);
}
END_TEST

START_TEST(a_reader_that_goes_on_gives_its_window_back)
{
    int32_t id;

    world_open(100);
    world.transport.growth_left = 1 << 30;
    id = start(&calls[0]);
    calls[0].is_late = true;
    send_all(id);
    calls[0].is_late = false;
    fake_call_resume(&calls[0]);
    world_run();
    ck_assert_int_eq(stream_of(id)->credit, WINDOW);
    ck_assert_uint_eq(calls[0].taken.len, HTTP2_WINDOW_BYTES);
    ck_assert_uint_eq(world.transport.grown, 0); /* it was late */
    ck_assert_uint_gt(send_all(id), 0);
    ck_assert_int_eq(stream_of(id)->credit, WINDOW);
    ck_assert_uint_eq(world.transport.grown, 0);
    ck_assert_uint_gt(send_all(id), 0);
    ck_assert_uint_eq(world.transport.grown, HTTP2_WINDOW_BYTES); /* it keeps up again */
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

START_TEST(the_window_doubles_while_the_reader_keeps_up)
{
    int64_t window;
    int32_t id;
    int i;

    world_open(100);
    world.transport.growth_left = 1 << 30;
    id = start(&calls[0]);
    for (window = WINDOW; window < HTTP2_WINDOW_MAX_BYTES; window *= 2) {
        /* Up to half of it may not have been given back yet. */
        ck_assert_int_gt(stream_of(id)->credit, window / 2);
        ck_assert_int_le(stream_of(id)->credit, window);
        while (world.transport.grown < (size_t)(2 * window - WINDOW))
            ck_assert_uint_gt(send_all(id), 0);
    }
    ck_assert_uint_eq(world.transport.grown, HTTP2_WINDOW_MAX_BYTES - HTTP2_WINDOW_BYTES);
    for (i = 0; i < 4; i++) {
        send_all(id);
        ck_assert_int_gt(stream_of(id)->credit, HTTP2_WINDOW_MAX_BYTES / 2);
        ck_assert_int_le(stream_of(id)->credit, HTTP2_WINDOW_MAX_BYTES); /* no larger */
    }
    server_data(id, "x", 1, true);
    ck_assert_int_eq(calls[0].outcome, FAKE_ANSWERED);
    ck_assert_uint_eq(world.transport.grown, 0);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

START_TEST(the_window_does_not_grow_before_more_than_a_whole_one_was_taken)
{
    int32_t id;

    world_open(100);
    world.transport.growth_left = 1 << 30;
    id = start(&calls[0]);
    server_data(id, zeros, HTTP2_WINDOW_BYTES, false);
    ck_assert_uint_eq(world.transport.grown, 0);
    server_data(id, zeros, 1, false);
    ck_assert_uint_eq(world.transport.grown, HTTP2_WINDOW_BYTES);
    fake_call_cancel(&calls[0]);
    world_run();
    ck_assert_uint_eq(world.transport.grown, 0);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

static void send_two_windows(int32_t id)
{
    send_all(id);
    send_all(id);
}

START_TEST(the_window_grows_only_as_far_as_all_may_together)
{
    int32_t first, second;

    world_open(100);
    world.transport.growth_left = HTTP2_WINDOW_BYTES;
    first = start(&calls[0]);
    second = start(&calls[1]);
    send_two_windows(first);
    send_two_windows(second);
    ck_assert_int_gt(stream_of(first)->credit, WINDOW);
    ck_assert_int_eq(stream_of(second)->credit, WINDOW);
    server_data(first, "x", 1, true);
    send_two_windows(second);
    ck_assert_int_gt(stream_of(second)->credit, WINDOW);
    world_close();
    fake_call_free(&calls[0]);
    fake_call_free(&calls[1]);
}
END_TEST

START_TEST(a_server_that_ignores_the_window_is_stopped)
{
    world_open(100);
    ck_assert_int_eq(start(&calls[0]), 1);
    calls[0].is_late = true;
    send_all(1);
    server_frame(NGHTTP2_DATA, 0, 1, "x", 1);
    expect_failure(&calls[0], TRANSFER_ANSWERED, "http_response_incomplete");
    ck_assert_uint_le(fifo_length(&calls[0].transfer.held), HTTP2_WINDOW_BYTES);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

START_TEST(a_whole_answer_is_reported_although_its_reader_is_late)
{
    world_open(100);
    ck_assert_int_eq(start(&calls[0]), 1);
    calls[0].is_late = true;
    server_data(1, "held", 4, true);
    ck_assert_int_eq(calls[0].outcome, FAKE_ANSWERED);
    ck_assert_uint_eq(fifo_length(&calls[0].transfer.held), 4);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

START_TEST(a_transfer_can_be_cancelled_when_it_goes_on)
{
    world_open(100);
    ck_assert_int_eq(start(&calls[0]), 1);
    calls[0].is_late = true;
    server_data(1, "held", 4, false);
    calls[0].cancels = true;
    fake_call_resume(&calls[0]);
    world_run();
    ck_assert_int_eq(calls[0].outcome, FAKE_CANCELLED);
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

UNIT_SUITE(http2_window)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_window", &tests);

    tcase_add_test(tests, a_late_reader_holds_one_window_and_stops_no_other);
    tcase_add_test(tests, a_reader_that_goes_on_gives_its_window_back);
    tcase_add_test(tests, the_window_doubles_while_the_reader_keeps_up);
    tcase_add_test(tests, the_window_does_not_grow_before_more_than_a_whole_one_was_taken);
    tcase_add_test(tests, the_window_grows_only_as_far_as_all_may_together);
    tcase_add_test(tests, a_server_that_ignores_the_window_is_stopped);
    tcase_add_test(tests, a_whole_answer_is_reported_although_its_reader_is_late);
    tcase_add_test(tests, a_transfer_can_be_cancelled_when_it_goes_on);
    return suite;
}
