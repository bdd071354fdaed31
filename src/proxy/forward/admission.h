/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admits requests to the queue, and bounds how long they wait: from their arrival until the call is sent, and
 * between a 429 and the next try; and of that, how long for a server that is away. The server's own time is
 * not counted; upstream.timeout_ms bounds that.
 */
#ifndef TB_PROXY_FORWARD_ADMISSION_H
#define TB_PROXY_FORWARD_ADMISSION_H

#include <stdint.h>

#include "base/timer.h"

struct forwarding;

/* Starts a request that was dispatched: it joins a call in flight, or waits in the queue, or gets an error
 * response at once. */
void admission_begin(struct forwarding *forwarding);

/* ---- in admission_wait.c ---- */

/* As long as the configuration allows, or less if the client asks for less; counted from its arrival. What
 * the client asks for is the time that it waits for a server that is away, too. */
void admission_set_time(struct forwarding *forwarding);

/* Its time in the queue begins to run. */
void admission_start_timer(struct forwarding *forwarding);

/* A request that was sent waits again: first for BACK_OFF_MS outside the queue, then in the queue, in the
 * order of its arrival. */
void admission_again(struct forwarding *forwarding, int64_t back_off_ms);

/* tbproxyd stops: if it waits for a server that is away, it gets its response. Harmless otherwise. */
void admission_end_hold(struct forwarding *forwarding);

/* tbproxyd ends: it gets its response, unless that has begun, or is stored in the spool. */
void admission_stop(struct forwarding *forwarding);

/* The server is away: what the spool may take is taken, if it arrived longer ago than it may wait for that.
 */
void admission_spool_overdue(struct forwarding *forwarding);

/* How much longer it may wait for a server that is away; 0 or less: no longer. */
int64_t admission_hold_left_ms(const struct forwarding *forwarding);

/* Its call waits for a login. */
void admission_wait_for_login(struct forwarding *forwarding);

/* Its wait is over for now: it is being sent. */
void admission_end(struct forwarding *forwarding);

/* The callback of forwarding->wait_timer. */
void admission_timer_expired(struct timer *timer);

#endif
