/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/trace_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "proxy/exchange/event_stream.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/trace.h"

struct trace_stream {
    struct tracer tracer;
    struct event_stream stream;
    uint64_t lost;
};

static void trace_stream_caught_up(struct event_stream *stream)
{
    struct trace_stream *trace = CONTAINER_OF(stream, struct trace_stream, stream);
    char text[40];

    if (trace->lost == 0)
        return;
    snprintf(text, sizeof(text), "{\"lost\":%" PRIu64 "}", trace->lost);
    if (event_stream_write(stream, "lost", text) == 0)
        trace->lost = 0;
}

/* What comes after a loss waits until it has been said. */
static void trace_stream_event(struct tracer *tracer, const char *json)
{
    struct trace_stream *trace = CONTAINER_OF(tracer, struct trace_stream, tracer);

    if (trace->lost > 0 && fifo_is_empty(&trace->stream.out)) /* it was not for want of room */
        trace_stream_caught_up(&trace->stream);
    if (trace->lost > 0 || event_stream_write(&trace->stream, "request", json) < 0)
        trace->lost++;
}

/* Or responds. */
static bool has_place(struct exchange *exchange)
{
    if (list_count(&exchange->services->tracers) < TRACE_STREAMS_MAX)
        return true;
    reply_busy(exchange, 0, "too many who listen to /-/trace (at most %d)", TRACE_STREAMS_MAX);
    return false;
}

static void begin(struct exchange *exchange, const struct trace_filter *filter)
{
    struct trace_stream *trace = calloc(1, sizeof(*trace));

    if (!trace) {
        reply_no_memory(exchange);
        return;
    }
    event_stream_init(&trace->stream, exchange, TRACE_STREAM_BYTES);
    trace->stream.caught_up = trace_stream_caught_up;
    trace->tracer.filter = *filter;
    trace->tracer.event = trace_stream_event;
    list_append(&exchange->services->tracers, &trace->tracer.link);
    event_stream_begin(&trace->stream);
}

static void trace_stream_begin(struct exchange *exchange)
{
    const struct target *target = &exchange->head.target;
    const char *query = target->text.data + target->path_length, *reason;
    struct trace_filter filter;
    int r = trace_filter_parse(*query == '?' ? query + 1 : query, &filter, &reason);

    if (r == -ENOMEM)
        reply_no_memory(exchange);
    else if (r < 0)
        reply_refused(exchange, 400, reason);
    else if (event_stream_may_begin(exchange) && has_place(exchange))
        begin(exchange, &filter);
}

static void trace_stream_free(struct exchange *exchange)
{
    struct trace_stream *trace;

    if (!exchange->state)
        return;
    trace = CONTAINER_OF(TAKE_PTR(exchange->state), struct trace_stream, stream);
    list_remove(&trace->tracer.link);
    event_stream_free(&trace->stream);
    free(trace);
}

const struct handler trace_stream_handler = {
    .name = "trace",
    .begin = trace_stream_begin,
    .peer_ended = event_stream_peer_ended,
    .leave = event_stream_leave,
    .drain = event_stream_drain,
    .free = trace_stream_free,
};
