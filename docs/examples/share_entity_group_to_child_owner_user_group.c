/* SPDX-License-Identifier: Apache-2.0 */
/* shareEntityGroupToChildOwnerUserGroup: gives all users of a customer a role for a group of devices. */
#include <tbclient/pe.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    const char *group_id = arguments[0], *customer_id = arguments[1], *role_id = arguments[2];
    tb_entity_group_info *users = NULL;
    int r = tb_get_entity_group_all_by_owner_and_type(client, "CUSTOMER", customer_id, "USER", &users, err);

    r = example_value(r, users, err);
    if (r < 0)
        return r;
    r = tb_share_entity_group_to_child_owner_user_group(client, group_id, example_id(users->id), role_id,
                                                        err);
    if (r == 0)
        printf("shared with the users in %s\n", example_text(users->name));
    tb_free(users);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 3, "GROUP_ID CUSTOMER_ID ROLE_ID", run);
}
