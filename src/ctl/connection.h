/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls go: to tbproxyd, which has the session, or directly to a server with a credential from a file.
 */
#ifndef TB_CTL_CONNECTION_H
#define TB_CTL_CONNECTION_H

#include <tbclient/client.h>

#include "base/error.h"

#define URL_DEFAULT "http://127.0.0.1:8282"

/* As given on the command line; NULL: not given. */
struct connection_options {
    const char *url;
    const char *unix_socket;
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

/* The URL of tbproxyd or the server: --url, $TBPROXY_URL, or the default. */
const char *connection_url(const struct connection_options *options);

/* What to do if tbproxyd cannot be reached, to be appended to the message of ERR; else "". */
const char *connection_hint(const struct connection_options *options, const struct tb_error *err);

/* Reads the credential and opens a client; close it with tb_client_close(). */
int connection_open_client(const struct connection_options *options, tb_client **ret, struct tb_error *err);

#endif
