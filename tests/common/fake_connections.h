/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for all that is below the pool of src/transport: connections, their connector, HTTP/1.1, HTTP/2,
 * the log and the clock. A test says what the server does. The promises of http_connection.h, pool.h and
 * transfer.h are checked all the time, and a broken one aborts.
 */
#ifndef TB_FAKE_CONNECTIONS_H
#define TB_FAKE_CONNECTIONS_H

#include "base/quota.h"
#include "transport/http_connection.h"
#include "transport/transport.h"

#define FAKE_START_MS 1000000 /* the clock at first */

struct fake_connection {
    struct connection stream;
    struct list link;
    unsigned number; /* from 1, in the order of opening */
    struct http_connection *http;
    unsigned streams; /* HTTP/2: what the server's SETTINGS allow */
    bool has_ended;   /* the end of the stream has arrived, and nobody has looked yet */
    bool in_flush;    /* the end is received by flush() */
    unsigned ticks;
};

/* What send() does. */
enum fake_send { FAKE_SENDS, FAKE_NO_MEMORY, FAKE_REFUSES_AT_ONCE, FAKE_IS_LOST_AT_ONCE };

struct fake_call {
    struct transfer transfer;
    bool is_under_way;
    bool may_have_run; /* was reported since it was started */
    bool cannot_rewind;
    unsigned sends; /* since it was started */
    unsigned rewinds;
    unsigned done_count;
    unsigned last; /* number of the connection that it was sent on last */
    int write_result;
    bool cancels_in_write;
    void (*ended)(struct fake_call *call); /* in done(); NULL: nothing */
};

extern struct fake {
    struct loop loop; /* its clock and timers only */
    struct transport *transport;
    struct list connections; /* not closed yet, the oldest first */
    unsigned opened;         /* so far */
    unsigned reloads;
    bool no_memory;      /* for new connections */
    bool failed_at_once; /* since the last run: what waits is looked at with the next event */
    enum fake_send send; /* the next send() does that */
    char log[512];       /* the last line */
} fake;

void fake_begin(const char *url, enum http2_mode http2, long max_connections, long max_streams);

/* Frees the transport: no call may be under way. */
void fake_end(void);

/* transport_run() until it has nothing to do, and a look at all that must be so then. */
void fake_run(void);

/* The clock goes on, and what is due happens at its time. */
void fake_wait(int64_t ms);

struct fake_connection *fake_find(unsigned number); /* NULL: it is closed */
unsigned fake_count(void);                          /* of connections, those that are being opened too */

/* What becomes of an attempt to connect. */
void fake_opens(struct fake_connection *connection, bool is_http2);
void fake_fails(struct fake_connection *connection);

/* HTTP/2: SETTINGS allow so many STREAMS. */
void fake_settings(struct fake_connection *connection, unsigned streams);

/* HTTP/2: GOAWAY; the oldest ACCEPTED transfers go on. */
void fake_goaway(struct fake_connection *connection, unsigned accepted);

/* Bytes arrive that end nothing: an answer to a PING. */
void fake_speaks(struct fake_connection *connection);

/* The stream has ended: its transfers may have run. BAD: HTTP/2 was broken. */
void fake_closes(struct fake_connection *connection, bool bad);

/* Its last transfer is on it: Connection: close. */
void fake_is_last(struct fake_connection *connection);

/* The answer begins; then its body, and its end. */
void fake_begin_answer(struct fake_call *call, int status);
void fake_answer(struct fake_call *call, int status, size_t length);

/* The protocol reports a failure. */
void fake_report(struct fake_call *call, enum transfer_knowledge knowledge);

void fake_prepare(struct fake_call *call, bool may_be_sent_twice);

/* The body comes from read(); or the answer goes to write(), which returns RESULT. */
void fake_call_reads(struct fake_call *call, bool cannot_rewind);
void fake_call_writes(struct fake_call *call, int result);

int fake_start(struct fake_call *call);
void fake_cancel(struct fake_call *call);
void fake_expire(struct fake_call *call);

/* The connection that CALL is on; NULL: none. */
struct fake_connection *fake_connection_of(const struct fake_call *call);

#endif
