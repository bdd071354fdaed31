/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What forward/ asks the spool (src/proxy/spool). services->forward->spool is NULL
 * while spool.mode is "off".
 */
#ifndef TB_PROXY_FORWARD_FORWARD_SPOOL_H
#define TB_PROXY_FORWARD_FORWARD_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

struct forwarding;

struct forward_spool {
    /* FORWARDING is about to enter the queue; its body is not stamped yet. True: its exchange has another
     * handler now, or its response, and forward/ must not touch FORWARDING again. Otherwise sets
     * forwarding->spool_state, may_be_spooled, order_key and hold_max_ms. */
    bool (*keeps)(struct forward_spool *spool, struct forwarding *forwarding);

    /* FORWARDING, which may be spooled, would get an error, because the server is away, refuses for its own
     * reasons, or has not answered in time. True: as above. */
    bool (*takes)(struct forward_spool *spool, struct forwarding *forwarding);

    /* FORWARDING, which has a spool_state, gets a response, or its client has gone. STATUS: of the server's
     * answer; 0: there is none. */
    void (*ended)(struct forward_spool *spool, struct forwarding *forwarding, int status);

    /* Sends one call with what waits in the spool. 1: it did; 0: nothing can go now; -EAGAIN: not before
     * there are tokens of the limit that all share. */
    int (*send)(struct forward_spool *spool);

    /* When send() can succeed, in ms of the boot clock; INT64_MAX: not before something happens. */
    int64_t (*ready_ms)(struct forward_spool *spool);
};

#endif
