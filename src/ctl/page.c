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

json_t *page_link(const tb_api *api, const tb_operation *operation, json_t *parameters, json_t **body,
                  struct tb_error *err)
{
    json_t *link;

    if (operation->flags & TB_PAGED)
        return parameters;
    if (!(operation->flags & TB_PAGED_IN_BODY)) {
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
