/* SPDX-License-Identifier: Apache-2.0 */
#include "client/call.h"

#include <errno.h>
#include <stdio.h>

#include "client/check.h"
#include "client/encode.h"
#include "client/error.h"
#include "client/multipart.h"
#include "client/parameters.h"
#include "client/tables.h"
#include "client/url.h"
#include "json/json_write.h"
#include "json/number.h"

static void init(struct call *call, const tb_client_options *options, const tb_api *api,
                 const tb_operation *operation)
{
    call->warnings = (struct warnings){.options = options, .operation = table_text(api, operation->id)};
    call->api = api;
    call->operation = operation;
    call->target = (struct buf)BUF_INIT(URL_TARGET_MAX);
    call->headers = (struct headers)HEADERS_INIT;
    call->body = (struct buf)BUF_INIT(SIZE_MAX / 16);
    call->has_body = false;
    call->parts.count = 0;
    call->parts.failure.code = 0;
    call->progress = NULL;
}

void call_free(struct call *call)
{
    buf_free(&call->target);
    headers_free(&call->headers);
    buf_free(&call->body);
    parts_free(&call->parts);
}

const char *call_name(const struct call *call)
{
    return table_text(call->api, call->operation->id);
}

bool call_streams(const struct call *call)
{
    return call->operation->answer == TB_ANSWER_BINARY || call->operation->answer == TB_ANSWER_EVENTS;
}

static int add_header(struct call *call, const char *name, const char *value, tb_error *err)
{
    if (headers_find(&call->headers, name)) /* a parameter of the operation has set it */
        return 0;
    if (headers_add(&call->headers, name, strlen(name), value, strlen(value)) < 0)
        return FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "too many or too long header lines");
    return 0;
}

static int add_multipart_type(struct call *call, tb_error *err)
{
    char type[sizeof("multipart/form-data; boundary=") + PARTS_BOUNDARY_MAX];

    snprintf(type, sizeof(type), "multipart/form-data; boundary=%s", call->parts.boundary);
    return add_header(call, "Content-Type", type, err);
}

/* All bodies that the specification declares as text/plain are JSON, and are sent as such: Spring reads
 * text/plain without a charset as ISO-8859-1, but JSON as UTF-8. */
static int add_headers(struct call *call, tb_error *err)
{
    const char *accept = call->operation->answer == TB_ANSWER_JSON     ? "application/json"
                         : call->operation->answer == TB_ANSWER_EVENTS ? "text/event-stream"
                                                                       : "*/*";
    int r = add_header(call, "Accept", accept, err);

    if (r == 0)
        r = add_header(call, "User-Agent", "libtbclient/" PACKAGE_VERSION, err);
    if (r == 0 && call->has_body)
        r = add_header(call, "Content-Type", "application/json", err);
    if (r == 0 && call->operation->body == TB_BODY_MULTIPART)
        r = add_multipart_type(call, err);
    return r;
}

/* Sets the body to VALUE, whose reference is taken. */
static int set_json(struct call *call, json_t *value, tb_error *err)
{
    int r = json_write(&call->body, value);

    json_decref(value);
    call->has_body = r == 0;
    return r < 0 ? FAIL(err, TB_ERROR_USAGE, -EINVAL, "cannot be written as JSON") : 0;
}

static int set_text(struct call *call, const char *text, size_t length, tb_error *err)
{
    call->has_body = true;
    return buf_append(&call->body, text, length) < 0 ? FAIL_MEMORY(err) : 0;
}

static int no_body(struct call *call)
{
    if (call->operation->flags & TB_BODY_REQUIRED)
        warn(&call->warnings, NULL, "required, but not set");
    return 0;
}

/* Checks VALUE and sets the body to it. Its reference is taken. */
static int set_checked(struct call *call, json_t *value, tb_error *err)
{
    int r = check_request(call->api, call->operation->body_type, 0, value, &call->warnings, err);

    if (r == 0)
        return set_json(call, value, err);
    json_decref(value);
    return r;
}

/* The argument is a string, free JSON or a structure as it is, or a number by address. */
static int encode_argument(struct call *call, const void *argument, tb_error *err)
{
    unsigned type = call->operation->body_type;
    unsigned kind = call->api->types[type].kind;
    json_t *json = NULL;
    int r = 0;

    if (kind == TB_KIND_JSON)
        json = json_incref((json_t *)(uintptr_t)argument);
    else if (kind == TB_KIND_STRING)
        r = (json = json_string(argument)) ? 0 : FAIL(err, TB_ERROR_USAGE, -EILSEQ, "the text is not UTF-8");
    else
        r = encode_value(call->api, type, argument, &json, err);
    return r < 0 ? r : set_checked(call, json, err);
}

static int typed_body(struct call *call, const void *argument, tb_error *err)
{
    if (call->operation->body == TB_BODY_MULTIPART)
        return multipart_from_structure(call->api, call->operation->body_type, argument, &call->parts,
                                        &call->warnings, err);
    if (!argument)
        return no_body(call);
    if (call->operation->body == TB_BODY_TEXT)
        return set_text(call, argument, strlen(argument), err);
    return encode_argument(call, argument, err);
}

static int json_body(struct call *call, json_t *body, tb_error *err)
{
    if (call->operation->body == TB_BODY_NONE)
        return body ? FAIL(err, TB_ERROR_USAGE, -EINVAL, "the operation takes no body") : 0;
    if (call->operation->body == TB_BODY_MULTIPART)
        return multipart_from_object(call->api, call->operation->body_type, body, &call->parts,
                                     &call->warnings, err);
    if (!body)
        return no_body(call);
    if (call->operation->body == TB_BODY_TEXT)
        return json_is_string(body) && !number_is(body)
                   ? set_text(call, json_string_value(body), json_string_length(body), err)
                   : set_json(call, json_incref(body), err);
    return set_checked(call, json_incref(body), err);
}

/* "saveDevice: body: name: is required" */
static int name_error(const struct call *call, int r, const char *where, tb_error *err)
{
    if (r < 0 && err)
        tb_error_prefix(err, "%s%s%s", call_name(call), *where ? ": " : "", where);
    return r;
}

int call_from_arguments(struct call *call, const tb_client_options *options, const tb_api *api,
                        unsigned operation, const void *const *arguments, const void *params,
                        const char *skip, tb_error *err)
{
    CLEANUP(parameters_free) struct parameters parameters = {0};
    int r;

    if (operation >= api->operation_count) {
        init(call, options, api, api->operations);
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "no operation has the index %u", operation);
    }
    init(call, options, api, &api->operations[operation]);
    r = parameters_from_arguments(api, call->operation, arguments, params, skip, &parameters, err);
    if (r == 0)
        r = url_build(api, call->operation, parameters.values, skip, &call->target, &call->headers,
                      &call->warnings, err);
    name_error(call, r, "", err);
    call->warnings.where = "body";
    if (r == 0 && call->operation->body != TB_BODY_NONE)
        r = name_error(call, typed_body(call, arguments[call->operation->body_slot], err), "body", err);
    return r < 0 ? r : name_error(call, add_headers(call, err), "", err);
}

int call_from_json(struct call *call, const tb_client_options *options, const tb_api *api,
                   const char *operation, json_t *parameters, json_t *body, tb_error *err)
{
    CLEANUP(parameters_free) struct parameters found = {0};
    const tb_operation *row = tb_operation_find(api, operation);
    int r;

    init(call, options, api, row ? row : api->operations);
    if (!row)
        return FAIL(err, TB_ERROR_USAGE, -ENOENT, "%.100s: %s %s has no such operation", operation,
                    api->edition, api->version);
    r = parameters_from_object(api, row, parameters, &found, err);
    if (r == 0)
        r = url_build(api, row, found.values, NULL, &call->target, &call->headers, &call->warnings, err);
    name_error(call, r, "", err);
    call->warnings.where = "body";
    if (r == 0)
        r = name_error(call, json_body(call, body, err), "body", err);
    return r < 0 ? r : name_error(call, add_headers(call, err), "", err);
}

int call_set_text(struct call *call, const char *text, size_t length, tb_error *err)
{
    int r = set_text(call, text, length, err);

    return r < 0 ? r : add_header(call, "Content-Type", "application/json", err);
}

/* A row for each method, whose id is its name; nothing is known about what it does. */
#define RAW(name, offset, retry_class)                                                                       \
    [TB_##name] = {.id = offset, .method = TB_##name, .retry = retry_class, .answer = TB_ANSWER_BYTES}
static const tb_operation raw_operations[] = {RAW(GET, 1, TB_RETRY_FREE), RAW(POST, 5, TB_RETRY_NEVER),
                                              RAW(PUT, 10, TB_RETRY_NEVER), RAW(DELETE, 14, TB_RETRY_NEVER)};
static const tb_api raw_api = {.edition = "", .version = "", .strings = "\0GET\0POST\0PUT\0DELETE"};

/* What a request line can hold. */
static bool is_target(const char *text)
{
    bool begins = *text == '/';

    for (; *text > 0x20 && *text < 0x7f; text++)
        ;
    return begins && !*text;
}

int call_from_target(struct call *call, enum tb_method method, const char *target, tb_error *err)
{
    init(call, NULL, &raw_api, &raw_operations[method]);
    if (!is_target(target))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL,
                    "the path must begin with / and have only printable ASCII characters; encode others as "
                    "%%XX");
    if (buf_append_string(&call->target, target) < 0)
        return FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "path and query are longer than %d bytes",
                    URL_TARGET_MAX);
    return add_headers(call, err);
}
