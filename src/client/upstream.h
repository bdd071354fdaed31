/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ThingsBoard server: the connections to it, the session with it, the calls that keep the session alive,
 * and its clock. It belongs to one loop and one thread.
 */
#ifndef TB_CLIENT_UPSTREAM_H
#define TB_CLIENT_UPSTREAM_H

#include "base/list.h"
#include "base/loop.h"
#include "client/server_clock.h"
#include "client/session.h"
#include "client/transport.h"

struct upstream_options {
    struct transport_options transport;
    const struct session_options *session; /* NULL: no session; requests carry no credential */
};

struct upstream {
    struct loop *loop;
    char *url;
    struct transport *transport;
    struct transport *session_transport; /* apart, so that a renewal never waits behind requests */
    /* For WebSockets, whose connections last: apart, so that they take no place from requests. Whoever opens
     * them bounds their number. */
    struct transport *websocket_transport;
    struct session *session; /* NULL: none */
    struct list waiting;     /* requests that wait for the session */
    struct server_clock clock;
    char last_date[40]; /* the last Date header that was learned from */
    /* A call has ended: the session may have a credential now, or not. Called before the requests that wait
     * are looked at again. */
    void (*changed)(struct upstream *upstream);

    struct timer timer; /* the session's next call */
    struct session_call call;
    struct transfer transfer; /* of that call */
    struct curl_slist lines[3];
};

/* UPSTREAM is memory of zeros; what OPTIONS points to for the session must live as long. After an error, too,
 * it is to be closed. */
int upstream_open(struct upstream *upstream, struct loop *loop, const struct upstream_options *options,
                  struct tb_error *err);

/* No request may be under way. */
void upstream_close(struct upstream *upstream);

/* Makes the session's next call when it is due: to be called after anything that may have changed when that
 * is. */
void upstream_poke(struct upstream *upstream);

/* transport_run() and transport_is_pending() for all transports. */
void upstream_run(struct upstream *upstream);
bool upstream_is_pending(const struct upstream *upstream);

/* Takes the server's time from an answer. */
void upstream_learn_clock(struct upstream *upstream, const struct transfer *transfer);

/* The server's time now, ms since the epoch. */
int64_t upstream_now_ms(const struct upstream *upstream);

/* The same, for a value that gets its timestamp here: later than the one before for the same entity, whose
 * name, or what tells it from others, are the LENGTH bytes at ENTITY (server_clock_stamp()). */
int64_t upstream_stamp_ms(struct upstream *upstream, const char *entity, size_t length);

/* How long the answer asks to wait before the next try, ms; -1 where it does not. */
int64_t upstream_retry_after_ms(const struct upstream *upstream, const struct transfer *transfer);

#endif
