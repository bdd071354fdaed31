/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/page.h"

#include <errno.h>

#include "client/tables.h"
#include "json/json_read.h"

static void free_json(json_t **value)
{
    json_decref(*value);
}

/* The value of the last "data": the one that json_read() keeps. */
static struct json_part find_data(const struct buf *text)
{
    const char *end = text->data + text->len, *at = json_text_skip_blanks(text->data, end);
    struct json_part name, value, found = {NULL, 0};

    while (json_text_next_member(&at, end, &name, &value))
        if (json_text_is(name, "data"))
            found = value;
    return found;
}

int page_read(const struct buf *text, struct page *ret, struct tb_error *err)
{
    CLEANUP(free_json) json_t *page = json_read(text->data, text->len, 0, NULL);
    const json_t *data = json_object_get(page, "data");
    const json_t *total = json_object_get(page, "totalElements");
    bool has_next = json_is_true(json_object_get(page, "hasNext"));

    if (!json_is_array(data) || (has_next && json_array_size(data) == 0))
        return tb_error_set(err, -EBADMSG,
                            "the server's answer is not a page: data or hasNext is missing or invalid");
    *ret = (struct page){.data = find_data(text),
                         .count = json_array_size(data),
                         .total = json_is_integer(total) ? json_integer_value(total) : -1,
                         .has_next = has_next};
    return 0;
}

/* The schema of TYPE, if it is an object; or NULL. */
static const struct tb_schema *schema_of(const tb_api *api, unsigned type)
{
    return api->types[type].kind == TB_KIND_OBJECT ? &api->schemas[api->types[type].of] : NULL;
}

static bool has_fields(const tb_api *api, unsigned type, const char *first, const char *second)
{
    const struct tb_schema *schema = schema_of(api, type);

    return schema && table_field(api, schema, first) && table_field(api, schema, second);
}

/* Such as findEntityDataByQuery. */
static bool has_link_in_body(const tb_api *api, const tb_operation *operation)
{
    const struct tb_schema *schema =
        operation->body == TB_BODY_JSON ? schema_of(api, operation->body_type) : NULL;
    const struct tb_field *link = schema ? table_field(api, schema, "pageLink") : NULL;

    return link && has_fields(api, link->type, "page", "pageSize") && operation->answer == TB_ANSWER_JSON &&
           has_fields(api, operation->answer_type, "data", "hasNext");
}

json_t *page_link(const tb_api *api, const tb_operation *operation, json_t *parameters, json_t **body,
                  struct tb_error *err)
{
    json_t *link;

    if (operation->flags & TB_PAGED)
        return parameters;
    if (!has_link_in_body(api, operation)) {
        tb_error_set(err, -EINVAL, "--all: %s is not paged", table_text(api, operation->id));
        return NULL;
    }
    if (!*body)
        *body = json_object();
    if (!json_is_object(json_object_get(*body, "pageLink")))
        json_object_set_new(*body, "pageLink", json_object());
    link = json_object_get(*body, "pageLink");
    if (!link)
        tb_error_set(err, -EINVAL, "--body: expected an object");
    return link;
}
