/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket.h"

#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"

void websocket_close(struct websocket *websocket)
{
    if (websocket->state == WEBSOCKET_CLOSED)
        return;
    websocket->state = WEBSOCKET_CLOSED;
    connection_close(TAKE_PTR(websocket->connection));
    transfer_cancel(&websocket->transfer);
    transfer_free(&websocket->transfer);
    fifo_free(&websocket->out);
    handshake_free(&websocket->handshake);
    free_secret(TAKE_PTR(websocket->own_target));
}

/* Sends what is waiting. 0: all of it; -EAGAIN, -EPIPE. Tried at every event. */
static int flush(struct websocket *websocket)
{
    while (!fifo_is_empty(&websocket->out)) {
        struct iovec part = {(char *)(uintptr_t)fifo_data(&websocket->out), fifo_length(&websocket->out)};
        size_t sent = 0;
        int r = connection_send(websocket->connection, &part, 1, &sent);

        if (r < 0)
            return r;
        fifo_consume(&websocket->out, sent);
    }
    return 0;
}

int websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret)
{
    int r;

    if (!fifo_is_empty(&websocket->out))
        return -EAGAIN;
    if (length > WEBSOCKET_SEND_BYTES)
        length = WEBSOCKET_SEND_BYTES;
    r = fifo_append(&websocket->out, data, length);
    if (r == 0)
        r = flush(websocket);
    if (r < 0 && r != -EAGAIN)
        return r;
    *ret = length;
    return 0;
}

size_t websocket_unsent(const struct websocket *websocket)
{
    return fifo_length(&websocket->out);
}

int websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret)
{
    int r = connection_recv(websocket->connection, data, size, ret);

    return r < 0 && r != -EAGAIN ? -EPIPE : r;
}

static void websocket_connection_ready(struct connection *connection)
{
    struct websocket *websocket = connection->owner;

    flush(websocket); /* receiving notices a lost connection */
    websocket->ready(websocket);
}

static const struct connection_events websocket_events = {.ready = websocket_connection_ready};

static void switch_protocols(struct websocket *websocket)
{
    websocket->connection = transfer_take_connection(&websocket->transfer);
    websocket->connection->events = &websocket_events;
    websocket->connection->owner = websocket;
    websocket->state = WEBSOCKET_OPEN;
    websocket->opened(websocket);
}

static void websocket_answered(struct transfer *transfer)
{
    struct websocket *websocket = CONTAINER_OF(transfer, struct websocket, transfer);
    const char *fault =
        transfer->status == 101 ? handshake_fault(&websocket->handshake, &transfer->response) : NULL;

    if (transfer->status == 101 && !fault) {
        switch_protocols(websocket);
        return;
    }
    if (fault) {
        connection_close(transfer_take_connection(transfer));
        transfer->status = 0;
        transfer->error = (struct transfer_error){502, PROXY_STATUS_UPGRADE_FAILED};
        transfer_explain(transfer, "invalid 101 from the server: %s", fault);
    }
    websocket->refused(websocket);
}

int websocket_open(struct websocket *websocket, struct transport *transport)
{
    struct transfer *transfer = &websocket->transfer;
    int r = handshake_begin(&websocket->handshake, websocket->headers);

    websocket->state = WEBSOCKET_CONNECTING;
    websocket->transport = transport;
    websocket->own_target = strdup(websocket->target);
    websocket->out.max = WEBSOCKET_SEND_BYTES;
    *transfer = (struct transfer){
        .method = "GET",
        .target = websocket->own_target,
        .headers = websocket->handshake.list,
        .timeout_ms = websocket->timeout_ms,
        .response_max = WEBSOCKET_REFUSAL_BYTES,
        .is_upgrade = true,
        .done = websocket_answered,
        .response = HEADERS_INIT,
    };
    if (r == 0)
        r = websocket->own_target ? transfer_start(transport, transfer) : -ENOMEM;
    if (r < 0)
        websocket_close(websocket);
    return r;
}
