/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_question.h"

#include <stdio.h>

#define REASON_MAX 64

static int find(struct spool_question *question, struct spool_file *file)
{
    return spool_file_find(file, question->filter.number, question->filter.with_bodies,
                           SPOOL_QUESTION_PARTS + 1, &question->rows);
}

static int retry(struct spool_question *question, struct spool_file *file)
{
    const struct spool_row *row;
    int r = 0;

    list_for_each(row, &question->rows, link)
        if (r == 0)
            r = spool_file_retry(file, row->id);
    return r;
}

static int drop(struct spool_question *question, struct spool_file *file)
{
    char reason[REASON_MAX];
    struct spool_answer answer = {.at_ms = question->at_ms, .reason = reason};
    const struct spool_row *row;
    int r = 0;

    snprintf(reason, sizeof(reason), "dropped by %s", question->who);
    list_for_each(row, &question->rows, link)
        if (r == 0)
            r = spool_file_end(file, row->id, SPOOL_DROPPED, &answer);
    return r;
}

int spool_question_ask(struct spool_question *question, struct spool_file *file)
{
    int r;

    spool_rows_free(&question->rows); /* of a transaction that was undone */
    if (question->kind == ROUTE_SPOOL_WRITE)
        return find(question, file);
    r = spool_filter_read(&question->filter, file, &question->rows, &question->next_id);
    if (r == 0 && question->kind == ROUTE_SPOOL_RETRY)
        r = retry(question, file);
    else if (r == 0 && question->kind == ROUTE_SPOOL_DROP)
        r = drop(question, file);
    return r;
}
