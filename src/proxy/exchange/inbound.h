/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request on its way in. It is kept whole, or streams through a window of
 * EXCHANGE_WINDOW_BYTES if it is larger than limits.max_kept_body_bytes: then the exchange is dispatched
 * before it has arrived, and its handler takes it as it comes. What is kept counts against
 * limits.max_buffered_bytes.
 */
#ifndef TB_PROXY_EXCHANGE_INBOUND_H
#define TB_PROXY_EXCHANGE_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Of a body that streams, in either direction; not above the least limits.max_response_bytes. */
#define EXCHANGE_WINDOW_BYTES (256 * 1024)

/* A body that nobody wants is read to its end, up to this size, if the response can only come after it. */
#define INBOUND_DISCARD_MAX_BYTES (INT64_C(1) << 30)

struct exchange;

enum inbound_state {
    INBOUND_ARRIVING,   /* the header or the body */
    INBOUND_DISCARDING, /* the rest of the body is read only so that the client reads the response */
    INBOUND_COMPLETE,
};

struct inbound {
    enum inbound_state state;
    int64_t length; /* of the body; -1: not known; 0: there is none */
    struct buf body;
    int64_t discarded;

    bool streams;
    bool at_header;   /* its connection waits between header and body, until the body is wanted */
    bool expects;     /* the client waits for 100 Continue */
    int64_t received; /* bytes of the body */
    size_t reserved;  /* bytes of the quota that the window has; 0: as many as are in it */
};

/* Takes a part of a body that is kept. -EMSGSIZE: it is larger than limits.max_body_bytes; -ENOBUFS: there is
 * no room for it in limits.max_buffered_bytes; -ENOMEM. */
int inbound_keep(struct exchange *exchange, const char *data, size_t length);

/* Takes a part of a body that streams, as much as there is room for; *LENGTH: what is left, for which the
 * connection waits. Errors as above. */
int inbound_stream(struct exchange *exchange, const char *data, size_t *length);

/* Throws a part away. False: it was too much, close the connection. */
bool inbound_discard(struct exchange *exchange, size_t length);

/* Sends 100 Continue if the client waits for it. False: it cannot be sent, close the connection. */
bool inbound_continue(struct exchange *exchange);

/* Takes room for the whole window from the quota. False: there is none. Harmless for a body that is kept. */
bool inbound_reserve(struct exchange *exchange);

/* Makes the window empty, and goes on reading from the client. */
void inbound_clear(struct exchange *exchange);

/* Frees what is there of the body. */
void inbound_free(struct exchange *exchange);

#endif
