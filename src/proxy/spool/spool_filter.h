/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows an administrator asks for. All of them are read in pages, so that a million costs no more memory
 * than a page.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_FILTER_H
#define TB_PROXY_SPOOL_SPOOL_FILTER_H

#include "proxy/exchange/principal.h"
#include "proxy/store/spool_file.h"

#define SPOOL_FILTER_ROWS       1000 /* of a page */
#define SPOOL_FILTER_BYTES      (512 * 1024)
#define SPOOL_FILTER_ENTITY_MAX 256

struct spool_filter {
    int64_t number;                       /* 0: of all writes */
    int64_t after_id;                     /* the last one of the page before; 0: from the first one */
    int state;                            /* SPOOL_WAITING, SPOOL_ASIDE; -1: both */
    unsigned rows;                        /* of a page */
    char principal[PRINCIPAL_NAME_MAX];   /* "": of all */
    char entity[SPOOL_FILTER_ENTITY_MAX]; /* "": of all */
    bool with_bodies;
};

/* The number of a write, of LENGTH digits at TEXT. 0: it is none. */
int64_t spool_filter_number(const char *text, size_t length);

/* QUERY: "number=17&state=aside&client=uid:1000&entity=...&after=...&rows=100&bodies=true"; what is missing
 * is as in a structure for all rows. -EINVAL with *REASON; -ENOMEM. */
int spool_filter_parse(const char *query, struct spool_filter *ret, const char **reason);

/* Whether it names rows, and not just a page of all. */
static inline bool spool_filter_selects(const struct spool_filter *filter)
{
    return filter->number || filter->state >= 0 || *filter->principal || *filter->entity;
}

/* Appends to RET the rows of the next page that FILTER wants: none, perhaps, of many that were looked at.
 * *RET_NEXT is what AFTER_ID has to be for the next page; 0: there is none. In the writer's thread. */
int spool_filter_read(const struct spool_filter *filter, struct spool_file *file, struct list *ret,
                      int64_t *ret_next);

#endif
