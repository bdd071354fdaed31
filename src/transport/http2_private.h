/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 on a connection (RFC 9113), with nghttp2 for its frames; included by its parts only: http2.c (the
 * functions that the pool calls), http2_frames.c (what goes over the connection, and its end),
 * http2_silence.c (whether it is alive), http2_request.c, http2_stream.c (the answers), http2_window.c (their
 * bodies).
 */
#ifndef TB_TRANSPORT_HTTP2_PRIVATE_H
#define TB_TRANSPORT_HTTP2_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "base/fifo.h"
#include "transport/http_connection.h"

#define HTTP2_WINDOW_BYTES            (256 << 10) /* of a stream at first: what its reader may leave to be held */
#define HTTP2_WINDOW_MAX_BYTES        (4 << 20) /* of a stream whose reader keeps up */
#define HTTP2_CONNECTION_WINDOW_BYTES (16 << 20)

#define HTTP2_OUT_BYTES       65536 /* of frames that wait for the connection; no more are made meanwhile */
#define HTTP2_ACKS_MAX        256   /* of SETTINGS and PING that wait to be sent */
#define HTTP2_IDLE_FRAMES_MAX 10000 /* received in a second without any progress */
#define HTTP2_PING_MS         5000  /* of silence before a PING, and after it until the connection is dead */

struct http2 {
    struct http_connection *connection;
    nghttp2_session *session;
    struct list streams; /* with and without a transfer */
    unsigned stream_count;
    bool is_acknowledged; /* the server uses our SETTINGS */
    bool has_goaway;      /* from the server */
    bool is_terminated;   /* by us, because the server broke the protocol: a GOAWAY says so */
    bool is_bad;          /* the server does not want HTTP/2 as we speak it: no more transfers */
    bool has_more;        /* that was not received, so that others have their turn */
    char reason[128];     /* for the log, if it is terminated or bad */

    struct fifo out;            /* frames */
    uint64_t gathered, offered; /* bytes since the beginning: put into OUT, given to connection_send() */
    bool cannot_send;           /* the server takes no more; it may have answered nevertheless */

    unsigned idle_frames;  /* received since the last progress, or the last tick */
    size_t frame_left;     /* bytes still to come of the frame that has begun */
    uint32_t frame_length; /* of the next one, as far as it has come */
    unsigned length_bytes; /* of that, which have come */
    uint64_t acknowledged; /* connection_acknowledged() at the last tick */
    int64_t progress_ms;   /* when more was, the last time; boot clock */
    int64_t ping_ms;       /* when a PING was sent that nothing has followed yet; 0: none. Boot clock */
};

struct http2_stream {
    struct http2 *http2;
    struct transfer *transfer; /* NULL: it was reported, or cancelled */
    struct list link;          /* in http2->streams */
    int32_t id;                /* 0: it waits for a sign of life */

    bool is_gathered;   /* the request's header is in OUT, or was */
    uint64_t header_at; /* in terms of http2->gathered */
    size_t body_sent;   /* of transfer->body */
    int64_t read_left;  /* bytes of read_length still to come; -1: not known */
    bool is_sent;       /* all of the request is in OUT, or was */

    int status;        /* of the header being received */
    unsigned interims; /* headers with status 1xx */
    bool has_header;   /* of the final answer */
    bool was_reset;    /* by the server */

    size_t window; /* bytes */
    size_t grown;  /* of these, taken by transport_grow_window() */
    size_t passed; /* bytes that the reader took since the window grew, or since it was late */
    size_t owed;   /* bytes that count in the window, because they are held */
};

static inline int64_t http2_now_ms(const struct http2 *http2)
{
    return transport_loop(http2->connection->transport)->now_ms;
}

/* How many more streams the connection can have. */
static inline uint32_t http2_ids_left(const struct http2 *http2)
{
    uint32_t next = nghttp2_session_get_next_stream_id(http2->session);

    return next > INT32_MAX ? 0 : (INT32_MAX - next) / 2 + 1;
}

/* Counts what the server sends for nothing from zero again. */
static inline void http2_progressed(struct http2 *http2)
{
    http2->idle_frames = 0;
}

/* A part of an answer has come. */
static inline void http2_answer_came(struct http2 *http2)
{
    http2_progressed(http2);
    http2->connection->answered_ms = http2_now_ms(http2);
}

/* http2.c */

/* Sends what has been gathered before the loop sleeps. */
void http2_wants_flush(struct http2 *http2);

/* http2_frames.c */

/* Sends what can be sent, and receives what has come, within bounds. The connection may be lost afterwards.
 */
void http2_send_frames(struct http2 *http2);
void http2_receive(struct http2 *http2);

/* The connection is of no more use. ERROR and REASON are for the transfers that have no answer yet; BAD: the
 * server broke the protocol. */
void http2_lose(struct http2 *http2, bool bad, struct transfer_error error, const char *reason);

/* The server wants no HTTP/2, or not as we speak it: WHAT with CODE said so. */
void http2_mark_bad(struct http2 *http2, const char *what, uint32_t code);

void http2_set_frame_callbacks(nghttp2_session_callbacks *callbacks);

/* http2_silence.c */

/* Submits the request of STREAM, or lets it wait. 0 or -ENOMEM. */
int http2_begin(struct http2_stream *stream);

/* The connection is alive: submits what waited for that. */
void http2_sign_of_life_came(struct http2 *http2);

void http2_tick(struct http_connection *connection, int64_t now_ms);

/* http2_request.c */

/* Hands the request of STREAM to nghttp2. 0, -ENOMEM, or -EINVAL if its header is not valid. */
int http2_submit(struct http2_stream *stream);

/* http2_stream.c */

/* For TRANSFER, before its request is submitted. NULL: no memory. */
struct http2_stream *http2_stream_new(struct http2 *http2, struct transfer *transfer);

/* nghttp2 must not know it any more. */
void http2_stream_free(struct http2_stream *stream);

/* The transfer leaves STREAM, which is closed with CODE. Returns the transfer. */
struct transfer *http2_stream_leave(struct http2_stream *stream, uint32_t code);

/* The same, and the transfer fails. If a part of the answer is there, the error is that it ended early. */
void http2_stream_fail(struct http2_stream *stream, uint32_t code, enum transfer_knowledge knowledge,
                       struct transfer_error error, const char *format, ...) PRINTF_LIKE(5, 6);

/* Judges what a function of transfer_answer.h returned for TRANSFER. False: it has left STREAM. */
bool http2_stream_goes_on(struct http2_stream *stream, const struct transfer *transfer, int r);

/* Whether a part of the answer has come, if only an interim response. STREAM has a transfer. */
bool http2_stream_has_answer(const struct http2_stream *stream);

/* The frames of a stream, other than DATA's payload, that nghttp2 has accepted. */
void http2_stream_frame_came(struct http2 *http2, const nghttp2_frame *frame);

void http2_set_stream_callbacks(nghttp2_session_callbacks *callbacks);

/* http2_window.c */

/* write() takes more. */
void http2_stream_resume(struct http2_stream *stream);

void http2_set_window_callbacks(nghttp2_session_callbacks *callbacks);

#endif
