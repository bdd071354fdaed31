/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the server's messages about a subscription,
 * {"subscriptionId":1,"errorCode":0,"errorMsg":null,"data":{"key":[[ts,"value"],...]},"latestValues":{...}},
 * and writes events for a subscriber as text/event-stream (WHATWG HTML, section 9.2).
 */
#ifndef TB_PROXY_SUBSCRIBE_UPDATE_H
#define TB_PROXY_SUBSCRIBE_UPDATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* One value of one key. */
struct point {
    int64_t ts_ms;
    const char *key;
    const json_t *value; /* a string; JSON null if there is no value */
};

struct update {
    json_t *message;
    int64_t id; /* subscriptionId */
    int error_code;
    const char *error; /* "": none */
    json_t *data;
    struct point *points; /* by ascending time, then as they came */
    size_t count;
};

/* Values that jansson cannot hold are as in tbclient/value.h, and are passed on byte for byte. Returns 0,
 * -EBADMSG if it is not such a message, or -ENOMEM. The caller frees it with update_free() even after an
 * error. The points refer to the message. */
int update_parse(const char *text, size_t length, struct update *ret);
void update_free(struct update *update);

/* The points of {"key":[[ts,value],...]}, by ascending time, to be freed with free(). Returns 0 or -ENOMEM.
 */
int update_points(const json_t *data, struct point **ret, size_t *ret_count);

/* The subscriptionId of a message of which only the beginning is there; -1 if it is not in it. */
int64_t update_id_of(const char *text, size_t length);

/* The number of points at the beginning that have the same time; COUNT is at least 1. */
size_t update_group(const struct point *points, size_t count);

/* Appends one event:
 *     id: 1795415670063
 *     data: {"ts":1795415670063,"values":{"a":"2"}}
 * If a key comes twice, its last value is written. Returns 0, -EMSGSIZE or -ENOMEM; OUT is unchanged on
 * error. */
int event_write(struct buf *out, int64_t id, const struct point *points, size_t count);

/* Appends the last event, "event: end", with the reason in its data: {"message":...}. Errors as above. */
int event_write_end(struct buf *out, const char *message);

/* Reads a Last-Event-ID. Returns 0, or -EINVAL if it is not an id of event_write(). */
int event_parse_id(const char *text, int64_t *ret);

#endif
