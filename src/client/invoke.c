/* SPDX-License-Identifier: Apache-2.0 */
/* tb_invoke() and tb_call(): calls with typed values, and with JSON. */
#include "client/invoke.h"

#include <errno.h>

#include "client/answer_error.h"
#include "client/answer_headers.h"
#include "client/arena.h"
#include "client/client_state.h"
#include "client/decode.h"
#include "client/error.h"
#include "client/perform.h"
#include "json/json_read.h"

static int decode_failed(const struct call *call, const struct answer *answer, int r, tb_error *err)
{
    if (r == -ENOMEM) {
        if (err)
            tb_error_prefix(err, "%s", call_name(call));
        return r;
    }
    return answer_does_not_fit(answer, call_name(call), err);
}

static int parse(const struct answer *answer, unsigned flags, json_t **ret, tb_error *err)
{
    json_error_t reason;
    json_t *root = answer_json(answer, flags, &reason);

    if (!root && json_error_code(&reason) == json_error_out_of_memory)
        return FAIL_MEMORY(err);
    if (!root)
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "not JSON: line %d, column %d: %s", reason.line,
                    reason.column, reason.text);
    *ret = root;
    return 0;
}

/* Copies a decoded number or boolean to a plain one. */
static int take_scalar(unsigned kind, void *value, void *ret, tb_error *err)
{
    bool set = kind == TB_KIND_BOOL    ? ((tb_bool *)value)->set
               : kind == TB_KIND_INT32 ? ((tb_int32 *)value)->set
               : kind == TB_KIND_INT64 ? ((tb_int64 *)value)->set
                                       : ((tb_double *)value)->set;

    if (!set)
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "a value was expected, not null");
    if (kind == TB_KIND_BOOL)
        *(bool *)ret = ((tb_bool *)value)->value;
    else if (kind == TB_KIND_INT32)
        *(int32_t *)ret = ((tb_int32 *)value)->value;
    else if (kind == TB_KIND_INT64)
        *(int64_t *)ret = ((tb_int64 *)value)->value;
    else
        *(double *)ret = ((tb_double *)value)->value;
    return 0;
}

static bool is_scalar(unsigned kind)
{
    return kind == TB_KIND_BOOL || kind == TB_KIND_INT32 || kind == TB_KIND_INT64 || kind == TB_KIND_DOUBLE;
}

/* Servers answer 200 without a body if there is no value: a pointer becomes NULL, as for null. */
static int decode_json(const tb_api *api, unsigned type, const struct answer *answer, void *ret,
                       struct warnings *warnings, tb_error *err)
{
    unsigned kind = api->types[type].kind;
    json_t *root;
    void *value = NULL;
    int r;

    if (answer->body.len == 0 && !is_scalar(kind)) {
        *(void **)ret = NULL;
        return 0;
    }
    r = parse(answer, kind == TB_KIND_JSON ? 0 : JSON_READ_EXACT, &root, err);
    if (r < 0)
        return r;
    if (kind == TB_KIND_JSON) {
        *(json_t **)ret = root;
        return 0;
    }
    r = decode_value(api, type, root, &value, warnings_are_heard(warnings) ? warnings : NULL, err);
    if (r < 0)
        return r;
    if (!is_scalar(kind)) {
        *(void **)ret = value;
        return 0;
    }
    r = value ? take_scalar(kind, value, ret, err)
              : FAIL(err, TB_ERROR_DECODE, -EBADMSG, "a value was expected, not null");
    tb_free(value);
    return r;
}

/* Copies the body to an arena, for tb_free(). */
static int make_bytes(const struct answer *answer, tb_bytes **ret, tb_error *err)
{
    const char *type = answer_content_type(&answer->headers);
    size_t length = answer->body.len, type_size = strlen(type) + 1;
    struct arena *arena;
    void *data = NULL, *type_copy = NULL;
    tb_bytes *bytes;
    int r = arena_create(sizeof(tb_bytes), SIZE_MAX / 2, NULL, &arena);

    if (r < 0)
        return FAIL_MEMORY(err);
    bytes = arena_value(arena);
    if (arena_alloc(arena, length + 1, &data) < 0 || arena_alloc(arena, type_size, &type_copy) < 0) {
        tb_free(bytes);
        return FAIL_MEMORY(err);
    }
    if (length > 0)
        memcpy(data, answer->body.data, length);
    memcpy(type_copy, type, type_size);
    *bytes = (tb_bytes){.length = length, .data = data, .content_type = type_copy};
    *ret = bytes;
    return 0;
}

int invoke_decode(struct call *call, const struct answer *answer, void *ret, tb_error *err)
{
    int r;

    if (call->operation->answer == TB_ANSWER_BYTES)
        return make_bytes(answer, ret, err);
    call->warnings.where = "answer";
    r = decode_json(call->api, call->operation->answer_type, answer, ret, &call->warnings, err);
    return r < 0 ? decode_failed(call, answer, r, err) : 0;
}

static int run_typed(tb_client *client, struct call *call, void *ret, tb_error *err)
{
    bool to_sink = call_streams(call);
    const tb_sink *sink = to_sink ? ret : NULL;
    struct answer answer;
    int r;

    if (to_sink && (!sink || !sink->write))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: the answer requires a sink", call_name(call));
    r = call_perform(call, client, NULL, sink, &answer, err);
    if (r < 0)
        return r;
    if (!to_sink && call->operation->answer != TB_ANSWER_NONE && ret)
        r = invoke_decode(call, &answer, ret, err);
    answer_free(&answer);
    return r;
}

int tb_invoke(tb_client *client, const tb_api *api, unsigned operation, const void *const *arguments,
              const void *params, void *ret, tb_error *err)
{
    CLEANUP(call_free) struct call call;
    int r = call_from_arguments(&call, &client->options, api, operation, arguments, params, NULL, err);

    if (r == 0)
        r = client_enter(client, err);
    if (r < 0)
        return r;
    r = run_typed(client, &call, ret, err);
    client_leave(client);
    return r;
}

/* The body as JSON; if it is not JSON, as a string. */
static int raw_value(const struct answer *answer, json_t **ret, tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);
    json_error_t reason;
    json_t *value;

    if (answer->body.len == 0) {
        *ret = NULL;
        return 0;
    }
    value = answer_json(answer, 0, &reason);
    if (!value && json_error_code(&reason) != json_error_out_of_memory && answer_text(answer, &text) == 0)
        value = json_stringn(text.data, text.len);
    if (!value)
        return FAIL_MEMORY(err);
    *ret = value;
    return 0;
}

/* The body of *RET is empty if it went to SINK. */
static int run_json(tb_client *client, const tb_api *api, const char *operation, json_t *parameters,
                    json_t *body, const tb_sink *sink, struct answer *ret, tb_error *err)
{
    CLEANUP(call_free) struct call call;
    int r = call_from_json(&call, &client->options, api, operation, parameters, body, err);

    if (r == 0)
        r = client_enter(client, err);
    if (r < 0)
        return r;
    r = call_perform(&call, client, NULL, call_streams(&call) ? sink : NULL, ret, err);
    client_leave(client);
    return r;
}

int tb_call(tb_client *client, const tb_api *api, const char *operation, json_t *parameters, json_t *body,
            const tb_sink *sink, json_t **ret, tb_error *err)
{
    struct answer answer;
    int r = run_json(client, api, operation, parameters, body, sink, &answer, err);

    if (r < 0)
        return r;
    if (ret)
        r = raw_value(&answer, ret, err);
    answer_free(&answer);
    return r;
}
