/* SPDX-License-Identifier: Apache-2.0 */
/* A customer of a customer: saveCustomer with a parent. */
#include <tbclient/pe.h>

#include "example.h"

static int add_child(tb_client *client, tb_customer *parent, const char *title, tb_error *err)
{
    tb_customer customer = {.title = title, .parent_customer_id = parent->id};
    tb_customer *child = NULL;
    int r = tb_save_customer(client, &customer, NULL, &child, err);

    r = example_value(r, child, err);
    if (r < 0)
        return r;
    if (strcmp(example_id(child->parent_customer_id), example_id(parent->id)) == 0)
        printf("%s is a customer of %s\n", example_text(child->title), example_text(parent->title));
    r = tb_delete_customer(client, example_id(child->id), err);
    tb_free(child);
    return r;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_customer *parent = NULL;
    int r = tb_save_customer(client, &(tb_customer){.title = arguments[0]}, NULL, &parent, err), end;

    r = example_value(r, parent, err);
    if (r < 0)
        return r;
    r = add_child(client, parent, arguments[1], err);
    end = tb_delete_customer(client, example_id(parent->id), r == 0 ? err : NULL);
    tb_free(parent);
    return r < 0 ? r : end;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 2, "TITLE TITLE_OF_THE_CHILD", run);
}
