/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request is to the spool: by its operation, which entity it writes, and whether its body may be kept.
 * Texts only.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_WRITE_H
#define TB_PROXY_SPOOL_SPOOL_WRITE_H

#include "base/buf.h"
#include "proxy/route/operation.h"

#define SPOOL_ENTITY_MAX 128 /* bytes of its key, with the NUL */
#define SPOOL_SCOPE_MAX  64

enum spool_kind {
    SPOOL_NOTHING, /* the spool has nothing to do with it */
    SPOOL_TELEMETRY,
    SPOOL_ATTRIBUTES,
    SPOOL_DELETE, /* of telemetry or attributes: it is never kept, but must not overtake what is */
};

struct spool_write {
    enum spool_kind kind;
    char entity[SPOOL_ENTITY_MAX]; /* "DEVICE:784f394c-42b6-435a-983c-b7beff2784f9" */
    char scope[SPOOL_SCOPE_MAX];   /* "SERVER_SCOPE"; "": a delete of telemetry */
};

/* The request for OPERATION, which may be NULL, at the canonical PATH of LENGTH bytes. */
struct spool_write spool_write_read(const struct operation *operation, const char *path, size_t length);

/* Whether BODY may be kept: 0; -EBADMSG with *REASON, a static text: it is not JSON, or not of the form that
 * its kind has. What may be wrong inside of it is for the server to say. */
int spool_write_check(enum spool_kind kind, const struct buf *body, const char **reason);

#endif
