/* SPDX-License-Identifier: Apache-2.0 */
#include "http2_server.h"
#include "transport/http2_private.h"

static struct fake_call calls[2];

/* A connection with a POST on stream 1 and a GET on stream 3, whose header has come. */
static void begin(void)
{
    world_open(100);
    ck_assert_int_eq(world_post(&calls[0], "x"), 1);
    ck_assert_int_eq(world_get(&calls[1]), 3);
    server_header(3, "200", NULL, false);
}

static void end(void)
{
    world_close();
    fake_call_free(&calls[0]);
    fake_call_free(&calls[1]);
}

static void expect_broken(int64_t code)
{
    ck_assert_int_eq(world.goaway, code);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "http_protocol_error");
    expect_failure(&calls[1], TRANSFER_ANSWERED, "http_response_incomplete");
    ck_assert(world.transport.connection.is_lost);
    ck_assert(world.transport.was_bad);
    ck_assert_uint_gt(strlen(world.transport.reason), 0);
}

/* Each is the server's whole ending: what it sent after it had executed the requests. */
static const struct ending {
    const char *name;
    int64_t code; /* of the GOAWAY that it gets */
    uint8_t type, flags;
    int32_t id;
    size_t length;
    const char *payload;
} endings[] = {
    {"SETTINGS of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_SETTINGS, 0, 0, 5, "\0\1\0\0\0"},
    {"SETTINGS on a stream", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_SETTINGS, 0, 1, 0, ""},
    {"an ACK with settings", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_SETTINGS, 1, 0, 6, "\0\4\0\0\0\0"},
    {"an ACK too many", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_SETTINGS, 1, 0, 0, ""},
    {"a window that is too large", NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_SETTINGS, 0, 0, 6, "\0\4\x80\0\0\0"},
    {"a frame size that is too small", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_SETTINGS, 0, 0, 6, "\0\5\0\0\0\1"},
    {"a WINDOW_UPDATE of 0", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_WINDOW_UPDATE, 0, 0, 4, "\0\0\0\0"},
    {"a WINDOW_UPDATE of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_WINDOW_UPDATE, 0, 0, 3, "\0\0\1"},
    {"a WINDOW_UPDATE beyond all", NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_WINDOW_UPDATE, 0, 0, 4,
     "\x7f\xff\xff\xff"},
    {"a WINDOW_UPDATE for a stream to come", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_WINDOW_UPDATE, 0, 99, 4,
     "\0\0\0\1"},
    {"a PING of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_PING, 0, 0, 7, "1234567"},
    {"a PING on a stream", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_PING, 0, 1, 8, "12345678"},
    {"DATA on stream 0", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_DATA, 0, 0, 1, "x"},
    {"DATA on a stream to come", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_DATA, 0, 99, 1, "x"},
    {"DATA with too much padding", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_DATA, 8, 3, 2, "\2x"},
    {"HEADERS on stream 0", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_HEADERS, 4, 0, 1, "\x88"},
    {"HEADERS on a stream to come", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_HEADERS, 4, 99, 1, "\x88"},
    {"HEADERS on a stream of the server's", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_HEADERS, 4, 2, 1, "\x88"},
    {"HEADERS that HPACK cannot read", NGHTTP2_COMPRESSION_ERROR, NGHTTP2_HEADERS, 4, 1, 2, "\xff\xff"},
    {"a table larger than allowed", NGHTTP2_COMPRESSION_ERROR, NGHTTP2_HEADERS, 4, 1, 5,
     "\x3f\xe1\xff\x03\x88"},
    {"a CONTINUATION of nothing", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_CONTINUATION, 4, 1, 1, "\x88"},
    {"a RST_STREAM of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_RST_STREAM, 0, 1, 3, "\0\0\1"},
    {"a RST_STREAM for a stream to come", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_RST_STREAM, 0, 99, 4, "\0\0\0\0"},
    {"a RST_STREAM on stream 0", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_RST_STREAM, 0, 0, 4, "\0\0\0\0"},
    {"a GOAWAY of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_GOAWAY, 0, 0, 4, "\0\0\0\0"},
    {"a GOAWAY on a stream", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_GOAWAY, 0, 1, 8, "\0\0\0\1\0\0\0\0"},
    {"a GOAWAY for a stream of the server's", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_GOAWAY, 0, 0, 8,
     "\0\0\0\2\0\0\0\0"},
    {"a PRIORITY of a wrong length", NGHTTP2_FRAME_SIZE_ERROR, NGHTTP2_PRIORITY, 0, 1, 4, "\0\0\0\0"},
    {"a PUSH_PROMISE", NGHTTP2_PROTOCOL_ERROR, NGHTTP2_PUSH_PROMISE, 4, 1, 5, "\0\0\0\2\x82"},
};

START_TEST(a_server_that_breaks_the_protocol_gets_a_goaway_and_no_request_is_called_unsent)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(endings); i++) {
        const struct ending *ending = &endings[i];

        begin();
        server_frame(ending->type, ending->flags, ending->id, ending->payload, ending->length);
        ck_assert_msg(world.transport.connection.is_lost, "%s", ending->name);
        ck_assert_msg(world.goaway == ending->code, "%s: %lld", ending->name, (long long)world.goaway);
        expect_broken(ending->code);
        end();
    }
}
END_TEST

START_TEST(a_frame_that_is_too_large_is_an_error)
{
    static const char zeros[16385];

    begin();
    server_frame(NGHTTP2_DATA, 0, 3, zeros, sizeof(zeros));
    expect_broken(NGHTTP2_FRAME_SIZE_ERROR);
    end();
}
END_TEST

START_TEST(another_frame_in_the_middle_of_a_header_is_an_error)
{
    begin();
    server_add(NGHTTP2_HEADERS, 0, 1, "\x88", 1);
    server_add(NGHTTP2_PING, 0, 0, "12345678", 8);
    server_send();
    expect_broken(NGHTTP2_PROTOCOL_ERROR);
    end();
}
END_TEST

START_TEST(a_server_of_another_protocol_is_a_bad_one)
{
    static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n\r\n",
                                        "SSH-2.0-OpenSSH_9.2\r\n\r\n......"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        world_open_silent();
        ck_assert_int_eq(world_post(&calls[0], "x"), 1);
        fake_pool_receive(&world.transport, texts[i], strlen(texts[i]));
        expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "http_protocol_error");
        ck_assert(world.transport.was_bad);
        world_close();
        fake_call_free(&calls[0]);
    }
}
END_TEST

START_TEST(a_goaway_is_in_vain_on_a_connection_that_takes_nothing)
{
    world_open(100);
    world.transport.send_room = 0;
    fake_call_prepare(&calls[0], "POST", false);
    fake_call_read(&calls[0], 1 << 20, true);
    calls[0].source_ready = 1 << 20;
    server_window(0, 1 << 30);
    world_start(&calls[0]);
    server_window(1, 1 << 30);
    server_frame(NGHTTP2_DATA, 0, 0, "x", 1);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "http_protocol_error");
    ck_assert(world.transport.connection.is_lost && world.transport.was_bad);
    world_close();
    fake_call_free(&calls[0]);
}
END_TEST

static const struct flood {
    uint8_t type, flags;
    int32_t id;
    size_t length;
    const char *payload;
} floods[] = {
    {NGHTTP2_PING, 1, 0, 8, "12345678"},
    {NGHTTP2_DATA, 0, 3, 0, ""},
    {NGHTTP2_DATA, 8, 3, 2, "\1x"},
    {NGHTTP2_PRIORITY, 0, 1, 5, "\0\0\0\0\1"},
    {NGHTTP2_WINDOW_UPDATE, 0, 0, 4, "\0\0\0\1"},
    {NGHTTP2_RST_STREAM, 0, 5, 4, "\0\0\0\1"},
    {NGHTTP2_WINDOW_UPDATE, 0, 5, 4, "\0\0\0\0"},
    {NGHTTP2_DATA, 0, 5, 0, ""},
    {NGHTTP2_ALTSVC, 0, 0, 0, ""},
    {99, 0, 1, 3, "abc"},
};

START_TEST(frames_for_nothing_have_a_bound)
{
    size_t i;
    int n;

    for (i = 0; i < ARRAY_SIZE(floods); i++) {
        const struct flood *flood = &floods[i];
        struct fake_call cancelled;

        begin();
        ck_assert_int_eq(world_get(&cancelled), 5);
        fake_call_cancel(&cancelled);
        world_run();
        fake_pool_wait(&world.transport, 1000);
        for (n = 0; n < HTTP2_IDLE_FRAMES_MAX; n++)
            server_add(flood->type, flood->flags, flood->id, flood->payload, flood->length);
        server_send();
        ck_assert_msg(!world.transport.connection.is_lost, "flood %zu", i);
        server_frame(flood->type, flood->flags, flood->id, flood->payload, flood->length);
        expect_broken(NGHTTP2_ENHANCE_YOUR_CALM);
        fake_call_free(&cancelled);
        end();
    }
}
END_TEST

START_TEST(progress_and_time_excuse_frames_for_nothing)
{
    int n, round;

    begin();
    for (round = 0; round < 5; round++) {
        for (n = 0; n < HTTP2_IDLE_FRAMES_MAX - 1; n++)
            server_frame(NGHTTP2_DATA, 0, 3, "", 0);
        if (round % 2)
            fake_pool_wait(&world.transport, 1000);
        else
            server_data(3, "x", 1, false);
    }
    ck_assert(!world.transport.connection.is_lost);
    end();
}
END_TEST

START_TEST(acknowledgements_that_wait_have_a_bound)
{
    static const struct {
        uint8_t type;
        size_t length;
    } kinds[] = {{NGHTTP2_PING, 8}, {NGHTTP2_SETTINGS, 0}};
    size_t i;
    int n;

    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        begin();
        for (n = 0; n < HTTP2_ACKS_MAX; n++)
            server_add(kinds[i].type, 0, 0, "12345678", kinds[i].length);
        server_send();
        ck_assert(!world.transport.connection.is_lost);
        for (n = 0; n < HTTP2_ACKS_MAX + 10; n++)
            server_add(kinds[i].type, 0, 0, "12345678", kinds[i].length);
        server_send();
        expect_broken(NGHTTP2_ENHANCE_YOUR_CALM);
        end();
    }
}
END_TEST

/* Each frame of a server that reads nothing is a reason to reset a stream. */
START_TEST(a_stream_is_reset_once)
{
    static const char zeros[HTTP2_WINDOW_BYTES];
    const struct http2 *http2;
    int n, second;

    world_open(100);
    ck_assert_int_eq(world_get(&calls[1]), 1);
    server_header(1, "200", NULL, false);
    calls[1].is_late = true;
    server_data(1, zeros, sizeof(zeros), false);
    world.transport.send_room = 0;
    fake_call_prepare(&calls[0], "POST", false);
    fake_call_read(&calls[0], 1 << 20, true);
    calls[0].source_ready = 1 << 20;
    server_window(0, 1 << 30);
    server_settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30);
    world_start(&calls[0]);
    for (second = 0; second < 3; second++) {
        for (n = 0; n < 500; n++)
            server_frame(NGHTTP2_DATA, 0, 1, "x", 1);
        fake_pool_wait(&world.transport, 1000);
    }
    http2 = world.transport.connection.state;
    ck_assert_uint_le(nghttp2_session_get_outbound_queue_size(http2->session), 1);
    fake_call_cancel(&calls[0]);
    world_close();
    fake_call_free(&calls[0]);
    fake_call_free(&calls[1]);
}
END_TEST

START_TEST(a_header_in_many_pieces_has_a_bound)
{
    int n;

    begin();
    server_add(NGHTTP2_HEADERS, 0, 1, "\x88", 1);
    for (n = 0; n < 2000; n++)
        server_add(NGHTTP2_CONTINUATION, 0, 1, "", 0);
    server_send();
    ck_assert(world.transport.connection.is_lost);
    ck_assert(world.transport.was_bad);
    expect_failure(&calls[0], TRANSFER_MAY_HAVE_RUN, "http_protocol_error");
    end();
}
END_TEST

START_TEST(settings_have_a_bound)
{
    static char many[6 * 33];
    size_t i;

    for (i = 0; i < sizeof(many); i += 6)
        memcpy(many + i, "\0\3\0\0\0\144", 6);
    begin();
    server_frame(NGHTTP2_SETTINGS, 0, 0, many, sizeof(many));
    expect_broken(NGHTTP2_ENHANCE_YOUR_CALM);
    end();
}
END_TEST

UNIT_SUITE(http2_hostile)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_hostile", &tests);

    tcase_add_test(tests, a_server_that_breaks_the_protocol_gets_a_goaway_and_no_request_is_called_unsent);
    tcase_add_test(tests, a_frame_that_is_too_large_is_an_error);
    tcase_add_test(tests, another_frame_in_the_middle_of_a_header_is_an_error);
    tcase_add_test(tests, a_server_of_another_protocol_is_a_bad_one);
    tcase_add_test(tests, a_goaway_is_in_vain_on_a_connection_that_takes_nothing);
    tcase_add_test(tests, frames_for_nothing_have_a_bound);
    tcase_add_test(tests, progress_and_time_excuse_frames_for_nothing);
    tcase_add_test(tests, acknowledgements_that_wait_have_a_bound);
    tcase_add_test(tests, a_stream_is_reset_once);
    tcase_add_test(tests, a_header_in_many_pieces_has_a_bound);
    tcase_add_test(tests, settings_have_a_bound);
    return suite;
}
