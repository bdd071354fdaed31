/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a request: parameters of path, query and header, then the body. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strchrnul, strcasestr */
#endif
#include "sim/spec/request_validator.h"

#include <string.h>
#include <strings.h>

#include "sim/spec/operation_lookup.h"
#include "sim/spec/schema_validator.h"

void judgement_add(struct judgement *j, int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    _cleanup_free_ char *text = xvasprintf(fmt, ap);
    va_end(ap);
    if (!j->faults) {
        j->faults = json_array();
        j->status = status;
    }
    json_array_append_new(j->faults, json_text(text));
}

void judgement_free(struct judgement *j)
{
    json_decref(j->faults);
    *j = (struct judgement){};
}

/* One value of a scalar parameter. docs/server-behaviour.md: what does not convert is 400. */
static void judge_text(const struct tb_api *api, const struct tb_parameter *p, unsigned type,
                       const char *text, struct judgement *j)
{
    struct fault_text why = {};

    if (!schema_check_text(api, type, p->type == type ? p->bounds : 0, text, &why))
        judgement_add(j, 400, "Method parameter '%s': Failed to convert value '%s': %s",
                      api_text(api, p->name), text, why.text.data);
    buf_free(&why.text);
}

/* The value of a list parameter: one element, or several with commas between. */
static void judge_elements(const struct tb_api *api, const struct tb_parameter *p, const char *value,
                           struct judgement *j)
{
    while (*value) {
        const char *end = strchrnul(value, ',');
        _cleanup_free_ char *part = xstrndup(value, (size_t)(end - value));

        judge_text(api, p, api->types[p->type].of, part, j);
        value = *end ? end + 1 : end;
    }
}

static void judge_query(const struct tb_api *api, const struct tb_parameter *p, const struct request *rq,
                        struct judgement *j)
{
    const char *name = api_text(api, p->name);
    bool list = api->types[p->type].kind == TB_KIND_LIST;
    size_t n = 0;

    for (size_t i = 0; i < rq->n_params; i++) {
        if (!streq(rq->params[i].name, name))
            continue;
        if (list)
            judge_elements(api, p, rq->params[i].value, j);
        else if (++n > 1)
            judgement_add(j, 400, "Method parameter '%s' is given more than once", name);
        else
            judge_text(api, p, p->type, rq->params[i].value, j);
        n += list;
    }
    if (n == 0 && p->flags & TB_REQUIRED) /* docs/server-behaviour.md */
        judgement_add(j, 500, "Required request parameter '%s' is not present", name);
}

static void judge_parameter(const struct tb_api *api, const struct tb_operation *op,
                            const struct tb_parameter *p, const struct request *rq, struct judgement *j)
{
    const char *name = api_text(api, p->name);
    const char *value;

    if (p->location == TB_IN_QUERY) {
        judge_query(api, p, rq, j);
        return;
    }
    value = p->location == TB_IN_PATH ? operation_var(api, op, rq, name) : request_header(rq, name);
    if (value)
        judge_text(api, p, p->type, value, j);
    else if (p->flags & TB_REQUIRED)
        judgement_add(j, 500, "Required %s '%s' is not present",
                      p->location == TB_IN_PATH ? "path variable" : "request header", name);
}

/* Query parameters that no document declares. */
static void judge_unknown(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          struct judgement *j)
{
    for (size_t i = 0; i < rq->n_params; i++) {
        bool declared = false;

        for (size_t k = 0; k < op->parameter_count; k++) {
            const struct tb_parameter *p = &api->parameters[op->first_parameter + k];

            declared =
                declared || (p->location == TB_IN_QUERY && streq(api_text(api, p->name), rq->params[i].name));
        }
        if (!declared)
            judgement_add(j, 400, "undeclared query parameter '%s'", rq->params[i].name);
    }
}

static bool has_type(const struct request *rq, const char *wanted)
{
    const char *type = request_header(rq, "Content-Type");

    return type && strncasecmp(type, wanted, strlen(wanted)) == 0 && strchr("; \t", type[strlen(wanted)]);
}

/* docs/server-behaviour.md: malformed JSON and JSON of the wrong type are 500. */
static void judge_json(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                       bool strict, struct judgement *j)
{
    json_error_t error;
    json_auto_t *body = json_read(rq->body, rq->body_len, &error);
    struct fault_text why = {};

    if (!has_type(rq, "application/json")) {
        judgement_add(j, 500, "Content-Type '%s' is not supported",
                      request_header(rq, "Content-Type") ? request_header(rq, "Content-Type") : "");
        return;
    }
    if (!body)
        judgement_add(j, 500, "JSON parse error: %s", error.text);
    else if (!schema_check(api, op->body_type, 0, body, strict ? SCHEMA_STRICT : 0, &why))
        judgement_add(j, why.type ? 500 : 400, "%s%s",
                      why.type ? "JSON parse error: " : "Validation error: ", why.text.data);
    buf_free(&why.text);
}

static void judge_body(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                       bool strict, struct judgement *j)
{
    if (op->body == TB_BODY_NONE) {
        if (rq->body_len > 0)
            judgement_add(j, 400, "a body where none is declared");
    } else if (rq->body_len == 0) {
        if (op->flags & TB_BODY_REQUIRED)
            judgement_add(j, 500, "Required request body is missing");
    } else if (op->body == TB_BODY_MULTIPART) {
        if (has_type(rq, "multipart/form-data"))
            judge_multipart(api, op, rq, strict, j);
        else
            judgement_add(j, 500, "Current request is not a multipart request");
    } else if (op->body == TB_BODY_JSON) {
        judge_json(api, op, rq, strict, j);
    } else if (!has_type(rq, "text/plain") && !has_type(rq, "application/json")) {
        judgement_add(j, 500, "a text body is text/plain, or application/json where it is JSON");
    } else if (!is_utf8(rq->body, rq->body_len)) {
        judgement_add(j, 500, "the text is not UTF-8");
    }
}

void judge(const struct tb_api *api, const struct tb_operation *op, const struct request *rq, bool strict,
           struct judgement *ret)
{
    for (size_t i = 0; i < op->parameter_count; i++)
        judge_parameter(api, op, &api->parameters[op->first_parameter + i], rq, ret);
    if (strict)
        judge_unknown(api, op, rq, ret);
    judge_body(api, op, rq, strict, ret);
}
