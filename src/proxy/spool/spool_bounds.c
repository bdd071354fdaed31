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

struct spool_amount spool_amount_of(const struct spool_totals *totals)
{
    return (struct spool_amount){size_of(totals->rows[SPOOL_WAITING] + totals->rows[SPOOL_ASIDE]),
                                 size_of(totals->bytes[SPOOL_WAITING] + totals->bytes[SPOOL_ASIDE])};
}

struct spool_amount spool_amount_beyond(struct spool_amount a, struct spool_amount b)
{
    return (struct spool_amount){a.rows > b.rows ? a.rows - b.rows : 0,
                                 a.bytes > b.bytes ? a.bytes - b.bytes : 0};
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

static void change(struct spool_amount *amount, struct spool_amount more, struct spool_amount less)
{
    amount->rows += more.rows - less.rows;
    amount->bytes += more.bytes - less.bytes;
}

static struct spool_amount used_by(const struct spool_holder *holder)
{
    return spool_amount_beyond((struct spool_amount){holder->rows.used, holder->bytes.used}, holder->leaving);
}

static struct spool_amount used_by_all(const struct spool_bounds *bounds)
{
    return spool_amount_beyond((struct spool_amount){bounds->rows.used, bounds->bytes.used}, bounds->leaving);
}

static bool allows(const struct spool_bounds *bounds, struct spool_amount held, struct spool_amount all,
                   struct spool_amount more)
{
    return quota_allows(bounds->rows.max, held.rows, all.rows, more.rows) &&
           quota_allows(bounds->bytes.max, held.bytes, all.bytes, more.bytes);
}

/* As if NAME had all that there is: then it is certain. */
static bool all_of_it_allows(const struct spool_bounds *bounds, const struct spool_totals *in_file,
                             struct spool_amount more)
{
    struct spool_amount all = spool_amount_of(in_file);

    change(&all, bounds->new, (struct spool_amount){0});
    return allows(bounds, all, all, more);
}

static void add(struct spool_bounds *bounds, struct spool_holder *holder, struct spool_amount more)
{
    quota_add(&holder->rows, more.rows);
    quota_add(&holder->bytes, more.bytes);
    change(&holder->new, more, (struct spool_amount){0});
    change(&bounds->new, more, (struct spool_amount){0});
}

int spool_bounds_take(struct spool_bounds *bounds, const char *name, struct spool_amount more,
                      const struct spool_totals *in_file, bool *is_old)
{
    struct spool_holder *holder = holder_of(bounds, name);

    *is_old = false;
    if (!holder)
        return -ENOMEM;
    if (!allows(bounds, used_by(holder), used_by_all(bounds), more)) {
        *is_old = true;
        if (!all_of_it_allows(bounds, in_file, more))
            return -EDQUOT;
    }
    add(bounds, holder, more);
    return 0;
}

/* What others have is no reason to drop more than comes. */
static size_t leaves_for(size_t max, size_t held, size_t all, size_t more)
{
    size_t beyond = held + more > max ? held + more - max : 0;

    if (beyond <= held && quota_allows(max, held - beyond, all - beyond, more))
        return beyond;
    return beyond > more ? beyond : more;
}

int spool_bounds_replace(struct spool_bounds *bounds, const char *name, struct spool_amount more,
                         struct spool_amount *leaves)
{
    struct spool_holder *holder = holder_of(bounds, name);
    struct spool_amount all = used_by_all(bounds), held, less;

    if (!holder)
        return -ENOMEM;
    held = used_by(holder);
    less.rows = leaves_for(bounds->rows.max, held.rows, all.rows, more.rows);
    less.bytes = leaves_for(bounds->bytes.max, held.bytes, all.bytes, more.bytes);
    if (holder->too_much > 0 && less.bytes >= holder->too_much / 2)
        return -EDQUOT;
    *leaves = less;
    change(&holder->leaving, *leaves, (struct spool_amount){0});
    change(&bounds->leaving, *leaves, (struct spool_amount){0});
    add(bounds, holder, more);
    return 0;
}

void spool_bounds_too_much(struct spool_bounds *bounds, const char *name, struct spool_amount leaves)
{
    struct spool_holder *holder = holder_of(bounds, name);

    if (holder)
        holder->too_much = leaves.bytes;
}

static void give_back(struct spool_holder *holder, struct spool_amount less)
{
    quota_give_back(&holder->rows, less.rows);
    quota_give_back(&holder->bytes, less.bytes);
}

void spool_bounds_settle(struct spool_bounds *bounds, const char *name, struct spool_amount taken,
                         struct spool_amount really)
{
    struct spool_holder *holder = holder_of(bounds, name); /* it has one */

    if (!holder)
        return;
    change(&holder->new, (struct spool_amount){0}, taken);
    change(&bounds->new, (struct spool_amount){0}, taken);
    give_back(holder, taken);
    quota_add(&holder->rows, really.rows);
    quota_add(&holder->bytes, really.bytes);
}

void spool_bounds_dropped(struct spool_bounds *bounds, const char *name, struct spool_amount leaves,
                          struct spool_amount really)
{
    struct spool_holder *holder = holder_of(bounds, name); /* it has one */
    struct spool_amount stored, left;

    if (!holder)
        return;
    change(&holder->leaving, (struct spool_amount){0}, leaves);
    change(&bounds->leaving, (struct spool_amount){0}, leaves);
    stored = spool_amount_beyond((struct spool_amount){holder->rows.used, holder->bytes.used}, holder->new);
    left = spool_amount_beyond(stored, really);
    give_back(holder, spool_amount_beyond(stored, left));
}

/* ---- counting ---- */

/* Only what is under way is left; those that have nothing under way are freed. */
static void forget_file(struct spool_bounds *bounds)
{
    struct spool_holder **place, *holder;
    size_t i;

    for (i = 0; i < SPOOL_HOLDER_SLOTS; i++)
        for (place = &bounds->holders[i]; (holder = *place);) {
            give_back(holder, (struct spool_amount){holder->rows.used - holder->new.rows,
                                                    holder->bytes.used - holder->new.bytes});
            holder->too_much = 0;
            if (holder->new.rows > 0 || holder->new.bytes > 0) {
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
