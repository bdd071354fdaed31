/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_row_json.h"

#include <string.h>

#include "base/loop.h"
#include "base/utf8.h"
#include "base/util.h"

const char *spool_state_name(enum spool_state state)
{
    static const char *const names[SPOOL_STATES] = {"waiting", "aside", "delivered", "dropped"};

    return names[state];
}

/* Nothing is null, as the server of what goes to any. The first SPOOL_ANSWER_SHOWN bytes at most. */
static json_t *text_or_null(const char *text)
{
    bool is_there = text && *text;
    CLEANUP(free_pointer) char *copy = is_there ? strndup(text, SPOOL_ANSWER_SHOWN) : NULL;

    if (!copy)
        return is_there ? NULL : json_null();
    utf8_mask(copy);
    return json_string(copy);
}

static json_t *time_or_null(int64_t at_ms)
{
    char at[CLOCK_TEXT_BYTES];

    if (at_ms == 0)
        return json_null();
    clock_format(at_ms, at);
    return json_string(at);
}

static json_t *status_or_null(int status)
{
    return status ? json_integer(status) : json_null();
}

json_t *spool_row_outcome(const struct spool_row *row)
{
    return json_pack("{s:s,s:o,s:i,s:o,s:o,s:o,s:o,s:o}", "state", spool_state_name(row->state), "arrived",
                     time_or_null(row->arrived_ms), "attempts", row->attempts, "first_attempt",
                     time_or_null(row->first_attempt_ms), "last_attempt", time_or_null(row->last_attempt_ms),
                     "status", status_or_null(row->status), "answer", text_or_null(row->answer), "reason",
                     text_or_null(row->reason));
}

/* A body that is not UTF-8 was damaged, because only JSON is stored. */
static int add_body(json_t *json, const struct spool_row *row)
{
    json_t *body = row->is_damaged ? NULL : json_stringn(row->body.data ? row->body.data : "", row->body.len);
    int r = json_object_set_new(json, "damaged", json_boolean(row->is_damaged));

    return r | json_object_set_new(json, "body", body ? body : json_null());
}

static json_t *origin(const struct spool_row *row)
{
    return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "id", (json_int_t)row->id, "number",
                     (json_int_t)spool_number(row->id), "client", text_or_null(row->principal), "entity",
                     text_or_null(row->entity), "operation", text_or_null(row->operation), "scope",
                     text_or_null(row->scope), "target", text_or_null(row->target), "content_type",
                     text_or_null(row->content_type), "server", text_or_null(row->server_url), "tenant",
                     text_or_null(row->tenant), "size", (json_int_t)row->size);
}

json_t *spool_row_json(const struct spool_row *row, bool with_body)
{
    json_t *json = origin(row);
    int r = json_object_update_new(json, spool_row_outcome(row));

    if (with_body)
        r |= add_body(json, row);
    if (r < 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}
