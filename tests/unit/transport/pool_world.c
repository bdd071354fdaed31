/* SPDX-License-Identifier: Apache-2.0 */
#include "pool_world.h"

struct fake_call calls[CALLS];

void pool_begin_http1(long max_connections)
{
    memset(calls, 0, sizeof(calls));
    fake_begin("http://server", HTTP2_AUTO, max_connections, 100);
}

void pool_begin_tls(long max_connections, long max_streams)
{
    memset(calls, 0, sizeof(calls));
    fake_begin("https://server", HTTP2_AUTO, max_connections, max_streams);
}

void pool_end(void)
{
    size_t i;

    for (i = 0; i < CALLS; i++) {
        if (calls[i].is_under_way)
            fake_cancel(&calls[i]);
        transfer_free(&calls[i].transfer);
    }
    fake_run();
    fake_end();
}

void prepare(unsigned call, bool may_be_sent_twice)
{
    transfer_free(&calls[call].transfer);
    fake_prepare(&calls[call], may_be_sent_twice);
}

void get(unsigned call)
{
    prepare(call, true);
    ck_assert_int_eq(fake_start(&calls[call]), 0);
    fake_run();
}

void post(unsigned call)
{
    prepare(call, false);
    ck_assert_int_eq(fake_start(&calls[call]), 0);
    fake_run();
}

void get_many(unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        prepare(i, true);
        ck_assert_int_eq(fake_start(&calls[i]), 0);
    }
    fake_run();
}

void opens_http1(unsigned number)
{
    fake_opens(fake_find(number), false);
    fake_run();
}

void opens_http2(unsigned number, unsigned streams)
{
    fake_opens(fake_find(number), true);
    fake_settings(fake_find(number), streams);
    fake_run();
}

void answer(unsigned call)
{
    fake_answer(&calls[call], 200, 10);
    fake_run();
    ck_assert_uint_eq(calls[call].done_count, 1);
    ck_assert_int_eq(calls[call].transfer.status, 200);
}

unsigned on(unsigned call)
{
    const struct fake_connection *connection = fake_connection_of(&calls[call]);

    return connection ? connection->number : 0;
}

unsigned sent(unsigned count)
{
    unsigned i, sum = 0;

    for (i = 0; i < count; i++)
        sum += on(i) != 0;
    return sum;
}

void expect_failure(unsigned call, enum transfer_knowledge knowledge, const char *token)
{
    ck_assert_uint_eq(calls[call].done_count, 1);
    ck_assert_int_eq(calls[call].transfer.status, 0);
    ck_assert_int_eq(calls[call].transfer.knowledge, knowledge);
    ck_assert_str_eq(calls[call].transfer.error.token, token);
}

void open_three(void)
{
    unsigned i;

    pool_begin_http1(4);
    get_many(3);
    for (i = 1; i <= 3; i++)
        opens_http1(i);
    for (i = 0; i < 3; i++)
        answer(i);
}
