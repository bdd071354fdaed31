/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call.h"

#include "proxy/forward/forward.h"

void upstream_call_add(struct upstream_call *call, struct forwarding *forwarding)
{
    list_append(&call->members, &forwarding->member);
    call->member_count++;
    call->users++;
    forwarding->call = call;
    forwarding->state = FORWARDING_SENT;
}

struct forwarding *upstream_call_first(const struct upstream_call *call)
{
    return CONTAINER_OF(call->members.next, struct forwarding, member);
}

void upstream_call_remove(struct forwarding *forwarding)
{
    if (list_is_empty(&forwarding->member))
        return;
    list_remove(&forwarding->member);
    forwarding->call->member_count--;
}

void upstream_call_unref(struct upstream_call *call)
{
    if (--call->users > 0)
        return;
    request_free(&call->request);
    upstream_call_free_body(call);
    buf_free(&call->target);
    headers_free(&call->headers);
    principal_release(call->principal);
    free(call);
}

void upstream_call_release(struct forwarding *forwarding)
{
    struct upstream_call *call = TAKE_PTR(forwarding->call);

    if (call)
        upstream_call_unref(call);
}

/* With a 503, a gateway has found no server. */
static bool may_be_executed(const struct request *request)
{
    if (request->state == REQUEST_SENDING)
        return true;
    return request->may_have_run &&
           !(request->outcome == REQUEST_ANSWERED && request->transfer.status == 503);
}

bool upstream_call_may_have_run(const struct forwarding *forwarding)
{
    return forwarding->may_have_run || (forwarding->call && may_be_executed(&forwarding->call->request));
}

/* The lead has gone while others wait for the answer: the call keeps what it needs to be sent again after a
 * 401. */
static void inherit(struct upstream_call *call, struct forwarding *lead)
{
    struct head *head = &lead->exchange->head;
    struct request *request = &call->request;

    call->target = head->target.text;
    call->headers = head->headers;
    head->target.text = (struct buf)BUF_INIT(call->target.max);
    /* For the log. Without memory, it has no path. */
    buf_append(&head->target.text, call->target.data, call->target.len);
    head->headers = (struct headers)HEADERS_INIT;
    request->headers = &call->headers;
    call->lead = NULL;
}

static void leave_call(struct forwarding *forwarding)
{
    struct upstream_call *call = forwarding->call;

    upstream_call_remove(forwarding);
    if (!call->under_way)
        return; /* its answer may be the response: it is released after that is written */
    if (call->member_count == 0) {
        bool sent = call->request.state == REQUEST_SENDING;

        request_cancel(&call->request);
        upstream_call_end(call, sent ? BUDGET_COUNTED : BUDGET_UNCOUNTED);
    } else if (call->lead == forwarding) {
        inherit(call, forwarding);
    }
    upstream_call_release(forwarding);
}

void upstream_call_leave(struct forwarding *forwarding)
{
    struct services *services = forwarding->exchange->services;

    loop_timer_stop(&services->loop, &forwarding->wait_timer);
    if (forwarding->call)
        leave_call(forwarding);
    queue_forget(&services->forward->queue, &forwarding->item);
    forwarding->state = FORWARDING_ENDED;
}
