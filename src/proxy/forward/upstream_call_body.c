/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call_body.h"

#include <errno.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/upstream_call.h"

struct buf *upstream_call_body_of(struct exchange *exchange)
{
    return exchange->has_body && !exchange->streams_body ? &exchange->body : NULL;
}

int upstream_call_body_merge(struct upstream_call *call)
{
    CLEANUP(free_pointer)
    const struct buf **bodies = reallocarray(NULL, call->member_count, sizeof(*bodies));
    const struct exchange *exchange = NULL;
    const struct list *link;
    size_t count = 0;
    int r;

    if (!bodies)
        return -ENOMEM;
    for (link = call->members.next; link != &call->members; link = link->next) {
        exchange = CONTAINER_OF((struct list *)(uintptr_t)link, struct exchange, member);
        bodies[count++] = &exchange->body;
    }
    call->body = (struct buf)BUF_INIT((size_t)call->services->config->merge.max_bytes);
    r = merge_bodies(exchange->merge, bodies, count, &call->body);
    if (r == 0 && !quota_take(&call->services->bodies, call->body.len))
        r = -ENOBUFS;
    if (r < 0)
        buf_free(&call->body);
    return r;
}

void upstream_call_body_free(struct upstream_call *call)
{
    quota_give_back(&call->services->bodies, call->body.len);
    buf_free(&call->body);
}
