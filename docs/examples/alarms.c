/* SPDX-License-Identifier: Apache-2.0 */
/* saveAlarm, getAlarmById, getAlarmInfoById, deleteAlarm: the life of an alarm. */
#include <tbclient/ce.h>

#include "example.h"

static int show(tb_client *client, const char *id, tb_error *err)
{
    tb_alarm *alarm = NULL;
    tb_alarm_info *info = NULL;
    int r = tb_get_alarm_by_id(client, id, &alarm, err);

    r = example_value(r, alarm, err);
    if (r == 0)
        r = tb_get_alarm_info_by_id(client, id, &info, err);
    r = example_value(r, info, err);
    if (r == 0)
        printf("%s of %s: %s, %s\n", example_text(alarm->type), example_text(info->originator_name),
               example_text(alarm->severity), example_text(alarm->status));
    tb_free(info);
    tb_free(alarm);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_id device = {.entity_type = TB_ENTITY_TYPE_DEVICE, .id = arguments[0]};
    tb_alarm alarm = {.type = "High temperature",
                      .originator = &device,
                      .severity = TB_ALARM_SEVERITY_MAJOR,
                      .acknowledged = TB_SET(false),
                      .cleared = TB_SET(false)};
    tb_alarm *saved = NULL;
    bool deleted = false;
    int r = tb_save_alarm(client, &alarm, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("raised %s\n", example_text(saved->type));
    r = show(client, example_id(saved->id), err);
    if (r == 0)
        r = tb_delete_alarm(client, example_id(saved->id), &deleted, err);
    if (r == 0)
        printf("%s %s\n", deleted ? "deleted" : "someone else has deleted", example_text(saved->type));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
