/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <errno.h>

#include "base/secret.h"
#include "client/error.h"

/* The session's own calls end after 20 s, so a request that waits for one learns its result. */
#define SESSION_WAIT_MS 30000

/* The least that a server should allow (RFC 9113, section 6.5.2). */
#define MAX_STREAMS 128

#define MAX_WINDOW_GROWTH (4 << 20)

#define TIME_MAX_MS     (INT64_C(86400) * 1000)
#define CONNECTIONS_MAX 4096

/* All strings among the options. */
static const struct {
    size_t offset;
    const char *name;
    bool is_secret;
} strings[] = {
    {offsetof(tb_client_options, url), "url", false},
    {offsetof(tb_client_options, unix_socket), "unix_socket", false},
    {offsetof(tb_client_options, api_key), "api_key", true},
    {offsetof(tb_client_options, username), "username", false},
    {offsetof(tb_client_options, password), "password", true},
    {offsetof(tb_client_options, token), "token", true},
    {offsetof(tb_client_options, refresh_token), "refresh_token", true},
    {offsetof(tb_client_options, ca_file), "ca_file", false},
    {offsetof(tb_client_options, certificate_file), "certificate_file", false},
    {offsetof(tb_client_options, key_file), "key_file", false},
};

static const char **string_at(tb_client_options *options, size_t i)
{
    return (const char **)(void *)((char *)options + strings[i].offset);
}

static const char *string_of(const tb_client_options *options, size_t i)
{
    return *(const char *const *)(const void *)((const char *)options + strings[i].offset);
}

static int refuse(tb_error *err, const char *name, const char *why)
{
    return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: %s", name, why);
}

static int check_strings(const tb_client_options *options, tb_error *err)
{
    size_t i;
    int r = options->url ? 0 : refuse(err, "url", "is not set");

    for (i = 0; r == 0 && i < ARRAY_SIZE(strings); i++) {
        const char *text = string_of(options, i);

        if (text && !*text)
            r = refuse(err, strings[i].name, "is an empty string");
        else if (text && (strings[i].is_secret || text == options->username) &&
                 !secret_is_text(text, strlen(text)))
            r = refuse(err, strings[i].name, "must be " SECRET_TEXT);
    }
    return r;
}

bool options_have_credential(const tb_client_options *options)
{
    return options->api_key || options->username || options->password || options->token ||
           options->refresh_token;
}

static int check_credential(const tb_client_options *options, tb_error *err)
{
    int ways = (options->api_key != NULL) + (options->username || options->password) +
               (options->token || options->refresh_token);

    if (ways > 1)
        return FAIL(
            err, TB_ERROR_USAGE, -EINVAL,
            "more than one credential: give api_key, or username and password, or token and refresh_token");
    if (!options->username != !options->password)
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "username and password must be set together");
    if (options->refresh_token && !options->token)
        return refuse(err, "refresh_token", "requires token");
    return 0;
}

static int check_numbers(const tb_client_options *options, tb_error *err)
{
    const struct {
        const char *name;
        int64_t value;
    } times[] = {
        {"initial_retry_delay_ms", options->initial_retry_delay_ms},
        {"max_retry_delay_ms", options->max_retry_delay_ms},
        {"connect_timeout_ms", options->connect_timeout_ms},
        {"timeout_ms", options->timeout_ms},
    };
    struct request_options request = options_request(options);
    size_t i;

    for (i = 0; i < ARRAY_SIZE(times); i++)
        if (times[i].value < 0 || times[i].value > TIME_MAX_MS)
            return refuse(err, times[i].name, "must be 0 ms to 1 day");
    if (options->max_connections > CONNECTIONS_MAX)
        return refuse(err, "max_connections", "must be at most 4,096");
    if (request.retry.max_delay_ms < request.retry.initial_delay_ms)
        return refuse(err, "max_retry_delay_ms", "must be at least initial_retry_delay_ms");
    return 0;
}

int options_check(const tb_client_options *options, tb_error *err)
{
    int r = check_strings(options, err);

    if (r == 0)
        r = check_credential(options, err);
    if (r == 0)
        r = check_numbers(options, err);
    if (r == 0 && !options->certificate_file != !options->key_file)
        r = FAIL(err, TB_ERROR_USAGE, -EINVAL, "certificate_file and key_file must be set together");
    if (r == 0 && transport_check_url(options->url, err) < 0) {
        if (err) {
            err->kind = TB_ERROR_USAGE;
            tb_error_prefix(err, "url");
        }
        r = -EINVAL;
    }
    return r;
}

int options_copy(const tb_client_options *options, tb_client_options *ret)
{
    tb_client_options copy = *options;
    size_t i;
    bool complete = true;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        const char *text = string_of(options, i);

        *string_at(&copy, i) = text ? strdup(text) : NULL;
        complete = complete && (!text || string_of(&copy, i));
    }
    if (!complete) {
        options_free(&copy);
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

void options_free(tb_client_options *options)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        char *text = (char *)(uintptr_t)string_of(options, i);

        if (strings[i].is_secret)
            free_secret(text);
        else
            free(text);
        *string_at(options, i) = NULL;
    }
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

struct request_options options_request(const tb_client_options *options)
{
    return (struct request_options){
        .retry =
            {
                .off = options->no_retry_on_rate_limit,
                .max_retries = options->max_retries ? options->max_retries : 3,
                .initial_delay_ms = or_default(options->initial_retry_delay_ms, 1000),
                .max_delay_ms = or_default(options->max_retry_delay_ms, 30000),
                .unsafe = options->retry_unsafe,
            },
        .session_wait_ms = SESSION_WAIT_MS,
        .timeout_ms = or_default(options->timeout_ms, 60000),
        .response_max = options->max_response_bytes ? options->max_response_bytes : (size_t)64 << 20,
    };
}

struct session_options options_session(const tb_client_options *options)
{
    return (struct session_options){
        .api_key.value = options->api_key,
        .username = options->username,
        .password.value = options->password,
        .token.value = options->token,
        .refresh_token.value = options->refresh_token,
        .url_name = "url",
        .api_key_name = "api_key",
    };
}

struct transport_options options_transport(const tb_client_options *options)
{
    return (struct transport_options){
        .url = options->url,
        .connect_timeout_ms = or_default(options->connect_timeout_ms, 10000),
        .max_connections = options->max_connections ? (long)options->max_connections : 16,
        .http2 = options->no_http2 ? HTTP2_OFF : HTTP2_AUTO,
        .max_streams = MAX_STREAMS,
        .max_window_growth = MAX_WINDOW_GROWTH,
        .unix_socket = options->unix_socket,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .no_verify = options->no_verify,
    };
}
