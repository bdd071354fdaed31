/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_origin.h"

const char *spool_origin_url(const struct upstream *upstream)
{
    return upstream_server_state(upstream, 0).url;
}

const char *spool_origin_tenant(const struct upstream *upstream)
{
    const json_t *user = upstream->session ? session_user(upstream->session) : NULL;
    const json_t *tenant = json_object_get(user, "tenantId");
    const char *id;

    if (upstream->session && !user)
        return NULL;
    id = json_string_value(json_is_object(tenant) ? json_object_get(tenant, "id") : tenant);
    return id ? id : "";
}

static bool is_configured(const struct upstream *upstream, const char *url)
{
    const char *known;
    size_t i;

    for (i = 0; (known = upstream_server_state(upstream, i).url); i++)
        if (strcmp(known, url) == 0)
            return true;
    return false;
}

const char *spool_origin_differs(const struct upstream *upstream, const char *url, const char *tenant)
{
    const char *known = spool_origin_tenant(upstream);

    if (*url && !is_configured(upstream, url))
        return "it was written for another server";
    if (*tenant && known && strcmp(tenant, known) != 0)
        return "it was written for another tenant";
    return NULL;
}
