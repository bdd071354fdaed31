/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"
#include "base/quota.h"
#include "http/proxy_status.h"
#include "proxy/metrics/metrics_private.h"

const struct metrics_bound metrics_bounds[METRICS_BOUND_COUNT] = {
    {1000, "0.001"}, {5000, "0.005"},  {10000, "0.01"},  {50000, "0.05"},    {100000, "0.1"},
    {500000, "0.5"}, {1000000, "1.0"}, {5000000, "5.0"}, {10000000, "10.0"}, {30000000, "30.0"},
};

const struct metrics_bound metrics_short_bounds[METRICS_BOUND_COUNT] = {
    {50, "5e-05"},    {100, "0.0001"}, {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"}, {10000, "0.01"},  {50000, "0.05"}, {250000, "0.25"},
};

enum { FAILURE_SERVER_ERROR = METRICS_FAILURE_COUNT - 3, FAILURE_SERVER_RATE_LIMIT, FAILURE_OTHER };

const char *const metrics_failures[METRICS_FAILURE_COUNT] = {
    PROXY_STATUS_CONFIGURATION,
    PROXY_STATUS_CONNECTION_TERMINATED,
    PROXY_STATUS_DENIED,
    PROXY_STATUS_HEADER_TOO_BIG,
    PROXY_STATUS_INTERNAL,
    PROXY_STATUS_INTERNAL_ERROR,
    PROXY_STATUS_UNAVAILABLE,
    PROXY_STATUS_UPGRADE_FAILED,
    "connection_read_timeout",
    "connection_refused",
    "connection_timeout",
    "dns_error",
    "http_protocol_error",
    "http_response_incomplete",
    "http_response_timeout",
    "tls_certificate_error",
    "tls_protocol_error",
    [FAILURE_SERVER_ERROR] = "server_error",
    [FAILURE_SERVER_RATE_LIMIT] = "server_rate_limit",
    [FAILURE_OTHER] = "other",
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics) + (operation_count + 1) * sizeof(uint16_t));

    if (metrics)
        metrics->started_ms = clock_wall_ms();
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times)
{
    metrics->events[event] += times;
}

void metrics_refused(struct metrics *metrics, enum metrics_refusal reason)
{
    metrics->refusals[reason]++;
}

/* The index of the series of the operation ID, which is added if it is not known. PRINCIPAL asks for it: no
 * one can take the places of all. */
static size_t operation_index(struct metrics *metrics, uint32_t id, int64_t principal)
{
    size_t i = 0, own = 0;

    for (; i < metrics->operation_count && metrics->operations[i].operation != id; i++)
        own += metrics->operations[i].principal == principal;
    if (i < metrics->operation_count)
        return i;
    if (!quota_allows(quota_part(METRICS_OPERATIONS_MAX), own, i, 1))
        return METRICS_OPERATIONS_MAX;
    metrics->operations[i].operation = id;
    metrics->operations[i].principal = principal;
    return metrics->operation_count++;
}

static struct operation_series *operation_of(struct metrics *metrics, const struct operation *operation,
                                             int64_t principal)
{
    uint16_t *row = &metrics->rows[operation ? (size_t)(operation - operations) : operation_count];
    size_t index = *row > 0 ? *row - 1U : operation_index(metrics, operation ? operation->id : 0, principal);

    if (index < METRICS_OPERATIONS_MAX)
        *row = (uint16_t)(index + 1);
    return &metrics->operations[index];
}

static struct principal_series *principal_of(struct metrics *metrics, int64_t principal)
{
    size_t i = 0;

    while (i < metrics->principal_count && metrics->principals[i].principal != principal)
        i++;
    if (i == metrics->principal_count && i < METRICS_PRINCIPALS_MAX) {
        metrics->principals[i].principal = principal;
        metrics->principal_count++;
    }
    return &metrics->principals[i];
}

/* An invalid status counts as 5xx (RFC 9110, section 15). */
static size_t class_of(int status)
{
    return status >= 100 && status <= 599 ? (size_t)status / 100 - 1 : METRICS_CLASS_COUNT - 1;
}

static void observe(struct histogram *histogram, const struct metrics_bound *bounds, int64_t us)
{
    size_t i = 0;

    while (i < METRICS_BOUND_COUNT && us > bounds[i].us)
        i++;
    histogram->buckets[i]++;
    histogram->sum_us += (uint64_t)us;
}

void metrics_failed(struct metrics *metrics, int status, const char *error)
{
    size_t i = 0;

    if (!error && status != 429 && class_of(status) != METRICS_CLASS_COUNT - 1)
        return;
    if (!error)
        i = status == 429 ? FAILURE_SERVER_RATE_LIMIT : FAILURE_SERVER_ERROR;
    while (error && i < FAILURE_OTHER && strcmp(metrics_failures[i], error) != 0)
        i++;
    metrics->failures[i]++;
}

void metrics_responded(struct metrics *metrics, const struct metrics_response *response)
{
    struct operation_series *operation = operation_of(metrics, response->operation, response->principal);
    size_t class = class_of(response->status);

    operation->classes.counts[class]++;
    metrics->listeners[response->listener].counts[class]++;
    principal_of(metrics, response->principal)->classes.counts[class]++;
    if (!response->was_sent)
        return;
    observe(&metrics->waiting, metrics_bounds, response->waited_us);
    observe(&operation->upstream, metrics_bounds, response->upstream_us);
    observe(&metrics->added, metrics_short_bounds, response->added_us);
}

static void add_time(struct metrics_time *sum, const struct histogram *histogram)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(histogram->buckets); i++)
        sum->count += histogram->buckets[i];
    sum->sum_us += histogram->sum_us;
}

int64_t metrics_started_ms(const struct metrics *metrics)
{
    return metrics->started_ms;
}

struct metrics_traffic metrics_traffic(const struct metrics *metrics)
{
    struct metrics_traffic ret = {.upstream.count = 0};
    size_t i;

    for (i = 0; i < METRICS_CLASS_COUNT; i++)
        ret.responses[i] =
            metrics->listeners[METRICS_TCP].counts[i] + metrics->listeners[METRICS_UNIX].counts[i];
    for (i = 0; i < ARRAY_SIZE(metrics->operations); i++)
        add_time(&ret.upstream, &metrics->operations[i].upstream);
    add_time(&ret.waiting, &metrics->waiting);
    return ret;
}

bool metrics_principal(const struct metrics *metrics, size_t number, int64_t *ret, uint64_t *answered)
{
    size_t i;

    if (number >= metrics->principal_count)
        return false;
    *ret = metrics->principals[number].principal;
    *answered = 0;
    for (i = 0; i < METRICS_CLASS_COUNT; i++)
        *answered += metrics->principals[number].classes.counts[i];
    return true;
}
