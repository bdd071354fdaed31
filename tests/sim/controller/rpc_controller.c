/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to devices. As a rule a device answers at once, as if it were connected by MQTT. With silentDevices
 * only those answer that poll over HTTP, as on the recorded server: an unanswered call ends with 504.
 */
#include "sim/controller/rpc_controller.h"

#include <stdlib.h>
#include <string.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

enum {
    MIN_TIMEOUT_MS = 5000,   /* server.rest.server_side_rpc.min_timeout */
    CALL_TIMEOUT_MS = 10000, /* server.rest.server_side_rpc.default_timeout */
    POLL_TIMEOUT_MS = 60000, /* transport.http.request_timeout */
};

/* One call that is under way; it lives on the stack of its caller's thread. */
struct call {
    struct call *next;
    const struct entity *device;
    int64_t id;
    const json_t *body;
    bool delivered;
    json_t *answer;
};

static int64_t deadline(int64_t timeout_ms)
{
    return clock_monotonic_ns() / 1000000 + (timeout_ms < 3600000 ? timeout_ms : 3600000);
}

/* Until something changed for a device, or UNTIL; false: that is over, or the program stops. */
static bool wait_for_change(struct sim *sim, int64_t until)
{
    struct timespec at = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};

    return !sim->calls.stopping && clock_monotonic_ns() / 1000000 < until &&
           pthread_cond_timedwait(&sim->calls.changed, &sim->lock, &at) == 0;
}

static void add(struct sim *sim, struct call *call)
{
    struct call **end = &sim->calls.first;

    while (*end)
        end = &(*end)->next;
    *end = call;
    pthread_cond_broadcast(&sim->calls.changed);
}

static void take_out(struct sim *sim, const struct call *call)
{
    struct call **at = &sim->calls.first;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static void call_device(struct sim *sim, struct reply *rp, struct entity *device, const json_t *body,
                        bool two_way)
{
    int64_t timeout = json_int(body, "timeout", CALL_TIMEOUT_MS);
    int64_t until = deadline(timeout < MIN_TIMEOUT_MS ? MIN_TIMEOUT_MS : timeout);
    struct call call = {.device = device, .id = ++device->last_rpc, .body = body};
    bool done = false;

    add(sim, &call);
    do
        done = two_way ? call.answer != NULL : call.delivered;
    while (!done && wait_for_change(sim, until));
    take_out(sim, &call);
    if (!done)
        reply_empty(rp, 504);
    else if (two_way)
        reply_json(rp, call.answer);
    else
        reply_empty(rp, 200);
}

/* The device of the call, counted; NULL: the refusal is filled in. */
static struct entity *called(struct sim *sim, struct request *rq, struct reply *rp, const json_t *body)
{
    rp->sync = true; /* what is refused here never became asynchronous */
    struct entity *device = entity_var(sim, rq, rp, ENTITY_DEVICE, 0);
    if (!device)
        return NULL;
    if (!json_str(body, "method")) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid request body");
        return NULL;
    }
    rp->sync = false;
    sim->record.counters.rpcs++;
    return device;
}

static void rpc(struct sim *sim, struct request *rq, struct reply *rp, bool two_way)
{
    json_auto_t *body = json_read(rq->body, rq->body_len, NULL);
    struct entity *device = called(sim, rq, rp, body);

    if (device && sim->settings.silent_devices)
        call_device(sim, rp, device, body, two_way);
    else if (device && two_way)
        reply_json(rp, json_pack("{s:b}", "ok", 1));
    else if (device)
        reply_empty(rp, 200);
}

void rpc_one_way(struct sim *sim, struct request *rq, struct reply *rp)
{
    rpc(sim, rq, rp, false);
}

void rpc_two_way(struct sim *sim, struct request *rq, struct reply *rp)
{
    rpc(sim, rq, rp, true);
}

/* --- the device's side --- */

static int64_t poll_deadline(const struct request *rq)
{
    int64_t timeout = 0;

    parse_int64(request_param(rq, "timeout"), &timeout);
    return deadline(timeout > 0 ? timeout : POLL_TIMEOUT_MS);
}

static struct call *undelivered(struct sim *sim, const struct entity *device)
{
    struct call *call = sim->calls.first;

    while (call && (call->device != device || call->delivered))
        call = call->next;
    return call;
}

void device_api_next_rpc(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *device = device_of_token(sim, rq, rp);
    int64_t until = poll_deadline(rq);
    struct call *call = NULL;

    if (!device)
        return;
    do
        call = undelivered(sim, device);
    while (!call && wait_for_change(sim, until));
    if (!call) {
        reply_empty(rp, 408);
        return;
    }
    call->delivered = true;
    pthread_cond_broadcast(&sim->calls.changed);
    json_t *params = json_object_get(call->body, "params");
    reply_json(rp, json_pack("{s:I, s:O, s:o}", "id", (json_int_t)call->id, "method",
                             json_object_get(call->body, "method"), "params",
                             params ? json_incref(params) : json_null()));
    rp->chunked = false; /* recorded: the device API sends Content-Length */
}

/* An answer to a call that is over, or never was, is taken all the same. */
void device_api_answer_rpc(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *device = device_of_token(sim, rq, rp);
    struct call *call = sim->calls.first;
    int64_t id = -1;

    if (!device)
        return;
    if (!parse_int64(rq->vars[1], &id)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Method parameter 'requestId': Failed to convert value of type 'java.lang.String' to "
                    "required type 'java.lang.Integer'; For input string: \"%s\"",
                    rq->vars[1]);
        return;
    }
    while (call && (call->device != device || call->id != id || call->answer))
        call = call->next;
    if (call) {
        json_t *answer = json_read(rq->body, rq->body_len, NULL);

        call->answer = answer ? answer : json_stringn(rq->body, rq->body_len);
        pthread_cond_broadcast(&sim->calls.changed);
    }
    reply_empty(rp, 200);
}

void rpc_attributes_changed(struct sim *sim, const struct entity *device, const json_t *values)
{
    json_decref(sim->calls.attributes);
    sim->calls.attributes = json_deep_copy(values);
    sim->calls.attributes_of = device;
    sim->calls.attribute_changes++;
    pthread_cond_broadcast(&sim->calls.changed);
}

/* What is saved next of the device's shared attributes. */
void device_api_attribute_updates(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *device = device_of_token(sim, rq, rp);
    int64_t until = poll_deadline(rq);
    uint64_t seen = sim->calls.attribute_changes;
    bool changed = false;

    if (!device)
        return;
    while (!changed && wait_for_change(sim, until)) {
        changed = sim->calls.attribute_changes != seen && sim->calls.attributes_of == device;
        seen = sim->calls.attribute_changes;
    }
    if (changed)
        reply_json(rp, json_incref(sim->calls.attributes));
    else
        reply_empty(rp, 408);
    rp->chunked = false;
}
