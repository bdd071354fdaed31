/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 on a connection (RFC 9112): one request after another. Any byte that comes while none is under
 * way, and anything that could be read in two ways, closes the connection.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/http1_private.h"
#include "transport/http1_request.h"
#include "transport/transfer_answer.h"

/* ---- the end of a request ---- */

static void http1_reset(struct http1 *http1)
{
    response_reader_free(&http1->reader);
    http1->transfer = NULL;
    free(TAKE_PTR(http1->block));
    buf_clear(&http1->head);
}

void http1_fail(struct http_connection *connection, enum transfer_knowledge knowledge, const char *token,
                const char *format, ...)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    char reason[TRANSFER_DETAIL_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    http1_reset(http1);
    connection->is_last = true;
    http_transfer_failed(connection, transfer, knowledge, (struct transfer_error){502, token}, "%s", reason);
}

/* Whoever takes the connection begins by receiving; until then, there is nobody to tell. */
static void upgraded_ready(struct connection *connection)
{
    (void)connection;
}

static void hand_over(struct http_connection *connection, struct transfer *transfer)
{
    static const struct connection_events events = {.ready = upgraded_ready};

    transfer->upgraded = TAKE_PTR(connection->stream);
    transfer->upgraded->events = &events;
    transfer->upgraded->owner = NULL;
}

/* The whole answer has come, and LEFT bytes after it that nobody asked for. */
void http1_answered(struct http_connection *connection, const char *rest, size_t left)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;

    if (transfer->status == 101 && connection_unread(connection->stream, rest, left) < 0)
        return http1_fail(connection, TRANSFER_ANSWERED, PROXY_STATUS_INTERNAL_ERROR, "out of memory");
    if (transfer->status == 101)
        hand_over(connection, transfer);
    if (left > 0 || !http1->reader.keeps_alive || !http1->is_sent || !connection->stream)
        connection->is_last = true;
    http1_reset(http1);
    http_transfer_answered(connection, transfer);
}

/* The connection ended, or is of no more use: what is under way is judged. */
void http1_lose(struct http_connection *connection, const char *reason)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;

    if (!transfer)
        http_connection_lost(connection, false, reason);
    else if (transfer->is_answered)
        http1_answered(connection, "", 0);
    else if (!http1->has_sent)
        http1_fail(connection, TRANSFER_NOT_SENT, PROXY_STATUS_CONNECTION_TERMINATED, "%s", reason);
    else if (transfer->header_complete)
        http1_fail(connection, TRANSFER_ANSWERED, "http_response_incomplete", "the answer ended early: %s",
                   reason);
    else if (response_reader_has_begun(&http1->reader))
        http1_fail(connection, TRANSFER_MAY_HAVE_RUN, "http_response_incomplete",
                   "the answer's header ended early: %s", reason);
    else
        http1_fail(connection, TRANSFER_MAY_HAVE_RUN, PROXY_STATUS_CONNECTION_TERMINATED, "%s", reason);
}

/* The rest of the answer is not wanted, because of ERROR. */
void http1_not_wanted(struct http_connection *connection, int error)
{
    if (error != -EFBIG)
        return http1_fail(connection, TRANSFER_ANSWERED, NULL, "%s", "");
    connection->is_last = true;
    http1_answered(connection, "", 0);
}

/* ---- the row of functions ---- */

static void http1_ready(struct http_connection *connection)
{
    http1_go_on_sending(connection);
    http1_receive(connection);
}

static void http1_resume(struct http_connection *connection, struct transfer *transfer)
{
    struct http1 *http1 = connection->state;
    int r = transfer_offer_held(transfer);

    if (http1->transfer != transfer)
        return;
    if (r < 0)
        http1_not_wanted(connection, r);
    else
        http_connection_wants_flush(connection);
}

static void http1_flush(struct http_connection *connection)
{
    if (!connection->is_lost)
        http1_ready(connection);
}

static void http1_cancel(struct http_connection *connection, struct transfer *transfer)
{
    (void)transfer;
    http1_reset(connection->state);
    connection->is_last = true;
}

static void http1_tick(struct http_connection *connection, int64_t now_ms)
{
    struct http1 *http1 = connection->state;

    if (!http1->transfer || !http1->expect_until || now_ms < http1->expect_until)
        return;
    http1->expect_until = 0;
    http1_go_on_sending(connection);
}

static int http1_open(struct http_connection *connection)
{
    struct http1 *http1 = calloc(1, sizeof(*http1));

    if (!http1)
        return -ENOMEM;
    http1->head.max = HTTP1_HEAD_BYTES;
    connection->state = http1;
    return 0;
}

static unsigned http1_room(const struct http_connection *connection)
{
    return connection->transfer_count == 0;
}

static void http1_free(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    if (!http1)
        return;
    http1_reset(http1);
    buf_free_secret(&http1->head);
    free(http1);
}

const struct http_protocol http1_protocol = {
    .name = "HTTP/1.1",
    .open = http1_open,
    .room = http1_room,
    .send = http1_send,
    .resume = http1_resume,
    .cancel = http1_cancel,
    .ready = http1_ready,
    .flush = http1_flush,
    .tick = http1_tick,
    .free = http1_free,
};
