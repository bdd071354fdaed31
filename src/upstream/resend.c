/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/resend.h"

#include "upstream/session_answer.h"
#include "json/json_read.h"

/* A gateway answers with a page, or with JSON of its own. */
static bool is_of_thingsboard(const struct transfer *transfer)
{
    const struct buf *text = &transfer->response_body;
    json_t *body = json_read(text->data, text->len, 0, NULL);
    bool ret = session_answer_is_error(body);

    json_decref(body);
    return ret;
}

static bool met_gateway(const struct transfer *transfer)
{
    return (transfer->status == 502 || transfer->status == 503) && !transfer->overflows &&
           !is_of_thingsboard(transfer);
}

/* A time-out ends the request, which may have been its reason, unless there was no connection by the time
 * that the most impatient of its callers set. */
static bool was_lost(const struct transfer *transfer)
{
    bool late = transfer->timed_out_waiting && transfer->send_by_ms > 0;

    if (transfer_was_not_executed(transfer))
        return (late || !transfer->timed_out_waiting) && !transfer_error_lasts(transfer->error.token);
    return transfer->may_be_sent_twice && !transfer->answer_begun && (late || transfer->error.status != 504);
}

/* A server that answers a login with 429 is not away, and one whose certificate is refused is not back soon.
 */
static bool is_away(const struct upstream *upstream)
{
    return session_state(upstream->session) == SESSION_OFFLINE && session_status(upstream->session) != 429 &&
           !transfer_error_lasts(upstream->calls.transfer.error.token);
}

bool request_may_be_resent(const struct request *request)
{
    const struct transfer *transfer = &request->transfer;

    switch (request->outcome) {
    case REQUEST_FAILED:
        return was_lost(transfer);
    case REQUEST_ANSWERED:
        return transfer->may_be_sent_twice && met_gateway(transfer);
    case REQUEST_NO_SESSION:
        return is_away(request->upstream);
    default:
        return false;
    }
}
