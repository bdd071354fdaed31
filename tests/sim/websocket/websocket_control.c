/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/websocket/websocket_control.h"

#include <errno.h>
#include <string.h>

#include "sim/websocket/websocket_session.h"

static json_t *websocket_json(const struct websocket *ws)
{
    return json_pack(
        "{s:I, s:o, s:b, s:s?, s:o, s:O, s:I, s:I, s:o}", "number", (json_int_t)ws->number, "target",
        json_text(ws->target), "open", ws->open, "user", ws->user ? ws->user->email : NULL, "subscriptions",
        subscriptions_json(&ws->subscriptions), "received", ws->received, "sent", (json_int_t)ws->sent,
        "pongs", (json_int_t)ws->pongs, "closed", ws->closed ? json_integer(ws->closed) : json_null());
}

json_t *websockets_json(const struct sim *sim)
{
    const struct websocket *ws;
    json_t *list = json_array();

    list_for_each(ws, &sim->websockets.list, link)
        json_array_append_new(list, websocket_json(ws));
    return list;
}

/* Whether the order was understood. */
static bool websocket_order(struct websocket *ws, const json_t *order)
{
    int64_t code = json_int(order, "close", 0);
    const char *reason = json_str(order, "reason");
    const char *text = json_str(order, "send");
    bool pings = json_is_true(json_object_get(order, "ping"));

    ws->reset = ws->reset || json_is_true(json_object_get(order, "reset"));
    if (pings)
        websocket_send_ping(ws);
    if (text)
        websocket_send_text(ws, text, strlen(text));
    if (code)
        websocket_send_close(ws, (int)code, reason ? reason : "");
    websocket_wake(ws);
    return pings || text || code || ws->reset;
}

int websockets_order(struct sim *sim, const json_t *order)
{
    int64_t number = json_int(order, "number", 0);
    struct websocket *ws;
    bool found = false;

    list_for_each(ws, &sim->websockets.list, link) {
        if (ws->open && (number == 0 || (uint64_t)number == ws->number))
            found = websocket_order(ws, order) || found;
    }
    return found ? 0 : -EINVAL;
}

void websockets_forget(struct sim *sim)
{
    struct websocket *ws;

    list_for_each_safe(ws, &sim->websockets.list, link) {
        if (ws->ended)
            websocket_free(ws);
    }
}

void websockets_stop(struct sim *sim)
{
    struct websocket *ws;

    pthread_mutex_lock(&sim->lock);
    sim->websockets.stopping = true;
    list_for_each(ws, &sim->websockets.list, link) {
        if (!ws->ended)
            websocket_wake(ws);
    }
    pthread_mutex_unlock(&sim->lock);
}
