/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/event_stream.h"

#include "proxy/exchange/reply.h"

static void comment(struct event_stream *stream)
{
    static const char text[] = ": keep-alive\n\n";

    if (!stream->ended && fifo_is_empty(&stream->out) && fifo_append(&stream->out, text, strlen(text)) == 0)
        event_stream_wake(stream);
}

/* libmicrohttpd has room for MAX bytes. */
static ssize_t event_stream_read(void *arg, uint64_t position, char *data, size_t max)
{
    struct event_stream *stream = arg;
    size_t length;

    (void)position;
    if (fifo_is_empty(&stream->out) && stream->caught_up && !stream->ended)
        stream->caught_up(stream);
    if (fifo_is_empty(&stream->out) && stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (fifo_is_empty(&stream->out))
        exchange_suspend(stream->exchange);
    length = fifo_read(&stream->out, data, max);
    exchange_passed_on(stream->exchange, length);
    return (ssize_t)length;
}

static void event_stream_timer_expired(struct timer *timer)
{
    struct event_stream *stream = CONTAINER_OF(timer, struct event_stream, timer);

    if (stream->keep_alive)
        stream->keep_alive(stream);
    comment(stream);
    loop_timer_start(&stream->exchange->services->loop, timer, EVENT_STREAM_KEEP_ALIVE_MS);
}

/* A stream cannot begin before the end of the body. */
bool event_stream_may_begin(struct exchange *exchange)
{
    if (exchange->services->draining)
        reply_stopping(exchange);
    else if (!exchange_takes_response(exchange))
        reply_refused(exchange, 400, "the body is too large for a request for events");
    else if (strcmp(exchange->head.method, MHD_HTTP_METHOD_HEAD) == 0)
        reply_text(exchange, 200, "text/event-stream", strdup(""));
    else
        return true;
    return false;
}

void event_stream_init(struct event_stream *stream, struct exchange *exchange, size_t max)
{
    exchange->state = stream;
    stream->exchange = exchange;
    stream->out.max = max;
    stream->timer.expired = event_stream_timer_expired;
}

void event_stream_begin(struct event_stream *stream)
{
    if (exchange_has_response(stream->exchange))
        return;
    loop_timer_start(&stream->exchange->services->loop, &stream->timer, EVENT_STREAM_KEEP_ALIVE_MS);
    reply_events(stream->exchange, event_stream_read, stream);
}

/* Makes libmicrohttpd ask for more. */
void event_stream_wake(struct event_stream *stream)
{
    if (event_stream_has_begun(stream))
        exchange_resume(stream->exchange);
}

int event_stream_write(struct event_stream *stream, const char *name, const char *data)
{
    int r = buf_append_format(fifo_tail(&stream->out), "event: %s\ndata: %s\n\n", name, data);

    if (r == 0)
        event_stream_wake(stream);
    return r;
}

void event_stream_end(struct event_stream *stream)
{
    stream->ended = true;
    event_stream_wake(stream);
}

/* A client that has closed its connection looks like one that only sends no more, until something is sent to
 * it: then its system resets the connection. */
void event_stream_peer_ended(struct exchange *exchange, enum peer_end end)
{
    struct event_stream *stream = exchange->state;

    if (end == PEER_GONE) {
        event_stream_end(stream);
    } else if (end == PEER_MAY_READ && !stream->probed) {
        stream->probed = true;
        comment(stream);
    }
}

/* If the response has begun, it is cut off. */
void event_stream_leave(struct exchange *exchange)
{
    struct event_stream *stream = exchange->state;

    if (stream && event_stream_has_begun(stream))
        event_stream_end(stream);
}

void event_stream_drain(struct exchange *exchange)
{
    struct event_stream *stream = exchange->state;

    if (!stream)
        return;
    if (!exchange_has_response(exchange)) {
        reply_stopping(exchange);
        return;
    }
    event_stream_end(stream);
    MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
}

void event_stream_free(struct event_stream *stream)
{
    loop_timer_stop(&stream->exchange->services->loop, &stream->timer);
    fifo_free(&stream->out);
}
