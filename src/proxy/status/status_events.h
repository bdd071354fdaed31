/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /-/events: what GET /-/status answers, as a server-sent event "status", at once and then once a second.
 * It is made once for all who listen, and only while somebody does. A slow reader is skipped.
 */
#ifndef TB_PROXY_STATUS_STATUS_EVENTS_H
#define TB_PROXY_STATUS_STATUS_EVENTS_H

#include "proxy/exchange/handler.h"
#include "proxy/exchange/services.h"

#define STATUS_EVENTS_INTERVAL_MS 1000
#define STATUS_EVENTS_MAX         8 /* who listen on a kind of listener */

struct status_events {
    struct services *services;
    struct list list;
    struct timer timer;
};

void status_events_init(struct status_events *events, struct services *services);

extern const struct handler status_events_handler;

#endif
