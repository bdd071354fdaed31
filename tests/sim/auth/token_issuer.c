/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/auth/token_issuer.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/uuid.h"
#include "sim/json/java_json.h"

enum {
    TOKEN_MAX = 8192,
};

static void add_base64url(struct buf *out, const void *data, size_t n)
{
    struct base64_encode_ctx ctx;
    char *text = xcalloc(BASE64_ENCODE_LENGTH(n) + BASE64_ENCODE_FINAL_LENGTH, 1);

    base64url_encode_init(&ctx);
    size_t len = base64_encode_update(&ctx, text, n, data);
    len += base64_encode_final(&ctx, text + len);
    while (len > 0 && text[len - 1] == '=')
        len--; /* RFC 7515: no padding */
    xbuf_append(out, text, len);
    free(text);
}

/* The decoded bytes, freed with free(); NULL if the text is not base64url. */
static uint8_t *from_base64url(const char *s, size_t n, size_t *ret_len)
{
    struct base64_decode_ctx ctx;
    uint8_t *data = xcalloc(BASE64_DECODE_LENGTH(n + 4) + 1, 1);
    size_t len = 0;
    size_t tail = 0;

    base64url_decode_init(&ctx);
    bool ok = n % 4 != 1 && memchr(s, '=', n) == NULL && base64_decode_update(&ctx, &len, data, n, s);
    if (ok && n % 4 != 0)
        ok = base64_decode_update(&ctx, &tail, data + len, 4 - n % 4, "==");
    if (!ok || !base64_decode_final(&ctx)) {
        free(data);
        return NULL;
    }
    *ret_len = len + tail;
    return data;
}

static void sign(const struct sim *sim, const char *text, size_t n, uint8_t ret[SHA512_DIGEST_SIZE])
{
    struct hmac_sha512_ctx ctx;

    hmac_sha512_set_key(&ctx, sizeof(sim->signing_key), sim->signing_key);
    hmac_sha512_update(&ctx, n, (const uint8_t *)text);
    hmac_sha512_digest(&ctx, SHA512_DIGEST_SIZE, ret);
}

/* Takes CLAIMS over. */
static json_t *issue(const struct sim *sim, json_t *claims)
{
    static const char header[] = "{\"alg\":\"HS512\"}";
    uint8_t digest[SHA512_DIGEST_SIZE];
    size_t payload_len;
    CLEANUP(free_pointer) char *payload = java_json_text(claims, &payload_len);
    CLEANUP(buf_free) struct buf token = XBUF_INIT;

    json_decref(claims);
    add_base64url(&token, header, sizeof(header) - 1);
    xbuf_append_byte(&token, '.');
    add_base64url(&token, payload, payload_len);
    sign(sim, token.data, token.len, digest);
    xbuf_append_byte(&token, '.');
    add_base64url(&token, digest, sizeof(digest));
    return json_stringn(token.data, token.len);
}

static const char *authority_name(enum authority a)
{
    return a == SYS_ADMIN ? "SYS_ADMIN" : a == TENANT_ADMIN ? "TENANT_ADMIN" : "CUSTOMER_USER";
}

json_t *jwt_issue_pair(struct sim *sim, const struct user *user)
{
    /* times are whole seconds, so that a token of 3 s lives between 2 and 3 s */
    int64_t iat = sim_now_ms(sim) / 1000;
    char session[UUID_LEN + 1];
    char jti[UUID_LEN + 1];

    uuid_random(session, ++sim->last_serial);
    uuid_random(jti, sim->last_serial);
    json_t *access =
        json_pack("{s:s, s:s, s:[s], s:s, s:I, s:s, s:I, s:b, s:b, s:s, s:s}", "sub", user->email, "userId",
                  user->entity->id, "scopes", authority_name(user->authority), "sessionId", session, "exp",
                  (json_int_t)(iat + sim->settings.token_life), "iss", "thingsboard.io", "iat",
                  (json_int_t)iat, "enabled", user->enabled, "isPublic", 0, "tenantId", user->tenant_id,
                  "customerId", user->customer_id);
    json_t *refresh = json_pack("{s:s, s:s, s:[s], s:s, s:I, s:s, s:I, s:b, s:s}", "sub", user->email,
                                "userId", user->entity->id, "scopes", "REFRESH_TOKEN", "sessionId", session,
                                "exp", (json_int_t)(iat + sim->settings.refresh_life), "iss",
                                "thingsboard.io", "iat", (json_int_t)iat, "isPublic", 0, "jti", jti);
    return json_pack("{s:o, s:o}", "token", issue(sim, access), "refreshToken", issue(sim, refresh));
}

/* The claims of a token: a new reference, or NULL if it is not a token. RET_SIGNED: the signature is good. */
static json_t *open_token(const struct sim *sim, const char *token, bool *ret_signed)
{
    const char *dot = strchr(token, '.');
    const char *dot2 = dot ? strchr(dot + 1, '.') : NULL;
    uint8_t digest[SHA512_DIGEST_SIZE];
    size_t n = 0;

    if (!dot2 || strchr(dot2 + 1, '.') || strlen(token) > TOKEN_MAX)
        return NULL;
    CLEANUP(free_pointer) uint8_t *head = from_base64url(token, (size_t)(dot - token), &n);
    json_auto_t *header = head ? java_json_read((char *)head, n, NULL) : NULL;
    if (!streq(json_str(header, "alg"), "HS512"))
        return NULL;
    CLEANUP(free_pointer) uint8_t *body = from_base64url(dot + 1, (size_t)(dot2 - dot - 1), &n);
    json_auto_t *claims = body ? java_json_read((char *)body, n, NULL) : NULL;
    if (!json_is_object(claims))
        return NULL;
    CLEANUP(free_pointer) uint8_t *signature = from_base64url(dot2 + 1, strlen(dot2 + 1), &n);
    sign(sim, token, (size_t)(dot2 - token), digest);
    *ret_signed = signature && n == sizeof(digest) && memeql_sec(signature, digest, n);
    return json_incref(claims);
}

enum jwt_verdict jwt_verify(struct sim *sim, const char *token, struct jwt_claims *ret)
{
    bool is_signed = false;
    json_auto_t *claims = open_token(sim, token, &is_signed);

    if (!claims)
        return JWT_GARBAGE;
    if (!is_signed || sim_now_ms(sim) > json_int(claims, "exp", 0) * 1000)
        return JWT_EXPIRED;
    /* the signature is ours, so the claims are, too */
    const char *session = json_str(claims, "sessionId");
    const char *scope = json_string_value(json_array_get(json_object_get(claims, "scopes"), 0));
    *ret = (struct jwt_claims){
        .user = store_find_user_id(&sim->store, json_str(claims, "userId")),
        .refresh = streq(scope, "REFRESH_TOKEN"),
        .serial = strtoull(session + strlen(session) - 12, NULL, 16),
    };
    return ret->user ? JWT_OK : JWT_GARBAGE;
}

bool token_is_outdated(const struct sim *sim, const struct jwt_claims *claims)
{
    return claims->serial <= sim->access_outdated || claims->serial <= claims->user->outdated;
}
