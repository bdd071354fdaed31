/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_options.h"

#include <errno.h>

static bool is_given(const char *option)
{
    return option && *option;
}

bool secret_is_given(const struct secret_source *source)
{
    return is_given(source->file) || is_given(source->value);
}

int session_options_mode(const struct session_options *options, enum session_mode *ret, struct tb_error *err)
{
    bool key = secret_is_given(&options->api_key);
    bool password = is_given(options->username) || secret_is_given(&options->password);
    bool token = secret_is_given(&options->token) || secret_is_given(&options->refresh_token);
    int ways = key + password + token;

    if (ways != 1)
        return tb_error_set(
            err, -EINVAL,
            "%s: give an API key, or a user name and a password, or a token and its refresh token",
            ways ? "more than one credential" : "no credential");
    if (password && !(is_given(options->username) && secret_is_given(&options->password)))
        return tb_error_set(err, -EINVAL, "a user name and a password must be given together");
    if (token && !secret_is_given(&options->token))
        return tb_error_set(err, -EINVAL, "a refresh token requires a token");
    *ret = key ? SESSION_MODE_API_KEY : password ? SESSION_MODE_PASSWORD : SESSION_MODE_TOKEN;
    return 0;
}
