/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session authenticates with.
 */
#ifndef TB_UPSTREAM_SESSION_OPTIONS_H
#define TB_UPSTREAM_SESSION_OPTIONS_H

#include <stdbool.h>

#include "base/error.h"

/* A secret: in a file, or in memory. Both NULL or "": none. A file is read with secret_read() at every login,
 * so that a changed one is noticed and the password does not stay in memory. */
struct secret_source {
    const char *file;
    const char *value;
};

/* Exactly one of: a key; a name and a password; a token and, optionally, a refresh token. The strings must
 * live as long as the session. */
struct session_options {
    struct secret_source api_key;
    const char *username;
    struct secret_source password;
    struct secret_source token;
    struct secret_source refresh_token;
    /* For session_reason(): what the options for the server's URL and the key are called. */
    const char *url_name;
    const char *api_key_name;
    const char *remedy; /* what to do about a refused or unreadable credential; NULL: not known */
};

enum session_mode { SESSION_MODE_API_KEY, SESSION_MODE_PASSWORD, SESSION_MODE_TOKEN };

bool secret_is_given(const struct secret_source *source);

/* Which of them is given. Returns 0, or -EINVAL with a message unless it is exactly one. */
int session_options_mode(const struct session_options *options, enum session_mode *ret, struct tb_error *err);

#endif
