/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that speaks HTTP, and the row of functions of the HTTP version that it speaks; included by the
 * room only. The pool gives it transfers; http1.c and http2.c report what came of each, by the functions
 * below, exactly once.
 */
#ifndef TB_TRANSPORT_HTTP_CONNECTION_H
#define TB_TRANSPORT_HTTP_CONNECTION_H

#include "base/list.h"
#include "base/util.h"
#include "transport/connection.h"
#include "transport/transfer.h"

struct transport;
struct http_connection;

struct http_protocol {
    const char *name; /* for the log */
    /* The connection is open. Sets state. 0 or -ENOMEM. */
    int (*open)(struct http_connection *connection);
    /* How many more transfers it takes now. */
    unsigned (*room)(const struct http_connection *connection);
    /* Begins to send TRANSFER, which is in connection->transfers already. 0 or -ENOMEM, before any byte of it
     * was sent. What fails later is reported. */
    int (*send)(struct http_connection *connection, struct transfer *transfer);
    /* read() has more, or write() takes more. */
    void (*resume)(struct http_connection *connection, struct transfer *transfer);
    /* The transfer is given up by its owner; nothing is reported, and it leaves connection->transfers after
     * this. May be called in any state, also from write() and read(). */
    void (*cancel)(struct http_connection *connection, struct transfer *transfer);
    /* More can be received or sent, or the stream has ended. */
    void (*ready)(struct http_connection *connection);
    /* Before the loop sleeps, if http_connection_wants_flush() was called since the last time: sends what has
     * been gathered, receives what was left. */
    void (*flush)(struct http_connection *connection);
    /* Every second while transfers are on it or it is idle: time-outs of the protocol. NOW_MS: boot clock. */
    void (*tick)(struct http_connection *connection, int64_t now_ms);
    /* Frees state. No transfer is on it. */
    void (*free)(struct http_connection *connection);
};

extern const struct http_protocol http1_protocol, http2_protocol;

struct http_connection {
    struct transport *transport;
    const struct http_protocol *protocol; /* NULL: it is being opened */
    struct connection *stream;            /* the bytes; NULL once it is closed */
    void *state;                          /* the protocol's own */
    struct list link;                     /* in a list of the transport */
    struct list flush_link;               /* in transport->flushes */
    struct list transfers;                /* on it, the oldest first */
    unsigned transfer_count;
    unsigned answers;  /* so far */
    bool offers_http2; /* what it was opened for */
    bool is_upgrade;   /* it has one transfer, of that kind, from the beginning */
    bool has_spoken;   /* HTTP/2: the server's SETTINGS have come */
    bool is_lost;      /* nothing is done with it any more, but to free it */
    bool is_last; /* takes no more transfers: GOAWAY, Connection: close, a time-out, an upgrade, a reload */
    int64_t received_ms;   /* when the last byte came, or it was opened; boot clock */
    int64_t answered_ms;   /* when the last byte of an answer came; boot clock */
    int64_t idle_since_ms; /* when its last transfer left */
};

/* ---- reports of http1.c and http2.c, implemented by the pool ---- */

/* TRANSFER has its whole answer, and leaves the connection. */
void http_transfer_answered(struct http_connection *connection, struct transfer *transfer);

/* TRANSFER fails, and leaves the connection. It is sent again if KNOWLEDGE permits. With error.token
 * NULL it is not, and keeps the error and detail that it has (after -ECANCELED). KNOWLEDGE is raised to
 * ANSWERED if a header came. */
void http_transfer_failed(struct http_connection *connection, struct transfer *transfer,
                          enum transfer_knowledge knowledge, struct transfer_error error, const char *format,
                          ...) PRINTF_LIKE(5, 6);

/* room() may have grown, or is_last was set. */
void http_connection_changed(struct http_connection *connection);

/* Calls flush() before the loop sleeps. */
void http_connection_wants_flush(struct http_connection *connection);

/* The connection is of no more use: its transfers have been reported, its socket is closed now and the
 * structure is freed later, in transport_run(). BAD: the server broke the protocol; REASON is for the log
 * then. */
void http_connection_lost(struct http_connection *connection, bool bad, const char *reason);

/* Of the transport, in transport.c: parts of a request, the loop, the bounds. */
const char *transport_scheme(const struct transport *transport); /* "http" or "https" */
const char *transport_host(const struct transport *transport);
const char *transport_prefix(const struct transport *transport);
struct loop *transport_loop(const struct transport *transport);
unsigned transport_max_streams(const struct transport *transport);

/* HTTP/2: takes BYTES from what windows may grow by together (upstream.max_window_growth); false: no more. */
bool transport_grow_window(struct transport *transport, size_t bytes);
void transport_shrink_window(struct transport *transport, size_t bytes);

#endif
