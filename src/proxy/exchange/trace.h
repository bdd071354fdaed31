/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as they are answered, for those who watch: a line of JSON for each, without its body, its query or
 * the token of a device. Those on the admin socket are left out. Costs nothing while nobody watches.
 */
#ifndef TB_PROXY_EXCHANGE_TRACE_H
#define TB_PROXY_EXCHANGE_TRACE_H

#include "proxy/exchange/exchange.h"

/* Which requests are wanted. */
struct trace_filter {
    bool has_user;
    int64_t user;
    const char *operation; /* its id; NULL: all */
    const char *method;    /* NULL: all */
    int status_min, status_max;
};

struct tracer {
    struct list link; /* in services->tracers */
    struct trace_filter filter;
    void (*event)(struct tracer *tracer, const char *json);
};

/* From a query: client=uid:1000 (or unknown), operation=ID, status=404 or 4xx, method=POST, each at most
 * once. -EINVAL with *REASON, a static text; -ENOMEM. */
int trace_filter_parse(const char *query, struct trace_filter *ret, const char **reason);

/* EXCHANGE has got its response, or its response that streams has ended. REASON: why tbproxyd made an error
 * of it; NULL: it did not. */
void trace_response(const struct exchange *exchange, const char *reason);

#endif
