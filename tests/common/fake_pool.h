/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for the pool and for the connection below a protocol of src/transport: one connection without a
 * socket, on a virtual clock, and the transfers on it. It keeps the pool's rules and aborts if the protocol
 * breaks one, above all that each transfer is reported exactly once.
 */
#ifndef TB_FAKE_POOL_H
#define TB_FAKE_POOL_H

#include "base/fifo.h"
#include "base/quota.h"
#include "transport/http_connection.h"

#define FAKE_START_MS 1000000 /* the clock at first */

struct transport {
    struct loop loop; /* its clock only */
    struct http_connection connection;
    struct connection stream;
    unsigned max_streams;
    const char *prefix;
    size_t growth_left, grown; /* of windows */

    struct fifo received;  /* bytes that connection_recv() has for the protocol */
    struct fifo sent;      /* that connection_send() took */
    uint64_t acknowledged; /* of these */
    size_t send_room;      /* bytes that it still takes */
    size_t offered;        /* most bytes it was given at a time */
    int send_error;        /* that it returns; 0: none */
    int recv_error;        /* after the bytes; 0: the end of the stream */
    bool recv_ends;        /* after the bytes, instead of -EAGAIN */
    bool wants_flush;
    unsigned changes; /* calls of http_connection_changed() */
    bool was_bad;     /* how it was lost */
    char reason[256];
};

enum fake_outcome { FAKE_NEVER_STARTED, FAKE_UNDER_WAY, FAKE_ANSWERED, FAKE_FAILED, FAKE_CANCELLED };

struct fake_call {
    struct transfer transfer;
    enum fake_outcome outcome;
    enum transfer_knowledge knowledge; /* FAKE_FAILED */
    char token[64], detail[TRANSFER_DETAIL_BYTES];
    struct buf taken;                   /* by write() */
    bool is_late;                       /* write() takes nothing */
    int write_result;                   /* of write(), if it is not late: 0 or an error */
    bool cancels;                       /* in write() and read() */
    size_t source_length, source_taken; /* what read() supplies: bytes that count up */
    size_t source_ready;                /* the first so many; for more it says -EAGAIN */
    int read_error;                     /* of read(), when nothing is ready; 0: -EAGAIN */
};

/* Opens the connection. */
void fake_pool_open(struct transport *transport, const struct http_protocol *protocol);

/* Cancels what is under way, and frees all. */
void fake_pool_close(struct transport *transport);

/* Prepares a call of METHOD without a body, whose answer goes to write() if WRITES, else to response_body. */
void fake_call_prepare(struct fake_call *call, const char *method, bool writes);
void fake_call_free(struct fake_call *call);

/* Lets read() supply the body: LENGTH bytes, of which none is ready; announced if ANNOUNCES. */
void fake_call_read(struct fake_call *call, size_t length, bool announces);

/* Gives it to the connection, which must have room: false if there is none. */
bool fake_call_start(struct transport *transport, struct fake_call *call);
void fake_call_cancel(struct fake_call *call);
void fake_call_resume(struct fake_call *call);

/* BYTES come from the server; the protocol is called. */
void fake_pool_receive(struct transport *transport, const void *bytes, size_t length);

/* Nothing comes any more, because of ERROR or, if that is 0, at the end of the stream. */
void fake_pool_end(struct transport *transport, int error);

/* Flushes as often as the protocol wants, as the loop does before it sleeps. */
void fake_pool_run(struct transport *transport);

/* The clock goes on, with a tick each second. */
void fake_pool_wait(struct transport *transport, int64_t ms);

#endif
