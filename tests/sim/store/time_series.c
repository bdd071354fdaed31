/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/store/time_series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/memory.h"
#include "sim/base/text.h"

static const char *const scope_names[] = {"CLIENT_SCOPE", "SERVER_SCOPE", "SHARED_SCOPE"};

const char *scope_name(enum scope scope)
{
    return scope_names[scope];
}

int scope_parse(const char *name, enum scope *ret)
{
    for (size_t i = 0; i < N_SCOPES; i++) {
        if (streq(name, scope_names[i])) {
            *ret = (enum scope)i;
            return 0;
        }
    }
    return -EINVAL;
}

struct series *series_find(const struct telemetry *t, const char *key)
{
    for (size_t i = 0; i < t->n_series; i++) {
        if (strcmp(t->series[i].key, key) == 0)
            return &t->series[i];
    }
    return NULL;
}

const struct point *series_latest(const struct telemetry *t, const char *key)
{
    const struct series *s = series_find(t, key);

    return s && s->n > 0 ? &s->points[s->n - 1] : NULL;
}

size_t series_lower_bound(const struct series *s, int64_t ts)
{
    size_t lo = 0;
    size_t hi = s->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (s->points[mid].ts < ts)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* A recorded server lists keys in the order in which their latest values were written. */
static struct series *move_to_end(struct telemetry *t, struct series *s)
{
    size_t after = t->n_series - 1 - (size_t)(s - t->series);
    struct series moved = *s;

    memmove(s, s + 1, after * sizeof(*s));
    t->series[t->n_series - 1] = moved;
    return &t->series[t->n_series - 1];
}

bool series_put(struct telemetry *t, const char *key, int64_t ts, json_t *value)
{
    struct series *s = series_find(t, key);

    if (!s) {
        t->series = xrealloc(t->series, t->n_series + 1, sizeof(*t->series));
        s = &t->series[t->n_series++];
        *s = (struct series){.key = xstrdup(key)};
    }
    size_t at = series_lower_bound(s, ts);
    if (at + 1 >= s->n)
        s = move_to_end(t, s);
    if (at < s->n && s->points[at].ts == ts) {
        json_decref(s->points[at].value);
        s->points[at].value = json_incref(value);
        return false;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        s->points = xrealloc(s->points, s->cap, sizeof(*s->points));
    }
    memmove(&s->points[at + 1], &s->points[at], (s->n - at) * sizeof(*s->points));
    s->points[at] = (struct point){.ts = ts, .value = json_incref(value)};
    s->n++;
    return true;
}

static void series_free(struct series *s)
{
    for (size_t i = 0; i < s->n; i++)
        json_decref(s->points[i].value);
    free(s->points);
    free(s->key);
}

size_t series_remove(struct telemetry *t, const char *key, int64_t from, int64_t to)
{
    struct series *s = series_find(t, key);

    if (!s || to <= from)
        return 0;
    size_t first = series_lower_bound(s, from);
    size_t end = series_lower_bound(s, to);
    for (size_t i = first; i < end; i++)
        json_decref(s->points[i].value);
    if (end < s->n)
        memmove(&s->points[first], &s->points[end], (s->n - end) * sizeof(*s->points));
    s->n -= end - first;
    if (s->n == 0) {
        size_t index = (size_t)(s - t->series);

        series_free(s);
        t->n_series--;
        memmove(s, s + 1, (t->n_series - index) * sizeof(*s));
    }
    return end - first;
}

struct attribute *attribute_find(const struct telemetry *t, enum scope scope, const char *key)
{
    const struct attributes *a = &t->attributes[scope];

    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->list[i].key, key) == 0)
            return &a->list[i];
    }
    return NULL;
}

bool attribute_put(struct telemetry *t, enum scope scope, const char *key, json_t *value, int64_t ts)
{
    struct attributes *a = &t->attributes[scope];
    struct attribute *at = attribute_find(t, scope, key);
    bool is_new = !at;

    if (is_new) {
        a->list = xrealloc(a->list, a->n + 1, sizeof(*a->list));
        at = &a->list[a->n++];
        *at = (struct attribute){.key = xstrdup(key)};
    }
    json_decref(at->value);
    at->value = json_incref(value);
    at->ts = ts;
    return is_new;
}

bool attribute_remove(struct telemetry *t, enum scope scope, const char *key)
{
    struct attributes *a = &t->attributes[scope];
    struct attribute *at = attribute_find(t, scope, key);

    if (!at)
        return false;
    size_t index = (size_t)(at - a->list);
    free(at->key);
    json_decref(at->value);
    a->n--;
    memmove(at, at + 1, (a->n - index) * sizeof(*at));
    return true;
}

size_t telemetry_points(const struct telemetry *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_series; i++)
        n += t->series[i].n;
    return n;
}

size_t telemetry_attributes(const struct telemetry *t)
{
    size_t n = 0;

    for (size_t i = 0; i < N_SCOPES; i++)
        n += t->attributes[i].n;
    return n;
}

void telemetry_free(struct telemetry *t)
{
    for (size_t i = 0; i < t->n_series; i++)
        series_free(&t->series[i]);
    free(t->series);
    for (size_t s = 0; s < N_SCOPES; s++) {
        for (size_t i = 0; i < t->attributes[s].n; i++) {
            free(t->attributes[s].list[i].key);
            json_decref(t->attributes[s].list[i].value);
        }
        free(t->attributes[s].list);
    }
    *t = (struct telemetry){};
}
