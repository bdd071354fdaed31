/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that uses libtbclient while calls fail (fail.c). For each line of its input it opens a client,
 * makes some calls, and closes it. It prints how that ended: "0", or the code of an error and its message;
 * and whether anything has leaked.
 *
 *     library URL USER PASSWORD DEVICE-ID
 */
#include <stdio.h>
#include <string.h>
#include <tbclient/ce.h>

/* fail.c */
void look_for_leaks(void);

static int read_device(tb_client *client, const char *id, tb_error *err)
{
    tb_device *device = NULL;
    int r = tb_get_device_by_id(client, id, &device, err);

    if (r == 0 && (!device || !device->name || strcmp(device->name, "boiler") != 0))
        r = 1;
    tb_free(device);
    return r;
}

static int save_values(tb_client *client, const char *id, tb_error *err)
{
    return tb_save_entity_telemetry(client, TB_ENTITY_TYPE_DEVICE, id, "ANY", "{\"v\": 26.5}", NULL, err);
}

static int call(tb_client *client, const char *id, tb_error *err)
{
    json_t *parameters = json_pack("{s:s}", "deviceId", id), *answer = NULL;
    int r = tb_call(client, &tb_ce, "getDeviceById", parameters, NULL, NULL, &answer, err);
    const char *name = json_string_value(json_object_get(answer, "name"));

    if (r == 0 && (!name || strcmp(name, "boiler") != 0))
        r = 1;
    json_decref(parameters);
    json_decref(answer);
    return r;
}

/* 1: a wrong answer. */
static int run(char **arguments, tb_error *err)
{
    tb_client_options options = {.url = arguments[0],
                                 .username = arguments[1],
                                 .password = arguments[2],
                                 .initial_retry_delay_ms = 10,
                                 .timeout_ms = 3000};
    tb_client *client = NULL;
    int r = tb_client_open(&options, &client, err);

    if (r == 0)
        r = read_device(client, arguments[3], err);
    if (r == 0)
        r = save_values(client, arguments[3], err);
    if (r == 0)
        r = call(client, arguments[3], err);
    tb_client_close(client);
    return r;
}

int main(int argc, char **argv)
{
    tb_error err = TB_ERROR_INIT;
    char line[16];
    int r;

    setvbuf(stdout, NULL, _IONBF, 0);
    while (argc == 5 && fgets(line, sizeof(line), stdin)) {
        r = run(argv + 1, &err);
        look_for_leaks();
        printf("%d %s\n", r, r < 0 ? err.message : "");
        tb_error_clear(&err);
    }
    return 0;
}
