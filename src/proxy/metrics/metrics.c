/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics/metrics_private.h"

const struct metrics_bound metrics_bounds[METRICS_BOUND_COUNT] = {
    {1, "0.001"}, {5, "0.005"}, {10, "0.01"}, {50, "0.05"},  {100, "0.1"},
    {500, "0.5"}, {1000, "1"},  {5000, "5"},  {10000, "10"}, {30000, "30"},
};

_Static_assert(METRICS_SERIES_MAX <= METRICS_SLOT_COUNT / 2 && METRICS_SERIES_MAX < UINT16_MAX,
               "the slots fill up");

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics) {
        metrics->other.operation = METRICS_OPERATION_OTHER;
        metrics->other.client = METRICS_CLIENT_OTHER;
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    size_t i;

    for (i = 0; metrics && i < metrics->count; i++)
        free(metrics->series[i]);
    free(metrics);
}

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times)
{
    metrics->events[event] += times;
}

/* The slot of a series, or the free slot for it. */
static uint16_t *slot_of(struct metrics *metrics, uint32_t operation, int64_t client)
{
    uint64_t hash = ((uint64_t)client << 32 ^ operation) * 0x9e3779b97f4a7c15u;
    uint64_t i = hash >> (64 - METRICS_SLOT_BITS);

    for (;; i = (i + 1) % METRICS_SLOT_COUNT) {
        uint16_t *slot = &metrics->slots[i];
        const struct series *series = *slot ? metrics->series[*slot - 1] : NULL;

        if (!series || (series->operation == operation && series->client == client))
            return slot;
    }
}

static struct series *series_of(struct metrics *metrics, uint32_t operation, int64_t client)
{
    uint16_t *slot = slot_of(metrics, operation, client);
    struct series *series;

    if (*slot)
        return metrics->series[*slot - 1];
    series = metrics->count < METRICS_SERIES_MAX ? calloc(1, sizeof(*series)) : NULL;
    if (!series)
        return &metrics->other;
    series->operation = operation;
    series->client = client;
    metrics->series[metrics->count] = series;
    *slot = (uint16_t)++metrics->count;
    return series;
}

static void count_status(struct series *series, int status)
{
    size_t i;

    for (i = 0; i < METRICS_STATUSES_MAX && status >= 100 && status <= 599; i++) {
        struct status_count *known = &series->statuses[i];

        if (known->count == 0)
            known->status = status;
        if (known->status == status) {
            known->count++;
            return;
        }
    }
    series->other_statuses++;
}

/* Ignores a negative time: there was none. */
static void observe(struct histogram *histogram, int64_t ms)
{
    size_t i = 0;

    if (ms < 0)
        return;
    while (i < METRICS_BOUND_COUNT && ms > metrics_bounds[i].ms)
        i++;
    histogram->buckets[i]++;
    histogram->sum_ms += (uint64_t)ms;
}

void metrics_responded(struct metrics *metrics, const struct operation *operation, int64_t client, int status,
                       int64_t waited_ms, int64_t upstream_ms)
{
    struct series *series = series_of(metrics, operation ? operation->id : 0, client);

    count_status(series, status);
    observe(&series->waiting, waited_ms);
    observe(&series->upstream, upstream_ms);
}
