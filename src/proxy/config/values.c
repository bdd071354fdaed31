/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/values.h"

#include <errno.h>
#include <grp.h>

#include "proxy/config/config.h"
#include "transport/transport.h"

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
    };
}

mode_t config_unix_mode(const struct config *config)
{
    char *end;
    unsigned long mode = strtoul(config->listen.unix_mode, &end, 8);

    return *end || end == config->listen.unix_mode || mode > 0777 ? (mode_t)-1 : (mode_t)mode;
}

int config_group(const char *option, const char *name, gid_t *ret, struct tb_error *err)
{
    const struct group *group;
    unsigned long number;
    char *end;

    *ret = (gid_t)-1;
    if (!*name)
        return 0;
    number = strtoul(name, &end, 10);
    group = *end ? getgrnam(name) : NULL;
    if (*end ? !group : number >= UINT32_MAX)
        return tb_error_set(err, -EINVAL, "%s = \"%s\": there is no such group; create it", option, name);
    *ret = group ? group->gr_gid : (gid_t)number;
    return 0;
}

/* The loopback address that TEXT begins with, or NULL. browser_guard.c knows the same ones by name. */
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

int config_admin_address(const struct config *config, const char **address, unsigned *port)
{
    static const struct {
        const char *begin, *address;
    } known[] = {{"127.0.0.1:", "127.0.0.1"}, {"[::1]:", "::1"}};
    const char *text = config->admin.address;
    size_t i, length, digits;
    unsigned long number;

    for (i = 0; i < ARRAY_SIZE(known); i++) {
        length = strlen(known[i].begin);
        if (strncmp(text, known[i].begin, length) != 0)
            continue;
        digits = strspn(text + length, "0123456789");
        number = strtoul(text + length, NULL, 10);
        if (digits == 0 || digits > 5 || text[length + digits] || number > UINT16_MAX)
            break;
        *address = known[i].address;
        *port = (unsigned)number;
        return 0;
    }
    return -EINVAL;
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

bool config_limit_is_asked_for(const struct config *config)
{
    return strcmp(config->rate.limits, "auto") == 0;
}

struct rate_limit config_limit(const struct config *config)
{
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit limit = {0};

    if (!config_limit_is_asked_for(config))
        rate_limit_parse(config->rate.limits, &limit, &err); /* config_check() has checked it */
    return limit;
}

/* systemd names all directories of StateDirectory=. */
int config_spool_directory(const struct config *config, char ret[PATH_MAX])
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *path = *config->spool.directory ? config->spool.directory
                       : state && *state        ? state
                                                : "/var/lib/tbproxyd";
    size_t length = path == state ? strcspn(path, ":") : strlen(path);

    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(ret, path, length);
    ret[length] = '\0';
    return 0;
}
