/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets that a session's calls carry: read anew for every call that needs them, and not kept. Of what
 * was read last only a digest is, which tells whether a file holds something else now.
 */
#ifndef TB_UPSTREAM_SESSION_SECRETS_H
#define TB_UPSTREAM_SESSION_SECRETS_H

#include <nettle/sha2.h>

#include "upstream/session.h"

#define SESSION_SECRETS_MAX 2 /* a token and its refresh token */

struct session_secrets {
    const struct secret_source *sources[SESSION_SECRETS_MAX]; /* NULL: none */
    int last;                           /* what reading them last came to: 0, or a negative errno */
    uint8_t digest[SHA256_DIGEST_SIZE]; /* of what was read then */
};

bool secret_is_given(const struct secret_source *source);

/* Reads all of them, each a string in RET that the caller frees with free_secret(); NULL where there is none.
 * 0, or as secret_read(). */
int session_secrets_read(struct session_secrets *secrets, char *ret[SESSION_SECRETS_MAX],
                         struct tb_error *err);

/* Whether one is in a file, so that it can change. */
bool session_secrets_can_change(const struct session_secrets *secrets);

/* Whether reading them would come to something else than it did last: other secrets, some where there were
 * none, or another reason why there are none. Secrets that were read and are gone do not count: nothing could
 * be tried with that. */
bool session_secrets_have_changed(const struct session_secrets *secrets);

/* Blanks in TEXT what begins like one of them, or like OTHER (NULL: none): a server may repeat what it was
 * sent. Secrets of less than 4 bytes cannot be told from words. */
void session_secrets_hide(const struct session_secrets *secrets, const char *other, char *text);

#endif
