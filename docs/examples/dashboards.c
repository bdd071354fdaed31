/* SPDX-License-Identifier: Apache-2.0 */
/* saveDashboard, getDashboardById, getDashboardInfoById, deleteDashboard: the life of a dashboard. */
#include <tbclient/ce.h>

#include "example.h"

static int show(tb_client *client, const char *id, tb_error *err)
{
    tb_dashboard *dashboard = NULL;
    tb_dashboard_info *info = NULL;
    int r = tb_get_dashboard_by_id(client, id, NULL, &dashboard, err);

    r = example_value(r, dashboard, err);
    if (r == 0) /* without the configuration, which may be large */
        r = tb_get_dashboard_info_by_id(client, id, &info, err);
    r = example_value(r, info, err);
    if (r == 0)
        printf("%s: %s\n", example_text(info->title),
               example_text(json_string_value(json_object_get(dashboard->configuration, "description"))));
    tb_free(info);
    tb_free(dashboard);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_dashboard dashboard = {.title = arguments[0]};
    tb_dashboard *saved = NULL;
    int r;

    dashboard.configuration = json_pack("{s:s}", "description", "all boilers");
    r = tb_save_dashboard(client, &dashboard, NULL, &saved, err);
    json_decref(dashboard.configuration);
    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s\n", example_text(saved->title));
    r = show(client, example_id(saved->id), err);
    if (r == 0)
        r = tb_delete_dashboard(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->title));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "TITLE", run);
}
