/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/policy_record.h"

#include <errno.h>

#include "proxy/policy/policies.h"

#define NO_BOUND (-1)

static int put_list(const struct policy_list *list, struct buf *out)
{
    int r = record_put_number(out, (int64_t)list->count);
    size_t i;

    for (i = 0; r == 0 && i < list->count; i++) {
        r = record_put_number(out, list->items[i].line);
        if (r == 0)
            r = record_put_text(out, list->items[i].text);
    }
    return r;
}

static int put_bounds(const struct policy_bounds *bounds, struct buf *out)
{
    size_t kind;
    int r = 0;

    for (kind = 0; r == 0 && kind < POLICY_BOUNDS; kind++)
        r = record_put_number(out, bounds->list[kind].policy ? (int64_t)bounds->list[kind].max : NO_BOUND);
    return r;
}

static int put_policy(const struct policy *policy, struct buf *out)
{
    int r = record_put_text(out, policy->name);

    if (r == 0)
        r = record_put_text(out, policy->file);
    if (r == 0)
        r = record_put_number(out, policy->line);
    if (r == 0)
        r = put_bounds(&policy->bounds, out);
    if (r == 0)
        r = put_list(&policy->allow, out);
    return r == 0 ? put_list(&policy->deny, out) : r;
}

int policies_put(const struct policies *policies, struct buf *out)
{
    int r = record_put_number(out, (int64_t)policies->count);
    size_t i;

    for (i = 0; r == 0 && i < policies->count; i++)
        r = put_policy(&policies->list[i], out);
    return r;
}

static int take_list(struct policy_list *list, struct record_reader *reader)
{
    size_t count = (size_t)record_number(reader);

    list->items = count <= POLICY_ITEMS_MAX ? calloc(count + 1, sizeof(*list->items)) : NULL;
    if (!list->items)
        return -ENOMEM;
    while (list->count < count) {
        struct policy_item *item = &list->items[list->count];

        item->line = (unsigned)record_number(reader);
        item->text = strdup(record_text(reader));
        if (!item->text)
            return -ENOMEM;
        item->sets = policy_set_find(item->text);
        list->count++;
    }
    return 0;
}

static void take_bounds(struct policy_bounds *bounds, struct record_reader *reader)
{
    size_t kind;

    for (kind = 0; kind < POLICY_BOUNDS; kind++) {
        int64_t max = record_number(reader);

        if (max != NO_BOUND)
            bounds->list[kind] = (struct policy_bound){.policy = bounds->name, .max = (unsigned)max};
    }
}

static int take_policy(struct policy *policy, struct record_reader *reader)
{
    int r;

    policy->name = strdup(record_text(reader));
    policy->file = strdup(record_text(reader));
    policy->line = (unsigned)record_number(reader);
    policy->bounds.name = policy->name;
    take_bounds(&policy->bounds, reader);
    r = policy->name && policy->file ? take_list(&policy->allow, reader) : -ENOMEM;
    return r == 0 ? take_list(&policy->deny, reader) : r;
}

int policies_take(struct policies *policies, struct record_reader *reader)
{
    size_t count = (size_t)record_number(reader);
    int r = count <= POLICIES_MAX ? 0 : -ENOMEM;

    while (r == 0 && policies->count < count) {
        struct policy *policy = &policies->list[policies->count++];

        r = take_policy(policy, reader);
        policies->has_bounds |= policy_bounds_any(&policy->bounds);
    }
    return r;
}
