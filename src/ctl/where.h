/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls go: to tbproxyd, which has the session, or straight to a server with a credential from a file.
 */
#ifndef TB_CTL_WHERE_H
#define TB_CTL_WHERE_H

#include <jansson.h>
#include <tbclient/client.h>

#include "base/error.h"

#define URL_DEFAULT "http://127.0.0.1:8282"

/* Options as given; NULL: not given. */
struct where {
    const char *url;
    const char *unix_socket;
    const char *api_key_file;
    const char *username;
    const char *password_file;
    const char *token_file;
    const char *ca_file;
    int64_t timeout_ms; /* 0: the client's default */
};

/* Whether a credential is given, so that WHERE is a server and not tbproxyd. */
bool where_is_server(const struct where *where);

/* -EINVAL with a message for options that do not go together. */
int where_check(const struct where *where, struct tb_error *err);

/* Reads the credential, opens the client; close it with tb_client_close(). */
int where_open(const struct where *where, tb_client **ret, struct tb_error *err);

/* Asks tbproxyd for PATH, a page of its own ("/-/ready"). *RET is a new reference to the object that the
 * answer is, or to an empty one where it is none: other servers answer, too. */
int where_fetch(const struct where *where, const char *path, long *ret_status, json_t **ret,
                struct tb_error *err);

/* Asks tbproxyd for the server's edition: an index of editions[], or EDITION_NONE where it does not say. */
unsigned where_edition(const struct where *where);

#endif
