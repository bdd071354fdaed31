/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong, and how a program distinguishes it. */
#include <tbclient/ce.h>

#include "example.h"

/* Prints an error: a program decides by its kind, the rest is for people. */
static void print_error(const tb_error *err)
{
    printf("%s: status %d, errorCode %d: %s\n", tb_error_kind_name(err->kind), err->status, err->error_code,
           err->message);
    if (err->body)
        printf("    the server's own words: %s\n", err->body);
}

/* Expects R to be an error, and clears it for the next call. */
static int expect(int r, tb_error *err)
{
    if (r == 0) {
        printf("that was not an error\n");
        return -1;
    }
    print_error(err);
    tb_error_clear(err);
    return 0;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    const char *unknown = "00000000-0000-4000-8000-000000000000";
    tb_device *device = NULL;
    int r = expect(tb_get_device_by_id(client, unknown, &device, err), err); /* not found */

    (void)arguments;
    if (r == 0) /* refused by the server: this is not a UUID */
        r = expect(tb_get_device_by_id(client, "nonexistent-id", &device, err), err);
    if (r == 0) /* refused before anything is sent: there is no such path */
        r = expect(tb_get_device_by_id(client, "..", &device, err), err);
    tb_free(device);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
