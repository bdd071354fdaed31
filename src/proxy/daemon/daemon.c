/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "base/secret.h"
#include "proxy/config/check_files.h"
#include "proxy/config/load.h"
#include "proxy/config/remedy.h"
#include "proxy/config/values.h"
#include "proxy/daemon/actions.h"

static const char *or_null(const char *option)
{
    return *option ? option : NULL;
}

static struct transport_options transport_options(const struct daemon *daemon)
{
    const struct config *config = daemon->services.config;

    return (struct transport_options){
        .url = config->upstream.url,
        .connect_timeout_ms = config->upstream.connect_timeout_ms,
        .max_connections = (long)quota_total((size_t)config->upstream.max_connections),
        .max_streams = (long)quota_total((size_t)config->upstream.max_requests),
        .http2 = (enum http2_mode)config->upstream.http2,
        .max_window_growth = (size_t)config->upstream.max_window_growth,
        .ca_file = or_null(config->upstream.ca_file),
        .certificate_file = or_null(config->upstream.certificate_file),
        .key_file = or_null(config->upstream.key_file),
        .tls_1_3 = config->upstream.tls_min_version == TLS_VERSION_1_3,
        .proxy = or_null(config->upstream.proxy),
        .proxy_password = daemon->proxy_password,
    };
}

static struct transport_options daemon_probe_options(const struct server_probe *server_probe)
{
    const struct daemon *daemon = CONTAINER_OF(server_probe, struct daemon, server_probe);
    struct transport_options options = transport_options(daemon);

    options.url = upstream_url(&daemon->services.upstream);
    return options;
}

static void daemon_limit_found(struct limit_discovery *discovery)
{
    struct daemon *daemon = CONTAINER_OF(discovery, struct daemon, limit_discovery);
    struct services *services = &daemon->services;

    daemon_update_budget(daemon);
    /* The request that asked for it took a token. */
    if (budget_take(&services->budget, services->loop.now_ms, 0, 1))
        budget_settle(&services->budget, services->loop.now_ms, 1, BUDGET_COUNTED);
}

static int open_upstream(struct daemon *daemon, struct tb_error *err)
{
    struct services *services = &daemon->services;
    const struct config *config = services->config;
    struct session_options session = config_session_options(config);
    CLEANUP(config_urls_free) struct config_urls urls = {0};
    struct upstream_options options = {
        .session = &session,
        .changed = daemon_session_changed,
        .health_changed = daemon_health_changed,
    };
    int r = config_fallback_urls(config, &urls, err);

    session.remedy = daemon->credential_remedy = remedy_for_credential(config);

    if (r == 0)
        r = config_check_tls_files(config, err);
    if (r == 0 && *config->upstream.proxy_password_file)
        r = secret_read(config->upstream.proxy_password_file, &daemon->proxy_password, err);
    if (r < 0)
        return r;
    options.transport = transport_options(daemon);
    options.fallback_urls = urls.list;
    daemon_set_request_options(daemon);
    server_probe_open(&daemon->server_probe, &services->loop, daemon_probe_options);
    limit_discovery_init(&daemon->limit_discovery, &services->upstream, &services->request_options,
                         daemon_limit_found);
    websocket_token_init(&services->websocket_token, &services->upstream, &services->own_request_options);
    subscriptions_init(&daemon->subscriptions, &services->upstream, &services->websocket_token,
                       &services->own_request_options, services->metrics);
    r = upstream_open(&services->upstream, &services->loop, &options, err);
    if (r == 0)
        server_health_set_check_interval(&services->upstream.health, config->upstream.check_interval_ms);
    return r;
}

static struct budget_options budget_options(const struct daemon *daemon)
{
    const struct services *services = &daemon->services;
    const struct config *config = services->config;

    return (struct budget_options){
        .limit = config_limit_is_asked_for(config) ? daemon->limit_discovery.limit : config_limit(config),
        .learn = config->rate.learn && config->retry.retry_on_rate_limit,
        .max_in_flight = transport_capacity(upstream_transport(&services->upstream)),
    };
}

void daemon_update_budget(struct daemon *daemon)
{
    struct budget_options options = budget_options(daemon);

    budget_configure(&daemon->services.budget, &options, daemon->services.loop.now_ms);
}

static void open_budget(struct daemon *daemon)
{
    struct budget_options options = budget_options(daemon);

    budget_init(&daemon->services.budget, &options, daemon->services.loop.now_ms);
}

/* How many calls may be in flight depends on the version of HTTP that the server speaks. */
static void follow_capacity(struct daemon *daemon)
{
    struct services *services = &daemon->services;

    if (services->budget.options.max_in_flight != transport_capacity(upstream_transport(&services->upstream)))
        daemon_update_budget(daemon);
}

static void daemon_signal_arrived(struct watch *watch, uint32_t events)
{
    struct daemon *daemon = CONTAINER_OF(watch, struct daemon, signals);
    struct signalfd_siginfo info;

    (void)events;
    while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        struct tb_error err = TB_ERROR_INIT;

        if (info.ssi_signo == SIGHUP)
            daemon_reload(daemon, NULL, &err);
        else
            daemon_begin_drain(daemon);
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
        (struct watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = daemon_signal_arrived};
    if (daemon->signals.fd < 0)
        return tb_error_set(err, -errno, "signalfd: %s", strerror(errno));
    r = loop_add(&daemon->services.loop, &daemon->signals, EPOLLIN);
    return r < 0 ? tb_error_set(err, r, "epoll: %s", strerror(-r)) : 0;
}

static int open_services(struct daemon *daemon, struct config *config, struct tb_error *err)
{
    struct services *services = &daemon->services;
    int r;

    services->config = config;
    services->actions = &actions_handler;
    list_init(&daemon->renewals);
    principals_open(&services->principals);
    services->principals.shares.streams.max = SUBSCRIBERS_MAX;
    services->principals.shares.bodies.max = (size_t)config->limits.max_buffered_bytes;
    services->subscriptions = &daemon->subscriptions;
    services->server_version = &daemon->server_probe.found;
    list_init(&services->exchanges);
    tasks_init(&services->tasks);
    failures_init(&services->failures);
    list_init(&services->tracers);
    status_events_init(&daemon->status_events, services);
    services->status_events = &daemon->status_events;
    failure_log_init(&services->failure_log, &services->loop);
    daemon->limit_timer.expired = daemon_limit_opened;
    r = loop_init(&services->loop);
    server_state_init(&services->server, services->loop.now_ms);
    if (r < 0)
        return tb_error_set(err, r, "epoll: %s", strerror(-r));
    services->started_ms = services->loop.now_ms;
    services->metrics = metrics_new();
    return services->metrics ? 0 : tb_error_set(err, -ENOMEM, "out of memory");
}

int daemon_open(struct daemon *daemon, struct config *config, struct tb_error *err)
{
    int r;

    daemon->signals.fd = -1;
    r = open_services(daemon, config, err);
    if (r == 0) {
        forward_open(&daemon->forward, &daemon->services);
        r = open_upstream(daemon, err);
    }
    if (r == 0) {
        open_budget(daemon);
        r = open_signals(daemon, err);
    }
    if (r == 0)
        r = spool_open(&daemon->spool, &daemon->services, err);
    if (r < 0)
        daemon_close(daemon);
    return r;
}

int daemon_listen(struct daemon *daemon, struct tb_error *err)
{
    int r = listeners_open(&daemon->listeners, &daemon->services, err);

    if (r < 0) {
        daemon_close(daemon);
        return r;
    }
    session_calls_schedule(&daemon->services.upstream.calls);
    daemon_start_watchdog(daemon);
    daemon_notify_status(daemon);
    return 0;
}

/* Ends transfers, writes responses, reads requests and sends them. Only one round, so a busy connection does
 * not delay the others. */
void daemon_run_pending(struct daemon *daemon)
{
    struct upstream *upstream = &daemon->services.upstream;

    servers_run(&upstream->servers);
    follow_capacity(daemon);
    daemon_watch_limit(daemon);
    daemon_watch_spool(daemon);
    listeners_run(&daemon->listeners);
    tasks_run(&daemon->services.tasks);
    forward_run(&daemon->forward);
    servers_run(&upstream->servers);
    server_probe_run(&daemon->server_probe);
    if (config_limit_is_asked_for(daemon->services.config))
        limit_discovery_run(&daemon->limit_discovery, daemon->server_probe.found.edition);
}

/* How long the loop can wait for an event, in ms; -1: without limit. */
static int64_t wait_for_event_ms(struct daemon *daemon)
{
    int64_t wait_ms = listeners_wait_ms(&daemon->listeners);

    if (servers_are_pending(&daemon->services.upstream.servers) ||
        server_probe_is_pending(&daemon->server_probe) || tasks_are_pending(&daemon->services.tasks))
        return 0;
    return wait_ms;
}

int daemon_run(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    int r = 0;

    while (r == 0) {
        int64_t wait_ms;

        daemon_run_pending(daemon);
        wait_ms = wait_for_event_ms(daemon);
        if (services->draining) {
            int64_t left_ms = daemon_continue_drain(daemon);

            if (left_ms == 0)
                break;
            if (wait_ms < 0 || left_ms < wait_ms)
                wait_ms = left_ms;
        }
        r = loop_turn(&services->loop, wait_ms);
    }
    if (r < 0)
        log_error("epoll_wait: %s", strerror(-r));
    daemon_end_drain(daemon);
    failure_log_flush(&services->failure_log);
    log_info("stopped");
    return r;
}

void daemon_close(struct daemon *daemon)
{
    struct services *services = &daemon->services;

    listeners_close(&daemon->listeners);
    limit_discovery_reset(&daemon->limit_discovery);
    spool_close(&daemon->spool);
    forward_close(&daemon->forward);
    server_probe_close(&daemon->server_probe);
    subscriptions_close(&daemon->subscriptions);
    websocket_token_close(&services->websocket_token);
    upstream_close(&services->upstream);
    principals_close(&services->principals);
    metrics_free(services->metrics);
    free_secret(daemon->proxy_password);
    free(daemon->credential_remedy);
    loop_timer_stop(&services->loop, &daemon->watchdog);
    loop_timer_stop(&services->loop, &daemon->limit_timer);
    loop_timer_stop(&services->loop, &daemon->ready_timer);
    if (daemon->signals.fd >= 0)
        close(daemon->signals.fd);
    loop_close(&services->loop);
    config_free(services->config);
}
