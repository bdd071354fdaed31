/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"

#include <errno.h>

#include "client/answer_error.h"
#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/json_print.h"
#include "ctl/message.h"
#include "json/json_write.h"

#define PATH_MAX_BYTES 64 /* of "limits.buckets.tokens" */

const char *const status_options[] = {"ca-file", "help", "json", "unix-socket", "url", NULL};

/* Printable ASCII: nothing moves the cursor, and each byte takes one column. */
static bool is_text(const json_t *value)
{
    const char *text = json_string_value(value);

    if (!text || json_string_length(value) > STATUS_TEXT_MAX)
        return false;
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static bool fits(const json_t *value, enum member_kind kind)
{
    switch (kind) {
    case MEMBER_TEXT:
        return is_text(value);
    case MEMBER_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case MEMBER_NUMBER:
        return json_is_number(value) && json_number_value(value) >= 0;
    case MEMBER_FLAG:
        return json_is_boolean(value);
    case MEMBER_LIST:
        return json_is_array(value);
    }
    return false;
}

static int check(const json_t *object, const struct status_member *members, const char *path,
                 struct tb_error *err)
{
    int r = 0;

    for (; members->name && r == 0; members++) {
        const json_t *value = json_object_get(object, members->name);
        char place[PATH_MAX_BYTES];
        size_t i;

        if (members->nullable && json_is_null(value))
            continue;
        snprintf(place, sizeof(place), "%s.%s", path, members->name);
        if (!fits(value, members->kind))
            return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "the answer has no valid %s", place);
        for (i = 0; members->elements && i < json_array_size(value) && r == 0; i++)
            r = check(json_array_get(value, i), members->elements, place, err);
    }
    return r;
}

/* With tbproxyd's own reason, if it gives one. */
static int refuse_answer(int status, const json_t *answer, struct tb_error *err)
{
    const char *reason = json_string_value(json_object_get(answer, "message"));

    if (status == 404 || status == 200)
        reason = "no status: tbproxyd is too old, or this is not tbproxyd";
    err->status = status == 200 ? 0 : status;
    return FAIL(err, status == 200 ? TB_ERROR_DECODE : answer_kind(status), -EPROTO, "%s",
                reason ? reason : "this is not tbproxyd");
}

/* *RET is a new reference to PART of the status. */
static int fetch(const struct status_part *part, const struct connection_options *connection, json_t **ret,
                 struct tb_error *err)
{
    const char *name = part->name;
    json_t *answer = NULL;
    const json_t *found;
    long status;
    int r = daemon_page_get(connection, "/-/status", &status, &answer, err);

    if (r < 0)
        return r;
    found = json_object_get(answer, name);
    if (status != 200 || !found)
        r = refuse_answer((int)status, answer, err);
    else
        r = check(found, part->members, name, err);
    if (r == 0)
        *ret = json_incref((json_t *)found);
    json_decref(answer);
    return r;
}

static void print_as_json(const json_t *value)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);

    if (json_write(&text, value) == 0)
        json_print(stdout, text.data, text.data + text.len, false, 0);
    putchar('\n');
}

int status_print(const struct status_part *part, const struct arguments *arguments)
{
    struct tb_error err = TB_ERROR_INIT;
    json_t *found = NULL;

    if (fetch(part, &arguments->connection, &found, &err) < 0) {
        if (err.kind == TB_ERROR_USAGE)
            return say_usage(part->name, "%s: %s", part->name, err.message);
        if (err.status)
            say("%s: %s (%d): %s", part->name, tb_error_kind_name(err.kind), err.status, err.message);
        else
            say("%s: %s: %s%s", part->name, tb_error_kind_name(err.kind), err.message,
                connection_hint(&arguments->connection, &err));
        return exit_status(&err);
    }
    if (arguments->json)
        print_as_json(found);
    else
        part->print(found);
    json_decref(found);
    return finish(STATUS_GOOD);
}
