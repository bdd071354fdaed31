/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/call_body.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "client/error.h"
#include "client/tables.h"
#include "ctl/body_set.h"
#include "ctl/spelling.h"
#include "json/json_read.h"
#include "json/json_write.h"

#define BODY_MAX_BYTES (64 * 1024 * 1024)

static int read_all(const char *path, struct buf *ret, struct tb_error *err)
{
    CLEANUP(close_fd) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    const char *name = path ? path : "standard input";
    char block[65536];
    ssize_t n = -1;
    int r = 0;

    while (fd >= 0 && r == 0 && ((n = read(fd, block, sizeof(block))) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            r = buf_append(ret, block, (size_t)n);
    if (r == -EMSGSIZE)
        return tb_error_set(err, r, "--body: %s: more than %d bytes", name, BODY_MAX_BYTES);
    if (r < 0 || n < 0)
        return tb_error_set(err, r < 0 ? r : -errno, "--body: %s: %s", name, strerror(r < 0 ? -r : errno));
    return buf_append_string(ret, "");
}

/* The text of --body, of its file or of standard input. */
static int read_given(const char *given, struct buf *ret, struct tb_error *err)
{
    if (*given == '@' || strcmp(given, "-") == 0)
        return read_all(*given == '@' ? given + 1 : NULL, ret, err);
    return buf_append_string(ret, given) < 0
               ? tb_error_set(err, -EMSGSIZE, "--body: more than %d bytes", BODY_MAX_BYTES)
               : 0;
}

static int parse_json(const struct buf *text, json_t **ret, struct tb_error *err)
{
    json_error_t error;
    const char *near;

    *ret = json_read(text->data, text->len, JSON_READ_EXACT, &error);
    if (*ret)
        return 0;
    /* Without the end of the reason: it quotes the body, which may contain a password. */
    near = strstr(error.text, " near ");
    return tb_error_set(err, -EINVAL, "--body: not JSON: line %d, column %d: %.*s", error.line, error.column,
                        near ? (int)(near - error.text) : (int)strlen(error.text), error.text);
}

static bool has_members(const struct arguments *arguments)
{
    size_t i;

    for (i = 0; i < arguments->count; i++)
        if (arguments->list[i].kind == ARGUMENT_MEMBER)
            return true;
    return false;
}

static int set_members(const struct arguments *arguments, const tb_api *api, unsigned type, json_t **body,
                       struct tb_error *err)
{
    size_t i;
    int r = 0;

    for (i = 0; i < arguments->count && r == 0; i++)
        if (arguments->list[i].kind == ARGUMENT_MEMBER)
            r = body_set(api, type, body, arguments->list[i].name, arguments->list[i].value, err);
    return r;
}

/* The text of --body becomes JSON if members are set in it, or if it should be JSON; else a string of JSON,
 * whose content is sent as it is. */
static int read_text(const struct arguments *arguments, const tb_operation *operation, json_t **ret,
                     struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(BODY_MAX_BYTES);
    int r = read_given(arguments->body, &text, err);

    if (r < 0)
        return r;
    if (has_members(arguments) || (operation->body == TB_BODY_JSON && !arguments->no_check))
        return parse_json(&text, ret, err);
    *ret =
        arguments->no_check ? json_stringn_nocheck(text.data, text.len) : json_stringn(text.data, text.len);
    return *ret ? 0 : tb_error_set(err, -EINVAL, "--body: the text is not UTF-8");
}

static int read_body(const struct arguments *arguments, const tb_api *api, const tb_operation *operation,
                     json_t **ret, struct tb_error *err)
{
    bool is_json = operation->body == TB_BODY_JSON;
    int r;

    if (operation->body == TB_BODY_NONE)
        return tb_error_set(err, -EINVAL, "%s takes no body", arguments->operation);
    if (operation->body == TB_BODY_MULTIPART)
        return tb_error_set(err, -EINVAL, "%s takes its body in parts: --part NAME=TEXT or NAME=@FILE",
                            arguments->operation);
    r = arguments->body ? read_text(arguments, operation, ret, err) : 0;
    if (r == 0)
        r = set_members(arguments, api, is_json ? operation->body_type : BODY_TYPE_ANY, ret, err);
    return r;
}

/* The part called NAME; if there is none, the message suggests one. */
static const struct tb_field *find_part(const char *id, const tb_api *api, const tb_operation *operation,
                                        const char *name, struct tb_error *err)
{
    const struct tb_schema *schema = &api->schemas[api->types[operation->body_type].of];
    struct nearest nearest = nearest_to(name);
    char hint[NAME_MAX_BYTES + 32];
    unsigned i;

    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &api->fields[schema->first_field + i];

        if (strcmp(table_text(api, field->name), name) == 0)
            return field;
        nearest_try(&nearest, table_text(api, field->name));
    }
    tb_error_set(err, -EINVAL, "%s has no part %s%s", id, name,
                 nearest_hint(&nearest, "", hint, sizeof(hint)));
    return NULL;
}

/* Adds ARGUMENT to PARTS; if IS_LIST, as another element. */
static int add_part(json_t *parts, const struct argument *argument, bool is_list, struct tb_error *err)
{
    json_t *value = *argument->value == '@' ? json_pack("{s:s}", "file", argument->value + 1)
                                            : json_read_text(argument->value);
    json_t *before = json_object_get(parts, argument->name);
    int r;

    if (!value)
        return tb_error_set(err, -EINVAL, "--part %s: the text is not UTF-8", argument->name);
    if (before && !is_list) {
        json_decref(value);
        return tb_error_set(err, -EEXIST, "--part %s is given twice", argument->name);
    }
    if (before)
        r = json_array_append_new(before, value);
    else
        r = json_object_set_new(parts, argument->name, is_list ? json_pack("[o]", value) : value);
    return r < 0 ? tb_error_set(err, -ENOMEM, "out of memory") : 0;
}

static int read_parts(const struct arguments *arguments, const tb_api *api, const tb_operation *operation,
                      json_t **parts, struct tb_error *err)
{
    size_t i;
    int r = 0;

    for (i = 0; i < arguments->count && r == 0; i++) {
        const struct argument *argument = &arguments->list[i];
        const struct tb_field *field;

        if (argument->kind != ARGUMENT_PART)
            continue;
        if (operation->body != TB_BODY_MULTIPART)
            return tb_error_set(err, -EINVAL, "%s takes no parts", arguments->operation);
        if (!*parts && !(*parts = json_object()))
            return tb_error_set(err, -ENOMEM, "out of memory");
        field = find_part(arguments->operation, api, operation, argument->name, err);
        r = field ? add_part(*parts, argument, api->types[field->type].kind == TB_KIND_LIST, err) : -EINVAL;
    }
    return r;
}

static void free_json(json_t **value)
{
    json_decref(*value);
}

int call_body_read(const struct arguments *arguments, const tb_api *api, const tb_operation *operation,
                   json_t **ret, struct tb_error *err)
{
    CLEANUP(free_json) json_t *body = NULL;
    int r = 0;

    if (arguments->body || has_members(arguments))
        r = read_body(arguments, api, operation, &body, err);
    if (r == 0)
        r = read_parts(arguments, api, operation, &body, err);
    if (r == 0)
        *ret = TAKE_PTR(body);
    return r;
}

int raw_body_read(const struct arguments *arguments, struct buf *ret, struct tb_error *err)
{
    CLEANUP(free_json) json_t *body = NULL;
    int r = arguments->body ? read_given(arguments->body, ret, err) : 0;

    if (r < 0 || !has_members(arguments))
        return r;
    if (arguments->body)
        r = parse_json(ret, &body, err);
    if (r == 0)
        r = set_members(arguments, editions[0].api, BODY_TYPE_ANY, &body, err);
    buf_clear(ret);
    return r == 0 && json_write(ret, body) < 0 ? FAIL_MEMORY(err) : r;
}
