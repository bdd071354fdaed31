/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ThingsBoard server: the connections to it, the session with it, the calls that keep the session alive,
 * and its clock. It belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_UPSTREAM_H
#define TB_UPSTREAM_UPSTREAM_H

#include "base/list.h"
#include "base/loop.h"
#include "upstream/failover.h"
#include "upstream/outage.h"
#include "upstream/server_clock.h"
#include "upstream/session.h"
#include "upstream/transport.h"
#include "upstream/websocket.h"

/* For questions of our own: it costs nothing of the server's rate limit and needs no credential. */
#define UPSTREAM_PROBE_PATH "/api/noauth/whiteLabel/loginWhiteLabelParams"

struct upstream_options {
    struct transport_options transport; /* its URL is that of the first server */
    const char *const *fallback_urls;   /* further servers of the same cluster, ended by NULL; NULL: none */
    const struct session_options *session; /* NULL: no session; requests carry no credential */
};

/* One of the cluster. Its nodes share their signing key, so a token of one is good for all. */
struct upstream_server {
    struct upstream *upstream;
    char *url;
    struct transport *transport;
    struct transport *session_transport; /* for HTTP/1.1: apart, so that no renewal waits behind requests */
    /* For WebSockets, whose connections last: apart, so that they take no place from requests. Whoever opens
     * them bounds their number. The probe is sent here, too: it does not wait behind requests that hang. */
    struct transport *websocket_transport;
    struct transfer probe; /* while it is ejected or in doubt */
};

struct upstream {
    struct loop *loop;
    struct upstream_server servers[FAILOVER_SERVERS_MAX];
    struct failover failover;
    size_t in_use;            /* the server that was last told to be */
    struct timer probe_timer; /* the next probe */
    struct session *session;  /* NULL: none */
    struct list waiting;      /* requests that wait for the session */
    struct server_clock clock;
    char last_date[40];             /* the last Date header that was learned from */
    struct transfer clock_question; /* for a second answer, while the clock is in doubt */
    int64_t clock_asked_ms;
    /* A call has ended: the session may have a credential now, or not. Called before the requests that wait
     * are looked at again. */
    void (*changed)(struct upstream *upstream);
    /* outage.is_on has changed. NULL: nobody wants to know, and a server that is alone is not probed. */
    void (*outage_changed)(struct upstream *upstream);
    struct outage outage;

    struct timer timer; /* the session's next call */
    struct session_call call;
    size_t call_server;
    unsigned call_tried;      /* servers that it was sent to in vain, a bit each */
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
void upstream_schedule(struct upstream *upstream);

/* transport_reload_certificates() for all transports. */
void upstream_reload_certificates(struct upstream *upstream);

/* The server in use, and its transports for requests and for WebSockets. */
size_t upstream_server(const struct upstream *upstream);
struct transport *upstream_transport(const struct upstream *upstream);
struct transport *upstream_websocket_transport(const struct upstream *upstream);
const char *upstream_url(const struct upstream *upstream);

/* The URL of the server whose origin URL has; of the first if there is none. */
const char *upstream_configured_url(const struct upstream *upstream, const char *url);

/* Tells what came of a transfer to SERVER, for the choice of the next. COUNTS: its answer says something of
 * the server's health. That of a device's RPC does not: it is at most a reason to probe. */
void upstream_report(struct upstream *upstream, size_t server, const struct transfer *transfer, bool counts);

/* The same for a WebSocket that was refused. */
void upstream_report_websocket(struct upstream *upstream, const struct websocket *websocket);

/* Where a transfer that failed at the servers of the bit set TRIED goes next: a server that is healthy, or
 * FAILOVER_NONE. HARMLESS: the server may execute it twice. */
size_t upstream_next_server(const struct upstream *upstream, const struct transfer *transfer, unsigned tried,
                            bool harmless);

/* transport_run() and transport_is_pending() for all transports. */
void upstream_run(struct upstream *upstream);
bool upstream_is_pending(const struct upstream *upstream);

/* The transport for the session's own calls to a server. */
struct transport *upstream_session_transport(const struct upstream *upstream, size_t server);

/* The next are in upstream_clock.c. */

void upstream_clock_open(struct upstream *upstream);
void upstream_clock_close(struct upstream *upstream);

/* The date of an answer. False: there is none, or a cache has kept the answer. */
bool upstream_clock_read(const struct transfer *transfer, struct server_clock_answer *ret);

/* Takes the server's time from an answer that comes from the server itself, not from a cache: one without Age
 * (RFC 9111, section 5.1). If it is far from what is known, the server is asked once more. */
void upstream_learn_clock(struct upstream *upstream, const struct transfer *transfer);

/* Whether a value had better get its timestamp a little later: no answer of the server has told the time yet,
 * and one is on its way. request_start() waits for the end of this. */
bool upstream_clock_is_awaited(const struct upstream *upstream);

/* The server's time now, ms since the epoch. */
int64_t upstream_now_ms(const struct upstream *upstream);

/* The same as the answer just learned from says, even if it is in doubt. */
int64_t upstream_told_ms(const struct upstream *upstream);

/* The server's time, for a value that gets its timestamp here: later than the one before for the same entity,
 * whose name, or what tells it from others, are the LENGTH bytes at ENTITY (server_clock_stamp()). */
int64_t upstream_stamp_ms(struct upstream *upstream, const char *entity, size_t length);

/* How long the answer asks to wait before the next try, ms; -1 where it does not. */
int64_t upstream_retry_after_ms(const struct upstream *upstream, const struct transfer *transfer);

#endif
