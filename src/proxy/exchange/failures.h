/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests failed lately, and why: a bounded list, by kind. A kind is an operation, a client, a status
 * and the type of the error.
 */
#ifndef TB_PROXY_EXCHANGE_FAILURES_H
#define TB_PROXY_EXCHANGE_FAILURES_H

#include <stdint.h>

#include "base/list.h"
#include "proxy/route/operation.h"

#define FAILURES_MAX         20 /* kinds */
#define FAILURE_REASON_BYTES 200

struct failure_kind {
    const struct operation *operation; /* NULL: none is known */
    int64_t user;                      /* a uid; PRINCIPAL_UNKNOWN */
    int status;
    const char *error; /* of http/proxy_status.h, static text; NULL: the server's answer, or none fits */
};

struct failure {
    struct list link;
    struct failure_kind kind;
    uint64_t count;                    /* of this kind since it entered the list */
    int64_t at_ms;                     /* the latest, in ms since the epoch */
    char reason[FAILURE_REASON_BYTES]; /* of the latest, UTF-8; "": the server's answer says it */
};

struct failures {
    struct list list; /* the latest first */
    struct failure places[FAILURES_MAX];
    size_t used;
};

void failures_init(struct failures *failures);

/* A request failed at NOW_MS (ms since the epoch). REASON, which may be NULL, is cut off if it is too long.
 * If there is no place for another kind, the one that is longest ago of the client with most kinds is
 * forgotten. */
void failures_note(struct failures *failures, const struct failure_kind *kind, const char *reason,
                   int64_t now_ms);

#endif
