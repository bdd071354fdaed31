/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* After this many values only required members are made: all members of all members would be millions. */
#define VALUES_MAX  2000
#define TRIES_MAX   64 /* to find another element for a list of unique ones */
#define HEIGHT_MAX  1000
#define HEIGHT_NONE (HEIGHT_MAX + 1)

struct maker {
    const struct tb_api *api;
    const struct instance_options *options;
    unsigned counter;  /* of values made, so that each one differs */
    unsigned *heights; /* of each schema: how deep its smallest value is; NULL until needed */
};

static json_t *make_value(struct maker *maker, unsigned type, unsigned bounds, int depth);

static const char *text(const struct maker *maker, uint32_t offset)
{
    return maker->api->strings + offset;
}

static unsigned next(struct maker *maker)
{
    return maker->options->seed + maker->counter++;
}

/* Whether members that are not required are left out from here on. */
static bool is_small(const struct maker *maker, int depth)
{
    return depth > maker->options->depth || maker->counter > VALUES_MAX;
}

/* --- how deep the smallest value of a schema is, so that recursion through required members ends --- */

static unsigned type_height(const struct maker *maker, unsigned type, unsigned bounds)
{
    const struct tb_type *row = &maker->api->types[type];

    switch ((enum tb_kind)row->kind) {
    case TB_KIND_OBJECT:
        return maker->heights[row->of];
    case TB_KIND_LIST:
    case TB_KIND_MAP:
        return bounds && maker->api->bounds[bounds].min_length > 0 ? 1 + type_height(maker, row->of, 0) : 1;
    default:
        return 0;
    }
}

static unsigned own_height(const struct maker *maker, const struct tb_schema *schema)
{
    unsigned i, height = 0;

    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &maker->api->fields[schema->first_field + i];
        unsigned h = field->flags & TB_REQUIRED ? type_height(maker, field->type, field->bounds) : 0;

        height = h > height ? h : height;
    }
    return height < HEIGHT_MAX ? height + 1 : HEIGHT_NONE;
}

static unsigned schema_height(const struct maker *maker, const struct tb_schema *schema)
{
    unsigned i, height = HEIGHT_NONE;

    if (schema->variant_count == 0)
        return own_height(maker, schema);
    for (i = 0; i < schema->variant_count; i++) {
        unsigned h = maker->heights[maker->api->variants[schema->first_variant + i].schema];

        height = h < height ? h : height;
    }
    return height;
}

static void find_heights(struct maker *maker)
{
    const struct tb_api *api = maker->api;
    bool changed = true;
    unsigned i;

    maker->heights = calloc(api->schema_count, sizeof(*maker->heights));
    if (!maker->heights)
        abort();
    for (i = 0; i < api->schema_count; i++)
        maker->heights[i] = HEIGHT_NONE;
    while (changed) {
        changed = false;
        for (i = 0; i < api->schema_count; i++) {
            unsigned height = schema_height(maker, &api->schemas[i]);

            changed = changed || height != maker->heights[i];
            maker->heights[i] = height;
        }
    }
}

/* --- scalars --- */

static json_t *make_enum(struct maker *maker, const struct tb_enum *values, bool number)
{
    unsigned n = next(maker);
    const char *value;

    if (maker->options->unknown_values)
        return number ? json_integer(100000 + n % 100) : json_sprintf(INSTANCE_UNKNOWN_VALUE "_%u", n);
    value = text(maker, maker->api->enum_values[values->first_value + n % values->value_count]);
    return number ? json_integer(strtoll(value, NULL, 10)) : json_string(value);
}

static json_t *make_base64(unsigned n, size_t min, size_t max)
{
    static const char *const quads[] = {"AQID", "dGV4", "+/+/", "AAAA"};
    size_t i, count = (min + 3) / 4 > 0 ? (min + 3) / 4 : 1;
    char *data = malloc(count * 4 + 1);
    json_t *value;

    if (!data)
        abort();
    count = count * 4 > max ? max / 4 : count;
    for (i = 0; i < count; i++)
        memcpy(data + i * 4, quads[(n + i) % 4], 4);
    value = json_stringn(data, count * 4);
    free(data);
    return value;
}

/* Characters of one to four bytes; the number comes first, so that short texts differ, too. */
static json_t *make_text(unsigned n, size_t min, size_t max)
{
    static const char *const characters[] = {"\xc3\xbc", " ",  "\xe2\x82\xac",     "\"",
                                             "\\",       "\n", "\xf0\x9f\x98\x80", "x"};
    char number[16];
    size_t length, i, count = min > 12 ? min : 12;
    char *data = malloc(count * 4 + sizeof(number));
    json_t *value;

    if (!data)
        abort();
    count = count < max ? count : max;
    length = (size_t)snprintf(number, sizeof(number), "%u", n);
    length = length < count ? length : count;
    memcpy(data, number, length);
    for (i = length; i < count; i++) {
        const char *character = characters[(n + i) % 8];

        memcpy(data + length, character, strlen(character));
        length += strlen(character);
    }
    value = json_stringn(data, length);
    free(data);
    return value;
}

static json_t *make_string(struct maker *maker, const struct tb_type *type, const struct tb_bounds *bounds)
{
    unsigned n;

    if (type->of)
        return make_enum(maker, &maker->api->enums[type->of - 1], false);
    n = next(maker);
    if (type->format == TB_FORMAT_UUID)
        return json_sprintf("%08x-1dd2-11b2-8080-%012x", n * 2654435761u, n);
    if (type->format == TB_FORMAT_BASE64)
        return make_base64(n, bounds->min_length, bounds->max_length);
    return make_text(n, bounds->min_length, bounds->max_length);
}

static json_t *make_integer(struct maker *maker, int64_t minimum, int64_t maximum,
                            const struct tb_bounds *bounds)
{
    unsigned n = next(maker);
    const int64_t values[] = {n, minimum, maximum, 0, -1, INT64_C(9007199254740993), 1700000000000 + n};
    int64_t value = values[n % ARRAY_SIZE(values)];

    minimum = bounds->minimum > minimum ? bounds->minimum : minimum;
    maximum = bounds->maximum < maximum ? bounds->maximum : maximum;
    value = value < minimum ? minimum : value;
    return json_integer(value > maximum ? maximum : value);
}

static json_t *make_double(struct maker *maker, const struct tb_bounds *bounds)
{
    static const double values[] = {
        0.1, -1.0 / 3, 1.7976931348623157e308, 5e-324, 9007199254740993.0, 0.0, -273.15, 1e21};
    unsigned n = next(maker);
    double value = n % 9 == 8 ? n + 0.25 : values[n % 9 % 8];

    if (bounds->minimum != INT64_MIN && value < (double)bounds->minimum)
        value = (double)bounds->minimum;
    if (bounds->maximum != INT64_MAX && value > (double)bounds->maximum)
        value = (double)bounds->maximum;
    return json_real(value);
}

static json_t *make_json(struct maker *maker)
{
    unsigned n = next(maker);

    switch (n % 6) {
    case 0:
        return json_pack("{s:i, s:[b, n, f], s:{}}", "number", (int)(n & 0xffff), "list", 1, 0.5, "empty");
    case 1:
        return json_pack("[i, s, []]", -1, "\xe2\x82\xac");
    case 2:
        return json_integer(INT64_MIN + n);
    case 3:
        return json_sprintf("free %u", n);
    case 4:
        return json_boolean(n % 12 == 4);
    default:
        return json_real(n / 7.0);
    }
}

/* --- structures, lists, maps --- */

static bool contains(const json_t *list, const json_t *value)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), value))
            return true;
    return false;
}

static size_t element_count(struct maker *maker, const struct tb_bounds *bounds, int depth)
{
    size_t count = is_small(maker, depth + 1) ? 0 : depth <= 2 ? 2 : 1;

    count = count < bounds->min_length ? bounds->min_length : count;
    return count > bounds->max_length ? bounds->max_length : count;
}

static json_t *make_list(struct maker *maker, unsigned of, const struct tb_bounds *bounds, int depth)
{
    size_t count = element_count(maker, bounds, depth);
    json_t *list = json_array();
    unsigned tries = 0;

    while (json_array_size(list) < count && tries++ < count + TRIES_MAX) {
        json_t *element = make_value(maker, of, 0, depth + 1);

        if (bounds->unique && contains(list, element))
            json_decref(element);
        else
            json_array_append_new(list, element);
    }
    return list;
}

static json_t *make_map(struct maker *maker, unsigned of, const struct tb_bounds *bounds, int depth)
{
    size_t i, count = element_count(maker, bounds, depth);
    json_t *map = json_object();
    char key[32];

    for (i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "key \xc3\xbc.%zu", i);
        json_object_set_new(map, key, make_value(maker, of, 0, depth + 1));
    }
    return map;
}

static json_t *make_member(struct maker *maker, const struct tb_field *field, int depth)
{
    bool required = field->flags & TB_REQUIRED;

    if (required ? maker->options->required_nulls : maker->options->nulls)
        return json_null();
    if (!required && (!maker->options->all_members || is_small(maker, depth + 1)))
        return NULL;
    return make_value(maker, field->type, field->bounds, depth + 1);
}

static void add_unknown(struct maker *maker, json_t *object)
{
    json_object_set_new(object, INSTANCE_UNKNOWN_MEMBER, make_json(maker));
    json_object_set_new(object, INSTANCE_UNKNOWN_MEMBER "2", json_null());
}

/* VALUE: of the discriminator; NULL: the schema has none. */
static json_t *make_structure(struct maker *maker, const struct tb_schema *schema, const char *value,
                              int depth)
{
    json_t *object = json_object();
    unsigned i;

    if (value)
        json_object_set_new(object, text(maker, schema->discriminator), json_string(value));
    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &maker->api->fields[schema->first_field + i];
        json_t *member = field->flags & TB_DISCRIMINATOR && value ? NULL : make_member(maker, field, depth);

        if (member)
            json_object_set_new(object, text(maker, field->name), member);
    }
    if (maker->options->unknown_members)
        add_unknown(maker, object);
    return object;
}

/* The next variant in turn; if the value has to end soon, the next of those that end soonest. */
static const struct tb_variant *choose_variant(struct maker *maker, const struct tb_schema *base, int depth)
{
    const struct tb_variant *variants = &maker->api->variants[base->first_variant];
    unsigned i, n = depth <= 1 ? maker->options->seed : next(maker), height;

    if (!is_small(maker, depth))
        return &variants[n % base->variant_count];
    if (!maker->heights)
        find_heights(maker);
    height = maker->heights[base - maker->api->schemas];
    for (i = 0; i < base->variant_count; i++)
        if (maker->heights[variants[(n + i) % base->variant_count].schema] == height)
            break;
    return &variants[(n + i) % base->variant_count];
}

static json_t *make_object(struct maker *maker, const struct tb_schema *schema, int depth)
{
    const struct tb_variant *variant;
    char unknown[64];
    json_t *object;

    if (schema->variant_count == 0)
        return make_structure(maker, schema, schema->base ? text(maker, schema->value) : NULL, depth);
    if (maker->options->unknown_variants) {
        snprintf(unknown, sizeof(unknown), INSTANCE_UNKNOWN_VARIANT "_%u", next(maker));
        object = make_structure(maker, schema, unknown, depth);
        add_unknown(maker, object);
        return object;
    }
    variant = choose_variant(maker, schema, depth);
    return make_structure(maker, &maker->api->schemas[variant->schema], text(maker, variant->value), depth);
}

static json_t *make_value(struct maker *maker, unsigned type, unsigned bounds_row, int depth)
{
    static const struct tb_bounds none = {INT64_MIN, INT64_MAX, 0, UINT32_MAX, 0, 0};
    const struct tb_bounds *bounds = bounds_row ? &maker->api->bounds[bounds_row] : &none;
    const struct tb_type *row = &maker->api->types[type];

    switch ((enum tb_kind)row->kind) {
    case TB_KIND_STRING:
        return make_string(maker, row, bounds);
    case TB_KIND_BOOL:
        return json_boolean(next(maker) % 2);
    case TB_KIND_INT32:
        return row->of ? make_enum(maker, &maker->api->enums[row->of - 1], true)
                       : make_integer(maker, INT32_MIN, INT32_MAX, bounds);
    case TB_KIND_INT64:
        return make_integer(maker, INT64_MIN, INT64_MAX, bounds);
    case TB_KIND_DOUBLE:
        return make_double(maker, bounds);
    case TB_KIND_JSON:
        return make_json(maker);
    case TB_KIND_OBJECT:
        return make_object(maker, &maker->api->schemas[row->of], depth);
    case TB_KIND_LIST:
        return make_list(maker, row->of, bounds, depth);
    case TB_KIND_MAP:
        return make_map(maker, row->of, bounds, depth);
    case TB_KIND_NONE:
    case TB_KIND_PART:
        break;
    }
    return json_null();
}

json_t *instance_make(const struct tb_api *api, unsigned type, const struct instance_options *options)
{
    struct maker maker = {.api = api, .options = options};
    json_t *value = make_value(&maker, type, 0, 1);

    free(maker.heights);
    return value;
}
