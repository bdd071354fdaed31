/* SPDX-License-Identifier: Apache-2.0 */
/* Its requests are not authenticated, limited, counted or logged. */
#include "sim/server/control_endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/uuid.h"
#include "sim/websocket/websocket_control.h"

/* A member of POST /sim/set. */
struct setting {
    const char *name;
    /* -EINVAL */
    int (*set)(struct sim *sim, const json_t *value);
};

static int set_number(const json_t *value, int64_t least, int64_t most, int64_t *ret)
{
    if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) > most)
        return -EINVAL;
    *ret = json_integer_value(value);
    return 0;
}

static int control_set_token_life(struct sim *sim, const json_t *v)
{
    return set_number(v, 0, 1000000000, &sim->settings.token_life);
}

static int control_set_refresh_life(struct sim *sim, const json_t *v)
{
    return set_number(v, 0, 1000000000, &sim->settings.refresh_life);
}

static int control_set_write_ms(struct sim *sim, const json_t *v)
{
    return set_number(v, 0, 3600000, &sim->settings.write_ms);
}

static int control_set_requests_per_connection(struct sim *sim, const json_t *v)
{
    return set_number(v, 0, 1000000000, &sim->settings.requests_per_connection);
}

static int control_set_clock_offset(struct sim *sim, const json_t *v)
{
    return set_number(v, -1000000000000, 1000000000000, &sim->settings.clock_offset_ms);
}

static int control_set_limits(struct sim *sim, const json_t *v)
{
    return json_is_string(v) ? limit_set(&sim->tenant_limit, json_string_value(v)) : -EINVAL;
}

static int control_set_customer_limits(struct sim *sim, const json_t *v)
{
    return json_is_string(v) ? limit_set(&sim->customer_limit, json_string_value(v)) : -EINVAL;
}

static int control_set_password(struct sim *sim, const json_t *v)
{
    struct user *tenant = store_find_user(&sim->store, "tenant@thingsboard.org");

    if (!json_is_string(v))
        return -EINVAL;
    free(tenant->password);
    tenant->password = xstrdup(json_string_value(v));
    tenant->outdated = sim->last_serial;
    return 0;
}

static int control_set_signing_key(struct sim *sim, const json_t *v)
{
    if (json_is_true(v))
        random_bytes(sim->signing_key, sizeof(sim->signing_key));
    return json_is_boolean(v) ? 0 : -EINVAL;
}

static int control_outdate_tokens(struct sim *sim, const json_t *v)
{
    if (json_is_true(v))
        sim->access_outdated = sim->refresh_outdated = sim->last_serial;
    return json_is_boolean(v) ? 0 : -EINVAL;
}

static int control_outdate_access_tokens(struct sim *sim, const json_t *v)
{
    if (json_is_true(v))
        sim->access_outdated = sim->last_serial;
    return json_is_boolean(v) ? 0 : -EINVAL;
}

static int control_set_api_key_enabled(struct sim *sim, const json_t *v)
{
    if (!sim->preloaded_key || !json_is_boolean(v))
        return -EINVAL;
    json_put(sim->preloaded_key->doc, "enabled", json_boolean(json_is_true(v)));
    return 0;
}

static int set_flag(const json_t *v, bool *ret)
{
    if (json_is_boolean(v))
        *ret = json_is_true(v);
    return json_is_boolean(v) ? 0 : -EINVAL;
}

static int control_set_strict(struct sim *sim, const json_t *v)
{
    return set_flag(v, &sim->settings.strict);
}

static int control_set_check_answers(struct sim *sim, const json_t *v)
{
    return set_flag(v, &sim->settings.check_answers);
}

static int control_set_silent_devices(struct sim *sim, const json_t *v)
{
    return set_flag(v, &sim->settings.silent_devices);
}

static int control_set_history(struct sim *sim, const json_t *v)
{
    return set_flag(v, &sim->history.is_kept);
}

static int control_set_seed(struct sim *sim, const json_t *v)
{
    return set_number(v, 0, INT32_MAX, &sim->settings.seed);
}

static const struct setting settings[] = {
    {"checkAnswers", control_set_check_answers},
    {"seed", control_set_seed},
    {"strict", control_set_strict},
    {"history", control_set_history},
    {"apiKeyEnabled", control_set_api_key_enabled},
    {"clockOffsetMs", control_set_clock_offset},
    {"customerLimits", control_set_customer_limits},
    {"limits", control_set_limits},
    {"newSigningKey", control_set_signing_key},
    {"outdateAccessTokens", control_outdate_access_tokens},
    {"outdateTokens", control_outdate_tokens},
    {"password", control_set_password},
    {"refreshLife", control_set_refresh_life},
    {"requestsPerConnection", control_set_requests_per_connection},
    {"tokenLife", control_set_token_life},
    {"writeMs", control_set_write_ms},
    {"silentDevices", control_set_silent_devices},
};

/* The name of the first member that cannot be set, or NULL. */
static const char *apply_settings(struct sim *sim, const json_t *body)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        int r = -EINVAL;

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
            if (streq(name, settings[i].name))
                r = settings[i].set(sim, value);
        }
        if (r < 0)
            return name;
    }
    return NULL;
}

static void reply_bad(struct reply *rp, const char *why)
{
    reply_json(rp, json_pack("{s:o}", "error", json_text(why)));
    rp->status = 400;
    rp->chunked = false;
}

static void control_post_set(struct sim *sim, const struct request *rq, struct reply *rp)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);
    const char *bad = json_is_object(body) ? apply_settings(sim, body) : "not a JSON object";

    if (bad)
        reply_bad(rp, bad);
    else
        reply_json(rp, json_object());
}

static void control_post_fault(struct sim *sim, const struct request *rq, struct reply *rp)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);

    if (json_is_object(body) && faults_add(&sim->faults, body) == 0)
        reply_json(rp, json_object());
    else
        reply_bad(rp, "no such fault");
}

static void control_get_stats(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    json_t *stats = request_log_stats(&sim->log, sim->store.n_points);

    json_put(stats, "violations", json_integer((json_int_t)sim->violations.count));
    json_put(stats, "held", json_integer((json_int_t)sim_held(sim)));
    json_put(stats, "answer_violations", json_integer((json_int_t)sim->answer_violations.count));
    reply_json(rp, stats);
}

static void control_get_violations(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    reply_json(rp, violations_json(&sim->violations));
}

static void control_get_answer_violations(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    reply_json(rp, violations_json(&sim->answer_violations));
}

static void control_delete_violations(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    violations_clear(&sim->violations);
    violations_clear(&sim->answer_violations);
    reply_json(rp, json_object());
}

static void control_get_requests(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    reply_json(rp, request_log_requests(&sim->log));
}

/* "?from=N": what came after the first N. */
static void control_get_history(struct sim *sim, const struct request *rq, struct reply *rp)
{
    int64_t from = 0;

    if (request_param(rq, "from") && parse_int64(request_param(rq, "from"), &from) < 0)
        reply_bad(rp, "from is not a number");
    else
        reply_json(rp, value_history_json(&sim->history, (size_t)from));
}

static void control_delete_history(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    value_history_clear(&sim->history);
    reply_json(rp, json_object());
}

/* "?keep=N": all but the first N. */
static void control_delete_faults(struct sim *sim, const struct request *rq, struct reply *rp)
{
    int64_t keep = 0;

    parse_int64(request_param(rq, "keep"), &keep);
    faults_keep(&sim->faults, keep < 0 ? 0 : (size_t)keep);
    reply_json(rp, json_object());
}

static void control_post_release(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    sim_release(sim);
    reply_json(rp, json_object());
}

static void control_get_websockets(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    reply_json(rp, websockets_json(sim));
}

static void control_post_websockets(struct sim *sim, const struct request *rq, struct reply *rp)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);

    if (websockets_order(sim, body) == 0)
        reply_json(rp, json_object());
    else
        reply_bad(rp, "no such order, or no such WebSocket");
}

static void control_delete_websockets(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    websockets_forget(sim);
    reply_json(rp, json_object());
}

static void control_delete_requests(struct sim *sim, const struct request *rq, struct reply *rp)
{
    (void)rq;
    request_log_clear(&sim->log);
    reply_json(rp, json_object());
}

static const struct {
    const char *method;
    const char *path;
    void (*handler)(struct sim *sim, const struct request *rq, struct reply *rp);
} endpoints[] = {
    {"GET", "/sim/stats", control_get_stats},
    {"POST", "/sim/set", control_post_set},
    {"POST", "/sim/fault", control_post_fault},
    {"DELETE", "/sim/fault", control_delete_faults},
    {"GET", "/sim/history", control_get_history},
    {"DELETE", "/sim/history", control_delete_history},
    {"GET", "/sim/requests", control_get_requests},
    {"DELETE", "/sim/requests", control_delete_requests},
    {"GET", "/sim/violations", control_get_violations},
    {"DELETE", "/sim/violations", control_delete_violations},
    {"GET", "/sim/answer-violations", control_get_answer_violations},
    {"POST", "/sim/release", control_post_release},
    {"GET", "/sim/websockets", control_get_websockets},
    {"POST", "/sim/websockets", control_post_websockets},
    {"DELETE", "/sim/websockets", control_delete_websockets},
};

void control_endpoint(struct sim *sim, struct request *rq, struct reply *rp)
{
    rp->headers = HEADERS_NONE;
    reply_bad(rp, "no such control endpoint");
    rp->status = 404;
    pthread_mutex_lock(&sim->lock);
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        if (streq(rq->method, endpoints[i].method) && streq(rq->path, endpoints[i].path))
            endpoints[i].handler(sim, rq, rp);
    }
    pthread_mutex_unlock(&sim->lock);
    rp->chunked = false; /* simple clients read Content-Length only */
}
