/* SPDX-License-Identifier: Apache-2.0 */
/* The last requests, for GET /sim/requests, and the counters of GET /sim/stats. */
#ifndef TB_SIM_REQUEST_LOG_H
#define TB_SIM_REQUEST_LOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/memory.h"

enum {
    LOGGED_REQUESTS = 1000,
    LOGGED_BODY = 64 * 1024, /* bytes of each body */
    STATUS_MAX = 600,
};

struct logged_request {
    char *method;
    char *target;
    char *headers; /* name NUL value NUL ... */
    size_t headers_len;
    char *body;
    size_t body_len;
    int status; /* 0: there was no answer */
    uint64_t connection;
};

struct counters {
    uint64_t requests;
    uint64_t probes; /* of the edition and version; in no other counter */
    uint64_t logins;
    uint64_t login_failures;
    uint64_t refreshes;
    uint64_t refresh_failures;
    uint64_t connections;
    uint64_t values;
    uint64_t rpcs;
    uint64_t statuses[STATUS_MAX];
};

struct request_log {
    struct logged_request ring[LOGGED_REQUESTS];
    size_t next;
    size_t used;
    uint64_t epoch; /* how often the counters have been zeroed */
    struct counters counters;
};

void logged_request_free(struct logged_request *entry);
/* Takes over the memory of the entry. */
void request_log_add(struct request_log *log, const struct logged_request *entry);
/* Removes the requests and zeroes the counters. */
void request_log_clear(struct request_log *log);
void request_log_free(struct request_log *log);

json_t *request_log_requests(const struct request_log *log);
json_t *request_log_stats(const struct request_log *log, size_t points);

#endif
