/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http/headers.h"
#include "http2_server.h"
#include "transport/http2_private.h"

static struct fake_call call, other;

static void end(void)
{
    world_close();
    fake_call_free(&call);
}

/* A connection with one GET on stream 1. */
static void begin(void)
{
    world_open(100);
    ck_assert_int_eq(world_get(&call), 1);
}

START_TEST(an_answer_has_its_header_and_body)
{
    static const char *const lines[] = {"content-type", "text/plain", "x", "", "content-length", "5", NULL};

    begin();
    server_header(1, "200", lines, false);
    ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY);
    ck_assert_int_eq(call.transfer.status, 200);
    server_data(1, "hel", 3, false);
    ck_assert_uint_eq(call.taken.len, 3);
    server_data(1, "lo", 2, true);
    expect_answer(&call, 200, "hello");
    ck_assert_str_eq(headers_find(&call.transfer.response, "Content-Type"), "text/plain");
    ck_assert_str_eq(headers_find(&call.transfer.response, "x"), "");
    ck_assert_uint_eq(call.transfer.response.count, 3);
    end();
}
END_TEST

START_TEST(an_answer_can_end_with_its_header)
{
    begin();
    server_header(1, "404", NULL, true);
    expect_answer(&call, 404, "");
    end();
}
END_TEST

START_TEST(spaces_around_a_value_are_not_part_of_it)
{
    static const char *const lines[] = {"x", " a b\t ", NULL};

    begin();
    server_header(1, "200", lines, true);
    expect_answer(&call, 200, "");
    ck_assert_str_eq(headers_find(&call.transfer.response, "x"), "a b");
    end();
}
END_TEST

START_TEST(interim_answers_and_trailers_are_ignored)
{
    static const char *const early[] = {"link", "</style>", NULL};
    static const char *const lines[] = {"x", "y", NULL};
    static const char *const trailers[] = {"grpc-status", "0", NULL};
    int i;

    begin();
    for (i = 0; i < 16; i++)
        server_header(1, i % 2 ? "100" : "103", early, false);
    server_header(1, "200", lines, false);
    server_data(1, "x", 1, false);
    server_header(1, NULL, trailers, true);
    expect_answer(&call, 200, "x");
    ck_assert_uint_eq(call.transfer.response.count, 1);
    ck_assert_str_eq(headers_find(&call.transfer.response, "x"), "y");
    end();
}
END_TEST

START_TEST(seventeen_interim_answers_are_too_many)
{
    int i;

    begin();
    for (i = 0; i < 17; i++) {
        ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY);
        server_header(1, "103", NULL, false);
    }
    expect_failure(&call, TRANSFER_ANSWERED, "http_protocol_error");
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_PROTOCOL_ERROR);
    ck_assert(!world.transport.connection.is_lost);
    end();
}
END_TEST

START_TEST(a_malformed_header_ends_its_stream_only)
{
    static const struct {
        const char *status;
        const char *lines[5];
        bool is_last;
    } cases[] = {
        {"101", {NULL}, false},
        {"099", {NULL}, false},
        {"20", {NULL}, false},
        {"2x0", {NULL}, false},
        {NULL, {"x", "y"}, false},
        {"100", {NULL}, true},
        {"200", {"x", "a\rb"}, false},
        {"200", {"x", "a\nb"}, false},
        {"200", {"X", "y"}, false},
        {"200", {"x y", "z"}, false},
        {"200", {":path", "/"}, false},
        {"200", {":status", "200"}, false},
        {"200", {"connection", "close"}, false},
        {"200", {"transfer-encoding", "chunked"}, false},
        {"200", {"content-length", "1", "content-length", "1"}, false},
        {"200", {"content-length", "-1"}, false},
        {"200", {"content-length", "1"}, true},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        begin();
        ck_assert_int_eq(world_get(&other), 3);
        server_header(1, cases[i].status, cases[i].lines, cases[i].is_last);
        ck_assert_msg(call.outcome == FAKE_FAILED, "case %zu", i);
        ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_PROTOCOL_ERROR);
        expect_failure(&call, TRANSFER_ANSWERED, "http_protocol_error");
        server_answer(3, "fine");
        expect_answer(&other, 200, "fine");
        ck_assert_int_eq(world.goaway, -1);
        fake_call_free(&other);
        end();
    }
}
END_TEST

START_TEST(a_body_is_as_long_as_announced)
{
    static const char *const lines[] = {"content-length", "4", NULL};
    static const char *const bodies[] = {"abc", "abcd", "abcde"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        begin();
        server_header(1, "200", lines, false);
        server_data(1, bodies[i], strlen(bodies[i]), true);
        if (i == 1)
            expect_answer(&call, 200, "abcd");
        else
            expect_failure(&call, TRANSFER_ANSWERED, "http_response_incomplete");
        end();
    }
}
END_TEST

START_TEST(some_answers_have_no_body)
{
    static const struct {
        const char *method, *status, *length;
    } cases[] = {{"HEAD", "200", "5"}, {"GET", "204", NULL}, {"GET", "304", "5"}};
    size_t i;
    int with_body;

    for (i = 0; i < ARRAY_SIZE(cases); i++)
        for (with_body = 0; with_body < 2; with_body++) {
            const char *lines[] = {cases[i].length ? "content-length" : NULL, cases[i].length, NULL};

            world_open(100);
            fake_call_prepare(&call, cases[i].method, false);
            world_start(&call);
            server_header(1, cases[i].status, lines, !with_body);
            if (with_body) {
                server_data(1, "hello", 5, true);
                expect_failure(&call, TRANSFER_ANSWERED, "http_response_incomplete");
            } else {
                expect_answer(&call, atoi(cases[i].status), "");
            }
            end();
        }
}
END_TEST

START_TEST(an_answer_without_its_end_is_not_whole)
{
    static const uint32_t codes[] = {NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM,
                                     NGHTTP2_CANCEL};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(codes); i++) {
        begin();
        server_header(1, "200", NULL, false);
        server_data(1, "part", 4, false);
        server_reset(1, codes[i]);
        expect_failure(&call, TRANSFER_ANSWERED, "http_response_incomplete");
        ck_assert(!world.transport.connection.is_lost);
        end();
    }
}
END_TEST

START_TEST(a_refusal_stops_the_body_and_is_whole_with_its_end)
{
    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 100000, true);
    call.source_ready = 10;
    world_start(&call);
    server_header(1, "413", NULL, false);
    call.source_ready = 100000;
    fake_call_resume(&call); /* read() is not called: the fake pool checks that */
    world_run();
    ck_assert_uint_eq(stream_of(1)->body.len, 10);
    ck_assert_int_eq(stream_of(1)->reset, -1);
    server_data(1, "too large", 9, true);
    expect_answer(&call, 413, "too large");
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    ck_assert(!stream_of(1)->has_end);
    end();
}
END_TEST

START_TEST(a_refusal_is_reported_though_the_connection_takes_nothing)
{
    world_open(100);
    world.transport.send_room = 1000;
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 1 << 20, true);
    call.source_ready = 1 << 20;
    fake_call_start(&world.transport, &call);
    world_run();
    server_header(1, "413", NULL, false);
    server_data(1, "x", 1, true);
    expect_answer(&call, 413, "x");
    end();
}
END_TEST

START_TEST(an_early_success_does_not_stop_the_body)
{
    world_open(100);
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 20, true);
    call.source_ready = 10;
    world_start(&call);
    server_header(1, "200", NULL, true);
    ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY);
    call.source_ready = 20;
    fake_call_resume(&call);
    world_run();
    ck_assert(stream_of(1)->has_end);
    ck_assert_uint_eq(stream_of(1)->body.len, 20);
    expect_answer(&call, 200, "");
    end();
}
END_TEST

START_TEST(a_whole_answer_stays_whole_whatever_follows)
{
    int i;

    for (i = 0; i < 5; i++) {
        world_open(100);
        fake_call_prepare(&call, "POST", false);
        fake_call_read(&call, 20, true);
        call.source_ready = 10;
        world_start(&call);
        server_header(1, "200", NULL, true);
        if (i == 0)
            server_reset(1, NGHTTP2_NO_ERROR); /* RFC 9113, section 8.1 */
        else if (i == 1)
            server_reset(1, NGHTTP2_CANCEL);
        else if (i == 2)
            server_goaway(0, NGHTTP2_NO_ERROR);
        else
            fake_pool_end(&world.transport, i == 3 ? 0 : -ECONNRESET);
        expect_answer(&call, 200, "");
        end();
    }
}
END_TEST

START_TEST(a_header_has_a_bound)
{
    static char value[60001];
    const char *lines[2 * 129 + 1] = {NULL};
    int i;

    for (i = 0; i < 2 * 129; i++)
        lines[i] = i % 2 ? "y" : "x";
    begin();
    server_header(1, "200", lines, true);
    expect_failure(&call, TRANSFER_ANSWERED, "http_response_header_section_size");
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    end();

    lines[2 * 128] = NULL;
    begin();
    server_header(1, "200", lines, true);
    expect_answer(&call, 200, "");
    ck_assert_uint_eq(call.transfer.response.count, 128);
    end();

    memset(value, 'v', sizeof(value) - 1);
    begin();
    server_header(1, "200", (const char *const[]){"x", value, NULL}, true);
    expect_answer(&call, 200, "");
    end();
    begin();
    server_header(1, "200", (const char *const[]){"x", value, "y", value + 54000, NULL}, true);
    expect_failure(&call, TRANSFER_ANSWERED, "http_response_header_section_size");
    ck_assert(!world.transport.connection.is_lost);
    end();
}
END_TEST

START_TEST(a_body_that_is_cut_is_an_answer)
{
    world_open(100);
    fake_call_prepare(&call, "GET", false);
    call.transfer.response_max = 3;
    call.transfer.cut = true;
    world_start(&call);
    server_header(1, "200", NULL, false);
    server_data(1, "abcdef", 6, false);
    expect_answer(&call, 200, "abc");
    ck_assert(call.transfer.was_cut);
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    end();
}
END_TEST

START_TEST(a_body_that_is_too_large_is_an_error)
{
    world_open(100);
    fake_call_prepare(&call, "GET", false);
    call.transfer.response_max = 3;
    world_start(&call);
    server_header(1, "200", NULL, false);
    server_data(1, "abcdef", 6, true);
    expect_failure(&call, TRANSFER_ANSWERED, "http_response_body_size");
    ck_assert(!world.transport.connection.is_lost);
    end();
}
END_TEST

START_TEST(write_can_end_its_transfer)
{
    begin();
    server_header(1, "200", NULL, false);
    call.write_result = -EPIPE;
    server_data(1, "x", 1, false);
    expect_failure(&call, TRANSFER_ANSWERED, "http_response_incomplete");
    ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
    end();
}
END_TEST

START_TEST(write_can_cancel_its_transfer)
{
    int with_header;

    for (with_header = 0; with_header < 2; with_header++) {
        begin();
        call.cancels = with_header;
        server_header(1, "200", NULL, false);
        call.cancels = true;
        server_data(1, "x", 1, true);
        ck_assert_int_eq(call.outcome, FAKE_CANCELLED);
        ck_assert_int_eq(stream_of(1)->reset, NGHTTP2_CANCEL);
        end();
    }
}
END_TEST

UNIT_SUITE(http2_answer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http2_answer", &tests);

    tcase_add_test(tests, an_answer_has_its_header_and_body);
    tcase_add_test(tests, an_answer_can_end_with_its_header);
    tcase_add_test(tests, spaces_around_a_value_are_not_part_of_it);
    tcase_add_test(tests, interim_answers_and_trailers_are_ignored);
    tcase_add_test(tests, seventeen_interim_answers_are_too_many);
    tcase_add_test(tests, a_malformed_header_ends_its_stream_only);
    tcase_add_test(tests, a_body_is_as_long_as_announced);
    tcase_add_test(tests, some_answers_have_no_body);
    tcase_add_test(tests, an_answer_without_its_end_is_not_whole);
    tcase_add_test(tests, a_refusal_stops_the_body_and_is_whole_with_its_end);
    tcase_add_test(tests, a_refusal_is_reported_though_the_connection_takes_nothing);
    tcase_add_test(tests, an_early_success_does_not_stop_the_body);
    tcase_add_test(tests, a_whole_answer_stays_whole_whatever_follows);
    tcase_add_test(tests, a_header_has_a_bound);
    tcase_add_test(tests, a_body_that_is_cut_is_an_answer);
    tcase_add_test(tests, a_body_that_is_too_large_is_an_error);
    tcase_add_test(tests, write_can_end_its_transfer);
    tcase_add_test(tests, write_can_cancel_its_transfer);
    return suite;
}
