/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/status_events.h"

#include "proxy/exchange/event_stream.h"
#include "proxy/exchange/reply.h"
#include "proxy/status/status.h"

#define STATUS_EVENT_BYTES (256 * 1024) /* a larger one is skipped */

struct listener_of_events {
    struct list link; /* in status_events.list */
    struct event_stream stream;
};

static void status_events_timer_expired(struct timer *timer)
{
    struct status_events *events = CONTAINER_OF(timer, struct status_events, timer);
    CLEANUP(free_pointer) char *text = status_report(events->services, NULL);
    struct listener_of_events *listener;

    list_for_each(listener, &events->list, link)
        if (text && fifo_is_empty(&listener->stream.out))
            event_stream_write(&listener->stream, "status", text);
    loop_timer_start(&events->services->loop, timer, STATUS_EVENTS_INTERVAL_MS);
}

void status_events_init(struct status_events *events, struct services *services)
{
    events->services = services;
    events->timer.expired = status_events_timer_expired;
    list_init(&events->list);
}

/* Or responds. */
static bool has_place(struct exchange *exchange)
{
    const struct listener_of_events *listener;
    size_t all = 0, own = 0;

    list_for_each(listener, &exchange->services->status_events->list, link) {
        const struct peer *peer = listener->stream.exchange->peer;

        all += peer->kind == exchange->peer->kind;
        own += peer->kind == exchange->peer->kind && peer->principal == exchange->peer->principal;
    }
    if (quota_allows(quota_part(STATUS_EVENTS_MAX), own, all, 1))
        return true;
    reply_busy(exchange, 0, "too many who listen to /-/events (at most %d, of one user %zu)",
               STATUS_EVENTS_MAX, quota_part(STATUS_EVENTS_MAX));
    return false;
}

static void begin(struct exchange *exchange)
{
    struct status_events *events = exchange->services->status_events;
    CLEANUP(free_pointer) char *text = status_report(exchange->services, NULL);
    struct listener_of_events *listener = calloc(1, sizeof(*listener));

    if (!text || !listener) {
        free(listener);
        reply_no_memory(exchange);
        return;
    }
    event_stream_init(&listener->stream, exchange, STATUS_EVENT_BYTES);
    list_append(&events->list, &listener->link);
    if (!timer_is_started(&events->timer))
        loop_timer_start(&exchange->services->loop, &events->timer, STATUS_EVENTS_INTERVAL_MS);
    event_stream_write(&listener->stream, "status", text);
    event_stream_begin(&listener->stream);
}

static void status_events_begin(struct exchange *exchange)
{
    if (event_stream_may_begin(exchange) && has_place(exchange))
        begin(exchange);
}

static void status_events_free(struct exchange *exchange)
{
    struct status_events *events = exchange->services->status_events;
    struct listener_of_events *listener;

    if (!exchange->state)
        return;
    listener = CONTAINER_OF(TAKE_PTR(exchange->state), struct listener_of_events, stream);
    list_remove(&listener->link);
    if (list_is_empty(&events->list))
        loop_timer_stop(&exchange->services->loop, &events->timer);
    event_stream_free(&listener->stream);
    free(listener);
}

const struct handler status_events_handler = {
    .name = "status-events",
    .begin = status_events_begin,
    .peer_ended = event_stream_peer_ended,
    .leave = event_stream_leave,
    .drain = event_stream_drain,
    .free = status_events_free,
};
