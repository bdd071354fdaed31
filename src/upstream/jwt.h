/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens (RFC 7519), as far as a client needs them: their claims. Nothing is signed or verified
 * here.
 */
#ifndef TB_UPSTREAM_JWT_H
#define TB_UPSTREAM_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define JWT_MAX_BYTES 16384

/* The claims as a new reference. NULL with errno EINVAL: TOKEN is not a JWT whose payload is a JSON object,
 * or is longer than JWT_MAX_BYTES; ENOMEM. */
json_t *jwt_claims(const char *token);

/* Appends a token of these parts, which are not encoded yet. 0, -EMSGSIZE or -ENOMEM, with a part of it in
 * OUT. */
int jwt_write(const char *header, const char *claims, const char *signature, struct buf *out);

/* Whether TOKEN has only characters of a JWT, so that it needs no escaping in a query, in JSON or in a
 * header. */
bool jwt_is_text(const char *token);

/* The token's whole lifetime, exp - iat, in ms; 0 if a claim is missing or makes no sense. */
int64_t jwt_life_ms(const json_t *claims);

/* exp in ms since the epoch, by the server's clock; 0 if it is missing or makes no sense. */
int64_t jwt_expires_ms(const json_t *claims);

#endif
