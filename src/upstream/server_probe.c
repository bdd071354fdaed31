/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_probe.h"

#include <string.h>

#include "base/log.h"

/* For one answer. */
#define PROBE_TIMEOUT_MS 20000

static void tell(const struct server_version *found)
{
    const char *name = edition_name(found->edition);

    if (name && *found->version)
        log_info("the server is ThingsBoard %s %s", name, found->version);
    else if (name)
        log_info("the server is ThingsBoard %s of unknown version", name);
    else if (*found->version)
        log_info("the server is ThingsBoard %s of unknown edition", found->version);
    else
        log_info("the server does not tell its edition and version");
}

/* Without memory for it, the question counts as not answered. */
static void ask_next(struct server_probe *server_probe)
{
    struct transfer *transfer = &server_probe->transfer;

    while ((transfer->target = server_version_next_path(&server_probe->probe))) {
        log_debug("GET %s", transfer->target);
        if (transfer_start(server_probe->transport, transfer) == 0)
            return;
        server_version_answer(&server_probe->probe, 0, "", 0);
    }
}

static void probe_done(struct transfer *transfer)
{
    struct server_probe *server_probe = CONTAINER_OF(transfer, struct server_probe, transfer);
    const struct buf *body = &transfer->response_body;

    server_version_answer(&server_probe->probe, transfer->status, body->len ? body->data : "", body->len);
    ask_next(server_probe);
}

static void begin(struct server_probe *server_probe)
{
    static char user_agent[] = "User-Agent: tbproxyd/" PACKAGE_VERSION;
    static struct curl_slist headers = {user_agent, NULL}; /* so that the server's log tells who asks */
    struct transport_options own = server_probe->options(server_probe);
    struct tb_error err = TB_ERROR_INIT;

    own.max_connections = 1;
    if (transport_new(server_probe->loop, &own, &server_probe->transport, &err) < 0) {
        log_debug("the server's edition is not asked for: %s", err.message);
        return;
    }
    server_probe->transfer = (struct transfer){
        .method = "GET",
        .headers = &headers,
        .timeout_ms = PROBE_TIMEOUT_MS,
        .response_max = SERVER_VERSION_ANSWER_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = probe_done,
        .response = HEADERS_INIT,
    };
    ask_next(server_probe);
}

static void ask_again(struct timer *timer)
{
    struct server_probe *server_probe = CONTAINER_OF(timer, struct server_probe, again);

    server_probe->probe = server_probe->found;
    server_version_ask_again(&server_probe->probe);
    begin(server_probe);
}

void server_probe_open(struct server_probe *server_probe, struct loop *loop,
                       struct transport_options (*options)(const struct server_probe *server_probe))
{
    server_probe->loop = loop;
    server_probe->options = options;
    server_probe->again.expired = ask_again;
}

void server_probe_session_changed(struct server_probe *server_probe, enum session_state state)
{
    if (state == SESSION_OFFLINE || state == SESSION_LOCKED_OUT)
        server_probe->asked = false;
    if (state != SESSION_READY || server_probe->asked)
        return;
    server_probe_close(server_probe); /* questions from before the server was away */
    server_probe->asked = true;
    server_probe->retries = 0;
    server_probe->probe = (struct server_version){0};
    begin(server_probe);
}

static bool is_result(const struct server_probe *server_probe)
{
    return server_probe->retries == 0 || server_probe->probe.edition != server_probe->found.edition ||
           strcmp(server_probe->probe.version, server_probe->found.version) != 0;
}

void server_probe_run(struct server_probe *server_probe)
{
    struct server_version missing;

    if (!server_probe->transport)
        return;
    transport_run(server_probe->transport);
    if (server_version_next_path(&server_probe->probe))
        return;
    if (is_result(server_probe))
        tell(&server_probe->probe);
    server_probe->found = missing = server_probe->probe;
    server_probe_close(server_probe);
    if (server_version_ask_again(&missing) && server_probe->retries < SERVER_VERSION_RETRIES)
        loop_timer_start(server_probe->loop, &server_probe->again,
                         server_version_retry_delay_ms(server_probe->retries++));
}

bool server_probe_is_pending(const struct server_probe *server_probe)
{
    /* all questions may be over before any was sent */
    return server_probe->transport &&
           (transport_is_pending(server_probe->transport) || !server_version_next_path(&server_probe->probe));
}

void server_probe_close(struct server_probe *server_probe)
{
    if (!server_probe->loop) /* never opened */
        return;
    loop_timer_stop(server_probe->loop, &server_probe->again);
    if (!server_probe->transport)
        return;
    transfer_cancel(&server_probe->transfer);
    transfer_free(&server_probe->transfer);
    transport_free(server_probe->transport);
    server_probe->transport = NULL;
}
