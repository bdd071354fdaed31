/* SPDX-License-Identifier: Apache-2.0 */
#include "http1_world.h"

struct transport server;
struct fake_call call, second;
struct buf unread;

/* ---- what fake_pool.c has not ---- */

int connection_unread(struct connection *connection, const void *data, size_t length)
{
    (void)connection;
    return buf_append(&unread, data, length);
}

/* ---- for the tests ---- */

void http1_begin(void)
{
    fake_pool_open(&server, &http1_protocol);
    unread = (struct buf)BUF_INIT(RESPONSE_MAX);
    second = (struct fake_call){0};
}

void http1_end(void)
{
    fake_pool_close(&server);
    fake_call_free(&call);
    fake_call_free(&second);
    buf_free(&unread);
}

void start(struct fake_call *started)
{
    ck_assert(fake_call_start(&server, started));
    fake_pool_run(&server);
}

void get(void)
{
    fake_call_prepare(&call, "GET", false);
    start(&call);
}

void post_read(size_t length, size_t ready, bool announces)
{
    fake_call_prepare(&call, "POST", false);
    fake_call_read(&call, length, announces);
    call.source_ready = ready;
    start(&call);
}

void receive(const char *text)
{
    fake_pool_receive(&server, text, strlen(text));
}

void allow(size_t bytes)
{
    server.send_room = bytes;
    if (!server.connection.is_lost)
        http1_protocol.ready(&server.connection);
    fake_pool_run(&server);
}

void expect_sent(const char *text)
{
    size_t length = fifo_length(&server.sent);

    ck_assert_msg(length == strlen(text) && memcmp(fifo_data(&server.sent), text, length) == 0,
                  "sent was \"%.*s\", not \"%s\"", (int)length, fifo_data(&server.sent), text);
    fifo_consume(&server.sent, length);
}

void drop_sent(void)
{
    fifo_consume(&server.sent, fifo_length(&server.sent));
}

void expect_answer(const struct fake_call *of, int status, const char *body)
{
    const struct buf *kept = of->transfer.write ? &of->taken : &of->transfer.response_body;

    ck_assert_int_eq(of->outcome, FAKE_ANSWERED);
    ck_assert_int_eq(of->transfer.status, status);
    ck_assert_uint_eq(kept->len, strlen(body));
    ck_assert(kept->len == 0 || memcmp(kept->data, body, kept->len) == 0);
}

void expect_failure(enum transfer_knowledge knowledge, const char *token)
{
    ck_assert_int_eq(call.outcome, FAKE_FAILED);
    ck_assert_int_eq(call.knowledge, knowledge);
    ck_assert_str_eq(call.token, token);
    ck_assert(server.connection.is_lost);
    ck_assert(!server.was_bad);
}
