/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/option_table.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/config/config.h"

#define AT(member) offsetof(struct config, member)

/* When a change in the file takes effect: with a reload, or only with a restart. A string that somebody holds
 * a pointer to needs a restart. */
#define RELOAD  true
#define RESTART false

#define STRING(section, name, initial, when, help)                                                           \
    {                                                                                                        \
#section, #name, OPTION_STRING, AT(section.name), 0, 0, initial, when, NULL, help                    \
    }
#define INTEGER(section, name, initial, minimum, maximum, when, help)                                        \
    {                                                                                                        \
#section, #name, OPTION_INTEGER, AT(section.name), minimum, maximum, initial, when, NULL, help       \
    }
#define BOOLEAN(section, name, initial, when, help)                                                          \
    {                                                                                                        \
#section, #name, OPTION_BOOLEAN, AT(section.name), 0, 0, initial, when, NULL, help                   \
    }
#define CHOICE(section, name, initial, choices, when, help)                                                  \
    {                                                                                                        \
#section, #name, OPTION_CHOICE, AT(section.name), 0, 0, initial, when, choices, help                 \
    }

#define HOUR_MS 3600000
#define GIB     (INT64_C(1) << 30)

const char *const log_format_names[] = {"auto", "text", "json", NULL};
const char *const merge_mode_names[] = {"off", "pressure", "always", NULL};
const char *const spool_mode_names[] = {"off", "outage", "always", NULL};
const char *const spool_when_full_names[] = {"refuse", "drop-oldest", NULL};
const char *const tls_version_names[] = {"1.2", "1.3", NULL};
const char *const http2_mode_names[] = {"auto", "off", "prior-knowledge", NULL};

/* clang-format off */
const struct option options[] = {
    STRING(upstream, url, "", RESTART,
           "URL of the ThingsBoard server, as in a browser: https://thingsboard.cloud. Required."),
    STRING(upstream, api_key_file, "", RESTART,
           "File with an API key. This is one of three ways to authenticate; the others are a user name\n"
           "with a password, and a token. Each of these files holds one line, must be readable by its\n"
           "owner only, and is read at every login. A name without a slash is a systemd credential\n"
           "(LoadCredential= in the unit); systemd copies it when the service starts, so restart tbproxyd\n"
           "after changing it."),
    STRING(upstream, username, "", RESTART,
           "User name; needs upstream.password_file."),
    STRING(upstream, password_file, "", RESTART,
           "File with the user's password."),
    STRING(upstream, token_file, "", RESTART,
           "File with an access token (JWT) obtained elsewhere."),
    STRING(upstream, refresh_token_file, "", RESTART,
           "File with the matching refresh token. Without one, the token is used until it expires."),
    STRING(upstream, ca_file, "", RESTART,
           "File with the CA certificates (PEM) to verify an https server with, instead of the system's. A\n"
           "changed file takes effect on reload, or within an hour."),
    STRING(upstream, certificate_file, "", RESTART,
           "File with the certificate (PEM) that tbproxyd presents to the server; needs upstream.key_file."),
    STRING(upstream, key_file, "", RESTART,
           "File with the key (PEM) of that certificate, without a passphrase; readable by its owner only."),
    CHOICE(upstream, tls_min_version, "1.2", tls_version_names, RESTART,
           "Oldest version of TLS to accept from an https server."),
    STRING(upstream, proxy, "", RESTART,
           "Proxy for all connections to the server: http://[user@]host:port, or the same with https or\n"
           "socks5h. It must allow CONNECT. (Environment variables are ignored.)"),
    STRING(upstream, proxy_password_file, "", RESTART,
           "File with the password of the proxy's user, readable by its owner only."),
    STRING(upstream, fallback_urls, "", RESTART,
           "URLs of further servers of the same cluster, separated by commas, at most 7. Requests go to\n"
           "the first server, beginning with upstream.url, that is reachable and does not keep answering\n"
           "502, 503 or 504."),
    INTEGER(upstream, connect_timeout_ms, "10000", 1, HOUR_MS, RESTART,
            "Time allowed for connecting to the server, including the TLS handshake."),
    INTEGER(upstream, timeout_ms, "60000", 1, 24 * HOUR_MS, RELOAD,
            "Time allowed for the server to answer, and for a pause in the middle of a body; after that,\n"
            "the local program gets 504, or a response that has begun is cut off. Calls with a timeout of\n"
            "their own (an RPC, a rule engine call, a long poll of a device) get that timeout plus 5 s, at\n"
            "most 300 s, if that is longer."),
    INTEGER(upstream, max_connections, "64", 1, 4096, RESTART,
            "Maximum number of connections to the server for one local user; for all users together, a third\n"
            "more. (Over HTTP/1.1, the session has one more.)"),
    CHOICE(upstream, http2, "auto", http2_mode_names, RESTART,
           "When to use HTTP/2, which carries many requests over one connection. auto: with https servers\n"
           "that support it; off: never; prior-knowledge: also with http servers, which must support it."),
    INTEGER(upstream, max_window_growth, "4194304", 0, GIB, RESTART,
            "Bytes that the windows of HTTP/2 answers may grow by together, for programs that read as fast as\n"
            "the server sends. Each answer begins with a window of 256 KiB."),
    INTEGER(upstream, max_requests, "128", 1, 4096, RESTART,
            "Maximum number of requests of one local user at the server at a time; more wait in the queue.\n"
            "All users together may have a third more. Without HTTP/2, each uses a connection of its own, so\n"
            "upstream.max_connections limits them, too."),
    INTEGER(upstream, check_interval_ms, "3000", 0, HOUR_MS, RELOAD,
            "If no answer comes from the server for this time, tbproxyd asks it for something small that\n"
            "needs no login and does not count against its rate limit, so that its status says what is true,\n"
            "also without any request. 0: it does not ask; then a server that is away is noticed by the next\n"
            "request or login."),
    INTEGER(upstream, hold_ms, "10000", 0, HOUR_MS, RELOAD,
            "How long requests wait while the server is away (it cannot be reached, or a gateway answers 502\n"
            "or 503 in its place) before they are answered with 503: those that it has not executed, and those\n"
            "that it may execute twice. A request can ask for another time with \"Prefer: wait=SECONDS\", up\n"
            "to queue.max_wait_ms. 0: none waits."),

    STRING(listen, address, "127.0.0.1, ::1", RESTART,
           "Addresses for local programs over TCP: one or both of the loopback addresses, separated by a\n"
           "comma. An address that the host does not have is skipped. Empty: no TCP."),
    INTEGER(listen, port, "8282", 0, 65535, RESTART,
            "Port for local programs over TCP; 0 picks a free one and logs it."),
    STRING(listen, unix_path, "/run/tbproxyd/tbproxyd.sock", RESTART,
           "Path of the Unix socket for local programs. Empty: no Unix socket."),
    STRING(listen, unix_mode, "0666", RESTART,
           "Permissions of the Unix socket, in octal: who may use it."),
    STRING(listen, unix_group, "", RESTART,
           "Group of the Unix socket, a name or a number, for a mode such as 0660. tbproxyd must be a member\n"
           "of it. Empty: its own group. (If systemd opens the sockets, tbproxyd.socket says all this.)"),
    STRING(listen, hosts, "", RELOAD,
           "Further names by which programs may address tbproxyd over TCP, separated by commas, without\n"
           "ports: \"host.docker.internal\". Other names in a Host header are refused, except the loopback\n"
           "names, because a web page could use them."),
    STRING(listen, origins, "", RELOAD,
           "Web pages that may ask over TCP, by their origins, separated by commas:\n"
           "\"http://localhost:3000\". Their scripts can then do whatever policy.tcp allows, and read the\n"
           "answers (CORS). Pages of all other origins are refused."),
    INTEGER(listen, max_connections, "1024", 1, 65536, RESTART,
            "Maximum number of connections of one local user; all users together may have a third more.\n"
            "For further ones, idle connections are closed. It is reduced, and the log says so, if the\n"
            "limit of open files is too low for these and the connections to the server."),
    INTEGER(listen, idle_timeout_s, "75", 1, 3600, RESTART,
            "A local connection is closed after this many seconds in which nothing arrives, or in which\n"
            "less than 64 KiB of a body are sent or read. Responses announce it as Keep-Alive."),

    STRING(admin, unix_path, "/run/tbproxyd/admin.sock", RESTART,
           "Path of the admin socket, a Unix socket for those who look after tbproxyd: GET /-/ on it lists what\n"
           "it has. Only root and the members of admin.unix_group may use it. Empty: no admin socket."),
    STRING(admin, unix_group, "", RESTART,
           "Group of the admin socket, a name or a number. tbproxyd must be a member of it. Empty: its own\n"
           "group. (If systemd opens the socket, tbproxyd-admin.socket says it: tbproxy-admin.)"),
    STRING(admin, address, "", RESTART,
           "Loopback address and port for what only reads of that, for browsers: \"127.0.0.1:8283\" or\n"
           "\"[::1]:8283\". Every local user may see it, and send GETs as policy.tcp allows. Empty: none."),

    BOOLEAN(status, on_api, "true", RELOAD,
            "Whether /-/status and /-/metrics are also on the addresses and the socket of listen. There, a\n"
            "program sees nothing of other users."),

    BOOLEAN(retry, retry_on_rate_limit, "true", RELOAD,
            "Whether to retry a request that the server refuses with 429."),
    INTEGER(retry, max_retries, "3", 0, 100, RELOAD,
            "Maximum number of retries of a request; after that, the local program gets the 429."),
    INTEGER(retry, initial_retry_delay_ms, "1000", 1, HOUR_MS, RELOAD,
            "Delay before the first retry; doubled for each further one, plus or minus 20 %. The server's\n"
            "Retry-After takes precedence."),
    INTEGER(retry, max_retry_delay_ms, "30000", 1, HOUR_MS, RELOAD,
            "Longest delay before a retry. If Retry-After asks for more, the local program gets the 429."),
    BOOLEAN(retry, retry_unsafe, "false", RELOAD,
            "Whether to retry RPC, rule engine, claim and version control calls, too. The server can\n"
            "answer these with 429 after executing them, so they may be executed twice."),

    STRING(rate, limits, "", RELOAD,
           "The server's rate limit, in its own syntax: \"100:1,2000:60\" is 100 calls a second and 2000 a\n"
           "minute. tbproxyd sends no more than that, so the server refuses nothing. Empty: unknown.\n"
           "\"auto\": ask the server, if it is one that reports its limit (ThingsBoard Cloud, for tenant\n"
           "administrators and customer users)."),
    BOOLEAN(rate, learn, "true", RELOAD,
            "Whether to learn from refusals (429) how fast the server takes requests, with or without\n"
            "rate.limits."),

    INTEGER(queue, max_requests, "10000", 1, 1000000, RELOAD,
            "Maximum number of requests of one local user that wait for the server; more are answered with\n"
            "503. All users together may have a third more."),
    INTEGER(queue, max_bytes, "67108864", 1024, 64 * GIB, RELOAD,
            "Maximum size of the bodies of these requests; of all users, a third more. Must be at least\n"
            "limits.max_kept_body_bytes."),
    INTEGER(queue, max_wait_ms, "30000", 0, HOUR_MS, RELOAD,
            "Longest total time that a request waits, including the delays between retries; after that, it\n"
            "is answered with 503. A request can ask for less with \"Prefer: wait=SECONDS\". The time that\n"
            "the server takes to answer does not count."),
    STRING(queue, urgency, "", RELOAD,
           "Operations, by id or tag, to send before or after others of the same user: \"saveDevice=1,\n"
           "telemetry-controller=5\", from 0 (the most urgent) to 7; the others have 3. A request's own\n"
           "Priority header (u=0 to u=7) takes precedence. Users take turns whatever the urgency."),

    CHOICE(merge, mode, "pressure", merge_mode_names, RELOAD,
           "Whether to send a user's telemetry, and attributes, for the same path of an entity as one call.\n"
           "pressure: if they have to wait anyway; always: one call at a time, and what arrives meanwhile\n"
           "goes with the next; off: never. Each program gets the result of its own part. If an attribute\n"
           "is written twice in one call, only the last value is sent; of telemetry, every value is sent."),
    INTEGER(merge, max_bytes, "1048576", 1024, 16 * 1024 * 1024, RELOAD,
            "Maximum size of a merged body."),

    BOOLEAN(join, reads, "true", RELOAD,
            "Whether identical GETs made at the same time share one call. A call sent before a write is\n"
            "never shared with later reads."),

    CHOICE(spool, mode, "off", spool_mode_names, RESTART,
           "When telemetry and attributes are kept on the disk until the server has them. off: never; outage:\n"
           "if the server cannot be reached, refuses for its own reasons (502, 503, 504, its rate limit), or\n"
           "does not answer in time; always: at once, and they are sent to the server afterwards. A program\n"
           "can ask for the latter with \"Prefer: respond-async\". What is on the disk is answered with 202."),
    STRING(spool, directory, "", RESTART,
           "Directory for the spool. Empty: that of the service (StateDirectory= in the unit), or else\n"
           "/var/lib/tbproxyd. It is made if its parent exists, and no other user may have rights on it.\n"
           "With the unit leave it empty: its user exists only while it runs."),
    INTEGER(spool, after_ms, "1000", 0, HOUR_MS, RELOAD,
            "How long a write waits for a server that is away before it goes into the spool, in the mode\n"
            "outage. With \"Prefer: wait=0\" or \"Prefer: respond-async\" it does not wait."),
    INTEGER(spool, status, "202", 200, 202, RELOAD,
            "Status of the answer to a write that is in the spool: 202, or 200 for programs that take nothing\n"
            "else."),
    INTEGER(spool, max_body_bytes, "262144", 1024, 1048576, RELOAD,
            "Maximum size of the body of a write in the spool. A larger one is answered with 413 if it would\n"
            "have to go into the spool. Must be at most limits.max_kept_body_bytes. (A body of telemetry above\n"
            "262144 bytes goes into the spool only if each of its values has a time.)"),
    INTEGER(spool, max_bytes, "1073741824", 2097152, 1024 * GIB, RELOAD,
            "Maximum size of what one local user has in the spool: bodies, and 72 bytes for each. All users\n"
            "together may have a third more."),
    INTEGER(spool, max_rows, "5000000", 100, INT64_C(1000000000), RELOAD,
            "Maximum number of writes of one local user in the spool, with those that were set aside; of all\n"
            "users, a third more."),
    INTEGER(spool, max_age_hours, "0", 0, 87600, RELOAD,
            "Writes that the server has not taken after this time are dropped. 0: none is."),
    CHOICE(spool, when_full, "refuse", spool_when_full_names, RELOAD,
           "What happens to a write if the spool is full. refuse: it is answered with 503; drop-oldest: the\n"
           "oldest writes of the same user are dropped to make room for it."),

    INTEGER(limits, max_body_bytes, "1073741824", 0, 1024 * GIB, RELOAD,
            "Maximum size of the body of a request; a larger one is answered with 413."),
    INTEGER(limits, max_kept_body_bytes, "1048576", 0, GIB, RELOAD,
            "Bodies of requests up to this size are kept until the response arrives, so that the request\n"
            "can be sent again after a renewal of the login or a 429. A larger one is passed on as it\n"
            "arrives, and can be sent again only as long as the server has not asked for it."),
    INTEGER(limits, max_response_bytes, "67108864", 262144, GIB, RELOAD,
            "Maximum size of a response that must be kept in memory: an error, or a response for several\n"
            "programs at once; a larger one is replaced by 502. Other responses are passed on as they\n"
            "arrive."),
    INTEGER(limits, max_buffered_bytes, "268435456", 65536, 64 * GIB, RELOAD,
            "Memory for all bodies in progress of one local user, not counting the first 256 KiB of each\n"
            "response; of all users together, a third more. A request that does not fit is answered with\n"
            "503; a response that does not fit is passed on as it arrives. The body of a request that is\n"
            "passed on as it arrives takes 256 KiB. Must be at least limits.max_kept_body_bytes."),
    INTEGER(limits, session_wait_ms, "30000", 0, HOUR_MS, RELOAD,
            "How long a request waits for a login in progress before it is answered with 503."),
    INTEGER(limits, drain_timeout_ms, "10000", 0, HOUR_MS, RELOAD,
            "How long tbproxyd waits for the requests in progress when it stops."),

    STRING(forward, request_headers, "", RESTART,
           "Names of further request headers to forward to the server, separated by commas. (Always\n"
           "forwarded: Accept, Accept-Encoding, Accept-Language, Content-Type, Content-Encoding, If-*,\n"
           "Range, User-Agent, X-Mobile-Token.)"),
    BOOLEAN(forward, fix_content_type, "true", RELOAD,
            "Whether a JSON body without a Content-Type, or with that of a form (\"curl -d\"), is sent as\n"
            "application/json if the operation takes JSON. Requests of web pages are sent as they are."),

    STRING(policy, tcp, "default", RELOAD,
           "What local programs over TCP may do: the name of a policy, and those of certain users:\n"
           "\"dashboards, uid 1000 = telemetry\". The policy \"default\" is built in: it allows everything\n"
           "except what gives away a user's session or changes the account that tbproxyd lives on. Others\n"
           "are defined in a section \"policies\", also with bounds for each of their users; docs/policy.md\n"
           "explains it and has examples."),
    STRING(policy, unix_socket, "default", RELOAD,
           "The same for programs over the Unix socket, with groups, too: \"default, gid 33 = dashboards\"."),

    BOOLEAN(local, accept_any_login, "false", RELOAD,
            "Whether a program that logs in as another user than tbproxyd's own gets a placeholder token,\n"
            "too. It then has the rights of tbproxyd's user, whatever its own are. Otherwise it gets 401."),

    CHOICE(log, level, "info", log_level_names, RELOAD,
           "What to log: error, warning, info or debug; each includes those before it."),
    CHOICE(log, format, "auto", log_format_names, RELOAD,
           "auto: to the journal with fields, such as OPERATION and STATUS of a request, if standard error\n"
           "is the journal, and text otherwise; text: lines of text; json: a JSON object in each line, with\n"
           "the same fields."),
    BOOLEAN(log, access, "false", RELOAD,
            "Whether to log a line for each request: who, which operation, path without the query, status,\n"
            "bytes, and how long it took. Needs log.level info or debug. (The level debug has such a line for\n"
            "each request in any case.)"),
    BOOLEAN(log, audit, "false", RELOAD,
            "The same for each request that writes."),
};
/* clang-format on */

const size_t option_count = ARRAY_SIZE(options);

static bool is_in_section(const struct option *option, const char *section, size_t length)
{
    return strlen(option->section) == length && strncmp(option->section, section, length) == 0;
}

bool option_section_exists(const char *section, size_t length)
{
    size_t i;

    for (i = 0; i < option_count; i++)
        if (is_in_section(&options[i], section, length))
            return true;
    return false;
}

const struct option *option_find(const char *section, size_t section_length, const char *name)
{
    size_t i;

    for (i = 0; i < option_count; i++)
        if (is_in_section(&options[i], section, section_length) && strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* Prints into TEXT the names of all options of SECTION, or with NULL those of all sections. */
static void list_names(const char *section, size_t section_length, char *text, size_t size)
{
    const char *last = "";
    size_t used = 0, i;

    for (i = 0; i < option_count && used < size; i++) {
        const char *name = section ? options[i].name : options[i].section;

        if (section && !is_in_section(&options[i], section, section_length))
            continue;
        if (strcmp(name, last) != 0)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
        last = name;
    }
}

/* Options that had another name in a released version, or in a package that people have. */
static const struct {
    const char *section, *before, *now;
} renamed[] = {
    {"retry", "repeat_unsafe", "retry_unsafe"},
};

static const char *name_now(const char *section, size_t length, const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(renamed); i++)
        if (strlen(renamed[i].section) == length && memcmp(renamed[i].section, section, length) == 0 &&
            strcmp(renamed[i].before, name) == 0)
            return renamed[i].now;
    return NULL;
}

int option_refuse_name(const char *section, size_t section_length, const char *name, struct tb_error *err)
{
    bool known = option_section_exists(section, section_length);
    const char *now = name_now(section, section_length, name);
    char names[400];

    if (now)
        return tb_error_set(err, -EINVAL, "unknown option %.*s.%s; it is now %.*s.%s", (int)section_length,
                            section, name, (int)section_length, section, now);
    list_names(known ? section : NULL, section_length, names, sizeof(names));
    if (known)
        return tb_error_set(err, -EINVAL, "unknown option %.*s.%s; options in section %.*s: %s",
                            (int)section_length, section, name, (int)section_length, section, names);
    return tb_error_set(err, -EINVAL, "unknown section %.*s; sections: %s; in the file also policies",
                        (int)section_length, section, names);
}
