/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"

#include <errno.h>

#include "base/utf8.h"
#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/json_print.h"
#include "ctl/message.h"
#include "json/json_write.h"

#define PATH_MAX_BYTES 64 /* of "limits.buckets.tokens" */

const char *const status_options[] = {"admin", "ca-file", "help", "json", "unix-socket", "url", NULL};

/* Nothing moves the cursor. In ASCII, each byte takes one column. */
static bool is_text(const json_t *value, bool ascii)
{
    const char *text = json_string_value(value);

    if (!text || json_string_length(value) > STATUS_TEXT_MAX)
        return false;
    for (; *text; text++)
        if (utf8_control_length(text) > 0 || (ascii && (unsigned char)*text > 0x7e))
            return false;
    return true;
}

static bool fits(const json_t *value, enum member_kind kind)
{
    switch (kind) {
    case MEMBER_TEXT:
        return is_text(value, true);
    case MEMBER_WORDS:
        return is_text(value, false);
    case MEMBER_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case MEMBER_NUMBER:
        return json_is_number(value) && json_number_value(value) >= 0;
    case MEMBER_FLAG:
        return json_is_boolean(value);
    case MEMBER_LIST:
        return json_is_array(value);
    case MEMBER_OBJECT:
        return json_is_object(value);
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
        snprintf(place, sizeof(place), "%s%s%s", path, *path ? "." : "", members->name);
        if (!fits(value, members->kind))
            return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "the answer has no valid %s", place);
        if (members->kind == MEMBER_OBJECT)
            r = check(value, members->elements, place, err);
        for (i = 0; members->kind == MEMBER_LIST && members->elements && i < json_array_size(value) && r == 0;
             i++)
            r = check(json_array_get(value, i), members->elements, place, err);
    }
    return r;
}

int status_find(const struct status_part *part, const json_t *status, const json_t **ret,
                struct tb_error *err)
{
    const json_t *found = part->name ? json_object_get(status, part->name) : status;
    int r = found && json_object_size(status) > 0 ? 0 : daemon_page_refuse(200, status, err);

    if (r == 0)
        r = check(found, part->members, part->name ? part->name : "", err);
    if (r == 0)
        *ret = found;
    return r;
}

/* *RET is a new reference to PART of the status. */
static int fetch(const struct status_part *part, const struct connection_options *connection, json_t **ret,
                 struct tb_error *err)
{
    json_t *answer = NULL;
    const json_t *found;
    long status;
    int r = daemon_page_get(connection, "/-/status", &status, &answer, err);

    if (r == 0)
        r = status == 200 ? status_find(part, answer, &found, err)
                          : daemon_page_refuse((int)status, answer, err);
    if (r == 0)
        *ret = json_incref((json_t *)found);
    json_decref(answer);
    return r;
}

json_int_t count_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void print_json(const json_t *value, bool compact)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);

    if (json_write(&text, value) == 0)
        json_print(stdout, text.data, text.data + text.len, compact, 0);
    putchar('\n');
}

void status_print_json(const json_t *value)
{
    print_json(value, false);
}

void status_print_json_line(const json_t *value)
{
    print_json(value, true);
}

int status_print(const char *subcommand, const struct status_part *part, const struct arguments *arguments)
{
    struct tb_error err = TB_ERROR_INIT;
    json_t *found = NULL;
    int refusal;
    struct connection_options way = connection_to_daemon(&arguments->connection, &refusal);

    if (fetch(part, &way, &found, &err) < 0)
        return daemon_page_report(subcommand, &way, &err);
    if (arguments->json)
        status_print_json(found);
    else
        part->print(found);
    if (!arguments->json && part->of_clients && refusal == EACCES)
        puts("\nOnly your own requests are shown. Join the group tbproxy-admin to see those of all users.");
    json_decref(found);
    return finish(STATUS_GOOD);
}
