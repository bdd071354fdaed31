/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_pool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "transport/transfer_answer.h"

#define BYTES_MAX   (1 << 28)
#define FLUSHES_MAX 10000 /* in a row: more never end */

static void check(bool kept, const char *rule)
{
    if (kept)
        return;
    fprintf(stderr, "broken rule: %s\n", rule);
    abort();
}

static struct transport *transport_of(const struct http_connection *connection)
{
    return connection->transport;
}

static struct fake_call *call_of(struct transfer *transfer)
{
    return CONTAINER_OF(transfer, struct fake_call, transfer);
}

/* ---- connection.h ---- */

int connection_send(struct connection *connection, const struct iovec *parts, int count, size_t *ret)
{
    struct transport *transport = connection->owner;
    size_t i, sent = 0, offered = 0;

    check(transport->connection.stream == connection, "a closed connection is not used");
    if (transport->send_error)
        return transport->send_error;
    for (i = 0; i < (size_t)count; i++) {
        size_t left = transport->send_room - sent;
        size_t length = parts[i].iov_len < left ? parts[i].iov_len : left;

        offered += parts[i].iov_len;
        check(fifo_append(&transport->sent, parts[i].iov_base, length) == 0, "the sent bytes are bounded");
        sent += length;
    }
    if (offered > transport->offered)
        transport->offered = offered;
    transport->send_room -= sent;
    if (sent == 0)
        return -EAGAIN;
    *ret = sent;
    return 0;
}

int connection_recv(struct connection *connection, void *data, size_t size, size_t *ret)
{
    struct transport *transport = connection->owner;

    check(transport->connection.stream == connection, "a closed connection is not used");
    if (!fifo_is_empty(&transport->received)) {
        *ret = fifo_read(&transport->received, data, size);
        return 0;
    }
    if (!transport->recv_ends)
        return -EAGAIN;
    *ret = 0;
    if (transport->recv_error < 0)
        snprintf(connection->detail, sizeof(connection->detail), "%s", strerror(-transport->recv_error));
    return transport->recv_error;
}

uint64_t connection_acknowledged(const struct connection *connection)
{
    const struct transport *transport = connection->owner;

    return transport->acknowledged;
}

/* ---- http_connection.h ---- */

void http_connection_lost(struct http_connection *connection, bool bad, const char *reason)
{
    struct transport *transport = transport_of(connection);

    check(connection->transfer_count == 0, "a connection is lost after its transfers were reported");
    if (connection->is_lost)
        return;
    connection->is_lost = true;
    connection->stream = NULL;
    transport->wants_flush = false;
    transport->was_bad = bad;
    snprintf(transport->reason, sizeof(transport->reason), "%s", reason ? reason : "");
}

void http_connection_changed(struct http_connection *connection)
{
    transport_of(connection)->changes++;
    if (!connection->is_lost && connection->is_last && connection->transfer_count == 0)
        http_connection_lost(connection, false, NULL);
}

void http_connection_wants_flush(struct http_connection *connection)
{
    check(!connection->is_lost, "a lost connection is not flushed");
    transport_of(connection)->wants_flush = true;
}

static void leave(struct http_connection *connection, struct transfer *transfer)
{
    list_remove(&transfer->link);
    transfer->connection = NULL;
    connection->transfer_count--;
    http_connection_changed(connection);
}

void http_transfer_answered(struct http_connection *connection, struct transfer *transfer)
{
    struct fake_call *call = call_of(transfer);

    check(call->outcome == FAKE_UNDER_WAY, "a transfer is reported once");
    check(transfer->header_complete, "an answer has a header");
    call->outcome = FAKE_ANSWERED;
    leave(connection, transfer);
}

void http_transfer_failed(struct http_connection *connection, struct transfer *transfer,
                          enum transfer_knowledge knowledge, struct transfer_error error, const char *format,
                          ...)
{
    struct fake_call *call = call_of(transfer);
    va_list args;

    check(call->outcome == FAKE_UNDER_WAY, "a transfer is reported once");
    call->outcome = FAKE_FAILED;
    call->knowledge = transfer->header_complete ? TRANSFER_ANSWERED : knowledge;
    snprintf(call->token, sizeof(call->token), "%s", error.token ? error.token : transfer->error.token);
    va_start(args, format);
    vsnprintf(call->detail, sizeof(call->detail), format, args);
    va_end(args);
    if (!error.token)
        snprintf(call->detail, sizeof(call->detail), "%s", transfer->detail);
    leave(connection, transfer);
}

const char *transport_scheme(const struct transport *transport)
{
    (void)transport;
    return "https";
}

const char *transport_host(const struct transport *transport)
{
    (void)transport;
    return "example.com:8443";
}

const char *transport_prefix(const struct transport *transport)
{
    return transport->prefix;
}

struct loop *transport_loop(const struct transport *transport)
{
    return (struct loop *)(uintptr_t)&transport->loop;
}

unsigned transport_max_streams(const struct transport *transport)
{
    return transport->max_streams;
}

bool transport_grow_window(struct transport *transport, size_t bytes)
{
    if (transport->growth_left < bytes)
        return false;
    transport->growth_left -= bytes;
    transport->grown += bytes;
    return true;
}

void transport_shrink_window(struct transport *transport, size_t bytes)
{
    check(bytes <= transport->grown, "a window gives back what it took");
    transport->grown -= bytes;
    transport->growth_left += bytes;
}

/* ---- calls ---- */

static int fake_write(struct transfer *transfer, const void *data, size_t length)
{
    struct fake_call *call = call_of(transfer);

    check(call->outcome == FAKE_UNDER_WAY, "only a transfer that is under way gets bytes");
    if (call->cancels) {
        fake_call_cancel(call);
        return 0;
    }
    if (call->is_late && length > 0)
        return -EAGAIN;
    if (call->write_result < 0)
        return call->write_result;
    check(buf_append(&call->taken, data, length) == 0, "a body is bounded");
    return 0;
}

static int fake_read(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    struct fake_call *call = call_of(transfer);
    size_t i, left = call->source_ready - call->source_taken;
    unsigned char *bytes = data;

    check(call->outcome == FAKE_UNDER_WAY, "only a transfer that is under way is read");
    check(!transfer_is_refused_early(transfer), "the body of a refused request is not read");
    if (call->cancels) {
        fake_call_cancel(call);
        return 0;
    }
    if (left == 0 && call->source_taken < call->source_length)
        return call->read_error ? call->read_error : -EAGAIN;
    if (left > max)
        left = max;
    for (i = 0; i < left; i++)
        bytes[i] = (unsigned char)(call->source_taken + i);
    call->source_taken += left;
    *ret = left;
    return 0;
}

void fake_call_prepare(struct fake_call *call, const char *method, bool writes)
{
    memset(call, 0, sizeof(*call));
    call->transfer.method = method;
    call->transfer.target = "/api/x?y=z";
    call->transfer.response_max = BYTES_MAX;
    call->transfer.write = writes ? fake_write : NULL;
    call->transfer.response = (struct headers)HEADERS_INIT;
    call->taken.max = BYTES_MAX;
    list_init(&call->transfer.link);
}

void fake_call_read(struct fake_call *call, size_t length, bool announces)
{
    call->transfer.read = fake_read;
    call->transfer.read_length = announces ? (int64_t)length : -1;
    call->source_length = length;
}

void fake_call_free(struct fake_call *call)
{
    check(call->outcome != FAKE_UNDER_WAY, "a transfer is reported");
    transfer_drop_held(&call->transfer);
    buf_free(&call->transfer.response_body);
    headers_free(&call->transfer.response);
    free(call->transfer.detail);
    buf_free(&call->taken);
}

bool fake_call_start(struct transport *transport, struct fake_call *call)
{
    struct http_connection *connection = &transport->connection;
    struct transfer *transfer = &call->transfer;

    if (connection->is_lost || connection->is_last || connection->protocol->room(connection) == 0)
        return false;
    transfer->response_body.max = transfer->response_max;
    transfer->held.max = BYTES_MAX;
    transfer->transport = transport;
    transfer->connection = connection;
    list_append(&connection->transfers, &transfer->link);
    connection->transfer_count++;
    call->outcome = FAKE_UNDER_WAY;
    check(connection->protocol->send(connection, transfer) == 0, "there is memory");
    return true;
}

void fake_call_cancel(struct fake_call *call)
{
    struct http_connection *connection = call->transfer.connection;

    if (call->outcome != FAKE_UNDER_WAY)
        return;
    connection->protocol->cancel(connection, &call->transfer);
    call->outcome = FAKE_CANCELLED;
    leave(connection, &call->transfer);
    call->transfer.transport = NULL;
    transfer_drop_held(&call->transfer);
}

void fake_call_resume(struct fake_call *call)
{
    struct http_connection *connection = call->transfer.connection;

    if (call->outcome == FAKE_UNDER_WAY)
        connection->protocol->resume(connection, &call->transfer);
}

/* ---- the connection ---- */

void fake_pool_open(struct transport *transport, const struct http_protocol *protocol)
{
    struct http_connection *connection = &transport->connection;

    memset(transport, 0, sizeof(*transport));
    transport->loop.now_ms = FAKE_START_MS;
    transport->max_streams = 100;
    transport->prefix = "";
    transport->send_room = SIZE_MAX;
    transport->received.max = transport->sent.max = BYTES_MAX;
    transport->stream.owner = transport;
    connection->transport = transport;
    connection->protocol = protocol;
    connection->stream = &transport->stream;
    connection->received_ms = transport->loop.now_ms;
    list_init(&connection->link);
    list_init(&connection->flush_link);
    list_init(&connection->transfers);
    check(protocol->open(connection) == 0, "there is memory");
}

void fake_pool_close(struct transport *transport)
{
    struct http_connection *connection = &transport->connection;

    while (!list_is_empty(&connection->transfers))
        fake_call_cancel(call_of(CONTAINER_OF(connection->transfers.next, struct transfer, link)));
    connection->protocol->free(connection);
    check(transport->grown == 0, "all windows give back what they took");
    fifo_free(&transport->received);
    fifo_free(&transport->sent);
}

static void be_ready(struct transport *transport)
{
    if (!transport->connection.is_lost)
        transport->connection.protocol->ready(&transport->connection);
    fake_pool_run(transport);
}

void fake_pool_receive(struct transport *transport, const void *bytes, size_t length)
{
    if (transport->connection.is_lost)
        return;
    check(fifo_append(&transport->received, bytes, length) == 0, "the received bytes are bounded");
    be_ready(transport);
}

void fake_pool_end(struct transport *transport, int error)
{
    transport->recv_ends = true;
    transport->recv_error = error;
    be_ready(transport);
}

void fake_pool_run(struct transport *transport)
{
    unsigned flushes = 0;

    while (transport->wants_flush) {
        transport->wants_flush = false;
        check(++flushes < FLUSHES_MAX, "a connection with nothing to do is not flushed again and again");
        transport->connection.protocol->flush(&transport->connection);
    }
}

void fake_pool_wait(struct transport *transport, int64_t ms)
{
    for (; ms > 0; ms -= 1000) {
        transport->loop.now_ms += ms < 1000 ? ms : 1000;
        if (!transport->connection.is_lost)
            transport->connection.protocol->tick(&transport->connection, transport->loop.now_ms);
        fake_pool_run(transport);
    }
}
