/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/request_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/exchange/response.h"

#define FIELDS_MAX 9
#define TIMES_MAX  120

/* What is in no document goes by its method. */
static bool is_write(const struct head *head)
{
    if (head->route.kind != ROUTE_FORWARD && head->route.kind != ROUTE_FORWARD_ANONYMOUS)
        return false;
    if (head->operation)
        return head->operation->sets & SET_WRITE;
    return strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0 &&
           strcmp(head->method, "OPTIONS") != 0;
}

static const char *label_of(const struct exchange *exchange, enum log_level *ret_level)
{
    const struct config *config = exchange->services->config;

    *ret_level = LOG_LEVEL_INFO;
    if (config->log.audit && is_write(&exchange->head))
        return "audit";
    if (config->log.access)
        return "access";
    *ret_level = LOG_LEVEL_DEBUG;
    return "request";
}

/* ---- what it took ---- */

struct durations {
    int64_t queue_ms, upstream_ms; /* of response_read_timing() */
    int64_t total_ms;
};

/* A request that is refused for its header is not dispatched. */
static struct durations durations_of(const struct exchange *exchange)
{
    struct durations ret = {.total_ms = 0};

    response_read_timing(exchange, &ret.queue_ms, &ret.upstream_ms);
    if (exchange->dispatched_ms > 0)
        ret.total_ms = clock_boot_ms() - exchange->dispatched_ms;
    return ret;
}

static size_t list_fields(const struct exchange *exchange, const struct durations *durations,
                          const char *principal, struct log_field fields[FIELDS_MAX])
{
    const struct head *head = &exchange->head;
    size_t count = 0;

    if (head->operation)
        fields[count++] = (struct log_field){"OPERATION", operation_id(head->operation), 0};
    fields[count++] = (struct log_field){"PRINCIPAL", principal, 0};
    fields[count++] = (struct log_field){"METHOD", head->method, 0};
    fields[count++] = (struct log_field){"STATUS", NULL, exchange->outbound.status};
    fields[count++] = (struct log_field){"BYTES", NULL, exchange->outbound.bytes};
    fields[count++] = (struct log_field){"TOTAL_MS", NULL, durations->total_ms};
    if (durations->queue_ms < 0)
        return count;
    fields[count++] = (struct log_field){"QUEUE_MS", NULL, durations->queue_ms};
    if (durations->upstream_ms >= 0)
        fields[count++] = (struct log_field){"UPSTREAM_MS", NULL, durations->upstream_ms};
    if (exchange->outbound.wait_reason)
        fields[count++] = (struct log_field){"QUEUE_REASON", exchange->outbound.wait_reason, 0};
    return count;
}

static void print_times(const struct durations *durations, const char *wait_reason, char ret[TIMES_MAX])
{
    char upstream[TIMES_MAX / 2] = "";

    *ret = '\0';
    if (durations->upstream_ms >= 0)
        snprintf(upstream, sizeof(upstream), ", upstream %" PRId64 " ms", durations->upstream_ms);
    if (durations->queue_ms >= 0)
        snprintf(ret, TIMES_MAX, " (queue %" PRId64 " ms%s%s%s)", durations->queue_ms,
                 wait_reason ? ": " : "", wait_reason ? wait_reason : "", upstream);
}

/* Without the query and, in paths of the device API, without the device's token: both can be secret. */
static void write_line(const struct exchange *exchange, enum log_level level, const char *label,
                       const char *reason)
{
    const struct head *head = &exchange->head;
    const char *path = head->target.text.data ? head->target.text.data : "-";
    size_t length = head->target.text.data ? target_public_length(path, head->target.path_length) : 1;
    const struct durations durations = durations_of(exchange);
    char client[PEER_NAME_MAX], principal[PRINCIPAL_NAME_MAX], times[TIMES_MAX];
    struct log_field fields[FIELDS_MAX];
    size_t count;

    peer_name(exchange->peer, client, sizeof(client));
    principal_name(peer_user(exchange->peer), principal, sizeof(principal));
    print_times(&durations, exchange->outbound.wait_reason, times);
    count = list_fields(exchange, &durations, principal, fields);
    log_write_fields(level, fields, count, "%s: %s %s %s %.*s -> %d, %" PRId64 " bytes, %" PRId64 " ms%s%s%s",
                     label, client, head->operation ? operation_id(head->operation) : "-", head->method,
                     (int)length, path, exchange->outbound.status, exchange->outbound.bytes,
                     durations.total_ms, times, *reason ? ": " : "", reason);
}

void request_log(const struct exchange *exchange, const char *reason)
{
    enum log_level level;
    const char *label = exchange->head.method ? label_of(exchange, &level) : NULL;

    if (label && log_is_enabled(level))
        write_line(exchange, level, label,
                   exchange->hung_up ? "the client has hung up"
                   : reason          ? reason
                                     : "");
}
