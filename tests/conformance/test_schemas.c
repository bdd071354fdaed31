/* SPDX-License-Identifier: Apache-2.0 */
/* For every schema of every document: a value made from the tables survives decode, encode, decode, encode,
 * also with members that a newer server might send. One TAP test for each document and mode. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tbclient/codec.h>

#include "client/tables.h"
#include "instance.h"

#define DEPTH          5
#define FAILURES_SHOWN 5
#define SEEDS_MIN      2

extern const tb_api tb_ce_4_3_1_2, tb_ce_4_3_1_3, tb_ce_4_4_0, tb_pe_4_3_1_2, tb_pe_4_4_0, tb_paas_4_3_1_2,
    tb_paas_4_4_0;

static const tb_api *const documents[] = {&tb_ce_4_3_1_2, &tb_ce_4_3_1_3,   &tb_ce_4_4_0,  &tb_pe_4_3_1_2,
                                          &tb_pe_4_4_0,   &tb_paas_4_3_1_2, &tb_paas_4_4_0};

struct mode {
    const char *name;
    struct instance_options options;
    bool valid;    /* passes the strict check */
    bool doubtful; /* need not pass any check */
};

static const struct mode modes[] = {
    {"required members", {.depth = 1}, .valid = true},
    {"all members", {.all_members = true, .depth = DEPTH}, .valid = true},
    {"unknown members", {.all_members = true, .depth = DEPTH, .unknown_members = true}, .valid = false},
    {"unknown values of enumerations",
     {.all_members = true, .depth = DEPTH, .unknown_values = true},
     .valid = false},
    {"unknown variants", {.all_members = true, .depth = DEPTH, .unknown_variants = true}, .valid = false},
    {"nulls", {.depth = DEPTH, .nulls = true}, .valid = true},
    {"required members that are null",
     {.all_members = true, .depth = DEPTH, .required_nulls = true},
     .doubtful = true},
    {"all that is unknown",
     {.all_members = true,
      .depth = DEPTH,
      .unknown_members = true,
      .unknown_values = true,
      .unknown_variants = true},
     .valid = false},
};

static unsigned shown;

static void complain(const tb_api *api, unsigned type, const char *what, const char *text)
{
    const struct tb_type *row = &api->types[type];
    const char *name = row->kind == TB_KIND_OBJECT ? table_text(api, api->schemas[row->of].name) : "";

    if (shown++ < FAILURES_SHOWN)
        printf("# %s (type %u): %s: %.300s\n", name, type, what, text);
}

/* TEXT, decoded and encoded again. The caller frees it. NULL if that fails. */
static char *pass(const tb_api *api, unsigned type, const char *text, size_t length)
{
    tb_error err = TB_ERROR_INIT;
    char *encoded = NULL;
    void *value = NULL;

    if (tb_decode(api, type, text, length, &value, &err) < 0 ||
        tb_encode(api, type, value, &encoded, NULL, &err) < 0)
        complain(api, type, err.message, text);
    tb_free(value);
    tb_error_clear(&err);
    return encoded;
}

static bool text_survives(const tb_api *api, unsigned type, const json_t *value, const char *text)
{
    char *once = pass(api, type, text, strlen(text));
    char *twice = once ? pass(api, type, once, strlen(once)) : NULL;
    json_t *first = once ? json_loads(once, 0, NULL) : NULL;
    json_t *second = twice ? json_loads(twice, 0, NULL) : NULL;
    bool same = first && second && json_equal(value, first) && json_equal(value, second);

    if (twice && !same) {
        complain(api, type, "from", text);
        complain(api, type, "  to", once);
    }
    json_decref(first);
    json_decref(second);
    free(once);
    free(twice);
    return same;
}

static bool value_survives(const tb_api *api, unsigned type, const struct mode *mode, unsigned seed)
{
    struct instance_options options = mode->options;
    tb_error err = TB_ERROR_INIT;
    bool survived;
    json_t *value;
    char *text;

    options.seed = seed;
    value = instance_make(api, type, &options);
    text = json_dumps(value, JSON_REAL_PRECISION(17));
    survived = text && text_survives(api, type, value, text);
    if (survived && !mode->doubtful && tb_check(api, type, value, mode->valid, &err) < 0) {
        complain(api, type, err.message, text);
        survived = false;
    }
    tb_error_clear(&err);
    free(text);
    json_decref(value);
    return survived;
}

/* A rule chain's metadata as servers send it: what is required is null. */
static bool rule_chain_survives(const tb_api *api)
{
    static const char text[] =
        "{\"ruleChainId\":{\"entityType\":\"RULE_CHAIN\",\"id\":\"784f394c-42b6-435a-983c-b7beff2784f9\"},"
        "\"version\":1,\"firstNodeIndex\":null,\"nodes\":[],\"connections\":null,"
        "\"ruleChainConnections\":null,\"notes\":null}";
    json_t *value = json_loads(text, 0, NULL);
    bool survives = text_survives(api, tb_type_find(api, "RuleChainMetaData"), value, text);

    json_decref(value);
    return survives;
}

/* API, with a type for each schema after its own types, because not every schema has one. The caller frees
 * it. */
static struct tb_type *with_all_schemas(const tb_api *api, tb_api *ret)
{
    struct tb_type *types = calloc((size_t)api->type_count + api->schema_count, sizeof(*types));
    unsigned i;

    if (!types)
        abort();
    memcpy(types, api->types, api->type_count * sizeof(*types));
    for (i = 0; i < api->schema_count; i++)
        types[api->type_count + i] = (struct tb_type){.kind = TB_KIND_OBJECT, .of = (uint16_t)i};
    *ret = *api;
    ret->types = types;
    ret->type_count = (uint16_t)(api->type_count + api->schema_count);
    return types;
}

/* Multipart bodies are not JSON, so the codec does not handle them. */
static bool has_parts(const tb_api *api, const struct tb_schema *schema)
{
    unsigned i;

    for (i = 0; i < schema->field_count; i++)
        if (api->types[api->fields[schema->first_field + i].type].kind == TB_KIND_PART)
            return true;
    return false;
}

static unsigned count_json_schemas(const tb_api *api)
{
    unsigned i, count = 0;

    for (i = 0; i < api->schema_count; i++)
        count += !has_parts(api, &api->schemas[i]);
    return count;
}

static bool mode_passes(const tb_api *document, const struct mode *mode)
{
    unsigned type, seed, failed = 0, values = 0;
    tb_api api;
    struct tb_type *types = with_all_schemas(document, &api);
    unsigned schemas = count_json_schemas(document);

    for (type = 1; type < api.type_count; type++) {
        unsigned kind = types[type].kind;
        unsigned variants = kind == TB_KIND_OBJECT ? api.schemas[types[type].of].variant_count : 0;

        if (kind != TB_KIND_OBJECT && kind != TB_KIND_LIST && kind != TB_KIND_MAP)
            continue;
        if (kind == TB_KIND_OBJECT && has_parts(&api, &api.schemas[types[type].of]))
            continue;
        for (seed = 0; seed < (variants > SEEDS_MIN ? variants : SEEDS_MIN); seed++, values++)
            failed += !value_survives(&api, type, mode, seed);
    }
    printf("# %s %s: %u schemas, %u values, %u failed\n", document->edition, document->version, schemas,
           values, failed);
    free(types);
    return failed == 0 && values >= SEEDS_MIN * schemas;
}

/* --- properties of the tables that the codec relies on --- */

static bool field_is_sound(const tb_api *api, const struct tb_schema *schema, const struct tb_field *field)
{
    const struct table_slot *slot = table_slot(api->types[field->type].kind);

    return field->type < api->type_count && field->bounds < api->bounds_count &&
           field->name < api->strings_size && slot->size > 0 && field->offset >= sizeof(tb_object) &&
           field->offset % slot->alignment == 0 && field->offset + slot->size <= schema->size &&
           table_field(api, schema, table_text(api, field->name)) == field;
}

static bool base_is_sound(const tb_api *api, const struct tb_schema *base)
{
    unsigned i;

    for (i = 0; i < base->variant_count; i++) {
        const struct tb_variant *row = &api->variants[base->first_variant + i];
        const struct tb_schema *variant = &api->schemas[row->schema];

        if (variant->base != base - api->schemas + 1 || variant->size < base->size ||
            variant->discriminator != base->discriminator ||
            table_variant(api, base, table_text(api, row->value)) != variant)
            return false;
    }
    return base->variant_count == 0 || table_discriminator(api, base);
}

/* A variant starts like its base, with the same members at the same offsets. A member that the variant
 * declares again has a row of its own, and its place is after the base. */
static bool variant_is_sound(const tb_api *api, const struct tb_schema *variant)
{
    const struct tb_schema *base = variant->base ? &api->schemas[variant->base - 1] : NULL;
    unsigned i;

    for (i = 0; base && i < base->field_count; i++) {
        const struct tb_field *field = &api->fields[base->first_field + i];
        const struct tb_field *own = table_field(api, variant, table_text(api, field->name));

        if (!own || (own->offset != field->offset && own->offset < base->size) ||
            (own->offset == field->offset && api->types[own->type].kind != api->types[field->type].kind))
            return false;
    }
    return !base || table_variant(api, base, table_text(api, variant->value)) == variant;
}

static bool schema_is_sound(const tb_api *api, const struct tb_schema *schema)
{
    unsigned i;

    if (schema->first_field + schema->field_count > api->field_count || schema->size < sizeof(tb_object))
        return false;
    for (i = 0; i < schema->field_count; i++)
        if (!field_is_sound(api, schema, &api->fields[schema->first_field + i]))
            return false;
    return base_is_sound(api, schema) && variant_is_sound(api, schema);
}

static bool type_is_sound(const tb_api *api, const struct tb_type *type)
{
    switch ((enum tb_kind)type->kind) {
    case TB_KIND_OBJECT:
        return type->of < api->schema_count;
    case TB_KIND_LIST:
    case TB_KIND_MAP:
        return type->of > 0 && type->of < api->type_count && table_slot(api->types[type->of].kind)->size > 0;
    case TB_KIND_STRING:
    case TB_KIND_INT32:
        return type->of <= api->enum_count;
    default:
        return type->kind <= TB_KIND_PART;
    }
}

static bool tables_are_sound(const tb_api *api)
{
    unsigned i, failed = 0;

    for (i = 0; i < api->type_count; i++)
        failed += !type_is_sound(api, &api->types[i]);
    if (failed > 0)
        printf("# %u types\n", failed);
    for (i = 0; i < api->schema_count && failed < FAILURES_SHOWN; i++) {
        if (schema_is_sound(api, &api->schemas[i]))
            continue;
        printf("# schema %s\n", table_text(api, api->schemas[i].name));
        failed++;
    }
    for (i = 0; i < api->operation_count && failed < FAILURES_SHOWN; i++)
        failed += tb_operation_find(api, table_text(api, api->operations[i].id)) != &api->operations[i];
    return failed == 0;
}

static void report(bool passed, unsigned *number, const tb_api *api, const char *what)
{
    printf("%sok %u - %s %s: %s\n", passed ? "" : "not ", ++*number, api->edition, api->version, what);
    fflush(stdout);
}

int main(void)
{
    const size_t document_count = sizeof(documents) / sizeof(documents[0]);
    const size_t mode_count = sizeof(modes) / sizeof(modes[0]);
    unsigned number = 0, failed = 0;
    size_t i, j;

    printf("1..%zu\n", document_count * (mode_count + 2));
    for (i = 0; i < document_count; i++) {
        bool passed = tables_are_sound(documents[i]);

        report(passed, &number, documents[i], "tables");
        failed += !passed;
        passed = rule_chain_survives(documents[i]);
        report(passed, &number, documents[i], "a rule chain");
        failed += !passed;
        for (j = 0; j < mode_count; j++) {
            shown = 0;
            passed = mode_passes(documents[i], &modes[j]);
            report(passed, &number, documents[i], modes[j].name);
            failed += !passed;
        }
    }
    return failed > 0;
}
