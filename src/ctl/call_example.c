/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/call_example.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl/descriptions.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"
#include "ctl/types.h"

#define DEPTH_MAX      16  /* of a body; the required members of a sane schema do not reach it */
#define TEXT_MAX_BYTES 512 /* of a text with a minimum length */
#define SAMPLE_UUID    "784f394c-42b6-435a-983c-b7beff2784f9"
/* All bodies declared as text are JSON; those without an example of their own are telemetry or attributes. */
#define SAMPLE_TEXT   "{\"temperature\":26.5}"
#define SAMPLE_BASE64 "dGV4dA=="

static json_t *sample(const tb_api *api, uint16_t type, uint16_t bounds, const char *name, unsigned depth);

/* DEVICE, if it is one of the values: it is the most common. */
static const char *sample_of_enum(const tb_api *api, const struct tb_enum *list)
{
    unsigned i;

    for (i = 0; i < list->value_count; i++)
        if (strcmp(table_text(api, api->enum_values[list->first_value + i]), "DEVICE") == 0)
            return "DEVICE";
    return list->value_count ? table_text(api, api->enum_values[list->first_value]) : "";
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* Of one, or of a list. */
static bool is_id(const char *name)
{
    return ends_with(name, "Id") || ends_with(name, "Ids") || strcmp(name, "id") == 0 ||
           strcmp(name, "ids") == 0;
}

/* Some text within the bounds. */
static json_t *sample_text(const struct tb_bounds *bounds, const char *name)
{
    const char *text = is_id(name) ? SAMPLE_UUID : "x";
    char padded[TEXT_MAX_BYTES];

    if (strcmp(name, "entityType") == 0)
        text = "DEVICE";
    if (strlen(text) > bounds->max_length)
        text = "x";
    if (strlen(text) >= bounds->min_length || bounds->min_length >= sizeof(padded))
        return json_string(text);
    memset(padded, 'x', bounds->min_length);
    padded[bounds->min_length] = '\0';
    return json_string(padded);
}

static json_t *sample_string(const tb_api *api, const struct tb_type *type, uint16_t bounds, const char *name)
{
    const struct tb_enum *list = type_enum(api, type);

    if (list)
        return json_string(sample_of_enum(api, list));
    if (type->format != TB_FORMAT_NONE)
        return json_string(type->format == TB_FORMAT_UUID ? SAMPLE_UUID : SAMPLE_BASE64);
    return sample_text(&api->bounds[bounds], name);
}

/* 10 for pageSize, 0 for page, else 1; or the nearest bound. */
static int64_t sample_number(const struct tb_bounds *bounds, bool is_bounded, const char *name)
{
    int64_t value = strcmp(name, "pageSize") == 0 ? 10 : strcmp(name, "page") == 0 ? 0 : 1;

    if (is_bounded && value < bounds->minimum)
        return bounds->minimum;
    return is_bounded && value > bounds->maximum ? bounds->maximum : value;
}

/* An integer may have an enumeration, whose values are texts in the table. */
static json_t *sample_integer(const tb_api *api, const struct tb_type *type, uint16_t bounds,
                              const char *name)
{
    const struct tb_enum *list = type_enum(api, type);

    if (list)
        return json_integer(strtoll(sample_of_enum(api, list), NULL, 10));
    return json_integer(sample_number(&api->bounds[bounds], bounds != 0, name));
}

/* The value of the discriminator, if SCHEMA is a variant; else NULL. */
static const char *variant_value(const tb_api *api, const struct tb_schema *schema)
{
    return schema->value ? table_text(api, schema->value) : NULL;
}

/* The variant to use for a base: DEVICE, or the first. */
static const struct tb_schema *variant_of(const tb_api *api, const struct tb_schema *schema)
{
    unsigned i;

    for (i = 0; i < schema->variant_count; i++) {
        const struct tb_variant *variant = &api->variants[schema->first_variant + i];

        if (strcmp(table_text(api, variant->value), "DEVICE") == 0)
            return &api->schemas[variant->schema];
    }
    return schema->variant_count ? &api->schemas[api->variants[schema->first_variant].schema] : schema;
}

static json_t *sample_object(const tb_api *api, const struct tb_schema *schema, unsigned depth)
{
    const struct tb_schema *variant = variant_of(api, schema);
    json_t *object = json_object();
    unsigned i;

    for (i = 0; i < variant->field_count; i++) {
        const struct tb_field *field = &api->fields[variant->first_field + i];
        const char *name = table_text(api, field->name);
        const char *value = variant_value(api, variant);

        if ((field->flags & TB_DISCRIMINATOR) && value)
            json_object_set_new(object, name, json_string(value));
        else if (field->flags & TB_REQUIRED)
            json_object_set_new(object, name, sample(api, field->type, field->bounds, name, depth + 1));
    }
    return object;
}

static json_t *sample_list(const tb_api *api, uint16_t element, uint16_t bounds, const char *name,
                           unsigned depth)
{
    json_t *list = json_array();
    uint32_t count = bounds ? api->bounds[bounds].min_length : 0;
    uint32_t i;

    /* At least one element, as an example. */
    for (i = 0; i == 0 || (i < count && i < TEXT_MAX_BYTES); i++)
        json_array_append_new(list, sample(api, element, 0, name, depth + 1));
    return list;
}

static json_t *sample_map(const tb_api *api, uint16_t element, uint16_t bounds, unsigned depth)
{
    json_t *map = json_object();
    uint32_t count = bounds ? api->bounds[bounds].min_length : 0;
    char key[32];
    uint32_t i;

    for (i = 0; i < count && i < TEXT_MAX_BYTES; i++) {
        snprintf(key, sizeof(key), "%" PRIu32, i);
        json_object_set_new(map, key, sample(api, element, 0, key, depth + 1));
    }
    return map;
}

/* Returns a value of TYPE for a parameter or member called NAME; a new reference. */
static json_t *sample(const tb_api *api, uint16_t type, uint16_t bounds, const char *name, unsigned depth)
{
    const struct tb_type *row = &api->types[type];

    if (depth > DEPTH_MAX)
        return json_null();
    switch (row->kind) {
    case TB_KIND_STRING:
        return sample_string(api, row, bounds, name);
    case TB_KIND_BOOL:
        return json_true();
    case TB_KIND_INT32:
    case TB_KIND_INT64:
        return sample_integer(api, row, bounds, name);
    case TB_KIND_DOUBLE:
        return json_real((double)sample_number(&api->bounds[bounds], bounds != 0, name));
    case TB_KIND_OBJECT:
        return sample_object(api, &api->schemas[row->of], depth);
    case TB_KIND_LIST:
        return sample_list(api, row->of, bounds, name, depth);
    case TB_KIND_MAP:
        return sample_map(api, row->of, bounds, depth);
    default:
        return json_object();
    }
}

/* Quoted for a shell, if necessary. */
static void print_quoted(FILE *file, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";

    if (*text && text[strspn(text, safe)] == '\0') {
        fputs(text, file);
        return;
    }
    putc('\'', file);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else
            putc(*text, file);
    putc('\'', file);
}

/* Prints VALUE as JSON on one line, and releases it. */
static void print_json(FILE *file, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    print_quoted(file, text ? text : "");
    free(text);
    json_decref(value);
}

/* Prints VALUE, a string without its quotes, and releases it. */
static void print_value(FILE *file, json_t *value)
{
    if (!json_is_string(value)) {
        print_json(file, value);
        return;
    }
    print_quoted(file, json_string_value(value));
    json_decref(value);
}

/* TEXT, or else a value of TYPE for what is called NAME. */
static void print_example(FILE *file, const tb_api *api, const char *text, uint16_t type, uint16_t bounds,
                          const char *name)
{
    if (text)
        print_quoted(file, text);
    else
        print_value(file, sample(api, type, bounds, name, 0));
}

static void print_parameters(FILE *file, const tb_api *api, const tb_operation *operation)
{
    unsigned i;

    for (i = 0; i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];
        const char *name = table_text(api, parameter->name);
        bool required = parameter->flags & TB_REQUIRED;
        const char *text = example_value(table_text(api, operation->id), name, required);
        uint16_t element = (uint16_t)(element_type(api, parameter->type) - api->types);
        bool is_list = api->types[parameter->type].kind == TB_KIND_LIST;
        char option[NAME_MAX_BYTES];

        if (!required && !text)
            continue;
        fprintf(file, " --%s ", kebab_case(name, option));
        print_example(file, api, text, element, is_list ? 0 : parameter->bounds, name);
    }
}

static void print_part(FILE *file, const tb_api *api, const tb_operation *operation,
                       const struct tb_field *field)
{
    const struct tb_type *type = element_type(api, field->type);
    const char *name = table_text(api, field->name);
    const char *text = example_value(table_text(api, operation->id), name, true);

    fprintf(file, " --part %s=", name);
    if (type->kind == TB_KIND_PART && !text)
        text = "@FILE";
    print_example(file, api, text, (uint16_t)(type - api->types), 0, name);
}

/* The required parts, or the first if none is required. */
static void print_parts(FILE *file, const tb_api *api, const tb_operation *operation)
{
    const struct tb_schema *schema = &api->schemas[api->types[operation->body_type].of];
    const struct tb_field *fields = &api->fields[schema->first_field];
    unsigned required = 0;
    unsigned i;

    for (i = 0; i < schema->field_count; i++)
        required += !!(fields[i].flags & TB_REQUIRED);
    for (i = 0; i < schema->field_count; i++)
        if ((fields[i].flags & TB_REQUIRED) || (required == 0 && i == 0))
            print_part(file, api, operation, &fields[i]);
}

static void print_body(FILE *file, const tb_api *api, const tb_operation *operation)
{
    const char *text = example_value(table_text(api, operation->id), "body", true);

    if (operation->body == TB_BODY_NONE)
        return;
    fputs(" --body ", file);
    if (text || operation->body == TB_BODY_TEXT)
        print_quoted(file, text ? text : SAMPLE_TEXT);
    else
        print_json(file, sample(api, operation->body_type, 0, "body", 0));
}

void example_print(FILE *file, const tb_api *api, const tb_operation *operation, const char *edition)
{
    fprintf(file, "tbproxyctl call%s%s %s", edition ? " --edition " : "", edition ? edition : "",
            table_text(api, operation->id));
    print_parameters(file, api, operation);
    if (operation->body == TB_BODY_MULTIPART)
        print_parts(file, api, operation);
    else
        print_body(file, api, operation);
    if (operation->answer == TB_ANSWER_BINARY)
        fputs(" --output FILE", file);
    putc('\n', file);
}
