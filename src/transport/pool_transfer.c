/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a transfer: it ends, or is sent again. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "http/target.h"
#include "transport/pool_private.h"
#include "transport/transfer_answer.h"
#include "transport/transfer_end.h"

void http_transfer_answered(struct http_connection *connection, struct transfer *transfer)
{
    struct transport *transport = connection->transport;

    connection->answers++;
    transport->pause_count = 0;
    if (connection->protocol == &http2_protocol)
        transport->bad_http2 = 0;
    pool_leave(connection, transfer);
    transfer->knowledge = TRANSFER_ANSWERED;
    transfer->is_complete = true;
    if (transfer_is_held(transfer))
        list_append(&transport->draining, &transfer->link);
    else
        transfer_end(transfer);
}

static void note_knowledge(const struct http_connection *connection, struct transfer *transfer,
                           enum transfer_knowledge knowledge)
{
    transfer->losses += knowledge == TRANSFER_MAY_HAVE_RUN;
    transfer->rejections +=
        knowledge == TRANSFER_NOT_SENT && connection->answers == 0 && !connection->has_spoken;
    if (transfer->knowledge < knowledge)
        transfer->knowledge = knowledge;
    if (transfer->header_complete)
        transfer->knowledge = TRANSFER_ANSWERED;
}

static void pause_sending(struct transport *transport)
{
    int64_t pause_ms = POOL_PAUSE_MIN_MS << transport->pause_count;

    if (timer_is_started(&transport->pause)) /* it was sent before */
        return;
    if (pause_ms < POOL_PAUSE_MAX_MS)
        transport->pause_count++;
    loop_timer_start(transport->loop, &transport->pause,
                     pause_ms < POOL_PAUSE_MAX_MS ? pause_ms : POOL_PAUSE_MAX_MS);
}

/* Whether a request that got no answer on CONNECTION is sent again. */
static bool may_be_sent_again(const struct http_connection *connection, const struct transfer *transfer,
                              enum transfer_knowledge knowledge)
{
    if (transfer->knowledge == TRANSFER_ANSWERED ||
        transfer->is_upgrade) /* which has a connection of its own */
        return false;
    if (knowledge < TRANSFER_MAY_HAVE_RUN)
        return transfer->sends < TRANSFER_SENDS_MAX && transfer->rejections < TRANSFER_REJECTIONS_MAX &&
               !transfer_is_late(transfer, connection->transport->loop->now_ms);
    /* The first request on a connection may be what ended it. */
    return transfer->may_be_sent_twice && transfer->losses <= TRANSFER_LOSSES_MAX &&
           (connection->answers > 0 || transfer->losses == 1);
}

static void log_retry(const struct transfer *transfer, bool again, const char *reason)
{
    size_t length = target_public_length(transfer->target, strcspn(transfer->target, "?"));

    log_debug("%s %.*s is %s: %s", transfer->method, (int)length, transfer->target,
              again ? "sent again" : "not sent again", reason);
}

static void explain(struct transfer *transfer, enum transfer_knowledge knowledge, const char *reason)
{
    transfer_explain(transfer, "%s%s", reason,
                     knowledge == TRANSFER_MAY_HAVE_RUN && !transfer->may_be_sent_twice
                         ? "; not sent again, because the server may have executed it"
                         : "");
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
    pool_leave(connection, transfer);
    note_knowledge(connection, transfer, knowledge);
    again = error.token && may_be_sent_again(connection, transfer, knowledge) && transfer_rewind(transfer);
    log_retry(transfer, again, error.token ? reason : transfer_detail(transfer));
    if (again) {
        transfer->answer_begun = false;
        if (knowledge < TRANSFER_MAY_HAVE_RUN && transfer->sends > 1)
            pause_sending(transport);
        pool_add(transport, transfer, true);
    } else {
        if (error.token)
            explain(transfer, knowledge, reason);
        transfer_fail(transfer, error);
    }
}

/* Whether a connection takes a transfer, now or later. */
static bool has_hope(const struct transport *transport)
{
    const struct http_connection *connection;

    list_for_each(connection, &transport->full, link)
        if (!connection->is_last && !pool_is_silent(connection))
            return true;
    return !list_is_empty(&transport->usable) || transport->opening_count > 0;
}

/* No connection can be made, and none is left: ends all that wait for one, or each of them would try to make
 * one, one after the other. */
void pool_fail_waiting(struct transport *transport, const struct connection *stream)
{
    bool all = !has_hope(transport);
    struct transfer *transfer;

    list_for_each_safe(transfer, &transport->waiting, link) {
        list_remove(&transfer->link);
        transport->waiting_count--;
        transfer->is_waiting = false;
        transfer_explain(transfer, "%s", stream->detail);
        transfer_fail(transfer, stream->error);
        if (!all)
            return;
    }
}
