/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count_event(void *context, const char *name, const char *data, const char *id)
{
    struct answer *answer = context;

    answer->event_count += name && data && id;
    return 0;
}

void *answer_place(struct answer *answer, const tb_operation *operation)
{
    memset(answer, 0, sizeof(*answer));
    if (operation->answer == TB_ANSWER_BINARY)
        answer->value.sink = tb_sink_to_buffer(&answer->buffer);
    if (operation->answer == TB_ANSWER_EVENTS) {
        answer->events = (tb_events){.event = count_event, .context = answer};
        answer->value.sink = tb_sink_to_events(&answer->events);
    }
    return operation->answer == TB_ANSWER_NONE ? NULL : &answer->value;
}

static int missing(tb_error *err, const char *what)
{
    err->code = -EBADMSG;
    err->kind = TB_ERROR_DECODE;
    snprintf(err->message, sizeof(err->message), "the call succeeded, but %s", what);
    return err->code;
}

static int check_structure(const void *value, const tb_api *api, unsigned type, tb_error *err)
{
    char *text = NULL;
    size_t length;
    json_t *json;
    int r;

    if (!value)
        return missing(err, "gave no structure");
    r = tb_encode(api, type, value, &text, &length, err);
    if (r < 0)
        return r;
    json = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    r = json ? tb_check(api, type, json, false, err)
             : missing(err, "the answer is no JSON when encoded again");
    json_decref(json);
    free(text);
    return r;
}

static int check_json(const struct answer *answer, const tb_api *api, unsigned type, tb_error *err)
{
    switch (api->types[type].kind) {
    case TB_KIND_OBJECT:
    case TB_KIND_LIST:
    case TB_KIND_MAP:
        return check_structure(answer->value.pointer, api, type, err);
    case TB_KIND_JSON:
        return answer->value.json ? 0 : missing(err, "gave no JSON");
    case TB_KIND_STRING:
        return answer->value.pointer ? 0 : missing(err, "gave no string");
    default:
        return 0; /* tb_invoke() sets a plain value only if there is one */
    }
}

int answer_check(const struct answer *answer, const tb_api *api, const tb_operation *operation, tb_error *err)
{
    switch ((enum tb_answer)operation->answer) {
    case TB_ANSWER_NONE:
        return 0;
    case TB_ANSWER_JSON:
        return check_json(answer, api, operation->answer_type, err);
    case TB_ANSWER_BYTES:
        return answer->value.pointer && ((const tb_bytes *)answer->value.pointer)->data
                   ? 0
                   : missing(err, "gave no bytes");
    case TB_ANSWER_BINARY:
        return answer->buffer.length > 0 ? 0 : missing(err, "downloaded nothing");
    case TB_ANSWER_EVENTS:
        return answer->event_count > 0 ? 0 : missing(err, "there was no event");
    }
    return missing(err, "the table knows no such answer");
}

static bool is_pointer(const tb_api *api, const tb_operation *operation)
{
    unsigned kind = api->types[operation->answer_type].kind;

    return operation->answer == TB_ANSWER_BYTES ||
           (operation->answer == TB_ANSWER_JSON && (kind == TB_KIND_OBJECT || kind == TB_KIND_LIST ||
                                                    kind == TB_KIND_MAP || kind == TB_KIND_STRING));
}

void answer_free(struct answer *answer, const tb_api *api, const tb_operation *operation)
{
    if (is_pointer(api, operation))
        tb_free(answer->value.pointer);
    else if (operation->answer == TB_ANSWER_JSON && api->types[operation->answer_type].kind == TB_KIND_JSON)
        json_decref(answer->value.json);
    tb_buffer_free(&answer->buffer);
    if (operation->answer == TB_ANSWER_EVENTS)
        tb_events_free(&answer->events);
}
