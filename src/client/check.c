/* SPDX-License-Identifier: Apache-2.0 */
#include "client/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "base/utf8.h"
#include "client/decode.h"
#include "client/tables.h"
#include "json/json_path.h"
#include "json/number.h"

struct checker {
    const tb_api *api;
    tb_error *err;
    struct warnings *warnings; /* NULL: all that does not fit is an error */
    unsigned flags;
    int depth;
};

static int check_slot(struct checker *checker, unsigned type, unsigned bounds, const json_t *value,
                      const struct json_path *path);

#define REFUSE(checker, path, ...) json_path_error(path, (checker)->err, TB_ERROR_USAGE, -EINVAL, __VA_ARGS__)

/* What a server may accept all the same: a warning if there may be any, else an error. */
static int doubt(struct checker *checker, const struct json_path *path, const char *format, ...)
    PRINTF_LIKE(3, 4);
static int doubt(struct checker *checker, const struct json_path *path, const char *format, ...)
{
    char reason[TB_ERROR_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    if (checker->warnings)
        warn_args(checker->warnings, path, format, args);
    else
        vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return checker->warnings ? 0 : REFUSE(checker, path, "%s", reason);
}

static int unexpected(struct checker *checker, const struct json_path *path, const char *expected,
                      const json_t *value)
{
    return REFUSE(checker, path, "%s was expected, not %s", expected, decode_kind_name(value));
}

/* Servers read a number as a text and the like. */
static int unexpected_scalar(struct checker *checker, const struct json_path *path, const char *expected,
                             const json_t *value)
{
    if (json_is_object(value) || json_is_array(value))
        return unexpected(checker, path, expected, value);
    return doubt(checker, path, "%s was expected, not %s", expected, decode_kind_name(value));
}

static int check_enum(struct checker *checker, unsigned number, const char *value,
                      const struct json_path *path)
{
    const struct tb_enum *values = number ? &checker->api->enums[number - 1] : NULL;

    if (!values || !(checker->flags & CHECK_STRICT) || table_enum_has(checker->api, values, value))
        return 0;
    return doubt(checker, path, "not a value of %s", table_text(checker->api, values->name));
}

/* UNIT: "characters", "elements", "members". */
static int check_length(struct checker *checker, const struct tb_bounds *bounds, size_t length,
                        const char *unit, const struct json_path *path)
{
    if (length < bounds->min_length)
        return doubt(checker, path, "%zu %s, fewer than %u", length, unit, bounds->min_length);
    if (length > bounds->max_length)
        return doubt(checker, path, "%zu %s, more than %u", length, unit, bounds->max_length);
    return 0;
}

bool check_is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i;

    if (strlen(text) != strlen(form))
        return false;
    for (i = 0; form[i]; i++)
        if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* RFC 4648, section 4, with padding: what the server's JSON parser accepts. */
static bool is_base64(const char *text)
{
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    size_t padding = strspn(text + digits, "=");

    return padding <= 2 && !text[digits + padding] && (digits + padding) % 4 == 0;
}

static int check_format(struct checker *checker, const struct tb_type *type, const char *text,
                        const struct json_path *path)
{
    if (type->format == TB_FORMAT_UUID && !check_is_uuid(text))
        return doubt(checker, path, "a UUID was expected");
    if (type->format == TB_FORMAT_BASE64 && !is_base64(text))
        return doubt(checker, path, "base64 was expected");
    return 0;
}

static int check_string(struct checker *checker, const struct tb_type *type, const struct tb_bounds *bounds,
                        const json_t *value, const struct json_path *path)
{
    const char *text = json_string_value(value);
    ssize_t count;
    int r;

    if (!text || number_is(value))
        return unexpected_scalar(checker, path, "a string", value);
    count = utf8_count(text, json_string_length(value));
    if (count < 0)
        return REFUSE(checker, path, "the text is not UTF-8");
    if (strlen(text) != json_string_length(value) && (type->format != TB_FORMAT_NONE || type->of))
        return doubt(checker, path, "the text contains a NUL character");
    r = bounds && !tb_verbatim(text) ? check_length(checker, bounds, (size_t)count, "characters", path) : 0;
    if (r == 0)
        r = check_format(checker, type, text, path);
    return r < 0 ? r : check_enum(checker, type->of, text, path);
}

static int check_integer(struct checker *checker, const struct tb_type *type, const struct tb_bounds *bounds,
                         const json_t *value, const struct json_path *path)
{
    int64_t min = type->kind == TB_KIND_INT32 ? INT32_MIN : INT64_MIN;
    int64_t max = type->kind == TB_KIND_INT32 ? INT32_MAX : INT64_MAX;
    int64_t number;
    char text[24];
    int r;

    if (bounds && bounds->minimum > min)
        min = bounds->minimum;
    if (bounds && bounds->maximum < max)
        max = bounds->maximum;
    r = number_integer(value, min, max, &number);
    if (r == -ERANGE)
        return doubt(checker, path, NUMBER_OUT_OF_RANGE, min, max);
    if (r < 0)
        return unexpected_scalar(checker, path, "a whole number", value);
    snprintf(text, sizeof(text), "%" PRId64, number);
    return check_enum(checker, type->kind == TB_KIND_INT32 ? type->of : 0, text, path);
}

static int check_double(struct checker *checker, const struct tb_bounds *bounds, const json_t *value,
                        const struct json_path *path)
{
    double number = number_of(value);

    if (!number_is(value))
        return unexpected_scalar(checker, path, "a number", value);
    if (bounds && bounds->minimum != INT64_MIN && number < (double)bounds->minimum)
        return doubt(checker, path, "the number is less than %" PRId64, bounds->minimum);
    if (bounds && bounds->maximum != INT64_MAX && number > (double)bounds->maximum)
        return doubt(checker, path, "the number is more than %" PRId64, bounds->maximum);
    return 0;
}

static void free_json(json_t **value)
{
    json_decref(*value);
}

static void free_text(char **text)
{
    json_malloc_t ignored;
    json_free_t release;

    json_get_alloc_funcs(&ignored, &release);
    if (*text)
        release(*text);
}

/* Compares the texts of the elements in a hash table, so that the time grows linearly with the list. */
static int check_unique(struct checker *checker, const json_t *list, const struct json_path *path)
{
    CLEANUP(free_json) json_t *seen = json_object();
    struct json_path element = {.parent = path};
    const json_t *item;

    json_array_foreach(list, element.index, item)
    {
        CLEANUP(free_text) char *text = json_dumps(item, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);

        if (text && json_object_get(seen, text))
            return doubt(checker, &element, "duplicate element");
        if (!text || json_object_set_new_nocheck(seen, text, json_true()) < 0)
            return json_path_error(&element, checker->err, TB_ERROR_SYSTEM, -ENOMEM, "out of memory");
    }
    return 0;
}

static int check_list(struct checker *checker, unsigned of, const struct tb_bounds *bounds,
                      const json_t *value, const struct json_path *path)
{
    struct json_path element = {.parent = path};
    const json_t *item;
    int r;

    if (!json_is_array(value))
        return unexpected(checker, path, "an array", value);
    r = bounds ? check_length(checker, bounds, json_array_size(value), "elements", path) : 0;
    if (r < 0)
        return r;
    json_array_foreach(value, element.index, item)
    {
        r = json_is_null(item) ? 0 : check_slot(checker, of, 0, item, &element);
        if (r < 0)
            return r;
    }
    return bounds && bounds->unique ? check_unique(checker, value, path) : 0;
}

static int check_map(struct checker *checker, unsigned of, const struct tb_bounds *bounds,
                     const json_t *value, const struct json_path *path)
{
    struct json_path member = {.parent = path, .is_key = true};
    json_t *item;
    int r;

    if (!json_is_object(value))
        return unexpected(checker, path, "an object", value);
    r = bounds ? check_length(checker, bounds, json_object_size(value), "members", path) : 0;
    if (r < 0)
        return r;
    json_object_foreach((json_t *)value, member.name, item)
    {
        r = json_is_null(item) ? 0 : check_slot(checker, of, 0, item, &member);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_members(struct checker *checker, const struct tb_schema *schema, const json_t *value,
                         const struct json_path *path)
{
    struct json_path member = {.parent = path};
    json_t *item;
    int r = 0;

    json_object_foreach((json_t *)value, member.name, item)
    {
        const struct tb_field *field = table_field(checker->api, schema, member.name);

        if (field && !json_is_null(item))
            r = check_slot(checker, field->type, field->bounds, item, &member);
        else if (!field && checker->flags & CHECK_STRICT)
            r = doubt(checker, &member, "%s has no such member", table_text(checker->api, schema->name));
        if (r < 0)
            return r;
    }
    return 0;
}

/* Whether a program has to set FIELD: only the server sets what is read-only (OpenAPI 3.0, readOnly), and
 * choose_schema() looks at the discriminator. */
static bool is_required(const struct tb_field *field)
{
    return field->flags & TB_REQUIRED && !(field->flags & TB_READ_ONLY) && !(field->flags & TB_DISCRIMINATOR);
}

/* Required members have a value. Null is a value of free JSON only. */
static int check_required(struct checker *checker, const struct tb_schema *schema, const json_t *value,
                          const struct json_path *path)
{
    const tb_api *api = checker->api;
    unsigned i;
    int r = 0;

    for (i = 0; r == 0 && i < schema->field_count; i++) {
        const struct tb_field *field = &api->fields[schema->first_field + i];
        const struct json_path member = {.parent = path, .name = table_text(api, field->name)};
        const json_t *item;

        if (!is_required(field))
            continue;
        item = json_object_get(value, member.name);
        if (!item || (json_is_null(item) && api->types[field->type].kind != TB_KIND_JSON))
            r = doubt(checker, &member, "required, but not set");
    }
    return r;
}

/* Sets *SCHEMA, the declared schema, to the one that VALUE's discriminator names. */
static int choose_schema(struct checker *checker, const json_t *value, const struct json_path *path,
                         const struct tb_schema **schema)
{
    const tb_api *api = checker->api;
    const struct tb_schema *declared = *schema;
    const struct tb_schema *base = declared->base ? &api->schemas[declared->base - 1] : declared;
    const struct json_path member = {.parent = path, .name = table_text(api, declared->discriminator)};
    const json_t *item = declared->discriminator ? json_object_get(value, member.name) : NULL;
    const struct tb_schema *named;

    if (!declared->discriminator || (!declared->base && declared->variant_count == 0))
        return 0;
    if (!json_is_string(item)) {
        if (item && !json_is_null(item))
            return unexpected_scalar(checker, &member, "a string", item);
        if (declared->base || checker->flags & CHECK_ANSWER)
            return 0;
        return doubt(checker, &member, "not set; it must say which %s this is",
                     table_text(api, declared->name));
    }
    named = table_variant(api, base, json_string_value(item));
    if (checker->flags & CHECK_STRICT && (!named || (declared->base && named != declared)))
        return doubt(checker, &member, "not known in %s", table_text(api, declared->name));
    *schema = declared->base || !named ? declared : named;
    return 0;
}

static int check_object(struct checker *checker, const struct tb_schema *schema, const json_t *value,
                        const struct json_path *path)
{
    int r;

    if (!json_is_object(value))
        return unexpected(checker, path, "an object", value);
    r = choose_schema(checker, value, path, &schema);
    if (r == 0 && !(checker->flags & CHECK_ANSWER))
        r = check_required(checker, schema, value, path);
    return r < 0 ? r : check_members(checker, schema, value, path);
}

static int check_nested(struct checker *checker, const struct tb_type *type, const struct tb_bounds *bounds,
                        const json_t *value, const struct json_path *path)
{
    int r;

    if (checker->depth == TB_CODEC_DEPTH_MAX)
        return REFUSE(checker, path, "nested more than %d levels deep", TB_CODEC_DEPTH_MAX);
    checker->depth++;
    if (type->kind == TB_KIND_OBJECT)
        r = check_object(checker, &checker->api->schemas[type->of], value, path);
    else if (type->kind == TB_KIND_LIST)
        r = check_list(checker, type->of, bounds, value, path);
    else
        r = check_map(checker, type->of, bounds, value, path);
    checker->depth--;
    return r;
}

static int check_slot(struct checker *checker, unsigned type, unsigned bounds_row, const json_t *value,
                      const struct json_path *path)
{
    const struct tb_type *row = &checker->api->types[type];
    const struct tb_bounds *bounds = bounds_row ? &checker->api->bounds[bounds_row] : NULL;

    switch ((enum tb_kind)row->kind) {
    case TB_KIND_STRING:
        return check_string(checker, row, bounds, value, path);
    case TB_KIND_BOOL:
        return json_is_boolean(value) ? 0 : unexpected_scalar(checker, path, "true or false", value);
    case TB_KIND_INT32:
    case TB_KIND_INT64:
        return check_integer(checker, row, bounds, value, path);
    case TB_KIND_DOUBLE:
        return check_double(checker, bounds, value, path);
    case TB_KIND_JSON:
        return 0;
    case TB_KIND_OBJECT:
    case TB_KIND_LIST:
    case TB_KIND_MAP:
        return check_nested(checker, row, bounds, value, path);
    case TB_KIND_NONE:
    case TB_KIND_PART:
        break;
    }
    return REFUSE(checker, path, "this type has no JSON form");
}

static int check_root(struct checker *checker, unsigned type, unsigned bounds, const json_t *value)
{
    const struct json_path path = {.parent = NULL};

    if (type >= checker->api->type_count || !value)
        return REFUSE(checker, &path, "no such type, or no value");
    if (json_is_null(value) && checker->flags & CHECK_ANSWER)
        return 0;
    return check_slot(checker, type, bounds, value, &path);
}

int check_value(const tb_api *api, unsigned type, const json_t *value, unsigned flags, tb_error *err)
{
    struct checker checker = {.api = api, .err = err, .flags = flags};

    return check_root(&checker, type, 0, value);
}

int check_request(const tb_api *api, unsigned type, unsigned bounds, const json_t *value,
                  struct warnings *warnings, tb_error *err)
{
    struct checker checker = {.api = api, .err = err, .warnings = warnings};

    return warnings->options && warnings->options->no_check ? 0 : check_root(&checker, type, bounds, value);
}

int tb_check(const tb_api *api, unsigned type, const json_t *value, bool strict, tb_error *err)
{
    return check_value(api, type, value, strict ? CHECK_STRICT : 0, err);
}
