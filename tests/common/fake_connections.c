/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_connections.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "transport/connector.h"
#include "transport/pool.h"
#include "transport/transfer_answer.h"

#define RUNS_MAX   10000 /* in a row: more never end */
#define BODY_MAX   65536
#define WINDOW_MAX 65536 /* that the windows of all connections grow by */

struct fake fake;

static void check(bool kept, const char *rule)
{
    if (kept)
        return;
    fprintf(stderr, "broken rule: %s\n", rule);
    abort();
}

static struct fake_connection *fake_of(const struct http_connection *http)
{
    return CONTAINER_OF(http->stream, struct fake_connection, stream);
}

static struct fake_call *call_of(struct transfer *transfer)
{
    return CONTAINER_OF(transfer, struct fake_call, transfer);
}

static int64_t now_ms(void)
{
    return fake.loop.now_ms;
}

/* ---- loop.h, log.h ---- */

void loop_update_time(struct loop *loop)
{
    (void)loop;
}

void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
    timer_start(&loop->timers, timer, loop->now_ms + delay_ms);
}

void loop_timer_stop(struct loop *loop, struct timer *timer)
{
    timer_stop(&loop->timers, timer);
}

/* Reads all arguments, so that one that is freed already is noticed. */
void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    (void)level;
    va_start(args, format);
    vsnprintf(fake.log, sizeof(fake.log), format, args);
    va_end(args);
}

/* ---- connector.h, connection.h ---- */

struct connector {
    char unused;
};

int connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                  struct tb_error *err)
{
    (void)loop, (void)options, (void)err;
    *ret = calloc(1, sizeof(**ret));
    return *ret ? 0 : -ENOMEM;
}

void connector_reload_certificates(struct connector *connector)
{
    (void)connector;
    fake.reloads++;
}

struct connector_bytes connector_bytes(const struct connector *connector)
{
    (void)connector;
    return (struct connector_bytes){0};
}

void connector_free(struct connector *connector)
{
    check(list_is_empty(&fake.connections), "no connection is left when the connector is freed");
    free(connector);
}

/* Nothing has come for POOL_SILENT_MS, as long as its oldest transfer is on it. */
static bool is_silent(const struct http_connection *http)
{
    const struct transfer *oldest = CONTAINER_OF(http->transfers.next, struct transfer, link);

    return http->transfer_count > 0 && now_ms() - http->received_ms >= POOL_SILENT_MS &&
           now_ms() - oldest->sent_ms >= POOL_SILENT_MS;
}

/* Connections that a transfer can be waiting for, and those to be. */
static void check_bounds(const struct http_connection *opening)
{
    const struct transport *transport = fake.transport;
    const struct fake_connection *connection;
    unsigned all = 1, http2 = 0;

    list_for_each(connection, &fake.connections, link) {
        const struct http_connection *http = connection->http;

        all += !http->is_upgrade;
        http2 += http->protocol == &http2_protocol && !http->is_last && http->transfer_count > 0 &&
                 !is_silent(http);
    }
    if (opening->is_upgrade)
        return;
    check(transport->options.max_connections == 0 || all <= (unsigned)transport->options.max_connections,
          "there are at most max_connections");
    check(transport->version == VERSION_1 || http2 < POOL_HTTP2_CONNECTIONS_MAX,
          "there are at most POOL_HTTP2_CONNECTIONS_MAX");
}

int connection_open(struct connector *connector, bool offers_http2, const struct connection_events *events,
                    void *owner, struct connection **ret)
{
    struct fake_connection *connection;

    (void)connector;
    check_bounds(owner);
    if (fake.no_memory) {
        fake.failed_at_once = true;
        return -ENOMEM;
    }
    connection = calloc(1, sizeof(*connection));
    if (!connection)
        abort();
    connection->stream.events = events;
    connection->stream.owner = connection->http = owner;
    check(offers_http2 == connection->http->offers_http2, "HTTP/2 is offered or not");
    check(!connection->http->is_upgrade || !offers_http2, "an upgrade is never offered HTTP/2");
    connection->number = ++fake.opened;
    list_append(&fake.connections, &connection->link);
    *ret = &connection->stream;
    return 0;
}

void connection_close(struct connection *stream)
{
    if (!stream)
        return;
    list_remove(&CONTAINER_OF(stream, struct fake_connection, stream)->link);
    free(stream);
}

bool connection_has_input(struct connection *stream)
{
    return CONTAINER_OF(stream, struct fake_connection, stream)->has_ended;
}

/* ---- http_protocol ---- */

static int fake_protocol_open(struct http_connection *http)
{
    check(!http->is_lost && http->stream, "an open connection is opened");
    if (fake.no_memory) {
        fake.failed_at_once = true;
        return -ENOMEM;
    }
    http->state = malloc(1);
    http_connection_wants_flush(http);
    return 0;
}

static unsigned fake_http1_room(const struct http_connection *http)
{
    return http->transfer_count == 0;
}

static unsigned streams_of(const struct http_connection *http)
{
    unsigned max = transport_max_streams(http->transport), theirs = fake_of(http)->streams;

    return !http->has_spoken ? 1 : theirs < max ? theirs : max;
}

static unsigned fake_http2_room(const struct http_connection *http)
{
    unsigned streams = streams_of(http);

    return http->is_last || http->transfer_count >= streams ? 0 : streams - http->transfer_count;
}

static void check_connection(struct http_connection *http, const struct transfer *transfer)
{
    int64_t idle_ms = now_ms() - http->idle_since_ms;

    check(!http->is_lost && http->stream, "nothing is sent on a lost connection");
    check(http->is_upgrade == transfer->is_upgrade, "an upgrade has a connection of its own");
    check(!http->is_last || http->is_upgrade, "the last connection takes no more transfers");
    if (http->protocol == &http2_protocol) {
        check(http->transfer_count <= streams_of(http), "there are at most as many streams as are allowed");
        check(!is_silent(http), "a silent connection takes no more transfers");
    } else {
        check(http->transfer_count == 1, "there is one transfer at a time on HTTP/1.1");
        check(transfer->may_be_sent_twice || idle_ms < POOL_FRESH_MS,
              "a request of risk is sent on a fresh one");
        check(!fake_of(http)->has_ended || idle_ms < POOL_PEEK_MS, "an ended connection is not used");
    }
}

static void check_send(struct http_connection *http, struct transfer *transfer)
{
    struct fake_call *call = call_of(transfer);

    check_connection(http, transfer);
    check(call->is_under_way, "only what is under way is sent");
    check(transfer->connection == http, "it is on the connection that it is sent on");
    check(!call->may_have_run || transfer->may_be_sent_twice, "nothing is sent twice that must not be");
    check(call->sends == 0 || !transfer->read || !call->cannot_rewind,
          "a body that cannot is not sent again");
    check(!transfer->read || call->rewinds >= call->sends, "a body is sent from its beginning");
    check(call->sends < TRANSFER_SENDS_MAX, "TRANSFER_SENDS_MAX is kept");
    check(transfer->losses <= TRANSFER_LOSSES_MAX, "TRANSFER_LOSSES_MAX is kept");
    check(transfer->knowledge < TRANSFER_ANSWERED, "it is not sent again after an answer");
    call->sends++;
    call->last = fake_of(http)->number;
}

static void report(struct http_connection *http, struct transfer *transfer, enum transfer_knowledge knowledge)
{
    call_of(transfer)->may_have_run |= knowledge >= TRANSFER_MAY_HAVE_RUN;
    http_transfer_failed(http, transfer, knowledge, (struct transfer_error){502, "connection_terminated"},
                         "failed with knowledge %d", knowledge);
}

/* As http1.c and http2.c do it: those that are on it are reported first. */
static void lose(struct http_connection *http, bool bad)
{
    if (http->protocol == &http1_protocol)
        http->is_last = true;
    while (!list_is_empty(&http->transfers))
        report(http, CONTAINER_OF(http->transfers.next, struct transfer, link), TRANSFER_MAY_HAVE_RUN);
    if (!http->is_lost)
        http_connection_lost(http, bad, "the server closed it");
}

static int fake_protocol_send(struct http_connection *http, struct transfer *transfer)
{
    enum fake_send send = fake.send;

    fake.send = FAKE_SENDS;
    if (send == FAKE_NO_MEMORY) {
        fake.failed_at_once = true;
        return -ENOMEM;
    }
    check_send(http, transfer);
    fake.failed_at_once |= send != FAKE_SENDS;
    if (send == FAKE_REFUSES_AT_ONCE)
        report(http, transfer, TRANSFER_REFUSED);
    else if (send == FAKE_IS_LOST_AT_ONCE)
        lose(http, false);
    else
        http_connection_wants_flush(http);
    return 0;
}

static void fake_protocol_resume(struct http_connection *http, struct transfer *transfer)
{
    int r = transfer_offer_held(transfer);

    if (transfer->connection != http)
        return;
    if (r == -ECANCELED)
        http_transfer_failed(http, transfer, TRANSFER_ANSWERED, (struct transfer_error){0}, "%s", "");
    else if (r == -EFBIG)
        http_transfer_answered(http, transfer);
    else
        http_connection_wants_flush(http);
}

static void fake_protocol_cancel(struct http_connection *http, struct transfer *transfer)
{
    check(transfer->connection == http, "what is cancelled is on its connection");
    if (http->protocol == &http1_protocol)
        http->is_last = true;
}

static void fake_protocol_ready(struct http_connection *http)
{
    check(!http->is_lost && http->stream, "a lost connection is not ready");
    if (fake_of(http)->has_ended)
        lose(http, false);
}

static void fake_protocol_flush(struct http_connection *http)
{
    check(http->stream || http->is_lost, "what is flushed is a connection");
    if (!http->is_lost && fake_of(http)->in_flush)
        lose(http, false);
}

static void fake_protocol_tick(struct http_connection *http, int64_t now)
{
    check(now == now_ms() && !http->is_lost, "open connections tick");
    fake_of(http)->ticks++;
}

static void fake_protocol_free(struct http_connection *http)
{
    check(http->is_lost && http->transfer_count == 0 && list_is_empty(&http->flush_link),
          "what is freed is lost and has nothing to do");
    free(http->state);
}

#define FAKE_PROTOCOL(version, room_function)                                                                \
    {                                                                                                        \
        .name = version, .open = fake_protocol_open, .room = room_function, .send = fake_protocol_send,      \
        .resume = fake_protocol_resume, .cancel = fake_protocol_cancel, .ready = fake_protocol_ready,        \
        .flush = fake_protocol_flush, .tick = fake_protocol_tick, .free = fake_protocol_free                 \
    }

const struct http_protocol http1_protocol = FAKE_PROTOCOL("HTTP/1.1", fake_http1_room);
const struct http_protocol http2_protocol = FAKE_PROTOCOL("HTTP/2", fake_http2_room);

/* ---- the server ---- */

struct fake_connection *fake_find(unsigned number)
{
    struct fake_connection *connection;

    list_for_each(connection, &fake.connections, link)
        if (connection->number == number)
            return connection;
    return NULL;
}

unsigned fake_count(void)
{
    const struct fake_connection *connection;
    unsigned count = 0;

    list_for_each(connection, &fake.connections, link)
        count++;
    return count;
}

void fake_opens(struct fake_connection *connection, bool is_http2)
{
    check(!connection->stream.is_open, "a connection is opened once");
    connection->stream.is_open = true;
    connection->stream.is_http2 = is_http2 && fake.transport->is_tls && connection->http->offers_http2;
    connection->stream.events->opened(&connection->stream);
}

void fake_fails(struct fake_connection *connection)
{
    connection->stream.error = (struct transfer_error){502, "connection_refused"};
    snprintf(connection->stream.detail, sizeof(connection->stream.detail), "connection %u refused",
             connection->number);
    connection->stream.events->failed(&connection->stream);
}

void fake_settings(struct fake_connection *connection, unsigned streams)
{
    connection->streams = streams;
    connection->http->has_spoken = true;
    fake_speaks(connection);
}

void fake_speaks(struct fake_connection *connection)
{
    connection->http->received_ms = now_ms();
    http_connection_changed(connection->http);
}

void fake_goaway(struct fake_connection *connection, unsigned accepted)
{
    struct http_connection *http = connection->http;
    struct transfer *transfer;
    unsigned index = 0;

    http->received_ms = now_ms();
    http->is_last = true;
    list_for_each_safe(transfer, &http->transfers, link)
        if (index++ >= accepted)
            report(http, transfer, TRANSFER_REFUSED);
    http_connection_changed(http);
}

void fake_closes(struct fake_connection *connection, bool bad)
{
    lose(connection->http, bad);
}

void fake_is_last(struct fake_connection *connection)
{
    connection->http->is_last = true;
    http_connection_changed(connection->http);
}

/* False: the transfer has left the connection. */
static bool goes_on(struct http_connection *http, struct transfer *transfer, int r)
{
    if (transfer->connection != http)
        return false;
    if (r == -EFBIG)
        http_transfer_answered(http, transfer);
    else if (r < 0)
        http_transfer_failed(http, transfer, TRANSFER_ANSWERED, (struct transfer_error){0}, "%s", "");
    return r == 0;
}

static bool begin_answer(struct http_connection *http, struct transfer *transfer, int status)
{
    http->received_ms = http->answered_ms = now_ms();
    if (transfer->header_complete)
        return true;
    transfer_answer_begins(transfer);
    return goes_on(http, transfer, transfer_header_ended(transfer, status));
}

void fake_begin_answer(struct fake_call *call, int status)
{
    begin_answer(call->transfer.connection, &call->transfer, status);
}

void fake_answer(struct fake_call *call, int status, size_t length)
{
    static const char body[BODY_MAX];
    struct transfer *transfer = &call->transfer;
    struct http_connection *http = transfer->connection;

    if (!begin_answer(http, transfer, status))
        return;
    if (length > 0 && !goes_on(http, transfer, transfer_body_arrived(transfer, body, length)))
        return;
    if (status == 101) {
        transfer->upgraded = TAKE_PTR(http->stream);
        http->is_last = true;
    }
    http_transfer_answered(http, transfer);
}

void fake_report(struct fake_call *call, enum transfer_knowledge knowledge)
{
    struct http_connection *http = call->transfer.connection;

    if (http->protocol == &http1_protocol)
        http->is_last = true;
    report(http, &call->transfer, knowledge);
}

/* ---- calls ---- */

static int fake_read(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    (void)transfer, (void)data, (void)max;
    *ret = 0;
    return 0;
}

static int fake_rewind(struct transfer *transfer)
{
    struct fake_call *call = call_of(transfer);

    call->rewinds++;
    return call->cannot_rewind ? -EIO : 0;
}

static int fake_write(struct transfer *transfer, const void *data, size_t length)
{
    struct fake_call *call = call_of(transfer);

    (void)data;
    check(call->is_under_way, "nothing is written to what is over");
    if (call->cancels_in_write)
        fake_cancel(call);
    return length == 0 && call->write_result > 0 ? 0 : call->write_result;
}

static void fake_done(struct transfer *transfer)
{
    struct fake_call *call = call_of(transfer);

    check(call->is_under_way, "done() is called once, and never after a cancel");
    check(transfer->transport == NULL, "a transfer is no longer under way in done()");
    check(transfer->status > 0 || (transfer->error.token && transfer->detail), "an end has a reason");
    call->is_under_way = false;
    call->done_count++;
    if (transfer->upgraded)
        connection_close(transfer_take_connection(transfer));
    if (call->ended)
        call->ended(call);
}

void fake_prepare(struct fake_call *call, bool may_be_sent_twice)
{
    *call = (struct fake_call){0};
    call->transfer.method = may_be_sent_twice ? "GET" : "POST";
    call->transfer.target = "/";
    call->transfer.response_max = BODY_MAX;
    call->transfer.may_be_sent_twice = may_be_sent_twice;
    call->transfer.read_length = -1;
    call->transfer.rewind = fake_rewind;
    call->transfer.done = fake_done;
}

void fake_call_reads(struct fake_call *call, bool cannot_rewind)
{
    call->transfer.read = fake_read;
    call->cannot_rewind = cannot_rewind;
}

void fake_call_writes(struct fake_call *call, int result)
{
    call->transfer.write = fake_write;
    call->write_result = result;
}

int fake_start(struct fake_call *call)
{
    int r;

    check(!call->is_under_way, "the test starts a call that is not under way");
    call->may_have_run = false;
    call->sends = call->rewinds = call->last = 0;
    r = transfer_start(fake.transport, &call->transfer);
    call->is_under_way = r == 0;
    return r;
}

void fake_cancel(struct fake_call *call)
{
    transfer_cancel(&call->transfer);
    check(call->transfer.transport == NULL, "a cancelled transfer is not under way");
    call->is_under_way = false;
}

void fake_expire(struct fake_call *call)
{
    transfer_expire(&call->transfer);
    check(call->transfer.status == 0 && call->transfer.error.status == 504, "what expires has no answer");
    fake_cancel(call);
}

struct fake_connection *fake_connection_of(const struct fake_call *call)
{
    return call->transfer.connection ? fake_of(call->transfer.connection) : NULL;
}

/* ---- the world ---- */

void fake_begin(const char *url, enum http2_mode http2, long max_connections, long max_streams)
{
    struct transport_options options = {.url = url,
                                        .http2 = http2,
                                        .max_connections = max_connections,
                                        .max_streams = max_streams,
                                        .max_window_growth = WINDOW_MAX};
    struct tb_error err = TB_ERROR_INIT;

    fake = (struct fake){.loop.now_ms = FAKE_START_MS, .loop.epoll_fd = -1};
    list_init(&fake.connections);
    check(transport_new(&fake.loop, &options, &fake.transport, &err) == 0, "a transport is made");
}

static unsigned length_of(const struct list *list)
{
    const struct list *link;
    unsigned length = 0;

    for (link = list->next; link != list; link = link->next)
        length++;
    return length;
}

static void check_lists(void)
{
    const struct transport *transport = fake.transport;
    const struct http_connection *http;

    check(length_of(&transport->waiting) == transport->waiting_count, "waiting_count counts what waits");
    check(length_of(&transport->opening) == transport->opening_count, "opening_count counts what is opening");
    check(length_of(&transport->usable) + length_of(&transport->full) + length_of(&transport->opening) ==
              transport->connection_count,
          "connection_count counts the connections");
    list_for_each(http, &transport->usable, link)
        check(!http->is_lost && !http->is_last && http->protocol->room(http) > 0,
              "usable connections take one");
    list_for_each(http, &transport->full, link)
        check(!http->is_lost && !(http->is_last && http->transfer_count == 0), "the last one is not kept");
}

/* Whether what waits can only wait. */
static void check_progress(void)
{
    const struct transport *transport = fake.transport;
    const struct http_connection *http;
    const struct transfer *first;
    bool busy = transport->opening_count > 0;

    if (list_is_empty(&transport->waiting) || fake.failed_at_once || timer_is_started(&transport->pause))
        return;
    first = CONTAINER_OF(transport->waiting.next, struct transfer, link);
    list_for_each(http, &transport->usable, link) {
        bool stale = now_ms() - http->idle_since_ms >= POOL_FRESH_MS && !first->may_be_sent_twice;

        check(http->protocol == &http2_protocol ? is_silent(http) : stale,
              "nothing waits beside a usable connection");
    }
    list_for_each(http, &transport->full, link)
        busy |= http->transfer_count > 0 || (http->has_spoken && streams_of(http) == 0);
    check(busy, "what waits waits for something");
    if (transport->version == VERSION_1 &&
        transport->connection_count < (unsigned)transport->options.max_connections)
        check(transport->opening_count >= transport->waiting_count, "HTTP/1.1 opens as many as wait");
}

void fake_run(void)
{
    unsigned runs = 0;

    do {
        transport_run(fake.transport);
        check_lists();
        check(++runs < RUNS_MAX, "a run ends");
    } while (transport_is_pending(fake.transport));
    check_progress();
    fake.failed_at_once = false;
}

void fake_wait(int64_t ms)
{
    int64_t until = now_ms() + ms;

    fake_run();
    while (now_ms() < until) {
        int64_t next = timers_next(&fake.loop.timers);

        fake.loop.now_ms = next < until ? next : until;
        timers_run(&fake.loop.timers, now_ms());
        fake_run();
    }
}

void fake_end(void)
{
    check(fake.transport->waiting_count == 0, "waiting_count returns to 0");
    check(fake.transport->window_growth == 0, "window_growth returns to 0");
    transport_free(fake.transport);
    check(list_is_empty(&fake.connections), "all connections are closed");
    check(timers_next(&fake.loop.timers) == INT64_MAX, "no timer is left");
}
