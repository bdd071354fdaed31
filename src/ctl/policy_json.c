/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/policy_json.h"

static json_t *items(const struct policy_list *list)
{
    json_t *ret = json_array();
    size_t i;

    for (i = 0; i < list->count; i++)
        json_array_append_new(ret, json_string(list->items[i].text));
    return ret;
}

static json_t *bounds(const struct policy_bounds *bounds)
{
    json_t *ret = json_object();
    size_t i;

    for (i = 0; i < POLICY_BOUNDS; i++)
        if (bounds->list[i].policy)
            json_object_set_new(ret, policy_bound_name((enum policy_bound_kind)i),
                                json_integer(bounds->list[i].max));
    return ret;
}

static json_t *policy_json(const struct policy *policy)
{
    return json_pack("{s:s,s:s?,s:I,s:o,s:o,s:o}", "name", policy->name, "file", policy->file, "line",
                     (json_int_t)policy->line, "allow", items(&policy->allow), "deny", items(&policy->deny),
                     "bounds", bounds(&policy->bounds));
}

static json_t *listener_json(const struct policy_listener *listener)
{
    json_t *rules = json_array();
    size_t i;

    for (i = 0; i < listener->count; i++)
        json_array_append_new(rules, json_pack("{s:I,s:s}", listener->rules[i].is_group ? "gid" : "uid",
                                               (json_int_t)listener->rules[i].id, "policy",
                                               listener->rules[i].policy->name));
    return json_pack("{s:s,s:o}", "policy", listener->policy->name, "rules", rules);
}

json_t *policy_list_json(const struct policies *policies)
{
    json_t *list = json_array();
    size_t i;

    json_array_append_new(list, policy_json(&policy_default));
    for (i = 0; i < policies->count; i++)
        json_array_append_new(list, policy_json(&policies->list[i]));
    return json_pack("{s:o,s:o,s:o}", "tcp", listener_json(&policies->tcp), "unix_socket",
                     listener_json(&policies->unix_socket), "policies", list);
}

json_t *policy_verdict_json(const struct policy_verdict *verdict, const char *condition)
{
    char reason[POLICY_REASON_MAX_BYTES];

    policy_print_reason(verdict, reason, sizeof(reason));
    return json_pack("{s:b,s:s,s:s?}", "allowed", (int)verdict->allowed, "reason", reason, "allowed_if",
                     condition);
}
