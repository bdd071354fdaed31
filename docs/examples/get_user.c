/* SPDX-License-Identifier: Apache-2.0 */
/* getUser: shows who is logged in. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_user *user = NULL;
    int r = tb_get_user(client, &user, err);

    (void)arguments;
    r = example_value(r, user, err);
    if (r < 0)
        return r;
    printf("logged in as %s\n", example_text(user->email));
    if (tb_is(user->authority, TB_AUTHORITY_TENANT_ADMIN))
        printf("this is an administrator of the tenant\n");
    tb_free(user);
    return 0;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
