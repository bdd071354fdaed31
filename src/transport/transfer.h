/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a server and its answer.
 *
 *     transfer_start() -> waits for a connection -> is sent -> answer -> done()
 *                              ^                      |
 *                              └── NOT_SENT, REFUSED ─┤
 *                              └── MAY_HAVE_RUN, if twice is as good as once
 */
#ifndef TB_TRANSPORT_TRANSFER_H
#define TB_TRANSPORT_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fifo.h"
#include "base/list.h"
#include "base/quota.h"
#include "base/timer.h"
#include "base/util.h"
#include "http/headers.h"
#include "transport/transfer_error.h"

struct transport;
struct connection;
struct http_connection;

/* What is known of the request if it has no answer. */
enum transfer_knowledge {
    TRANSFER_NOT_SENT,     /* no byte of it was sent */
    TRANSFER_REFUSED,      /* the server says that it did not process it (RFC 9113, section 8.7) */
    TRANSFER_MAY_HAVE_RUN, /* some of it was sent, and the server has not said what it did */
    TRANSFER_ANSWERED,     /* an answer has come, if only one that cannot be used */
};

#define TRANSFER_KEEP       1
#define TRANSFER_PART_BYTES 65536 /* most bytes that write() gets at a time */
#define TRANSFER_SENDS_MAX  100   /* times that a request is sent that the server has not executed */
#define TRANSFER_LOSSES_MAX 5     /* times that one is sent again that it may have executed */
#define TRANSFER_REJECTIONS_MAX                                                                              \
    5 /* connections that end before the server has spoken and the request is sent */

/* The caller fills the first part and keeps the structure, and all that it points to, until done() was called
 * or the transfer was cancelled. read() and write() may cancel the transfer that they are called for, but no
 * other. */
struct transfer {
    const char *method;
    const char *target; /* origin-form: path and query */
    const char *const
        *headers;     /* lines "Name: value", ended by NULL; NULL: none. Host and what frames the body
                         are added; Connection, Host, Content-Length, Transfer-Encoding must not be there */
    const void *body; /* NULL: none */
    size_t body_length;
    /* Supplies the body instead of BODY, at most MAX bytes at a time; *RET is 0 at the end. Returns 0, or
     * -EAGAIN if there is nothing yet: transfer_resume() continues; another negative errno ends the transfer.
     * NULL: not used. If the body may exceed 1 MiB, an HTTP/1.1 server is asked before the first part
     * (Expect: 100-continue).
     */
    int (*read)(struct transfer *transfer, void *data, size_t max, size_t *ret);
    int (*rewind)(struct transfer *transfer); /* returns to the first part; < 0: it cannot */
    int64_t read_length;                      /* bytes that read() supplies; -1: not known */
    /* The server wants no more of that: the header of an answer with status 300 or more has come. Read() is
     * not called again. NULL: not used. */
    void (*refused)(struct transfer *transfer);
    int64_t timeout_ms;  /* for the whole exchange with the server; 0: no bound */
    int64_t send_by_ms;  /* boot clock: what is not sent by then, or only refused, is given up; 0: no bound */
    size_t response_max; /* most bytes of the answer's body that are kept */
    bool cut;            /* a longer body is cut there instead of being an error */
    struct quota *quota; /* the kept bytes are taken from it; NULL: none */
    size_t reserve;      /* the first bytes, which are not taken from the quota */
    bool may_be_sent_twice; /* executing it twice is as good as once */
    /* A handshake: a GET on a connection of its own, never HTTP/2. If the status is 101,
     * transfer_take_connection() gives the connection to the caller, in done(). */
    bool is_upgrade;
    void (*done)(struct transfer *transfer);
    /* Takes the body of a successful answer (2xx), part by part, when its status and headers are known. The
     * first call comes with the header and has no bytes. NULL: not used. Returns 0 if the part was taken,
     * TRANSFER_KEEP to put it into response_body, or -EAGAIN to get it again after transfer_resume(); another
     * negative errno ends the transfer. If overflows is set, it gets the rest of an answer of any status. */
    int (*write)(struct transfer *transfer, const void *data, size_t length);

    int status;              /* 100 to 999; 0: no usable answer */
    struct headers response; /* empty it before the first start, free it after the last */
    struct buf response_body;
    enum transfer_knowledge knowledge;
    struct transfer_error error; /* if status is 0 */
    char *detail;                /* if status is 0: why, see transfer_detail() */
    bool answer_begun;           /* bytes of an answer have arrived */
    bool header_complete;        /* status and response are those of the answer */
    bool overflows;              /* the quota is used up: write() gets the rest, whatever the status is */
    bool was_cut;                /* the body was longer than response_max */
    bool timed_out_waiting;      /* it failed because no connection was free in time, or none was there by
                                    send_by_ms: says nothing of the server */
    int64_t started_ms;          /* boot clock */

    /* The rest belongs to the transport. */
    struct transport *transport;        /* set while it is under way */
    struct http_connection *connection; /* that it is sent on; NULL: it waits */
    void *stream;                       /* the protocol's own */
    struct list link;                   /* in a list of the transport, or of the connection */
    struct timer timer;                 /* timeout_ms */
    unsigned sends;                     /* times that it was given to a connection */
    unsigned losses;                    /* of these, how many may have run */
    unsigned rejections;                /* and on how many the server had not spoken before the end */
    int64_t sent_ms;                    /* the last time; boot clock */
    bool is_waiting, is_complete;
    struct fifo held;            /* of the answer's body: what write() did not take yet */
    struct connection *upgraded; /* is_upgrade, after 101 */
    bool no_expect;              /* the server refused Expect (417) */
    bool is_answered;            /* the whole answer has come; the rest of the request is still being sent */
};

/* Sends the request. Returns 0; -ENOMEM; -EINVAL if there is a control byte in a header line, or a blank in
 * the target, which would begin another one. done() is called later by transport_run(), never from here. */
int transfer_start(struct transport *transport, struct transfer *transfer);

/* Brings send_by_ms forward. Harmless if it is not under way. */
void transfer_send_by(struct transfer *transfer, int64_t send_by_ms);

/* Ends it without calling done(). Harmless if it is not under way. */
void transfer_cancel(struct transfer *transfer);

/* Ends it as if timeout_ms had passed, without calling done(): status 0, error and detail are set. It must be
 * under way.
 */
void transfer_expire(struct transfer *transfer);

/* If the whole answer has come, but the server takes no more of the request: ends it as answered, done()
 * follows, and returns true. */
bool transfer_settle(struct transfer *transfer);

/* Continues a transfer whose read() or write() returned -EAGAIN. */
void transfer_resume(struct transfer *transfer);

/* The connection of an upgrade that was answered with 101; now owned by the caller, who sets its events and
 * begins by receiving. */
struct connection *transfer_take_connection(struct transfer *transfer);

/* Drops the bytes of the answer's body that have come. */
void transfer_clear_body(struct transfer *transfer);

/* Whether the body of the request must no longer be sent: the server has refused the request. */
static inline bool transfer_is_refused_early(const struct transfer *transfer)
{
    return transfer->header_complete && transfer->status >= 300;
}

/* Returns to the beginning of the request's body. False: it cannot. */
static inline bool transfer_rewind(struct transfer *transfer)
{
    return !transfer->read || transfer->rewind(transfer) == 0;
}

/* Whether there is no answer because of a certificate, the server's or ours, or of TLS itself. */
bool transfer_failed_in_tls(const struct transfer *transfer);

/* Whether an error of the type TOKEN (NULL: none) does not pass by itself: a certificate was refused. */
bool transfer_error_lasts(const char *token);

/* Whether the time to send it, or to send it again, is over. */
static inline bool transfer_is_late(const struct transfer *transfer, int64_t now_ms)
{
    return transfer->send_by_ms > 0 && now_ms >= transfer->send_by_ms;
}

/* Whether the server certainly has not executed a failed request. */
bool transfer_was_not_executed(const struct transfer *transfer);

/* Why there is no usable answer, if status is 0. Valid until the next start, or transfer_free(). */
const char *transfer_detail(const struct transfer *transfer);

/* Sets that. */
void transfer_explain(struct transfer *transfer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Frees what the answer holds. The transfer must not be under way. */
void transfer_free(struct transfer *transfer);

#endif
