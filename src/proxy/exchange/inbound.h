/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request on its way in. It is kept as a whole; or it streams through a window of
 * EXCHANGE_WINDOW_BYTES if it is larger than limits.max_kept_body_bytes. Then the exchange is dispatched
 * before the body has arrived, and the handler takes the body as it comes. Bytes in memory count against
 * limits.max_buffered_bytes.
 */
#ifndef TB_PROXY_EXCHANGE_INBOUND_H
#define TB_PROXY_EXCHANGE_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Of a body that streams, in either direction. At most the least allowed limits.max_response_bytes. */
#define EXCHANGE_WINDOW_BYTES (256 * 1024)

/* Up to this size, a body that is not wanted is read to its end if the response can only come after it. */
#define INBOUND_DISCARD_MAX_BYTES (INT64_C(1) << 30)

struct exchange;

enum inbound_state {
    INBOUND_ARRIVING,   /* the header or the body is still to come */
    INBOUND_DISCARDING, /* the rest of the body is only read so that the client reads the response */
    INBOUND_COMPLETE,
};

struct inbound {
    enum inbound_state state;
    int64_t length; /* of the body; -1: not known; 0: no body */
    struct buf body;
    int64_t discarded;

    bool streams;
    bool at_header;   /* the connection waits between header and body until the body is wanted */
    bool expects;     /* the client waits for 100 Continue */
    int64_t received; /* bytes of the body that have arrived */
    size_t reserved;  /* bytes taken from the quota for the window; 0: as many as are in it */
};

/* Takes a part of a body that is kept. 0, -EMSGSIZE (the body is larger than limits.max_body_bytes), -ENOBUFS
 * (limits.max_buffered_bytes leaves no room for it) or -ENOMEM. */
int inbound_keep(struct exchange *exchange, const char *data, size_t length);

/* Takes as much of a body that streams as the window has room for, and sets *LENGTH to the number of bytes
 * that are left. Suspends the connection when the window is full. Errors as above. */
int inbound_stream(struct exchange *exchange, const char *data, size_t *length);

/* Discards LENGTH bytes. False: it was too much, close the connection. */
bool inbound_discard(struct exchange *exchange, size_t length);

/* Lets the body come: sends 100 Continue if the client waits for it. False: that failed, close the
 * connection. */
bool inbound_continue(struct exchange *exchange);

/* Takes room for the whole window from the quota. False: there is no room. Harmless if the body is kept. */
bool inbound_reserve(struct exchange *exchange);

/* Empties the window, and resumes the connection. */
void inbound_clear(struct exchange *exchange);

/* Moves a body that is kept to RET. Its bytes still count; the caller gives them back to the quota. */
void inbound_take(struct exchange *exchange, struct buf *ret);

/* Frees the body, and gives its bytes back to the quota. */
void inbound_free(struct exchange *exchange);

#endif
