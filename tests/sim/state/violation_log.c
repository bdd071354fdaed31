/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/state/violation_log.h"

#include "sim/json/java_json.h"

void violations_add(struct violations *v, const char *operation, const char *what)
{
    v->count++;
    if (!v->list)
        v->list = json_array();
    if (json_array_size(v->list) < VIOLATIONS_MAX)
        json_array_append_new(v->list,
                              json_pack("{s:s, s:o}", "operation", operation, "what", json_text(what)));
}

void violations_clear(struct violations *v)
{
    json_decref(v->list);
    *v = (struct violations){};
}

json_t *violations_json(const struct violations *v)
{
    return v->list ? json_deep_copy(v->list) : json_array();
}
