/* SPDX-License-Identifier: Apache-2.0 */
/* deleteDevice: deletes a device; one that does not exist is not an error. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    int r = tb_delete_device(client, arguments[0], err);

    if (r < 0 && err->kind == TB_ERROR_NOT_FOUND) {
        printf("there is no device %s\n", arguments[0]);
        tb_error_clear(err);
        return 0;
    }
    if (r == 0)
        printf("deleted device %s\n", arguments[0]);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
