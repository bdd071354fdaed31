/* SPDX-License-Identifier: Apache-2.0 */
/* One request as a handler sees it: target taken apart, body, who asks. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tbclient/table.h>

#include "sim/json/java_json.h"
#include "sim/store/entity_store.h"

enum {
    MAX_SEGMENTS = 16,
    MAX_PARAMS = 1000, /* Tomcat's maxParameterCount */
    MAX_VARS = 4,      /* of the routes with a handler */
};

/* What is wrong with a target before any controller looks at it. */
enum target_fault {
    TARGET_OK,
    TARGET_HTML, /* Tomcat's 400 page: characters that RFC 3986 does not allow, %2F */
    TARGET_JSON, /* Spring's firewall: "//", ";", dot segments */
};

struct route;

struct param {
    char *name;
    char *value;
};

struct request {
    struct MHD_Connection *mhd;
    char *method;
    bool http_1_0;
    char *target; /* raw, with the query */
    char *path;   /* raw, without it */
    char *segments[MAX_SEGMENTS];
    size_t n_segments;
    bool trailing_slash;
    struct param params[MAX_PARAMS];
    size_t n_params;
    enum target_fault target_fault;

    char *body;
    size_t body_len;
    size_t body_cap;
    bool too_big;      /* a body of unknown length over MAX_BODY */
    bool refused_size; /* Content-Length over MAX_BODY: the body stays unread */
    json_t *json;      /* the body, where the route wants JSON */

    const struct tb_operation *op; /* of the tables; NULL: the target is none of them */
    const struct route *route;
    const char *vars[MAX_VARS]; /* path variables in the order of the template */
    struct user *user;          /* NULL: nobody */
    int64_t now;                /* server clock at arrival */
};

/* Sets path, segments, params and target_fault from the target. */
void request_parse_target(struct request *rq);
void request_free(struct request *rq);

/* A request header, NULL if absent. */
const char *request_header(const struct request *rq, const char *name);
/* A query parameter, decoded; NULL if absent. */
const char *request_param(const struct request *rq, const char *name);
bool request_flag(const struct request *rq, const char *name);
/* All values of a parameter and its comma-separated parts, as a JSON array of strings. */
json_t *request_list(const struct request *rq, const char *name);
