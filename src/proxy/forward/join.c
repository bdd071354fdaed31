/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/join.h"

#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"

#define JOIN_AGE_MAX_MS 5000 /* an older call is not joined */

bool join_is_possible(const struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;
    const struct head *head = &exchange->head;

    return exchange->services->config->join.reads && forwarding->is_read && head->operation &&
           exchange->inbound.length == 0 && head->route.kind == ROUTE_FORWARD &&
           head->retry == TB_RETRY_FREE && strcmp(head->method, MHD_HTTP_METHOD_GET) == 0;
}

/* An answer that has not come by now may never come, so better ask anew. */
static bool is_late(const struct upstream_call *call)
{
    int64_t started_ms = call->request.transfer.started_ms;

    return started_ms > 0 && call->services->loop.now_ms - started_ms > JOIN_AGE_MAX_MS;
}

bool join(struct forwarding *forwarding, const struct buf *key)
{
    struct services *services = forwarding->exchange->services;
    struct queue_key *found = forwarding->is_read && key->len > 0
                                  ? queue_find_key(&services->forward->queue, key->data, key->len)
                                  : NULL;
    struct upstream_call *call = found ? found->in_flight : NULL;

    if (!call || call->generation != services->forward->write_generation || is_late(call))
        return false;
    queue_refer(&services->forward->queue, &forwarding->item, found);
    upstream_call_join(call, forwarding);
    return true;
}
