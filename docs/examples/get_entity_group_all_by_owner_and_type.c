/* SPDX-License-Identifier: Apache-2.0 */
/* getEntityGroupAllByOwnerAndType: reads the group "All" of a customer's users, which every customer has. */
#include <tbclient/pe.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_group_info *users = NULL;
    int r = tb_get_entity_group_all_by_owner_and_type(client, "CUSTOMER", arguments[0], "USER", &users, err);

    r = example_value(r, users, err);
    if (r < 0)
        return r;
    printf("%s %s\n", example_id(users->id), example_text(users->name));
    tb_free(users);
    return 0;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "CUSTOMER_ID", run);
}
