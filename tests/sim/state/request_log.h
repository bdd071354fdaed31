/* SPDX-License-Identifier: Apache-2.0 */
/* What came in and what went out: the last requests and the counters of GET /sim/stats. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/memory.h"

enum {
    RECORD_REQUESTS = 1000,
    RECORD_BODY = 64 * 1024,
    MAX_STATUS = 600,
};

struct record_entry {
    char *method;
    char *target;
    char *headers; /* name NUL value NUL ... */
    size_t headers_len;
    char *body;
    size_t body_len;
    int status; /* 0: no answer was given */
    uint64_t connection;
};

struct counters {
    uint64_t requests;
    uint64_t probes; /* questions for the edition and version; in no other counter */
    uint64_t logins;
    uint64_t login_failures;
    uint64_t refreshes;
    uint64_t refresh_failures;
    uint64_t connections;
    uint64_t values;
    uint64_t rpcs;
    uint64_t statuses[MAX_STATUS];
};

struct record {
    struct record_entry ring[RECORD_REQUESTS];
    size_t next;
    size_t used;
    uint64_t epoch; /* grows whenever the counters are zeroed */
    struct counters counters;
};

void record_entry_free(struct record_entry *entry);
/* Takes the entry's memory over. */
void record_add(struct record *record, const struct record_entry *entry);
/* Forgets the requests and zeroes the counters. */
void record_clear(struct record *record);
void record_free(struct record *record);

json_t *record_requests(const struct record *record);
json_t *record_stats(const struct record *record, size_t points);
