/* SPDX-License-Identifier: Apache-2.0 */
/* Requests over HTTP/1.1, byte by byte, and what stops their bodies. */
#include <errno.h>
#include <stdio.h>

#include "http1_world.h"
#include "transport/http1_private.h"
#include "transport/http1_request.h"

#define MIB 1048576

/* ---- the request ---- */

START_TEST(test_the_head_of_a_request)
{
    static const char *const lines[] = {"X-Authorization: Bearer x", "Accept: */*", NULL};

    http1_begin();
    server.prefix = "/tb";
    fake_call_prepare(&call, "GET", false);
    call.transfer.headers = lines;
    start(&call);
    expect_sent("GET /tb/api/x?y=z HTTP/1.1\r\nHost: example.com:8443\r\nX-Authorization: Bearer x\r\n"
                "Accept: */*\r\n\r\n");
    http1_end();
}
END_TEST

static const struct {
    const char *method, *body, *sent;
} bodies[] = {
    {"POST", "abc", "Content-Length: 3\r\n\r\nabc"},
    {"POST", NULL, "Content-Length: 0\r\n\r\n"},
    {"PUT", NULL, "Content-Length: 0\r\n\r\n"},
    {"PATCH", NULL, "Content-Length: 0\r\n\r\n"},
    {"GET", "abc", "Content-Length: 3\r\n\r\nabc"},
    {"DELETE", NULL, "\r\n"},
    {"HEAD", "abc", "\r\n"},
};

START_TEST(test_a_body_in_memory)
{
    char text[256];

    http1_begin();
    fake_call_prepare(&call, bodies[_i].method, false);
    call.transfer.body = bodies[_i].body;
    call.transfer.body_length = bodies[_i].body ? strlen(bodies[_i].body) : 0;
    start(&call);
    snprintf(text, sizeof(text), "%s /api/x?y=z HTTP/1.1\r\nHost: example.com:8443\r\n%s", bodies[_i].method,
             bodies[_i].sent);
    expect_sent(text);
    receive("HTTP/1.1 204 No Content\r\n\r\n");
    expect_answer(&call, 204, "");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_a_body_of_known_length_from_read)
{
    http1_begin();
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 6, true);
    call.transfer.read_length = 5;
    call.source_taken = 1; /* the bytes count up; a 0 would end the text */
    call.source_ready = 4;
    start(&call);
    expect_sent(POST_HEAD "Content-Length: 5\r\n\r\n\1\2\3");
    call.source_ready = 6;
    fake_call_resume(&call);
    fake_pool_run(&server);
    expect_sent("\4\5");
    receive(OK);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_a_chunked_body)
{
    http1_begin();
    post_read(20, 17, false);
    expect_sent(POST_HEAD "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    call.source_taken = 1;
    receive(CONTINUE);
    expect_sent("10\r\n\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\r\n");
    call.source_ready = 20;
    fake_call_resume(&call);
    fake_pool_run(&server);
    expect_sent("3\r\n\21\22\23\r\n0\r\n\r\n");
    receive(OK);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_empty_chunked_body)
{
    http1_begin();
    post_read(0, 0, false);
    receive(CONTINUE);
    expect_sent(POST_HEAD "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n0\r\n\r\n");
    http1_end();
}
END_TEST

START_TEST(test_a_chunk_has_64_kib_at_most)
{
    const char *sent;

    http1_begin();
    post_read(100000, 100000, false);
    drop_sent();
    receive(CONTINUE);
    sent = fifo_data(&server.sent);
    ck_assert_uint_eq(fifo_length(&server.sent), 100000 + 7 + 2 + 6 + 2 + 5);
    ck_assert(memcmp(sent, "10000\r\n", 7) == 0);
    ck_assert(memcmp(sent + 7 + 65536, "\r\n86a0\r\n", 8) == 0);
    http1_end();
}
END_TEST

START_TEST(test_a_request_goes_out_in_pieces)
{
    static const char *const texts[] = {
        POST_HEAD "Content-Length: 3\r\n\r\nabc",
        POST_HEAD "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\n\1\2\3\r\n0\r\n\r\n"};
    struct buf all = BUF_INIT(RESPONSE_MAX);

    http1_begin();
    server.send_room = 0;
    fake_call_prepare(&call, "POST", false);
    if (_i == 0) {
        call.transfer.body = "abc";
        call.transfer.body_length = 3;
    } else {
        fake_call_read(&call, 4, false);
        call.source_taken = 1;
        call.source_ready = 4;
    }
    start(&call);
    while (all.len < strlen(texts[_i])) {
        allow(1);
        if (fifo_length(&server.sent) == 0)
            receive(CONTINUE);
        ck_assert_uint_eq(fifo_length(&server.sent), 1);
        buf_append(&all, fifo_data(&server.sent), 1);
        drop_sent();
    }
    ck_assert(memcmp(all.data, texts[_i], all.len) == 0);
    allow(1);
    receive(OK);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    buf_free(&all);
    http1_end();
}
END_TEST

START_TEST(test_a_head_that_is_too_large_fails_at_once)
{
    static char line[HTTP1_HEAD_BYTES + 1];
    const char *lines[] = {line, NULL};
    size_t rest = strlen("GET /api/x?y=z HTTP/1.1\r\nHost: example.com:8443\r\n\r\n\r\n");

    memset(line, 'x', sizeof(line) - 1);
    http1_begin();
    fake_call_prepare(&call, "GET", false);
    call.transfer.headers = lines;
    line[HTTP1_HEAD_BYTES - rest + 1] = '\0';
    start(&call);
    ck_assert_int_eq(call.outcome, FAKE_FAILED);
    ck_assert_int_eq(call.knowledge, TRANSFER_NOT_SENT);
    ck_assert_str_eq(call.detail, "the request's header is larger than 262144 bytes");
    expect_sent("");
    fake_call_free(&call);
    fake_call_prepare(&call, "GET", false);
    call.transfer.headers = lines;
    line[HTTP1_HEAD_BYTES - rest] = '\0';
    start(&call);
    ck_assert_uint_eq(fifo_length(&server.sent), HTTP1_HEAD_BYTES);
    http1_end();
}
END_TEST

START_TEST(test_a_body_that_cannot_be_read_ends_the_transfer)
{
    http1_begin();
    post_read(5, 0, true);
    call.read_error = -EIO;
    fake_call_resume(&call);
    fake_pool_run(&server);
    expect_failure(TRANSFER_MAY_HAVE_RUN, "proxy_internal_error");
    http1_end();
}
END_TEST

START_TEST(test_a_body_that_is_shorter_than_announced_ends_the_transfer)
{
    http1_begin();
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 5, true);
    call.source_length = call.source_ready = 4;
    start(&call);
    expect_failure(TRANSFER_MAY_HAVE_RUN, "proxy_internal_error");
    http1_end();
}
END_TEST

START_TEST(test_a_body_that_is_longer_than_announced_is_sent_as_announced)
{
    http1_begin();
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 5, true);
    call.source_length = call.source_ready = 9;
    start(&call);
    ck_assert_uint_eq(fifo_length(&server.sent), strlen(POST_HEAD "Content-Length: 5\r\n\r\n") + 5);
    http1_end();
}
END_TEST

START_TEST(test_read_may_cancel)
{
    http1_begin();
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, 5, _i);
    call.cancels = true;
    start(&call);
    if (!_i)
        receive(CONTINUE);
    ck_assert_int_eq(call.outcome, FAKE_CANCELLED);
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

/* ---- Expect ---- */

START_TEST(test_a_body_over_1_mib_is_announced)
{
    size_t length = MIB + (size_t)_i;

    http1_begin();
    post_read(length, length, true);
    ck_assert_uint_eq(fifo_length(&server.sent) < 200, _i == 1);
    if (_i == 1)
        receive(CONTINUE);
    ck_assert_uint_gt(fifo_length(&server.sent), length);
    receive(OK);
    expect_answer(&call, 200, "ok");
    http1_end();
}
END_TEST

/* Announced, and its head is sent. */
static void post_announced(void)
{
    http1_begin();
    post_read(4, 4, false);
    drop_sent();
}

#define CHUNKS_BYTES (1 + 2 + 4 + 2 + 5)

START_TEST(test_without_100_the_body_is_sent_after_1_s)
{
    post_announced();
    server.loop.now_ms += 999;
    http1_protocol.tick(&server.connection, server.loop.now_ms);
    ck_assert_uint_eq(fifo_length(&server.sent), 0);
    server.loop.now_ms += 1;
    http1_protocol.tick(&server.connection, server.loop.now_ms);
    ck_assert_uint_eq(fifo_length(&server.sent), CHUNKS_BYTES);
    receive(CONTINUE OK);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_another_interim_response_is_not_the_100)
{
    post_announced();
    receive("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    ck_assert_uint_eq(fifo_length(&server.sent), 0);
    receive(CONTINUE);
    ck_assert_uint_eq(fifo_length(&server.sent), CHUNKS_BYTES);
    http1_end();
}
END_TEST

START_TEST(test_417_is_asked_again_without_expect)
{
    post_announced();
    receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect_failure(TRANSFER_REFUSED, "http_protocol_error");
    ck_assert(call.transfer.no_expect);
    ck_assert_uint_eq(fifo_length(&server.sent), 0);
    fake_pool_close(&server);
    fake_pool_open(&server, &http1_protocol);
    start(&call); /* as the pool does */
    ck_assert_uint_eq(fifo_length(&server.sent),
                      strlen(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n") + CHUNKS_BYTES);
    receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect_answer(&call, 417, "");
    http1_end();
}
END_TEST

START_TEST(test_417_is_no_answer_even_if_it_is_late)
{
    post_announced();
    fake_pool_wait(&server, HTTP1_EXPECT_MS + 1000);
    ck_assert_uint_gt(fifo_length(&server.sent), 0);
    receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect_failure(TRANSFER_REFUSED, "http_protocol_error");
    http1_end();
}
END_TEST

START_TEST(test_a_final_2xx_instead_of_100_gets_the_body)
{
    post_announced();
    receive(OK);
    ck_assert_uint_eq(fifo_length(&server.sent), CHUNKS_BYTES);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_a_refusal_instead_of_100_gets_no_body)
{
    post_announced();
    receive("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    expect_answer(&call, 413, "no");
    ck_assert_uint_eq(fifo_length(&server.sent), 0);
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

/* ---- early answers ---- */

START_TEST(test_an_early_2xx_does_not_stop_the_body)
{
    http1_begin();
    post_read(5, 3, true);
    receive(OK);
    ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY);
    drop_sent();
    call.source_ready = 5;
    fake_call_resume(&call);
    fake_pool_run(&server);
    ck_assert_uint_eq(fifo_length(&server.sent), 2);
    expect_answer(&call, 200, "ok");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_early_2xx_is_whole_if_the_server_closes_then)
{
    http1_begin();
    post_read(5, 3, true);
    receive(OK);
    fake_pool_end(&server, _i ? -ECONNRESET : 0);
    expect_answer(&call, 200, "ok");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_early_refusal_stops_the_body)
{
    http1_begin();
    post_read(5, 3, true);
    drop_sent();
    receive("HTTP/1.1 300 Choices\r\nContent-Length: 2\r\n\r\nn");
    call.source_ready = 5;
    fake_call_resume(&call);
    fake_pool_run(&server);
    ck_assert_uint_eq(fifo_length(&server.sent), 0);
    receive("o");
    expect_answer(&call, 300, "no");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_early_refusal_stops_a_body_in_memory)
{
    http1_begin();
    server.send_room = strlen(POST_HEAD "Content-Length: 3\r\n\r\na");
    fake_call_prepare(&call, "POST", false);
    call.transfer.body = "abc";
    call.transfer.body_length = 3;
    start(&call);
    receive("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nn");
    drop_sent();
    allow(SIZE_MAX);
    expect_sent("");
    receive("o");
    expect_answer(&call, 401, "no");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

UNIT_SUITE(http1_request)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http1_request", &tests);

    tcase_add_test(tests, test_the_head_of_a_request);
    tcase_add_loop_test(tests, test_a_body_in_memory, 0, ARRAY_SIZE(bodies));
    tcase_add_test(tests, test_a_body_of_known_length_from_read);
    tcase_add_test(tests, test_a_chunked_body);
    tcase_add_test(tests, test_an_empty_chunked_body);
    tcase_add_test(tests, test_a_chunk_has_64_kib_at_most);
    tcase_add_loop_test(tests, test_a_request_goes_out_in_pieces, 0, 2);
    tcase_add_test(tests, test_a_head_that_is_too_large_fails_at_once);
    tcase_add_test(tests, test_a_body_that_cannot_be_read_ends_the_transfer);
    tcase_add_test(tests, test_a_body_that_is_shorter_than_announced_ends_the_transfer);
    tcase_add_test(tests, test_a_body_that_is_longer_than_announced_is_sent_as_announced);
    tcase_add_loop_test(tests, test_read_may_cancel, 0, 2);
    tcase_add_loop_test(tests, test_a_body_over_1_mib_is_announced, 0, 2);
    tcase_add_test(tests, test_without_100_the_body_is_sent_after_1_s);
    tcase_add_test(tests, test_another_interim_response_is_not_the_100);
    tcase_add_test(tests, test_417_is_asked_again_without_expect);
    tcase_add_test(tests, test_417_is_no_answer_even_if_it_is_late);
    tcase_add_test(tests, test_a_final_2xx_instead_of_100_gets_the_body);
    tcase_add_test(tests, test_a_refusal_instead_of_100_gets_no_body);
    tcase_add_test(tests, test_an_early_2xx_does_not_stop_the_body);
    tcase_add_loop_test(tests, test_an_early_2xx_is_whole_if_the_server_closes_then, 0, 2);
    tcase_add_test(tests, test_an_early_refusal_stops_the_body);
    tcase_add_test(tests, test_an_early_refusal_stops_a_body_in_memory);
    return suite;
}
