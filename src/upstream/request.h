/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request with the session's credential: waits until there is one, is sent, is sent once more with a
 * renewed credential after a 401, and is retried after a 429 if that does no harm. The result is reported
 * once, by done(). The calls of the daemon and of the library are built on it.
 *
 *     request_start() -> a credential is there -> ready() -> request_send() -> answer -> done()
 *                             ^                                                  |
 *                             └── again: after 401 with a new one, after 429 ────┘
 *
 * Without a credential it waits for one: waits() is called, and request_start() begins anew.
 *
 * Belongs to the upstream's loop and thread. The daemon retries by itself after a 429 (retry.off), because
 * its requests share a budget.
 */
#ifndef TB_UPSTREAM_REQUEST_H
#define TB_UPSTREAM_REQUEST_H

#include "base/list.h"
#include "transport/transport.h"
#include "upstream/credential.h"
#include "upstream/retry.h"
#include "upstream/upstream.h"

/* The same for all requests of one owner. */
struct request_options {
    struct retry_options retry;
    int64_t session_wait_ms; /* for a credential */
    int64_t timeout_ms;      /* of one attempt; with transfer.read or write: without any part of a body */
    size_t response_max;     /* bytes of an answer's body kept in memory */
};

enum request_state {
    REQUEST_IDLE,
    REQUEST_WAITING, /* for a credential, or the server's time */
    REQUEST_READY,   /* has one, and its owner knows */
    REQUEST_SENDING,
    REQUEST_BACKING_OFF, /* until it is sent again after a 429 */
    REQUEST_DONE,
};

enum request_outcome {
    REQUEST_ANSWERED,       /* the answer is in transfer */
    REQUEST_FAILED,         /* no usable answer: transfer.error, transfer.detail */
    REQUEST_NO_SESSION,     /* no credential, and none to be expected: session_state(), session_reason() */
    REQUEST_SESSION_LATE,   /* no credential came within session_wait_ms */
    REQUEST_TO_LOGIN_PAGE,  /* the server does not know our credential: it redirected to its login page */
    REQUEST_CANNOT_BE_SENT, /* no memory */
    REQUEST_BODY_IS_GONE,   /* its credential was refused, and its body cannot be sent again */
};

/* Must be zeroed. The owner fills in the first part and keeps all it points to until the request is freed. */
struct request {
    struct upstream *upstream;
    const struct request_options *options;
    const char *method;
    const char *target;
    const struct headers *headers; /* without the credential */
    struct buf *body;              /* NULL: none; replaced by a stamped one */
    struct quota *quota;           /* that bodies are taken from; NULL: none */
    bool anonymous;                /* carries no credential */
    enum tb_retry retry;
    bool stamped;       /* every telemetry value has its time: telemetry_stamp_body() */
    bool idempotent;    /* may be executed twice, whatever its method says */
    int64_t timeout_ms; /* of one attempt; 0: as in the options */
    int64_t send_by_ms; /* of the transfer; 0: no bound */
    void (*waits)(
        struct request *request); /* for a credential; its owner bounds that. NULL: session_wait_ms does */
    void (*ready)(struct request *request); /* called instead of sending it; NULL: it is sent */
    void (*done)(struct request *request);  /* may free it */
    struct transfer transfer;               /* the owner also sets read, rewind and write */

    enum request_state state;
    enum request_outcome outcome;
    enum retry_refusal not_retried; /* of a 429 that is the answer */
    struct upstream_waiter waiter;
    struct timer timer;            /* waiting, backing off, or the answer has stalled */
    struct credential *credential; /* sent with; NULL: none */
    const char **lines;            /* what transfer.headers points to */
    size_t server;                 /* that it was sent to last */
    unsigned tried;                /* servers that it was sent to in vain, a bit each */
    unsigned retries;              /* after a 429 */
    bool replayed;                 /* after a 401 */
    bool may_have_run;             /* an earlier sending of it, which has no usable answer */
};

/* Before anything else is done with it. */
void request_init(struct request *request, struct upstream *upstream, const struct request_options *options);

/* Begins. done() may be called before this returns. */
void request_start(struct request *request);

/* Sends it: in ready(), or later. done() and waits() may be called before this returns. */
void request_send(struct request *request);

/* With transfer.read or write: a part has come or gone, or the owner can take more; the time that may pass
 * without any begins anew. */
void request_alive(struct request *request);

/* The same: the wait is the owner's now, and no time runs. */
void request_paused(struct request *request);

/* Ends it without calling done(). Harmless in every state; keeps an answer that is there. */
void request_cancel(struct request *request);

/* Ends it as if its time were over, without calling done(), and notes whether it may have run. Harmless if it
 * is not being sent. */
void request_give_up(struct request *request);

/* Cancels it and frees what it holds. */
void request_free(struct request *request);

#endif
