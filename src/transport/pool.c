/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy_status.h"
#include "transport/pool_private.h"

/* ---- which connection a transfer takes ---- */

/* Whether another HTTP/2 connection would carry more: none is still to say how many streams it allows, none
 * has all the streams that are wanted. */
static bool wants_another_http2(const struct transport *transport)
{
    const struct http_connection *connection;
    unsigned count = 0;

    list_for_each(connection, &transport->usable, link)
        if (connection->protocol == &http2_protocol && !pool_is_silent(connection))
            return false;
    list_for_each(connection, &transport->full, link) {
        if (connection->is_last || pool_is_silent(connection))
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

/* Whether CONNECTION can be used for TRANSFER, as far as anybody knows. */
static bool is_usable(struct http_connection *connection, const struct transfer *transfer)
{
    int64_t idle_ms = connection->transport->loop->now_ms - connection->idle_since_ms;

    if (connection->protocol == &http2_protocol)
        return !pool_is_silent(connection);
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
    pool_enter(connection, transfer);
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
        if (pool_is_idle(connection))
            oldest = connection;
    if (oldest)
        http_connection_lost(oldest, false, "it was idle for too long");
}

/* The loop's turn goes on with transport_run(). */
static void pool_pause_ended(struct timer *timer)
{
    (void)timer;
}

static void assign(struct transport *transport)
{
    struct http_connection *connection;
    struct transfer *transfer;
    unsigned wanted;

    if (timer_is_started(&transport->pause))
        return;
    list_for_each_safe(transfer, &transport->waiting, link) {
        if (list_is_empty(&transport->usable))
            break;
        connection = choose(transport, transfer);
        if (connection)
            send_on(connection, transfer);
    }
    make_room(transport);
    for (wanted = wanted_connections(transport); wanted > 0; wanted--)
        if (pool_open_connection(transport, false, &connection) < 0)
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
        pool_leave(connection, transfer);
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
            if (pool_is_idle(connection) && chosen(connection, since_ms))
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
    int64_t idle_ms = transport->options.idle_ms ? transport->options.idle_ms : POOL_IDLE_MS;
    size_t i;

    close_idle(transport, "it was idle", is_idle_since, transport->loop->now_ms - idle_ms);
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
    transport->pause.expired = pool_pause_ended;
    if (!pool_uses_http2(transport) || (transport->options.http2 == HTTP2_AUTO && !transport->is_tls))
        transport->version = VERSION_1;
}

void pool_close(struct transport *transport)
{
    struct list *lists[] = {&transport->usable, &transport->full, &transport->opening};
    size_t i;

    loop_timer_stop(transport->loop, &transport->tick);
    loop_timer_stop(transport->loop, &transport->pause);
    for (i = 0; i < ARRAY_SIZE(lists); i++)
        while (!list_is_empty(lists[i]))
            http_connection_lost(CONTAINER_OF(lists[i]->next, struct http_connection, link), false, NULL);
    free_lost(transport);
}
