/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/failure_log.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "proxy/exchange/principal.h"

#define KIND_TEXT_MAX 80

static bool is_failure(const struct failure_kind *kind)
{
    return kind->status >= 500 || kind->status == 429 ||
           (kind->error && (kind->status == 401 || kind->status == 403 || kind->status == 421));
}

/* "502 connection refused". */
static void print_kind(int status, const char *error, char ret[KIND_TEXT_MAX])
{
    char *c;

    snprintf(ret, KIND_TEXT_MAX, "%d %s", status,
             error ? error : MHD_get_reason_phrase_for((unsigned)status));
    for (c = ret; *c; c++)
        *c = *c == '_' ? ' ' : *c;
}

/* ---- sums ---- */

static void log_sum(const struct failure_log *log, size_t index)
{
    const uint64_t count = log->kinds[index].count;
    int status = log->kinds[index].status;
    const struct log_field fields[] = {{"STATUS", NULL, status}, {"COUNT", NULL, (int64_t)count}};
    char text[KIND_TEXT_MAX] = "other kinds of failures";

    if (status != 0)
        print_kind(status, log->kinds[index].error, text);
    log_write_fields(LOG_LEVEL_WARNING, fields, ARRAY_SIZE(fields),
                     "%" PRIu64 " request%s failed in %" PRId64 " s: %s", count, count == 1 ? "" : "s",
                     (log->loop->now_ms - log->since_ms + 500) / 1000, text);
}

static void start_period(struct failure_log *log)
{
    log->since_ms = log->loop->now_ms;
    loop_timer_start(log->loop, &log->timer, FAILURE_LOG_PERIOD_MS);
}

/* A kind that did not happen again is forgotten; its next failure is the first again. */
static void failure_log_timer_expired(struct timer *timer)
{
    struct failure_log *log = CONTAINER_OF(timer, struct failure_log, timer);
    size_t kept = 0, i;

    for (i = 0; i < log->used; i++) {
        if (log->kinds[i].count == 0)
            continue;
        log_sum(log, i);
        log->kinds[kept] = log->kinds[i];
        log->kinds[kept++].count = 0;
    }
    log->used = kept;
    if (kept > 0)
        start_period(log);
}

void failure_log_flush(struct failure_log *log)
{
    size_t i;

    for (i = 0; i < log->used; i++)
        if (log->kinds[i].count > 0)
            log_sum(log, i);
    log->used = 0;
    loop_timer_stop(log->loop, &log->timer);
}

/* ---- failures ---- */

static void log_first(const struct failure_kind *kind, const char *reason)
{
    const char *operation = kind->operation ? operation_id(kind->operation) : "";
    char text[KIND_TEXT_MAX], principal[PRINCIPAL_NAME_MAX];
    const struct log_field fields[] = {
        {"STATUS", NULL, kind->status}, {"PRINCIPAL", principal, 0}, {"OPERATION", operation, 0}};

    print_kind(kind->status, kind->error, text);
    principal_name(kind->user, principal, sizeof(principal));
    log_write_fields(LOG_LEVEL_WARNING, fields, ARRAY_SIZE(fields) - !*operation,
                     "a request failed: %s (%s%sof %s)%s%s", text, operation, *operation ? " " : "",
                     principal, reason ? ": " : "", reason ? reason : "");
}

static bool is_kind(const struct failure_log *log, size_t index, const struct failure_kind *kind)
{
    const char *error = log->kinds[index].error;

    return log->kinds[index].status == kind->status &&
           strcmp(error ? error : "", kind->error ? kind->error : "") == 0;
}

/* The place of KIND; that of all further kinds if there is no other. */
static size_t find(const struct failure_log *log, const struct failure_kind *kind)
{
    size_t i = 0;

    while (i < log->used && i < FAILURE_LOG_KINDS && !is_kind(log, i, kind))
        i++;
    return i;
}

void failure_log_note(struct failure_log *log, const struct failure_kind *kind, const char *reason)
{
    size_t index;

    if (!is_failure(kind))
        return;
    index = find(log, kind);
    if (index < log->used) {
        log->kinds[index].count++;
        return;
    }
    if (log->used++ == 0)
        start_period(log);
    log->kinds[index].status = index < FAILURE_LOG_KINDS ? kind->status : 0;
    log->kinds[index].error = kind->error;
    log->kinds[index].count = 0;
    log_first(kind, reason);
}

void failure_log_init(struct failure_log *log, struct loop *loop)
{
    *log = (struct failure_log){.loop = loop, .timer.expired = failure_log_timer_expired};
}
