/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/utf8.h"
#include "http/origin.h"
#include "proxy/config/config.h"
#include "proxy/config/mistakes.h"
#include "proxy/config/option_table.h"
#include "proxy/config/values.h"
#include "proxy/policy/policies.h"
#include "proxy/route/urgency.h"
#include "transport/transport.h"

#define LISTEN_NAMES_MAX 16 /* in listen.hosts, and in listen.origins */

/* Checks each entry of LIST, which browser_guard.c and respond.c read like a list in a header. */
static int check_names(const char *option, const char *list,
                       bool (*is_valid)(const char *text, size_t length), const char *hint,
                       struct tb_error *err)
{
    size_t count = 0, length;

    for (list += strspn(list, ", \t"); *list; list += strspn(list, ", \t")) {
        length = strcspn(list, ", \t");
        if (!is_valid(list, length))
            return tb_error_set(err, -EINVAL, "%s: \"%.*s\" is not %s", option, (int)length, list, hint);
        if (++count > LISTEN_NAMES_MAX)
            return tb_error_set(err, -EINVAL, "%s: more than %d names", option, LISTEN_NAMES_MAX);
        list += length;
    }
    return 0;
}

static int check_hosts(const struct config *config, struct tb_error *err)
{
    return check_names("listen.hosts", config->listen.hosts, host_is_name, "a host name without a port", err);
}

static int check_origins(const struct config *config, struct tb_error *err)
{
    return check_names("listen.origins", config->listen.origins, origin_is_exact,
                       "an origin like http://localhost:3000, without a path or a default port", err);
}

static int check_socket_path(const char *option, const char *path, struct tb_error *err)
{
    size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

    if (*path && (*path != '/' || strlen(path) > max))
        return tb_error_set(err, -EINVAL, "%s = \"%s\": must be an absolute path of at most %zu bytes",
                            option, path, max);
    return 0;
}

static int check_admin(const struct config *config, struct tb_error *err)
{
    const char *path = config->admin.unix_path, *address;
    unsigned port = 0;

    if (*path && strcmp(path, config->listen.unix_path) == 0)
        return tb_error_set(err, -EINVAL, "admin.unix_path and listen.unix_path are the same");
    if (*config->admin.address && config_admin_address(config, &address, &port) < 0)
        return tb_error_set(err, -EINVAL,
                            "admin.address = \"%s\": must be 127.0.0.1 or [::1] with a port, as in "
                            "127.0.0.1:8283; only loopback is allowed, because nobody needs a credential",
                            config->admin.address);
    /* whichever addresses: "localhost" would mean both */
    if (port != 0 && *config->listen.address && port == (unsigned)config->listen.port)
        return tb_error_set(err, -EINVAL,
                            "admin.address = \"%s\": has the port of listen.port; each needs its own",
                            config->admin.address);
    return check_socket_path("admin.unix_path", path, err);
}

static int check_listen(const struct config *config, struct tb_error *err)
{
    const char *address = config->listen.address, *addresses[LISTEN_ADDRESSES_MAX];
    const char *path = config->listen.unix_path;

    if (!*address && !*path)
        return tb_error_set(err, -EINVAL, "listen.address and listen.unix_path are both empty; set one");
    if (config_listen_addresses(config, addresses) < 0)
        return tb_error_set(
            err, -EINVAL,
            "listen.address = \"%s\": must be 127.0.0.1, ::1, or both separated by a comma; only loopback is "
            "allowed, because local programs need no credential",
            address);
    return check_socket_path("listen.unix_path", path, err);
}

static int check_unix_mode(const struct config *config, struct tb_error *err)
{
    if (config_unix_mode(config) == (mode_t)-1)
        return tb_error_set(err, -EINVAL, "listen.unix_mode = \"%s\": must be an octal number up to 0777",
                            config->listen.unix_mode);
    return 0;
}

/* session_new() refuses the same, but does not know the names of the options. */
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
        return tb_error_set(err, -EINVAL,
                            "upstream.username and upstream.password_file must be set together");
    if (utf8_count(config->upstream.username, strlen(config->upstream.username)) < 0)
        return tb_error_set(err, -EINVAL, "upstream.username is not UTF-8; save the file as UTF-8");
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

static int check_ca_path(const struct config *config, struct tb_error *err)
{
    return check_path("ca_file", config->upstream.ca_file, err);
}

static int check_certificate(const struct config *config, struct tb_error *err)
{
    int r = check_path("certificate_file", config->upstream.certificate_file, err);

    if (r == 0)
        r = check_path("key_file", config->upstream.key_file, err);
    if (r == 0 && !*config->upstream.certificate_file != !*config->upstream.key_file)
        r = tb_error_set(err, -EINVAL,
                         "upstream.certificate_file and upstream.key_file must be set together");
    return r;
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

static int check_url(const struct config *config, struct tb_error *err)
{
    if (!*config->upstream.url)
        return tb_error_set(err, -EINVAL,
                            "upstream.url is not set; set it to the URL of the ThingsBoard server");
    return transport_check_url(config->upstream.url, err) < 0 ? tb_error_prefix(err, "upstream.url") : 0;
}

static int check_fallback_urls(const struct config *config, struct tb_error *err)
{
    CLEANUP(config_urls_free) struct config_urls urls = {0};

    return config_fallback_urls(config, &urls, err);
}

static int check_rate(const struct config *config, struct tb_error *err)
{
    struct rate_limit limit;

    return !config_limit_is_asked_for(config) && rate_limit_parse(config->rate.limits, &limit, err) < 0
               ? tb_error_prefix(err, "rate.limits")
               : 0;
}

static int check_queue(const struct config *config, struct tb_error *err)
{
    if (config->queue.max_bytes < config->limits.max_kept_body_bytes)
        return tb_error_set(
            err, -EINVAL,
            "queue.max_bytes must not be smaller than limits.max_kept_body_bytes; the largest request "
            "would never fit");
    return 0;
}

static int check_urgency(const struct config *config, struct tb_error *err)
{
    struct urgencies urgencies = {0};
    int r = urgencies_parse(config->queue.urgency, &urgencies, err);

    urgencies_free(&urgencies);
    return r < 0 ? tb_error_prefix(err, "queue.urgency") : 0;
}

static int check_policy(const struct config *config, struct tb_error *err)
{
    return policies_assign(config->policies, config->policy.tcp, config->policy.unix_socket, err);
}

static int check_log(const struct config *config, struct tb_error *err)
{
    if (config->log.level >= LOG_LEVEL_INFO || !(config->log.audit || config->log.access))
        return 0;
    return tb_error_set(err, -EINVAL, "log.%s needs log.level = \"info\" or \"debug\"",
                        config->log.audit ? "audit" : "access");
}

static int check_bounds(const struct config *config, struct tb_error *err)
{
    if (config->limits.max_buffered_bytes < config->limits.max_kept_body_bytes)
        return tb_error_set(err, -EINVAL,
                            "limits.max_buffered_bytes must not be smaller than limits.max_kept_body_bytes");
    return 0;
}

static int check_retry(const struct config *config, struct tb_error *err)
{
    if (config->retry.max_retry_delay_ms < config->retry.initial_retry_delay_ms)
        return tb_error_set(err, -EINVAL,
                            "retry.max_retry_delay_ms must not be smaller than retry.initial_retry_delay_ms");
    return 0;
}

static int check_spool(const struct config *config, struct tb_error *err)
{
    if (*config->spool.directory && *config->spool.directory != '/')
        return tb_error_set(err, -EINVAL, "spool.directory = \"%s\": must be an absolute path",
                            config->spool.directory);
    if (config->spool.status != 202 && config->spool.status != 200)
        return tb_error_set(err, -EINVAL, "spool.status must be 202 or 200");
    if (config->spool.mode != SPOOL_MODE_OFF &&
        config->spool.max_body_bytes > config->limits.max_kept_body_bytes)
        return tb_error_set(err, -EINVAL, "spool.max_body_bytes must be at most limits.max_kept_body_bytes");
    return 0;
}

static int (*const checks[])(const struct config *config, struct tb_error *err) = {
    check_url,        check_fallback_urls, check_ca_path,   check_certificate, check_proxy,
    check_credential, check_listen,        check_unix_mode, check_admin,       check_hosts,
    check_origins,    check_rate,          check_queue,     check_urgency,     check_policy,
    check_log,        check_bounds,        check_retry,     check_spool,
};

const char *config_place(const struct config *config, const char *text)
{
    char name[80];
    size_t i;

    for (i = 0; i < option_count; i++) {
        int length = snprintf(name, sizeof(name), "%s.%s", options[i].section, options[i].name);

        if (strncmp(text, name, (size_t)length) == 0 && !isalnum((unsigned char)text[length]) &&
            text[length] != '_')
            return config->places[i];
    }
    return NULL;
}

int config_check(const struct config *config, struct mistakes *mistakes, struct tb_error *err)
{
    const char *place;
    size_t i;
    int r = 0;

    for (i = 0; i < ARRAY_SIZE(checks) && r == 0; i++) {
        r = checks[i](config, err);
        place = r < 0 ? config_place(config, err->message) : NULL;
        if (place)
            tb_error_prefix(err, "%s", place);
        r = mistakes_take(mistakes, r, err);
    }
    return r;
}
