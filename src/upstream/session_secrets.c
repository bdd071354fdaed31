/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_secrets.h"

#include <errno.h>

#include "base/secret.h"

#define HIDDEN_MIN  4 /* bytes of a secret */
#define ALIKE_BYTES 8 /* of its beginning: the text may be cut behind it */

void session_secrets_init(struct session_secrets *secrets, const struct session_options *options,
                          enum session_mode mode)
{
    switch (mode) {
    case SESSION_MODE_API_KEY:
        secrets->sources[0] = &options->api_key;
        break;
    case SESSION_MODE_PASSWORD:
        secrets->sources[0] = &options->password;
        break;
    case SESSION_MODE_TOKEN:
        secrets->sources[0] = &options->token;
        if (secret_is_given(&options->refresh_token))
            secrets->sources[1] = &options->refresh_token;
        break;
    }
}

static bool is_file(const struct secret_source *source)
{
    return !source->value || !*source->value;
}

static int read_one(const struct secret_source *source, char **ret, struct tb_error *err)
{
    char *copy;

    if (is_file(source))
        return secret_read(source->file, ret, err);
    copy = strdup(source->value);
    if (!copy)
        return tb_error_set(err, -ENOMEM, "out of memory");
    *ret = copy;
    return 0;
}

static void free_all(char *list[SESSION_SECRETS_MAX])
{
    size_t i;

    for (i = 0; i < SESSION_SECRETS_MAX; i++)
        free_secret(TAKE_PTR(list[i]));
}

/* RET is set on success only. */
static int read_all(const struct session_secrets *secrets, char *ret[SESSION_SECRETS_MAX],
                    uint8_t digest[SHA256_DIGEST_SIZE], struct tb_error *err)
{
    char *list[SESSION_SECRETS_MAX] = {NULL, NULL};
    struct sha256_ctx context;
    int r = 0;
    size_t i;

    sha256_init(&context);
    for (i = 0; r == 0 && i < SESSION_SECRETS_MAX && secrets->sources[i]; i++) {
        r = read_one(secrets->sources[i], &list[i], err);
        if (r == 0) /* with its NUL, which separates it from the next */
            sha256_update(&context, strlen(list[i]) + 1, (const uint8_t *)list[i]);
    }
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
    explicit_bzero(&context, sizeof(context));
    if (r < 0)
        free_all(list);
    else
        memcpy(ret, list, sizeof(list));
    return r;
}

int session_secrets_read(struct session_secrets *secrets, char *ret[SESSION_SECRETS_MAX],
                         struct tb_error *err)
{
    secrets->last = read_all(secrets, ret, secrets->digest, err);
    return secrets->last;
}

bool session_secrets_can_change(const struct session_secrets *secrets)
{
    size_t i;

    for (i = 0; i < SESSION_SECRETS_MAX && secrets->sources[i]; i++)
        if (is_file(secrets->sources[i]))
            return true;
    return false;
}

bool session_secrets_have_changed(const struct session_secrets *secrets)
{
    char *list[SESSION_SECRETS_MAX] = {NULL, NULL};
    uint8_t digest[SHA256_DIGEST_SIZE];
    int r = read_all(secrets, list, digest, NULL);

    free_all(list);
    if (r < 0)
        return secrets->last < 0 && r != secrets->last;
    return secrets->last < 0 || memcmp(digest, secrets->digest, sizeof(digest)) != 0;
}

static void hide(const char *secret, char *text)
{
    size_t length = strlen(secret), alike = length < ALIKE_BYTES ? length : ALIKE_BYTES;

    if (length < HIDDEN_MIN)
        return;
    for (; *text; text++) {
        size_t same = 0;

        while (same < length && text[same] == secret[same])
            same++;
        if (same >= alike)
            memset(text, '*', same);
    }
}

void session_secrets_hide(const struct session_secrets *secrets, const char *other, char *text)
{
    char *list[SESSION_SECRETS_MAX] = {NULL, NULL};
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct tb_error err = TB_ERROR_INIT;
    size_t i;

    if (read_all(secrets, list, digest, &err) == 0)
        for (i = 0; i < SESSION_SECRETS_MAX && list[i]; i++)
            hide(list[i], text);
    free_all(list);
    if (other)
        hide(other, text);
}
