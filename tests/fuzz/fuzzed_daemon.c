/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzzed_daemon.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fuzz.h"
#include "hostile_server.h"
#include "proxy/config/check.h"
#include "proxy/config/load.h"
#include "proxy/daemon/log_format.h"
#include "proxy/exchange/exchange.h"

#define SETTINGS_MAX  32
#define SETTING_BYTES 160

static char directory[64];

static struct {
    char text[SETTINGS_MAX][SETTING_BYTES];
    char *list[SETTINGS_MAX];
    size_t count;
} settings;

void __wrap_log_configure(const struct config *config);
int __real_connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                         struct tb_error *err);
int __wrap_connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                         struct tb_error *err);

static void PRINTF_LIKE(1, 2) set(const char *format, ...)
{
    char *setting = settings.text[settings.count];
    va_list args;

    must(settings.count < SETTINGS_MAX);
    va_start(args, format);
    must(vsnprintf(setting, SETTING_BYTES, format, args) < SETTING_BYTES);
    va_end(args);
    settings.list[settings.count++] = setting;
}

const char *fuzzed_daemon_path(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    int fd = open(fuzzed_daemon_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void set_credential(bool is_password)
{
    if (is_password) {
        set("upstream.username=a@example.org");
        set("upstream.password_file=%s/password", directory);
    } else {
        set("upstream.api_key_file=%s/key", directory);
    }
}

/* Short times, so that a run has few turns. KIND: the first byte of the input. */
static void configure(unsigned kind)
{
    settings.count = 0;
    set("upstream.url=http://server");
    set("upstream.http2=%s", kind & 1 ? "prior-knowledge" : "off");
    set("upstream.timeout_ms=2000");
    set("upstream.connect_timeout_ms=1000");
    set("upstream.check_interval_ms=60000");
    set("queue.max_wait_ms=3000");
    set("limits.session_wait_ms=1000");
    set("limits.max_kept_body_bytes=2000");
    set("limits.drain_timeout_ms=1000");
    set("listen.idle_timeout_s=5");
    set("listen.address=");
    set("listen.unix_path=%s/socket", directory);
    set("admin.unix_path=%s/admin", directory);
    set_credential(kind & 4);
    if (kind & 2)
        set("rate.limits=3:1");
    if (kind & 8)
        set("merge.mode=always");
    if (kind & 16) {
        set("upstream.max_connections=1");
        set("queue.max_requests=2");
        set("listen.max_connections=3");
    }
}

int fuzzed_daemon_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    must(listen(fd, 64) == 0);
    return fd;
}

/* accept() is slow even if nobody is there. */
int fuzzed_daemon_accept(int listening)
{
    struct pollfd poll_fd = {.fd = listening, .events = POLLIN};

    return poll(&poll_fd, 1, 0) > 0 ? accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
}

void fuzzed_daemon_start(struct daemon *daemon, unsigned kind, const char *const more[])
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    sigset_t mask;

    configure(kind);
    for (; *more; more++)
        set("%s", *more);
    memset(daemon, 0, sizeof(*daemon));
    daemon->config_path = "/dev/null";
    daemon->settings = settings.list;
    daemon->setting_count = settings.count;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    must(config_load_unchecked("/dev/null", settings.list, settings.count, NULL, &config, &err) == 0);
    must(config_check(config, NULL, &err) == 0);
    must(daemon_open(daemon, config, &err) == 0);
    sigprocmask(SIG_SETMASK, &mask, NULL); /* the fuzzer can still be stopped */
    must(daemon_listen(daemon, &err) == 0);
}

static void remove_directory(void)
{
    static const char *const names[] = {"key",         "password", "server",    "socket",
                                        "socket.lock", "admin",    "admin.lock"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++)
        unlink(fuzzed_daemon_path(names[i]));
    rmdir(directory);
}

void fuzzed_daemon_prepare(void)
{
    const char *parent = getenv("TMPDIR");

    fuzz_silence();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    snprintf(directory, sizeof(directory), "%s/tb-XXXXXX", parent ? parent : "/tmp");
    must(mkdtemp(directory));
    atexit(remove_directory);
    write_file("key", SERVER_KEY);
    write_file("password", SERVER_PASSWORD);
}

/* No name is resolved, and no packet is under way when tbproxyd looks for it. */
int __wrap_connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                         struct tb_error *err)
{
    struct transport_options here = *options;

    here.unix_socket = fuzzed_daemon_path("server");
    return __real_connector_new(loop, &here, ret, err);
}

/* A reload does not bring the log back. */
void __wrap_log_configure(const struct config *config)
{
    (void)config;
}

/* ---- what is under way ---- */

/* A response that lasts as long as its client is there. */
static bool is_stream(const struct exchange *exchange)
{
    static const char *const streams[] = {"sse", "websocket", "trace", "status-events"};
    size_t i;

    for (i = 0; exchange->handler && i < ARRAY_SIZE(streams); i++)
        if (strcmp(exchange->handler->name, streams[i]) == 0)
            return exchange_has_response(exchange);
    return false;
}

bool fuzzed_daemon_has_only_streams(const struct daemon *daemon)
{
    const struct exchange *exchange;

    list_for_each(exchange, &daemon->services.exchanges, link)
        if (!is_stream(exchange))
            return false;
    return true;
}

bool fuzzed_daemon_has_answered_all(const struct daemon *daemon)
{
    const struct exchange *exchange;

    list_for_each(exchange, &daemon->services.exchanges, link)
        if (!exchange_has_response(exchange))
            return false;
    return true;
}

void fuzzed_daemon_print(const struct daemon *daemon)
{
    const struct exchange *exchange;

    fprintf(stderr, "%zu connections\n", daemon->services.open_peers);
    list_for_each(exchange, &daemon->services.exchanges, link)
        fprintf(stderr, "connection %llu: %s %s, handler %s, suspended %d, response %d, status %d\n",
                (unsigned long long)exchange->peer->number,
                exchange->head.method ? exchange->head.method : "?",
                exchange->head.raw_target ? exchange->head.raw_target : "?",
                exchange->handler ? exchange->handler->name : "none", exchange->suspended,
                exchange->outbound.state, exchange->outbound.status);
}

static bool is_empty(const struct quota *quota)
{
    return quota->used == 0;
}

void fuzzed_daemon_check_empty(const struct daemon *daemon)
{
    const struct services *services = &daemon->services;
    const struct shares *shares = &services->principals.shares;

    must(list_is_empty(&services->exchanges) && services->open_peers == 0);
    must(is_empty(&shares->connections) && is_empty(&shares->admin) && is_empty(&shares->bodies) &&
         is_empty(&shares->streams) && is_empty(&shares->lookups));
    must(daemon->forward.queue.count == 0 && daemon->forward.queue.bytes == 0);
    must(!tasks_are_pending(&services->tasks) && list_is_empty(&services->tracers));
}
