/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a 429: which requests are sent again and when, and which get the 429.
 */
#include "proxy/forward/body_stream.h"
#include "proxy/forward/upstream_call.h"

static unsigned most_retries(const struct upstream_call *call)
{
    const struct forwarding *forwarding;
    unsigned most = 0;

    list_for_each(forwarding, &call->members, member)
        most = forwarding->retries > most ? forwarding->retries : most;
    return most;
}

/* How long to wait before the next try, as many times as these requests or their operation were refused; -1:
 * longer than any request may wait. */
static int64_t back_off_ms(const struct services *services, const struct transfer *transfer,
                           uint32_t operation, unsigned retries)
{
    int64_t retry_after_ms = upstream_clock_retry_after_ms(&services->upstream.clock, transfer);
    unsigned in_a_row =
        refused_operations_in_a_row(&services->budget.refusals.operations, operation, transfer->started_ms);

    return retry_delay_ms(&services->own_request_options.retry, (retries > in_a_row ? retries : in_a_row) + 1,
                          retry_after_ms);
}

int64_t upstream_call_note_refusal(struct services *services, const struct transfer *transfer,
                                   uint32_t operation, unsigned cost, unsigned retries)
{
    const struct retry_options *retry = &services->own_request_options.retry;
    int64_t now_ms = services->loop.now_ms;
    int64_t delay_ms = back_off_ms(services, transfer, operation, retries);
    struct refusal this = {
        .operation = operation,
        .sent_ms = transfer->started_ms,
        .until_ms = now_ms + (delay_ms >= 0 ? delay_ms : retry->max_delay_ms),
    };

    metrics_count(services->metrics, METRICS_RATE_LIMITED, 1);
    if (cost > 0 && !retry->off)
        budget_refused(&services->budget, now_ms, &this);
    return delay_ms;
}

/* Why it is not sent again in DELAY_MS, if it is not. */
static enum retry_refusal refusal_of(const struct forwarding *forwarding, int64_t delay_ms)
{
    const struct exchange *exchange = forwarding->exchange;
    enum retry_refusal refusal = retry_check(&exchange->services->own_request_options.retry,
                                             exchange->head.retry, forwarding->retries, forwarding->stamped);

    if (refusal == RETRY_NOT_REFUSED && !body_stream_can_begin_again(forwarding))
        refusal = RETRY_BODY_IS_GONE;
    if (refusal == RETRY_NOT_REFUSED && delay_ms < 0)
        refusal = RETRY_LATER_THAN_MAX;
    return refusal;
}

void upstream_call_retry(struct upstream_call *call)
{
    struct services *services = call->services;
    int64_t delay_ms = upstream_call_note_refusal(services, &call->request.transfer, call->operation,
                                                  call->cost, most_retries(call));

    while (call->member_count > 0) {
        struct forwarding *forwarding = upstream_call_first(call);
        enum retry_refusal refusal = refusal_of(forwarding, delay_ms);

        if (refusal == RETRY_NOT_REFUSED) {
            forwarding->retries++;
            forwarding->exchange->outbound.wait_reason = "rate limit";
            metrics_count(services->metrics, METRICS_RETRIES, 1);
            upstream_call_requeue(forwarding, delay_ms);
        } else {
            call->request.not_retried = refusal;
            upstream_call_respond(forwarding);
        }
    }
}
