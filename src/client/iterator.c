/* SPDX-License-Identifier: Apache-2.0 */
/* tb_iterate(), tb_next(): the elements of all pages. */
#include <errno.h>

#include "client/client_state.h"
#include "client/error.h"
#include "client/invoke.h"
#include "client/perform.h"
#include "client/tables.h"
#include "client/url.h"
#include "json/json_read.h"
#include "json/json_write.h"

#define PAGE_SIZE_DEFAULT 100

struct tb_iterator {
    tb_client *client;
    struct call call; /* without the parameter "page" */
    json_t *query;    /* the body, if pages are counted there (TB_PAGED_IN_BODY); else NULL */
    const struct tb_field *data;
    const struct tb_field *has_next;
    int32_t next_page;
    bool at_end; /* this is the last page */
    void *page;  /* the decoded answer; NULL: none */
    size_t next; /* index of the next element in it */
};

/* A page is an object with the list "data", and "hasNext". */
static int find_fields(struct tb_iterator *iterator, tb_error *err)
{
    const tb_api *api = iterator->call.api;
    const tb_operation *operation = iterator->call.operation;
    const struct tb_type *type = &api->types[operation->answer_type];

    if ((operation->flags & (TB_PAGED | TB_PAGED_IN_BODY)) && operation->answer == TB_ANSWER_JSON &&
        type->kind == TB_KIND_OBJECT) {
        iterator->data = table_field(api, &api->schemas[type->of], "data");
        iterator->has_next = table_field(api, &api->schemas[type->of], "hasNext");
    }
    if (!iterator->data || !iterator->has_next || api->types[iterator->data->type].kind != TB_KIND_LIST ||
        api->types[iterator->has_next->type].kind != TB_KIND_BOOL)
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: the operation is not paged",
                    call_name(&iterator->call));
    return 0;
}

/* Keeps the body as JSON, with its pageLink. */
static int read_query(struct tb_iterator *iterator, tb_error *err)
{
    const struct buf *body = &iterator->call.body;
    json_t *query = body->len > 0 ? json_read(body->data, body->len, JSON_READ_EXACT, NULL) : json_object();
    json_t *link;

    iterator->query = query;
    if (query && !json_is_object(json_object_get(query, "pageLink")))
        json_object_set_new(query, "pageLink", json_object());
    link = json_object_get(query, "pageLink");
    if (link && !json_object_get(link, "pageSize"))
        json_object_set_new(link, "pageSize", json_integer(PAGE_SIZE_DEFAULT));
    return json_object_get(link, "pageSize") ? 0 : FAIL_MEMORY(err);
}

int tb_iterate(tb_client *client, const tb_api *api, unsigned operation, const void *const *arguments,
               const void *params, tb_iterator **ret, tb_error *err)
{
    struct tb_iterator *iterator = calloc(1, sizeof(*iterator));
    int r;

    if (!iterator)
        return FAIL_MEMORY(err);
    iterator->client = client;
    r = call_from_arguments(&iterator->call, &client->options, api, operation, arguments, params, "page",
                            err);
    if (r == 0)
        r = find_fields(iterator, err);
    if (r == 0 && iterator->call.operation->flags & TB_PAGED_IN_BODY)
        r = read_query(iterator, err);
    if (r < 0)
        tb_iterator_free(iterator);
    else
        *ret = iterator;
    return r;
}

void tb_iterator_free(tb_iterator *iterator)
{
    if (!iterator)
        return;
    tb_free(iterator->page);
    json_decref(iterator->query);
    call_free(&iterator->call);
    free(iterator);
}

static int run_page(struct tb_iterator *iterator, const char *target, tb_error *err)
{
    struct answer answer;
    void *page = NULL;
    int r = client_enter(iterator->client, err);

    if (r < 0)
        return r;
    r = call_perform(&iterator->call, iterator->client, target, NULL, &answer, err);
    if (r == 0) {
        r = invoke_decode(&iterator->call, &answer, &page, err);
        answer_free(&answer);
    }
    client_leave(iterator->client);
    if (r == 0)
        iterator->page = page;
    return r;
}

static const struct table_items *page_items(const struct tb_iterator *iterator)
{
    return (const void *)((const char *)iterator->page + iterator->data->offset);
}

/* An empty page is the last one, even if the server announces more: it might do so without end. */
static bool is_last_page(const struct tb_iterator *iterator)
{
    const tb_bool *has_next = (const void *)((const char *)iterator->page + iterator->has_next->offset);

    return !has_next->set || !has_next->value || page_items(iterator)->count == 0 ||
           iterator->next_page == INT32_MAX;
}

static int run_page_of_target(struct tb_iterator *iterator, tb_error *err)
{
    CLEANUP(buf_free) struct buf target = BUF_INIT(URL_TARGET_MAX);
    int r = buf_append(&target, iterator->call.target.data, iterator->call.target.len);

    if (r < 0)
        return FAIL_MEMORY(err);
    r = url_add_number(&target, "page", iterator->next_page, err);
    return r < 0 ? r : run_page(iterator, target.data, err);
}

static int run_page_of_body(struct tb_iterator *iterator, tb_error *err)
{
    json_t *link = json_object_get(iterator->query, "pageLink");
    struct buf *body = &iterator->call.body;

    buf_clear(body);
    iterator->call.has_body = true;
    if (json_object_set_new(link, "page", json_integer(iterator->next_page)) < 0 ||
        json_write(body, iterator->query) < 0)
        return FAIL_MEMORY(err);
    return run_page(iterator, NULL, err);
}

static int fetch_page(struct tb_iterator *iterator, tb_error *err)
{
    int r;

    tb_free(TAKE_PTR(iterator->page));
    iterator->next = 0;
    r = iterator->query ? run_page_of_body(iterator, err) : run_page_of_target(iterator, err);
    if (r < 0)
        return r;
    iterator->at_end = !iterator->page || is_last_page(iterator);
    if (!iterator->at_end)
        iterator->next_page++;
    return 0;
}

/* A pointer as it is, any other element by its address. */
static const void *element(const struct tb_iterator *iterator, size_t index)
{
    const tb_api *api = iterator->call.api;
    unsigned kind = api->types[api->types[iterator->data->type].of].kind;
    const char *items = page_items(iterator)->items;

    if (kind == TB_KIND_OBJECT || kind == TB_KIND_STRING || kind == TB_KIND_JSON)
        return *(const void *const *)(const void *)(items + index * sizeof(void *));
    return items + index * table_slot(kind)->size;
}

const void *tb_next(tb_iterator *iterator, tb_error *err)
{
    for (;;) {
        while (iterator->page && iterator->next < page_items(iterator)->count) {
            const void *found = element(iterator, iterator->next++);

            if (found) /* nulls in the list are skipped */
                return found;
        }
        if (iterator->at_end || fetch_page(iterator, err) < 0)
            return NULL;
    }
}
