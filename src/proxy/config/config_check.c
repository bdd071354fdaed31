/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config_check.h"

#include <errno.h>
#include <sys/un.h>

#include "base/secret.h"
#include "base/utf8.h"
#include "proxy/config/config.h"
#include "proxy/route/urgency.h"
#include "upstream/transport.h"

/* A file is read at every login; of a credential there is the copy that systemd made when it started the
 * service. */
static const char *remedy(const struct config *config)
{
    const char *const paths[] = {config->upstream.api_key_file, config->upstream.password_file,
                                 config->upstream.token_file, config->upstream.refresh_token_file};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(paths); i++)
        if (*paths[i] && secret_is_credential(paths[i]))
            return "after a change, restart tbproxyd (systemd copies a credential at the start only)";
    return "tbproxyd tries again as soon as the file changes";
}

struct session_options config_session_options(const struct config *config)
{
    return (struct session_options){
        .api_key.file = config->upstream.api_key_file,
        .username = config->upstream.username,
        .password.file = config->upstream.password_file,
        .token.file = config->upstream.token_file,
        .refresh_token.file = config->upstream.refresh_token_file,
        .url_name = "upstream.url",
        .api_key_name = "upstream.api_key_file",
        .remedy = remedy(config),
    };
}

mode_t config_unix_mode(const struct config *config)
{
    char *end;
    unsigned long mode = strtoul(config->listen.unix_mode, &end, 8);

    return *end || end == config->listen.unix_mode || mode > 0777 ? (mode_t)-1 : (mode_t)mode;
}

/* The one that TEXT begins with, of those that browser_guard.c knows by name; NULL: none. */
static const char *loopback_at(const char *text)
{
    static const char *const loopback[LISTEN_ADDRESSES_MAX] = {"127.0.0.1", "::1"};
    size_t length = strcspn(text, ","), i;

    for (i = 0; i < LISTEN_ADDRESSES_MAX; i++)
        if (strlen(loopback[i]) == length && strncmp(loopback[i], text, length) == 0)
            return loopback[i];
    return NULL;
}

int config_listen_addresses(const struct config *config, const char *ret[LISTEN_ADDRESSES_MAX])
{
    const char *text = config->listen.address, *address;
    int count = 0;

    if (!*text)
        return 0;
    for (;;) {
        address = loopback_at(text);
        if (!address || (count > 0 && address == ret[0]))
            return -EINVAL;
        ret[count++] = address;
        text += strlen(address);
        if (!*text)
            return count;
        text += 1 + strspn(text + 1, " ");
    }
}

static int check_listen(const struct config *config, struct tb_error *err)
{
    const char *address = config->listen.address, *addresses[LISTEN_ADDRESSES_MAX];
    const char *path = config->listen.unix_path;

    if (!*address && !*path)
        return tb_error_set(err, -EINVAL, "listen.address and listen.unix_path are both empty: set one");
    if (config_listen_addresses(config, addresses) < 0)
        return tb_error_set(
            err, -EINVAL,
            "listen.address = \"%s\": must be 127.0.0.1, ::1, or both with a comma between them: only the "
            "loopback addresses, because local programs need no credential",
            address);
    if (*path && (*path != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)))
        return tb_error_set(err, -EINVAL,
                            "listen.unix_path = \"%s\": must be an absolute path of at most %zu bytes", path,
                            sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
    if (config_unix_mode(config) == (mode_t)-1)
        return tb_error_set(err, -EINVAL, "listen.unix_mode = \"%s\": must be an octal number up to 0777",
                            config->listen.unix_mode);
    return 0;
}

/* What session_new() refuses as well, in the words of the configuration. */
static int check_credential(const struct config *config, struct tb_error *err)
{
    bool key = *config->upstream.api_key_file;
    bool name = *config->upstream.username, password = *config->upstream.password_file;
    bool token = *config->upstream.token_file, refresh_token = *config->upstream.refresh_token_file;
    int ways = key + (name || password) + (token || refresh_token);

    if (ways != 1)
        return tb_error_set(
            err, -EINVAL,
            "%s: set upstream.api_key_file, or upstream.username and upstream.password_file, or "
            "upstream.token_file and upstream.refresh_token_file",
            ways ? "more than one credential" : "no credential");
    if (name != password)
        return tb_error_set(err, -EINVAL, "upstream.username and upstream.password_file belong together");
    if (utf8_count(config->upstream.username, strlen(config->upstream.username)) < 0)
        return tb_error_set(err, -EINVAL, "upstream.username is not UTF-8: save the file as UTF-8");
    if (refresh_token && !token)
        return tb_error_set(err, -EINVAL, "upstream.refresh_token_file needs upstream.token_file");
    return 0;
}

static int check_path(const char *option, const char *path, struct tb_error *err)
{
    if (*path && *path != '/')
        return tb_error_set(err, -EINVAL, "upstream.%s = \"%s\": must be an absolute path", option, path);
    return 0;
}

static int check_tls(const struct config *config, struct tb_error *err)
{
    int r = check_path("ca_file", config->upstream.ca_file, err);

    if (r == 0)
        r = check_path("certificate_file", config->upstream.certificate_file, err);
    if (r == 0)
        r = check_path("key_file", config->upstream.key_file, err);
    if (r == 0 && !*config->upstream.certificate_file != !*config->upstream.key_file)
        r = tb_error_set(err, -EINVAL, "upstream.certificate_file and upstream.key_file belong together");
    return r;
}

void config_urls_free(struct config_urls *urls)
{
    free(urls->text);
}

int config_fallback_urls(const struct config *config, struct config_urls *ret, struct tb_error *err)
{
    struct config_urls urls = {.text = strdup(config->upstream.fallback_urls)};
    size_t count = 0;
    char *rest = urls.text, *url;
    int r = urls.text ? 0 : tb_error_set(err, -ENOMEM, "out of memory");

    while (r == 0 && *config->upstream.fallback_urls && (url = strsep(&rest, ","))) {
        url += strspn(url, " ");
        url[strcspn(url, " ")] = '\0';
        if (count == FAILOVER_SERVERS_MAX - 1)
            r = tb_error_set(err, -EINVAL, "more than %d URLs", FAILOVER_SERVERS_MAX - 1);
        else
            r = transport_check_url(url, err);
        if (r == 0)
            urls.list[count++] = url;
    }
    if (r < 0) {
        config_urls_free(&urls);
        return tb_error_prefix(err, "upstream.fallback_urls");
    }
    *ret = urls;
    return 0;
}

static int check_proxy(const struct config *config, struct tb_error *err)
{
    bool has_user = false;
    int r = *config->upstream.proxy ? transport_check_proxy(config->upstream.proxy, &has_user, err) : 0;

    if (r < 0)
        return tb_error_prefix(err, "upstream.proxy");
    if (*config->upstream.proxy_password_file && !has_user)
        return tb_error_set(err, -EINVAL, "upstream.proxy_password_file needs a user in upstream.proxy");
    return 0;
}

static int check_upstream(const struct config *config, struct tb_error *err)
{
    CLEANUP(config_urls_free) struct config_urls urls = {0};
    int r;

    if (!*config->upstream.url)
        return tb_error_set(err, -EINVAL, "upstream.url is not set: give the ThingsBoard server's URL");
    r = transport_check_url(config->upstream.url, err);
    if (r < 0)
        return tb_error_prefix(err, "upstream.url");
    r = config_fallback_urls(config, &urls, err);
    if (r == 0)
        r = check_tls(config, err);
    if (r == 0)
        r = check_proxy(config, err);
    return r < 0 ? r : check_credential(config, err);
}

bool config_limit_is_asked_for(const struct config *config)
{
    return strcmp(config->rate.limits, "auto") == 0;
}

struct rate_limit config_limit(const struct config *config)
{
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit limit = {0};

    if (!config_limit_is_asked_for(config))
        rate_limit_parse(config->rate.limits, &limit, &err); /* config_check() has seen that it is right */
    return limit;
}

static int check_queue(const struct config *config, struct tb_error *err)
{
    struct urgencies urgencies = {0};
    struct rate_limit limit;
    int r;

    if (!config_limit_is_asked_for(config) && rate_limit_parse(config->rate.limits, &limit, err) < 0)
        return tb_error_prefix(err, "rate.limits");
    if (config->queue.max_bytes < config->limits.max_kept_body_bytes)
        return tb_error_set(
            err, -EINVAL,
            "queue.max_bytes must not be smaller than limits.max_kept_body_bytes: the largest request "
            "would never fit");
    r = urgencies_parse(config->queue.urgency, &urgencies, err);
    urgencies_free(&urgencies);
    return r < 0 ? tb_error_prefix(err, "queue.urgency") : 0;
}

int config_check(const struct config *config, struct tb_error *err)
{
    int r = check_upstream(config, err);

    if (r == 0)
        r = check_listen(config, err);
    if (r == 0)
        r = check_queue(config, err);
    if (r == 0 && config->limits.max_buffered_bytes < config->limits.max_kept_body_bytes)
        r = tb_error_set(err, -EINVAL,
                         "limits.max_buffered_bytes must not be smaller than limits.max_kept_body_bytes");
    if (r == 0 && config->retry.max_retry_delay_ms < config->retry.initial_retry_delay_ms)
        r = tb_error_set(err, -EINVAL,
                         "retry.max_retry_delay_ms must not be smaller than retry.initial_retry_delay_ms");
    return r;
}

int config_load(const char *path, char *const *settings, size_t count, struct config **ret,
                struct tb_error *err)
{
    struct config *config;
    int r = config_load_unchecked(path, settings, count, &config, err);

    if (r < 0)
        return r;
    r = config_check(config, err);
    if (r < 0)
        config_free(config);
    else
        *ret = config;
    return r;
}
