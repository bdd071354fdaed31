/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte stream to a server. libcurl makes it (CURLOPT_CONNECT_ONLY): it resolves the name, tries both
 * address families, talks to the outgoing proxy, does TLS and verifies certificates. Then the bytes are ours.
 *
 * Non-blocking and edge-triggered: send and receive return -EAGAIN, and ready() comes when it is worth trying
 * again. Whoever stops receiving before -EAGAIN must go on by himself; no event comes for bytes that are
 * there already. Callbacks come from the loop, never from a function here, and may close the connection.
 * Belongs to one loop and one thread.
 */
#ifndef TB_TRANSPORT_CONNECTION_H
#define TB_TRANSPORT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/loop.h"
#include "transport/transfer_error.h"

#define CONNECTION_UNREAD_BYTES 65536

struct connector;
struct connection;

struct connection_events {
    void (*opened)(struct connection *connection); /* bytes can flow; the first ready() follows by itself */
    void (*failed)(struct connection *connection); /* was not opened: see error and detail; close it */
    void (*ready)(struct connection *connection);  /* more can be received or sent, or the stream has ended */
};

/* The members are read by the owner and written by the functions here. */
struct connection {
    const struct connection_events *events; /* the owner may replace these two */
    void *owner;
    bool is_open;
    bool is_http2;                      /* the server chose h2 (ALPN) */
    struct transfer_error error;        /* once it has failed */
    char detail[TRANSFER_DETAIL_BYTES]; /* why it has failed, or is lost (-EPIPE, -ECONNRESET) */

    struct connection_private *own;
};

/* Begins to connect; events come later. If OFFERS_HTTP2, ALPN offers h2 before http/1.1, otherwise http/1.1
 * alone. Returns 0 or -ENOMEM. */
int connection_open(struct connector *connector, bool offers_http2, const struct connection_events *events,
                    void *owner, struct connection **ret);

/* Sends the first bytes of PARTS, COUNT of them and not all empty, with one system call or one TLS record if
 * they fit: 0 and how many. -EAGAIN: none now; after that the same bytes, or more, must be offered. -EPIPE:
 * the connection is lost for sending, but an answer may still be there. */
int connection_send(struct connection *connection, const struct iovec *parts, int count, size_t *ret);

/* Receives at most SIZE bytes: 0 and how many. 0 of them: the end of the stream, over TLS after a
 * close_notify. -EAGAIN: none now. -ECONNRESET: the connection is lost; over TLS also if it ended without a
 * close_notify. */
int connection_recv(struct connection *connection, void *data, size_t size, size_t *ret);

/* The bytes are returned by connection_recv() once more, before all others. 0; -EMSGSIZE if that would be
 * more than CONNECTION_UNREAD_BYTES; or -ENOMEM. */
int connection_unread(struct connection *connection, const void *data, size_t length);

/* Whether bytes, or the end, have arrived since the last -EAGAIN, as far as the kernel knows now. For an idle
 * connection, before it is used. */
bool connection_has_input(struct connection *connection);

/* Bytes that the other end's kernel has acknowledged so far, with those of TLS; 0 if that is not known (a
 * Unix socket). */
uint64_t connection_acknowledged(const struct connection *connection);

/* Why the stream has ended: why sending or receiving failed, or that the server has closed it. */
static inline const char *connection_end_reason(const struct connection *connection)
{
    return connection->detail[0] ? connection->detail : "the server closed the connection";
}

/* Closes it and frees it. NULL is allowed. */
void connection_close(struct connection *connection);

#endif
