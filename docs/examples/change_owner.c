/* SPDX-License-Identifier: Apache-2.0 */
/* changeOwnerToCustomer, changeOwnerToTenant: makes a customer the owner of a device, and the tenant again.
 */
#include <tbclient/pe.h>

#include "example.h"

static int show(tb_client *client, const char *device_id, tb_error *err)
{
    tb_device *device = NULL;
    int r = tb_get_device_by_id(client, device_id, &device, err);

    r = example_value(r, device, err);
    if (r == 0)
        printf("%s is owned by a %s\n", example_text(device->name),
               device->owner_id ? example_text(device->owner_id->entity_type) : "(none)");
    tb_free(device);
    return r;
}

static int give_back(tb_client *client, const char *device_id, tb_error *err)
{
    tb_user *user = NULL; /* who calls, and so knows the tenant */
    int r = tb_get_user(client, &user, err);

    r = example_value(r, user, err);
    if (r == 0)
        r = tb_change_owner_to_tenant(client, example_id(user->tenant_id), "DEVICE", device_id, NULL, err);
    if (r == 0)
        r = show(client, device_id, err);
    tb_free(user);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    const char *device_id = arguments[0], *customer_id = arguments[1];
    int r = tb_change_owner_to_customer(client, customer_id, "DEVICE", device_id, NULL, err);

    if (r == 0)
        r = show(client, device_id, err);
    if (r == 0)
        r = give_back(client, device_id, err);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 2, "DEVICE_ID CUSTOMER_ID", run);
}
