/* SPDX-License-Identifier: Apache-2.0 */
/* A range of points, or aggregates over intervals. */
#include <string.h>

#include "sim/controller/telemetry_controller.h"
#include "sim/entity/json_converter.h"

enum aggregation {
    AGG_NONE,
    AGG_MIN,
    AGG_MAX,
    AGG_AVG,
    AGG_SUM,
    AGG_COUNT,
};

struct history {
    int64_t start; /* included */
    int64_t end;   /* not included */
    int64_t interval;
    int64_t limit;
    enum aggregation agg;
    bool ascending;
    bool strict;
};

static bool parse_aggregation(const char *text, enum aggregation *ret)
{
    static const char *const names[] = {"NONE", "MIN", "MAX", "AVG", "SUM", "COUNT"};

    if (!text || !*text)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (streq(text, names[i])) {
            *ret = (enum aggregation)i;
            return true;
        }
    }
    return false;
}

static bool parse_number(const struct request *rq, struct reply *rp, const char *name, bool required,
                         int64_t *ret)
{
    const char *text = request_param(rq, name);

    if (!required && (!text || !*text))
        return true;
    if (!text) {
        reply_error(rp, 500, ERROR_GENERAL,
                    "Required request parameter '%s' for method parameter type Long is not present", name);
        return false;
    }
    if (parse_int64(text, ret) < 0) {
        reply_error(
            rp, 400, ERROR_BAD_REQUEST_PARAMS,
            "Method parameter '%s': Failed to convert value of type 'java.lang.String' to required type "
            "'java.lang.Long'; For input string: \"%s\"",
            name, text);
        return false;
    }
    return true;
}

static bool parse(const struct request *rq, struct reply *rp, struct history *h)
{
    *h = (struct history){.limit = 100, .strict = request_flag(rq, "useStrictDataTypes")};
    const char *order = request_param(rq, "orderBy");

    h->ascending = order && strcasecmp(order, "ASC") == 0;
    if (!parse_number(rq, rp, "startTs", true, &h->start) || !parse_number(rq, rp, "endTs", true, &h->end) ||
        !parse_number(rq, rp, "interval", false, &h->interval) ||
        !parse_number(rq, rp, "limit", false, &h->limit))
        return false;
    if (!parse_aggregation(request_param(rq, "agg"), &h->agg)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "No enum constant %s", request_param(rq, "agg"));
        return false;
    }
    if (h->interval <= 0)
        h->agg = AGG_NONE; /* there is no aggregation without an interval */
    return true;
}

static json_t *point_json(const struct history *h, int64_t ts, const json_t *value)
{
    json_t *v = h->strict ? convert_to_jackson(value) : convert_to_string(value);

    return json_pack("{s:I, s:o}", "ts", (json_int_t)ts, "value", v);
}

static json_t *raw_points(const struct history *h, const struct series *s)
{
    json_t *list = json_array();
    size_t first = series_lower_bound(s, h->start);
    size_t end = series_lower_bound(s, h->end);

    for (size_t n = 0; first < end && (int64_t)n < h->limit; n++) {
        size_t i = h->ascending ? first++ : --end;

        json_array_append_new(list, point_json(h, s->points[i].ts, s->points[i].value));
    }
    return list;
}

/* An integer if all values are and the sum fits. */
static json_t *sum_of(const struct series *s, size_t first, size_t end)
{
    json_int_t whole = 0;
    double sum = 0;
    bool exact = true;

    for (size_t i = first; i < end; i++) {
        const json_t *v = s->points[i].value;

        sum += json_number_value(v);
        if (json_is_integer(v))
            exact = exact && !__builtin_add_overflow(whole, json_integer_value(v), &whole);
        else if (json_is_real(v))
            exact = false;
    }
    return exact ? json_integer(whole) : json_real(sum);
}

/* The aggregate of the points [first, end): a new reference, or NULL if none of them is a number. */
static json_t *aggregate(const struct history *h, const struct series *s, size_t first, size_t end)
{
    json_t *least = NULL;
    json_t *most = NULL;
    size_t n = 0;

    if (h->agg == AGG_COUNT)
        return end > first ? json_integer((json_int_t)(end - first)) : NULL;
    for (size_t i = first; i < end; i++) {
        json_t *v = s->points[i].value;

        if (!json_is_number(v))
            continue;
        n++;
        if (!least || json_number_value(v) < json_number_value(least))
            least = v;
        if (!most || json_number_value(v) > json_number_value(most))
            most = v;
    }
    if (n == 0)
        return NULL;
    if (h->agg == AGG_MIN || h->agg == AGG_MAX)
        return json_incref(h->agg == AGG_MIN ? least : most);
    json_t *sum = sum_of(s, first, end);
    if (h->agg == AGG_SUM)
        return sum;
    double average = json_number_value(sum) / (double)n;
    json_decref(sum);
    return json_real(average);
}

static json_t *aggregates(const struct history *h, const struct series *s)
{
    json_t *list = json_array();
    size_t i = series_lower_bound(s, h->start);

    while (i < s->n && s->points[i].ts < h->end) {
        /* only intervals that hold a point, so that their number is bounded */
        uint64_t start = (uint64_t)h->start;
        uint64_t interval = (uint64_t)h->interval;
        uint64_t from = start + ((uint64_t)s->points[i].ts - start) / interval * interval;
        uint64_t left = (uint64_t)h->end - from;
        uint64_t width = left > interval ? interval : left;
        size_t end = series_lower_bound(s, (int64_t)(from + width));
        json_auto_t *value = aggregate(h, s, i, end);

        if (value && (int64_t)json_array_size(list) < h->limit)
            json_array_append_new(list, point_json(h, (int64_t)(from + width / 2), value));
        i = end;
    }
    return list;
}

void telemetry_history(struct request *rq, struct reply *rp, const struct entity *e)
{
    json_auto_t *keys = telemetry_keys(rq);
    struct history h;

    rp->sync = true;
    if (!parse(rq, rp, &h))
        return;
    rp->sync = false;
    json_t *answer = json_object();
    size_t n = json_array_size(keys);
    for (size_t i = 0; i < (n > 0 ? n : e->telemetry.n_series); i++) {
        const char *key = n > 0 ? json_string_value(json_array_get(keys, i)) : e->telemetry.series[i].key;
        const struct series *s = series_find(&e->telemetry, key);
        json_t *list = !s ? NULL : h.agg == AGG_NONE ? raw_points(&h, s) : aggregates(&h, s);

        if (json_array_size(list) > 0)
            json_put(answer, key, list); /* a key without points is left out */
        else
            json_decref(list);
    }
    reply_json(rp, answer);
}
