/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever connections do and whenever, no request is lost, none that must not be is sent twice, the bounds
 * of the pool are kept, and nothing is left at the end. Most of that is checked in fake_connections.c. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "fake_connections.h"
#include "transport/pool.h"
#include "transport/transfer_answer.h"

#define CALLS      24
#define STARTS_MAX 300
#define ROUNDS_MAX 5000 /* until all is over, once every attempt succeeds */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    const uint8_t *data;
    size_t left;
    unsigned starts;
    bool is_over; /* nothing is started any more */
    struct quota quota;
    struct fake_call calls[CALLS];
} input;

static unsigned next(void)
{
    if (input.left == 0)
        return 0;
    input.left--;
    return *input.data++;
}

static struct fake_call *next_call(void)
{
    return &input.calls[next() % CALLS];
}

/* The connection that the input chooses among those that are being opened, or are open; NULL: there is none.
 */
static struct fake_connection *next_connection(bool is_open)
{
    unsigned wanted = next(), count = 0;
    struct fake_connection *connection;

    list_for_each(connection, &fake.connections, link)
        count += connection->stream.is_open == is_open;
    if (count == 0)
        return NULL;
    wanted %= count;
    list_for_each(connection, &fake.connections, link)
        if (connection->stream.is_open == is_open && wanted-- == 0)
            return connection;
    return NULL;
}

static struct fake_call *next_sent_call(void)
{
    unsigned wanted = next(), i;

    for (i = 0; i < CALLS; i++) {
        struct fake_call *call = &input.calls[(wanted + i) % CALLS];

        if (call->transfer.connection && call->transfer.connection->protocol)
            return call;
    }
    return NULL;
}

static void call_ended(struct fake_call *call);

/* Prepares and starts a call as the input says, unless it is under way. */
static void start(struct fake_call *call)
{
    static const int64_t timeouts[] = {0, 300, 5000, 70000};
    static const int results[] = {0, TRANSFER_KEEP, -EAGAIN, -EIO};
    unsigned kind = next(), more = next();

    if (call->is_under_way || input.is_over || input.starts++ >= STARTS_MAX)
        return;
    transfer_free(&call->transfer);
    fake_prepare(call, kind & 1);
    call->transfer.is_upgrade = (kind & 14) == 14;
    call->transfer.timeout_ms = timeouts[kind >> 4 & 3];
    call->transfer.quota = kind & 64 ? &input.quota : NULL;
    call->transfer.reserve = kind & 128 ? 100 : 0;
    if (more & 1)
        fake_call_reads(call, more & 2);
    if (more & 4)
        fake_call_writes(call, results[more >> 3 & 3]);
    call->cancels_in_write = more & 32;
    call->transfer.cut = more & 64;
    call->transfer.response_max = more & 128 ? 1000 : 60000;
    call->ended = call_ended;
    if (fake_start(call) < 0 && !fake.no_memory)
        abort();
}

/* In done(). */
static void call_ended(struct fake_call *call)
{
    switch (next() % 8) {
    case 0:
        start(call);
        break;
    case 1:
        start(next_call());
        break;
    case 2:
    case 3:
        fake_cancel(next_call());
        break;
    case 4:
        transport_reload_certificates(fake.transport);
        break;
    case 5:
        transfer_resume(&next_call()->transfer);
        break;
    default:
        break;
    }
}

static void answer(struct fake_call *call)
{
    static const int statuses[] = {200, 404, 503, 204};
    unsigned how = next();

    if (call->transfer.is_upgrade && how & 1)
        fake_answer(call, 101, 0);
    else if (how & 2)
        fake_begin_answer(call, statuses[how >> 2 & 3]);
    else
        fake_answer(call, statuses[how >> 2 & 3], (how >> 4) * 400);
}

static void do_to_call(unsigned what)
{
    struct fake_call *call = what < 4 ? next_call() : next_sent_call();

    if (!call)
        return;
    if (what == 0)
        start(call);
    else if (what == 1)
        fake_cancel(call);
    else if (what == 2 && call->is_under_way)
        fake_expire(call);
    else if (what == 3)
        transfer_resume(&call->transfer);
    else if (what == 4 || what == 5)
        answer(call);
    else if (what == 6)
        fake_report(call, next() % (TRANSFER_ANSWERED + 1));
    else if (what == 7)
        call->write_result = -(int)(next() & 1) * EAGAIN;
}

static void do_to_connection(unsigned what)
{
    struct fake_connection *connection = next_connection(what > 1);
    bool is_http2 = connection && connection->http->protocol == &http2_protocol;
    unsigned how = next();

    if (!connection)
        return;
    if (what == 0)
        fake_opens(connection, how & 1);
    else if (what == 1)
        fake_fails(connection);
    else if (what == 2)
        fake_closes(connection, is_http2 && how & 1);
    else if (what == 3)
        connection->has_ended = true;
    else if (what == 4)
        connection->in_flush = true;
    else if (what == 5)
        fake_is_last(connection);
    else if (what == 6 && is_http2)
        fake_settings(connection, how % 8);
    else if (what == 7 && is_http2)
        fake_goaway(connection, how % 8);
    else if (what == 8 && is_http2)
        fake_speaks(connection);
}

static void step(void)
{
    unsigned what = next(), run = what & 128;

    what = (what & 127) % 24;
    if (what < 8)
        do_to_call(what);
    else if (what < 17)
        do_to_connection(what - 8);
    else if (what == 17 || what == 18)
        fake_wait(next() * 20);
    else if (what == 19)
        fake_wait(next() * 300);
    else if (what == 20)
        transport_reload_certificates(fake.transport);
    else if (what == 21)
        fake.send = next() % 4;
    else if (what == 22)
        fake.no_memory = next() & 1;
    else
        start(next_call());
    if (run)
        fake_run();
}

/* From now on whatever is tried succeeds; so everything comes to an end. */
static bool finish_some(void)
{
    struct fake_connection *connection;
    bool some = false;
    unsigned i;

    while ((connection = next_connection(false))) {
        fake_opens(connection, true);
        some = true;
    }
    list_for_each(connection, &fake.connections, link)
        if (connection->http->protocol == &http2_protocol && connection->streams == 0)
            fake_settings(connection, 3);
    for (i = 0; i < CALLS; i++) {
        struct fake_call *call = &input.calls[i];

        some |= call->is_under_way;
        call->write_result = 0;
        if (call->transfer.connection && !transfer_is_held(&call->transfer))
            fake_answer(call, 200, 10);
        else if (call->is_under_way)
            transfer_resume(&call->transfer);
    }
    if (timer_is_started(&fake.transport->pause))
        fake_wait(POOL_PAUSE_MAX_MS);
    fake_run();
    return some;
}

static void finish(void)
{
    unsigned rounds = 0, i;

    input.left = 0;
    input.is_over = true;
    fake.no_memory = false;
    fake.send = FAKE_SENDS;
    fake_run();
    while (finish_some())
        if (++rounds > ROUNDS_MAX)
            abort(); /* a request is lost */
    for (i = 0; i < CALLS; i++)
        transfer_free(&input.calls[i].transfer);
    fake_end();
    if (input.quota.used != 0)
        abort();
}

/* The input: a byte for the kind of server and the bounds; then what happens. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned kind = size ? data[0] : 0, i;

    input.data = data + (size > 0);
    input.left = size ? size - 1 : 0;
    input.starts = 0;
    input.is_over = false;
    input.quota = (struct quota){.max = 5000};
    for (i = 0; i < CALLS; i++)
        fake_prepare(&input.calls[i], true);
    fake_begin(kind & 1 ? "https://server" : "http://server", (kind >> 1) % 3, kind >> 4 & 7,
               1 + (kind >> 3 & 1) * 4);
    while (input.left > 0)
        step();
    finish();
    return 0;
}
