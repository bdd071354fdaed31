/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the target of GET /-/subscribe/{entity type}/{id}?keys=a,b&scope=SERVER_SCOPE.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_REQUEST_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_REQUEST_H

#include "proxy/subscribe/subscriptions.h"

#define ENTITY_ID_CHARS 36 /* a UUID */

struct subscription_request {
    struct subscription_target target; /* points to the members below, or to static text */
    char entity_type[32], entity_id[ENTITY_ID_CHARS + 1], scope[16];
    struct buf keys;
    int64_t since_ms; /* Last-Event-ID; -1: none */
};

/* TARGET is canonical (target.h), and its path is that of the route. LAST_EVENT_ID is the header's value, or
 * NULL. Returns 0, -EINVAL with *REASON set to static text, or -ENOMEM. The caller frees RET even after an
 * error. */
int subscription_request_parse(const char *target, size_t path_length, const char *last_event_id,
                               struct subscription_request *ret, const char **reason);

void subscription_request_free(struct subscription_request *request);

#endif
