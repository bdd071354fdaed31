/* SPDX-License-Identifier: Apache-2.0 */
#include "known_options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/config/help.h"

#define ROW(section, name, kind)                                                                             \
    {                                                                                                        \
#section, #name, kind, offsetof(struct config, section.name), false, false, 0, 0, ""                 \
    }

struct known_option known_options[OPTION_COUNT] = {
    ROW(upstream, url, KIND_STRING),
    ROW(upstream, api_key_file, KIND_STRING),
    ROW(upstream, username, KIND_STRING),
    ROW(upstream, password_file, KIND_STRING),
    ROW(upstream, token_file, KIND_STRING),
    ROW(upstream, refresh_token_file, KIND_STRING),
    ROW(upstream, ca_file, KIND_STRING),
    ROW(upstream, certificate_file, KIND_STRING),
    ROW(upstream, key_file, KIND_STRING),
    ROW(upstream, tls_min_version, KIND_TLS),
    ROW(upstream, proxy, KIND_STRING),
    ROW(upstream, proxy_password_file, KIND_STRING),
    ROW(upstream, fallback_urls, KIND_STRING),
    ROW(upstream, connect_timeout_ms, KIND_INTEGER),
    ROW(upstream, timeout_ms, KIND_INTEGER),
    ROW(upstream, max_connections, KIND_INTEGER),
    ROW(upstream, http2, KIND_HTTP2),
    ROW(upstream, max_window_growth, KIND_INTEGER),
    ROW(upstream, max_requests, KIND_INTEGER),
    ROW(upstream, check_interval_ms, KIND_INTEGER),
    ROW(upstream, hold_ms, KIND_INTEGER),
    ROW(listen, address, KIND_STRING),
    ROW(listen, port, KIND_INTEGER),
    ROW(listen, unix_path, KIND_STRING),
    ROW(listen, unix_mode, KIND_STRING),
    ROW(listen, unix_group, KIND_STRING),
    ROW(listen, hosts, KIND_STRING),
    ROW(listen, origins, KIND_STRING),
    ROW(listen, max_connections, KIND_INTEGER),
    ROW(listen, idle_timeout_s, KIND_INTEGER),
    ROW(admin, unix_path, KIND_STRING),
    ROW(admin, unix_group, KIND_STRING),
    ROW(admin, address, KIND_STRING),
    ROW(status, on_api, KIND_BOOLEAN),
    ROW(retry, retry_on_rate_limit, KIND_BOOLEAN),
    ROW(retry, max_retries, KIND_INTEGER),
    ROW(retry, initial_retry_delay_ms, KIND_INTEGER),
    ROW(retry, max_retry_delay_ms, KIND_INTEGER),
    ROW(retry, retry_unsafe, KIND_BOOLEAN),
    ROW(rate, limits, KIND_STRING),
    ROW(rate, learn, KIND_BOOLEAN),
    ROW(queue, max_requests, KIND_INTEGER),
    ROW(queue, max_bytes, KIND_INTEGER),
    ROW(queue, max_wait_ms, KIND_INTEGER),
    ROW(queue, urgency, KIND_STRING),
    ROW(merge, mode, KIND_MODE),
    ROW(merge, max_bytes, KIND_INTEGER),
    ROW(join, reads, KIND_BOOLEAN),
    ROW(spool, mode, KIND_SPOOL_MODE),
    ROW(spool, directory, KIND_STRING),
    ROW(spool, after_ms, KIND_INTEGER),
    ROW(spool, status, KIND_INTEGER),
    ROW(spool, max_body_bytes, KIND_INTEGER),
    ROW(spool, max_bytes, KIND_INTEGER),
    ROW(spool, max_rows, KIND_INTEGER),
    ROW(spool, max_age_hours, KIND_INTEGER),
    ROW(spool, when_full, KIND_WHEN_FULL),
    ROW(limits, max_body_bytes, KIND_INTEGER),
    ROW(limits, max_kept_body_bytes, KIND_INTEGER),
    ROW(limits, max_response_bytes, KIND_INTEGER),
    ROW(limits, max_buffered_bytes, KIND_INTEGER),
    ROW(limits, session_wait_ms, KIND_INTEGER),
    ROW(limits, drain_timeout_ms, KIND_INTEGER),
    ROW(forward, request_headers, KIND_STRING),
    ROW(forward, fix_content_type, KIND_BOOLEAN),
    ROW(policy, tcp, KIND_STRING),
    ROW(policy, unix_socket, KIND_STRING),
    ROW(local, accept_any_login, KIND_BOOLEAN),
    ROW(log, level, KIND_LEVEL),
    ROW(log, format, KIND_FORMAT),
    ROW(log, access, KIND_BOOLEAN),
    ROW(log, audit, KIND_BOOLEAN),
};

char *options_help(void)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    config_print_help(out);
    fclose(out);
    return text;
}

static struct known_option *find(const char *section, const char *name)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++)
        if (strcmp(known_options[i].section, section) == 0 && strcmp(known_options[i].name, name) == 0)
            return &known_options[i];
    ck_abort_msg("the help has %s.%s, which these tests do not know", section, name);
    return NULL;
}

/* An option is the line "# name = value;"; the lines before it describe it. */
void options_read_help(void)
{
    char *help = options_help();
    char section[32] = "", name[64], value[100], *line, *rest = help;
    int64_t minimum = 0, maximum = 0;
    bool reloadable = false;

    while ((line = strsep(&rest, "\n"))) {
        if (sscanf(line, "%31[a-z_] = {", section) == 1 && strchr(line, '{'))
            continue;
        if (sscanf(line, " # Allowed: an integer from %" SCNd64 " to %" SCNd64, &minimum, &maximum) == 2)
            continue;
        if (strstr(line, "takes effect on reload"))
            reloadable = true;
        if (sscanf(line, "    # %63[a-z0-9_] = %99[^;];", name, value) == 2) {
            struct known_option *option = find(section, name);
            size_t quoted = *value == '"';

            *option = (struct known_option){option->section, option->name, option->kind,
                                            option->offset,  true,         reloadable,
                                            minimum,         maximum,      ""};
            snprintf(option->initial, sizeof(option->initial), "%.*s", (int)(strlen(value) - 2 * quoted),
                     value + quoted);
            reloadable = false;
        }
    }
    free(help);
}

const char *option_text(const struct known_option *option, const struct config *config)
{
    static char text[32];
    const void *place = (const char *)config + option->offset;

    switch (option->kind) {
    case KIND_STRING:
        return *(char *const *)place;
    case KIND_BOOLEAN:
        return *(const bool *)place ? "true" : "false";
    case KIND_LEVEL:
        return log_level_names[*(const int64_t *)place];
    case KIND_FORMAT:
        return log_format_names[*(const int64_t *)place];
    case KIND_MODE:
        return merge_mode_names[*(const int64_t *)place];
    case KIND_SPOOL_MODE:
        return spool_mode_names[*(const int64_t *)place];
    case KIND_WHEN_FULL:
        return spool_when_full_names[*(const int64_t *)place];
    case KIND_HTTP2:
        return http2_mode_names[*(const int64_t *)place];
    case KIND_TLS:
        return tls_version_names[*(const int64_t *)place];
    case KIND_INTEGER:
        break;
    }
    snprintf(text, sizeof(text), "%" PRId64, *(const int64_t *)place);
    return text;
}

const char *options_path(void)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/test.conf", unit_directory());
    return path;
}

int options_load(const char *text, char *const *settings, struct config **ret, struct tb_error *err)
{
    size_t count = 0;

    while (settings && settings[count])
        count++;
    return config_load(unit_file(0, "test.conf", 0644, text, strlen(text)), settings, count, ret, err);
}

struct config *options_must_load(const char *text, char *const *settings)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    ck_assert_msg(options_load(text, settings, &config, &err) == 0, "%s", err.message);
    ck_assert_ptr_nonnull(config);
    return config;
}
