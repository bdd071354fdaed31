/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/query.h"

#define DIGITS_MAX 18 /* less than INT64_MAX */

/* -1: TEXT is not a number of LENGTH digits. */
static int64_t read_digits(const char *text, size_t length)
{
    if (length == 0 || length > DIGITS_MAX || strspn(text, "0123456789") < length)
        return -1;
    return strtoll(text, NULL, 10);
}

int64_t spool_filter_number(const char *text, size_t length)
{
    int64_t number = read_digits(text, length);

    return number < 1 || number > SPOOL_NUMBER_MAX ? 0 : number;
}

static bool take_state(struct spool_filter *filter, const char *value)
{
    if (strcmp(value, "waiting") == 0)
        filter->state = SPOOL_WAITING;
    else if (strcmp(value, "aside") == 0)
        filter->state = SPOOL_ASIDE;
    return filter->state >= 0;
}

static bool take_rows(struct spool_filter *filter, const char *value)
{
    int64_t rows = read_digits(value, strlen(value));

    filter->rows = rows >= 1 && rows <= SPOOL_FILTER_ROWS ? (unsigned)rows : 0;
    return filter->rows;
}

static bool take_text(char *ret, size_t size, const char *value)
{
    return *value && (size_t)snprintf(ret, size, "%s", value) < size;
}

static bool take_number(int64_t *ret, int64_t number)
{
    *ret = number;
    return number > 0;
}

static int spool_filter_take(void *arg, const char *name, char *value, const char **reason)
{
    struct spool_filter *filter = arg;
    bool is_right = false;

    *reason = "the parameters are number, state (waiting, aside), client (uid:1000, unknown), entity, after,"
              " rows (1 to 1000) and bodies (true)";
    if (strcmp(name, "number") == 0)
        is_right = take_number(&filter->number, spool_filter_number(value, strlen(value)));
    else if (strcmp(name, "after") == 0)
        is_right = take_number(&filter->after_id, read_digits(value, strlen(value)));
    else if (strcmp(name, "state") == 0)
        is_right = take_state(filter, value);
    else if (strcmp(name, "rows") == 0)
        is_right = take_rows(filter, value);
    else if (strcmp(name, "client") == 0)
        is_right = take_text(filter->principal, sizeof(filter->principal), value);
    else if (strcmp(name, "entity") == 0)
        is_right = take_text(filter->entity, sizeof(filter->entity), value);
    else if (strcmp(name, "bodies") == 0)
        is_right = filter->with_bodies = strcmp(value, "true") == 0;
    return is_right ? 0 : -EINVAL;
}

int spool_filter_parse(const char *query, struct spool_filter *ret, const char **reason)
{
    const struct query_reader reader = {.take = spool_filter_take, .arg = ret};

    *ret = (struct spool_filter){.state = -1, .rows = SPOOL_FILTER_ROWS};
    return query_read(query, &reader, reason);
}

/* WANTED is an entity, or only its id. */
static bool is_entity(const char *wanted, const char *entity)
{
    const char *id = strchr(entity, ':');

    return strcmp(wanted, entity) == 0 || (id && strcmp(wanted, id + 1) == 0);
}

static bool is_wanted(const struct spool_filter *filter, const struct spool_row *row)
{
    return (!*filter->principal || strcmp(filter->principal, row->principal) == 0) &&
           (!*filter->entity || is_entity(filter->entity, row->entity));
}

/* The parts of a write are beside each other. */
static int64_t first_id(const struct spool_filter *filter)
{
    int64_t before = filter->number ? spool_first_id(filter->number) - 1 : 0;

    return before > filter->after_id ? before : filter->after_id;
}

static bool is_beyond(const struct spool_filter *filter, int64_t id)
{
    return filter->number && id > spool_last_id(filter->number);
}

/* Returns what spool_filter_read() sets *RET_NEXT to. */
static int64_t choose(const struct spool_filter *filter, struct list *rows, struct list *ret)
{
    unsigned looked = 0;
    int64_t last = 0;

    while (!list_is_empty(rows)) {
        struct spool_row *row = CONTAINER_OF(rows->next, struct spool_row, link);

        if (is_beyond(filter, row->id))
            return 0;
        looked++;
        last = row->id;
        list_remove(&row->link);
        if (is_wanted(filter, row))
            list_append(ret, &row->link);
        else
            spool_row_free(row);
    }
    /* a page of bodies may have ended before, because of their size */
    return looked == filter->rows || filter->with_bodies ? last : 0;
}

int spool_filter_read(const struct spool_filter *filter, struct spool_file *file, struct list *ret,
                      int64_t *ret_next)
{
    const struct spool_page page = {filter->rows, SPOOL_FILTER_BYTES, 0};
    struct list rows;
    int r;

    list_init(&rows);
    r = spool_file_list(file, first_id(filter), filter->state, filter->with_bodies, page, &rows);
    if (r == 0)
        *ret_next = choose(filter, &rows, ret);
    spool_rows_free(&rows);
    return r;
}
