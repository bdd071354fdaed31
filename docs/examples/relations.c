/* SPDX-License-Identifier: Apache-2.0 */
/* saveRelation, getRelation, findEntityRelationInfosByFrom, deleteRelation: an asset contains a device. */
#include <tbclient/ce.h>

#include "example.h"

#define ASSET  TB_ENTITY_TYPE_ASSET
#define DEVICE TB_ENTITY_TYPE_DEVICE

/* Lists all entities that the asset has relations to. */
static int show(tb_client *client, const char *asset_id, tb_error *err)
{
    tb_entity_relation_info_list *found = NULL;
    int r = tb_find_entity_relation_infos_by_from(client, ASSET, asset_id, NULL, &found, err);

    for (size_t i = 0; r == 0 && found && i < found->count; i++)
        if (found->items[i])
            printf("it %s %s\n", example_text(found->items[i]->type), example_text(found->items[i]->to_name));
    tb_free(found);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_id asset = {.entity_type = ASSET, .id = arguments[0]};
    tb_entity_id device = {.entity_type = DEVICE, .id = arguments[1]};
    tb_entity_relation contains = {
        .from = &asset, .to = &device, .type = "Contains", .type_group = TB_RELATION_TYPE_GROUP_COMMON};
    tb_entity_relation *saved = NULL, *read = NULL, *deleted = NULL;
    int r = tb_save_relation(client, &contains, &saved, err);

    if (r == 0)
        r = tb_get_relation(client, asset.id, ASSET, "Contains", device.id, DEVICE, NULL, &read, err);
    r = example_value(r, read, err);
    if (r == 0)
        printf("asset %s %s device %s\n", example_id(read->from), example_text(read->type),
               example_id(read->to));
    if (r == 0)
        r = show(client, asset.id, err);
    if (r == 0)
        r = tb_delete_relation(client, asset.id, ASSET, "Contains", device.id, DEVICE, NULL, &deleted, err);
    if (r == 0)
        printf("deleted the relation\n");
    tb_free(deleted);
    tb_free(read);
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 2, "ASSET_ID DEVICE_ID", run);
}
