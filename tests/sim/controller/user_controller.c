/* SPDX-License-Identifier: Apache-2.0 */
/* Users, the tenant, and what the server says about itself. */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

void get_user(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    reply_json(rp, json_incref(rq->user->entity->doc));
}

void get_user_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_USER, entity_render_doc);
}

void get_customer_users(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *customer = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (customer)
        entity_list(sim, rq, rp, ENTITY_USER, customer->id, entity_render_doc);
}

/* A user who was created has no password, and so cannot log in. */
static json_t *build_user(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                          const char *name)
{
    const char *authority = json_str(rq->json, "authority");
    const char *customer = entity_id_field(rq->json, "customerId", NULL_UUID);

    if (e && e->user) { /* the three users stay */
        reply_no_permission(rp);
        return NULL;
    }
    if (!streq(authority, "TENANT_ADMIN") && !streq(authority, "CUSTOMER_USER")) {
        reply_no_permission(rp);
        return NULL;
    }
    if (streq(authority, "CUSTOMER_USER") && !store_find(&sim->store, ENTITY_CUSTOMER, customer)) {
        reply_not_found(rp, "Customer", customer);
        return NULL;
    }
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:n, s:s, s:o}", "customerId",
                     json_entity_id("CUSTOMER", customer), "email", name, "authority", authority, "firstName",
                     entity_any_field(rq, "firstName"), "lastName", entity_any_field(rq, "lastName"), "phone",
                     entity_any_field(rq, "phone"), "version", "name", name, "additionalInfo",
                     entity_any_field(rq, "additionalInfo"));
}

static const struct entity_kind user_kind = {ENTITY_USER, "User", "email", build_user};

void save_user(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool created;
    const struct entity *e = entity_save(sim, rq, rp, &user_kind, &created);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void delete_user(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_USER, 0);

    if (!e)
        return;
    if (e->user) { /* the three users stay */
        reply_no_permission(rp);
        return;
    }
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

/* The access tokens of a disabled user stay valid; refresh and login are refused. */
void set_user_credentials_enabled(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_USER, 0);
    const char *enabled = request_param(rq, "userCredentialsEnabled");

    if (!e)
        return;
    if (e->user)
        e->user->enabled = !enabled || request_flag(rq, "userCredentialsEnabled");
    reply_empty(rp, 200);
}

void is_user_token_access_enabled(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_json(rp, json_true());
}

void get_user_password_policy(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_json(rp, json_pack("{s:i, s:i, s:n, s:n, s:n, s:n, s:b, s:b, s:n, s:n}", "minimumLength", 6,
                             "maximumLength", 72, "minimumUppercaseLetters", "minimumLowercaseLetters",
                             "minimumDigits", "minimumSpecialCharacters", "allowWhitespaces", 1,
                             "forceUserToResetPasswordIfNotValid", 0, "passwordExpirationPeriodDays",
                             "passwordReuseFrequencyDays"));
}

/* PaaS: the part of the tenant's profile that clients ask for. */
void get_merged_profile_config(struct sim *sim, struct request *rq, struct reply *rp)
{
    char tenant[LIMIT_TEXT], customer[LIMIT_TEXT];

    (void)rq;
    limit_describe(&sim->tenant_limit, tenant);
    limit_describe(&sim->customer_limit, customer);
    reply_json(rp, json_pack("{s:s, s:s, s:s}", "type", "DEFAULT", "tenantServerRestLimitsConfiguration",
                             tenant, "customerServerRestLimitsConfiguration", customer));
}

void get_system_params(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_json(rp,
               json_pack("{s:b, s:[], s:b, s:b, s:b, s:b, s:{s:[]}, s:i, s:i, s:b, s:i, s:s, s:s, s:i, s:i}",
                         "userTokenAccessEnabled", 1, "allowedDashboardIds", "edgesSupportEnabled", 0,
                         "hasRepository", 0, "tbelEnabled", 1, "persistDeviceStateToTelemetry", 0,
                         "userSettings", "openedMenuSections", "maxDatapointsLimit", 50000, "maxResourceSize",
                         0, "mobileQrEnabled", 1, "maxDebugModeDurationMinutes", 15,
                         "ruleChainDebugPerTenantLimitsConfiguration", "50000:3600",
                         "calculatedFieldDebugPerTenantLimitsConfiguration", "50000:3600",
                         "maxArgumentsPerCF", 10, "maxDataPointsPerRollingArg", 1000));
}

void get_user_settings(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_json(rp, json_object());
}

void get_tenants(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_TENANT, NULL, entity_render_doc);
}

void get_tenant_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_TENANT, entity_render_doc);
}
