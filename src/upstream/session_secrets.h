/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets that a session's calls carry: read anew for every call that needs them, and not kept. Only a
 * digest of what was read last is kept, to notice whether a file holds something else now.
 */
#ifndef TB_UPSTREAM_SESSION_SECRETS_H
#define TB_UPSTREAM_SESSION_SECRETS_H

#include <nettle/sha2.h>

#include "upstream/session_options.h"

#define SESSION_SECRETS_MAX 2 /* a token and its refresh token */

struct session_secrets {
    const struct secret_source *sources[SESSION_SECRETS_MAX]; /* NULL: none */
    int last;                           /* result of the last reading: 0, or a negative errno */
    uint8_t digest[SHA256_DIGEST_SIZE]; /* of what was read then */
};

/* SECRETS must be zeroed; OPTIONS must live as long. */
void session_secrets_init(struct session_secrets *secrets, const struct session_options *options,
                          enum session_mode mode);

/* Reads all of them, each as a string in RET that the caller frees with free_secret(); NULL: there is none.
 * Returns 0, or an error as secret_read(). */
int session_secrets_read(struct session_secrets *secrets, char *ret[SESSION_SECRETS_MAX],
                         struct tb_error *err);

/* Whether one is in a file, so that it can change. */
bool session_secrets_can_change(const struct session_secrets *secrets);

/* Whether reading them would have another result than last time: other secrets, some instead of none, or
 * another reason why there are none. Secrets that are gone now do not count: there is nothing to try. */
bool session_secrets_have_changed(const struct session_secrets *secrets);

/* Overwrites with asterisks what begins like one of them, or like OTHER (NULL: none), in TEXT: a server may
 * repeat what it was sent. Secrets of less than 4 bytes look like words and stay. */
void session_secrets_hide(const struct session_secrets *secrets, const char *other, char *text);

#endif
