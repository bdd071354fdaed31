/* SPDX-License-Identifier: Apache-2.0 */
/* Answers over HTTP/1.1: whose bytes they are, and what is known if they do not come. */
#include <errno.h>
#include <stdio.h>

#include "http1_world.h"

#define READ_BYTES 65536 /* that are received at once */
#define READS_MAX  4     /* before others have their turn */

/* ---- whose bytes are these ---- */

START_TEST(test_a_connection_takes_one_request_after_another)
{
    http1_begin();
    get();
    ck_assert_uint_eq(http1_protocol.room(&server.connection), 0);
    receive("HTTP/1.1 102 Processing\r\n\r\n" OK);
    expect_answer(&call, 200, "ok");
    ck_assert_uint_eq(http1_protocol.room(&server.connection), 1);
    fake_call_prepare(&second, "HEAD", false);
    start(&second);
    receive("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    expect_answer(&second, 200, "");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_bytes_while_idle_close_the_connection)
{
    http1_begin();
    get();
    receive(OK);
    receive("H");
    ck_assert(server.connection.is_lost);
    ck_assert_str_eq(server.reason, "bytes came that nobody had asked for");
    expect_answer(&call, 200, "ok");
    http1_end();
}
END_TEST

START_TEST(test_the_end_while_idle_closes_the_connection)
{
    http1_begin();
    fake_pool_end(&server, _i ? -ECONNRESET : 0);
    ck_assert(server.connection.is_lost);
    call.outcome = FAKE_NEVER_STARTED;
    fake_call_prepare(&call, "GET", false);
    http1_end();
}
END_TEST

START_TEST(test_bytes_behind_an_answer_close_the_connection)
{
    http1_begin();
    get();
    receive(OK "H");
    expect_answer(&call, 200, "ok");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_bytes_behind_an_early_answer_close_the_connection)
{
    http1_begin();
    post_read(5, 3, true);
    receive(OK);
    receive("H");
    expect_answer(&call, 200, "ok");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_answer_that_says_close_is_the_last)
{
    http1_begin();
    get();
    receive("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    expect_answer(&call, 200, "ok");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

static const char *const malformed[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "what is this\r\n",
};

START_TEST(test_a_malformed_answer_closes_the_connection)
{
    http1_begin();
    get();
    receive(malformed[_i]);
    expect_failure(TRANSFER_ANSWERED, "http_protocol_error");
    ck_assert(call.transfer.answer_begun);
    http1_end();
}
END_TEST

START_TEST(test_a_header_that_is_too_large_closes_the_connection)
{
    static char text[HEADERS_MAX_BYTES + 100];

    http1_begin();
    get();
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "HTTP/1.1 200 OK\r\nX: ", 20);
    receive(text);
    expect_failure(TRANSFER_ANSWERED, "http_response_header_section_size");
    http1_end();
}
END_TEST

/* ---- the end of the stream ---- */

START_TEST(test_the_end_before_a_byte_was_sent)
{
    http1_begin();
    server.send_room = 0;
    get();
    fake_pool_end(&server, _i ? -ECONNRESET : 0);
    expect_failure(TRANSFER_NOT_SENT, "connection_terminated");
    http1_end();
}
END_TEST

START_TEST(test_the_end_when_the_first_byte_could_not_be_sent)
{
    http1_begin();
    server.send_error = -EPIPE;
    get();
    ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY); /* an answer may be there */
    fake_pool_end(&server, 0);
    expect_failure(TRANSFER_NOT_SENT, "connection_terminated");
    http1_end();
}
END_TEST

START_TEST(test_the_end_after_some_of_the_request)
{
    http1_begin();
    server.send_room = 1;
    get();
    fake_pool_end(&server, _i ? -ECONNRESET : 0);
    expect_failure(TRANSFER_MAY_HAVE_RUN, "connection_terminated");
    ck_assert_str_eq(call.detail, _i ? "Connection reset by peer" : "the server closed the connection");
    http1_end();
}
END_TEST

START_TEST(test_the_end_within_the_header)
{
    http1_begin();
    get();
    receive(_i ? "H" : CONTINUE "HTTP/1.1 200 OK\r\nContent-Le");
    fake_pool_end(&server, 0);
    expect_failure(TRANSFER_MAY_HAVE_RUN, "http_response_incomplete");
    ck_assert(call.transfer.answer_begun);
    http1_end();
}
END_TEST

START_TEST(test_the_end_within_the_body)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"};

    http1_begin();
    get();
    receive(answers[_i]);
    fake_pool_end(&server, 0);
    expect_failure(TRANSFER_ANSWERED, "http_response_incomplete");
    ck_assert_str_eq(call.detail, "the answer ended early: the server closed the connection");
    http1_end();
}
END_TEST

START_TEST(test_the_end_ends_a_body_without_a_length)
{
    http1_begin();
    get();
    receive("HTTP/1.1 200 OK\r\n\r\nok");
    ck_assert_int_eq(call.outcome, FAKE_UNDER_WAY);
    fake_pool_end(&server, 0);
    expect_answer(&call, 200, "ok");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_a_reset_does_not_end_a_body_without_a_length)
{
    http1_begin();
    get();
    receive("HTTP/1.1 200 OK\r\n\r\nok");
    fake_pool_end(&server, -ECONNRESET); /* over TLS: without a close_notify */
    expect_failure(TRANSFER_ANSWERED, "http_response_incomplete");
    http1_end();
}
END_TEST

START_TEST(test_an_answer_that_was_there_before_the_loss)
{
    http1_begin();
    server.send_room = 10;
    post_read(5, 5, true);
    server.send_error = -EPIPE;
    receive("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno");
    expect_answer(&call, 503, "no");
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

/* ---- the body of the answer ---- */

START_TEST(test_while_a_part_is_held_nothing_is_received)
{
    http1_begin();
    fake_call_prepare(&call, "GET", true);
    start(&call);
    call.is_late = true;
    receive("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nab");
    receive("cd");
    receive("efg");
    ck_assert_uint_eq(fifo_length(&server.received), 5);
    ck_assert_uint_eq(call.taken.len, 0);
    fake_call_resume(&call); /* in vain */
    fake_pool_run(&server);
    ck_assert_uint_eq(fifo_length(&server.received), 5);
    call.is_late = false;
    fake_call_resume(&call);
    fake_pool_run(&server);
    ck_assert_uint_eq(call.taken.len, 7);
    receive("h");
    expect_answer(&call, 200, "abcdefgh");
    ck_assert(!server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_write_may_cancel)
{
    http1_begin();
    fake_call_prepare(&call, "GET", true);
    start(&call);
    if (_i == 0)
        call.cancels = true;
    call.is_late = _i == 2;
    receive("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nab");
    call.cancels = true;
    if (_i == 1)
        receive("cd");
    else if (_i == 2)
        fake_call_resume(&call);
    fake_pool_run(&server);
    ck_assert_int_eq(call.outcome, FAKE_CANCELLED);
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_write_may_want_no_more)
{
    http1_begin();
    fake_call_prepare(&call, "GET", true);
    start(&call);
    call.write_result = _i ? 0 : -EIO;
    call.is_late = _i == 2;
    receive("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    if (_i)
        receive("ab");
    call.write_result = -EIO;
    call.is_late = false;
    if (_i == 1)
        receive("cd");
    else if (_i == 2)
        fake_call_resume(&call);
    expect_failure(TRANSFER_ANSWERED, "http_response_incomplete");
    http1_end();
}
END_TEST

START_TEST(test_an_answer_that_is_cut_is_the_last)
{
    http1_begin();
    fake_call_prepare(&call, "GET", false);
    call.transfer.response_max = 4;
    call.transfer.cut = true;
    start(&call);
    receive("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcdef");
    expect_answer(&call, 200, "abcd");
    ck_assert(call.transfer.was_cut);
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_answer_over_the_limit_fails)
{
    http1_begin();
    fake_call_prepare(&call, "GET", false);
    call.transfer.response_max = 4;
    start(&call);
    receive("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcde");
    expect_failure(TRANSFER_ANSWERED, "http_response_body_size");
    http1_end();
}
END_TEST

/* An answer of LENGTH bytes, 80 of which are its header. */
static char *long_answer(size_t length)
{
    char *text = malloc(length + 1);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', length);
    ck_assert_int_eq(snprintf(text, length,
                              "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:%25zu\r\n\r\n",
                              length - 80),
                     80);
    text[80] = 'x';
    return text;
}

START_TEST(test_a_long_answer_lets_others_have_their_turn)
{
    size_t length = (2 * READS_MAX + 1) * READ_BYTES;
    char *text = long_answer(length);

    http1_begin();
    get();
    ck_assert_int_eq(fifo_append(&server.received, text, length), 0);
    http1_protocol.ready(&server.connection);
    ck_assert_uint_eq(fifo_length(&server.received), length - READS_MAX * READ_BYTES);
    ck_assert(server.wants_flush);
    fake_pool_run(&server);
    ck_assert_int_eq(call.outcome, FAKE_ANSWERED);
    ck_assert_uint_eq(call.transfer.response_body.len, length - 80);
    free(text);
    http1_end();
}
END_TEST

START_TEST(test_a_connection_that_ends_with_the_last_read_of_a_turn_is_not_flushed)
{
    size_t length = READS_MAX * READ_BYTES;
    char *text = long_answer(length);

    http1_begin();
    get();
    fake_pool_receive(&server, text, length); /* aborts if it is flushed */
    ck_assert_int_eq(call.outcome, FAKE_ANSWERED);
    ck_assert(server.connection.is_lost);
    free(text);
    http1_end();
}
END_TEST

/* ---- upgrades ---- */

START_TEST(test_101_hands_over_the_connection_and_what_is_behind_it)
{
    http1_begin();
    fake_call_prepare(&call, "GET", false);
    call.transfer.is_upgrade = true;
    start(&call);
    receive(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello");
    expect_answer(&call, 101, "");
    ck_assert_ptr_eq(call.transfer.upgraded, &server.stream);
    ck_assert_ptr_null(server.stream.owner); /* it may be freed before the transfer's done() */
    server.stream.events->ready(&server.stream);
    ck_assert_uint_eq(unread.len, 7);
    ck_assert(memcmp(unread.data, "\x81\x05hello", 7) == 0);
    ck_assert(server.connection.is_lost);
    http1_end();
}
END_TEST

START_TEST(test_an_upgrade_may_be_refused)
{
    http1_begin();
    fake_call_prepare(&call, "GET", false);
    call.transfer.is_upgrade = true;
    start(&call);
    receive("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    expect_answer(&call, 404, "no");
    ck_assert_ptr_null(call.transfer.upgraded);
    http1_end();
}
END_TEST

UNIT_SUITE(http1_answer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("http1_answer", &tests);

    tcase_add_test(tests, test_a_connection_takes_one_request_after_another);
    tcase_add_test(tests, test_bytes_while_idle_close_the_connection);
    tcase_add_loop_test(tests, test_the_end_while_idle_closes_the_connection, 0, 2);
    tcase_add_test(tests, test_bytes_behind_an_answer_close_the_connection);
    tcase_add_test(tests, test_bytes_behind_an_early_answer_close_the_connection);
    tcase_add_test(tests, test_an_answer_that_says_close_is_the_last);
    tcase_add_loop_test(tests, test_a_malformed_answer_closes_the_connection, 0, ARRAY_SIZE(malformed));
    tcase_add_test(tests, test_a_header_that_is_too_large_closes_the_connection);
    tcase_add_loop_test(tests, test_the_end_before_a_byte_was_sent, 0, 2);
    tcase_add_test(tests, test_the_end_when_the_first_byte_could_not_be_sent);
    tcase_add_loop_test(tests, test_the_end_after_some_of_the_request, 0, 2);
    tcase_add_loop_test(tests, test_the_end_within_the_header, 0, 2);
    tcase_add_loop_test(tests, test_the_end_within_the_body, 0, 3);
    tcase_add_test(tests, test_the_end_ends_a_body_without_a_length);
    tcase_add_test(tests, test_a_reset_does_not_end_a_body_without_a_length);
    tcase_add_test(tests, test_an_answer_that_was_there_before_the_loss);
    tcase_add_test(tests, test_while_a_part_is_held_nothing_is_received);
    tcase_add_loop_test(tests, test_write_may_cancel, 0, 3);
    tcase_add_loop_test(tests, test_write_may_want_no_more, 0, 3);
    tcase_add_test(tests, test_an_answer_that_is_cut_is_the_last);
    tcase_add_test(tests, test_an_answer_over_the_limit_fails);
    tcase_add_test(tests, test_a_long_answer_lets_others_have_their_turn);
    tcase_add_test(tests, test_a_connection_that_ends_with_the_last_read_of_a_turn_is_not_flushed);
    tcase_add_test(tests, test_101_hands_over_the_connection_and_what_is_behind_it);
    tcase_add_test(tests, test_an_upgrade_may_be_refused);
    return suite;
}
