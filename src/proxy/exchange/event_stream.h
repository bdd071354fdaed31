/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response of text/event-stream (WHATWG HTML, section 9.2): what its handler writes waits in a bounded fifo
 * for the reader. A quiet stream gets a comment every EVENT_STREAM_KEEP_ALIVE_MS, which shows that it is
 * alive. A reader that reads nothing for listen.idle_timeout_s loses its connection.
 */
#ifndef TB_PROXY_EXCHANGE_EVENT_STREAM_H
#define TB_PROXY_EXCHANGE_EVENT_STREAM_H

#include "base/fifo.h"
#include "proxy/exchange/exchange.h"

#define EVENT_STREAM_KEEP_ALIVE_MS 15000

struct event_stream {
    struct exchange *exchange;
    struct fifo out; /* the handler may append */
    bool ended;      /* after the bytes in OUT */
    bool probed;     /* a comment was sent to a client that sends no more */
    struct timer timer;
    void (*caught_up)(struct event_stream *stream);  /* OUT is empty; may append. NULL: nothing to do */
    void (*keep_alive)(struct event_stream *stream); /* before the comment. NULL: nothing to do */
};

/* Whether a stream may be begun now; if not, EXCHANGE has got its response. */
bool event_stream_may_begin(struct exchange *exchange);

/* STREAM must be zeroed; it becomes the state of EXCHANGE. At most MAX bytes wait for the reader. */
void event_stream_init(struct event_stream *stream, struct exchange *exchange, size_t max);

/* Responds, unless there is a response. */
void event_stream_begin(struct event_stream *stream);

static inline bool event_stream_has_begun(const struct event_stream *stream)
{
    return stream->exchange->outbound.state == OUTBOUND_STREAMING;
}

/* Something has been appended to OUT. */
void event_stream_wake(struct event_stream *stream);

/* An event of the type NAME; DATA is one line. 0, -EMSGSIZE if there is no room, or -ENOMEM. */
int event_stream_write(struct event_stream *stream, const char *name, const char *data);

/* Ends the response when its reader has read what waits. */
void event_stream_end(struct event_stream *stream);

/* Functions of a handler. A client that does not read has one second to drain. */
void event_stream_peer_ended(struct exchange *exchange, enum peer_end end);
void event_stream_leave(struct exchange *exchange);
void event_stream_drain(struct exchange *exchange);

/* Frees what is in STREAM. */
void event_stream_free(struct event_stream *stream);

#endif
