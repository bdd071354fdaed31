/* SPDX-License-Identifier: Apache-2.0 */
/* saveEntityTelemetry: stores values of a device, with the server's time and with a time of its own. */
#include <tbclient/ce.h>

#include "example.h"

/* The path requires a scope; for telemetry the server ignores it. */
static int save(tb_client *client, const char *device_id, const char *values, tb_error *err)
{
    return tb_save_entity_telemetry(client, TB_ENTITY_TYPE_DEVICE, device_id, "ANY", values, NULL, err);
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    int r = save(client, arguments[0], "{\"temperature\": 26.5, \"humidity\": 87}", err);

    if (r == 0)
        r = save(client, arguments[0], "{\"ts\": 1767225600000, \"values\": {\"temperature\": 22.4}}", err);
    if (r == 0)
        printf("stored temperature and humidity\n");
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "DEVICE_ID", run);
}
