/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_answer.h"

#include "upstream/retry.h"

#define REST_MS     5000
#define REST_MAX_MS 300000

/* The server knows of an error of its own, which may be the rows'. */
static enum spool_verdict judge_failure(const struct spool_ended_call *call)
{
    return call->attempts + 1 >= SPOOL_ATTEMPTS_MAX &&
                   call->now_ms - call->first_attempt_ms >= SPOOL_ATTEMPTS_MIN_MS
               ? SPOOL_IS_REFUSED
               : SPOOL_HAS_FAILED;
}

/* 3xx, or a page, of a portal for example: something in front of the server, which has not read the rows. */
static enum spool_verdict judge_status(const struct spool_ended_call *call)
{
    int status = call->status;

    if (status >= 200 && status < 300)
        return call->is_page ? SPOOL_SERVER_IS_AWAY : SPOOL_IS_DELIVERED;
    if (status == 401)
        return call->credential_passes ? SPOOL_ALL_ARE_REFUSED : SPOOL_IS_DOUBTED;
    if (status == 429)
        return SPOOL_RATE_LIMITED;
    if (status < 400 || status == 408 || (status >= 502 && status <= 504))
        return SPOOL_SERVER_IS_AWAY;
    if (status == 403 || status == 404)
        return SPOOL_ALL_ARE_REFUSED;
    return status < 500 ? SPOOL_IS_REFUSED : judge_failure(call);
}

enum spool_verdict spool_answer_judge(const struct spool_ended_call *call)
{
    switch (call->outcome) {
    case REQUEST_ANSWERED:
        return judge_status(call);
    case REQUEST_TO_LOGIN_PAGE:
        return SPOOL_IS_DOUBTED;
    default:
        return SPOOL_SERVER_IS_AWAY;
    }
}

int64_t spool_answer_rest_ms(int attempts)
{
    const struct retry_options options = {.initial_delay_ms = REST_MS, .max_delay_ms = REST_MAX_MS};

    return retry_delay_ms(&options, (unsigned)attempts, -1);
}
