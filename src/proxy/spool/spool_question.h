/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody asks the file: what became of a write; a page of rows; and for one of rows to wait again, or
 * to be dropped.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_QUESTION_H
#define TB_PROXY_SPOOL_SPOOL_QUESTION_H

#include "proxy/route/route.h"
#include "proxy/spool/spool_filter.h"

#define SPOOL_QUESTION_PARTS 100 /* of a write, that are told */

struct spool_question {
    enum route_kind kind; /* ROUTE_SPOOL_WRITE, ROUTE_SPOOL_LIST, ROUTE_SPOOL_RETRY, ROUTE_SPOOL_DROP */
    struct spool_filter filter;
    int64_t at_ms;                /* now, since the epoch */
    char who[PRINCIPAL_NAME_MAX]; /* asks */
    /* The answer. */
    struct list
        rows; /* that were found; or as they were before they were changed; one part more than are told */
    int64_t next_id; /* filter.after_id of the next page; 0: there is none */
};

/* Sets the answer; what was in it is freed. In the writer's thread, and a transaction. */
int spool_question_ask(struct spool_question *question, struct spool_file *file);

#endif
