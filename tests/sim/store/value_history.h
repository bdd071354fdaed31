/* SPDX-License-Identifier: Apache-2.0 */
/* Every value of telemetry and attributes that was stored or deleted, in order: for tests that count. */
#ifndef TB_SIM_VALUE_HISTORY_H
#define TB_SIM_VALUE_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct value_history {
    bool is_kept;
    json_t *list; /* NULL: empty */
};

/* SCOPE: of attributes; or "TIMESERIES". VALUE: a new reference is kept; NULL: the key was deleted. Does
 * nothing unless the history is kept. */
void value_history_add(struct value_history *history, const char *entity_id, const char *scope,
                       const char *key, int64_t ts, json_t *value);
/* [[entity, scope, key, ts, value], ...], and [entity, scope, key, ts] of what was deleted, after the first
 * FROM. */
json_t *value_history_json(const struct value_history *history, size_t from);
void value_history_clear(struct value_history *history);

#endif
