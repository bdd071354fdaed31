/* SPDX-License-Identifier: Apache-2.0 */
/* saveRole: creates a role that allows reading, and deletes it. */
#include <tbclient/pe.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_role role = {.name = arguments[0], .type = TB_ROLE_TYPE_GROUP};
    tb_role *saved = NULL;
    int r;

    role.permissions = json_pack("[s, s]", "READ", "READ_TELEMETRY");
    r = tb_save_role(client, &role, &saved, err);
    json_decref(role.permissions);
    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s with %zu permissions\n", example_text(saved->name),
           json_array_size(saved->permissions));
    r = tb_delete_role(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->name));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "NAME", run);
}
