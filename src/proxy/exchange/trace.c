/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/trace.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#include "http/query.h"
#include "proxy/exchange/response.h"
#include "json/json_write.h"

/* ---- filters ---- */

static bool take_client(struct trace_filter *filter, const char *value)
{
    static const char prefix[] = "uid:";
    size_t digits;

    filter->has_user = true;
    filter->user = PRINCIPAL_UNKNOWN;
    if (strcmp(value, "unknown") == 0)
        return true;
    if (strncmp(value, prefix, strlen(prefix)) != 0)
        return false;
    value += strlen(prefix);
    digits = strspn(value, "0123456789");
    filter->user = strtoll(value, NULL, 10);
    return digits > 0 && digits <= 10 && !value[digits];
}

static bool take_operation(struct trace_filter *filter, const char *value)
{
    size_t i;

    for (i = 0; i < operation_count && !filter->operation; i++)
        if (strcmp(operation_id(&operations[i]), value) == 0)
            filter->operation = operation_id(&operations[i]);
    return filter->operation;
}

/* "404" or "4xx". */
static bool take_status(struct trace_filter *filter, const char *value)
{
    bool is_class = strlen(value) == 3 && strcmp(value + 1, "xx") == 0;

    if (!is_class && (strlen(value) != 3 || strspn(value, "0123456789") != 3))
        return false;
    filter->status_min = is_class ? (*value - '0') * 100 : (int)strtol(value, NULL, 10);
    filter->status_max = filter->status_min + (is_class ? 99 : 0);
    return *value >= '1' && *value <= '5';
}

static bool take_method(struct trace_filter *filter, const char *value)
{
    filter->method = route_method(value);
    return filter->method;
}

static int trace_filter_take(void *arg, const char *name, char *value, const char **reason)
{
    struct trace_filter *filter = arg;

    *reason = "the only parameters are client, operation, status and method, each at most once";
    if (strcmp(name, "client") == 0 && !filter->has_user) {
        *reason = "client must be like uid:1000, or unknown";
        return take_client(filter, value) ? 0 : -EINVAL;
    }
    if (strcmp(name, "operation") == 0 && !filter->operation) {
        *reason = "operation is not the id of one; tbproxyctl operations lists them";
        return take_operation(filter, value) ? 0 : -EINVAL;
    }
    if (strcmp(name, "status") == 0 && filter->status_min == 0) {
        *reason = "status must be like 404 or 5xx";
        return take_status(filter, value) ? 0 : -EINVAL;
    }
    if (strcmp(name, "method") == 0 && !filter->method) {
        *reason = "method must be GET, POST, or the like, in capitals";
        return take_method(filter, value) ? 0 : -EINVAL;
    }
    return -EINVAL;
}

int trace_filter_parse(const char *query, struct trace_filter *ret, const char **reason)
{
    const struct query_reader reader = {.take = trace_filter_take, .arg = ret};

    *ret = (struct trace_filter){.status_max = INT_MAX};
    return query_read(query, &reader, reason);
}

static bool is_wanted(const struct trace_filter *filter, const struct exchange *exchange)
{
    const struct head *head = &exchange->head;
    int status = exchange->outbound.status;

    return (!filter->has_user || filter->user == peer_user(exchange->peer)) &&
           (!filter->operation ||
            (head->operation && strcmp(operation_id(head->operation), filter->operation) == 0)) &&
           (!filter->method || strcmp(filter->method, head->method) == 0) && status >= filter->status_min &&
           status <= filter->status_max;
}

/* ---- events ---- */

static json_t *ms_or_null(int64_t ms)
{
    return ms < 0 ? json_null() : json_integer(ms);
}

/* What is not UTF-8 is left out. */
static json_t *text_or_null(const char *text, size_t length)
{
    json_t *json = text ? json_stringn(text, length) : NULL;

    return json ? json : json_null();
}

static char *print_event(const struct exchange *exchange, const char *reason)
{
    const struct head *head = &exchange->head;
    const char *path = head->target.text.data, *method = head->method;
    int64_t queue_ms, upstream_ms, total_ms = 0;
    char at[CLOCK_TEXT_BYTES], client[PRINCIPAL_NAME_MAX];
    json_t *event;
    char *text;

    clock_format(clock_wall_ms(), at);
    principal_name(peer_user(exchange->peer), client, sizeof(client));
    response_read_timing(exchange, &queue_ms, &upstream_ms);
    if (exchange->dispatched_ms > 0)
        total_ms = clock_boot_ms() - exchange->dispatched_ms;
    event = json_pack(
        "{s:s,s:s,s:s,s:o,s:o,s:s?,s:i,s:o,s:o,s:I,s:o}", "at", at, "client", client, "listener",
        peer_listener_name(exchange->peer), "method", text_or_null(method, strlen(method)), "path",
        text_or_null(path, path ? target_public_length(path, head->target.path_length) : 0), "operation",
        head->operation ? operation_id(head->operation) : NULL, "status", exchange->outbound.status,
        "queue_ms", ms_or_null(queue_ms), "upstream_ms", ms_or_null(upstream_ms), "total_ms",
        (json_int_t)total_ms, "reason", text_or_null(reason, reason ? strlen(reason) : 0));
    text = json_write_text(event, JSON_COMPACT);
    json_decref(event);
    return text;
}

void trace_response(const struct exchange *exchange, const char *reason)
{
    CLEANUP(free_pointer) char *text = NULL;
    struct tracer *tracer;

    if (!exchange->head.method || exchange->peer->kind == LISTENER_ADMIN)
        return;
    list_for_each(tracer, &exchange->services->tracers, link) {
        if (!is_wanted(&tracer->filter, exchange))
            continue;
        if (!text)
            text = print_event(exchange, exchange->hung_up ? "the client has hung up" : reason);
        if (text)
            tracer->event(tracer, text);
    }
}
