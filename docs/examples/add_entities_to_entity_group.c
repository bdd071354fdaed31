/* SPDX-License-Identifier: Apache-2.0 */
/* addEntitiesToEntityGroup: puts two devices into a group. */
#include <tbclient/pe.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    const char *ids[] = {arguments[1], arguments[2]};
    tb_string_list devices = {2, ids};
    int r = tb_add_entities_to_entity_group(client, arguments[0], &devices, err);

    if (r == 0)
        printf("%zu devices are in the group now\n", devices.count);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 3, "GROUP_ID DEVICE_ID DEVICE_ID", run);
}
