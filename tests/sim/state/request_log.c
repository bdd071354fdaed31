/* SPDX-License-Identifier: Apache-2.0 */
/* What came in and what went out. */
#include "sim/state/request_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json/java_json.h"

void record_entry_free(struct record_entry *e)
{
    free(e->method);
    free(e->target);
    free(e->headers);
    free(e->body);
    *e = (struct record_entry){};
}

void record_add(struct record *record, const struct record_entry *entry)
{
    struct record_entry *slot = &record->ring[record->next];

    record_entry_free(slot);
    *slot = *entry;
    record->next = (record->next + 1) % RECORD_REQUESTS;
    if (record->used < RECORD_REQUESTS)
        record->used++;
}

void record_free(struct record *record)
{
    for (size_t i = 0; i < RECORD_REQUESTS; i++)
        record_entry_free(&record->ring[i]);
    record->next = record->used = 0;
}

void record_clear(struct record *record)
{
    record_free(record);
    record->counters = (struct counters){};
    record->epoch++;
}

static json_t *entry_json(const struct record_entry *e)
{
    json_t *headers = json_array();
    _cleanup_free_ char *body = bytes_to_utf8(e->body, e->body_len);

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

json_t *record_requests(const struct record *record)
{
    json_t *list = json_array();
    size_t first = (record->next + RECORD_REQUESTS - record->used) % RECORD_REQUESTS;

    for (size_t i = 0; i < record->used; i++)
        json_array_append_new(list, entry_json(&record->ring[(first + i) % RECORD_REQUESTS]));
    return list;
}

json_t *record_stats(const struct record *record, size_t points)
{
    const struct counters *c = &record->counters;
    json_t *statuses = json_object();

    for (size_t i = 0; i < MAX_STATUS; i++) {
        char name[24];

        if (c->statuses[i] == 0)
            continue;
        snprintf(name, sizeof name, "%zu", i);
        json_put(statuses, name, json_integer((json_int_t)c->statuses[i]));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "requests",
                     (json_int_t)c->requests, "probes", (json_int_t)c->probes, "logins",
                     (json_int_t)c->logins, "login_failures", (json_int_t)c->login_failures, "refreshes",
                     (json_int_t)c->refreshes, "refresh_failures", (json_int_t)c->refresh_failures,
                     "statuses", statuses, "connections", (json_int_t)c->connections, "values",
                     (json_int_t)c->values, "points", (json_int_t)points, "rpcs", (json_int_t)c->rpcs);
}
