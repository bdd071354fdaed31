/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reload (SIGHUP), and the options that it can change.
 */
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/config/load.h"
#include "proxy/config/values.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/log_format.h"
#include "transport/certificates.h"

void daemon_set_request_options(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    const struct config *config = services->config;

    services->own_request_options = (struct request_options){
        .retry =
            {
                .off = !config->retry.retry_on_rate_limit,
                .max_retries = (unsigned)config->retry.max_retries,
                .initial_delay_ms = config->retry.initial_retry_delay_ms,
                .max_delay_ms = config->retry.max_retry_delay_ms,
                .unsafe = config->retry.retry_unsafe,
            },
        .session_wait_ms = config->limits.session_wait_ms,
        .timeout_ms = config->upstream.timeout_ms,
        .response_max = (size_t)config->limits.max_response_bytes,
    };
    services->request_options = services->own_request_options;
    services->request_options.retry.off = true;
}

static void reload_budget(struct daemon *daemon)
{
    struct services *services = &daemon->services;

    if (!config_limit_is_asked_for(services->config))
        limit_discovery_reset(&daemon->limit_discovery);
    daemon_update_budget(daemon);
    budget_open(&services->budget, services->loop.now_ms); /* the administrator may have changed something */
}

/* Each transport would warn of the same file. */
static void reload_certificates(struct daemon *daemon)
{
    const struct config *config = daemon->services.config;
    struct tb_error err = TB_ERROR_INIT;

    if (*config->upstream.ca_file && certificates_check_file(config->upstream.ca_file, &err) < 0)
        log_warning("upstream.ca_file: %s; the ones loaded before are still used", err.message);
    else
        servers_reload_certificates(&daemon->services.upstream.servers);
    tb_error_clear(&err);
    if (*config->upstream.certificate_file &&
        certificates_check_own(config->upstream.certificate_file, config->upstream.key_file, &err) < 0)
        log_warning("upstream.certificate_file: %s; no connection to the server can be made", err.message);
}

static void apply(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    struct session *session = services->upstream.session;

    daemon_set_request_options(daemon);
    forward_configure(&daemon->forward);
    forward_health_changed(&daemon->forward);
    spool_configure(&daemon->spool);
    reload_budget(daemon);
    log_configure(services->config);
    services->principals.shares.bodies.max = (size_t)services->config->limits.max_buffered_bytes;
    reload_certificates(daemon);
    server_health_set_check_interval(&services->upstream.health,
                                     services->config->upstream.check_interval_ms);
    if (session_state(session) != SESSION_READY)
        session_retry_now(session, services->loop.now_ms);
    session_calls_schedule(&services->upstream.calls);
}

int daemon_reload(struct daemon *daemon, struct buf *report, struct tb_error *err)
{
    struct config *fresh;
    int r;

    sd_notify(0, "RELOADING=1");
    r = config_load(daemon->config_path, daemon->settings, daemon->setting_count, &fresh, err);
    if (r < 0) {
        log_error("configuration not reloaded: %s", err->message);
    } else {
        config_reload(daemon->services.config, fresh, report);
        config_free(fresh);
        principals_reload(&daemon->services.principals, daemon->services.config->policies);
        apply(daemon);
        log_info("the configuration was reloaded");
    }
    daemon_notify_ready(daemon);
    return r;
}
