/* SPDX-License-Identifier: Apache-2.0 */
/* saveCustomer, getCustomerById, getShortCustomerInfoById, deleteCustomer: the life of a customer. */
#include <tbclient/ce.h>

#include "example.h"

static int show(tb_client *client, const char *id, tb_error *err)
{
    tb_customer *customer = NULL;
    json_t *info = NULL; /* the API does not define this structure: free JSON */
    int r = tb_get_customer_by_id(client, id, &customer, err);

    r = example_value(r, customer, err);
    if (r == 0)
        r = tb_get_short_customer_info_by_id(client, id, &info, err);
    if (r == 0)
        printf("%s is in %s and %s public\n", example_text(customer->title), example_text(customer->city),
               json_is_true(json_object_get(info, "isPublic")) ? "is" : "is not");
    json_decref(info);
    tb_free(customer);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_customer customer = {.title = arguments[0], .country = "Germany", .city = "Berlin"};
    tb_customer *saved = NULL;
    int r = tb_save_customer(client, &customer, NULL, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    printf("created %s\n", example_text(saved->title));
    r = show(client, example_id(saved->id), err);
    if (r == 0)
        r = tb_delete_customer(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->title));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "TITLE", run);
}
