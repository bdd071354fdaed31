/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a multipart/form-data body (RFC 7578) apart and judges its parts. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem, strcasestr */
#endif
#include "sim/http/multipart_body.h"

#include <stdlib.h>
#include <string.h>

#include "sim/spec/request_validator.h"
#include "sim/spec/schema_validator.h"

/* The value of a header's parameter, quoted or not; NULL if there is none. */
static char *header_value(const char *header, const char *key)
{
    const char *at = strcasestr(header, key);

    if (!at)
        return NULL;
    at += strlen(key);
    if (*at == '"')
        return xstrndup(at + 1, strcspn(at + 1, "\""));
    return xstrndup(at, strcspn(at, "; \t\r\n"));
}

/* One part, its head included, from the end of the boundary line to the CRLF before the next. */
static bool add_part(struct parts *parts, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);

    if (!end || parts->n == MAX_PARTS)
        return false;
    _cleanup_free_ char *head = xstrndup(data, (size_t)(end - data));
    const char *line = strcasestr(head, "content-disposition:");
    char *name = line ? header_value(line, " name=") : NULL;
    if (!name)
        return false;
    parts->list[parts->n++] = (struct part){
        .name = name,
        .filename = header_value(line, " filename="),
        .type = header_value(head, "content-type: "),
        .data = end + 4,
        .len = len - (size_t)(end + 4 - data),
    };
    return true;
}

bool parts_parse(const struct request *rq, struct parts *parts)
{
    const char *type = request_header(rq, "Content-Type");
    _cleanup_free_ char *boundary = type ? header_value(type, "boundary=") : NULL;
    _cleanup_free_ char *mark = xasprintf("\r\n--%s", boundary ? boundary : "");
    size_t mark_len = strlen(mark);
    const char *end = rq->body + rq->body_len;
    const char *at = rq->body;

    if (mark_len == 4 || rq->body_len < mark_len || memcmp(at, mark + 2, mark_len - 2) != 0)
        return false;
    at += mark_len - 2;
    while ((size_t)(end - at) >= 2 && memcmp(at, "--", 2) != 0) {
        const char *next = memmem(at, (size_t)(end - at), mark, mark_len);

        if (!next || !add_part(parts, at, (size_t)(next - at)))
            return false;
        at = next + mark_len;
    }
    return end - at >= 2;
}

const struct part *parts_find(const struct parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->n; i++) {
        if (streq(parts->list[i].name, name))
            return &parts->list[i];
    }
    return NULL;
}

void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        free(parts->list[i].name);
        free(parts->list[i].filename);
        free(parts->list[i].type);
    }
    parts->n = 0;
}

static void judge_part(const struct tb_api *api, const struct tb_field *f, const struct part *part,
                       bool strict, struct judgement *j)
{
    unsigned kind = api->types[f->type].kind;
    struct fault_text why = {};
    bool ok = true;

    if (kind == TB_KIND_PART)
        return;
    if (kind == TB_KIND_OBJECT || kind == TB_KIND_LIST || kind == TB_KIND_MAP || kind == TB_KIND_JSON) {
        json_auto_t *value = json_read(part->data, part->len, NULL);

        ok = value && schema_check(api, f->type, f->bounds, value, strict ? SCHEMA_STRICT : 0, &why);
    } else {
        _cleanup_free_ char *text = bytes_to_utf8(part->data, part->len);

        ok = schema_check_text(api, f->type, f->bounds, text, &why);
    }
    if (!ok)
        judgement_add(j, 400, "Part '%s': %s", part->name, why.text.data ? why.text.data : "no JSON");
    buf_free(&why.text);
}

static void judge_parts(const struct tb_api *api, const struct tb_schema *schema, const struct parts *parts,
                        bool strict, struct judgement *j)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct tb_field *f = &api->fields[schema->first_field + i];
        bool found = false;

        for (size_t k = 0; k < parts->n; k++) {
            if (!streq(parts->list[k].name, api_text(api, f->name)))
                continue;
            found = true;
            judge_part(api, f, &parts->list[k], strict, j);
        }
        if (!found && f->flags & TB_REQUIRED) /* docs/server-behaviour.md */
            judgement_add(j, 500, "Required part '%s' is not present.", api_text(api, f->name));
    }
    for (size_t k = 0; strict && k < parts->n; k++) {
        if (!schema_field(api, schema, parts->list[k].name))
            judgement_add(j, 400, "undeclared part '%s'", parts->list[k].name);
    }
}

void judge_multipart(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                     bool strict, struct judgement *j)
{
    const struct tb_type *type = &api->types[op->body_type];
    struct parts parts = {};

    if (!parts_parse(rq, &parts))
        judgement_add(j, 500, "Failed to parse multipart servlet request");
    else if (type->kind == TB_KIND_OBJECT)
        judge_parts(api, &api->schemas[type->of], &parts, strict, j);
    parts_free(&parts);
}
