/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/body.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "ctl/names.h"
#include "json/json_read.h"

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
        return tb_error_set(err, r, "--body: %s has more than %d bytes", name, BODY_MAX_BYTES);
    if (r < 0 || n < 0)
        return tb_error_set(err, r < 0 ? r : -errno, "--body: %s: %s", name, strerror(r < 0 ? -r : errno));
    return buf_append_string(ret, "");
}

static int parse_body(struct call *call, const char *text, size_t length, struct tb_error *err)
{
    json_error_t error;
    const char *near;

    if (call->operation->body == TB_BODY_TEXT)
        call->body = json_stringn(text, length);
    else
        call->body = json_read(text, length, JSON_READ_EXACT | JSON_READ_UNIQUE, &error);
    if (call->body)
        return 0;
    if (call->operation->body == TB_BODY_TEXT)
        return tb_error_set(err, -EINVAL, "--body: text in UTF-8 was expected");
    /* The reason ends with a piece of the body, which may hold a password. */
    near = strstr(error.text, " near ");
    return tb_error_set(err, -EINVAL, "--body: no JSON: line %d, column %d: %.*s", error.line, error.column,
                        near ? (int)(near - error.text) : (int)strlen(error.text), error.text);
}

int add_body(struct call *call, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf file = BUF_INIT(BODY_MAX_BYTES);
    const char *given = call->arguments.body;
    int r;

    if (!given)
        return 0;
    if (call->operation->body == TB_BODY_NONE)
        return tb_error_set(err, -EINVAL, "%s takes no body", call->arguments.operation);
    if (call->operation->body == TB_BODY_MULTIPART)
        return tb_error_set(err, -EINVAL, "%s takes its body in parts: --part NAME=TEXT or NAME=@FILE",
                            call->arguments.operation);
    if (*given != '@' && strcmp(given, "-") != 0)
        return parse_body(call, given, strlen(given), err);
    r = read_all(*given == '@' ? given + 1 : NULL, &file, err);
    return r < 0 ? r : parse_body(call, file.data ? file.data : "", file.len, err);
}

/* The member of the multipart body called NAME; its misspelling is refused here, with what was meant. */
static const struct tb_field *find_part(const struct call *call, const char *name, struct tb_error *err)
{
    const struct tb_schema *schema = &call->api->schemas[call->api->types[call->operation->body_type].of];
    struct nearest nearest = nearest_to(name);
    char hint[NAME_MAX_BYTES + 32];
    unsigned i;

    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &call->api->fields[schema->first_field + i];

        if (strcmp(table_text(call->api, field->name), name) == 0)
            return field;
        nearest_try(&nearest, table_text(call->api, field->name));
    }
    tb_error_set(err, -EINVAL, "%s has no part %s%s", call->arguments.operation, name,
                 nearest_hint(&nearest, "", hint, sizeof(hint)));
    return NULL;
}

static int add_part(struct call *call, const struct argument *argument, struct tb_error *err)
{
    const struct tb_field *field = find_part(call, argument->name, err);
    json_t *value, *list;
    int r;

    if (!field)
        return -EINVAL;
    value = *argument->value == '@' ? json_pack("{s:s}", "file", argument->value + 1)
                                    : json_string(argument->value);
    if (!value)
        return tb_error_set(err, -EINVAL, "--part %s: text in UTF-8 was expected", argument->name);
    list = json_object_get(call->body, argument->name);
    if (call->api->types[field->type].kind != TB_KIND_LIST && list) {
        json_decref(value);
        return tb_error_set(err, -EEXIST, "--part %s is given twice", argument->name);
    }
    if (list)
        r = json_array_append_new(list, value);
    else if (call->api->types[field->type].kind == TB_KIND_LIST)
        r = json_object_set_new(call->body, argument->name, json_pack("[o]", value));
    else
        r = json_object_set_new(call->body, argument->name, value);
    return r < 0 ? tb_error_set(err, -ENOMEM, "out of memory") : 0;
}

int add_parts(struct call *call, struct tb_error *err)
{
    size_t i;
    int r = 0;

    for (i = 0; i < call->arguments.count && r == 0; i++) {
        if (!call->arguments.list[i].is_part)
            continue;
        if (call->operation->body != TB_BODY_MULTIPART)
            return tb_error_set(err, -EINVAL, "%s takes no parts", call->arguments.operation);
        if (!call->body && !(call->body = json_object()))
            return tb_error_set(err, -ENOMEM, "out of memory");
        r = add_part(call, &call->arguments.list[i], err);
    }
    return r;
}
