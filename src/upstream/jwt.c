/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/jwt.h"

#include "base/base64url.h"
#include "json/json_read.h"
#include "json/number.h"

#define SECONDS_MAX INT64_C(253402300800) /* the year 10000; a later date makes no sense */

bool jwt_is_text(const char *token)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    return token[strspn(token, allowed)] == '\0';
}

json_t *jwt_claims(const char *token)
{
    CLEANUP(buf_free_secret) struct buf payload = BUF_INIT(JWT_MAX_BYTES);
    const char *start = strchr(token, '.');
    const char *end = start ? strchr(start + 1, '.') : NULL;
    json_t *claims;

    if (!end || strlen(token) > JWT_MAX_BYTES)
        return NULL;
    if (base64url_decode(&payload, start + 1, (size_t)(end - start - 1)) < 0 || payload.len == 0)
        return NULL;
    claims = json_read(payload.data, payload.len, 0, NULL);
    if (!json_is_object(claims)) {
        json_decref(claims);
        return NULL;
    }
    return claims;
}

/* A NumericDate in ms; RFC 7519, section 2: it may have a fraction. */
static int64_t date_claim_ms(const json_t *claims, const char *name)
{
    double seconds = number_of(json_object_get(claims, name));

    return seconds > 0 && seconds < (double)SECONDS_MAX ? (int64_t)(seconds * 1000) : 0;
}

int64_t jwt_life_ms(const json_t *claims)
{
    int64_t issued_ms = date_claim_ms(claims, "iat");
    int64_t expires_ms = date_claim_ms(claims, "exp");

    return issued_ms > 0 && expires_ms > issued_ms ? expires_ms - issued_ms : 0;
}

int64_t jwt_expires_ms(const json_t *claims)
{
    return date_claim_ms(claims, "exp");
}
