/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls every operation of one document once, with all parameters, one after the other. Writes a line for
 * each: "ID ok" or "ID failed: why". Usage: operations PLAN, a JSON file that test_operations.py writes:
 *
 *     {"edition": "CE", "version": "4.4.0", "url": ..., "apiKey": ... (may be missing),
 *      "operations": {"saveDevice": {"parameters": {NAME: VALUE}, "body": MEMBERS, "status": 403}}}
 *
 * Everything else is made from the tables. If BODY and the value made for it are objects, the members of BODY
 * replace those of the value, and a null removes one; otherwise BODY replaces the value. STATUS: the call
 * must be refused with this status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "argument.h"
#include "tests/common/instance.h"

#define INSTANCE_DEPTH 4

extern const tb_api tb_ce_4_3_1_2, tb_ce_4_4_0, tb_pe_4_3_1_2, tb_pe_4_4_0, tb_paas_4_3_1_2, tb_paas_4_4_0;

static const tb_api *const apis[] = {&tb_ce_4_3_1_2, &tb_ce_4_4_0,     &tb_pe_4_3_1_2,
                                     &tb_pe_4_4_0,   &tb_paas_4_3_1_2, &tb_paas_4_4_0};

static json_t *make(const tb_api *api, unsigned type)
{
    struct instance_options options = {.seed = 1, .all_members = true, .depth = INSTANCE_DEPTH};

    return instance_make(api, type, &options);
}

/* VALUE, a string or a list of strings, without control characters, which tbproxyd refuses in a URL. */
static json_t *without_controls(json_t *value)
{
    char *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;
    size_t i;

    for (i = 0; text && text[i]; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    if (text)
        json_string_set(value, text);
    free(text);
    for (i = 0; i < json_array_size(value); i++)
        without_controls(json_array_get(value, i));
    return value;
}

/* Most texts in a path are identifiers. Tomcat refuses a path with an escaped slash or backslash, and a
 * header's value cannot hold all characters; those in a query are of one to four bytes. */
static json_t *make_parameter(const tb_api *api, const struct tb_parameter *parameter)
{
    const struct tb_type *type = &api->types[parameter->type];

    if (type->kind == TB_KIND_STRING && !type->of && parameter->location == TB_IN_PATH)
        return json_string("784f394c-42b6-435a-983c-b7beff2784f9");
    if (type->kind == TB_KIND_STRING && !type->of && parameter->location == TB_IN_HEADER)
        return json_string("\"784f394c\"");
    return without_controls(make(api, parameter->type));
}

/* MADE, changed as OVER says. Returns a new reference. */
static json_t *overlay(json_t *made, json_t *over)
{
    const char *name;
    json_t *value;

    if (!over)
        return made;
    if (!json_is_object(made) || !json_is_object(over)) {
        json_decref(made);
        return json_incref(over);
    }
    json_object_foreach(over, name, value)
    {
        if (json_is_null(value))
            json_object_del(made, name);
        else
            json_object_set(made, name, value);
    }
    return made;
}

static int set_parameters(struct call *call, const json_t *plan, tb_error *err)
{
    const json_t *planned = json_object_get(plan, "parameters");
    int r = 0;
    unsigned i;

    for (i = 0; r == 0 && i < call->operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &call->api->parameters[call->operation->first_parameter + i];
        json_t *value = json_incref(json_object_get(planned, call->api->strings + parameter->name));

        if (!value)
            value = make_parameter(call->api, parameter);
        r = call_set_parameter(call, parameter, value, err);
        json_decref(value);
    }
    return r;
}

static int set_body(struct call *call, const json_t *plan, tb_error *err)
{
    json_t *value;
    int r;

    if (call->operation->body == TB_BODY_NONE)
        return 0;
    value = overlay(make(call->api, call->operation->body_type), json_object_get(plan, "body"));
    r = call_set_body(call, value, err);
    json_decref(value);
    return r;
}

/* Makes the call and checks its result. STATUS: the status of the expected refusal, or 0. */
static int invoke(tb_client *client, struct call *call, int status, tb_error *err)
{
    struct answer answer;
    void *place = answer_place(&answer, call->operation);
    int r = tb_invoke(client, call->api, (unsigned)(call->operation - call->api->operations), call->arguments,
                      call->params, place, err);

    if (r == 0)
        r = answer_check(&answer, call->api, call->operation, err);
    answer_free(&answer, call->api, call->operation);
    if (status == 0)
        return r;
    if (r < 0 && err->status == status)
        return 0;
    if (r == 0)
        snprintf(err->message, sizeof(err->message), "it was not refused with %d", status);
    return -1;
}

static void test_operation(tb_client *client, const tb_api *api, const tb_operation *operation,
                           const json_t *plan)
{
    struct call call = {.api = api, .operation = operation};
    tb_error err = TB_ERROR_INIT;
    int r = set_parameters(&call, plan, &err);

    if (r == 0)
        r = set_body(&call, plan, &err);
    if (r == 0)
        r = invoke(client, &call, (int)json_integer_value(json_object_get(plan, "status")), &err);
    if (r == 0)
        printf("%s ok\n", api->strings + operation->id);
    else
        printf("%s failed: %s: %s\n", api->strings + operation->id, tb_error_kind_name(err.kind),
               err.message);
    tb_error_clear(&err);
    call_free(&call);
}

static const tb_api *find_api(const json_t *plan)
{
    const char *edition = json_string_value(json_object_get(plan, "edition"));
    const char *version = json_string_value(json_object_get(plan, "version"));
    size_t i;

    for (i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
        if (tb_is(edition, apis[i]->edition) && tb_is(version, apis[i]->version))
            return apis[i];
    return NULL;
}

static int run(const json_t *plan, const tb_api *api)
{
    tb_client_options options = {.url = json_string_value(json_object_get(plan, "url")),
                                 .api_key = json_string_value(json_object_get(plan, "apiKey"))};
    const json_t *planned = json_object_get(plan, "operations");
    tb_client *client = NULL;
    tb_error err = TB_ERROR_INIT;
    unsigned i;

    if (tb_client_open(&options, &client, &err) < 0) {
        fprintf(stderr, "operations: %s\n", err.message);
        tb_error_clear(&err);
        return EXIT_FAILURE;
    }
    for (i = 0; i < api->operation_count; i++)
        test_operation(client, api, &api->operations[i],
                       json_object_get(planned, api->strings + api->operations[i].id));
    tb_client_close(client);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *plan = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
    const tb_api *api = plan ? find_api(plan) : NULL;
    int status = EXIT_FAILURE;

    if (api)
        status = run(plan, api);
    else
        fprintf(stderr, "operations: no plan, or one of an unknown edition or version\n");
    json_decref(plan);
    return status;
}
