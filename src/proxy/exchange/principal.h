/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: a user of this host. All connections of a uid are one principal, over TCP and the Unix socket;
 * all whose user cannot be found out are one more, "unknown", which is never taken for anybody else.
 */
#ifndef TB_PROXY_EXCHANGE_PRINCIPAL_H
#define TB_PROXY_EXCHANGE_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/list.h"
#include "base/quota.h"
#include "proxy/exchange/allowance.h"
#include "proxy/exchange/socket_owner.h"

#define PRINCIPAL_UNKNOWN SOCKET_OWNER_UNKNOWN

/* What principals share. Each has a part of it, and each may have as much as a limit says (quota.h). */
struct shares {
    struct quota connections; /* listen.max_connections */
    struct quota admin;       /* connections of admin.unix_path */
    struct quota admin_tcp;   /* connections of admin.address */
    struct quota bodies;      /* bytes of requests and responses in memory: limits.max_buffered_bytes */
    struct quota streams;     /* of updates */
    struct quota lookups;     /* that policies need (listen/permission_lookup.h) */
    struct quota storing;     /* bytes that the spool's thread has still to store (spool/spool_take.c) */
};

#define PRINCIPAL_LOOKUPS 4 /* at a time */

/* Connections of each admin listener. They are apart from those of programs, so neither keeps the other
 * out. */
#define ADMIN_CONNECTIONS_MAX 32

struct principals {
    struct list list;
    struct socket_owner owner;
    struct shares shares;
    unsigned reloads; /* of the configuration */
};

struct principal {
    struct principals *principals;
    struct list link; /* in principals->list */
    size_t users;     /* references: from connections and calls; freed with the last */
    int64_t user;     /* uid; PRINCIPAL_UNKNOWN */
    struct shares shares;
    struct list idle;       /* its connections without a request, the one that has been idle longest first */
    struct list tasks;      /* that wait for their turn (tasks.h) */
    struct list tasks_link; /* in tasks->principals while there are any */
    struct bucket handshakes; /* of WebSockets */
    struct list allowances;   /* under policies with bounds */
};

/* PRINCIPALS must be zeroed. Logs a warning if users of TCP connections cannot be found out. */
void principals_open(struct principals *principals);

/* Call it when there is no connection any more. Harmless if it was not opened. */
void principals_close(struct principals *principals);

/* The policies have changed: their bounds are those of POLICIES now. */
void principals_reload(struct principals *principals, const struct policies *policies);

/* A reference to the principal of USER. NULL if there is no memory. */
struct principal *principal_get(struct principals *principals, int64_t user, int64_t now_ms);

/* One more reference to PRINCIPAL, which is returned; and one less. PRINCIPAL may be NULL for the latter. */
struct principal *principal_keep(struct principal *principal);
void principal_release(struct principal *principal);

/* The key by which the queue is fair. The device API has keys of its own, because the server counts it by
 * itself. */
static inline uint64_t principal_key(const struct principal *principal, bool device_api)
{
    return (uint64_t)(principal->user + 1) << 1 | device_api;
}

/* WebSockets that PRINCIPAL may open at once, and how many more in a second; the others wait. */
#define PRINCIPAL_HANDSHAKES            32
#define PRINCIPAL_HANDSHAKES_PER_SECOND 8

/* In how many ms PRINCIPAL may open another WebSocket, which counts from now on. -EBUSY: not within MAX_MS.
 */
int64_t principal_next_handshake_ms(struct principal *principal, int64_t now_ms, int64_t max_ms);

#define PRINCIPAL_NAME_MAX 32

/* "uid:1000" or "unknown". */
void principal_name(int64_t user, char *ret, size_t size);

#endif
