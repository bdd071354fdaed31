/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/spec/schema_validator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "sim/base/uuid.h"
#include "sim/json/java_json.h"

enum {
    DEPTH_MAX = 128, /* of structures, lists and maps */
};

struct validator {
    const struct tb_api *api;
    struct schema_error *ret;
    unsigned flags;
    unsigned depth;
};

static const struct tb_bounds no_bounds = {INT64_MIN, INT64_MAX, 0, UINT32_MAX, 0, 0};

static bool check(struct validator *c, unsigned type, unsigned bounds, const json_t *value,
                  const char *where);

static bool PRINTF_LIKE(4, 5)
    refuse(struct validator *c, bool is_type, const char *where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    CLEANUP(free_pointer) char *what = xvasprintf(fmt, ap);
    va_end(ap);
    xbuf_append_format(&c->ret->text, "%s%s%s", where, *where ? ": " : "", what);
    c->ret->is_type = is_type;
    return false;
}

static bool refuse_type(struct validator *c, const char *where, const char *wanted)
{
    return refuse(c, true, where, "%s was expected", wanted);
}

static bool in_enum(const struct validator *c, unsigned of, const char *value)
{
    const struct tb_enum *e = &c->api->enums[of - 1];

    for (size_t i = 0; i < e->value_count; i++) {
        if (streq(value, api_text(c->api, c->api->enum_values[e->first_value + i])))
            return true;
    }
    return false;
}

static bool is_base64(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    return strspn(s + n, "=") <= 2 && s[n + strspn(s + n, "=")] == '\0' && strlen(s) % 4 == 0;
}

static bool check_length(struct validator *c, const struct tb_bounds *b, size_t n, const char *where)
{
    if (n < b->min_length)
        return refuse(c, false, where, "length must be at least %u", b->min_length);
    if (n > b->max_length)
        return refuse(c, false, where, "length must be at most %u", b->max_length);
    return true;
}

static bool check_string(struct validator *c, const struct tb_type *t, const struct tb_bounds *b,
                         const json_t *value, const char *where)
{
    const char *s = json_string_value(value);

    if (!s)
        return refuse_type(c, where, "a string");
    if (t->of && !in_enum(c, t->of, s))
        return refuse(c, true, where, "'%s' is not a value of the enumeration", s);
    if (t->format == TB_FORMAT_UUID && !uuid_is_valid(s))
        return refuse(c, true, where, "Invalid UUID string: %s", s);
    if (t->format == TB_FORMAT_BASE64 && !is_base64(s))
        return refuse(c, true, where, "base64 was expected");
    return check_length(c, b, (size_t)utf8_count(s, json_string_length(value)), where);
}

static bool check_number(struct validator *c, const struct tb_type *t, const struct tb_bounds *b,
                         const json_t *value, const char *where)
{
    double v = json_number_value(value);
    char text[32];

    if (t->kind == TB_KIND_DOUBLE ? !json_is_number(value) : !json_is_integer(value))
        return refuse_type(c, where, t->kind == TB_KIND_DOUBLE ? "a number" : "an integer");
    if (t->kind == TB_KIND_INT32 && (v < INT32_MIN || v > INT32_MAX))
        return refuse(c, true, where, "out of the range of int");
    snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
    if (t->kind == TB_KIND_INT32 && t->of && !in_enum(c, t->of, text))
        return refuse(c, true, where, "%s is not a value of the enumeration", text);
    if (b->minimum != INT64_MIN && v < (double)b->minimum)
        return refuse(c, false, where, "must be at least %lld", (long long)b->minimum);
    if (b->maximum != INT64_MAX && v > (double)b->maximum)
        return refuse(c, false, where, "must be at most %lld", (long long)b->maximum);
    return true;
}

static bool check_list(struct validator *c, unsigned of, const struct tb_bounds *b, const json_t *value,
                       const char *where)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value))
        return refuse_type(c, where, "an array");
    if (!check_length(c, b, n, where))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(value, i);
        CLEANUP(free_pointer) char *at = xasprintf("%s[%zu]", where, i);

        if (!json_is_null(item) && !check(c, of, 0, item, at))
            return false;
        for (size_t j = 0; b->unique && j < i; j++) {
            if (json_equal(item, json_array_get(value, j)))
                return refuse(c, false, at, "occurs twice");
        }
    }
    return true;
}

static bool check_map(struct validator *c, unsigned of, const struct tb_bounds *b, const json_t *value,
                      const char *where)
{
    const char *key;
    json_t *item;

    if (!json_is_object(value))
        return refuse_type(c, where, "an object");
    if (!check_length(c, b, json_object_size(value), where))
        return false;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        CLEANUP(free_pointer) char *at = xasprintf("%s[\"%s\"]", where, key);

        if (!json_is_null(item) && !check(c, of, 0, item, at))
            return false;
    }
    return true;
}

const struct tb_field *schema_field(const struct tb_api *api, const struct tb_schema *schema,
                                    const char *name)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct tb_field *f = &api->fields[schema->first_field + i];

        if (streq(api_text(api, f->name), name))
            return f;
    }
    return NULL;
}

/* The variant of a base that has the value of the discriminator, or NULL. */
static const struct tb_schema *find_variant(const struct tb_api *api, const struct tb_schema *base,
                                            const char *value)
{
    for (size_t i = 0; i < base->variant_count; i++) {
        const struct tb_variant *v = &api->variants[base->first_variant + i];

        if (streq(api_text(api, v->value), value))
            return &api->schemas[v->schema];
    }
    return NULL;
}

/* The schema that applies: of a base, the variant that the discriminator names. NULL: the error is set. */
static const struct tb_schema *resolve(struct validator *c, const struct tb_schema *s, const json_t *value,
                                       const char *where)
{
    const char *name = api_text(c->api, s->discriminator);
    const char *says = s->discriminator ? json_str(value, name) : NULL;
    const struct tb_schema *base = s->base ? &c->api->schemas[s->base - 1] : NULL;
    const struct tb_schema *variant;

    if (s->variant_count == 0) {
        if (base && says && find_variant(c->api, base, says) != s) {
            refuse(c, true, where, "%s '%s' is another type than %s", name, says, api_text(c->api, s->name));
            return NULL;
        }
        return s;
    }
    variant = says ? find_variant(c->api, s, says) : NULL;
    if (!says)
        refuse(c, true, where, "missing type id property '%s'", name);
    else if (!variant)
        refuse(c, true, where, "%s '%s' is not a known type", name, says);
    return variant;
}

static bool check_unknown(struct validator *c, const struct tb_schema *s, const json_t *value,
                          const char *where)
{
    const char *key;
    json_t *item;

    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!schema_field(c->api, s, key) && !streq(key, api_text(c->api, s->discriminator)))
            return refuse(c, false, where, "unknown member '%s'", key);
    }
    return true;
}

static bool check_member(struct validator *c, const struct tb_schema *s, const struct tb_field *f,
                         const json_t *value, const char *where)
{
    const char *name = api_text(c->api, f->name);
    const json_t *item = json_object_get(value, name);
    CLEANUP(free_pointer) char *at = xasprintf("%s%s%s", where, *where ? "." : "", name);

    /* a declared variant needs no discriminator: the schema says which it is */
    if (s->base && streq(name, api_text(c->api, s->discriminator)))
        return true;
    if (item && (!json_is_null(item) || c->api->types[f->type].kind == TB_KIND_JSON))
        return check(c, f->type, f->bounds, item, at);
    /* clients send the required members that are not read-only */
    if (!(f->flags & TB_REQUIRED) || f->flags & TB_READ_ONLY || (c->flags & SCHEMA_ANSWER))
        return true;
    return refuse(c, false, at, "must not be null");
}

static bool check_object(struct validator *c, const struct tb_schema *s, const json_t *value,
                         const char *where)
{
    if (!json_is_object(value))
        return refuse_type(c, where, "an object");
    s = resolve(c, s, value, where);
    if (!s)
        return false;
    for (size_t i = 0; i < s->field_count; i++) {
        if (!check_member(c, s, &c->api->fields[s->first_field + i], value, where))
            return false;
    }
    return !(c->flags & SCHEMA_STRICT) || check_unknown(c, s, value, where);
}

static bool check_kind(struct validator *c, const struct tb_type *t, const struct tb_bounds *b,
                       const json_t *value, const char *where)
{
    switch ((enum tb_kind)t->kind) {
    case TB_KIND_STRING:
        return check_string(c, t, b, value, where);
    case TB_KIND_BOOL:
        return json_is_boolean(value) || refuse_type(c, where, "a boolean");
    case TB_KIND_INT32:
    case TB_KIND_INT64:
    case TB_KIND_DOUBLE:
        return check_number(c, t, b, value, where);
    case TB_KIND_OBJECT:
        return check_object(c, &c->api->schemas[t->of], value, where);
    case TB_KIND_LIST:
        return check_list(c, t->of, b, value, where);
    case TB_KIND_MAP:
        return check_map(c, t->of, b, value, where);
    case TB_KIND_NONE:
    case TB_KIND_JSON:
    case TB_KIND_PART:
        break;
    }
    return true;
}

static bool check(struct validator *c, unsigned type, unsigned bounds, const json_t *value, const char *where)
{
    if (c->depth == DEPTH_MAX)
        return refuse(c, true, where, "nested too deeply");
    c->depth++;
    bool ok =
        check_kind(c, &c->api->types[type], bounds ? &c->api->bounds[bounds] : &no_bounds, value, where);
    c->depth--;
    return ok;
}

int schema_check(const struct tb_api *api, unsigned type, unsigned bounds, const json_t *value,
                 unsigned flags, struct schema_error *ret)
{
    struct validator c = {.api = api, .ret = ret, .flags = flags};

    return check(&c, type, bounds, value, "") ? 0 : -EINVAL;
}

static bool parse_double(const char *text, double *ret)
{
    char *end;

    *ret = strtod(text, &end);
    return *text && *end == '\0';
}

int schema_check_text(const struct tb_api *api, unsigned type, unsigned bounds, const char *text,
                      struct schema_error *ret)
{
    unsigned kind = api->types[type].kind;
    json_auto_t *value = NULL;
    int64_t number;
    double real;

    if (kind == TB_KIND_BOOL && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0))
        value = json_true();
    else if ((kind == TB_KIND_INT32 || kind == TB_KIND_INT64) && parse_int64(text, &number) == 0)
        value = json_integer(number);
    else if (kind == TB_KIND_DOUBLE && parse_double(text, &real))
        value = json_real(real); /* NULL if it is not finite */
    if (!value)
        value = json_text(text);
    return schema_check(api, type, bounds, value, 0, ret);
}
