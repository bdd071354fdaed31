/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/state/request_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json/java_json.h"

void logged_request_free(struct logged_request *e)
{
    free(e->method);
    free(e->target);
    free(e->headers);
    free(e->body);
    *e = (struct logged_request){};
}

void request_log_add(struct request_log *log, const struct logged_request *entry)
{
    struct logged_request *slot = &log->ring[log->next];

    logged_request_free(slot);
    *slot = *entry;
    log->next = (log->next + 1) % LOGGED_REQUESTS;
    if (log->used < LOGGED_REQUESTS)
        log->used++;
}

void request_log_free(struct request_log *log)
{
    for (size_t i = 0; i < LOGGED_REQUESTS; i++)
        logged_request_free(&log->ring[i]);
    log->next = log->used = 0;
}

void request_log_clear(struct request_log *log)
{
    request_log_free(log);
    log->counters = (struct counters){};
    log->epoch++;
}

static json_t *entry_json(const struct logged_request *e)
{
    json_t *headers = json_array();
    CLEANUP(free_pointer) char *body = bytes_to_utf8(e->body, e->body_len);

    for (size_t i = 0; i < e->headers_len;) {
        const char *name = e->headers + i;
        const char *value = name + strlen(name) + 1;
        json_t *pair = json_array();

        json_array_append_new(pair, json_text(name));
        json_array_append_new(pair, json_text(value));
        json_array_append_new(headers, pair);
        i = (size_t)(value - e->headers) + strlen(value) + 1;
    }
    return json_pack("{s:o, s:o, s:o, s:s, s:i, s:I}", "method", json_text(e->method), "target",
                     json_text(e->target), "headers", headers, "body", body, "status", e->status,
                     "connection", (json_int_t)e->connection);
}

json_t *request_log_requests(const struct request_log *log)
{
    json_t *list = json_array();
    size_t first = (log->next + LOGGED_REQUESTS - log->used) % LOGGED_REQUESTS;

    for (size_t i = 0; i < log->used; i++)
        json_array_append_new(list, entry_json(&log->ring[(first + i) % LOGGED_REQUESTS]));
    return list;
}

json_t *request_log_stats(const struct request_log *log, size_t points)
{
    const struct counters *c = &log->counters;
    json_t *statuses = json_object();

    for (size_t i = 0; i < STATUS_MAX; i++) {
        char name[24];

        if (c->statuses[i] == 0)
            continue;
        snprintf(name, sizeof(name), "%zu", i);
        json_put(statuses, name, json_integer((json_int_t)c->statuses[i]));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "requests",
                     (json_int_t)c->requests, "probes", (json_int_t)c->probes, "logins",
                     (json_int_t)c->logins, "login_failures", (json_int_t)c->login_failures, "refreshes",
                     (json_int_t)c->refreshes, "refresh_failures", (json_int_t)c->refresh_failures,
                     "statuses", statuses, "connections", (json_int_t)c->connections, "values",
                     (json_int_t)c->values, "points", (json_int_t)points, "rpcs", (json_int_t)c->rpcs);
}
