/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/limit_discovery.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/config/config_check.h"
#include "proxy/daemon/daemon.h"
#include "json/json_read.h"

#define ASK_AGAIN_MS 60000 /* where no answer came */

#define PATH "/api/tenant/subscription/mergedProfileConfig"

/* A JWT tells the authority as its one scope, /api/auth/user by name. */
static bool is_customer_user(const json_t *user)
{
    const json_t *authority = json_object_get(user, "authority");

    if (!authority)
        authority = json_array_get(json_object_get(user, "scopes"), 0);
    return authority && json_is_string(authority) &&
           strcmp(json_string_value(authority), "CUSTOMER_USER") == 0;
}

int limit_discovery_read(const json_t *profile, const json_t *user, struct limit *ret, struct tb_error *err)
{
    const char *tenant = json_string_value(json_object_get(profile, "tenantServerRestLimitsConfiguration"));
    const char *customer =
        json_string_value(json_object_get(profile, "customerServerRestLimitsConfiguration"));
    bool both = is_customer_user(user) && customer && *customer;
    char text[1024];

    if (!json_is_object(profile))
        return tb_error_set(err, -EINVAL, "the answer is no object");
    if ((size_t)snprintf(text, sizeof(text), "%s%s%s", tenant ? tenant : "",
                         both && tenant && *tenant ? "," : "", both ? customer : "") >= sizeof(text))
        return tb_error_set(err, -EINVAL, "the limit is too long");
    return limit_parse(text, ret, err);
}

static void use(struct daemon *daemon, const struct limit *limit)
{
    char text[LIMIT_TEXT_MAX];

    limit_format(limit, text);
    log_info("the server's rate limit is %s", *text ? text : "none");
    daemon->limit_discovery.found = *limit;
    daemon_update_budget(daemon);
    if (budget_take(&daemon->budget, daemon->loop.now_ms, 0, 1)) /* the question itself took one */
        budget_settle(&daemon->budget, daemon->loop.now_ms, 1, BUDGET_COUNTED);
}

/* Whether asking again would tell nothing else. */
static bool is_final(const struct request *request)
{
    int status = request->outcome == REQUEST_ANSWERED ? request->transfer.status : 0;

    return status == 200 || status == 403 || status == 404;
}

static void query_done(struct request *request)
{
    struct limit_discovery *query = CONTAINER_OF(request, struct limit_discovery, request);
    const struct transfer *transfer = &request->transfer;
    struct tb_error err = TB_ERROR_INIT;
    struct limit limit;
    json_t *profile = NULL;

    if (request->outcome == REQUEST_ANSWERED && transfer->status == 200)
        profile = json_read(transfer->response_body.data, transfer->response_body.len, 0, NULL);
    if (!profile)
        log_warning("the server does not tell its rate limit (GET %s: HTTP %d)", PATH, transfer->status);
    else if (limit_discovery_read(profile, session_user(query->daemon->upstream.session), &limit, &err) < 0)
        log_warning("the server's rate limit is not understood: %s", err.message);
    else
        use(query->daemon, &limit);
    json_decref(profile);
    if (!profile && !is_final(request))
        loop_timer_start(&query->daemon->loop, &query->again, ASK_AGAIN_MS);
}

static void ask_again(struct timer *timer)
{
    limit_discovery_reset(CONTAINER_OF(timer, struct limit_discovery, again)->daemon);
}

void limit_discovery_run(struct daemon *daemon)
{
    struct limit_discovery *query = &daemon->limit_discovery;

    if (query->asked || daemon->server_probe.found.edition != EDITION_PAAS ||
        !config_limit_is_asked_for(daemon->config))
        return;
    query->asked = true;
    query->daemon = daemon;
    query->again.expired = ask_again;
    query->headers = (struct headers)HEADERS_INIT;
    query->request = (struct request){
        .method = "GET",
        .target = PATH,
        .headers = &query->headers,
        .done = query_done,
    };
    request_init(&query->request, &daemon->upstream, &daemon->request_options);
    request_start(&query->request);
}

void limit_discovery_reset(struct daemon *daemon)
{
    struct limit_discovery *query = &daemon->limit_discovery;

    if (query->asked) {
        loop_timer_stop(&daemon->loop, &query->again);
        request_free(&query->request);
        headers_free(&query->headers);
    }
    *query = (struct limit_discovery){0};
}
