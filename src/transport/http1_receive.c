/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http/proxy_status.h"
#include "transport/http1_private.h"
#include "transport/transfer_answer.h"

#define RECEIVE_BYTES 65536 /* at once */
#define RECEIVES_MAX  4     /* before others have their turn */

/* The server does not want Expect: the same without it, on another connection (RFC 9110, section 15.5.18). */
static bool is_expectation_refused(const struct http1 *http1)
{
    return http1->reader.status == 417 && http1->expects;
}

static void interim_came(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    if (http1->reader.status != 100 || !http1->expect_until)
        return;
    http1->expect_until = 0;
    http1_go_on_sending(connection);
}

/* Whether the answer is still wanted. */
static bool header_came(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    int status = http1->reader.status;
    bool goes_on = status < 300 && http1->expect_until != 0;
    int r;

    if (status == 101 && !transfer->is_upgrade) {
        http1_fail(connection, TRANSFER_ANSWERED, "http_protocol_error",
                   "the server switched protocols without being asked");
        return false;
    }
    if (is_expectation_refused(http1)) {
        transfer->no_expect = true;
        http1_fail(connection, TRANSFER_REFUSED, "http_protocol_error",
                   "the server refused Expect: 100-continue");
        return false;
    }
    r = transfer_header_ended(transfer, status);
    if (r == -ECANCELED && http1->transfer == transfer)
        http1_fail(connection, TRANSFER_ANSWERED, NULL, "%s", "");
    if (http1->transfer != transfer)
        return false;
    if (goes_on) { /* it wants the body nevertheless */
        http1->expect_until = 0;
        http1_go_on_sending(connection);
    }
    return http1->transfer == transfer;
}

static bool body_came(struct http_connection *connection, const char *data, size_t length)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    int r = transfer_body_arrived(transfer, data, length);

    if (http1->transfer != transfer) /* it was cancelled meanwhile */
        return false;
    if (r < 0)
        http1_not_wanted(connection, r);
    return r == 0;
}

/* A server that answers early may still want the body: one that does not says an error, or closes. */
static void answer_ended(struct http_connection *connection, const char *rest, size_t left)
{
    struct http1 *http1 = connection->state;

    if (left == 0 && http1->reader.status < 300 && http1->reader.status >= 200 && http1->reader.keeps_alive &&
        !http1->is_sent && !http1->cannot_send)
        http1->transfer->is_answered = true;
    else
        http1_answered(connection, rest, left);
}

static void malformed(struct http_connection *connection, int error)
{
    const struct http1 *http1 = connection->state;

    if (error == -EMSGSIZE)
        http1_fail(connection, TRANSFER_ANSWERED, "http_response_header_section_size",
                   "the answer's header is larger than the limit");
    else if (error == -ENOMEM)
        http1_fail(connection, TRANSFER_ANSWERED, PROXY_STATUS_INTERNAL_ERROR, "out of memory");
    else
        http1_fail(connection, TRANSFER_ANSWERED, "http_protocol_error", "%s", http1->reader.reason);
}

/* Reads LENGTH bytes of the answer. False: the answer, or the connection, is over. */
static bool read_answer(struct http_connection *connection, const char *data, size_t length)
{
    struct http1 *http1 = connection->state;
    size_t at = 0;
    bool goes_on = true;

    while (goes_on && http1->transfer && !http1->transfer->is_answered) {
        const char *body = NULL;
        size_t used = 0, body_length = 0;
        int event = response_reader_next(&http1->reader, data + at, length - at, &used, &body, &body_length);

        at += used;
        http1->transfer->answer_begun = response_reader_has_begun(&http1->reader);
        if (event == RESPONSE_MORE)
            return true;
        if (event == RESPONSE_INTERIM)
            interim_came(connection);
        else if (event == RESPONSE_HEADER)
            goes_on = header_came(connection);
        else if (event == RESPONSE_BODY)
            goes_on = body_came(connection, body, body_length);
        else if (event == RESPONSE_END)
            answer_ended(connection, data + at, length - at);
        else
            malformed(connection, event);
    }
    return false;
}

static void end_came(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    if (http1->transfer && http1->transfer->header_complete && response_reader_end(&http1->reader) == 0) {
        connection->is_last = true;
        http1_answered(connection, "", 0);
    } else {
        http1_lose(connection, connection_end_reason(connection->stream));
    }
}

void http1_receive(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    char data[RECEIVE_BYTES];
    int i;

    for (i = 0; i < RECEIVES_MAX; i++) {
        size_t length = 0;
        int r;

        if (!connection->stream || (http1->transfer && transfer_is_held(http1->transfer)))
            return;
        r = connection_recv(connection->stream, data, sizeof(data), &length);
        if (r == -EAGAIN)
            return;
        connection->received_ms = connection->answered_ms = transport_loop(connection->transport)->now_ms;
        if (r < 0)
            http1_lose(connection, connection->stream->detail);
        else if (length == 0)
            end_came(connection);
        else if (!http1->transfer)
            http_connection_lost(connection, false, "bytes came that nobody had asked for");
        else if (http1->transfer->is_answered)
            http1_answered(connection, data, length);
        else
            read_answer(connection, data, length);
        if (r < 0 || length == 0)
            return;
    }
    if (!connection->is_lost)
        http_connection_wants_flush(connection);
}
