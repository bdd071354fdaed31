/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include <errno.h>
#include <strings.h>

#include "transport/pool_private.h"

int transport_new(struct loop *loop, const struct transport_options *options, struct transport **ret,
                  struct tb_error *err)
{
    struct transport *transport = calloc(1, sizeof(*transport));
    int r;

    if (!transport)
        return tb_error_set(err, -ENOMEM, "out of memory");
    transport->loop = loop;
    transport->options = *options;
    transport->is_tls = strncasecmp(options->url, "https:", 6) == 0;
    pool_init(transport);
    r = transport_url_prefix(options->url, &transport->prefix, err);
    if (r == 0 && transport_url_host(options->url, &transport->host) < 0)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    if (r == 0)
        r = connector_new(loop, options, &transport->connector, err);
    if (r < 0) {
        transport_free(transport);
        return r;
    }
    *ret = transport;
    return 0;
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    pool_close(transport);
    connector_free(transport->connector);
    free(transport->prefix);
    free(transport->host);
    free(transport);
}

void transport_reload_certificates(struct transport *transport)
{
    connector_reload_certificates(transport->connector);
    if (transport->is_tls)
        pool_retire(transport);
}

void transport_run(struct transport *transport)
{
    struct list ended;

    if (!list_is_empty(&transport->ended)) /* the budget counts the refill of what they cost from now_ms */
        loop_update_time(transport->loop);
    list_init(&ended);
    list_take_all(&ended, &transport->ended);
    while (!list_is_empty(&ended)) {
        struct transfer *transfer = CONTAINER_OF(ended.next, struct transfer, link);

        list_remove(&transfer->link);
        transfer->transport = NULL;
        transfer->done(transfer);
    }
    pool_run(transport);
}

bool transport_is_pending(const struct transport *transport)
{
    return !list_is_empty(&transport->ended) || !list_is_empty(&transport->flushes) ||
           !list_is_empty(&transport->lost);
}

unsigned transport_capacity(const struct transport *transport)
{
    const struct transport_options *options = &transport->options;

    if (transport->version == VERSION_2 || options->max_streams < options->max_connections)
        return (unsigned)options->max_streams;
    return (unsigned)options->max_connections;
}

bool transport_may_share(const struct transport *transport)
{
    const struct http_connection *first = CONTAINER_OF(transport->usable.next, struct http_connection, link);

    if (transport->version != VERSION_2 || transport->connection_count == 0)
        return transport->version != VERSION_1;
    return !list_is_empty(&transport->usable) && transport->loop->now_ms - first->received_ms < POOL_FRESH_MS;
}

void transport_learn_from(struct transport *transport, const struct transport *other)
{
    if (transport->version == VERSION_UNKNOWN)
        transport->version = other->version;
}

struct transport_state transport_state(const struct transport *transport)
{
    const struct list *lists[] = {&transport->usable, &transport->full, &transport->opening};
    struct transport_state state = {
        .opening = transport->opening_count,
        .waiting = transport->waiting_count,
        .opened = transport->opened_count,
        .bytes = connector_bytes(transport->connector),
    };
    const struct http_connection *connection;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(lists); i++)
        list_for_each(connection, lists[i], link) {
            state.transfers += connection->transfer_count;
            state.idle += pool_is_idle(connection);
            state.busy += connection->protocol && connection->transfer_count > 0;
        }
    return state;
}

/* ---- for http1.c and http2.c ---- */

const char *transport_scheme(const struct transport *transport)
{
    return transport->is_tls ? "https" : "http";
}

const char *transport_host(const struct transport *transport)
{
    return transport->host;
}

const char *transport_prefix(const struct transport *transport)
{
    return transport->prefix;
}

struct loop *transport_loop(const struct transport *transport)
{
    return transport->loop;
}

unsigned transport_max_streams(const struct transport *transport)
{
    return (unsigned)transport->options.max_streams;
}

bool transport_grow_window(struct transport *transport, size_t bytes)
{
    if (bytes > transport->options.max_window_growth - transport->window_growth)
        return false;
    transport->window_growth += bytes;
    return true;
}

void transport_shrink_window(struct transport *transport, size_t bytes)
{
    transport->window_growth -= bytes;
}
