/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client may know of a JSON Web Token (RFC 7519): its claims. The signature is the server's business;
 * nothing is verified here.
 */
#ifndef TB_UPSTREAM_JWT_H
#define TB_UPSTREAM_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define JWT_MAX_BYTES 16384

/* The claims as a new reference; NULL where TOKEN is no JWT or its payload is no JSON object. */
json_t *jwt_claims(const char *token);

/* Whether TOKEN has only the characters of one: it can stand in a query, in JSON and in a header as it is. */
bool jwt_is_text(const char *token);

/* How long the token lives in all, exp - iat, in ms; 0 where a claim is missing or makes no sense. */
int64_t jwt_life_ms(const json_t *claims);

/* exp in ms since the epoch of the server's clock; 0 where missing. */
int64_t jwt_expires_ms(const json_t *claims);

#endif
