/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 on a connection (RFC 9112): one request after another. Any byte that comes while none is under
 * way, and anything that could be read in two ways, closes the connection.
 */
#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "http/response_reader.h"
#include "transport/http1_request.h"
#include "transport/http_connection.h"
#include "transport/transfer_answer.h"

#define RECEIVE_BYTES 65536 /* at once */
#define RECEIVES_MAX  4     /* before others have their turn */
#define EXPECT_MS     1000  /* for the 100; then the body is sent without (RFC 9110, section 10.1.1) */

#define CHUNK_HEAD_BYTES 10 /* the size, up to 8 hexadecimal digits, and CRLF */
#define CHUNK_TAIL_BYTES 2

struct http1 {
    struct response_reader reader;
    struct transfer *transfer; /* NULL: none is under way */
    struct buf head;           /* of the request */
    size_t head_sent;
    size_t body_sent; /* of transfer->body */
    char *block;      /* of a body from read(), with the chunk's framing */
    size_t block_sent, block_length;
    int64_t read_left;    /* bytes of read_length still to come; -1: not known */
    bool body_ended;      /* read() has given all, or the body is no longer wanted */
    bool has_sent;        /* some byte of the request */
    bool is_sent;         /* all of the request */
    bool is_answered;     /* the whole answer has come; the rest of the request is still being sent */
    bool cannot_send;     /* the server takes no more; it may have answered nevertheless */
    int64_t expect_until; /* the body waits for a 100; 0: it does not. Boot clock */
};

static const char *text_of_loss(const struct transfer *transfer)
{
    return transfer->may_be_sent_twice
               ? "the server closed the connection without an answer"
               : "the connection was lost; not sent again, because the server may have executed it";
}

/* ---- the end of a request ---- */

static void reset(struct http1 *http1)
{
    response_reader_free(&http1->reader);
    http1->transfer = NULL;
    free(TAKE_PTR(http1->block));
    buf_clear(&http1->head);
}

static void fail(struct http_connection *connection, enum transfer_knowledge knowledge, const char *token,
                 const char *reason)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;

    reset(http1);
    connection->is_last = true;
    http_transfer_failed(connection, transfer, knowledge, (struct transfer_error){502, token}, "%s", reason);
}

static void answered(struct http_connection *connection, const char *rest, size_t left);

/* The connection ended, or is of no more use: what is under way is judged. */
static void lose(struct http_connection *connection, const char *reason)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;

    if (!transfer)
        http_connection_lost(connection, false, reason);
    else if (http1->is_answered)
        answered(connection, "", 0);
    else if (!http1->has_sent)
        fail(connection, TRANSFER_NOT_SENT, PROXY_STATUS_CONNECTION_TERMINATED, reason);
    else if (transfer->header_complete)
        fail(connection, TRANSFER_ANSWERED, "http_response_incomplete", "the answer ended early");
    else if (response_reader_has_begun(&http1->reader))
        fail(connection, TRANSFER_MAY_HAVE_RUN, "http_response_incomplete",
             "the answer's header ended early");
    else
        fail(connection, TRANSFER_MAY_HAVE_RUN, PROXY_STATUS_CONNECTION_TERMINATED, text_of_loss(transfer));
}

/* The whole answer has come, and LEFT bytes after it that nobody asked for. */
static void answered(struct http_connection *connection, const char *rest, size_t left)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;

    if (transfer->status == 101) {
        connection_unread(connection->stream, rest, left);
        transfer->upgraded = TAKE_PTR(connection->stream);
    }
    if (left > 0 || !http1->reader.keeps_alive || !http1->is_sent || !connection->stream)
        connection->is_last = true;
    reset(http1);
    http_transfer_answered(connection, transfer);
}

/* ---- sending ---- */

/* Sends some of PARTS. 0: all of it; -EAGAIN. What is lost is noticed by receiving. */
static int send_parts(struct http_connection *connection, struct iovec *parts, int count, size_t *sent)
{
    struct http1 *http1 = connection->state;
    size_t want = 0;
    int i, r = -EAGAIN;

    for (i = 0; i < count; i++)
        want += parts[i].iov_len;
    *sent = 0;
    if (!http1->cannot_send)
        r = connection_send(connection->stream, parts, count, sent);
    if (r < 0 && r != -EAGAIN)
        http1->cannot_send = true;
    http1->has_sent |= *sent > 0;
    return r == 0 && *sent == want ? 0 : -EAGAIN;
}

/* The head, together with a body that is in memory. */
static int send_head(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    const struct transfer *transfer = http1->transfer;
    size_t head_left = http1->head.len - http1->head_sent, sent;
    size_t body_left =
        transfer->read || !transfer_has_body(transfer) ? 0 : transfer->body_length - http1->body_sent;
    struct iovec parts[] = {
        {http1->head.data + http1->head_sent, head_left},
        {body_left > 0 ? (char *)(uintptr_t)transfer->body + http1->body_sent : NULL, body_left}};
    int skip = head_left == 0, r;

    if (head_left + body_left == 0)
        return 0;
    r = send_parts(connection, parts + skip, body_left > 0 ? 2 - skip : 1, &sent);
    head_left = sent < head_left ? sent : head_left;
    http1->head_sent += head_left;
    http1->body_sent += sent - head_left;
    return r;
}

/* Frames LENGTH bytes at block + CHUNK_HEAD_BYTES as a chunk; no byte: the last one. */
static void frame_chunk(struct http1 *http1, size_t length)
{
    char head[CHUNK_HEAD_BYTES + 1];
    int size = snprintf(head, sizeof(head), "%zx\r\n", length);

    http1->block_sent = CHUNK_HEAD_BYTES - (size_t)size;
    memcpy(http1->block + http1->block_sent, head, (size_t)size);
    memcpy(http1->block + CHUNK_HEAD_BYTES + length, "\r\n", CHUNK_TAIL_BYTES);
    http1->block_length = CHUNK_HEAD_BYTES + length + CHUNK_TAIL_BYTES;
}

/* Gets the next block from read(). 0, -EAGAIN, or another negative errno. */
static int read_block(struct http1 *http1)
{
    struct transfer *transfer = http1->transfer;
    size_t max = HTTP1_BLOCK_BYTES, length = 0;
    int r;

    if (http1->read_left >= 0 && http1->read_left < (int64_t)max)
        max = (size_t)http1->read_left;
    r = max == 0 ? 0 : transfer_read_body(transfer, http1->block + CHUNK_HEAD_BYTES, max, &length);
    if (r < 0)
        return r;
    if (http1->transfer != transfer) /* read() has cancelled it */
        return -EAGAIN;
    http1->body_ended = length == 0;
    if (http1->read_left < 0) {
        frame_chunk(http1, length);
        return 0;
    }
    if (length == 0 && http1->read_left > 0)
        return -EIO; /* shorter than was announced */
    http1->read_left -= (int64_t)length;
    http1->body_ended = http1->read_left == 0;
    http1->block_sent = CHUNK_HEAD_BYTES;
    http1->block_length = CHUNK_HEAD_BYTES + length;
    return 0;
}

static int send_block(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    struct iovec part;
    size_t sent;
    int r;

    if (http1->block_sent == http1->block_length)
        return 0;
    part = (struct iovec){http1->block + http1->block_sent, http1->block_length - http1->block_sent};
    r = send_parts(connection, &part, 1, &sent);
    http1->block_sent += sent;
    return r;
}

/* 0: all of it is sent; -EAGAIN; another negative errno of read(). */
static int send_body(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    int r = 0;

    if (!http1->transfer->read || http1->body_ended)
        return send_block(connection);
    if (!http1->block)
        http1->block = malloc(CHUNK_HEAD_BYTES + HTTP1_BLOCK_BYTES + CHUNK_TAIL_BYTES);
    if (!http1->block)
        return -ENOMEM;
    do {
        r = send_block(connection);
        if (r == 0 && http1->body_ended)
            return 0;
        if (r == 0)
            r = read_block(http1);
    } while (r == 0);
    return r;
}

/* Sends what can be sent now. */
static void go_on_sending(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    int r;

    if (!transfer || http1->is_sent || http1->cannot_send || transfer_is_refused_early(transfer))
        return;
    r = send_head(connection);
    if (r == 0 && http1->expect_until)
        return;
    if (r == 0)
        r = send_body(connection);
    if (r == 0) {
        http1->is_sent = true;
        if (http1->is_answered)
            answered(connection, "", 0);
    } else if (r != -EAGAIN && http1->transfer == transfer)
        fail(connection, TRANSFER_MAY_HAVE_RUN, r == -ECANCELED ? NULL : PROXY_STATUS_INTERNAL_ERROR,
             "the request's body could not be read to its end");
}

static bool is_to_expect(const struct transfer *transfer)
{
    return transfer->read && transfer_has_body(transfer) && !transfer->no_expect &&
           (transfer->read_length < 0 || transfer->read_length > HTTP1_EXPECT_BYTES);
}

/* Without the token of an error it is not sent again, which would be in vain. */
static int too_large(struct http_connection *connection, struct transfer *transfer)
{
    transfer->error = (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR};
    snprintf(transfer->detail, sizeof(transfer->detail), "the request's header is larger than %d bytes",
             HTTP1_HEAD_BYTES);
    http_transfer_failed(connection, transfer, TRANSFER_NOT_SENT, (struct transfer_error){0}, "%s", "");
    return 0;
}

static int http1_send(struct http_connection *connection, struct transfer *transfer)
{
    struct http1 *http1 = connection->state;
    bool expects = is_to_expect(transfer);
    int r;

    buf_clear(&http1->head);
    r = http1_write_head(connection->transport, transfer, expects, &http1->head);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return too_large(connection, transfer);
    response_reader_begin(&http1->reader, strcmp(transfer->method, "HEAD") == 0, &transfer->response);
    http1->transfer = transfer;
    http1->head_sent = http1->body_sent = http1->block_sent = http1->block_length = 0;
    http1->read_left = transfer->read_length;
    http1->body_ended = !transfer_has_body(transfer);
    http1->has_sent = http1->is_sent = http1->is_answered = http1->cannot_send = false;
    http1->expect_until = expects ? transport_loop(connection->transport)->now_ms + EXPECT_MS : 0;
    go_on_sending(connection);
    return 0;
}

/* ---- receiving ---- */

/* The server does not want Expect: the same without it, on another connection (RFC 9110, section 15.5.18). */
static bool is_expectation_refused(const struct http1 *http1)
{
    return http1->reader.status == 417 && http1->expect_until != 0;
}

static void interim_came(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    if (http1->reader.status != 100 || !http1->expect_until)
        return;
    http1->expect_until = 0;
    go_on_sending(connection);
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
        fail(connection, TRANSFER_ANSWERED, "http_protocol_error",
             "the server switched protocols without being asked");
        return false;
    }
    if (is_expectation_refused(http1)) {
        transfer->no_expect = true;
        fail(connection, TRANSFER_REFUSED, "http_protocol_error",
             "the server refused Expect: 100-continue twice");
        return false;
    }
    r = transfer_header_ended(transfer, status);
    if (r == -ECANCELED && http1->transfer == transfer)
        fail(connection, TRANSFER_ANSWERED, NULL, "");
    if (http1->transfer != transfer)
        return false;
    if (goes_on) { /* it wants the body nevertheless */
        http1->expect_until = 0;
        go_on_sending(connection);
    }
    return http1->transfer == transfer;
}

/* The rest of the answer is not wanted, because of ERROR. */
static void not_wanted(struct http_connection *connection, int error)
{
    if (error != -EFBIG)
        return fail(connection, TRANSFER_ANSWERED, NULL, "");
    connection->is_last = true;
    answered(connection, "", 0);
}

static bool body_came(struct http_connection *connection, const char *data, size_t length)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    int r = transfer_body_arrived(transfer, data, length);

    if (http1->transfer != transfer) /* it was cancelled meanwhile */
        return false;
    if (r < 0)
        not_wanted(connection, r);
    return r == 0;
}

/* A server that answers early may still want the body: one that does not says an error, or closes. */
static void answer_ended(struct http_connection *connection, const char *rest, size_t left)
{
    struct http1 *http1 = connection->state;

    if (left == 0 && http1->reader.status < 300 && http1->reader.status >= 200 && http1->reader.keeps_alive &&
        !http1->is_sent && !http1->cannot_send)
        http1->is_answered = true;
    else
        answered(connection, rest, left);
}

static void malformed(struct http_connection *connection, int error)
{
    const struct http1 *http1 = connection->state;

    if (error == -EMSGSIZE)
        fail(connection, TRANSFER_ANSWERED, "http_response_header_section_size",
             "the answer's header is larger than the limit");
    else if (error == -ENOMEM)
        fail(connection, TRANSFER_ANSWERED, PROXY_STATUS_INTERNAL_ERROR, "out of memory");
    else
        fail(connection, TRANSFER_ANSWERED, "http_protocol_error", http1->reader.reason);
}

/* Reads LENGTH bytes of the answer. False: the answer, or the connection, is over. */
static bool read_answer(struct http_connection *connection, const char *data, size_t length)
{
    struct http1 *http1 = connection->state;
    size_t at = 0;
    bool goes_on = true;

    while (goes_on && http1->transfer && !http1->is_answered) {
        const char *body = NULL;
        size_t used = 0, body_length = 0;
        int event = response_reader_next(&http1->reader, data + at, length - at, &used, &body, &body_length);

        at += used;
        if (response_reader_has_begun(&http1->reader))
            http1->transfer->answer_begun = true;
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
        answered(connection, "", 0);
    } else {
        lose(connection, "the server closed it");
    }
}

static void receive(struct http_connection *connection)
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
        connection->received_ms = transport_loop(connection->transport)->now_ms;
        if (r < 0)
            lose(connection, "it was reset");
        else if (length == 0)
            end_came(connection);
        else if (http1->is_answered)
            answered(connection, data, length);
        else if (!http1->transfer)
            http_connection_lost(connection, false, "bytes came that nobody had asked for");
        else
            read_answer(connection, data, length);
        if (r < 0 || length == 0)
            return;
    }
    if (!connection->is_lost)
        http_connection_wants_flush(connection);
}

static void http1_ready(struct http_connection *connection)
{
    go_on_sending(connection);
    receive(connection);
}

static void http1_resume(struct http_connection *connection, struct transfer *transfer)
{
    struct http1 *http1 = connection->state;
    int r = transfer_offer_held(transfer);

    if (http1->transfer != transfer)
        return;
    if (r < 0)
        not_wanted(connection, r);
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
    reset(connection->state);
    connection->is_last = true;
}

static void http1_tick(struct http_connection *connection, int64_t now_ms)
{
    struct http1 *http1 = connection->state;

    if (!http1->transfer || !http1->expect_until || now_ms < http1->expect_until)
        return;
    http1->expect_until = 0;
    go_on_sending(connection);
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
    reset(http1);
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
