/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to devices. A device answers at once, as if it were connected by MQTT. With silentDevices only those
 * answer that poll over HTTP, and an unanswered call ends with 504.
 */
#include "sim/controller/rpc_controller.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/monotonic.h"
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

enum {
    MIN_TIMEOUT_MS = 5000,   /* server.rest.server_side_rpc.min_timeout */
    CALL_TIMEOUT_MS = 10000, /* server.rest.server_side_rpc.default_timeout */
    POLL_TIMEOUT_MS = 60000, /* transport.http.request_timeout */
};

/* A call in progress, on the stack of the thread that makes it. */
struct rpc_call {
    struct list link; /* in sim->calls */
    const struct entity *device;
    int64_t id;
    const json_t *body;
    bool delivered;
    json_t *answer;
};

static int64_t deadline(int64_t timeout_ms)
{
    return monotonic_ms() + (timeout_ms < 3600000 ? timeout_ms : 3600000);
}

/* Waits for a change of any call or attribute. False: UNTIL has come, or the program stops. */
static bool wait_for_change(struct sim *sim, int64_t until)
{
    struct timespec at = monotonic_timespec(until * 1000000);

    return !sim->calls.stopping && monotonic_ms() < until &&
           pthread_cond_timedwait(&sim->calls.changed, &sim->lock, &at) == 0;
}

static void call_device(struct sim *sim, struct reply *rp, struct entity *device, const json_t *body,
                        bool two_way)
{
    int64_t timeout = json_int(body, "timeout", CALL_TIMEOUT_MS);
    int64_t until = deadline(timeout < MIN_TIMEOUT_MS ? MIN_TIMEOUT_MS : timeout);
    struct rpc_call call = {.device = device, .id = ++device->last_rpc, .body = body};
    bool done = false;

    list_append(&sim->calls.list, &call.link);
    pthread_cond_broadcast(&sim->calls.changed);
    do
        done = two_way ? call.answer != NULL : call.delivered;
    while (!done && wait_for_change(sim, until));
    list_remove(&call.link);
    if (!done)
        reply_empty(rp, 504);
    else if (two_way)
        reply_json(rp, call.answer);
    else
        reply_empty(rp, 200);
}

/* The device to call; counts the call. NULL: the reply is a refusal. */
static struct entity *called_device(struct sim *sim, struct request *rq, struct reply *rp, const json_t *body)
{
    rp->sync = true; /* a request that is refused here never became asynchronous */
    struct entity *device = entity_var(sim, rq, rp, ENTITY_DEVICE, 0);
    if (!device)
        return NULL;
    if (!json_str(body, "method")) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid request body");
        return NULL;
    }
    rp->sync = false;
    sim->log.counters.rpcs++;
    return device;
}

static void rpc(struct sim *sim, struct request *rq, struct reply *rp, bool two_way)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);
    struct entity *device = called_device(sim, rq, rp, body);

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

static struct rpc_call *undelivered_call(struct sim *sim, const struct entity *device)
{
    struct rpc_call *call;

    list_for_each(call, &sim->calls.list, link) {
        if (call->device == device && !call->delivered)
            return call;
    }
    return NULL;
}

static struct rpc_call *unanswered_call(struct sim *sim, const struct entity *device, int64_t id)
{
    struct rpc_call *call;

    list_for_each(call, &sim->calls.list, link) {
        if (call->device == device && call->id == id && !call->answer)
            return call;
    }
    return NULL;
}

void device_api_next_rpc(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *device = device_of_token(sim, rq, rp);
    int64_t until = poll_deadline(rq);
    struct rpc_call *call = NULL;

    if (!device)
        return;
    do
        call = undelivered_call(sim, device);
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
    rp->chunked = false; /* the device API sends Content-Length */
}

/* An answer to a call that has ended, or never existed, is accepted, too. */
void device_api_answer_rpc(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *device = device_of_token(sim, rq, rp);
    struct rpc_call *call;
    int64_t id;

    if (!device)
        return;
    if (parse_int64(rq->vars[1], &id) < 0) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Method parameter 'requestId': Failed to convert value of type 'java.lang.String' to "
                    "required type 'java.lang.Integer'; For input string: \"%s\"",
                    rq->vars[1]);
        return;
    }
    call = unanswered_call(sim, device, id);
    if (call) {
        json_t *answer = java_json_read(rq->body.data, rq->body.len, NULL);

        call->answer = answer ? answer : json_stringn(rq->body.data, rq->body.len);
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

/* Waits until shared attributes of the device are saved. */
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
