/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http2_server.h"
#include "transport/http2_private.h"

static struct fake_call call;

static const char *header_of(int32_t id)
{
    return stream_of(id)->header;
}

START_TEST(a_request_has_its_pseudo_headers_first_and_its_names_in_lower_case)
{
    static const char *const lines[] = {"X-Authorization: Bearer aB", "accept:x",
                                        "Empty: ", "X-Y: \t a: b \t ", NULL};
    int32_t id;

    world_open(100);
    world.transport.prefix = "/tb";
    fake_call_prepare(&call, "GET", true);
    call.transfer.headers = lines;
    id = world_start(&call);
    ck_assert_str_eq(header_of(id),
                     ":method: GET\n:scheme: https\n:authority: example.com:8443\n:path: /tb/api/x?y=z\n"
                     "x-authorization: Bearer aB\naccept: x\nempty: \nx-y: a: b\n");
    ck_assert(stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_body_is_announced_and_sent)
{
    int32_t id;

    world_open(100);
    id = world_post(&call, "text");
    ck_assert_ptr_nonnull(strstr(header_of(id), "content-length: 4\n"));
    ck_assert_ptr_null(strstr(header_of(id), "expect"));
    ck_assert_uint_eq(stream_of(id)->body.len, 4);
    ck_assert_int_eq(memcmp(stream_of(id)->body.data, "text", 4), 0);
    ck_assert(stream_of(id)->has_end);
    ck_assert_uint_eq(stream_of(id)->data_frames, 1);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(an_empty_body_is_announced_if_the_method_has_one)
{
    static const struct {
        const char *method;
        bool has_length;
    } cases[] = {{"POST", true}, {"PUT", true},     {"PATCH", true},
                 {"GET", false}, {"DELETE", false}, {"HEAD", false}};
    struct fake_call calls[ARRAY_SIZE(cases)];
    size_t i;

    world_open(100);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        int32_t id;

        fake_call_prepare(&calls[i], cases[i].method, false);
        id = world_start(&calls[i]);
        ck_assert_int_eq(strstr(header_of(id), "content-length: 0\n") != NULL, cases[i].has_length);
        ck_assert(stream_of(id)->has_end);
        ck_assert_uint_eq(stream_of(id)->data_frames, 0);
    }
    world_close();
    for (i = 0; i < ARRAY_SIZE(cases); i++)
        fake_call_free(&calls[i]);
}
END_TEST

START_TEST(a_long_body_waits_for_the_servers_window)
{
    static char text[200001];
    int32_t id;

    memset(text, 'x', sizeof(text) - 1);
    world_open(100);
    id = world_post(&call, text);
    ck_assert_uint_eq(stream_of(id)->body.len, 65535);
    server_window(id, 1 << 20);
    ck_assert_uint_eq(stream_of(id)->body.len, 65535);
    server_window(0, 1 << 20);
    ck_assert_uint_eq(stream_of(id)->body.len, 200000);
    ck_assert(stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_connection_whose_window_stays_closed_takes_no_more_requests)
{
    static char text[65537];

    memset(text, 'x', sizeof(text) - 1);
    world_open(100);
    world_post(&call, text);
    ck_assert(!stream_of(1)->has_end);
    fake_call_cancel(&call);
    world_run();
    ck_assert(world.transport.connection.is_last);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_request_that_is_cancelled_for_itself_leaves_the_connection)
{
    static char text[65536];

    memset(text, 'x', sizeof(text) - 1);
    world_open(100);
    world_post(&call, text); /* it fits, to the last byte */
    fake_call_cancel(&call);
    fake_call_free(&call);
    world_run();
    ck_assert(!world.transport.connection.is_last);
    world_close();
}
END_TEST

START_TEST(a_body_is_read_as_it_becomes_ready)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 30000, true);
    id = world_start(&call);
    ck_assert_ptr_nonnull(strstr(header_of(id), "content-length: 30000\n"));
    ck_assert_uint_eq(stream_of(id)->body.len, 0);
    call.source_ready = 29999;
    fake_call_resume(&call);
    world_run();
    ck_assert_uint_eq(stream_of(id)->body.len, 29999);
    ck_assert(!stream_of(id)->has_end);
    call.source_ready = 30000;
    fake_call_resume(&call);
    world_run();
    ck_assert(stream_of(id)->has_end);
    ck_assert_uint_eq(stream_of(id)->body.len, 30000);
    ck_assert_uint_eq(stream_of(id)->data_frames, 3); /* 16384, 13615, 1: the end needs no frame of its own */
    ck_assert_int_eq((unsigned char)stream_of(id)->body.data[29999], 29999 % 256);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_body_of_unknown_length_ends_when_read_says_so)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 10, false);
    call.source_ready = 10;
    id = world_start(&call);
    ck_assert_ptr_null(strstr(header_of(id), "content-length"));
    ck_assert_uint_eq(stream_of(id)->body.len, 10);
    ck_assert(stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_body_that_read_cannot_supply_ends_the_stream)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 10, false);
    call.source_ready = 5;
    call.read_error = -EIO;
    id = world_start(&call);
    expect_failure(&call, TRANSFER_MAY_HAVE_RUN, "proxy_internal_error");
    ck_assert_int_eq(stream_of(id)->reset, NGHTTP2_CANCEL);
    ck_assert(!stream_of(id)->has_end);
    ck_assert(!world.transport.connection.is_lost);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_body_shorter_than_announced_is_not_sent_as_whole)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 10, true);
    call.transfer.read_length = 11;
    call.source_ready = 10;
    id = world_start(&call);
    expect_failure(&call, TRANSFER_MAY_HAVE_RUN, "proxy_internal_error");
    ck_assert_int_eq(stream_of(id)->reset, NGHTTP2_CANCEL);
    ck_assert(!stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(no_more_is_read_than_was_announced)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 20000, true);
    call.transfer.read_length = 17000;
    call.source_ready = 20000;
    id = world_start(&call);
    ck_assert_uint_eq(stream_of(id)->body.len, 17000);
    ck_assert(stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_transfer_can_be_cancelled_in_its_read)
{
    int32_t id;

    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 10, true);
    call.cancels = true;
    id = world_start(&call);
    ck_assert_int_eq(call.outcome, FAKE_CANCELLED);
    ck_assert_int_eq(stream_of(id)->reset, NGHTTP2_CANCEL);
    ck_assert_uint_eq(stream_of(id)->body.len, 0);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_header_that_is_not_valid_is_not_sent)
{
    static const char *const bad[] = {"no colon", ": no name", "a b: x",   "x: a\rb",
                                      "x: a\nb",  "x\ny: z",   ":path: /", "x : y"};
    size_t i;

    world_open(100);
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        const char *lines[] = {"fine: yes", bad[i], NULL};

        fake_call_prepare(&call, "GET", true);
        call.transfer.headers = lines;
        ck_assert_int_eq(world_start(&call), 0);
        expect_failure(&call, TRANSFER_NOT_SENT, "proxy_internal_error");
        fake_call_free(&call);
    }
    ck_assert(!stream_of(1)->has_header);
    fake_call_prepare(&call, "GET", true);
    call.transfer.target = "/a b";
    ck_assert_int_eq(world_start(&call), 0);
    expect_failure(&call, TRANSFER_NOT_SENT, "proxy_internal_error");
    ck_assert_uint_eq(world.transport.connection.protocol->room(&world.transport.connection), 100);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(a_connection_that_takes_nothing_makes_no_more_frames)
{
    int32_t id;

    world_open(100);
    world_run();
    world.transport.send_room = 0;
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 1 << 20, true);
    call.source_ready = 1 << 20;
    ck_assert(fake_call_start(&world.transport, &call));
    server_window(0, 1 << 30);
    server_window(1, 1 << 30);
    ck_assert_uint_ge(call.source_taken, HTTP2_OUT_BYTES - 16384);
    ck_assert_uint_le(call.source_taken, HTTP2_OUT_BYTES + 16384);
    ck_assert_uint_le(world.transport.offered, HTTP2_OUT_BYTES + 16384 + 9);
    world.transport.send_room = SIZE_MAX;
    fake_pool_receive(&world.transport, "", 0);
    world_run();
    id = ((struct http2_stream *)call.transfer.stream)->id;
    ck_assert_uint_eq(stream_of(id)->body.len, 1 << 20);
    ck_assert(stream_of(id)->has_end);
    world_close();
    fake_call_free(&call);
}
END_TEST

START_TEST(what_the_connection_takes_in_pieces_is_sent_in_order)
{
    static char text[100001];
    size_t i;
    int32_t id = 1;

    for (i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i % 26);
    world_open(100);
    server_window(0, 1 << 20);
    server_settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20);
    world.transport.send_room = 0;
    ck_assert_int_eq(world_post(&call, text), id);
    for (i = 0; i < 200; i++) {
        world.transport.send_room = 1 + unit_random() % 2000;
        fake_pool_receive(&world.transport, "", 0);
    }
    world_run();
    ck_assert_uint_eq(stream_of(id)->body.len, sizeof(text) - 1);
    ck_assert_int_eq(memcmp(stream_of(id)->body.data, text, sizeof(text) - 1), 0);
    world_close();
    fake_call_free(&call);
}
END_TEST

UNIT_SUITE(http2_request)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_request", &tests);

    tcase_add_test(tests, a_request_has_its_pseudo_headers_first_and_its_names_in_lower_case);
    tcase_add_test(tests, a_body_is_announced_and_sent);
    tcase_add_test(tests, an_empty_body_is_announced_if_the_method_has_one);
    tcase_add_test(tests, a_long_body_waits_for_the_servers_window);
    tcase_add_test(tests, a_connection_whose_window_stays_closed_takes_no_more_requests);
    tcase_add_test(tests, a_request_that_is_cancelled_for_itself_leaves_the_connection);
    tcase_add_test(tests, a_body_is_read_as_it_becomes_ready);
    tcase_add_test(tests, a_body_of_unknown_length_ends_when_read_says_so);
    tcase_add_test(tests, a_body_that_read_cannot_supply_ends_the_stream);
    tcase_add_test(tests, a_body_shorter_than_announced_is_not_sent_as_whole);
    tcase_add_test(tests, no_more_is_read_than_was_announced);
    tcase_add_test(tests, a_transfer_can_be_cancelled_in_its_read);
    tcase_add_test(tests, a_header_that_is_not_valid_is_not_sent);
    tcase_add_test(tests, a_connection_that_takes_nothing_makes_no_more_frames);
    tcase_add_test(tests, what_the_connection_takes_in_pieces_is_sent_in_order);
    return suite;
}
