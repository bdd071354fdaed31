/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies that are handed on as they come, in both directions: each has one window in memory, and the slower
 * side sets the pace.
 *
 * A request's body streams where it is larger than limits.max_kept_body_bytes. Its exchange is dispatched
 * while the body is still with the client; that is read when libcurl wants it, which is after the server has
 * been asked for it (Expect: 100-continue) or was silent for a second. As long as nothing that was read has
 * been let go, the request can be sent once more.
 *
 * An answer's body streams where it does not fit the window, unless several exchanges wait for it, and at
 * once where it is an event stream.
 */
#ifndef TB_PROXY_FORWARD_BODY_STREAM_H
#define TB_PROXY_FORWARD_BODY_STREAM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define BODY_STREAM_WINDOW_BYTES (256 * 1024) /* not above the least limits.max_response_bytes */

struct exchange;
struct upstream_call;
struct timer;

/* Before EXCHANGE is sent: the window of its body, if that streams, is taken from limits.max_buffered_bytes,
 * so that there is room for all that is to come. Whether there was. */
bool body_stream_reserve(struct exchange *exchange);

/* Frees what is there of its body, kept or not. */
void body_stream_forget_body(struct exchange *exchange);

/* Before FORWARDING is sent: its bodies, as far as they stream, come from its lead and go to it. */
void body_stream_attach(struct upstream_call *call);

/* A part of the body of EXCHANGE's request, of which as much is taken as there is room for; *LENGTH: what is
 * left, for which the connection waits. */
void body_stream_receive(struct exchange *exchange, const char *data, size_t *length);

/* What has come of it is sent now: the callback of exchange->send_timer. */
void body_stream_timer_expired(struct timer *timer);

/* That was all of it. */
void body_stream_body_ended(struct exchange *exchange);

/* Whether the whole body that has been read is still there. */
bool body_stream_can_begin_again(const struct exchange *exchange);

/* The call whose answer streams has ended, well or not. */
void body_stream_answer_ended(struct upstream_call *call);

/* Whether EXCHANGE is being answered with a stream of events, which need never end. */
bool body_stream_is_endless(const struct exchange *exchange);

/* The body of the answer to EXCHANGE, for libmicrohttpd; NULL without memory. */
struct MHD_Response *body_stream_response(struct exchange *exchange);

#endif
