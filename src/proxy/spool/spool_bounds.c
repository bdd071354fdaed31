/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Where size_t has 32 bits, the options may be larger. */
static size_t size_of(int64_t value)
{
    return value < 0 ? 0 : (uint64_t)value > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)value;
}

void spool_bounds_set(struct spool_bounds *bounds, int64_t max_rows, int64_t max_bytes)
{
    bounds->rows.max = size_of(max_rows);
    bounds->bytes.max = size_of(max_bytes);
}

static struct spool_holder *holder_of(struct spool_bounds *bounds, const char *name)
{
    size_t length = strlen(name);
    struct spool_holder **slot = &bounds->holders[hash_bytes(name, length) % SPOOL_HOLDER_SLOTS];
    struct spool_holder *holder;

    for (holder = *slot; holder; holder = holder->next)
        if (strcmp(holder->name, name) == 0)
            return holder;
    holder = calloc(1, sizeof(*holder) + length + 1);
    if (!holder)
        return NULL;
    memcpy(holder->name, name, length);
    holder->rows.whole = &bounds->rows;
    holder->bytes.whole = &bounds->bytes;
    holder->next = *slot;
    *slot = holder;
    return holder;
}

static void add(struct spool_bounds *bounds, struct spool_holder *holder, size_t bytes)
{
    quota_add(&holder->rows, 1);
    quota_add(&holder->bytes, bytes);
    holder->new_rows++;
    holder->new_bytes += bytes;
    bounds->new_rows++;
    bounds->new_bytes += bytes;
}

int spool_bounds_add(struct spool_bounds *bounds, const char *name, size_t bytes)
{
    struct spool_holder *holder = holder_of(bounds, name);

    if (!holder)
        return -ENOMEM;
    add(bounds, holder, bytes);
    return 0;
}

static bool allows(const struct spool_bounds *bounds, const struct spool_holder *holder, size_t bytes)
{
    return quota_allows(bounds->rows.max, holder->rows.used, bounds->rows.used, 1) &&
           quota_allows(bounds->bytes.max, holder->bytes.used, bounds->bytes.used, bytes);
}

/* As if NAME had all that there is: then it is certain. */
static bool all_of_it_allows(const struct spool_bounds *bounds, const struct spool_totals *in_file,
                             size_t bytes)
{
    size_t rows = size_of(in_file->rows[SPOOL_WAITING] + in_file->rows[SPOOL_ASIDE]) + bounds->new_rows;
    size_t used = size_of(in_file->bytes[SPOOL_WAITING] + in_file->bytes[SPOOL_ASIDE]) + bounds->new_bytes;

    return quota_allows(bounds->rows.max, rows, rows, 1) &&
           quota_allows(bounds->bytes.max, used, used, bytes);
}

int spool_bounds_take(struct spool_bounds *bounds, const char *name, size_t bytes,
                      const struct spool_totals *in_file, bool *is_old)
{
    struct spool_holder *holder = holder_of(bounds, name);

    *is_old = false;
    if (!holder)
        return -ENOMEM;
    if (!allows(bounds, holder, bytes)) {
        *is_old = true;
        if (!all_of_it_allows(bounds, in_file, bytes))
            return -EDQUOT;
    }
    add(bounds, holder, bytes);
    return 0;
}

/* A row of BYTES is no longer new. Returns who has it. */
static struct spool_holder *end_new(struct spool_bounds *bounds, const char *name, size_t bytes)
{
    struct spool_holder *holder = holder_of(bounds, name); /* it has one */

    if (!holder)
        return NULL;
    holder->new_rows--;
    holder->new_bytes -= bytes;
    bounds->new_rows--;
    bounds->new_bytes -= bytes;
    return holder;
}

void spool_bounds_stored(struct spool_bounds *bounds, const char *name, size_t bytes, size_t more_bytes)
{
    struct spool_holder *holder = end_new(bounds, name, bytes);

    if (holder)
        quota_add(&holder->bytes, more_bytes);
}

void spool_bounds_not_stored(struct spool_bounds *bounds, const char *name, size_t bytes)
{
    struct spool_holder *holder = end_new(bounds, name, bytes);

    if (!holder)
        return;
    quota_give_back(&holder->rows, 1);
    quota_give_back(&holder->bytes, bytes);
}

/* Only what is new is left; those that have nothing new are freed. */
static void forget_file(struct spool_bounds *bounds)
{
    struct spool_holder **place, *holder;
    size_t i;

    for (i = 0; i < SPOOL_HOLDER_SLOTS; i++)
        for (place = &bounds->holders[i]; (holder = *place);) {
            quota_give_back(&holder->rows, holder->rows.used - holder->new_rows);
            quota_give_back(&holder->bytes, holder->bytes.used - holder->new_bytes);
            if (holder->new_rows > 0) {
                place = &holder->next;
                continue;
            }
            *place = holder->next;
            free(holder);
        }
}

void spool_bounds_count(struct spool_bounds *bounds, const struct spool_share *shares, size_t count)
{
    size_t i;

    forget_file(bounds);
    for (i = 0; i < count; i++) {
        struct spool_holder *holder = holder_of(bounds, shares[i].principal);

        if (!holder)
            continue;
        quota_add(&holder->rows, size_of(shares[i].rows));
        quota_add(&holder->bytes, size_of(shares[i].bytes));
    }
}

void spool_bounds_free(struct spool_bounds *bounds)
{
    struct spool_holder *holder;
    size_t i;

    for (i = 0; i < SPOOL_HOLDER_SLOTS; i++)
        while ((holder = bounds->holders[i])) {
            bounds->holders[i] = holder->next;
            free(holder);
        }
}
