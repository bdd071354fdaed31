/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies that are passed on as they come, in both directions: each has one window in memory, and the slower
 * side sets the pace.
 *
 * The body of a request streams if it is larger than limits.max_kept_body_bytes. Its exchange is dispatched
 * while the client still has the body, which is read when the transfer asks for it: over HTTP/1.1 after the
 * server has agreed to take it (Expect: 100-continue), or has been silent for a second. The request can be
 * sent again until a part of the body has left the window.
 *
 * The body of an answer streams if it does not fit the window, unless several exchanges wait for it. An event
 * stream streams at once.
 */
#ifndef TB_PROXY_FORWARD_BODY_STREAM_H
#define TB_PROXY_FORWARD_BODY_STREAM_H

#include <stdbool.h>

struct forwarding;
struct timer;
struct upstream_call;

/* Before CALL is sent: sets up its transfer so that the bodies can stream from and to the call's lead. */
void body_stream_attach(struct upstream_call *call);

/* More of FORWARDING's request body is in the window, or it is complete. */
void body_stream_arrived(struct forwarding *forwarding);

/* The callback of forwarding->send_timer. */
void body_stream_timer_expired(struct timer *timer);

/* Whether everything that was read of the request body is still in memory. */
bool body_stream_can_begin_again(const struct forwarding *forwarding);

/* CALL, whose answer streams, has ended, successfully or not. */
void body_stream_answer_ended(struct upstream_call *call);

/* Whether FORWARDING's answer is an event stream, which may never end by itself. */
bool body_stream_is_endless(const struct forwarding *forwarding);

#endif
