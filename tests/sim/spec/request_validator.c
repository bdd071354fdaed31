/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of path, query and header first, then the body. */
#include "sim/spec/request_validator.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "sim/spec/operation_lookup.h"
#include "sim/spec/schema_validator.h"

void validation_add(struct validation *validation, int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    CLEANUP(free_pointer) char *text = xvasprintf(fmt, ap);
    va_end(ap);
    if (!validation->errors) {
        validation->errors = json_array();
        validation->status = status;
    }
    json_array_append_new(validation->errors, json_text(text));
}

void validation_free(struct validation *validation)
{
    json_decref(validation->errors);
    *validation = (struct validation){};
}

/* One value of a scalar parameter. A server answers 400 if it cannot convert it. */
static void validate_text(const struct tb_api *api, const struct tb_parameter *p, unsigned type,
                          const char *text, struct validation *validation)
{
    CLEANUP(schema_error_free) struct schema_error why = SCHEMA_ERROR_INIT;

    if (schema_check_text(api, type, p->type == type ? p->bounds : 0, text, &why) < 0)
        validation_add(validation, 400, "Method parameter '%s': Failed to convert value '%s': %s",
                       api_text(api, p->name), text, why.text.data);
}

/* The value of a list parameter: one element, or several with commas between. */
static void validate_elements(const struct tb_api *api, const struct tb_parameter *p, const char *value,
                              struct validation *validation)
{
    while (*value) {
        const char *end = strchrnul(value, ',');
        CLEANUP(free_pointer) char *part = xstrndup(value, (size_t)(end - value));

        validate_text(api, p, api->types[p->type].of, part, validation);
        value = *end ? end + 1 : end;
    }
}

static void validate_query(const struct tb_api *api, const struct tb_parameter *p, const struct request *rq,
                           struct validation *validation)
{
    const char *name = api_text(api, p->name);
    bool list = api->types[p->type].kind == TB_KIND_LIST;
    size_t n = 0;

    for (size_t i = 0; i < rq->n_params; i++) {
        if (!streq(rq->params[i].name, name))
            continue;
        if (list)
            validate_elements(api, p, rq->params[i].value, validation);
        else if (++n > 1)
            validation_add(validation, 400, "Method parameter '%s' is given more than once", name);
        else
            validate_text(api, p, p->type, rq->params[i].value, validation);
        n += list;
    }
    if (n == 0 && p->flags & TB_REQUIRED)
        validation_add(validation, 500, "Required request parameter '%s' is not present", name);
}

static void validate_parameter(const struct tb_api *api, const struct tb_operation *op,
                               const struct tb_parameter *p, const struct request *rq,
                               struct validation *validation)
{
    const char *name = api_text(api, p->name);
    const char *value;

    if (p->location == TB_IN_QUERY) {
        validate_query(api, p, rq, validation);
        return;
    }
    value = p->location == TB_IN_PATH ? operation_var(api, op, rq, name) : request_header(rq, name);
    if (value)
        validate_text(api, p, p->type, value, validation);
    else if (p->flags & TB_REQUIRED)
        validation_add(validation, 500, "Required %s '%s' is not present",
                       p->location == TB_IN_PATH ? "path variable" : "request header", name);
}

/* Query parameters that no document declares. */
static void validate_unknown(const struct tb_api *api, const struct tb_operation *op,
                             const struct request *rq, struct validation *validation)
{
    for (size_t i = 0; i < rq->n_params; i++) {
        bool declared = false;

        for (size_t k = 0; k < op->parameter_count; k++) {
            const struct tb_parameter *p = &api->parameters[op->first_parameter + k];

            declared =
                declared || (p->location == TB_IN_QUERY && streq(api_text(api, p->name), rq->params[i].name));
        }
        if (!declared)
            validation_add(validation, 400, "undeclared query parameter '%s'", rq->params[i].name);
    }
}

static bool has_type(const struct request *rq, const char *wanted)
{
    const char *type = request_header(rq, "Content-Type");

    return type && strncasecmp(type, wanted, strlen(wanted)) == 0 && strchr("; \t", type[strlen(wanted)]);
}

/* A server answers malformed JSON, and JSON of the wrong type, with 500. */
static void validate_json(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          bool strict, struct validation *validation)
{
    json_error_t error;
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, &error);
    CLEANUP(schema_error_free) struct schema_error why = SCHEMA_ERROR_INIT;

    if (!has_type(rq, "application/json")) {
        validation_add(validation, 500, "Content-Type '%s' is not supported",
                       request_header(rq, "Content-Type") ? request_header(rq, "Content-Type") : "");
        return;
    }
    if (!body)
        validation_add(validation, 500, "JSON parse error: %s", error.text);
    else if (schema_check(api, op->body_type, 0, body, strict ? SCHEMA_STRICT : 0, &why) < 0)
        validation_add(validation, why.is_type ? 500 : 400, "%s%s",
                       why.is_type ? "JSON parse error: " : "Validation error: ", why.text.data);
}

static void validate_body(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          bool strict, struct validation *validation)
{
    if (op->body == TB_BODY_NONE) {
        if (rq->body.len > 0)
            validation_add(validation, 400, "a body is not declared");
    } else if (rq->body.len == 0) {
        if (op->flags & TB_BODY_REQUIRED)
            validation_add(validation, 500, "Required request body is missing");
    } else if (op->body == TB_BODY_MULTIPART) {
        if (has_type(rq, "multipart/form-data"))
            validate_multipart(api, op, rq, strict, validation);
        else
            validation_add(validation, 500, "Current request is not a multipart request");
    } else if (op->body == TB_BODY_JSON) {
        validate_json(api, op, rq, strict, validation);
    } else if (!has_type(rq, "text/plain") && !has_type(rq, "application/json")) {
        validation_add(validation, 500, "a text body must be text/plain or application/json");
    } else if (utf8_count(rq->body.data, rq->body.len) < 0) {
        validation_add(validation, 500, "the text is not UTF-8");
    }
}

void validate_request(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                      bool strict, struct validation *ret)
{
    for (size_t i = 0; i < op->parameter_count; i++)
        validate_parameter(api, op, &api->parameters[op->first_parameter + i], rq, ret);
    if (strict)
        validate_unknown(api, op, rq, ret);
    validate_body(api, op, rq, strict, ret);
}
