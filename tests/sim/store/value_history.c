/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/store/value_history.h"

void value_history_add(struct value_history *history, const char *entity_id, const char *scope,
                       const char *key, int64_t ts, json_t *value)
{
    json_t *entry;

    if (!history->is_kept)
        return;
    if (!history->list)
        history->list = json_array();
    entry = json_pack("[sssI]", entity_id, scope, key, (json_int_t)ts);
    if (value)
        json_array_append(entry, value);
    json_array_append_new(history->list, entry);
}

json_t *value_history_json(const struct value_history *history, size_t from)
{
    json_t *list = json_array();

    for (size_t i = from; i < json_array_size(history->list); i++)
        json_array_append(list, json_array_get(history->list, i));
    return list;
}

void value_history_clear(struct value_history *history)
{
    json_decref(history->list);
    history->list = NULL;
}
