/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/http/multipart_body.h"
#include "sim/spec/request_validator.h"
#include "sim/spec/schema_validator.h"

static void validate_part(const struct tb_api *api, const struct tb_field *f, const struct part *part,
                          bool strict, struct validation *validation)
{
    unsigned kind = api->types[f->type].kind;
    CLEANUP(schema_error_free) struct schema_error why = SCHEMA_ERROR_INIT;
    bool ok = true;

    if (kind == TB_KIND_PART)
        return;
    if (kind == TB_KIND_OBJECT || kind == TB_KIND_LIST || kind == TB_KIND_MAP || kind == TB_KIND_JSON) {
        json_auto_t *value = java_json_read(part->data, part->len, NULL);

        ok = value && schema_check(api, f->type, f->bounds, value, strict ? SCHEMA_STRICT : 0, &why) == 0;
    } else {
        CLEANUP(free_pointer) char *text = bytes_to_utf8(part->data, part->len);

        ok = schema_check_text(api, f->type, f->bounds, text, &why) == 0;
    }
    if (!ok)
        validation_add(validation, 400, "Part '%s': %s", part->name,
                       why.text.data ? why.text.data : "not JSON");
}

static void validate_parts(const struct tb_api *api, const struct tb_schema *schema,
                           const struct parts *parts, bool strict, struct validation *validation)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct tb_field *f = &api->fields[schema->first_field + i];
        bool found = false;

        for (size_t k = 0; k < parts->n; k++) {
            if (!streq(parts->list[k].name, api_text(api, f->name)))
                continue;
            found = true;
            validate_part(api, f, &parts->list[k], strict, validation);
        }
        if (!found && f->flags & TB_REQUIRED)
            validation_add(validation, 500, "Required part '%s' is not present.", api_text(api, f->name));
    }
    for (size_t k = 0; strict && k < parts->n; k++) {
        if (!schema_field(api, schema, parts->list[k].name))
            validation_add(validation, 400, "undeclared part '%s'", parts->list[k].name);
    }
}

void validate_multipart(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                        bool strict, struct validation *validation)
{
    const struct tb_type *type = &api->types[op->body_type];
    CLEANUP(parts_free) struct parts parts = {};

    if (parts_parse(rq, &parts) < 0)
        validation_add(validation, 500, "Failed to parse multipart servlet request");
    else if (type->kind == TB_KIND_OBJECT)
        validate_parts(api, &api->schemas[type->of], &parts, strict, validation);
}
