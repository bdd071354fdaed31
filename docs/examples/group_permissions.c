/* SPDX-License-Identifier: Apache-2.0 */
/* saveGroupPermission, getEntityGroupPermissions, deleteGroupPermission: gives a group of users a role for a
 * group of devices. */
#include <tbclient/pe.h>

#include "example.h"

static int list(tb_client *client, const char *group_id, tb_error *err)
{
    tb_group_permission_info_list *found = NULL;
    int r = tb_get_entity_group_permissions(client, group_id, &found, err);

    for (size_t i = 0; r == 0 && found && i < found->count; i++)
        if (found->items[i])
            printf("the users of %s have the role %s\n", example_text(found->items[i]->user_group_name),
                   found->items[i]->role ? example_text(found->items[i]->role->name) : "(none)");
    tb_free(found);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_id devices = {.entity_type = TB_ENTITY_TYPE_ENTITY_GROUP, .id = arguments[0]};
    tb_entity_id users = {.entity_type = TB_ENTITY_TYPE_ENTITY_GROUP, .id = arguments[1]};
    tb_entity_id role = {.entity_type = TB_ENTITY_TYPE_ROLE, .id = arguments[2]};
    tb_group_permission permission = {.user_group_id = &users,
                                      .role_id = &role,
                                      .entity_group_id = &devices,
                                      .entity_group_type = TB_ENTITY_TYPE_DEVICE};
    tb_group_permission *saved = NULL;
    int r = tb_save_group_permission(client, &permission, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    r = list(client, devices.id, err);
    if (r == 0)
        r = tb_delete_group_permission(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted the permission\n");
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 3, "DEVICE_GROUP_ID USER_GROUP_ID ROLE_ID", run);
}
