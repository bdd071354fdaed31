/* SPDX-License-Identifier: Apache-2.0 */
/* getDeviceById: reads a device, and checks which members are set. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_device *device = NULL;
    int r = tb_get_device_by_id(client, arguments[0], &device, err);

    r = example_value(r, device, err);
    if (r < 0)
        return r;
    printf("name: %s\n", example_text(device->name));
    printf("type: %s\n", example_text(device->type));
    printf("label: %s\n", example_text(device->label));
    if (device->created_time.set)
        printf("created: %lld ms after 1970\n", (long long)device->created_time.value);
    tb_free(device);
    return 0;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
