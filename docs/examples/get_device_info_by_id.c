/* SPDX-License-Identifier: Apache-2.0 */
/* getDeviceInfoById: reads a device with the names of its profile and customer, and whether it is active. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_device_info *info = NULL;
    int r = tb_get_device_info_by_id(client, arguments[0], &info, err);

    r = example_value(r, info, err);
    if (r < 0)
        return r;
    printf("%s has the profile %s\n", example_text(info->name), example_text(info->device_profile_name));
    if (info->customer_title)
        printf("it belongs to %s\n", info->customer_title);
    if (info->active.set)
        printf("it is %s\n", info->active.value ? "active" : "not active");
    tb_free(info);
    return 0;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
