/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stddef.h>

#include "base/log.h"
#include "proxy/config/config_mistake.h"
#include "proxy/config/config_text.h"

enum option_type { OPTION_STRING, OPTION_INTEGER, OPTION_BOOLEAN, OPTION_CHOICE };

struct option {
    const char *section;
    const char *name;
    enum option_type type;
    size_t offset; /* in struct config */
    int64_t minimum, maximum;
    const char *initial; /* as in the file, without quotes */
    bool reloadable;
    const char *const *choices; /* ended by NULL; the value is an index */
    const char *help;
};

#define AT(member) offsetof(struct config, member)

#define STRING(section, name, initial, help)                                                                 \
    {                                                                                                        \
#section, #name, OPTION_STRING, AT(section.name), 0, 0, initial, false, NULL, help                   \
    }
/* One that nobody holds a pointer to. */
#define RELOADABLE_STRING(section, name, initial, help)                                                      \
    {                                                                                                        \
#section, #name, OPTION_STRING, AT(section.name), 0, 0, initial, true, NULL, help                    \
    }
#define INTEGER(section, name, minimum, maximum, initial, reloadable, help)                                  \
    {                                                                                                        \
#section, #name, OPTION_INTEGER, AT(section.name), minimum, maximum, initial, reloadable, NULL, help \
    }
#define BOOLEAN(section, name, initial, help)                                                                \
    {                                                                                                        \
#section, #name, OPTION_BOOLEAN, AT(section.name), 0, 0, initial, true, NULL, help                   \
    }
#define CHOICE(section, name, choices, initial, reloadable, help)                                            \
    {                                                                                                        \
#section, #name, OPTION_CHOICE, AT(section.name), 0, 0, initial, reloadable, choices, help           \
    }

#define HOUR_MS 3600000
#define GIB     (INT64_C(1) << 30)

const char *const merge_mode_names[] = {"off", "pressure", "always", NULL};
const char *const tls_version_names[] = {"1.2", "1.3", NULL};
const char *const http2_mode_names[] = {"auto", "off", "prior-knowledge", NULL};

/* clang-format off */
static const struct option options[] = {
    STRING(upstream, url, "",
           "The ThingsBoard server, as in a browser: https://thingsboard.cloud. Required."),
    STRING(upstream, api_key_file, "",
           "File with an API key. One of three ways to authenticate; the others are a user name with a\n"
           "password, and a token. Each file holds one line, is readable by its owner only, and is read at every\n"
           "login. A name without a slash is a systemd credential (LoadCredential= in the unit); systemd copies it\n"
           "when the service starts, so a changed one needs a restart."),
    STRING(upstream, username, "",
           "User name, with upstream.password_file."),
    STRING(upstream, password_file, "",
           "File with the user's password."),
    STRING(upstream, token_file, "",
           "File with an access token (JWT) that somebody obtained."),
    STRING(upstream, refresh_token_file, "",
           "File with the refresh token that belongs to it. Without one the token is used until it expires."),
    STRING(upstream, ca_file, "",
           "File with the certificates (PEM) that an https server is verified by, instead of the system's. A changed\n"
           "file is used after a reload, without one within an hour."),
    STRING(upstream, certificate_file, "",
           "File with a certificate (PEM) that tbproxyd shows to the server, with upstream.key_file."),
    STRING(upstream, key_file, "",
           "File with the key (PEM) of that certificate, without a passphrase; readable by its owner only."),
    CHOICE(upstream, tls_min_version, tls_version_names, "1.2", false,
           "Oldest version of TLS that is spoken with an https server."),
    STRING(upstream, proxy, "",
           "Proxy that all connections to the server go through: http://[user@]host:port, or https, or socks5h. It\n"
           "must allow CONNECT. (Environment variables are not looked at.)"),
    STRING(upstream, proxy_password_file, "",
           "File with the password of that user, readable by its owner only."),
    STRING(upstream, fallback_urls, "",
           "URLs of further servers of the same cluster, separated by commas, at most 7. Requests go to the first\n"
           "one, upstream.url before these, that can be reached and answers no 502, 503 or 504 again and again."),
    INTEGER(upstream, connect_timeout_ms, 1, HOUR_MS, "10000", false,
            "How long connecting to the server may take, with the TLS handshake."),
    INTEGER(upstream, timeout_ms, 1, 24 * HOUR_MS, "60000", true,
            "How long the server may take to answer, or stand still in the middle of a body; after that the local\n"
            "program gets 504, or no more of an answer that has begun. A call that says itself how long the server\n"
            "may wait (an RPC, a rule engine call, a long poll of a device) gets that and 5 s, at most 300 s, if\n"
            "that is longer."),
    INTEGER(upstream, max_connections, 1, 4096, "64", false,
            "Most connections to the server at a time. (Over HTTP/1.1 the session's own calls have one more.)"),
    CHOICE(upstream, http2, http2_mode_names, "auto", false,
           "When HTTP/2 is spoken with the server, which carries many requests on one connection. auto: with an https\n"
           "server that wants it; off: never; prior-knowledge: with a http server, too, which must know it."),
    INTEGER(upstream, max_requests, 1, 4096, "100", false,
            "Most requests at the server at a time; further ones wait in the queue. Without HTTP/2 each has a\n"
            "connection of its own, and upstream.max_connections bounds them, too."),

    STRING(listen, address, "127.0.0.1, ::1",
           "Addresses for local programs over TCP: one or both of the loopback addresses, separated by commas. One\n"
           "that the host does not have is left out. Empty: no TCP."),
    INTEGER(listen, port, 0, 65535, "8282", false,
            "Port for local programs over TCP; 0 takes a free one and logs it."),
    STRING(listen, unix_path, "/run/tbproxyd/tbproxyd.sock",
           "Path of the Unix socket for local programs. Empty: no Unix socket."),
    STRING(listen, unix_mode, "0666",
           "Permissions of the Unix socket, in octal: who may use it."),
    INTEGER(listen, max_connections, 1, 65536, "1024", false,
            "Most connections of local programs at a time, for each address and the Unix socket; more wait. Fewer, with a\n"
            "line in the log, if the limit of open files is not enough for them and for those to the server."),
    INTEGER(listen, idle_timeout_s, 1, 3600, "75", false,
            "A local connection on which nothing arrives for so many seconds is closed. Answers tell it, as Keep-Alive."),

    BOOLEAN(retry, retry_on_rate_limit, "true",
            "Whether a request that the server refuses with 429 is retried for the local program."),
    INTEGER(retry, max_retries, 0, 100, "3", true,
            "Most retries of one request; after that the local program sees the 429."),
    INTEGER(retry, initial_retry_delay_ms, 1, HOUR_MS, "1000", true,
            "Wait before the first retry; doubled for each further one, plus or minus 20 %. What the server\n"
            "asks for with Retry-After wins."),
    INTEGER(retry, max_retry_delay_ms, 1, HOUR_MS, "30000", true,
            "Longest wait before a retry. A Retry-After beyond it is not waited for: the program sees the 429."),
    BOOLEAN(retry, retry_unsafe, "false",
            "Whether also RPC, rule engine, claim and version control calls are retried. The server can answer\n"
            "429 to these after it executed them, so they may then be executed twice."),

    RELOADABLE_STRING(rate, limits, "",
           "The server's rate limit, in its own syntax: \"100:1,2000:60\" is 100 calls a second and 2000 a minute.\n"
           "No more is sent, so the server refuses nothing. Empty: not known. \"auto\": asked for where the server\n"
           "tells (ThingsBoard Cloud, for tenant administrators and customer users)."),
    BOOLEAN(rate, learn, "true",
            "Whether the pace that the server takes is learned from its refusals (429), with or without rate.limits."),

    INTEGER(queue, max_requests, 1, 1000000, "10000", true,
            "Most requests that wait for the server; a further one is answered with 503."),
    INTEGER(queue, max_bytes, 1024, 64 * GIB, "67108864", true,
            "Most bytes of bodies that waiting requests keep. Not smaller than limits.max_kept_body_bytes."),
    INTEGER(queue, max_wait_ms, 0, HOUR_MS, "30000", true,
            "How long a request may wait altogether, also between the retries after a 429; then it is answered with\n"
            "503. A request can ask for less with \"Prefer: wait=SECONDS\". What the server takes to answer does not\n"
            "count."),
    RELOADABLE_STRING(queue, urgency, "",
           "Operations, by id or tag, that go before or after others of the same client: \"saveDevice=1,\n"
           "telemetry-controller=5\", from 0 (the most urgent) to 7; others have 3. A request's own Priority header\n"
           "(u=0 to u=7) wins. Clients take turns whatever the urgency."),

    CHOICE(merge, mode, merge_mode_names, "pressure", true,
           "Whether telemetry, and attributes, for the same path of an entity go to the server as one call.\n"
           "pressure: those that have to wait anyway; always: one call at a time, what comes meanwhile goes with the\n"
           "next; off: never. Each program is told what came of its own part. Of an attribute that is written twice\n"
           "in one call only the last value is sent; of telemetry every value."),
    INTEGER(merge, max_bytes, 1024, 16 * 1024 * 1024, "1048576", true,
            "Largest body that is made of several."),

    BOOLEAN(join, reads, "true",
            "Whether identical GETs at the same time are answered by one call; never one that began before a write\n"
            "that the program may know of."),

    INTEGER(limits, max_body_bytes, 0, 1024 * GIB, "1073741824", true,
            "Largest body of a request; a larger one is answered with 413."),
    INTEGER(limits, max_kept_body_bytes, 0, GIB, "1048576", true,
            "Bodies of requests up to this size are kept until the answer is there, so that the request can be\n"
            "sent again after a renewal of the login or a 429. A larger one is handed on as it comes, and is sent\n"
            "again only as long as the server has not asked for it."),
    INTEGER(limits, max_response_bytes, 262144, GIB, "67108864", true,
            "Largest answer that is kept in memory: that of an error, or for several programs at once; a larger one\n"
            "is answered with 502. Others are handed on as they come."),
    INTEGER(limits, max_buffered_bytes, 65536, 64 * GIB, "268435456", true,
            "Memory for the bodies of all requests under way; a request that does not fit is answered with 503. One\n"
            "whose body is handed on as it comes takes 256 KiB of it. Each answer has 256 KiB besides, and one that\n"
            "does not fit is handed on as it comes."),
    INTEGER(limits, session_wait_ms, 0, HOUR_MS, "30000", true,
            "How long a request waits for a login that is under way before it is answered with 503."),
    INTEGER(limits, drain_timeout_ms, 0, HOUR_MS, "10000", true,
            "How long requests under way may still take when tbproxyd stops."),

    STRING(forward, request_headers, "",
           "Names of further request headers that are forwarded to the server, separated by commas. (Forwarded\n"
           "anyway: Accept, Accept-Encoding, Accept-Language, Content-Type, Content-Encoding, If-*, Range,\n"
           "User-Agent, X-Mobile-Token.)"),

    CHOICE(log, level, log_level_names, "info", true,
           "What is logged: error, warning, info or debug, each with all before it."),
};
/* clang-format on */

#define OPTION_COUNT ARRAY_SIZE(options)

/* Where an option's value stands in CONFIG. */
static char **string_of(const struct option *option, struct config *config)
{
    return (char **)(void *)((char *)config + option->offset);
}

static int64_t *integer_of(const struct option *option, struct config *config)
{
    return (int64_t *)(void *)((char *)config + option->offset);
}

static bool *boolean_of(const struct option *option, struct config *config)
{
    return (bool *)(void *)((char *)config + option->offset);
}

static bool is_in_section(const struct option *option, const char *section, size_t length)
{
    return strlen(option->section) == length && strncmp(option->section, section, length) == 0;
}

static bool has_section(const char *section, size_t length)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++)
        if (is_in_section(&options[i], section, length))
            return true;
    return false;
}

static const struct option *find_option(const char *section, size_t section_length, const char *name)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++)
        if (is_in_section(&options[i], section, section_length) && strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* "true or false", "an integer from 1 to 100", ...: for messages and for the help. */
static const char *allowed(const struct option *option, char *text, size_t size)
{
    size_t used = 0;
    size_t i;

    switch (option->type) {
    case OPTION_STRING:
        return "a string in double quotes";
    case OPTION_BOOLEAN:
        return "true or false";
    case OPTION_INTEGER:
        snprintf(text, size, "an integer from %" PRId64 " to %" PRId64, option->minimum, option->maximum);
        return text;
    case OPTION_CHOICE:
        for (i = 0; option->choices[i] && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", i ? ", " : "one of ",
                                     option->choices[i]);
        return text;
    }
    return "";
}

static int refuse_value(const struct option *option, struct tb_error *err)
{
    char text[128];

    return tb_error_set(err, -EINVAL, "%s.%s must be %s", option->section, option->name,
                        allowed(option, text, sizeof(text)));
}

static int set_string(const struct option *option, struct config *config, const char *value,
                      struct tb_error *err)
{
    char *copy = strdup(value);

    if (!copy)
        return tb_error_set(err, -ENOMEM, "out of memory");
    free(*string_of(option, config));
    *string_of(option, config) = copy;
    return 0;
}

static int set_integer(const struct option *option, struct config *config, int64_t value,
                       struct tb_error *err)
{
    if (option->type != OPTION_INTEGER || value < option->minimum || value > option->maximum)
        return refuse_value(option, err);
    *integer_of(option, config) = value;
    return 0;
}

static int set_choice(const struct option *option, struct config *config, const char *value,
                      struct tb_error *err)
{
    int64_t i;

    for (i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], value) == 0) {
            *integer_of(option, config) = i;
            return 0;
        }
    return refuse_value(option, err);
}

/* From text without quotes: an initial value, or --set. */
static int set_text(const struct option *option, struct config *config, const char *value,
                    struct tb_error *err)
{
    long long number;
    char *end;

    switch (option->type) {
    case OPTION_STRING:
        return set_string(option, config, value, err);
    case OPTION_CHOICE:
        return set_choice(option, config, value, err);
    case OPTION_BOOLEAN:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return refuse_value(option, err);
        *boolean_of(option, config) = *value == 't';
        return 0;
    case OPTION_INTEGER:
        errno = 0;
        number = strtoll(value, &end, 10);
        if (errno || end == value || *end || isspace((unsigned char)*value))
            return refuse_value(option, err);
        return set_integer(option, config, number, err);
    }
    return -EINVAL;
}

/* From the file: the type must be the option's. */
static int set_setting(const struct option *option, struct config *config, config_setting_t *setting,
                       struct tb_error *err)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return set_integer(option, config, config_setting_get_int64(setting), err);
    case CONFIG_TYPE_BOOL:
        if (option->type != OPTION_BOOLEAN)
            return refuse_value(option, err);
        *boolean_of(option, config) = config_setting_get_bool(setting);
        return 0;
    case CONFIG_TYPE_STRING:
        if (option->type == OPTION_STRING)
            return set_string(option, config, config_setting_get_string(setting), err);
        if (option->type == OPTION_CHOICE)
            return set_choice(option, config, config_setting_get_string(setting), err);
        return refuse_value(option, err);
    default:
        return refuse_value(option, err);
    }
}

/* "unknown option upstream.colour; section upstream has: url, ..." */
static int refuse_name(const char *section, size_t section_length, const char *name, struct tb_error *err)
{
    char known[400];
    size_t used = 0;
    const char *last = "";
    bool known_section = has_section(section, section_length);
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        const char *entry = known_section ? options[i].name : options[i].section;

        if (known_section && !is_in_section(&options[i], section, section_length))
            continue;
        if (strcmp(entry, last) != 0 && used < sizeof(known))
            used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", entry);
        last = entry;
    }
    if (known_section)
        return tb_error_set(err, -EINVAL, "unknown option %.*s.%s; section %.*s has: %s", (int)section_length,
                            section, name, (int)section_length, section, known);
    return tb_error_set(err, -EINVAL, "unknown section %.*s; there are: %s", (int)section_length, section,
                        known);
}

/* What a file has set so far. */
struct reading {
    struct config *config;
    const char *path;
    const config_setting_t *settings[OPTION_COUNT];
};

/* libconfig knows the names of included files only. */
static const char *file_of(const struct reading *reading, const config_setting_t *setting)
{
    const char *file = config_setting_source_file(setting);

    return file ? file : reading->path;
}

static int refuse_second(const struct reading *reading, const struct option *option, struct tb_error *err)
{
    const config_setting_t *first = reading->settings[option - options];

    return tb_error_set(err, -EINVAL, "%s.%s stands here for the second time; first in %s, line %u",
                        option->section, option->name, file_of(reading, first),
                        config_setting_source_line(first));
}

static int read_section(struct reading *reading, config_setting_t *section, struct tb_error *err)
{
    const char *name = config_setting_name(section);
    size_t length = strcspn(name, CONFIG_REPEAT_MARK);
    int i, r = 0;

    if (!config_setting_is_group(section))
        return tb_error_set(err, -EINVAL, "%s:%u: %s must be a section: %s = { ... };",
                            file_of(reading, section), config_setting_source_line(section), name, name);
    for (i = 0; i < config_setting_length(section) && r == 0; i++) {
        config_setting_t *setting = config_setting_get_elem(section, (unsigned)i);
        const struct option *option = find_option(name, length, config_setting_name(setting));

        if (!option)
            r = refuse_name(name, length, config_setting_name(setting), err);
        else if (reading->settings[option - options])
            r = refuse_second(reading, option, err);
        else
            r = set_setting(option, reading->config, setting, err);
        if (r < 0)
            tb_error_prefix(err, "%s:%u", file_of(reading, setting), config_setting_source_line(setting));
        else
            reading->settings[option - options] = setting;
    }
    if (config_setting_length(section) == 0 && !has_section(name, length)) {
        r = refuse_name(name, length, "", err);
        tb_error_prefix(err, "%s:%u", file_of(reading, section), config_setting_source_line(section));
    }
    return r;
}

static int read_file(struct config *config, const char *path, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(CONFIG_TEXT_MAX_BYTES);
    struct reading reading = {.config = config, .path = path};
    config_setting_t *root;
    config_t parsed;
    int i, r = config_text_read(path, &text, err);

    if (r < 0)
        return r;
    config_init(&parsed);
    if (config_read_string(&parsed, text.data) != CONFIG_TRUE)
        r = config_mistake(&parsed, path, text.data, err);
    root = config_root_setting(&parsed);
    for (i = 0; r == 0 && i < config_setting_length(root); i++)
        r = read_section(&reading, config_setting_get_elem(root, (unsigned)i), err);
    config_destroy(&parsed);
    return r;
}

static int apply_set(struct config *config, const char *setting, struct tb_error *err)
{
    const char *equals = strchr(setting, '=');
    const char *dot = equals ? memchr(setting, '.', (size_t)(equals - setting)) : NULL;
    CLEANUP(free_pointer) char *name = NULL;
    const struct option *option;
    int r;

    if (!dot)
        return tb_error_set(err, -EINVAL, "--set %s: must be section.option=value", setting);
    name = strndup(dot + 1, (size_t)(equals - dot - 1));
    if (!name)
        return tb_error_set(err, -ENOMEM, "out of memory");
    option = find_option(setting, (size_t)(dot - setting), name);
    r = option ? set_text(option, config, equals + 1, err)
               : refuse_name(setting, (size_t)(dot - setting), name, err);
    return r < 0 ? tb_error_prefix(err, "--set %s", setting) : 0;
}

int config_load_unchecked(const char *path, char *const *settings, size_t count, struct config **ret,
                          struct tb_error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    int r = config ? 0 : tb_error_set(err, -ENOMEM, "out of memory");
    size_t i;

    for (i = 0; r == 0 && i < OPTION_COUNT; i++)
        r = set_text(&options[i], config, options[i].initial, err);
    if (r == 0)
        r = read_file(config, path, err);
    for (i = 0; r == 0 && i < count; i++)
        r = apply_set(config, settings[i], err);
    if (r < 0) {
        config_free(config);
        return r;
    }
    *ret = config;
    return 0;
}

void config_free(struct config *config)
{
    size_t i;

    if (!config)
        return;
    for (i = 0; i < OPTION_COUNT; i++)
        if (options[i].type == OPTION_STRING)
            free(*string_of(&options[i], config));
    free(config);
}

static bool differs(const struct option *option, struct config *a, struct config *b)
{
    if (option->type == OPTION_STRING)
        return strcmp(*string_of(option, a), *string_of(option, b)) != 0;
    if (option->type == OPTION_BOOLEAN)
        return *boolean_of(option, a) != *boolean_of(option, b);
    return *integer_of(option, a) != *integer_of(option, b);
}

/* False without memory. */
static bool take_over(const struct option *option, struct config *config, struct config *fresh)
{
    char *text;

    if (option->type == OPTION_BOOLEAN)
        *boolean_of(option, config) = *boolean_of(option, fresh);
    else if (option->type != OPTION_STRING)
        *integer_of(option, config) = *integer_of(option, fresh);
    if (option->type != OPTION_STRING)
        return true;
    text = strdup(*string_of(option, fresh));
    if (!text)
        return false;
    free(*string_of(option, config));
    *string_of(option, config) = text;
    return true;
}

void config_reload(struct config *config, struct config *fresh)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];

        if (!differs(option, config, fresh))
            continue;
        if (!option->reloadable)
            log_warning("%s.%s has changed; it takes effect after a restart", option->section, option->name);
        else if (take_over(option, config, fresh))
            log_info("%s.%s has changed and is in effect", option->section, option->name);
        else
            log_error("%s.%s stays as it was: out of memory", option->section, option->name);
    }
}

static void print_option(FILE *out, const struct option *option)
{
    const char *quote = option->type == OPTION_STRING || option->type == OPTION_CHOICE ? "\"" : "";
    const char *c;
    char text[128];

    fputs("\n    # ", out);
    for (c = option->help; *c; c++)
        fputs(*c == '\n' ? "\n    # " : (char[]){*c, '\0'}, out);
    if (option->type != OPTION_STRING)
        fprintf(out, "\n    # Allowed: %s.", allowed(option, text, sizeof(text)));
    if (option->reloadable)
        fputs("\n    # May be changed while running (systemctl reload).", out);
    fprintf(out, "\n    # %s = %s%s%s;\n", option->name, quote, option->initial, quote);
}

void config_print_help(FILE *out)
{
    size_t i;

    fputs("# tbproxyd.conf: every option, with its default. Remove the \"# \" before an option to set it.\n"
          "# A section may stand more than once. tbproxyd --check-config tells whether the file is right.\n",
          out);
    for (i = 0; i < OPTION_COUNT; i++) {
        if (i == 0 || strcmp(options[i].section, options[i - 1].section) != 0)
            fprintf(out, "%s\n%s = {\n", i ? "};\n" : "", options[i].section);
        print_option(out, &options[i]);
    }
    fputs("};\n", out);
}
