/* SPDX-License-Identifier: Apache-2.0 */
/* Paging, sorting and checked query parameters. */
#ifndef TB_SIM_PAGE_LINK_H
#define TB_SIM_PAGE_LINK_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/store/entity_store.h"

struct page_link {
    int64_t size;
    int64_t page;
    const char *text;     /* textSearch; NULL: any */
    const char *property; /* sortProperty; NULL: by id */
    bool descending;
};

/* Entities that were found. Zeroed memory: none. */
struct selection {
    struct entity **items;
    size_t n;
    size_t cap;
};

/* A parameter of 32 bits. False: the reply is a refusal; so in the next two functions. */
bool page_int_param(const struct request *rq, struct reply *rp, const char *name, int64_t *ret);
/* Reads pageSize and page only. */
bool page_link_parse_numbers(const struct request *rq, struct reply *rp, struct page_link *ret);
/* Reads pageSize, page, textSearch, sortProperty (one of the NULL-terminated list) and sortOrder. */
bool page_link_parse(const struct request *rq, struct reply *rp, const char *const *properties,
                     struct page_link *ret);

void selection_add(struct selection *s, struct entity *e);
void selection_free(struct selection *s);
/* Whether one of the members, a NULL-terminated list, holds the text, in upper or lower case. */
bool page_text_matches(const struct page_link *link, const json_t *doc, const char *const *members);

/* The JSON of an entity: a new reference. */
typedef json_t *render_entity(const struct store *store, const struct entity *e);

/* Sorts the selection and replies with the page. */
void page_reply(struct reply *rp, const struct store *store, const struct page_link *link,
                struct selection *s, render_entity *render);
/* {"data":..., "totalPages":..., "totalElements":..., "hasNext":...}. Takes DATA over. */
json_t *page_json(json_t *data, size_t total, int64_t size, int64_t page);

#endif
