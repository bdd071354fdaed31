/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies as the configuration has them: name = { allow = [ "read" ]; deny = [ "credentials" ]; };
 */
#include <errno.h>
#include <stdio.h>

#include "proxy/policy/policies.h"

static bool is_operation(const char *text)
{
    size_t i;

    for (i = 0; i < operation_count; i++)
        if (strcmp(operation_id(&operations[i]), text) == 0 ||
            strcmp(operation_tag(&operations[i]), text) == 0)
            return true;
    return strcmp(text, POLICY_WEBSOCKET) == 0 || strcmp(text, POLICY_SUBSCRIBE) == 0;
}

static int read_item(struct policy_list *list, const config_setting_t *setting, struct tb_error *err)
{
    const char *text = config_setting_get_string(setting);
    struct policy_item *item = &list->items[list->count];

    if (!text)
        return tb_error_set(err, -EINVAL, "must be names in double quotes");
    item->sets = policy_set_find(text);
    if (!item->sets && !is_operation(text))
        return tb_error_set(
            err, -EINVAL,
            "\"%s\" is not a set (read, write, telemetry, rpc, credentials, session, account, "
            "admin), nor the id or tag of an operation",
            text);
    item->line = config_setting_source_line(setting);
    item->text = strdup(text);
    if (!item->text)
        return tb_error_set(err, -ENOMEM, "out of memory");
    list->count++;
    return 0;
}

static int read_list(struct policy_list *list, const char *file, const config_setting_t *setting,
                     struct tb_error *err)
{
    int i, r = 0, length = config_setting_length(setting);

    if (!config_setting_is_array(setting) && !config_setting_is_list(setting))
        r = tb_error_set(err, -EINVAL, "must be a list: [ \"read\", \"telemetry\" ]");
    else if (length > POLICY_ITEMS_MAX)
        r = tb_error_set(err, -EINVAL, "more than %d names", POLICY_ITEMS_MAX);
    if (r < 0)
        return tb_error_prefix(err, "%s:%u: %s", file, config_setting_source_line(setting),
                               config_setting_name(setting));
    list->items = calloc((size_t)length + 1, sizeof(*list->items));
    if (!list->items)
        return tb_error_set(err, -ENOMEM, "out of memory");
    for (i = 0; r == 0 && i < length; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);

        r = read_item(list, item, err);
        if (r < 0)
            tb_error_prefix(err, "%s:%u: %s", file, config_setting_source_line(item),
                            config_setting_name(setting));
    }
    return r;
}

static int refuse_name(const char *file, const config_setting_t *setting, struct tb_error *err)
{
    char names[POLICY_BOUNDS * 24] = "";
    size_t i, used = 0;

    for (i = 0; i < POLICY_BOUNDS; i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 policy_bound_name((enum policy_bound_kind)i));
    return tb_error_set(err, -EINVAL, "%s:%u: %s: a policy has allow and deny, and may have %s", file,
                        config_setting_source_line(setting), config_setting_name(setting), names);
}

static int read_policy(struct policy *policy, const char *file, const config_setting_t *group,
                       struct tb_error *err)
{
    int i, r = 0;

    for (i = 0; r == 0 && i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);

        if (strcmp(name, "allow") == 0)
            r = read_list(&policy->allow, file, setting, err);
        else if (strcmp(name, "deny") == 0)
            r = read_list(&policy->deny, file, setting, err);
        else
            r = policy_bound_read(&policy->bounds, file, setting, err);
        if (r > 0)
            r = refuse_name(file, setting, err);
    }
    return r;
}

static int refuse(const char *file, const config_setting_t *group, struct tb_error *err, const char *reason)
{
    return tb_error_set(err, -EINVAL, "%s:%u: the policy %s %s", file, config_setting_source_line(group),
                        config_setting_name(group), reason);
}

int policies_add(struct policies *policies, const char *file, const config_setting_t *group,
                 struct tb_error *err)
{
    struct policy *policy = &policies->list[policies->count];
    const char *name = config_setting_name(group);
    int r;

    if (!config_setting_is_group(group))
        return refuse(file, group, err, "must be a group: NAME = { allow = [ ... ]; };");
    if (strcmp(name, policy_default.name) == 0)
        return refuse(file, group, err, "is built in; choose another name");
    if (policies_find(policies, name, strlen(name)))
        return refuse(file, group, err, "is already defined");
    if (policies->count == POLICIES_MAX)
        return tb_error_set(err, -EINVAL, "%s: more than %d policies", file, POLICIES_MAX);
    policies->count++;
    policy->name = strdup(name);
    policy->file = strdup(file);
    policy->line = config_setting_source_line(group);
    policy->bounds.name = policy->name;
    if (!policy->name || !policy->file)
        return tb_error_set(err, -ENOMEM, "out of memory");
    r = read_policy(policy, file, group, err);
    policies->has_bounds |= policy_bounds_any(&policy->bounds);
    return r;
}
