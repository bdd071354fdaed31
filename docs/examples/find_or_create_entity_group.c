/* SPDX-License-Identifier: Apache-2.0 */
/* getEntityGroupByOwnerAndNameAndType, saveEntityGroup: finds the tenant's group of devices with a name, or
 * creates it. */
#include <tbclient/pe.h>

#include "example.h"

static int create(tb_client *client, const char *name, tb_entity_group_info **ret, tb_error *err)
{
    tb_entity_group group = {.name = name, .type = TB_ENTITY_TYPE_DEVICE};

    return tb_save_entity_group(client, &group, ret, err);
}

static int find_or_create(tb_client *client, const char *tenant_id, const char *name, tb_error *err)
{
    tb_entity_group_info *group = NULL;
    const char *how = "found";
    int r = tb_get_entity_group_by_owner_and_name_and_type(client, "TENANT", tenant_id, "DEVICE", name,
                                                           &group, err);

    if (err->kind == TB_ERROR_NOT_FOUND) { /* any other error is one */
        tb_error_clear(err);
        how = "created";
        r = create(client, name, &group, err);
    }
    r = example_value(r, group, err);
    if (r == 0)
        printf("%s %s %s\n", how, example_id(group->id), example_text(group->name));
    tb_free(group);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_user *user = NULL;
    int r = tb_get_user(client, &user, err);

    r = example_value(r, user, err);
    if (r == 0)
        r = find_or_create(client, example_id(user->tenant_id), arguments[0], err);
    tb_free(user);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "NAME", run);
}
