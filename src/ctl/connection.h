/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls go: to tbproxyd, which has the session, or directly to a server with a credential from a file.
 */
#ifndef TB_CTL_CONNECTION_H
#define TB_CTL_CONNECTION_H

#include <tbclient/client.h>

#include "base/error.h"

#define URL_DEFAULT   "http://127.0.0.1:8282"
#define ADMIN_DEFAULT "/run/tbproxyd/admin.sock"

/* As given on the command line; NULL: not given. */
struct connection_options {
    const char *url;
    const char *unix_socket;
    const char *admin; /* tbproxyd's admin socket */
    const char *api_key_file;
    const char *username;
    const char *password_file;
    const char *token_file;
    const char *ca_file;
    int64_t timeout_ms; /* 0: the library's default */
};

/* Whether a credential is given: calls go directly to a server, not to tbproxyd. */
bool connection_is_direct(const struct connection_options *options);

/* -EINVAL with a message for options that exclude each other. */
int connection_check(const struct connection_options *options, struct tb_error *err);

/* After a message that a socket may not be used. */
#define NO_ACCESS_HINT "; join the group that owns it, or use sudo"

/* The URL of tbproxyd or the server: --url, $TBPROXY_URL, or the default. */
const char *connection_url(const struct connection_options *options);

/* How a subcommand for operators reaches tbproxyd: as OPTIONS say, else over the admin socket ($TBPROXY_ADMIN
 * or the default), else like any other program. *RET_REFUSAL is 0, or in the last case the errno for which
 * the admin socket cannot be used. */
struct connection_options connection_to_daemon(const struct connection_options *options, int *ret_refusal);

/* The same for what only the admin socket offers: in the last case an error with a message. */
int connection_to_admin(const struct connection_options *options, struct connection_options *ret,
                        struct tb_error *err);

/* What to do if tbproxyd cannot be reached, to be appended to the message of ERR; else "". */
const char *connection_hint(const struct connection_options *options, const struct tb_error *err);

/* Prints a warning of the library (tb_client_options.warning). */
void connection_warn(void *context, const char *message);

/* Reads the credential and opens a client; close it with tb_client_close(). */
int connection_open_client(const struct connection_options *options, tb_client **ret, struct tb_error *err);

#endif
