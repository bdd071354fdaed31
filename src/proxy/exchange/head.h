/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first part of a request: its method, target and headers, and what follows from them.
 */
#ifndef TB_PROXY_EXCHANGE_HEAD_H
#define TB_PROXY_EXCHANGE_HEAD_H

#include "http/headers.h"
#include "http/target.h"
#include "proxy/route/operation.h"
#include "proxy/route/route.h"

struct head {
    char *raw_target;      /* as received */
    uintptr_t raw_address; /* where it was in libmicrohttpd's memory */
    const char *method;    /* NULL: the header has not arrived */
    struct target target;
    struct headers headers; /* those that are forwarded */
    struct route route;
    const struct operation *operation; /* NULL: not in any specification */
    enum tb_retry retry;
    bool is_http_1_0;
    bool may_be_from_page;  /* it has Origin, Referer or Sec-Fetch-* */
    bool keeps_connection;  /* HTTP/1.1, and the client does not send "Connection: close" */
    int urgency;            /* from the client (RFC 9218); -1: none */
    int64_t prefer_wait_ms; /* from the client (RFC 7240); -1: none */
    bool prefers_async;     /* the same: respond-async */
};

#endif
