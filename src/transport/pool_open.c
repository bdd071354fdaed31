/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the connections of a pool. */
#include <errno.h>

#include "base/log.h"
#include "http/proxy_status.h"
#include "transport/pool_private.h"
#include "transport/transfer_end.h"

bool pool_uses_http2(const struct transport *transport)
{
    return transport->options.http2 != HTTP2_OFF && transport->loop->now_ms >= transport->http1_until_ms;
}

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
    log_debug("a connection to %s is open, with HTTP/%s", transport->host, is_http2 ? "2" : "1.1");
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
}

static void pool_stream_failed(struct connection *stream)
{
    struct http_connection *connection = stream->owner;
    struct transport *transport = connection->transport;

    transport->opening_count--;
    while (!list_is_empty(&connection->transfers)) { /* an upgrade */
        struct transfer *transfer = CONTAINER_OF(connection->transfers.next, struct transfer, link);

        pool_leave(connection, transfer);
        transfer_explain(transfer, "%s", stream->detail);
        transfer_fail(transfer, stream->error);
    }
    if (!connection->is_upgrade)
        pool_fail_waiting(transport, stream);
    http_connection_lost(connection, false, stream->detail);
}

static const struct connection_events pool_stream_events = {pool_stream_opened, pool_stream_failed,
                                                            pool_stream_ready};

int pool_open_connection(struct transport *transport, bool is_upgrade, struct http_connection **ret)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    connection->transport = transport;
    connection->is_upgrade = connection->is_last = is_upgrade;
    connection->offers_http2 = !is_upgrade && pool_uses_http2(transport) &&
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
    transport->opened_count++;
    transport->opening_count++;
    if (!timer_is_started(&transport->tick))
        loop_timer_start(transport->loop, &transport->tick, POOL_TICK_MS);
    *ret = connection;
    return 0;
}

int pool_open_upgrade(struct transport *transport, struct transfer *transfer)
{
    struct http_connection *connection;
    int r = pool_open_connection(transport, true, &connection);

    if (r == 0)
        pool_enter(connection, transfer);
    return r;
}
