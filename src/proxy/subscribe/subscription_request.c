/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_request.h"

#include <errno.h>
#include <stdio.h>

#include "http/query.h"
#include "http/target.h"

#define PREFIX "/-/subscribe/"

/* The values of EntityType in all editions and versions. */
static const char *const entity_types[] = {
    "TENANT",
    "CUSTOMER",
    "USER",
    "DASHBOARD",
    "ASSET",
    "DEVICE",
    "ALARM",
    "ENTITY_GROUP",
    "CONVERTER",
    "INTEGRATION",
    "RULE_CHAIN",
    "RULE_NODE",
    "SCHEDULER_EVENT",
    "BLOB_ENTITY",
    "REPORT_TEMPLATE",
    "REPORT",
    "ENTITY_VIEW",
    "WIDGETS_BUNDLE",
    "WIDGET_TYPE",
    "ROLE",
    "GROUP_PERMISSION",
    "TENANT_PROFILE",
    "DEVICE_PROFILE",
    "ASSET_PROFILE",
    "API_USAGE_STATE",
    "TB_RESOURCE",
    "OTA_PACKAGE",
    "EDGE",
    "RPC",
    "QUEUE",
    "QUEUE_STATS",
    "OAUTH2_CLIENT",
    "DOMAIN",
    "MOBILE_APP",
    "MOBILE_APP_BUNDLE",
    "CALCULATED_FIELD",
    "JOB",
    "SECRET",
    "ADMIN_SETTINGS",
    "AI_MODEL",
    "API_KEY",
    "AGENT",
    "PRODUCT",
    "SUBSCRIPTION",
    "SUBSCRIPTION_PLAN",
    "COUPON",
    "AGENT_APPLICATION",
    "AGENT_APP_UNIT",
    "AGENT_APP_EVENT",
    "AGENT_APP_PROFILE",
    "AGENT_PROFILE",
    "AGENT_BULK_ACTION",
    "NOTIFICATION",
    "NOTIFICATION_RULE",
    "NOTIFICATION_TARGET",
    "BILLING_CUSTOMER",
    "SUBSCRIPTION_ADDON",
    "NOTIFICATION_REQUEST",
    "NOTIFICATION_TEMPLATE",
};

static const char *const scopes[] = {"CLIENT_SCOPE", "SHARED_SCOPE", "SERVER_SCOPE"};

static bool is_one_of(const char *text, const char *const *texts, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(text, texts[i]) == 0)
            return true;
    return false;
}

/* As java.util.UUID prints it, in lower case; upper case is accepted. */
static bool take_id(const char *text, size_t length, char ret[ENTITY_ID_CHARS + 1])
{
    size_t i;

    if (length != ENTITY_ID_CHARS)
        return false;
    for (i = 0; i < length; i++) {
        char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_hyphen ? c != '-' : !strchr("0123456789abcdef", c))
            return false;
        ret[i] = c;
    }
    ret[length] = '\0';
    return true;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted and without duplicates, so that equal subscriptions are found equal. LIST is changed. */
static int take_keys(char *list, struct buf *ret, const char **reason)
{
    const char *keys[SUBSCRIPTION_KEYS_MAX];
    size_t count = 0, i;
    char *key, *rest = list;
    int r = buf_append_string(ret, "");

    while ((key = strsep(&rest, ","))) {
        *reason = *key ? "more than 100 keys" : "an empty key";
        if (!*key || count == SUBSCRIPTION_KEYS_MAX)
            return -EINVAL;
        keys[count++] = key;
    }
    qsort(keys, count, sizeof(*keys), by_name);
    for (i = 0; r == 0 && i < count; i++)
        if (i == 0 || strcmp(keys[i], keys[i - 1]) != 0)
            r = buf_append_format(ret, "%s%s", i > 0 ? "," : "", keys[i]);
    return r;
}

static int subscription_request_take(void *arg, const char *name, char *value, const char **reason)
{
    struct subscription_request *request = arg;

    if (strcmp(name, "keys") == 0 && request->keys.len == 0)
        return take_keys(value, &request->keys, reason);
    *reason =
        "scope must be CLIENT_SCOPE, SHARED_SCOPE or SERVER_SCOPE (attributes), or left out (telemetry)";
    if (strcmp(name, "scope") == 0 && !request->target.scope) {
        if (!is_one_of(value, scopes, ARRAY_SIZE(scopes)))
            return -EINVAL;
        snprintf(request->scope, sizeof(request->scope), "%s", value);
        request->target.scope = request->scope;
        return 0;
    }
    *reason = "the only parameters are keys and scope, each at most once";
    return -EINVAL;
}

static int take_path(struct subscription_request *request, const char *target, size_t path_length,
                     const char **reason)
{
    const char *type = target + strlen(PREFIX), *slash = strchr(type, '/');
    size_t length = (size_t)(slash - type);

    *reason = "not an entity type of ThingsBoard";
    if (length >= sizeof(request->entity_type))
        return -EINVAL;
    memcpy(request->entity_type, type, length);
    request->entity_type[length] = '\0';
    if (!is_one_of(request->entity_type, entity_types, ARRAY_SIZE(entity_types)))
        return -EINVAL;
    *reason = "the entity's id is not a UUID";
    return take_id(slash + 1, path_length - (size_t)(slash + 1 - target), request->entity_id) ? 0 : -EINVAL;
}

int subscription_request_parse(const char *target, size_t path_length, const char *last_event_id,
                               struct subscription_request *ret, const char **reason)
{
    const char *query = target[path_length] == '?' ? target + path_length + 1 : "";
    const struct query_reader reader = {.take = subscription_request_take, .arg = ret};
    int r;

    *ret = (struct subscription_request){.keys = BUF_INIT(TARGET_MAX_BYTES), .since_ms = -1};
    r = take_path(ret, target, path_length, reason);
    if (r == 0)
        r = query_read(query, &reader, reason);
    if (r == 0 && last_event_id && *last_event_id) {
        *reason = "the Last-Event-ID is not from tbproxyd";
        r = event_parse_id(last_event_id, &ret->since_ms);
    }
    ret->target.entity_type = ret->entity_type;
    ret->target.entity_id = ret->entity_id;
    ret->target.keys = ret->keys.data ? ret->keys.data : "";
    return r;
}

void subscription_request_free(struct subscription_request *request)
{
    buf_free(&request->keys);
}
