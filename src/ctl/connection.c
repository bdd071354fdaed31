/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/connection.h"

#include <errno.h>
#include <stdio.h>

#include "base/secret.h"
#include "ctl/message.h"

bool connection_is_direct(const struct connection_options *options)
{
    return options->api_key_file || options->username || options->password_file || options->token_file;
}

int connection_check(const struct connection_options *options, struct tb_error *err)
{
    int ways =
        !!options->api_key_file + (options->username || options->password_file) + !!options->token_file;

    if (ways > 1)
        return tb_error_set(
            err, -EINVAL,
            "more than one credential: give --api-key-file, or --username and --password-file, or "
            "--token-file");
    if (!options->username != !options->password_file)
        return tb_error_set(err, -EINVAL, "--username and --password-file must be given together");
    return 0;
}

const char *connection_url(const struct connection_options *options)
{
    const char *environment = getenv("TBPROXY_URL");

    if (options->url)
        return options->url;
    if (options->unix_socket) /* the host does not matter */
        return "http://localhost";
    return environment && *environment ? environment : URL_DEFAULT;
}

const char *connection_hint(const struct connection_options *options, const struct tb_error *err)
{
    return err->kind == TB_ERROR_TRANSPORT && !connection_is_direct(options)
               ? "; is tbproxyd running? systemctl status tbproxyd"
               : "";
}

/* On a command line, a name without a slash is a file, not a systemd credential. */
static int read_file(const char *option, const char *path, char **ret, struct tb_error *err)
{
    CLEANUP(free_pointer) char *local = NULL;
    int r = 0;

    if (path && secret_is_credential(path) && asprintf(&local, "./%s", path) < 0)
        return tb_error_set(err, -ENOMEM, "out of memory");
    if (path)
        r = secret_read(local ? local : path, ret, err);
    return r < 0 ? tb_error_prefix(err, "--%s", option) : 0;
}

static void print_warning(void *context, const char *message)
{
    (void)context;
    say("warning: %s", message);
}

int connection_open_client(const struct connection_options *options, tb_client **ret, struct tb_error *err)
{
    CLEANUP(free_secret_pointer) char *api_key = NULL;
    CLEANUP(free_secret_pointer) char *password = NULL;
    CLEANUP(free_secret_pointer) char *token = NULL;
    tb_client_options client = {
        .url = connection_url(options),
        .unix_socket = options->unix_socket,
        .username = options->username,
        .timeout_ms = options->timeout_ms,
        .max_connections = 1,
        .ca_file = options->ca_file,
        .warning = print_warning,
        /* tbproxyd retries by itself; retrying here too would multiply the attempts. */
        .no_retry_on_rate_limit = !connection_is_direct(options),
    };
    int r = read_file("api-key-file", options->api_key_file, &api_key, err);

    if (r == 0)
        r = read_file("password-file", options->password_file, &password, err);
    if (r == 0)
        r = read_file("token-file", options->token_file, &token, err);
    if (r < 0)
        return r;
    client.api_key = api_key;
    client.password = password;
    client.token = token;
    return tb_client_open(&client, ret, err);
}
