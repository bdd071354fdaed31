/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of a ThingsBoard server, in all the shapes that wire/README.md records. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/memory.h"
#include "sim/json/java_json.h"

/* ThingsboardErrorCode */
enum error_code {
    ERROR_GENERAL = 2,
    ERROR_AUTHENTICATION = 10,
    ERROR_JWT_TOKEN_EXPIRED = 11,
    ERROR_PERMISSION_DENIED = 20,
    ERROR_INVALID_ARGUMENTS = 30,
    ERROR_BAD_REQUEST_PARAMS = 31,
    ERROR_ITEM_NOT_FOUND = 32,
    ERROR_TOO_MANY_REQUESTS = 33,
    ERROR_VERSION_CONFLICT = 35,
    ERROR_DATABASE = 46,
};

/* Which security headers come along. */
enum header_set {
    HEADERS_API,
    HEADERS_DEVICE_API, /* /api/v1: another filter chain */
    HEADERS_CACHED,     /* the controller has a Cache-Control of its own */
    HEADERS_NONE,       /* refused before any filter */
};

/* What happens instead of an answer. */
enum drop {
    DROP_NOTHING,
    DROP_RESET,
    DROP_CLOSE,
    DROP_HALF,
};

enum {
    MAX_HEADERS = 8, /* of an answer's own */
};

struct header {
    const char *name;
    char *value;
};

struct sim;

struct reply {
    int status;
    char *body;
    size_t len;
    const char *content_type;     /* NULL = no body type */
    const char *content_language; /* NULL = none */
    bool chunked;                 /* controllers' JSON */
    enum header_set headers;
    struct header own[MAX_HEADERS];
    size_t n_own;
    bool preflight; /* CORS preflight headers */
    bool sync;      /* an asynchronous operation failed before it went asynchronous */
    enum drop drop;
    struct sim *upgrade; /* 101: the connection becomes a WebSocket of it */
    int64_t now;
};

/* JSON of a controller: UTF-8, chunked. Takes the value over. */
void reply_json(struct reply *rp, json_t *value);
/* Login and refresh: JSON with Content-Length, labelled ISO-8859-1. Takes the value over. */
void reply_login(struct reply *rp, json_t *value);
void reply_empty(struct reply *rp, int status);
/* ThingsboardErrorResponseHandler: status, message, errorCode, timestamp; ISO-8859-1. */
void reply_error(struct reply *rp, int status, enum error_code code, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Spring's own errors, before a controller: message, errorCode, status, timestamp; chunked. */
void reply_mvc_error(struct reply *rp, int status, enum error_code code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The telemetry controller's errors. */
void reply_text(struct reply *rp, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Tomcat's own page, before any filter. */
void reply_html_400(struct reply *rp);
/* The size filter's bare string. */
void reply_413(struct reply *rp, int64_t limit);
/* One more header of the answer. */
void reply_header(struct reply *rp, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* 302 to a login page; location is absolute. */
void reply_redirect(struct reply *rp, const char *location);

/* Tomcat closes the connection after these. */
bool reply_closes(const struct reply *rp);
void reply_free(struct reply *rp);

/* Errors that many handlers give. */
void reply_not_found(struct reply *rp, const char *what, const char *id);
void reply_item_not_found(struct reply *rp);
void reply_no_permission(struct reply *rp);
void reply_full(struct reply *rp);
