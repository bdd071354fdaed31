/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/policy_bounds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned minimum, maximum;
} kinds[] = {
    [POLICY_MAX_CONNECTIONS] = {"max_connections", 1, 65536},
    [POLICY_MAX_REQUESTS] = {"max_requests", 1, 4096},
    [POLICY_REQUESTS_PER_SECOND] = {"requests_per_second", 1, 100000},
    [POLICY_MAX_STREAMS] = {"max_streams", 0, 65536},
    [POLICY_MAX_WEBSOCKETS] = {"max_websockets", 0, 65536},
};

const char *policy_bound_name(enum policy_bound_kind kind)
{
    return kinds[kind].name;
}

static int refuse(const config_setting_t *setting, const char *file, size_t kind, struct tb_error *err)
{
    return tb_error_set(err, -EINVAL, "%s:%u: %s must be an integer from %u to %u", file,
                        config_setting_source_line(setting), kinds[kind].name, kinds[kind].minimum,
                        kinds[kind].maximum);
}

int policy_bound_read(struct policy_bounds *bounds, const char *file, const config_setting_t *setting,
                      struct tb_error *err)
{
    int type = config_setting_type(setting);
    long long value = config_setting_get_int64(setting);
    size_t kind;

    for (kind = 0; kind < POLICY_BOUNDS; kind++)
        if (strcmp(kinds[kind].name, config_setting_name(setting)) == 0)
            break;
    if (kind == POLICY_BOUNDS)
        return 1;
    if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || value < (long long)kinds[kind].minimum ||
        value > (long long)kinds[kind].maximum)
        return refuse(setting, file, kind, err);
    bounds->list[kind] = (struct policy_bound){.policy = bounds->name, .max = (unsigned)value};
    return 0;
}

void policy_bounds_tighten(struct policy_bounds *bounds, const struct policy_bounds *other)
{
    size_t i;

    for (i = 0; i < POLICY_BOUNDS; i++)
        if (other->list[i].policy && (!bounds->list[i].policy || other->list[i].max < bounds->list[i].max))
            bounds->list[i] = other->list[i];
}

bool policy_bounds_any(const struct policy_bounds *bounds)
{
    size_t i;

    for (i = 0; i < POLICY_BOUNDS && !bounds->list[i].policy; i++)
        ;
    return i < POLICY_BOUNDS;
}

void policy_bound_print(const struct policy_bounds *bounds, enum policy_bound_kind kind,
                        char ret[POLICY_BOUND_NAME_MAX])
{
    const char *policy = bounds->list[kind].policy;

    snprintf(ret, POLICY_BOUND_NAME_MAX, "policies.%s.%s", policy ? policy : "", kinds[kind].name);
}
