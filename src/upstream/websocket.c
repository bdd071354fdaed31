/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/proxy_status.h"

#define RECV_BYTES 4096 /* of the answer to the handshake, read at once */

void websocket_close(struct websocket *websocket)
{
    if (websocket->state == WEBSOCKET_CLOSED)
        return;
    websocket->state = WEBSOCKET_CLOSED;
    loop_timer_stop(websocket->loop, &websocket->timer);
    if (websocket->watch.fd >= 0)
        loop_remove(websocket->loop, &websocket->watch);
    transfer_cancel(&websocket->transfer);
    transfer_free(&websocket->transfer);
    fifo_free(&websocket->out);
    handshake_free(&websocket->handshake);
}

/* Ends the connection and reports that to the owner, with what came of the answer; then the structure
 * may be gone. Returns false: no more of the answer is wanted. */
static bool refuse(struct websocket *websocket)
{
    loop_timer_stop(websocket->loop, &websocket->timer);
    if (websocket->watch.fd >= 0)
        loop_remove(websocket->loop, &websocket->watch);
    websocket->watch.fd = -1;
    transfer_cancel(&websocket->transfer);
    websocket->refused(websocket);
    return false;
}

static bool PRINTF_LIKE(4, 5)
    fail(struct websocket *websocket, int status, const char *token, const char *format, ...)
{
    struct transfer *transfer = &websocket->transfer;
    va_list args;

    transfer->status = 0;
    transfer->error = (struct transfer_error){status, token};
    va_start(args, format);
    vsnprintf(transfer->detail, sizeof(transfer->detail), format, args);
    va_end(args);
    return refuse(websocket);
}

static void websocket_timer_expired(struct timer *timer)
{
    struct websocket *websocket = CONTAINER_OF(timer, struct websocket, timer);

    fail(websocket, 504, "http_response_timeout", "the WebSocket was not open after %lld ms",
         (long long)websocket->timeout_ms);
}

/* Sends what is waiting. 0: all of it; -EAGAIN, -EPIPE. Tried at every event. */
static int flush(struct websocket *websocket)
{
    while (!fifo_is_empty(&websocket->out)) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(websocket->transfer.easy, fifo_data(&websocket->out),
                                       fifo_length(&websocket->out), &sent);

        if (code == CURLE_AGAIN)
            return -EAGAIN;
        if (code != CURLE_OK)
            return -EPIPE;
        fifo_consume(&websocket->out, sent);
    }
    return 0;
}

int websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret)
{
    int r;

    if (!fifo_is_empty(
            &websocket->out)) /* must not move: OpenSSL wants the same bytes at the same place again */
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

static int receive(struct websocket *websocket, void *data, size_t size, size_t *ret)
{
    size_t length = 0;
    CURLcode code = curl_easy_recv(websocket->transfer.easy, data, size, &length);

    if (code == CURLE_AGAIN)
        return -EAGAIN;
    if (code != CURLE_OK)
        return -EPIPE;
    *ret = length;
    return 0;
}

int websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret)
{
    struct fifo *in = &websocket->handshake.in;

    if (fifo_is_empty(in))
        return receive(websocket, data, size, ret);
    *ret = fifo_read(in, data, size);
    return 0;
}

static bool switch_protocols(struct websocket *websocket)
{
    loop_timer_stop(websocket->loop, &websocket->timer);
    websocket->state = WEBSOCKET_OPEN;
    websocket->opened(websocket);
    return false;
}

/* Returns whether more of it is wanted; if not, the structure may be gone. */
static bool answer_came(struct websocket *websocket, const char *data, size_t length)
{
    int r = handshake_read(&websocket->handshake, &websocket->transfer, data, length);

    if (r == 0)
        return true;
    return r == 1 && websocket->transfer.status == 101 ? switch_protocols(websocket) : refuse(websocket);
}

static void read_answer(struct websocket *websocket)
{
    char data[RECV_BYTES];
    size_t length;
    int r;

    do {
        r = receive(websocket, data, sizeof(data), &length);
        if (r == -EPIPE)
            fail(websocket, 502, PROXY_STATUS_CONNECTION_TERMINATED,
                 "the connection was lost before an answer");
    } while (r == 0 && answer_came(websocket, data, length));
}

static void websocket_socket_ready(struct watch *watch, uint32_t events)
{
    struct websocket *websocket = CONTAINER_OF(watch, struct websocket, watch);

    (void)events;
    flush(websocket); /* receiving notices a lost connection */
    if (websocket->state == WEBSOCKET_OPEN)
        websocket->ready(websocket);
    else
        read_answer(websocket);
}

/* Edge-triggered: reports once what changes after -EAGAIN, and at first what is there already. */
static void websocket_connected(struct transfer *transfer)
{
    struct websocket *websocket = CONTAINER_OF(transfer, struct websocket, transfer);

    if (!transfer->connected) {
        refuse(websocket);
        return;
    }
    websocket->state = WEBSOCKET_HANDSHAKE;
    websocket->watch.fd = transfer_take_socket(websocket->transport, transfer);
    if (websocket->watch.fd < 0 ||
        loop_add(websocket->loop, &websocket->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0)
        fail(websocket, 502, PROXY_STATUS_CONNECTION_TERMINATED, "the connection was lost at once");
}

static int write_handshake(struct websocket *websocket)
{
    return handshake_write(&websocket->handshake, transport_host(websocket->transport),
                           transport_prefix(websocket->transport), websocket->target, websocket->headers,
                           fifo_tail(&websocket->out));
}

int websocket_open(struct websocket *websocket, struct loop *loop, struct transport *transport)
{
    struct transfer *transfer = &websocket->transfer;
    int r;

    websocket->loop = loop;
    websocket->transport = transport;
    websocket->state = WEBSOCKET_CONNECTING;
    websocket->watch = (struct watch){.fd = -1, .ready = websocket_socket_ready};
    websocket->timer.expired = websocket_timer_expired;
    websocket->out.max = WEBSOCKET_SEND_BYTES;
    transfer->response = (struct headers)HEADERS_INIT;
    transfer->connect_only = true;
    transfer->response_max = HANDSHAKE_BODY_BYTES;
    transfer->done = websocket_connected;
    r = write_handshake(websocket);
    if (r == 0)
        r = loop_timer_start(loop, &websocket->timer, websocket->timeout_ms);
    if (r == 0)
        r = transfer_start(transport, transfer);
    if (r < 0)
        websocket_close(websocket);
    return r;
}
