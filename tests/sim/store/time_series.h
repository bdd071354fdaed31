/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and time series of one entity. */
#ifndef TB_SIM_TIME_SERIES_H
#define TB_SIM_TIME_SERIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scope {
    CLIENT_SCOPE,
    SERVER_SCOPE,
    SHARED_SCOPE,
    N_SCOPES,
};

struct point {
    int64_t ts;
    json_t *value;
};

/* One key of time series: its points in the order of time. */
struct series {
    char *key;
    struct point *points;
    size_t n;
    size_t cap;
};

struct attribute {
    char *key;
    json_t *value;
    int64_t ts;
};

struct attributes {
    struct attribute *list;
    size_t n;
};

struct telemetry {
    struct series *series;
    size_t n_series;
    struct attributes attributes[N_SCOPES];
};

const char *scope_name(enum scope scope);
/* -EINVAL */
int scope_parse(const char *name, enum scope *ret);

struct series *series_find(const struct telemetry *t, const char *key);
/* The latest point, or NULL. */
const struct point *series_latest(const struct telemetry *t, const char *key);
/* Stores a point with a new reference to VALUE. True: it is new; false: it replaced one of the same time. */
bool series_put(struct telemetry *t, const char *key, int64_t ts, json_t *value);
/* The index of the first point at or after ts. */
size_t series_lower_bound(const struct series *s, int64_t ts);
/* Removes points with FROM <= ts < TO, and the series with its last point. Returns how many. */
size_t series_remove(struct telemetry *t, const char *key, int64_t from, int64_t to);

struct attribute *attribute_find(const struct telemetry *t, enum scope scope, const char *key);
/* Stores a new reference to VALUE. True: the key is new. */
bool attribute_put(struct telemetry *t, enum scope scope, const char *key, json_t *value, int64_t ts);
bool attribute_remove(struct telemetry *t, enum scope scope, const char *key);

/* How many points and attributes there are. */
size_t telemetry_points(const struct telemetry *t);
size_t telemetry_attributes(const struct telemetry *t);
void telemetry_free(struct telemetry *t);

#endif
