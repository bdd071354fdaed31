/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says of a subscription, taken apart:
 * {"subscriptionId":1,"errorCode":0,"errorMsg":null,"data":{"key":[[ts,"value"],...]},"latestValues":{...}};
 * and what a subscriber is told, as text/event-stream (WHATWG HTML, section 9.2).
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
    const json_t *value; /* a string; null: there is none */
};

struct update {
    json_t *message;
    int64_t id; /* subscriptionId */
    int error_code;
    const char *error; /* "": none */
    json_t *data;
    struct point *points; /* by rising time, else as they came */
    size_t count;
};

/* Values that jansson cannot hold are as in tbclient/value.h, and are told byte for byte. 0; -EBADMSG: it is
 * none; -ENOMEM. The caller frees it with update_free() also after an error. What the points hold is the
 * message's. */
int update_parse(const char *text, size_t length, struct update *ret);
void update_free(struct update *update);

/* The points of {"key":[[ts,value],...]}, by rising time. 0, -ENOMEM. */
int update_points(const json_t *data, struct point **ret, size_t *ret_count);

/* The subscriptionId of a message of which only the beginning is there; -1 where it does not say. */
int64_t update_id_of(const char *text, size_t length);

/* How many points from the first on have its time. */
size_t update_group(const struct point *points, size_t count);

/* Appends one event:
 *     id: 1795415670063
 *     data: {"ts":1795415670063,"values":{"a":"2"}}
 * Of two points of one key the later counts. 0, -EMSGSIZE, -ENOMEM; OUT is unchanged on error. */
int event_write(struct buf *out, int64_t id, const struct point *points, size_t count);

/* Appends the last event, "event: end", with the reason as its data: {"message":...}. */
int event_write_end(struct buf *out, const char *message);

/* What Last-Event-ID says: 0, or -EINVAL where it is none of ours. */
int event_parse_id(const char *text, int64_t *ret);

#endif
