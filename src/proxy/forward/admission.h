/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets requests into the queue, and bounds how long they wait there: from the arrival in full until the call
 * is sent, and again between a 429 and the next try. The time that the server takes does not count
 * (upstream.timeout_ms bounds that).
 */
#ifndef TB_PROXY_FORWARD_ADMISSION_H
#define TB_PROXY_FORWARD_ADMISSION_H

#include <stdint.h>

#include "base/timer.h"

struct forwarding;

/* The request has arrived in full: it joins a call in flight, or waits in the queue, or is refused, and
 * answered before this returns. */
void admission_begin(struct forwarding *forwarding);

/* It was sent and waits again, in the place of its arrival; at first outside the queue for BACK_OFF_MS. */
void admission_again(struct forwarding *forwarding, int64_t back_off_ms);

/* The call for it waits for a login. */
void admission_wait_for_login(struct forwarding *forwarding);

/* It is being sent: its waiting is over, for now. */
void admission_end(struct forwarding *forwarding);

/* forwarding->wait_timer. */
void admission_timer_expired(struct timer *timer);

#endif
