/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /-/subscribe/{entity type}/{id}?keys=a,b&scope=...: updates of telemetry or of attributes as
 * text/event-stream (WHATWG HTML, section 9.2), for programs that can only GET.
 *
 * The current values come first, then an event for each write, or several if it has several timestamps. The
 * id of an event is the latest timestamp so far; a client that sends it in Last-Event-ID continues from there
 * (subscriptions.h says how exactly). If the server ends the stream, the last event has the type "end".
 *
 * SSE_BYTES are kept for a slow reader. Updates that come while they are full are left out. When the reader
 * has read them all, it gets what it missed from the server's history, or the current values of attributes. A
 * reader that reads nothing for listen.idle_timeout_s loses its connection.
 */
#ifndef TB_PROXY_SUBSCRIBE_SSE_H
#define TB_PROXY_SUBSCRIBE_SSE_H

#include "proxy/exchange/event_stream.h"
#include "proxy/subscribe/subscriptions.h"

#define SSE_BYTES (256 * 1024) /* waiting for the reader; a larger event ends the stream */

struct sse {
    struct subscriber subscriber;
    struct event_stream stream;
    struct allowance *opened_under; /* in which it counts; NULL: in none */
    struct timer timer;             /* until the first values are too late */
};

extern const struct handler sse_handler;

#endif
