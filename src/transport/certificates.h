/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CA certificates, loaded once and used by many TLS connections. (libcurl would read them again for each
 * multi handle, and there is one for each connection.)
 */
#ifndef TB_TRANSPORT_CERTIFICATES_H
#define TB_TRANSPORT_CERTIFICATES_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Zeroed memory: the system's certificates, not loaded. */
struct certificates {
    const char *file;  /* PEM, not copied; NULL: the system's certificates */
    X509_STORE *store; /* NULL: not loaded */
    int64_t loaded_ms; /* boot clock */
};

/* Makes CONTEXT verify with them; loads them if they are not. Returns 0, or -EBADMSG or -ENOMEM with a
 * message. */
int certificates_use(struct certificates *certificates, SSL_CTX *context, int64_t now_ms,
                     struct tb_error *err);

/* Loads them again if they have been loaded. If that fails, a warning is logged and the old ones stay. */
void certificates_reload(struct certificates *certificates, int64_t now_ms);

/* Whether they were loaded LIFE_MS ago or earlier. */
bool certificates_are_older(const struct certificates *certificates, int64_t now_ms, int64_t life_ms);

/* Whether the PEM file PATH has certificates that can be loaded. 0, -EBADMSG or -ENOMEM with a message. */
int certificates_check_file(const char *path, struct tb_error *err);

/* The same for a certificate of our own and its key, which must belong together; the key without a
 * passphrase. */
int certificates_check_own(const char *path, const char *key_path, struct tb_error *err);

void certificates_free(struct certificates *certificates);

#endif
