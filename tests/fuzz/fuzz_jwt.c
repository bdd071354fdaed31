/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of a server: claims are an object, times make sense, and a token of the same claims says the same.
 */
#include "fuzz.h"
#include "upstream/auth_command.h"
#include "upstream/jwt.h"
#include "json/json_write.h"

static void check_times(const json_t *claims)
{
    int64_t life_ms = jwt_life_ms(claims), expires_ms = jwt_expires_ms(claims);

    must(life_ms >= 0 && expires_ms >= 0 && life_ms <= expires_ms);
    must(expires_ms <= INT64_C(253402300800000));
}

static json_t *claims_of(const char *payload, struct buf *token)
{
    buf_clear(token);
    must(jwt_write("{\"alg\":\"HS512\"}", payload, "signature", token) == 0 && jwt_is_text(token->data));
    return token->len <= JWT_MAX_BYTES ? jwt_claims(token->data) : NULL;
}

/* What authenticates a WebSocket is removed from what programs send. */
static void check_command(const char *token)
{
    struct buf command = BUF_INIT(2 * JWT_MAX_BYTES), rest = BUF_INIT(2 * JWT_MAX_BYTES);

    must(auth_command_write(token, &command) == 0);
    must(auth_command_remove(command.data, command.len, &rest) == AUTH_COMMAND_ALONE);
    buf_free(&command);
    buf_free(&rest);
}

/* The same claims in a token of their own, unless that is too long. */
static void check_again(const json_t *claims, struct buf *token)
{
    struct buf text = BUF_INIT(4 * JWT_MAX_BYTES);
    json_t *again;

    must(json_write(&text, claims) == 0);
    again = memchr(text.data, '\0', text.len) ? NULL : claims_of(text.data, token);
    must(!again || (jwt_life_ms(again) == jwt_life_ms(claims) && json_equal(again, claims)));
    json_decref(again);
    buf_free(&text);
}

/* The input: a token, and also the payload of one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text("", data, size);
    struct buf token = BUF_INIT(4 * JWT_MAX_BYTES);
    json_t *claims = jwt_claims(text);

    if (claims)
        check_times(claims);
    json_decref(claims);
    claims = claims_of(text, &token);
    if (claims) {
        check_times(claims);
        check_command(token.data);
        check_again(claims, &token);
    }
    json_decref(claims);
    free(text);
    buf_free(&token);
    return 0;
}
