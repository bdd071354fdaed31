/* SPDX-License-Identifier: Apache-2.0 */
/* A customer with everything it needs: the customer, its user, a group of its devices, and a role with which
 * its users read them. Afterwards all of it is deleted. */
#include <tbclient/pe.h>

#include "example.h"

/* What has been made so far; the rest is NULL. */
struct onboarding {
    tb_client *client;
    tb_customer *customer;
    tb_entity_group_info *users; /* the group "All" of the customer's users, which every customer has */
    tb_user *user;
    tb_entity_group_info *devices;
    tb_device *device;
    tb_role *role;
};

static int add_customer(struct onboarding *o, tb_error *err)
{
    int r = tb_save_customer(o->client, &(tb_customer){.title = "Acme"}, NULL, &o->customer, err);

    r = example_value(r, o->customer, err);
    if (r == 0)
        r = tb_get_entity_group_all_by_owner_and_type(o->client, "CUSTOMER", example_id(o->customer->id),
                                                      "USER", &o->users, err);
    r = example_value(r, o->users, err);
    if (r == 0)
        printf("1. customer %s\n", example_text(o->customer->title));
    return r;
}

static int add_user(struct onboarding *o, tb_error *err)
{
    tb_user user = {.email = "jane@acme.example",
                    .authority = TB_AUTHORITY_CUSTOMER_USER,
                    .customer_id = o->customer->id};
    tb_save_user_params params = {.send_activation_mail = "false",
                                  .entity_group_id = example_id(o->users->id)};
    int r = tb_save_user(o->client, &user, &params, &o->user, err);

    r = example_value(r, o->user, err);
    if (r == 0)
        printf("2. user %s\n", example_text(o->user->email));
    return r;
}

static int add_device(struct onboarding *o, tb_error *err)
{
    tb_entity_group group = {.name = "Acme Devices", .type = TB_ENTITY_TYPE_DEVICE};
    tb_save_device_params params = {0};
    int r = tb_save_entity_group(o->client, &group, &o->devices, err);

    r = example_value(r, o->devices, err);
    if (r < 0)
        return r;
    params.entity_group_id = example_id(o->devices->id);
    r = tb_save_device(o->client, &(tb_device){.name = "Acme Boiler", .type = "default"}, &params, &o->device,
                       err);
    r = example_value(r, o->device, err);
    if (r == 0)
        printf("3. device %s in the group %s\n", example_text(o->device->name),
               example_text(o->devices->name));
    return r;
}

static int share(struct onboarding *o, tb_error *err)
{
    tb_role role = {.name = "Acme Device Readers", .type = TB_ROLE_TYPE_GROUP};
    int r;

    role.permissions = json_pack("[s, s]", "READ", "READ_TELEMETRY");
    r = tb_save_role(o->client, &role, &o->role, err);
    json_decref(role.permissions);
    r = example_value(r, o->role, err);
    if (r == 0)
        r = tb_share_entity_group_to_child_owner_user_group(
            o->client, example_id(o->devices->id), example_id(o->users->id), example_id(o->role->id), err);
    if (r == 0)
        printf("4. the users in %s may read %s\n", example_text(o->users->name),
               example_text(o->devices->name));
    return r;
}

/* Deletes what there is, in the opposite order. */
static int remove_all(struct onboarding *o, tb_error *err)
{
    int r = 0;

    if (o->role)
        r = tb_delete_role(o->client, example_id(o->role->id), err);
    if (r == 0 && o->device)
        r = tb_delete_device(o->client, example_id(o->device->id), err);
    if (r == 0 && o->devices)
        r = tb_delete_entity_group(o->client, example_id(o->devices->id), err);
    if (r == 0 && o->user)
        r = tb_delete_user(o->client, example_id(o->user->id), err);
    if (r == 0 && o->customer)
        r = tb_delete_customer(o->client, example_id(o->customer->id), err);
    return r;
}

static void free_all(struct onboarding *o)
{
    tb_free(o->role);
    tb_free(o->device);
    tb_free(o->devices);
    tb_free(o->user);
    tb_free(o->users);
    tb_free(o->customer);
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    struct onboarding o = {.client = client};
    int r = add_customer(&o, err), end;

    (void)arguments;
    if (r == 0)
        r = add_user(&o, err);
    if (r == 0)
        r = add_device(&o, err);
    if (r == 0)
        r = share(&o, err);
    end = remove_all(&o, r == 0 ? err : NULL); /* the first error counts */
    free_all(&o);
    if (r == 0 && end == 0)
        printf("and all deleted again\n");
    return r < 0 ? r : end;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
