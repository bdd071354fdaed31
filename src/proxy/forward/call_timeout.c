/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/call_timeout.h"

#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"
#include "json/json_check.h"
#include "json/json_text.h"
#include "json/number_text.h"

#define NUMBER_MAX_BYTES 256 /* of a string of digits, as JSON */
#define NOT_SAID         (-1)

struct call {
    const struct target *target;
    const struct buf *body;
    int64_t now_ms;
};

/* Reads a decimal number; one above the maximum need not be exact. */
static int64_t parse_ms(const char *text, size_t length)
{
    int64_t ms = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return NOT_SAID;
        if (ms < CALL_TIMEOUT_MAX_MS)
            ms = 10 * ms + (text[i] - '0');
    }
    return length > 0 ? ms : NOT_SAID;
}

/* The last member called NAME of OBJECT, which is the one that the server reads. */
static bool find_last(struct json_part object, const char *name, struct json_part *ret)
{
    const char *at = object.text, *end = object.text + object.length;
    struct json_part found, value;
    bool any = false;

    if (object.length == 0 || *object.text != '{')
        return false;
    while (json_text_next_member(&at, end, &found, &value))
        if (json_text_is(found, name)) {
            *ret = value;
            any = true;
        }
    return any;
}

/* A number, or a string of digits, as the server reads it (Jackson's asLong()). NAME of OBJECT. */
static double number_in(struct json_part object, const char *name)
{
    struct json_part value;
    char text[NUMBER_MAX_BYTES];

    if (!find_last(object, name, &value))
        return NOT_SAID;
    if (json_text_is_number(value))
        return number_of_text(value.text, value.length);
    return json_text_copy(value, text, sizeof(text)) ? (double)parse_ms(text, strlen(text)) : NOT_SAID;
}

static int64_t within_bounds(double ms)
{
    return ms < 0 ? NOT_SAID : ms < CALL_TIMEOUT_MAX_MS ? (int64_t)ms : CALL_TIMEOUT_MAX_MS;
}

/* An empty one if there is nothing to read. */
static struct json_part body_of(const struct call *call)
{
    const struct buf *body = call->body;

    if (!body || body->len > CALL_TIMEOUT_BODY_MAX || !json_check(body->data, body->len, 0))
        return (struct json_part){"", 0};
    return json_text_value(body->data, body->len);
}

/* {"timeout": ms}, or {"expirationTime": ms since the epoch}, which takes precedence. */
static int64_t rpc_ms(const struct call *call)
{
    struct json_part body = body_of(call), expires;

    if (!find_last(body, "expirationTime", &expires))
        return within_bounds(number_in(body, "timeout"));
    return within_bounds((json_text_is_number(expires) ? number_of_text(expires.text, expires.length) : 0) -
                         (double)call->now_ms);
}

/* {"chatModelConfig": {"timeoutSeconds": s}} */
static int64_t chat_ms(const struct call *call)
{
    struct json_part config;

    if (!find_last(body_of(call), "chatModelConfig", &config))
        return NOT_SAID;
    return within_bounds(1000 * number_in(config, "timeoutSeconds"));
}

static int64_t last_segment_ms(const struct call *call)
{
    const char *path = call->target->text.data;
    size_t end = call->target->path_length, begin;

    if (path[end - 1] == '/')
        end--;
    for (begin = end; path[begin - 1] != '/'; begin--)
        ;
    return parse_ms(path + begin, end - begin);
}

/* If there are several, the server takes the first. */
static int64_t query_ms(const struct call *call)
{
    static const char name[] = "timeout=";
    const char *text = call->target->text.data + call->target->path_length;

    while (*text) {
        size_t length = strcspn(++text, "&");

        if (strncmp(text, name, strlen(name)) == 0)
            return parse_ms(text + strlen(name), length - strlen(name));
        text += length;
    }
    return NOT_SAID;
}

static const struct {
    const char *method;
    const char *path;
    int64_t (*own_ms)(const struct call *call);
} calls[] = {
    {"POST", "/api/rpc/oneway/*", rpc_ms},
    {"POST", "/api/rpc/twoway/*", rpc_ms},
    {"POST", "/api/plugins/rpc/oneway/*", rpc_ms},
    {"POST", "/api/plugins/rpc/twoway/*", rpc_ms},
    {"POST", "/api/ai/model/chat", chat_ms},
    {"POST", "/api/rule-engine/*/*/*", last_segment_ms},
    {"POST", "/api/rule-engine/*/*/*/*", last_segment_ms},
    {"GET", "/api/v1/*/rpc", query_ms},
    {"GET", "/api/v1/*/attributes/updates", query_ms},
};

int64_t call_timeout_ms(const char *method, const struct target *target, const struct buf *body,
                        int64_t least_ms, int64_t now_ms)
{
    const struct call call = {target, body, now_ms};
    int64_t own_ms = NOT_SAID;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(calls) && own_ms == NOT_SAID; i++)
        if (strcmp(calls[i].method, method) == 0 &&
            path_matches(calls[i].path, target->text.data, target->path_length))
            own_ms = calls[i].own_ms(&call);
    if (own_ms == NOT_SAID)
        return least_ms;
    own_ms += CALL_TIMEOUT_MARGIN_MS;
    own_ms = own_ms < CALL_TIMEOUT_MAX_MS ? own_ms : CALL_TIMEOUT_MAX_MS;
    return own_ms > least_ms ? own_ms : least_ms;
}
