/* SPDX-License-Identifier: Apache-2.0 */
/* A request as a controller sees it: the target in parts, the body, the user. */
#ifndef TB_SIM_SERVLET_REQUEST_H
#define TB_SIM_SERVLET_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tbclient/table.h>

#include "sim/json/java_json.h"
#include "sim/store/entity_store.h"

enum {
    BODY_MAX = 16 * 1024 * 1024,      /* maxPayloadSize of a default server */
    FILE_BODY_MAX = 50 * 1024 * 1024, /* the same for images and resources */
    HEADER_MAX = 8192,                /* Tomcat's maxHttpRequestHeaderSize */
    SEGMENTS_MAX = 16,
    PARAMS_MAX = 1000, /* Tomcat's maxParameterCount */
    VARS_MAX = 4,      /* of the rows with a handler */
};

/* Targets that are refused before any controller. */
enum target_error {
    TARGET_OK,
    TARGET_TOMCAT_400, /* with Tomcat's page: characters that RFC 3986 does not allow, %2F */
    TARGET_SPRING_400, /* by Spring's firewall: "//", ";", dot segments */
};

struct mapping;

struct param {
    char *name;
    char *value;
};

struct request {
    struct MHD_Connection *mhd;
    char *method;
    bool http_1_0;
    char *target; /* as it was sent, with the query */
    char *path;   /* as it was sent, without the query */
    char *segments[SEGMENTS_MAX];
    size_t n_segments;
    bool trailing_slash;
    struct param params[PARAMS_MAX];
    size_t n_params;
    enum target_error target_error;

    struct buf body;
    bool too_big;      /* a body of unknown length over the limit */
    bool refused_size; /* Content-Length over the limit: the body stays unread */
    json_t *json;      /* the body, if the row wants JSON */

    const struct tb_operation *op; /* of the tables; NULL: none has the target */
    const struct mapping *mapping;
    const char *vars[VARS_MAX]; /* path variables in the order of the template; NULL: fewer */
    struct user *user;          /* NULL: not authenticated */
    int64_t now;                /* server clock at arrival */
};

/* Sets path, segments, params and target_error from the target, as Tomcat and Spring read it. */
void request_parse_target(struct request *rq);
void request_free(struct request *rq);

/* A request header, or NULL. */
const char *request_header(const struct request *rq, const char *name);
/* A query parameter, decoded, or NULL. */
const char *request_param(const struct request *rq, const char *name);
/* Whether a query parameter is "true". */
bool request_flag(const struct request *rq, const char *name);
/* The comma-separated parts of all values of a parameter, as a JSON array of strings: a new reference. */
json_t *request_list(const struct request *rq, const char *name);

#endif
