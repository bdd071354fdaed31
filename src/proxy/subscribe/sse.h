/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /-/subscribe/{entity type}/{id}?keys=a,b&scope=...: updates of telemetry or of attributes as
 * text/event-stream (WHATWG HTML, section 9.2), for programs that can only GET.
 *
 * First the values that are there, then one event for each write, or more where it has several times. An
 * event's id is the latest time that was told; with it in Last-Event-ID a stream goes on (subscription.h says
 * how exactly). Where the stream ends because of the server there is a last event of the type "end".
 *
 * A slow reader has SSE_BYTES. What comes when they are full is left out; when it has read all of
 * them, it gets what it has missed from the server's history, of attributes what they are then. One that
 * reads nothing for listen.idle_timeout_s loses its connection.
 */
#ifndef TB_PROXY_SUBSCRIBE_SSE_H
#define TB_PROXY_SUBSCRIBE_SSE_H

#include "base/fifo.h"
#include "proxy/exchange/exchange.h"
#include "proxy/subscribe/subscription.h"

#define SSE_BYTES         (256 * 1024) /* that wait for the reader; an event that is larger ends it */
#define SSE_KEEP_ALIVE_MS 15000        /* a comment, so that a quiet stream and a dead client show */

struct sse {
    struct subscriber subscriber;
    struct exchange *exchange;
    struct fifo out;
    bool answered;
    bool behind;        /* catches up when OUT is empty */
    bool ended;         /* after what is in OUT */
    bool probed;        /* whether a client that sends no more still reads */
    struct timer timer; /* how long the first values are waited for, then the keep-alive */
};

extern const struct handler sse_handler;

#endif
