/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/secret.h"
#include "http/origin.h"
#include "proxy/config/config_check.h"
#include "proxy/config/config_files.h"
#include "proxy/daemon/descriptors.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/upstream_call.h"
#include "proxy/subscribe/sse.h"
#include "proxy/websocket/tunnel.h"

/* When the drain is over, answers that are queued may still take so long to be written. */
#define LAST_WORDS_MS 500

const char *daemon_state(const struct daemon *daemon)
{
    const struct upstream *upstream = &daemon->upstream;

    if (daemon->draining)
        return "draining";
    return session_state_name(upstream->outage.is_on ? SESSION_OFFLINE : session_state(upstream->session));
}

const char *daemon_reason(const struct daemon *daemon)
{
    const struct upstream *upstream = &daemon->upstream;

    return upstream->outage.is_on ? upstream->outage.reason : session_reason(upstream->session);
}

static void notify_status(struct daemon *daemon)
{
    const char *reason = daemon_reason(daemon);

    sd_notifyf(0, "STATUS=%s%s%s; server %s", daemon_state(daemon), *reason ? ": " : "", reason,
               upstream_url(&daemon->upstream));
}

/* Attempts that fail as the last one did are not told again: programs may cause one a second. */
static void log_failed_login(const struct daemon *daemon)
{
    struct session *session = daemon->upstream.session;

    if (*session_reason(session) &&
        (session_state(session) != daemon->logged_state || session_status(session) != daemon->logged_status))
        log_warning("no login: %s", session_reason(session));
}

static void log_state(struct daemon *daemon)
{
    struct session *session = daemon->upstream.session;

    switch (session_state(session)) {
    case SESSION_READY:
        log_info("authenticated with %s", daemon->upstream.servers[daemon->upstream.call_server].url);
        break;
    case SESSION_LOCKED_OUT:
        log_error("cannot log in: %s", session_reason(session));
        break;
    case SESSION_OFFLINE:
    case SESSION_REFRESHING:
        log_failed_login(daemon);
        break;
    case SESSION_STARTING:
        break;
    }
    daemon->logged_state = session_state(session);
    daemon->logged_status = session_status(session);
}

static void outage_changed(struct upstream *upstream)
{
    struct daemon *daemon = CONTAINER_OF(upstream, struct daemon, upstream);
    const struct outage *outage = &upstream->outage;

    if (outage->is_on)
        log_warning("%s", outage->reason);
    else
        log_info("%s answers again after %" PRId64 " s; %" PRIu64 " request%s failed meanwhile",
                 upstream_url(upstream), (daemon->loop.now_ms - outage->since_ms + 500) / 1000,
                 outage->failed_requests, outage->failed_requests == 1 ? "" : "s");
    notify_status(daemon);
    server_probe_session_changed(&daemon->server_probe,
                                 outage->is_on ? SESSION_OFFLINE : session_state(upstream->session));
}

static const char *or_null(const char *option)
{
    return *option ? option : NULL;
}

static struct transport_options transport_options(const struct daemon *daemon)
{
    const struct config *config = daemon->config;

    return (struct transport_options){
        .url = config->upstream.url,
        .connect_timeout_ms = config->upstream.connect_timeout_ms,
        .max_connections = (long)config->upstream.max_connections,
        .max_streams = (long)config->upstream.max_requests,
        .http2 = (enum http2_mode)config->upstream.http2,
        .ca_file = or_null(config->upstream.ca_file),
        .certificate_file = or_null(config->upstream.certificate_file),
        .key_file = or_null(config->upstream.key_file),
        .tls_1_3 = config->upstream.tls_min_version == TLS_VERSION_1_3,
        .proxy = or_null(config->upstream.proxy),
        .proxy_password = daemon->proxy_password,
    };
}

static struct transport_options server_probe_options(const struct server_probe *server_probe)
{
    const struct daemon *daemon = CONTAINER_OF(server_probe, struct daemon, server_probe);
    struct transport_options options = transport_options(daemon);

    options.url = upstream_url(&daemon->upstream);
    return options;
}

/* The end of a login, renewal or check. Systemd is told READY=1 when the first has ended, whatever came of
 * it: the status says so, and the program serves either way. */
static void session_changed(struct upstream *upstream)
{
    struct daemon *daemon = CONTAINER_OF(upstream, struct daemon, upstream);

    log_state(daemon);
    notify_status(daemon);
    server_probe_session_changed(&daemon->server_probe, session_state(upstream->session));
    if (!daemon->told_ready) {
        daemon->told_ready = true;
        sd_notify(0, "READY=1");
    }
}

static void watchdog_is_due(struct timer *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, watchdog);

    sd_notify(0, "WATCHDOG=1");
    loop_timer_start(&daemon->loop, timer, daemon->watchdog_ms);
}

/* The watchdog hears from the loop itself, so a loop that hangs is noticed. */
static int start_watchdog(struct daemon *daemon)
{
    uint64_t limit_us;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return 0;
    daemon->watchdog_ms = (int64_t)(limit_us / 2000);
    daemon->watchdog.expired = watchdog_is_due;
    return loop_timer_start(&daemon->loop, &daemon->watchdog, 0);
}

static void end_event_streams(struct daemon *daemon)
{
    struct list *link;

    for (link = daemon->exchanges.next; link != &daemon->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (body_stream_is_endless(exchange))
            reply_stopping(exchange);
    }
}

static void begin_drain(struct daemon *daemon)
{
    size_t i;

    if (daemon->draining) {
        daemon->drain_until_ms = daemon->loop.now_ms; /* asked twice: at once */
        return;
    }
    daemon->draining = true;
    daemon->drain_until_ms = daemon->loop.now_ms + daemon->config->limits.drain_timeout_ms;
    sd_notify(0, "STOPPING=1");
    notify_status(daemon);
    log_info("stopping: requests under way have %" PRId64 " ms to end",
             daemon->config->limits.drain_timeout_ms);
    for (i = 0; i < daemon->listener_count; i++)
        listener_quiesce(&daemon->listeners[i]);
    end_event_streams(daemon);
    tunnel_drain(daemon);
    sse_end_all(daemon);
}

static void set_request_options(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->retry = (struct request_options){
        .no_retry_on_rate_limit = !config->retry.retry_on_rate_limit,
        .max_retries = (unsigned)config->retry.max_retries,
        .initial_retry_delay_ms = config->retry.initial_retry_delay_ms,
        .max_retry_delay_ms = config->retry.max_retry_delay_ms,
        .retry_unsafe = config->retry.retry_unsafe,
        .session_wait_ms = config->limits.session_wait_ms,
        .timeout_ms = config->upstream.timeout_ms,
        .response_max = (size_t)config->limits.max_response_bytes,
    };
    daemon->request_options = daemon->retry;
    daemon->request_options.no_retry_on_rate_limit = true;
}

static struct budget_options budget_options(const struct daemon *daemon)
{
    const struct config *config = daemon->config;

    return (struct budget_options){
        .limit = config_limit_is_asked_for(config) ? daemon->limit_discovery.limit : config_limit(config),
        .learn = config->rate.learn && config->retry.retry_on_rate_limit,
        .max_in_flight = transport_capacity(upstream_transport(&daemon->upstream)),
    };
}

/* The configuration has been checked: only memory can be missing, and then the old one stays. */
static void set_urgencies(struct daemon *daemon)
{
    struct urgencies fresh = {0};
    struct tb_error err = TB_ERROR_INIT;

    if (urgencies_parse(daemon->config->queue.urgency, &fresh, &err) < 0) {
        log_error("queue.urgency: %s", err.message);
        return;
    }
    urgencies_free(&daemon->urgencies);
    daemon->urgencies = fresh;
}

static int open_queue(struct daemon *daemon, struct tb_error *err)
{
    const struct config *config = daemon->config;

    queue_init(&daemon->queue, (size_t)config->queue.max_requests, (size_t)config->queue.max_bytes);
    set_urgencies(daemon);
    daemon->metrics = metrics_new();
    return daemon->metrics ? 0 : tb_error_set(err, -ENOMEM, "out of memory");
}

const char *daemon_server_of(const struct daemon *daemon, const char *url)
{
    const struct upstream *upstream = &daemon->upstream;
    size_t i;

    for (i = 0; i < upstream->failover.count; i++)
        if (origin_is_same(url, upstream->servers[i].url))
            return upstream->servers[i].url;
    return daemon->config->upstream.url;
}

void daemon_update_budget(struct daemon *daemon)
{
    struct budget_options options = budget_options(daemon);

    budget_configure(&daemon->budget, &options, daemon->loop.now_ms);
}

static void limit_found(struct limit_discovery *discovery)
{
    struct daemon *daemon = CONTAINER_OF(discovery, struct daemon, limit_discovery);

    daemon_update_budget(daemon);
    if (budget_take(&daemon->budget, daemon->loop.now_ms, 0, 1)) /* the question itself took one */
        budget_settle(&daemon->budget, daemon->loop.now_ms, 1, BUDGET_COUNTED);
}

static void reload_queue(struct daemon *daemon)
{
    daemon->queue.max_count = (size_t)daemon->config->queue.max_requests;
    daemon->queue.max_bytes = (size_t)daemon->config->queue.max_bytes;
    if (!config_limit_is_asked_for(daemon->config))
        limit_discovery_reset(&daemon->limit_discovery);
    daemon_update_budget(daemon);
    budget_open(&daemon->budget, daemon->loop.now_ms); /* the administrator may have changed something */
    set_urgencies(daemon);
}

static int open_upstream(struct daemon *daemon, struct tb_error *err)
{
    const struct config *config = daemon->config;
    struct session_options session = config_session_options(config);
    CLEANUP(config_urls_free) struct config_urls urls = {0};
    struct upstream_options options = {.session = &session};
    int r = config_fallback_urls(config, &urls, err);

    if (r == 0)
        r = config_files_check_tls(config, err);
    if (r == 0 && *config->upstream.proxy_password_file)
        r = secret_read(config->upstream.proxy_password_file, &daemon->proxy_password, err);
    if (r < 0)
        return r;
    options.transport = transport_options(daemon);
    options.fallback_urls = urls.list;
    set_request_options(daemon);
    server_probe_open(&daemon->server_probe, &daemon->loop, server_probe_options);
    limit_discovery_init(&daemon->limit_discovery, &daemon->upstream, &daemon->request_options, limit_found);
    websocket_token_init(&daemon->websocket_token, &daemon->upstream, &daemon->retry);
    subscriptions_init(&daemon->subscriptions, &daemon->upstream, &daemon->websocket_token, &daemon->retry,
                       daemon->metrics);
    return upstream_open(&daemon->upstream, &daemon->loop, &options, err);
}

static void open_budget(struct daemon *daemon)
{
    struct budget_options options = budget_options(daemon);

    budget_init(&daemon->budget, &options, daemon->loop.now_ms);
}

/* How many calls may be in flight changes with the server's version of HTTP. */
static void follow_capacity(struct daemon *daemon)
{
    if (daemon->budget.options.max_in_flight != transport_capacity(upstream_transport(&daemon->upstream)))
        daemon_update_budget(daemon);
}

static void reload(struct daemon *daemon)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *fresh;

    sd_notify(0, "RELOADING=1");
    if (config_load(daemon->config_path, daemon->settings, daemon->setting_count, &fresh, &err) < 0) {
        log_error("not reloaded: %s", err.message);
    } else {
        config_reload(daemon->config, fresh);
        config_free(fresh);
        set_request_options(daemon);
        reload_queue(daemon);
        log_set_level((enum log_level)daemon->config->log.level);
        daemon->bodies.max = (size_t)daemon->config->limits.max_buffered_bytes;
        upstream_reload_certificates(&daemon->upstream);
        if (session_state(daemon->upstream.session) != SESSION_READY)
            session_retry_now(daemon->upstream.session, daemon->loop.now_ms);
        upstream_schedule(&daemon->upstream);
    }
    sd_notify(0, "READY=1");
}

static void signal_arrived(struct watch *watch, uint32_t events)
{
    struct daemon *daemon = CONTAINER_OF(watch, struct daemon, signals);
    struct signalfd_siginfo info;

    (void)events;
    while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            reload(daemon);
        else
            begin_drain(daemon);
    }
}

static int open_signals(struct daemon *daemon, struct tb_error *err)
{
    sigset_t set;
    int r;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals =
        (struct watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = signal_arrived};
    if (daemon->signals.fd < 0)
        return tb_error_set(err, -errno, "signalfd: %s", strerror(errno));
    r = loop_add(&daemon->loop, &daemon->signals, EPOLLIN);
    return r < 0 ? tb_error_set(err, r, "epoll: %s", strerror(-r)) : 0;
}

static void set_max_connections(struct daemon *daemon, size_t listeners)
{
    const struct config *config = daemon->config;
    unsigned wanted = (unsigned)config->listen.max_connections;
    uint64_t limit = descriptors_raise_limit();

    daemon->max_connections =
        descriptors_fit(limit, wanted, listeners, (unsigned)config->upstream.max_connections,
                        daemon->upstream.failover.count);
    if (daemon->max_connections < wanted)
        log_warning("listen.max_connections is lowered from %u to %u: only %" PRIu64
                    " files may be open (raise LimitNOFILE= of the unit, or ulimit -n)",
                    wanted, daemon->max_connections, limit);
}

static int add_listener(struct daemon *daemon, struct listening_socket *socket, struct tb_error *err)
{
    struct listener *listener = &daemon->listeners[daemon->listener_count++];
    int r = listener_open(listener, daemon, socket, err);

    if (r == 0)
        log_info("listening on %s", listener->socket.name);
    return r;
}

static int open_listeners(struct daemon *daemon, struct tb_error *err)
{
    const struct config *config = daemon->config;
    struct listening_socket sockets[LISTENERS_MAX];
    const char *addresses[LISTEN_ADDRESSES_MAX];
    size_t count = (size_t)config_listen_addresses(config, addresses), i;
    int r = listening_sockets_open_tcp(addresses, &count, (unsigned)config->listen.port, sockets, err);

    if (r < 0)
        return r;
    if (*config->listen.unix_path) {
        r = listening_socket_open_unix(config->listen.unix_path, config_unix_mode(config), &sockets[count],
                                       err);
        count++;
    }
    set_max_connections(daemon, count);
    for (i = 0; i < count; i++) {
        if (r == 0)
            r = add_listener(daemon, &sockets[i], err);
        listening_socket_close(&sockets[i]); /* unless it was taken over */
    }
    return r;
}

int daemon_open(struct daemon *daemon, struct config *config, struct tb_error *err)
{
    int r;

    daemon->config = config;
    daemon->signals.fd = -1;
    daemon->bodies.max = (size_t)config->limits.max_buffered_bytes;
    list_init(&daemon->exchanges);
    list_init(&daemon->paused);
    list_init(&daemon->tunnels);
    r = loop_init(&daemon->loop);
    if (r < 0)
        tb_error_set(err, r, "epoll: %s", strerror(-r));
    if (r == 0)
        r = open_queue(daemon, err);
    if (r == 0)
        r = open_upstream(daemon, err);
    if (r == 0)
        open_budget(daemon);
    if (r == 0)
        r = open_signals(daemon, err);
    if (r == 0)
        r = open_listeners(daemon, err);
    if (r < 0) {
        daemon_close(daemon);
        return r;
    }
    daemon->upstream.changed = session_changed;
    daemon->upstream.outage_changed = outage_changed;
    upstream_schedule(&daemon->upstream);
    start_watchdog(daemon);
    notify_status(daemon);
    return 0;
}

/* Does what needs no event: transfers that ended are answered, answers are written, new requests are read and
 * sent. One round of it, so that a busy connection does not keep the others from being looked at. */
static void run_pending(struct daemon *daemon)
{
    size_t i;

    upstream_run(&daemon->upstream);
    follow_capacity(daemon);
    for (i = 0; i < daemon->listener_count; i++)
        if (daemon->listeners[i].pending)
            listener_run(&daemon->listeners[i]);
    upstream_call_run(daemon);
    upstream_run(&daemon->upstream);
    server_probe_run(&daemon->server_probe);
    if (config_limit_is_asked_for(daemon->config))
        limit_discovery_run(&daemon->limit_discovery, daemon->server_probe.found.edition);
}

/* How long the loop can wait for an event, ms; -1: for ever. */
static int64_t wait_for_event_ms(struct daemon *daemon)
{
    bool pending = upstream_is_pending(&daemon->upstream) || server_probe_is_pending(&daemon->server_probe);
    int64_t wait_ms = pending ? 0 : -1;
    size_t i;

    for (i = 0; i < daemon->listener_count; i++) {
        int64_t listener_ms = listener_wait_ms(&daemon->listeners[i]);

        if (listener_ms >= 0 && (wait_ms < 0 || listener_ms < wait_ms))
            wait_ms = listener_ms;
        if (listener_ms == 0)
            daemon->listeners[i].pending = true;
    }
    return wait_ms;
}

/* Milliseconds that the drain may still take; 0: it is over. */
static int64_t drain_left_ms(const struct daemon *daemon)
{
    if (list_is_empty(&daemon->exchanges) || daemon->drain_until_ms <= daemon->loop.now_ms)
        return 0;
    return daemon->drain_until_ms - daemon->loop.now_ms;
}

/* What has arrived of a header has been read by now; the rest is not waited for. */
static void cut_off_unfinished(struct daemon *daemon)
{
    struct list *link;

    for (link = daemon->exchanges.next; link != &daemon->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (!exchange->method && exchange->peer)
            peer_cut_off(exchange->peer);
    }
}

/* libmicrohttpd aborts where a connection is suspended when it is stopped. */
static void answer_suspended(struct daemon *daemon)
{
    struct list *link;

    for (link = daemon->exchanges.next; link != &daemon->exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (exchange->suspended)
            reply_stopping(exchange);
    }
}

/* Answers what the drain has left, and gives the answers time to be written. One that streams is suspended
 * only when its reader has caught up with the server. */
static void end_drain(struct daemon *daemon)
{
    int64_t until_ms = clock_boot_ms() + LAST_WORDS_MS;

    daemon->stopping = true;
    tunnel_stop(daemon);
    answer_suspended(daemon);
    while (!list_is_empty(&daemon->exchanges) && daemon->loop.now_ms < until_ms) {
        run_pending(daemon);
        answer_suspended(daemon);
        if (!list_is_empty(&daemon->exchanges) && loop_turn(&daemon->loop, 10) < 0)
            break;
    }
}

int daemon_run(struct daemon *daemon)
{
    int r = 0;

    while (r == 0) {
        int64_t wait_ms;

        run_pending(daemon);
        wait_ms = wait_for_event_ms(daemon);
        if (daemon->draining) {
            int64_t left_ms = drain_left_ms(daemon);

            cut_off_unfinished(daemon);
            if (left_ms == 0)
                break;
            if (wait_ms < 0 || left_ms < wait_ms)
                wait_ms = left_ms;
        }
        r = loop_turn(&daemon->loop, wait_ms);
    }
    if (r < 0)
        log_error("epoll_wait: %s", strerror(-r));
    end_drain(daemon);
    log_info("stopped");
    return r;
}

void daemon_close(struct daemon *daemon)
{
    size_t i;

    for (i = 0; i < daemon->listener_count; i++)
        listener_close(&daemon->listeners[i]);
    limit_discovery_reset(&daemon->limit_discovery);
    upstream_call_close(daemon);
    queue_free(&daemon->queue);
    urgencies_free(&daemon->urgencies);
    server_probe_close(&daemon->server_probe);
    subscriptions_close(&daemon->subscriptions);
    websocket_token_close(&daemon->websocket_token);
    upstream_close(&daemon->upstream);
    metrics_free(daemon->metrics);
    free_secret(daemon->proxy_password);
    loop_timer_stop(&daemon->loop, &daemon->watchdog);
    if (daemon->signals.fd >= 0)
        close(daemon->signals.fd);
    loop_close(&daemon->loop);
    config_free(daemon->config);
}
