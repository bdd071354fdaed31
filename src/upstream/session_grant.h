/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session has got from the server: the credential that requests carry, the token that renews it, and
 * the user. Not thread-safe.
 */
#ifndef TB_UPSTREAM_SESSION_GRANT_H
#define TB_UPSTREAM_SESSION_GRANT_H

#include <jansson.h>
#include <stdbool.h>

#include "upstream/credential.h"

/* Zeroed, it is empty. */
struct session_grant {
    struct credential *credential; /* NULL before the first authentication */
    char *refresh_token;           /* NULL: none */
    json_t *user;        /* the claims of the token, or what /api/auth/user answered; NULL: none yet */
    uint64_t generation; /* of the last credential that was made */
};

/* Takes the tokens of PAIR, which session_answer_check() accepted, received at the boot time NOW_MS. Returns
 * 0 and how long the token lives (0: unknown), or -ENOMEM, and then nothing has changed. */
int session_grant_take_pair(struct session_grant *grant, int64_t now_ms, const json_t *pair,
                            int64_t *ret_life_ms);

/* Takes a CREDENTIAL (and its reference) that was given and has been verified: a JWT, or an API key. USER is
 * what /api/auth/user answered, SERVER_NOW_MS the server's time, ms since the epoch. Returns how long the
 * server will still accept it, ms; 0: unknown. */
int64_t session_grant_take_credential(struct session_grant *grant, int64_t now_ms,
                                      struct credential *credential, bool is_jwt, json_t *user,
                                      int64_t server_now_ms);

void session_grant_free(struct session_grant *grant);

#endif
