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

#include "base/list.h"
#include "proxy/exchange/socket_owner.h"

#define PRINCIPAL_UNKNOWN SOCKET_OWNER_UNKNOWN

struct principals {
    struct list list;
    struct socket_owner owner;
};

struct principal {
    struct principals *principals;
    struct list link; /* in principals->list */
    size_t users;     /* references: from connections and calls; freed with the last */
    int64_t user;     /* uid; PRINCIPAL_UNKNOWN */
};

/* PRINCIPALS must be zeroed. Logs a warning if users of TCP connections cannot be found out. */
void principals_open(struct principals *principals);

/* Call it when there is no connection any more. Harmless if it was not opened. */
void principals_close(struct principals *principals);

/* A reference to the principal of USER. NULL if there is no memory. */
struct principal *principal_get(struct principals *principals, int64_t user);

/* One more reference to PRINCIPAL, which is returned; and one less. PRINCIPAL may be NULL for the latter. */
struct principal *principal_keep(struct principal *principal);
void principal_release(struct principal *principal);

/* The key by which the queue is fair. The device API has keys of its own, because the server counts it by
 * itself. */
static inline uint64_t principal_key(const struct principal *principal, bool device_api)
{
    return (uint64_t)(principal->user + 1) << 1 | device_api;
}

#define PRINCIPAL_NAME_MAX 32

/* "uid:1000" or "unknown". */
void principal_name(int64_t user, char *ret, size_t size);

#endif
