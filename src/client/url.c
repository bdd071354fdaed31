/* SPDX-License-Identifier: Apache-2.0 */
#include "client/url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "client/check.h"
#include "client/error.h"
#include "client/tables.h"
#include "json/number.h"
#include "json/number_text.h"

struct builder {
    const tb_api *api;
    const tb_operation *operation;
    json_t *const *values;
    struct buf *target;
    struct headers *headers;
    struct warnings *warnings;
    tb_error *err;
};

static int too_long(tb_error *err, int r)
{
    if (r == -ENOMEM)
        return FAIL_MEMORY(err);
    return FAIL(err, TB_ERROR_USAGE, r, "path and query are longer than %d bytes", URL_TARGET_MAX);
}

/* The text of a scalar; NULL if VALUE is not a scalar, or a text that cannot be in a URL. */
static const char *scalar_text(const json_t *value, char number[NUMBER_TEXT_MAX])
{
    const char *verbatim = tb_verbatim(json_string_value(value));

    switch (json_typeof(value)) {
    case JSON_STRING:
        return !verbatim ? json_string_value(value) : number_is(value) ? verbatim : NULL;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_INTEGER:
        snprintf(number, NUMBER_TEXT_MAX, "%" PRId64, (int64_t)json_integer_value(value));
        return number;
    case JSON_REAL:
        number_write(json_real_value(value), number);
        return number;
    default:
        return NULL;
    }
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static int append_encoded(struct buf *target, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    int r = 0;

    for (; r == 0 && *text; text++) {
        unsigned char c = (unsigned char)*text;
        char triplet[3] = {'%', digits[c >> 4], digits[c & 15]};

        r = is_unreserved(c) ? buf_append(target, text, 1) : buf_append(target, triplet, sizeof(triplet));
    }
    return r;
}

static int refuse(const struct builder *builder, const struct tb_parameter *parameter, const char *why)
{
    return FAIL(builder->err, TB_ERROR_USAGE, -EINVAL, "%s: %s", table_text(builder->api, parameter->name),
                why);
}

/* jansson can hold a NUL inside a string; C cannot. */
static bool has_nul(const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value);
}

static int append_query_value(struct builder *builder, const struct tb_parameter *parameter,
                              const json_t *value)
{
    bool first = !builder->target->data || !strchr(builder->target->data, '?');
    char number[NUMBER_TEXT_MAX];
    const char *text = scalar_text(value, number);
    int r;

    if (!text || has_nul(value))
        return refuse(builder, parameter, "a string without NUL, a number or a boolean was expected");
    r = buf_append(builder->target, first ? "?" : "&", 1);
    if (r == 0)
        r = append_encoded(builder->target, table_text(builder->api, parameter->name));
    if (r == 0)
        r = buf_append(builder->target, "=", 1);
    if (r == 0)
        r = append_encoded(builder->target, text);
    return r < 0 ? too_long(builder->err, r) : 0;
}

static int append_query(struct builder *builder, const struct tb_parameter *parameter, const json_t *value)
{
    const json_t *element;
    size_t i;
    int r = 0;

    if (!json_is_array(value))
        return append_query_value(builder, parameter, value);
    for (i = 0; r == 0 && i < json_array_size(value); i++) {
        element = json_array_get(value, i);
        r = append_query_value(builder, parameter, element);
    }
    return r;
}

/* A field value of HTTP (RFC 9110, section 5.5) on one line. */
static bool is_header_text(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static int append_header(struct builder *builder, const struct tb_parameter *parameter, const json_t *value)
{
    const char *name = table_text(builder->api, parameter->name);
    char number[NUMBER_TEXT_MAX];
    const char *text = scalar_text(value, number);
    int r;

    if (!text || has_nul(value) || !is_header_text(text))
        return refuse(builder, parameter, "a header cannot have control characters or several values");
    r = headers_add(builder->headers, name, strlen(name), text, strlen(text));
    if (r == -ENOMEM)
        return FAIL_MEMORY(builder->err);
    return r < 0 ? refuse(builder, parameter, "too many or too long header lines") : 0;
}

/* Servers and the proxies in front of them remove "." and ".." segments and merge empty ones, even encoded
 * ones: the request would go to another path. */
static int append_path_value(struct builder *builder, const struct tb_parameter *parameter,
                             const json_t *value)
{
    char number[NUMBER_TEXT_MAX];
    const char *text = scalar_text(value, number);
    int r;

    if (!text || has_nul(value))
        return refuse(builder, parameter, "a string without NUL, a number or a boolean was expected");
    if (!*text || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return refuse(builder, parameter,
                      "must not be empty, \".\" or \"..\", because it is part of the path");
    r = append_encoded(builder->target, text);
    return r < 0 ? too_long(builder->err, r) : 0;
}

/* The index of the path parameter that the LENGTH bytes of NAME name, or -ENOENT. */
static int find_in_path(const struct builder *builder, const char *name, size_t length)
{
    const struct tb_parameter *parameters = builder->api->parameters + builder->operation->first_parameter;
    unsigned i;

    for (i = 0; i < builder->operation->parameter_count; i++) {
        const char *candidate = table_text(builder->api, parameters[i].name);

        if (parameters[i].location == TB_IN_PATH && strncmp(candidate, name, length) == 0 &&
            !candidate[length])
            return (int)i;
    }
    return -ENOENT;
}

static int append_path(struct builder *builder)
{
    const char *text = table_text(builder->api, builder->operation->path);
    int r = 0;

    while (r == 0 && *text) {
        size_t literal = strcspn(text, "{");
        const char *end = strchr(text, '}');
        int index;

        r = buf_append(builder->target, text, literal);
        if (r < 0)
            return too_long(builder->err, r);
        text += literal;
        if (!*text)
            break;
        index = end ? find_in_path(builder, text + 1, (size_t)(end - text - 1)) : -ENOENT;
        if (index < 0 || !builder->values[index])
            return FAIL(builder->err, TB_ERROR_USAGE, -EINVAL, "the path \"%s\" lacks a parameter",
                        table_text(builder->api, builder->operation->path));
        r = append_path_value(builder, builder->api->parameters + builder->operation->first_parameter + index,
                              builder->values[index]);
        text = end + 1;
    }
    return r;
}

static int check(const struct builder *builder, const struct tb_parameter *parameter, const json_t *value)
{
    bool is_absent = !value || json_is_null(value);
    int r;

    builder->warnings->where = table_text(builder->api, parameter->name);
    if (is_absent && parameter->location == TB_IN_PATH)
        return refuse(builder, parameter, "is required");
    if (is_absent && parameter->flags & TB_REQUIRED)
        warn(builder->warnings, NULL, "required, but not set");
    if (is_absent)
        return 0;
    r = check_request(builder->api, parameter->type, parameter->bounds, value, builder->warnings,
                      builder->err);
    if (r < 0 && builder->err)
        tb_error_prefix(builder->err, "%s", builder->warnings->where);
    return r;
}

int url_build(const tb_api *api, const tb_operation *operation, json_t *const *values, const char *skip,
              struct buf *target, struct headers *headers, struct warnings *warnings, tb_error *err)
{
    struct builder builder = {api, operation, values, target, headers, warnings, err};
    const struct tb_parameter *parameters = api->parameters + operation->first_parameter;
    unsigned i;
    int r = 0;

    for (i = 0; r == 0 && i < operation->parameter_count; i++)
        if (!skip || strcmp(table_text(api, parameters[i].name), skip) != 0)
            r = check(&builder, &parameters[i], values[i]);
    if (r == 0)
        r = append_path(&builder);
    for (i = 0; r == 0 && i < operation->parameter_count; i++) {
        if (!values[i] || json_is_null(values[i]))
            continue;
        if (parameters[i].location == TB_IN_QUERY)
            r = append_query(&builder, &parameters[i], values[i]);
        else if (parameters[i].location == TB_IN_HEADER)
            r = append_header(&builder, &parameters[i], values[i]);
    }
    return r;
}

int url_add_number(struct buf *target, const char *name, int64_t value, tb_error *err)
{
    int r = buf_append_format(target, "%s%s=%" PRId64, strchr(target->data, '?') ? "&" : "?", name, value);

    return r < 0 ? too_long(err, r) : 0;
}
