/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/jwt.h"

#include <errno.h>
#include <nettle/base64.h>

#include "json/json_read.h"
#include "json/number.h"

#define SECONDS_MAX INT64_C(253402300800) /* the year 10000; a later date makes no sense */

/* base64url, RFC 4648, section 5 */
#define DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

bool jwt_is_text(const char *token)
{
    return token[strspn(token, DIGITS ".")] == '\0';
}

json_t *jwt_claims(const char *token)
{
    uint8_t payload[BASE64_DECODE_LENGTH(JWT_MAX_BYTES)];
    const char *start = strchr(token, '.');
    size_t digits = start ? strspn(start + 1, DIGITS) : 0, length;
    struct base64_decode_ctx base64;
    json_error_t error = {0};
    json_t *claims;

    errno = EINVAL;
    /* nettle takes padding and white space, too */
    if (digits == 0 || start[1 + digits] != '.' || digits % 4 == 1 || strlen(token) > JWT_MAX_BYTES)
        return NULL;
    base64url_decode_init(&base64);
    base64_decode_update(&base64, &length, payload, digits, start + 1);
    claims = json_read((const char *)payload, length, 0, &error);
    explicit_bzero(payload, length);
    errno = !claims && json_error_code(&error) == json_error_out_of_memory ? ENOMEM : EINVAL;
    if (!json_is_object(claims)) {
        json_decref(claims);
        return NULL;
    }
    return claims;
}

/* Without padding, which nettle adds. */
static int append_base64url(struct buf *out, const char *text)
{
    size_t length = strlen(text), digits;
    CLEANUP(free_pointer)
    char *encoded = malloc(BASE64_ENCODE_LENGTH(length) + BASE64_ENCODE_FINAL_LENGTH);
    struct base64_encode_ctx base64;

    if (!encoded)
        return -ENOMEM;
    base64url_encode_init(&base64);
    digits = base64_encode_update(&base64, encoded, length, (const uint8_t *)text);
    digits += base64_encode_final(&base64, encoded + digits);
    while (digits > 0 && encoded[digits - 1] == '=')
        digits--;
    return buf_append(out, encoded, digits);
}

int jwt_write(const char *header, const char *claims, const char *signature, struct buf *out)
{
    int r = append_base64url(out, header);

    if (r == 0)
        r = buf_append_string(out, ".");
    if (r == 0)
        r = append_base64url(out, claims);
    if (r == 0)
        r = buf_append_string(out, ".");
    return r == 0 ? append_base64url(out, signature) : r;
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
