/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/entity/page_link.h"

#include <stdlib.h>
#include <string.h>

bool page_int_param(const struct request *rq, struct reply *rp, const char *name, int64_t *ret)
{
    const char *text = request_param(rq, name);

    if (!text || !*text) {
        reply_error(rp, 500, ERROR_GENERAL,
                    "Required request parameter '%s' for method parameter type int is not present", name);
        return false;
    }
    if (parse_int64(text, ret) < 0 || *ret > INT32_MAX || *ret < INT32_MIN) {
        reply_error(
            rp, 400, ERROR_BAD_REQUEST_PARAMS,
            "Method parameter '%s': Failed to convert value of type 'java.lang.String' to required type "
            "'int'; For input string: \"%s\"",
            name, text);
        return false;
    }
    return true;
}

static bool parse_sort(const struct request *rq, struct reply *rp, const char *const *properties,
                       struct page_link *ret)
{
    const char *property = request_param(rq, "sortProperty");
    const char *order = request_param(rq, "sortOrder");

    if (!property || !*property)
        return true;
    if (order && *order && strcasecmp(order, "ASC") != 0 && strcasecmp(order, "DESC") != 0) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Unsupported sort order '%s'! Only 'ASC' or 'DESC' types are allowed.", order);
        return false;
    }
    for (; *properties; properties++) {
        if (streq(property, *properties)) {
            ret->property = property;
            ret->descending = order && strcasecmp(order, "DESC") == 0;
            return true;
        }
    }
    reply_error(rp, 500, ERROR_DATABASE, "Database error");
    return false;
}

bool page_link_parse_numbers(const struct request *rq, struct reply *rp, struct page_link *ret)
{
    if (!page_int_param(rq, rp, "pageSize", &ret->size) || !page_int_param(rq, rp, "page", &ret->page))
        return false;
    if (ret->size < 1) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Incorrect page link page size '%lld'. Page size must be greater than zero.",
                    (long long)ret->size);
        return false;
    }
    if (ret->page < 0) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Incorrect page link page '%lld'. Page must be positive integer.", (long long)ret->page);
        return false;
    }
    return true;
}

bool page_link_parse(const struct request *rq, struct reply *rp, const char *const *properties,
                     struct page_link *ret)
{
    const char *text = request_param(rq, "textSearch");

    *ret = (struct page_link){.text = text && *text ? text : NULL};
    return page_link_parse_numbers(rq, rp, ret) && parse_sort(rq, rp, properties, ret);
}

void selection_add(struct selection *s, struct entity *e)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->items = xrealloc(s->items, s->cap, sizeof(*s->items));
    }
    s->items[s->n++] = e;
}

void selection_free(struct selection *s)
{
    free(s->items);
    *s = (struct selection){};
}

bool page_text_matches(const struct page_link *link, const json_t *doc, const char *const *members)
{
    if (!link->text)
        return true;
    for (; *members; members++) {
        const char *value = json_str(doc, *members);

        if (value && strcasestr(value, link->text))
            return true;
    }
    return false;
}

static int compare_values(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a);
        json_int_t y = json_integer_value(b);

        return (x > y) - (x < y);
    }
    const char *x = json_string_value(a);
    const char *y = json_string_value(b);
    return strcmp(x ? x : "", y ? y : "");
}

static int page_link_compare(const void *pa, const void *pb, void *cls)
{
    const struct entity *a = *(struct entity *const *)pa;
    const struct entity *b = *(struct entity *const *)pb;
    const struct page_link *link = cls;
    int order = 0;

    if (link->property)
        order =
            compare_values(json_object_get(a->doc, link->property), json_object_get(b->doc, link->property));
    if (order == 0)
        return strcmp(a->id, b->id); /* without sortProperty the server sorts by id */
    return link->descending ? -order : order;
}

json_t *page_json(json_t *data, size_t total, int64_t size, int64_t page)
{
    int64_t pages = ((int64_t)total + size - 1) / size;

    return json_pack("{s:o, s:I, s:I, s:b}", "data", data, "totalPages", (json_int_t)pages, "totalElements",
                     (json_int_t)total, "hasNext", page + 1 < pages);
}

void page_reply(struct reply *rp, const struct store *store, const struct page_link *link,
                struct selection *s, render_entity *render)
{
    json_t *data = json_array();
    size_t first = (size_t)link->page * (size_t)link->size;

    if (s->n > 0)
        qsort_r(s->items, s->n, sizeof(*s->items), page_link_compare, (void *)(uintptr_t)link);
    for (size_t i = first; i < s->n && i - first < (size_t)link->size; i++)
        json_array_append_new(data, render(store, s->items[i]));
    reply_json(rp, page_json(data, s->n, link->size, link->page));
}
