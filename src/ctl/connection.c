/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/connection.h"

#include <errno.h>
#include <stdio.h>

#include "base/secret.h"
#include "client/error.h"
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
    if (options->admin && (options->url || options->unix_socket))
        return tb_error_set(err, -EINVAL, "--admin excludes --url and --unix-socket");
    return 0;
}

static const char *environment_of(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

const char *connection_url(const struct connection_options *options)
{
    const char *environment = environment_of("TBPROXY_URL");

    if (options->url)
        return options->url;
    if (options->unix_socket) /* the host does not matter */
        return "http://localhost";
    return environment ? environment : URL_DEFAULT;
}

struct connection_options connection_to_daemon(const struct connection_options *options, int *ret_refusal)
{
    struct connection_options way = *options;
    bool is_default = !options->url && !options->unix_socket && !environment_of("TBPROXY_URL");

    *ret_refusal = 0;
    if (options->url || options->unix_socket)
        return way;
    way.unix_socket = options->admin ? options->admin : environment_of("TBPROXY_ADMIN");
    if (way.unix_socket || !is_default)
        return way;
    if (access(ADMIN_DEFAULT, R_OK | W_OK) == 0)
        way.unix_socket = ADMIN_DEFAULT;
    else
        *ret_refusal = errno;
    return way;
}

int connection_to_admin(const struct connection_options *options, struct connection_options *ret,
                        struct tb_error *err)
{
    int refusal;
    struct connection_options way = connection_to_daemon(options, &refusal);

    if (refusal == EACCES)
        return FAIL(err, TB_ERROR_FORBIDDEN, -EACCES, "%s: %s; join the group tbproxy-admin, or use sudo",
                    ADMIN_DEFAULT, strerror(refusal));
    if (refusal)
        return FAIL(err, TB_ERROR_TRANSPORT, -refusal, "%s: %s", ADMIN_DEFAULT, strerror(refusal));
    *ret = way;
    return 0;
}

const char *connection_hint(const struct connection_options *options, const struct tb_error *err)
{
    if (err->kind != TB_ERROR_TRANSPORT || connection_is_direct(options))
        return "";
    if (options->unix_socket && access(options->unix_socket, R_OK | W_OK) < 0 && errno == EACCES)
        return NO_ACCESS_HINT;
    return "; is tbproxyd running? systemctl status tbproxyd";
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

void connection_warn(void *context, const char *message)
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
        .warning = connection_warn,
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
