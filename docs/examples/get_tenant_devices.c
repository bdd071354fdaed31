/* SPDX-License-Identifier: Apache-2.0 */
/* getTenantDevices: lists all devices of the tenant, page by page. */
#include <tbclient/ce.h>

#include "example.h"

#define PAGE_SIZE 100

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_get_tenant_devices_params params = {.sort_property = "name", .sort_order = "ASC"};
    tb_iterator *devices = NULL;
    const tb_device *device;
    size_t count = 0;
    int r = tb_get_tenant_devices_iterate(client, PAGE_SIZE, &params, &devices, err);

    (void)arguments;
    if (r < 0)
        return r;
    while ((device = tb_next(devices, err))) { /* gets the next page when needed */
        printf("%s %s\n", example_id(device->id), example_text(device->name));
        count++;
    }
    tb_iterator_free(devices);
    if (err->code < 0)
        return err->code;
    printf("%zu devices\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
