/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/limit_discovery.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "upstream/own_user.h"
#include "json/json_read.h"

#define ASK_AGAIN_MS 60000 /* if no answer came */

#define PATH "/api/tenant/subscription/mergedProfileConfig"

int limit_discovery_read(const json_t *profile, const json_t *user, struct rate_limit *ret,
                         struct tb_error *err)
{
    const char *tenant = json_string_value(json_object_get(profile, "tenantServerRestLimitsConfiguration"));
    const char *customer =
        json_string_value(json_object_get(profile, "customerServerRestLimitsConfiguration"));
    bool both = own_user_read(user).authority == AUTHORITY_CUSTOMER_USER && customer && *customer;
    char text[1024];

    if (!json_is_object(profile))
        return tb_error_set(err, -EINVAL, "the answer is not a JSON object");
    if ((size_t)snprintf(text, sizeof(text), "%s%s%s", tenant ? tenant : "",
                         both && tenant && *tenant ? "," : "", both ? customer : "") >= sizeof(text))
        return tb_error_set(err, -EINVAL, "the limit is too long");
    return rate_limit_parse(text, ret, err);
}

static void use(struct limit_discovery *discovery, const struct rate_limit *limit)
{
    char text[RATE_LIMIT_TEXT_MAX];

    rate_limit_format(limit, text);
    log_info("the server's rate limit is %s", *text ? text : "none");
    discovery->limit = *limit;
    discovery->found(discovery);
}

/* Whether another attempt would get the same answer. */
static bool is_final(const struct request *request)
{
    int status = request->outcome == REQUEST_ANSWERED ? request->transfer.status : 0;

    return status == 200 || status == 403 || status == 404;
}

static void limit_discovery_done(struct request *request)
{
    struct limit_discovery *discovery = CONTAINER_OF(request, struct limit_discovery, request);
    const struct transfer *transfer = &request->transfer;
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit limit;
    json_t *profile = NULL;

    if (request->outcome == REQUEST_ANSWERED && transfer->status == 200)
        profile = json_read(transfer->response_body.data, transfer->response_body.len, 0, NULL);
    if (!profile)
        log_warning("the server does not report its rate limit (GET %s: HTTP %d)", PATH, transfer->status);
    else if (limit_discovery_read(profile, session_user(discovery->upstream->session), &limit, &err) < 0)
        log_warning("the server's rate limit is not understood: %s", err.message);
    else
        use(discovery, &limit);
    json_decref(profile);
    if (!profile && !is_final(request))
        loop_timer_start(discovery->upstream->loop, &discovery->again, ASK_AGAIN_MS);
}

static void limit_discovery_again(struct timer *timer)
{
    limit_discovery_reset(CONTAINER_OF(timer, struct limit_discovery, again));
}

void limit_discovery_init(struct limit_discovery *discovery, struct upstream *upstream,
                          const struct request_options *options,
                          void (*found)(struct limit_discovery *discovery))
{
    discovery->upstream = upstream;
    discovery->options = options;
    discovery->found = found;
    discovery->again.expired = limit_discovery_again;
}

void limit_discovery_run(struct limit_discovery *discovery, enum edition edition)
{
    if (discovery->asked || edition != EDITION_PAAS)
        return;
    discovery->asked = true;
    discovery->headers = (struct headers)HEADERS_INIT;
    discovery->request = (struct request){
        .method = "GET",
        .target = PATH,
        .headers = &discovery->headers,
        .done = limit_discovery_done,
    };
    request_init(&discovery->request, discovery->upstream, discovery->options);
    request_start(&discovery->request);
}

void limit_discovery_reset(struct limit_discovery *discovery)
{
    if (!discovery->asked)
        return;
    loop_timer_stop(discovery->upstream->loop, &discovery->again);
    request_free(&discovery->request);
    headers_free(&discovery->headers);
    discovery->asked = false;
    discovery->limit = (struct rate_limit){0};
}
