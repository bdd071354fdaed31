/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of a real server's filters. */
#include "sim/server/filter_chain.h"

#include <string.h>

#include "sim/auth/token_filter.h"
#include "sim/controller/controller_mapping.h"
#include "sim/spec/request_validator.h"
#include "sim/spec/schema_validator.h"

bool filter_chain_charge(struct sim *sim, const struct request *rq, struct reply *rp)
{
    if (!rq->user || rq->user->authority == SYS_ADMIN)
        return true;
    struct limit *customer = rq->user->authority == CUSTOMER_USER ? &sim->customer_limit : NULL;
    struct limit *lacking = limit_take(&sim->tenant_limit, customer);
    if (!lacking)
        return true;
    reply_error(rp, 429, ERROR_TOO_MANY_REQUESTS, "Too many requests for current %s!",
                lacking == customer ? "customer" : "tenant");
    return false;
}

static void refuse_path(const struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(free_pointer) char *allow = mapping_allow(sim->api, rq, ", ", false);

    if (allow) {
        reply_mvc_error(rp, 405, ERROR_BAD_REQUEST_PARAMS, "Request method '%s' is not supported",
                        rq->method);
        reply_header(rp, "Allow", "%s", allow);
    } else if (starts_with(rq->path, "/api/") || streq(rq->path, "/")) {
        reply_mvc_error(rp, 404, ERROR_ITEM_NOT_FOUND, "No static resource %s.", rq->path + 1);
    } else {
        /* outside of the API every path is the page of the web application, which does not exist here */
        reply_mvc_error(rp, 404, ERROR_ITEM_NOT_FOUND, "No static resource index.html.");
        rp->content_type = "application/json;charset=UTF-8";
        rp->content_language = "en";
    }
}

static void answer_options(const struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(free_pointer) char *allow = mapping_allow(sim->api, rq, ",", true);

    if (!allow) {
        refuse_path(sim, rq, rp);
        return;
    }
    reply_empty(rp, 200);
    reply_header(rp, "Allow", "%s", allow);
    reply_header(rp, "Accept-Patch", " "); /* empty; libmicrohttpd wants a value */
}

/* An Accept without JSON is answered with 500. */
static bool is_acceptable(const struct request *rq)
{
    const char *accept = request_header(rq, "Accept");

    if (rq->op && (rq->op->answer == TB_ANSWER_BINARY || rq->op->answer == TB_ANSWER_EVENTS))
        return true;
    return !accept || !*accept || strstr(accept, "*/*") || strcasestr(accept, "application/json") ||
           strcasestr(accept, "application/*") || strcasestr(accept, "text/plain") ||
           strcasestr(accept, "+json");
}

static bool read_json(struct request *rq, struct reply *rp)
{
    json_error_t error;

    rq->json = java_json_read(rq->body.data, rq->body.len, &error);
    if (rq->json)
        return true;
    if (json_error_code(&error) == json_error_premature_end_of_input)
        reply_error(rp, 500, ERROR_GENERAL,
                    "JSON parse error: Unexpected end-of-input within/between Object entries");
    else
        reply_error(rp, 500, ERROR_GENERAL, "JSON parse error: %s", error.text);
    return false;
}

/* The message names the Java method that wants the body; it is known for saveEntityTelemetry only. */
static void refuse_missing_body(const struct sim *sim, const struct request *rq, struct reply *rp)
{
    static const struct {
        const char *id, *arguments;
    } methods[] = {
        {"saveEntityTelemetry", "java.lang.String,java.lang.String,java.lang.String,java.lang.String"},
        {"saveEntityTelemetryWithTTL",
         "java.lang.String,java.lang.String,java.lang.String,java.lang.Long,java.lang.String"},
    };
    const char *id = rq->op ? api_text(sim->api, rq->op->id) : "";

    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (!streq(id, methods[i].id))
            continue;
        reply_error(rp, 500, ERROR_GENERAL,
                    "Required request body is missing: public "
                    "org.springframework.web.context.request.async.DeferredResult"
                    "<org.springframework.http.ResponseEntity> "
                    "org.thingsboard.server.controller.TelemetryController.%s(%s) throws "
                    "org.thingsboard.server.common.data.exception.ThingsboardException",
                    id, methods[i].arguments);
        return;
    }
    reply_error(rp, 500, ERROR_GENERAL, "Required request body is missing: %s %s", rq->mapping->method,
                rq->mapping->path);
}

/* A missing body, another Content-Type and malformed JSON are all answered with 500 and errorCode 2. */
static bool check_body(const struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *type = request_header(rq, "Content-Type");

    if (rq->mapping->flags & MAPPING_PARTS && (!type || strncasecmp(type, "multipart/form-data", 19) != 0)) {
        reply_mvc_error(rp, 415, ERROR_BAD_REQUEST_PARAMS, "Content-Type '%s' is not supported",
                        type ? type : "application/octet-stream");
        reply_header(rp, "Accept", "multipart/form-data");
        return false;
    }
    if (rq->body.len == 0 && (rq->mapping->flags & (MAPPING_JSON | MAPPING_TEXT))) {
        refuse_missing_body(sim, rq, rp);
        return false;
    }
    if (!(rq->mapping->flags & MAPPING_JSON))
        return true;
    if (!type || !*type) {
        reply_error(rp, 500, ERROR_GENERAL, "Content-Type 'application/octet-stream' is not supported");
        return false;
    }
    if (strncasecmp(type, "application/json", 16) != 0 && !strcasestr(type, "+json")) {
        reply_error(rp, 500, ERROR_GENERAL, "Content-Type '%s%s' is not supported", type,
                    strcasestr(type, "charset") ? "" : ";charset=UTF-8");
        return false;
    }
    return read_json(rq, rp);
}

/* Counts the violations of the specification. They are refused in strict mode, and if no controller would
 * notice them. */
static bool check_specification(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool has_handler = rq->mapping->method != NULL;
    CLEANUP(validation_free) struct validation validation = {};
    bool ok = true;

    if (!rq->op)
        return true;
    validate_request(sim->api, rq->op, rq, sim->settings.strict, &validation);
    for (size_t i = 0; i < json_array_size(validation.errors); i++)
        violations_add(&sim->violations, api_text(sim->api, rq->op->id),
                       json_string_value(json_array_get(validation.errors, i)));
    if (validation.errors && (sim->settings.strict || !has_handler)) {
        int status = sim->settings.strict ? 400 : validation.status;

        reply_error(rp, status, status == 400 ? ERROR_BAD_REQUEST_PARAMS : ERROR_GENERAL, "%s",
                    json_string_value(json_array_get(validation.errors, 0)));
        ok = false;
    }
    return ok;
}

static bool is_open(const struct request *rq)
{
    return auth_is_open(rq) || (rq->op && rq->op->flags & TB_ANONYMOUS);
}

bool filter_chain_pass(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (is_login_path(rq) && !streq(rq->method, "POST")) {
        reply_error(rp, 401, ERROR_AUTHENTICATION, "Authentication method not supported");
        return false;
    }
    rq->mapping = mapping_find(sim->api, rq);
    if (!is_open(rq) && (!auth_check(sim, rq, rp) || !filter_chain_charge(sim, rq, rp)))
        return false;
    if (streq(rq->method, "OPTIONS")) {
        answer_options(sim, rq, rp);
        return false;
    }
    if (!rq->mapping) {
        refuse_path(sim, rq, rp);
        return false;
    }
    /* there is no user on an open path, such as that of a public image */
    if (rq->user && !(rq->mapping->flags & MAPPING_NOAUTH) && !(rq->mapping->flags & rq->user->authority)) {
        reply_no_permission(rp);
        return false;
    }
    if (!is_acceptable(rq)) {
        reply_error(rp, 500, ERROR_GENERAL, "No acceptable representation");
        return false;
    }
    return check_specification(sim, rq, rp) && check_body(sim, rq, rp);
}
