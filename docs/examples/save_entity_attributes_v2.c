/* SPDX-License-Identifier: Apache-2.0 */
/* saveEntityAttributesV2: sets server-side attributes of a device. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    json_t *attributes = json_pack("{s:i, s:s, s:b}", "floor", -1, "vendor", "Acme", "inspected", 1);
    char *body = json_dumps(attributes, JSON_COMPACT);
    int r = tb_save_entity_attributes_v2(client, TB_ENTITY_TYPE_DEVICE, arguments[0], "SERVER_SCOPE", body,
                                         NULL, err);

    if (r == 0)
        printf("set %zu attributes\n", json_object_size(attributes));
    free(body);
    json_decref(attributes);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
