/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call_body.h"

#include <errno.h>

#include "proxy/daemon/daemon.h"
#include "proxy/exchange/exchange.h"
#include "proxy/forward/upstream_call.h"

struct buf *forwarding_body_of(struct exchange *exchange)
{
    return exchange->has_body && !exchange->streams_body ? &exchange->body : NULL;
}

int forwarding_body_merge(struct forwarding *forwarding)
{
    CLEANUP(free_pointer)
    const struct buf **bodies = reallocarray(NULL, forwarding->member_count, sizeof(*bodies));
    const struct exchange *exchange = NULL;
    const struct list *link;
    size_t count = 0;
    int r;

    if (!bodies)
        return -ENOMEM;
    for (link = forwarding->members.next; link != &forwarding->members; link = link->next) {
        exchange = CONTAINER_OF((struct list *)(uintptr_t)link, struct exchange, member);
        bodies[count++] = &exchange->body;
    }
    forwarding->body = (struct buf)BUF_INIT((size_t)forwarding->daemon->config->merge.max_bytes);
    r = merge_bodies(exchange->merge, bodies, count, &forwarding->body);
    if (r == 0 && !quota_take(&forwarding->daemon->bodies, forwarding->body.len))
        r = -ENOBUFS;
    if (r < 0)
        buf_free(&forwarding->body);
    return r;
}

void forwarding_body_free(struct forwarding *forwarding)
{
    quota_give_back(&forwarding->daemon->bodies, forwarding->body.len);
    buf_free(&forwarding->body);
}
