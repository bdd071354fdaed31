/* SPDX-License-Identifier: Apache-2.0 */
/* Three ways to authenticate with a server: an API key, a password, a pair of tokens. */
#include <tbclient/ce.h>

#include "example.h"

static int show_user(tb_client *client, char **arguments, tb_error *err)
{
    tb_user *user = NULL;
    int r = tb_get_user(client, &user, err);

    r = example_value(r, user, err);
    if (r == 0)
        printf("with %s: %s\n", arguments[0], example_text(user->email));
    tb_free(user);
    return r;
}

/* Returns the exit status. */
static int log_in(const char *with, const tb_client_options *options)
{
    char *arguments[] = {(char *)with};

    return example_run(options, arguments, show_user);
}

int main(int argc, char **argv)
{
    static char key[EXAMPLE_SECRET_MAX], password[EXAMPLE_SECRET_MAX];
    static char token[EXAMPLE_SECRET_MAX], refresh_token[EXAMPLE_SECRET_MAX];
    const char *url = getenv("TB_URL");

    if (argc != 6 || !url) {
        fprintf(stderr,
                "usage: TB_URL=URL %s KEY_FILE USERNAME PASSWORD_FILE TOKEN_FILE REFRESH_TOKEN_FILE\n",
                argv[0]);
        return 2;
    }
    if (example_read_secret(argv[1], key) < 0 || example_read_secret(argv[3], password) < 0 ||
        example_read_secret(argv[4], token) < 0 || example_read_secret(argv[5], refresh_token) < 0)
        return EXIT_FAILURE;
    if (log_in("an API key", &(tb_client_options){.url = url, .api_key = key}) != 0 ||
        log_in("a password", &(tb_client_options){.url = url, .username = argv[2], .password = password}) !=
            0)
        return EXIT_FAILURE;
    /* Without the refresh token, the client can be used until the token expires. */
    return log_in("tokens", &(tb_client_options){.url = url, .token = token, .refresh_token = refresh_token});
}
