/* SPDX-License-Identifier: Apache-2.0 */
/* What a new server holds: one tenant, one customer, and the three users that tbsim --help names. */
#include "sim/base/memory.h"
#include "sim/json/java_json.h"
#include "sim/store/entity_store.h"

static const struct {
    const char *email;
    const char *password;
    const char *authority_name;
    enum authority authority;
} accounts[N_USERS] = {
    {"sysadmin@thingsboard.org", "sysadmin", "SYS_ADMIN", SYS_ADMIN},
    {"tenant@thingsboard.org", "tenant", "TENANT_ADMIN", TENANT_ADMIN},
    {"customer@thingsboard.org", "customer", "CUSTOMER_USER", CUSTOMER_USER},
};

static struct entity *add_tenant(struct store *store, int64_t now)
{
    struct entity *e = store_add(store, ENTITY_TENANT, now);

    e->doc = json_pack("{s:o, s:I, s:s, s:s, s:s, s:i, s:n}", "id", json_entity_id("TENANT", e->id),
                       "createdTime", (json_int_t)now, "title", "Tenant", "region", "Global", "name",
                       "Tenant", "version", 1, "additionalInfo");
    return e;
}

static struct entity *add_customer(struct store *store, int64_t now)
{
    struct entity *e = store_add(store, ENTITY_CUSTOMER, now);

    e->doc =
        json_pack("{s:o, s:I, s:o, s:s, s:n, s:i, s:s, s:n}", "id", json_entity_id("CUSTOMER", e->id),
                  "createdTime", (json_int_t)now, "tenantId", json_entity_id("TENANT", store->tenant->id),
                  "title", "Customer A", "externalId", "version", 1, "name", "Customer A", "additionalInfo");
    store_set_name(store, e, NULL, "Customer A");
    return e;
}

/* Recorded: "GET /api/auth/user". */
static json_t *user_doc(const struct user *u, const char *authority)
{
    return json_pack("{s:o, s:I, s:o, s:o, s:s, s:s, s:n, s:n, s:n, s:i, s:s, s:n}", "id",
                     json_entity_id("USER", u->entity->id), "createdTime", (json_int_t)u->entity->created,
                     "tenantId", json_entity_id("TENANT", u->tenant_id), "customerId",
                     json_entity_id("CUSTOMER", u->customer_id), "email", u->email, "authority", authority,
                     "firstName", "lastName", "phone", "version", 1, "name", u->email, "additionalInfo");
}

void store_init(struct store *store, int64_t now)
{
    store->tenant = add_tenant(store, now);
    struct entity *customer = add_customer(store, now);

    for (size_t i = 0; i < N_USERS; i++) {
        struct user *u = &store->users[i];

        *u = (struct user){
            .entity = store_add(store, ENTITY_USER, now),
            .authority = accounts[i].authority,
            .email = accounts[i].email,
            .password = xstrdup(accounts[i].password),
            .tenant_id = accounts[i].authority == SYS_ADMIN ? NULL_UUID : store->tenant->id,
            .customer_id = accounts[i].authority == CUSTOMER_USER ? customer->id : NULL_UUID,
            .enabled = true,
        };
        u->entity->user = u;
        u->entity->doc = user_doc(u, accounts[i].authority_name);
    }
    store_profile(store, ENTITY_DEVICE, "default");
    store_profile(store, ENTITY_ASSET, "default");
}
