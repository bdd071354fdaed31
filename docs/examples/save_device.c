/* SPDX-License-Identifier: Apache-2.0 */
/* saveDevice: creates a device, changes it and saves it again, then deletes it. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_device boiler = {.name = arguments[0], .type = "default"};
    tb_device *saved = NULL, *changed = NULL;
    int r = tb_save_device(client, &boiler, NULL, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s with id %s\n", example_text(saved->name), example_id(saved->id));

    /* The change is sent with all that the server has sent, including the version. */
    saved->label = "in the cellar";
    r = tb_save_device(client, saved, NULL, &changed, err);
    r = example_value(r, changed, err);
    if (r == 0)
        printf("%s is %s now, version %lld\n", example_text(changed->name), example_text(changed->label),
               (long long)changed->version.value);
    if (r == 0)
        r = tb_delete_device(client, example_id(changed->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(changed->name));
    tb_free(changed);
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "NAME", run);
}
