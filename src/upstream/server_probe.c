/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_probe.h"

#include <string.h>

#include "base/log.h"
#include "upstream/servers.h"

/* For one answer. */
#define PROBE_TIMEOUT_MS 20000

static void log_version(const struct server_version *found)
{
    const char *name = edition_name(found->edition);

    if (name && *found->version)
        log_info("the server is ThingsBoard %s %s", name, found->version);
    else if (name)
        log_info("the server is ThingsBoard %s of unknown version", name);
    else if (*found->version)
        log_info("the server is ThingsBoard %s of unknown edition", found->version);
    else
        log_info("the server does not report its edition and version");
}

/* If there is no memory, the question counts as not answered. */
static void ask_next(struct server_probe *probe)
{
    struct transfer *transfer = &probe->transfer;

    while ((transfer->target = server_version_next_path(&probe->pending))) {
        log_debug("GET %s", transfer->target);
        if (transfer_start(probe->transport, transfer) == 0)
            return;
        server_version_answer(&probe->pending, 0, "", 0);
    }
}

static void server_probe_answered(struct transfer *transfer)
{
    struct server_probe *probe = CONTAINER_OF(transfer, struct server_probe, transfer);
    const struct buf *body = &transfer->response_body;

    server_version_answer(&probe->pending, transfer->status, body->len ? body->data : "", body->len);
    ask_next(probe);
}

static void begin(struct server_probe *probe)
{
    struct transport_options own = probe->options(probe);
    struct tb_error err = TB_ERROR_INIT;

    own.max_connections = 1;
    if (transport_new(probe->loop, &own, &probe->transport, &err) < 0) {
        log_debug("the server's edition is not asked for: %s", err.message);
        return;
    }
    probe->transfer = (struct transfer){
        .method = "GET",
        .headers = servers_probe_headers,
        .timeout_ms = PROBE_TIMEOUT_MS,
        .response_max = SERVER_VERSION_ANSWER_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = server_probe_answered,
        .response = HEADERS_INIT,
    };
    ask_next(probe);
}

static void server_probe_timer_expired(struct timer *timer)
{
    struct server_probe *probe = CONTAINER_OF(timer, struct server_probe, again);

    probe->pending = probe->found;
    server_version_ask_again(&probe->pending);
    begin(probe);
}

void server_probe_open(struct server_probe *probe, struct loop *loop,
                       struct transport_options (*options)(const struct server_probe *probe))
{
    probe->loop = loop;
    probe->options = options;
    probe->again.expired = server_probe_timer_expired;
}

void server_probe_session_changed(struct server_probe *probe, enum session_state state)
{
    if (state == SESSION_OFFLINE || state == SESSION_LOCKED_OUT)
        probe->asked = false;
    if (state != SESSION_READY || probe->asked)
        return;
    server_probe_close(probe); /* drops questions from before the server was away */
    probe->asked = true;
    probe->retries = 0;
    probe->pending = (struct server_version){0};
    begin(probe);
}

static bool is_result(const struct server_probe *probe)
{
    return probe->retries == 0 || probe->pending.edition != probe->found.edition ||
           strcmp(probe->pending.version, probe->found.version) != 0;
}

void server_probe_run(struct server_probe *probe)
{
    struct server_version missing;

    if (!probe->transport)
        return;
    transport_run(probe->transport);
    if (server_version_next_path(&probe->pending))
        return;
    if (is_result(probe))
        log_version(&probe->pending);
    probe->found = missing = probe->pending;
    server_probe_close(probe);
    if (server_version_ask_again(&missing) && probe->retries < SERVER_VERSION_RETRIES)
        loop_timer_start(probe->loop, &probe->again, server_version_retry_delay_ms(probe->retries++));
}

bool server_probe_is_pending(const struct server_probe *probe)
{
    /* there may be no question left, though none could be sent */
    return probe->transport &&
           (transport_is_pending(probe->transport) || !server_version_next_path(&probe->pending));
}

void server_probe_close(struct server_probe *probe)
{
    if (!probe->loop) /* never opened */
        return;
    loop_timer_stop(probe->loop, &probe->again);
    if (!probe->transport)
        return;
    transfer_cancel(&probe->transfer);
    transfer_free(&probe->transfer);
    transport_free(probe->transport);
    probe->transport = NULL;
}
