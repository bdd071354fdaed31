/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/refused_operations.h"

struct refused_operation *refused_operations_get(struct refused_operations *operations, uint32_t id)
{
    size_t i;

    for (i = 0; i < operations->count; i++)
        if (operations->list[i].id == id)
            return &operations->list[i];
    return NULL;
}

const struct refused_operation *refused_operations_look_up(const struct refused_operations *operations,
                                                           uint32_t id)
{
    return refused_operations_get((struct refused_operations *)(uintptr_t)operations, id);
}

bool refused_operation_is_known(const struct refused_operation *operation, int64_t now_ms)
{
    return now_ms < operation->closed_until_ms || now_ms - operation->refused_ms < PACE_KEPT_MS;
}

/* Which of two that are not closed is given up first: one whose limit took so long to find is kept. */
static bool is_less_worth(const struct refused_operation *a, const struct refused_operation *b)
{
    return a->has_own_limit == b->has_own_limit ? a->refused_ms < b->refused_ms : b->has_own_limit;
}

static struct refused_operation *make_room(struct refused_operations *operations, int64_t now_ms)
{
    struct refused_operation *least = NULL;
    size_t i;

    if (operations->count < REFUSED_OPERATIONS_MAX)
        return &operations->list[operations->count++];
    for (i = 0; i < REFUSED_OPERATIONS_MAX; i++) {
        struct refused_operation *operation = &operations->list[i];

        if (now_ms >= operation->closed_until_ms && (!least || is_less_worth(operation, least)))
            least = operation;
    }
    return least;
}

struct refused_operation *refused_operations_add(struct refused_operations *operations, int64_t now_ms,
                                                 uint32_t id)
{
    struct refused_operation *operation = refused_operations_get(operations, id);

    if (operation && refused_operation_is_known(operation, now_ms))
        return operation;
    if (!operation)
        operation = make_room(operations, now_ms);
    if (operation) {
        *operation = (struct refused_operation){.id = id, .refused_ms = now_ms, .closed_until_ms = now_ms};
        pace_init(&operation->pace, now_ms);
    }
    return operation;
}

const struct refused_operation *refused_operations_find(const struct refused_operations *operations,
                                                        int64_t now_ms, uint32_t id)
{
    const struct refused_operation *operation = refused_operations_look_up(operations, id);
    struct pace pace;

    if (!operation || now_ms < operation->closed_until_ms)
        return operation;
    pace = operation->pace;
    pace_refill(&pace, now_ms);
    return pace.rate > 0 ? operation : NULL;
}

int64_t refused_operations_ready_ms(const struct refused_operations *operations, int64_t now_ms, uint32_t id,
                                    unsigned cost)
{
    const struct refused_operation *operation = refused_operations_look_up(operations, id);
    struct pace pace;
    int64_t ready_ms;

    if (!operation)
        return now_ms;
    pace = operation->pace;
    pace_refill(&pace, now_ms);
    ready_ms = pace_ready_ms(&pace, now_ms, cost);
    return ready_ms > operation->closed_until_ms ? ready_ms : operation->closed_until_ms;
}

unsigned refused_operations_in_a_row(const struct refused_operations *operations, uint32_t id,
                                     int64_t sent_ms)
{
    const struct refused_operation *operation = refused_operations_look_up(operations, id);

    if (!operation || !operation->has_own_limit || operation->in_a_row == 0)
        return 0;
    return operation->in_a_row - (sent_ms <= operation->refused_ms);
}

void refused_operations_open(struct refused_operations *operations, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < operations->count; i++) {
        struct refused_operation *operation = &operations->list[i];

        if (operation->closed_until_ms > now_ms)
            operation->closed_until_ms = now_ms;
        pace_open(&operation->pace, now_ms);
    }
}

void refused_operations_forget_paces(struct refused_operations *operations)
{
    size_t i;

    for (i = 0; i < operations->count; i++)
        operations->list[i].pace.rate = 0;
}
