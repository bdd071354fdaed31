/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/pool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "http/proxy_status.h"
#include "transport/transfer_answer.h"
#include "transport/transfer_end.h"

static void assign(struct transport *transport);

/* ---- connections ---- */

static bool uses_http2(const struct transport *transport)
{
    return transport->options.http2 != HTTP2_OFF && transport->loop->now_ms >= transport->http1_until_ms;
}

static bool is_idle(const struct http_connection *connection)
{
    return connection->protocol && connection->transfer_count == 0;
}

/* Puts it where it belongs: to those that take a transfer, in front, or to the others. */
static void place(struct http_connection *connection)
{
    struct transport *transport = connection->transport;
    bool takes = !connection->is_last && connection->protocol->room(connection) > 0;

    list_remove(&connection->link);
    if (takes)
        list_prepend(&transport->usable, &connection->link);
    else
        list_append(&transport->full, &connection->link);
}

void http_connection_lost(struct http_connection *connection, bool bad, const char *reason)
{
    struct transport *transport = connection->transport;

    if (!connection->stream && connection->is_lost)
        return;
    connection->is_lost = true;
    if (reason) /* which may be the stream's detail */
        log_debug("a connection to %s is closed: %s", transport->host, reason);
    connection_close(TAKE_PTR(connection->stream));
    list_remove(&connection->flush_link);
    list_remove(&connection->link);
    list_append(&transport->lost, &connection->link);
    transport->connection_count--;
    if (!bad || connection->protocol != &http2_protocol || ++transport->bad_http2 < POOL_BAD_HTTP2_MAX)
        return;
    transport->bad_http2 = 0;
    transport->http1_until_ms = transport->loop->now_ms + POOL_HTTP1_PERIOD_MS;
    transport->version = VERSION_UNKNOWN;
    log_warning(
        "%s broke HTTP/2 on %d connections in a row, the last time with %s; HTTP/1.1 is used for %d minutes",
        transport->host, POOL_BAD_HTTP2_MAX, reason, POOL_HTTP1_PERIOD_MS / 60000);
}

void http_connection_changed(struct http_connection *connection)
{
    if (connection->is_lost || !connection->protocol)
        return;
    if (connection->is_last && connection->transfer_count == 0)
        http_connection_lost(connection, false, NULL);
    else
        place(connection);
}

void http_connection_wants_flush(struct http_connection *connection)
{
    if (list_is_empty(&connection->flush_link))
        list_append(&connection->transport->flushes, &connection->flush_link);
}

static void enter(struct http_connection *connection, struct transfer *transfer)
{
    list_remove(&transfer->link);
    list_append(&connection->transfers, &transfer->link);
    connection->transfer_count++;
    transfer->connection = connection;
    transfer->sent_ms = connection->transport->loop->now_ms;
    transfer->sends++;
}

static void leave(struct http_connection *connection, struct transfer *transfer)
{
    list_remove(&transfer->link);
    transfer->connection = NULL;
    if (--connection->transfer_count == 0)
        connection->idle_since_ms = connection->transport->loop->now_ms;
    http_connection_changed(connection);
}

/* ---- the ends of transfers ---- */

void http_transfer_answered(struct http_connection *connection, struct transfer *transfer)
{
    struct transport *transport = connection->transport;

    connection->answers++;
    if (connection->protocol == &http2_protocol)
        transport->bad_http2 = 0;
    leave(connection, transfer);
    transfer->knowledge = TRANSFER_ANSWERED;
    transfer->is_complete = true;
    if (transfer_is_held(transfer))
        list_append(&transport->draining, &transfer->link);
    else
        transfer_end(transfer);
}

static void note_knowledge(struct transfer *transfer, enum transfer_knowledge knowledge)
{
    transfer->losses += knowledge == TRANSFER_MAY_HAVE_RUN;
    if (transfer->knowledge < knowledge)
        transfer->knowledge = knowledge;
    if (transfer->header_complete)
        transfer->knowledge = TRANSFER_ANSWERED;
}

/* Whether a request that got no answer on CONNECTION is sent again. */
static bool may_be_sent_again(const struct http_connection *connection, const struct transfer *transfer,
                              enum transfer_knowledge knowledge)
{
    if (transfer->knowledge == TRANSFER_ANSWERED ||
        transfer->is_upgrade) /* which has a connection of its own */
        return false;
    if (knowledge < TRANSFER_MAY_HAVE_RUN)
        return transfer->sends < TRANSFER_SENDS_MAX;
    /* The first request on a connection may be what ended it. */
    return transfer->may_be_sent_twice && transfer->losses <= TRANSFER_LOSSES_MAX &&
           (connection->answers > 0 || transfer->losses == 1);
}

void http_transfer_failed(struct http_connection *connection, struct transfer *transfer,
                          enum transfer_knowledge knowledge, struct transfer_error error, const char *format,
                          ...)
{
    struct transport *transport = connection->transport;
    char reason[TRANSFER_DETAIL_BYTES] = "";
    va_list args;
    bool again;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    leave(connection, transfer);
    note_knowledge(transfer, knowledge);
    again = error.token && may_be_sent_again(connection, transfer, knowledge) && transfer_rewind(transfer);
    log_debug("%s is %s: %s", transfer->method, again ? "sent again" : "not sent again",
              error.token ? reason : transfer->detail);
    if (again) {
        transfer->answer_begun = false;
        pool_add(transport, transfer, true);
    } else {
        transfer_fail(transfer, error, "%s", reason);
    }
}

/* An HTTP/2 connection that is silent although it was asked for a sign of life. */
static bool is_silent(const struct http_connection *connection)
{
    int64_t since_ms = connection->transport->loop->now_ms - POOL_SILENT_MS;
    const struct transfer *oldest = CONTAINER_OF(connection->transfers.next, struct transfer, link);

    /* It had no reason to speak while it was idle. */
    return connection->protocol == &http2_protocol && connection->transfer_count > 0 &&
           connection->received_ms <= since_ms && oldest->sent_ms <= since_ms;
}

/* Whether a connection takes a transfer, now or later. */
static bool has_hope(const struct transport *transport)
{
    const struct http_connection *connection;

    list_for_each(connection, &transport->full, link)
        if (!connection->is_last && !is_silent(connection))
            return true;
    return !list_is_empty(&transport->usable) || transport->opening_count > 0;
}

/* No connection can be made, and none is left: ends all that wait for one, or each of them would try to make
 * one, one after the other. */
static void fail_waiting(struct transport *transport, const struct connection *stream)
{
    bool all = !has_hope(transport);
    struct transfer *transfer;

    list_for_each_safe(transfer, &transport->waiting, link) {
        list_remove(&transfer->link);
        transport->waiting_count--;
        transfer->is_waiting = false;
        transfer_fail(transfer, stream->error, "%s", stream->detail);
        if (!all)
            return;
    }
}

/* ---- opening ---- */

static void pool_stream_ready(struct connection *stream)
{
    struct http_connection *connection = stream->owner;

    connection->protocol->ready(connection);
}

static void pool_stream_opened(struct connection *stream)
{
    struct http_connection *connection = stream->owner;
    struct transport *transport = connection->transport;
    struct transfer *upgrade =
        connection->transfer_count ? CONTAINER_OF(connection->transfers.next, struct transfer, link) : NULL;
    bool is_http2 = stream->is_http2 || (connection->offers_http2 && !transport->is_tls);

    transport->opening_count--;
    connection->protocol = is_http2 ? &http2_protocol : &http1_protocol;
    connection->received_ms = connection->idle_since_ms = transport->loop->now_ms;
    if (!upgrade)
        transport->version = is_http2 ? VERSION_2 : VERSION_1;
    if (connection->protocol->open(connection) < 0 ||
        (upgrade && connection->protocol->send(connection, upgrade) < 0)) {
        if (upgrade)
            http_transfer_failed(connection, upgrade, TRANSFER_NOT_SENT,
                                 (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR}, "out of memory");
        http_connection_lost(connection, false, "out of memory");
        return;
    }
    http_connection_changed(connection);
    assign(transport);
}

static void pool_stream_failed(struct connection *stream)
{
    struct http_connection *connection = stream->owner;
    struct transport *transport = connection->transport;

    transport->opening_count--;
    while (!list_is_empty(&connection->transfers)) { /* an upgrade */
        struct transfer *transfer = CONTAINER_OF(connection->transfers.next, struct transfer, link);

        leave(connection, transfer);
        transfer_fail(transfer, stream->error, "%s", stream->detail);
    }
    if (!connection->is_upgrade)
        fail_waiting(transport, stream);
    http_connection_lost(connection, false, stream->detail);
    assign(transport);
}

static const struct connection_events pool_stream_events = {pool_stream_opened, pool_stream_failed,
                                                            pool_stream_ready};

static int open_connection(struct transport *transport, bool is_upgrade, struct http_connection **ret)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    connection->transport = transport;
    connection->is_upgrade = connection->is_last = is_upgrade;
    connection->offers_http2 = !is_upgrade && uses_http2(transport) &&
                               (transport->is_tls || transport->options.http2 == HTTP2_PRIOR_KNOWLEDGE);
    list_init(&connection->link);
    list_init(&connection->flush_link);
    list_init(&connection->transfers);
    r = connection_open(transport->connector, connection->offers_http2, &pool_stream_events, connection,
                        &connection->stream);
    if (r < 0) {
        free(connection);
        return r;
    }
    list_append(&transport->opening, &connection->link);
    transport->connection_count++;
    transport->opening_count++;
    if (!timer_is_started(&transport->tick))
        loop_timer_start(transport->loop, &transport->tick, POOL_TICK_MS);
    *ret = connection;
    return 0;
}

int pool_open_upgrade(struct transport *transport, struct transfer *transfer)
{
    struct http_connection *connection;
    int r = open_connection(transport, true, &connection);

    if (r == 0)
        enter(connection, transfer);
    return r;
}

/* Whether another HTTP/2 connection would carry more: none is still to say how many streams it allows, none
 * has all the streams that are wanted. */
static bool wants_another_http2(const struct transport *transport)
{
    const struct http_connection *connection;
    unsigned count = 0;

    list_for_each(connection, &transport->full, link) {
        if (connection->is_last || is_silent(connection))
            continue;
        if (!connection->has_spoken || connection->transfer_count >= (unsigned)transport->options.max_streams)
            return false;
        count++;
    }
    return count < POOL_HTTP2_CONNECTIONS_MAX;
}

/* How many connections to open for the transfers that wait. */
static unsigned wanted_connections(const struct transport *transport)
{
    unsigned wanted = transport->waiting_count, max = (unsigned)transport->options.max_connections;
    unsigned left = max > transport->connection_count ? max - transport->connection_count : 0;

    wanted = wanted > transport->opening_count ? wanted - transport->opening_count : 0;
    if (max > 0 && wanted > left)
        wanted = left;
    if (wanted > 0 && transport->version != VERSION_1)
        wanted = transport->opening_count == 0 && wants_another_http2(transport);
    return wanted;
}

/* ---- choosing ---- */

/* Whether CONNECTION can be used for TRANSFER, as far as anybody knows. */
static bool is_usable(struct http_connection *connection, const struct transfer *transfer)
{
    int64_t idle_ms = connection->transport->loop->now_ms - connection->idle_since_ms;

    if (connection->protocol == &http2_protocol)
        return !is_silent(connection);
    if (!transfer->may_be_sent_twice && idle_ms >= POOL_FRESH_MS)
        return false;
    if (idle_ms >= POOL_PEEK_MS && connection_has_input(connection->stream))
        connection->protocol->ready(connection);
    return !connection->is_lost;
}

static struct http_connection *choose(struct transport *transport, const struct transfer *transfer)
{
    struct http_connection *connection;

    list_for_each_safe(connection, &transport->usable, link) {
        if (is_usable(connection, transfer))
            return connection;
        if (!connection->is_lost && connection->protocol == &http2_protocol) { /* until it speaks again */
            list_remove(&connection->link);
            list_append(&transport->full, &connection->link);
        }
    }
    return NULL;
}

static void send_on(struct http_connection *connection, struct transfer *transfer)
{
    transfer->is_waiting = false;
    connection->transport->waiting_count--;
    enter(connection, transfer);
    if (connection->protocol->send(connection, transfer) < 0)
        http_transfer_failed(connection, transfer, TRANSFER_NOT_SENT,
                             (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR}, "out of memory");
    else if (transfer->connection == connection)
        http_connection_changed(connection);
}

/* Transfers wait for a new connection, and there may be no more of them: one that was idle for too long goes.
 */
static void make_room(struct transport *transport)
{
    long max = transport->options.max_connections;
    struct http_connection *connection, *oldest = NULL;

    if (max == 0 || transport->connection_count < (unsigned)max ||
        transport->waiting_count <= transport->opening_count)
        return;
    list_for_each(connection, &transport->usable, link)
        if (is_idle(connection))
            oldest = connection;
    if (oldest)
        http_connection_lost(oldest, false, "it was idle for too long");
}

static void assign(struct transport *transport)
{
    struct http_connection *connection;
    struct transfer *transfer;
    unsigned wanted;

    list_for_each_safe(transfer, &transport->waiting, link) {
        if (list_is_empty(&transport->usable))
            break;
        connection = choose(transport, transfer);
        if (connection)
            send_on(connection, transfer);
    }
    make_room(transport);
    for (wanted = wanted_connections(transport); wanted > 0; wanted--)
        if (open_connection(transport, false, &connection) < 0)
            break;
}

/* ---- for transfer.c and transport.c ---- */

void pool_add(struct transport *transport, struct transfer *transfer, bool first)
{
    transfer->is_waiting = true;
    transport->waiting_count++;
    if (first)
        list_prepend(&transport->waiting, &transfer->link);
    else
        list_append(&transport->waiting, &transfer->link);
}

void pool_remove(struct transfer *transfer)
{
    struct http_connection *connection = transfer->connection;

    if (transfer->is_waiting)
        transfer->transport->waiting_count--;
    transfer->is_waiting = false;
    if (!connection) {
        list_remove(&transfer->link);
    } else {
        if (connection->protocol)
            connection->protocol->cancel(connection, transfer);
        leave(connection, transfer);
        if (!connection->protocol) { /* an upgrade's, which is being opened */
            connection->transport->opening_count--;
            http_connection_lost(connection, false, NULL);
        }
    }
}

/* Closes those idle connections that WANTED chooses. */
static void close_idle(struct transport *transport, const char *reason,
                       bool (*chosen)(const struct http_connection *connection, int64_t since_ms),
                       int64_t since_ms)
{
    struct list *lists[] = {&transport->usable, &transport->full};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        struct http_connection *connection;

        list_for_each_safe(connection, lists[i], link)
            if (is_idle(connection) && chosen(connection, since_ms))
                http_connection_lost(connection, false, reason);
    }
}

static bool is_silent_since(const struct http_connection *connection, int64_t since_ms)
{
    return connection->received_ms <= since_ms;
}

static bool is_idle_since(const struct http_connection *connection, int64_t since_ms)
{
    return connection->idle_since_ms <= since_ms;
}

void pool_distrust(struct transport *transport, int64_t since_ms)
{
    close_idle(transport, "another one to the same server gave no sign of life", is_silent_since, since_ms);
}

void pool_retire(struct transport *transport)
{
    struct list *lists[] = {&transport->usable, &transport->full, &transport->opening};
    size_t i;

    close_idle(transport, "the certificates were read again", is_idle_since, INT64_MAX);
    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        struct http_connection *connection;

        list_for_each(connection, lists[i], link)
            connection->is_last = true;
    }
    list_take_all(&transport->full, &transport->usable); /* they are not idle */
}

static void pool_tick(struct timer *timer)
{
    struct transport *transport = CONTAINER_OF(timer, struct transport, tick);
    struct list *lists[] = {&transport->usable, &transport->full};
    size_t i;

    close_idle(transport, "it was idle", is_idle_since, transport->loop->now_ms - POOL_IDLE_MS);
    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        struct http_connection *connection;

        list_for_each_safe(connection, lists[i], link)
            connection->protocol->tick(connection, transport->loop->now_ms);
    }
    if (transport->connection_count > 0)
        loop_timer_start(transport->loop, timer, POOL_TICK_MS);
}

static void free_lost(struct transport *transport)
{
    while (!list_is_empty(&transport->lost)) {
        struct http_connection *connection = CONTAINER_OF(transport->lost.next, struct http_connection, link);

        list_remove(&connection->link);
        if (connection->protocol)
            connection->protocol->free(connection);
        free(connection);
    }
}

void pool_run(struct transport *transport)
{
    struct list flushes;

    assign(transport);
    list_init(&flushes);
    list_take_all(&flushes, &transport->flushes);
    while (!list_is_empty(&flushes)) {
        struct http_connection *connection = CONTAINER_OF(flushes.next, struct http_connection, flush_link);

        list_remove(&connection->flush_link);
        connection->protocol->flush(connection);
    }
    assign(transport); /* to what has become free, or what has failed, meanwhile */
    free_lost(transport);
}

void pool_init(struct transport *transport)
{
    list_init(&transport->usable);
    list_init(&transport->full);
    list_init(&transport->opening);
    list_init(&transport->lost);
    list_init(&transport->waiting);
    list_init(&transport->draining);
    list_init(&transport->ended);
    list_init(&transport->flushes);
    transport->tick.expired = pool_tick;
    if (!uses_http2(transport) || (transport->options.http2 == HTTP2_AUTO && !transport->is_tls))
        transport->version = VERSION_1;
}

void pool_close(struct transport *transport)
{
    struct list *lists[] = {&transport->usable, &transport->full, &transport->opening};
    size_t i;

    loop_timer_stop(transport->loop, &transport->tick);
    for (i = 0; i < ARRAY_SIZE(lists); i++)
        while (!list_is_empty(lists[i]))
            http_connection_lost(CONTAINER_OF(lists[i]->next, struct http_connection, link), false, NULL);
    free_lost(transport);
}
