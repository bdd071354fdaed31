/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_row.h"

#include <stdlib.h>

struct spool_row *spool_row_new(void)
{
    struct spool_row *row = calloc(1, sizeof(*row));

    if (row) {
        list_init(&row->link);
        row->body.max = SIZE_MAX / 2;
    }
    return row;
}

void spool_row_free(struct spool_row *row)
{
    char **texts[] = {&row->entity,       &row->principal, &row->server_url, &row->tenant,
                      &row->operation,    &row->scope,     &row->target,     &row->answer,
                      &row->content_type, &row->boot_id,   &row->reason};
    size_t i;

    list_remove(&row->link);
    for (i = 0; i < ARRAY_SIZE(texts); i++)
        free(*texts[i]);
    buf_free(&row->body);
    free(row);
}

void spool_row_free_pointer(struct spool_row **row)
{
    if (*row)
        spool_row_free(*row);
}

void spool_rows_free(struct list *list)
{
    struct spool_row *row;

    list_for_each_safe(row, list, link)
        spool_row_free(row);
}
