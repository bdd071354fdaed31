/* SPDX-License-Identifier: Apache-2.0 */
/* saveEntityGroup: creates a group of devices and deletes it. */
#include <tbclient/pe.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_group group = {.name = arguments[0], .type = TB_ENTITY_TYPE_DEVICE};
    tb_entity_group_info *saved = NULL;
    int r = tb_save_entity_group(client, &group, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s, a group of type %s\n", example_text(saved->name), example_text(saved->type));
    r = tb_delete_entity_group(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->name));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "NAME", run);
}
