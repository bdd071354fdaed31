/* SPDX-License-Identifier: Apache-2.0 */
/* saveAsset, getAssetById, getAssetInfoById, deleteAsset: the life of an asset. */
#include <tbclient/ce.h>

#include "example.h"

static int show(tb_client *client, const char *id, tb_error *err)
{
    tb_asset *asset = NULL;
    tb_asset_info *info = NULL;
    int r = tb_get_asset_by_id(client, id, &asset, err);

    r = example_value(r, asset, err);
    if (r == 0)
        r = tb_get_asset_info_by_id(client, id, &info, err);
    r = example_value(r, info, err);
    if (r == 0)
        printf("%s is of type %s, with the profile %s\n", example_text(asset->name),
               example_text(asset->type), example_text(info->asset_profile_name));
    tb_free(info);
    tb_free(asset);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_asset building = {.name = arguments[0], .type = "default", .label = "head office"};
    tb_asset *saved = NULL;
    int r = tb_save_asset(client, &building, NULL, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s\n", example_text(saved->name));
    r = show(client, example_id(saved->id), err);
    if (r == 0)
        r = tb_delete_asset(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->name));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "NAME", run);
}
