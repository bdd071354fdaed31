/* SPDX-License-Identifier: Apache-2.0 */
/* RPC to devices that answer at once, and operations of which only the cost is modelled. */
#include "entity.h"
#include "generated.h"
#include "route.h"

/* The device of the call, counted; NULL: the refusal is filled in. */
static const struct entity *call(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_auto_t *body = json_read(rq->body, rq->body_len, NULL);

    rp->sync = true; /* what is refused here never became asynchronous */
    const struct entity *device = entity_var(sim, rq, rp, ENTITY_DEVICE, 0);
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

void rpc_one_way(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (call(sim, rq, rp))
        reply_empty(rp, 200);
}

void rpc_two_way(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (call(sim, rq, rp))
        reply_json(rp, json_pack("{s:b}", "ok", 1));
}

void accepted(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (rq->op)
        generated_answer(sim, rq, rp);
    else
        reply_json(rp, json_pack("{s:b}", "ok", 1));
}

void accepted_empty(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_empty(rp, 200);
}
