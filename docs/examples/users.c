/* SPDX-License-Identifier: Apache-2.0 */
/* saveUser, getCustomerUsers, deleteUser: a user of a customer, who gets no mail. */
#include <tbclient/ce.h>

#include "example.h"

static int list(tb_client *client, const char *customer_id, tb_error *err)
{
    tb_iterator *users = NULL;
    const tb_user *user;
    int r = tb_get_customer_users_iterate(client, customer_id, 100, NULL, &users, err);

    if (r < 0)
        return r;
    while ((user = tb_next(users, err)))
        printf("%s is %s\n", example_text(user->first_name), example_text(user->email));
    tb_iterator_free(users);
    return err->code;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_id customer = {.entity_type = TB_ENTITY_TYPE_CUSTOMER, .id = arguments[0]};
    tb_user user = {.email = arguments[1],
                    .first_name = arguments[2],
                    .authority = TB_AUTHORITY_CUSTOMER_USER,
                    .customer_id = &customer};
    tb_save_user_params params = {.send_activation_mail = "false"};
    tb_user *saved = NULL;
    int r = tb_save_user(client, &user, &params, &saved, err);

    r = example_value(r, saved, err);
    if (r < 0)
        return r;
    r = list(client, customer.id, err);
    if (r == 0)
        r = tb_delete_user(client, example_id(saved->id), err);
    if (r == 0)
        printf("deleted %s\n", example_text(saved->email));
    tb_free(saved);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 3, "CUSTOMER_ID EMAIL FIRST_NAME", run);
}
