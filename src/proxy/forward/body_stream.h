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

#include <stdbool.h>

struct forwarding;
struct timer;
struct upstream_call;

/* Before CALL is sent: its bodies, as far as they stream, come from its lead and go to it. */
void body_stream_attach(struct upstream_call *call);

/* More of the body of FORWARDING's request is in the window, or that was all of it. */
void body_stream_arrived(struct forwarding *forwarding);

/* The callback of forwarding->send_timer. */
void body_stream_timer_expired(struct timer *timer);

/* Whether the whole body that has been read is still there. */
bool body_stream_can_begin_again(const struct forwarding *forwarding);

/* The call whose answer streams has ended, well or not. */
void body_stream_answer_ended(struct upstream_call *call);

/* Whether FORWARDING's response, which streams, is a stream of events, which need never end. */
bool body_stream_is_endless(const struct forwarding *forwarding);

#endif
