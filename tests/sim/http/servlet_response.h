/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The responses of a ThingsBoard server, in all the forms that were recorded (tests/e2e/recorded.json). Each
 * function replaces what the reply held before.
 */
#ifndef TB_SIM_SERVLET_RESPONSE_H
#define TB_SIM_SERVLET_RESPONSE_H

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

/* The set of security headers. */
enum header_set {
    HEADERS_API,
    HEADERS_DEVICE_API, /* /api/v1: another filter chain */
    HEADERS_CACHED,     /* the controller sets Cache-Control itself */
    HEADERS_NONE,       /* refused before any filter */
};

/* How a fault breaks the response. */
enum drop {
    DROP_NOTHING,
    DROP_RESET, /* no response, the connection is reset */
    DROP_CLOSE, /* no response, the connection is closed */
    DROP_HALF,  /* the connection is closed after half of the body */
};

enum {
    HEADERS_MAX = 8, /* of the controller's own */
};

struct header {
    const char *name;
    char *value;
};

struct reply {
    int status;
    char *body;
    size_t len;
    const char *content_type;     /* NULL: none */
    const char *content_language; /* NULL: none */
    bool chunked;                 /* as the JSON of controllers is */
    enum header_set headers;
    struct header own[HEADERS_MAX]; /* the controller's */
    size_t n_own;
    bool preflight; /* with the headers for a CORS preflight */
    bool sync;      /* an asynchronous operation failed before it went asynchronous */
    enum drop drop;
    bool upgrade; /* 101: the connection becomes a WebSocket */
    int64_t now;  /* for the Date; 0: none */
};

/* JSON of a controller: UTF-8, chunked. Takes VALUE over. */
void reply_json(struct reply *rp, json_t *value);
/* Login and refresh: JSON with Content-Length, labelled ISO-8859-1. Takes VALUE over. */
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
/* Adds a header; NAME stays in memory. */
void reply_header(struct reply *rp, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* 302; LOCATION is an absolute URL. */
void reply_redirect(struct reply *rp, const char *location);

/* Whether Tomcat closes the connection after the response. */
bool reply_closes(const struct reply *rp);
void reply_free(struct reply *rp);

/* Errors of many controllers. */
void reply_not_found(struct reply *rp, const char *what, const char *id);
void reply_item_not_found(struct reply *rp);
void reply_no_permission(struct reply *rp);
/* The limits of the stand-in itself. */
void reply_full(struct reply *rp);

#endif
