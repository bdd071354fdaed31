/* SPDX-License-Identifier: Apache-2.0 */
/* A first program, from opening a client to cleaning up. The other examples leave main() to example.h. */
#include <tbclient/ce.h>

#include "example.h"

/* Creates a device, stores a value, and deletes the device. */
static int push(tb_client *client, tb_error *err)
{
    tb_device *saved = NULL;
    int r = tb_save_device(client, &(tb_device){.name = "Quickstart Device", .type = "default"}, NULL, &saved,
                           err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    const char *id = example_id(saved->id);

    r = tb_save_entity_telemetry(client, TB_ENTITY_TYPE_DEVICE, id, "ANY", "{\"temperature\": 22.4}", NULL,
                                 err);
    if (r == 0)
        printf("Pushed telemetry to %s\n", example_text(saved->name));
    if (r == 0)
        r = tb_delete_device(client, id, err);
    tb_free(saved); /* frees the result and all that it points to */
    return r;
}

int main(void)
{
    const char *url = getenv("TB_URL"), *key_file = getenv("TB_API_KEY_FILE");
    char key[EXAMPLE_SECRET_MAX];
    tb_client_options options = {.url =
                                     url ? url : "http://127.0.0.1:8282"}; /* tbproxyd, which needs no key */
    tb_client *client = NULL;
    tb_error err = TB_ERROR_INIT;
    int r = key_file ? example_read_secret(key_file, key) : 0;

    options.api_key = key_file ? key : NULL;
    if (r == 0)
        r = tb_client_open(&options, &client, &err); /* authenticates now */
    if (r == 0)
        r = push(client, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.message);
    tb_error_clear(&err);
    tb_client_close(client);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
