/* SPDX-License-Identifier: Apache-2.0 */
/* Paging, sorting and checked query parameters. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/store/entity_store.h"

struct page_link {
    int64_t size;
    int64_t page;
    const char *text;     /* textSearch, NULL = none */
    const char *property; /* sortProperty, NULL = by id */
    bool descending;
};

/* Entities picked for an answer. */
struct selection {
    struct entity **items;
    size_t n;
    size_t cap;
};

/* An int parameter; false: the server's error is filled in. */
bool page_int_param(const struct request *rq, struct reply *rp, const char *name, int64_t *ret);
/* pageSize and page only; false: the server's error is filled in. */
bool page_link_parse_numbers(const struct request *rq, struct reply *rp, struct page_link *ret);
/* pageSize, page, textSearch, sortProperty (one of the NULL-terminated list), sortOrder. */
bool page_link_parse(const struct request *rq, struct reply *rp, const char *const *properties,
                     struct page_link *ret);

void selection_add(struct selection *s, struct entity *e);
void selection_free(struct selection *s);
/* Whether some string member of the document holds the text, whatever its case. */
bool page_text_matches(const struct page_link *link, const json_t *doc, const char *const *members);

typedef json_t *render_entity(const struct store *store, const struct entity *e);

/* Sorts, cuts the page out and answers with it; frees the selection. */
void page_reply(struct reply *rp, const struct store *store, const struct page_link *link,
                struct selection *s, render_entity *render);
/* {"data":..., "totalPages":..., "totalElements":..., "hasNext":...}; takes data over. */
json_t *page_json(json_t *data, size_t total, int64_t size, int64_t page);
