/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a pool: in which list they are, and how they end. */
#include "base/log.h"
#include "transport/pool_private.h"

bool pool_is_idle(const struct http_connection *connection)
{
    return connection->protocol && connection->transfer_count == 0;
}

/* An HTTP/2 connection that is silent although it was asked for a sign of life. */
bool pool_is_silent(const struct http_connection *connection)
{
    int64_t since_ms = connection->transport->loop->now_ms - POOL_SILENT_MS;
    const struct transfer *oldest = CONTAINER_OF(connection->transfers.next, struct transfer, link);

    /* It had no reason to speak while it was idle. */
    return connection->protocol == &http2_protocol && connection->transfer_count > 0 &&
           connection->received_ms <= since_ms && oldest->sent_ms <= since_ms;
}

/* Puts it where it belongs: to those that take a transfer, in front, or to the others. */
void pool_place(struct http_connection *connection)
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
    if (connection->protocol != &http2_protocol && !connection->is_upgrade && connection->answers == 0)
        transport->http1_until_ms = 0; /* HTTP/1.1 is no better */
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
        pool_place(connection);
}

void http_connection_wants_flush(struct http_connection *connection)
{
    if (list_is_empty(&connection->flush_link))
        list_append(&connection->transport->flushes, &connection->flush_link);
}

void pool_enter(struct http_connection *connection, struct transfer *transfer)
{
    list_remove(&transfer->link);
    list_append(&connection->transfers, &transfer->link);
    connection->transfer_count++;
    transfer->connection = connection;
    transfer->sent_ms = connection->transport->loop->now_ms;
    transfer->sends++;
}

void pool_leave(struct http_connection *connection, struct transfer *transfer)
{
    list_remove(&transfer->link);
    transfer->connection = NULL;
    if (--connection->transfer_count == 0)
        connection->idle_since_ms = connection->transport->loop->now_ms;
    http_connection_changed(connection);
}
