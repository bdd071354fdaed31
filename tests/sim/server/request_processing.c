/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/server/request_processing.h"

#include <string.h>

#include "sim/auth/token_filter.h"
#include "sim/controller/controller_mapping.h"
#include "sim/server/filter_chain.h"
#include "sim/spec/schema_validator.h"

enum {
    SWALLOW_MAX = 2 * 1024 * 1024, /* Tomcat's maxSwallowSize: a bigger body is refused unread */
};

/* The limit of the payload size filter. */
static int64_t max_body(const char *path)
{
    return starts_with(path, "/api/image") || starts_with(path, "/api/resource") ? FILE_BODY_MAX : BODY_MAX;
}

/* Refusals before every filter. True: the reply is a refusal. */
static bool refuse_target(struct request *rq, struct reply *rp)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (rq->target_error == TARGET_TOMCAT_400 || (!request_header(rq, "Host") && !rq->http_1_0) ||
        (size && size->header_size > HEADER_MAX)) {
        reply_html_400(rp);
    } else if (rq->target_error == TARGET_SPRING_400) {
        rp->headers = HEADERS_NONE;
        reply_mvc_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Bad Request");
    } else if (streq(rq->method, "TRACE")) {
        rp->headers = HEADERS_NONE;
        reply_empty(rp, 400);
        reply_header(rp, "Allow", "HEAD, DELETE, POST, GET, OPTIONS, PUT");
    } else {
        return false;
    }
    return true;
}

static bool is_preflight(const struct request *rq)
{
    return streq(rq->method, "OPTIONS") && request_header(rq, "Origin") &&
           request_header(rq, "Access-Control-Request-Method");
}

/* Validates the JSON of an answer by its schema, and counts a violation. */
static void validate_answer(struct sim *sim, const struct request *rq, const struct reply *rp)
{
    CLEANUP(schema_error_free) struct schema_error why = SCHEMA_ERROR_INIT;

    if (!sim->settings.check_answers || !rq->op || rq->op->answer != TB_ANSWER_JSON || rp->status != 200)
        return;
    json_auto_t *value = java_json_read(rp->body, rp->len, NULL);
    if (!value)
        xbuf_append_string(&why.text, "not JSON");
    if (!value || schema_check(sim->api, rq->op->answer_type, 0, value, SCHEMA_ANSWER, &why) < 0)
        violations_add(&sim->answer_violations, api_text(sim->api, rq->op->id), why.text.data);
}

static void answer(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (refuse_target(rq, rp))
        return;
    if (is_preflight(rq)) {
        reply_empty(rp, 200);
        rp->preflight = true;
        return;
    }
    if (rq->refused_size) {
        reply_413(rp, max_body(rq->path));
        return;
    }
    if (rq->too_big) { /* as recorded of 17 MiB, chunked */
        reply_empty(rp, 500);
        return;
    }
    pthread_mutex_lock(&sim->lock);
    bool go = filter_chain_pass(sim, rq, rp);
    int64_t write_ms = go && (rq->mapping->flags & MAPPING_WRITE) ? sim->settings.write_ms : 0;
    pthread_mutex_unlock(&sim->lock);
    if (!go)
        return;
    sim_sleep(sim, write_ms);

    pthread_mutex_lock(&sim->lock);
    rq->mapping->handler(sim, rq, rp);
    validate_answer(sim, rq, rp);
    /* without a second token the answer is 429, although the operation has been executed */
    if ((rq->mapping->flags & MAPPING_ASYNC) && !rp->sync)
        filter_chain_charge(sim, rq, rp);
    pthread_mutex_unlock(&sim->lock);
}

static void apply_status(const struct request *rq, const struct fault *f, struct reply *rp)
{
    const char *host = request_header(rq, "Host");

    if (f->status == 302) {
        const char *path = f->location ? f->location : "/oauth2Login";
        CLEANUP(free_pointer)
        char *location =
            *path == '/' ? xasprintf("http://%s%s", host ? host : "127.0.0.1", path) : xstrdup(path);

        reply_redirect(rp, location);
    } else if (f->body) {
        reply_text(rp, f->status, "%s", f->body);
        if (strchr("{[\"", f->body[0]))
            rp->content_type = "application/json;charset=ISO-8859-1";
    } else if (f->status == 401) {
        reply_error(rp, 401, ERROR_JWT_TOKEN_EXPIRED, "Token has expired");
    } else if (f->status == 403) {
        reply_no_permission(rp);
    } else if (f->status == 404) {
        reply_item_not_found(rp);
    } else if (f->status == 429) {
        reply_error(rp, 429, ERROR_TOO_MANY_REQUESTS, "Too many requests for current tenant!");
    } else if (f->status == 408 || f->status == 504 || f->status < 400) {
        reply_empty(rp, f->status);
    } else {
        reply_error(rp, f->status, f->status == 409 ? ERROR_VERSION_CONFLICT : ERROR_GENERAL, "%s",
                    f->status == 503 ? "Service Unavailable" : "Fault on request");
    }
    if (f->retry_after)
        reply_header(rp, "Retry-After", "%s", f->retry_after);
}

static void apply_fault(const struct request *rq, const struct fault *f, struct reply *rp)
{
    switch (f->kind) {
    case FAULT_STATUS:
        apply_status(rq, f, rp);
        break;
    case FAULT_RESET:
        rp->drop = DROP_RESET;
        break;
    case FAULT_CLOSE:
        rp->drop = DROP_CLOSE;
        break;
    case FAULT_HALF:
        rp->drop = DROP_HALF;
        break;
    case FAULT_NONE:
    case FAULT_DELAY:
    case FAULT_HOLD:
        break;
    }
}

/* Whether the request is carried out, whatever happens to its answer. */
static bool is_executed(const struct fault *f)
{
    return f->executed || f->kind == FAULT_NONE || f->kind == FAULT_DELAY || f->kind == FAULT_HOLD ||
           f->kind == FAULT_HALF;
}

void process_request(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(fault_free) struct fault fault = {};

    rp->headers = starts_with(rq->path, "/api/v1/") ? HEADERS_DEVICE_API : HEADERS_API;
    pthread_mutex_lock(&sim->lock);
    faults_match(&sim->faults, &(struct fault_request){rq->method, rq->target, rq->body.data, rq->body.len},
                 &fault);
    pthread_mutex_unlock(&sim->lock);
    sim_sleep(sim, fault.ms);
    if (fault.kind == FAULT_HOLD && !fault.executed)
        sim_hold(sim);

    pthread_mutex_lock(&sim->lock);
    rq->now = rp->now = sim_now_ms(sim);
    pthread_mutex_unlock(&sim->lock);
    if (is_executed(&fault))
        answer(sim, rq, rp);
    if (fault.kind == FAULT_HOLD && fault.executed)
        sim_hold(sim);
    apply_fault(rq, &fault, rp);
}

bool refuses_early(struct sim *sim, struct request *rq, int64_t content_length)
{
    const char *type = request_header(rq, "Content-Type");
    CLEANUP(reply_free) struct reply ignored = {};
    bool refuses = false;

    if (rq->target_error != TARGET_OK || !starts_with(rq->path, "/api/") || is_login_path(rq))
        return false;
    if (content_length > max_body(rq->path)) {
        rq->refused_size = true;
        return true;
    }
    /* multipart bodies are read before authentication */
    if ((content_length <= SWALLOW_MAX && !request_header(rq, "Expect")) || auth_is_open(rq) ||
        (type && strncasecmp(type, "multipart/", 10) == 0))
        return false;
    pthread_mutex_lock(&sim->lock);
    refuses = !auth_check(sim, rq, &ignored);
    pthread_mutex_unlock(&sim->lock);
    rq->user = NULL;
    return refuses;
}

static enum MHD_Result header_listed(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct buf *headers = cls;

    (void)kind;
    xbuf_append(headers, name, strlen(name) + 1);
    xbuf_append(headers, value ? value : "", strlen(value ? value : "") + 1);
    return MHD_YES;
}

static void count(struct counters *c, const struct request *rq, int status)
{
    bool post = streq(rq->method, "POST");

    c->requests++;
    if (status > 0 && status < STATUS_MAX)
        c->statuses[status]++;
    if (post && streq(rq->path, "/api/auth/login") && status > 0)
        (*(status == 200 ? &c->logins : &c->login_failures))++;
    if (post && streq(rq->path, "/api/auth/token") && status > 0)
        (*(status == 200 ? &c->refreshes : &c->refresh_failures))++;
}

void log_request(struct sim *sim, const struct request *rq, const struct reply *rp, uint64_t connection)
{
    struct buf headers = XBUF_INIT;
    size_t body_len = rq->body.len < LOGGED_BODY ? rq->body.len : LOGGED_BODY;

    MHD_get_connection_values(rq->mhd, MHD_HEADER_KIND, header_listed, &headers);
    struct logged_request entry = {
        .method = xstrdup(rq->method),
        .target = xstrdup(rq->target),
        .body = xstrndup(rq->body.data ? rq->body.data : "", body_len),
        .body_len = body_len,
        .status = rp->drop == DROP_RESET || rp->drop == DROP_CLOSE ? 0 : rp->status,
        .connection = connection,
    };
    entry.headers = xbuf_take(&headers, &entry.headers_len);
    const char *agent = request_header(rq, "User-Agent");

    pthread_mutex_lock(&sim->lock);
    if (is_server_probe(rq->target) && agent && strncmp(agent, "tbproxyd/", 9) == 0) {
        sim->log.counters.probes++;
        logged_request_free(&entry);
    } else {
        count(&sim->log.counters, rq, entry.status);
        request_log_add(&sim->log, &entry);
    }
    pthread_mutex_unlock(&sim->lock);
}
