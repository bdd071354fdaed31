/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_probe.h"

#include <string.h>

#include "base/log.h"

/* For one answer. */
#define PROBE_TIMEOUT_MS 20000

static void tell(const struct edition_probe *found)
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
static void ask_next(struct detection *detection)
{
    struct transfer *transfer = &detection->transfer;

    while ((transfer->target = edition_next_path(&detection->probe))) {
        log_debug("GET %s", transfer->target);
        if (transfer_start(detection->transport, transfer) == 0)
            return;
        edition_answer(&detection->probe, 0, "", 0);
    }
}

static void probe_done(struct transfer *transfer)
{
    struct detection *detection = CONTAINER_OF(transfer, struct detection, transfer);
    const struct buf *body = &transfer->response_body;

    edition_answer(&detection->probe, transfer->status, body->len ? body->data : "", body->len);
    ask_next(detection);
}

static void begin(struct detection *detection)
{
    static char user_agent[] = "User-Agent: tbproxyd/" PACKAGE_VERSION;
    static struct curl_slist headers = {user_agent, NULL}; /* so that the server's log tells who asks */
    struct transport_options own = detection->options(detection);
    struct tb_error err = TB_ERROR_INIT;

    own.max_connections = 1;
    if (transport_new(detection->loop, &own, &detection->transport, &err) < 0) {
        log_debug("the server's edition is not asked for: %s", err.message);
        return;
    }
    detection->transfer = (struct transfer){
        .method = "GET",
        .headers = &headers,
        .timeout_ms = PROBE_TIMEOUT_MS,
        .response_max = EDITION_ANSWER_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = probe_done,
        .response = HEADERS_INIT,
    };
    ask_next(detection);
}

static void ask_again(struct timer *timer)
{
    struct detection *detection = CONTAINER_OF(timer, struct detection, again);

    detection->probe = detection->found;
    edition_ask_again(&detection->probe);
    begin(detection);
}

void detection_open(struct detection *detection, struct loop *loop,
                    struct transport_options (*options)(const struct detection *detection))
{
    detection->loop = loop;
    detection->options = options;
    detection->again.expired = ask_again;
}

void detection_session_changed(struct detection *detection, enum session_state state)
{
    if (state == SESSION_OFFLINE || state == SESSION_LOCKED_OUT)
        detection->asked = false;
    if (state != SESSION_READY || detection->asked)
        return;
    detection_close(detection); /* questions from before the server was away */
    detection->asked = true;
    detection->retries = 0;
    detection->probe = (struct edition_probe){0};
    begin(detection);
}

static bool is_news(const struct detection *detection)
{
    return detection->retries == 0 || detection->probe.edition != detection->found.edition ||
           strcmp(detection->probe.version, detection->found.version) != 0;
}

void detection_run(struct detection *detection)
{
    struct edition_probe missing;

    if (!detection->transport)
        return;
    transport_run(detection->transport);
    if (edition_next_path(&detection->probe))
        return;
    if (is_news(detection))
        tell(&detection->probe);
    detection->found = missing = detection->probe;
    detection_close(detection);
    if (edition_ask_again(&missing) && detection->retries < EDITION_RETRIES)
        loop_timer_start(detection->loop, &detection->again, edition_retry_delay_ms(detection->retries++));
}

bool detection_is_pending(const struct detection *detection)
{
    /* all questions may be over before any was sent */
    return detection->transport &&
           (transport_is_pending(detection->transport) || !edition_next_path(&detection->probe));
}

void detection_close(struct detection *detection)
{
    if (!detection->loop) /* never opened */
        return;
    loop_timer_stop(detection->loop, &detection->again);
    if (!detection->transport)
        return;
    transfer_cancel(&detection->transfer);
    transfer_free(&detection->transfer);
    transport_free(detection->transport);
    detection->transport = NULL;
}
