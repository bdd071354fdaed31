/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/http/servlet_response.h"

#include <stdlib.h>
#include <string.h>

static void reset(struct reply *rp, int status)
{
    reply_free(rp);
    *rp = (struct reply){.status = status, .headers = rp->headers, .now = rp->now, .sync = rp->sync};
}

static void set_body(struct reply *rp, const char *type, json_t *value)
{
    rp->body = java_json_text(value, &rp->len);
    json_decref(value);
    rp->content_type = type;
}

void reply_json(struct reply *rp, json_t *value)
{
    reset(rp, 200);
    set_body(rp, "application/json", value);
    rp->chunked = true;
}

void reply_login(struct reply *rp, json_t *value)
{
    reset(rp, 200);
    set_body(rp, "application/json;charset=ISO-8859-1", value);
}

void reply_empty(struct reply *rp, int status)
{
    reset(rp, status);
}

void reply_error(struct reply *rp, int status, enum error_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    CLEANUP(free_pointer) char *message = xvasprintf(fmt, ap);
    va_end(ap);
    reset(rp, status);
    set_body(rp, "application/json;charset=ISO-8859-1",
             json_pack("{s:i, s:o, s:i, s:I}", "status", status, "message", json_text(message), "errorCode",
                       (int)code, "timestamp", (json_int_t)rp->now));
    rp->len = utf8_to_latin1(rp->body);
}

void reply_mvc_error(struct reply *rp, int status, enum error_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    CLEANUP(free_pointer) char *message = xvasprintf(fmt, ap);
    va_end(ap);
    reset(rp, status);
    set_body(rp, "application/json",
             json_pack("{s:o, s:i, s:i, s:I}", "message", json_text(message), "errorCode", (int)code,
                       "status", status, "timestamp", (json_int_t)rp->now));
    rp->chunked = true;
}

void reply_text(struct reply *rp, int status, const char *fmt, ...)
{
    va_list ap;

    reset(rp, status);
    va_start(ap, fmt);
    rp->body = xvasprintf(fmt, ap);
    va_end(ap);
    rp->len = strlen(rp->body);
    rp->content_type = "text/plain;charset=UTF-8";
}

void reply_html_400(struct reply *rp)
{
    static const char page[] =
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status 400 – Bad Request</title>"
        "<style type=\"text/css\">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b "
        "{color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 "
        "{font-size:14px;} "
        "p {font-size:12px;} a {color:black;} .line "
        "{height:1px;background-color:#525D76;border:none;}</style>"
        "</head><body><h1>HTTP Status 400 – Bad Request</h1></body></html>";

    reset(rp, 400);
    rp->headers = HEADERS_NONE;
    rp->body = xstrdup(page);
    rp->len = sizeof(page) - 1;
    rp->content_type = "text/html;charset=utf-8";
    rp->content_language = "en";
}

void reply_413(struct reply *rp, int64_t limit)
{
    reset(rp, 413);
    rp->body = xasprintf("\"Payload size exceeds the limit of %lld bytes\"", (long long)limit);
    rp->len = strlen(rp->body);
}

void reply_header(struct reply *rp, const char *name, const char *fmt, ...)
{
    va_list ap;

    if (rp->n_own == HEADERS_MAX)
        return;
    va_start(ap, fmt);
    rp->own[rp->n_own++] = (struct header){name, xvasprintf(fmt, ap)};
    va_end(ap);
}

void reply_redirect(struct reply *rp, const char *location)
{
    reset(rp, 302);
    reply_header(rp, "Location", "%s", location);
}

bool reply_closes(const struct reply *rp)
{
    /* not after 401, 403, 404, 405, 409, 429 and 504 */
    return rp->status == 400 || rp->status == 408 || rp->status == 413 || rp->status == 500 ||
           rp->status == 503;
}

void reply_free(struct reply *rp)
{
    free(rp->body);
    for (size_t i = 0; i < rp->n_own; i++)
        free(rp->own[i].value);
    rp->body = NULL;
    rp->n_own = 0;
}

void reply_not_found(struct reply *rp, const char *what, const char *id)
{
    reply_error(rp, 404, ERROR_ITEM_NOT_FOUND, "%s with id [%s] is not found", what, id);
}

void reply_item_not_found(struct reply *rp)
{
    reply_error(rp, 404, ERROR_ITEM_NOT_FOUND, "Requested item wasn't found!");
}

void reply_no_permission(struct reply *rp)
{
    reply_error(rp, 403, ERROR_PERMISSION_DENIED, "You don't have permission to perform this operation!");
}

void reply_full(struct reply *rp)
{
    reply_error(rp, 500, ERROR_GENERAL, "tbsim is full");
}
