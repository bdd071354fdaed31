/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that forward/ has, in the mode "outage": writes that become rows if the server is away, and
 * deletes of what they write. Each has the number of its arrival, so that a row that is stored late goes
 * before those that came later; and it loses the attributes that a later request has set or deleted.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_PENDING_H
#define TB_PROXY_SPOOL_SPOOL_PENDING_H

#include <limits.h>

#include "proxy/forward/forwarding.h"
#include "proxy/spool/spool_entities.h"
#include "proxy/spool/spool_write.h"

#define SPOOL_PENDING_WHOLE INT_MAX /* nothing was replaced */

struct spool_pending {
    struct list link; /* in backlog->pending, by number */
    struct spool_entities *entities;
    struct spool_backlog *backlog;
    struct forwarding *forwarding; /* NULL: it has left forward/ */
    int64_t number;
    struct spool_write write;
    char order_key[SPOOL_ENTITY_MAX + SPOOL_SCOPE_MAX + 1];
    struct quota *quota; /* that its body is taken from, and REST */
    struct buf rest;     /* of its body, without the attributes that later requests have replaced */
    int left;            /* members in REST; or SPOOL_PENDING_WHOLE, or -errno: it is not known */
};

/* FORWARDING does WRITE, and has arrived as NUMBER. Sets its spool_state, and its order_key if it is about
 * attributes. NULL: its user has no share left for another entity, or there is no memory. */
struct spool_pending *spool_pending_new(struct spool_entities *entities, const struct spool_write *write,
                                        struct forwarding *forwarding, int64_t number);

/* The server has executed it: what it has set or deleted is taken out of those that came before. */
void spool_pending_acknowledged(const struct spool_pending *pending);

/* Replaces BODY, which is its own, by what is left of it, if something was replaced. Returns how many members
 * are left, or SPOOL_PENDING_WHOLE; -EBADMSG: BODY is not a JSON object; -ENODATA, -ENOBUFS, -ENOMEM: what is
 * left is not known, because the later request cannot be read, or there was no room for it. */
int spool_pending_take_rest(struct spool_pending *pending, struct buf *body);

/* The first that is not at the server, and so can be taken back from forward/. NULL: there is none. */
struct spool_pending *spool_pending_unsent(const struct spool_backlog *backlog);

/* No row of the entity with this id or a greater one may be delivered yet: what came before may become a row,
 * too. */
int64_t spool_pending_before_id(const struct spool_backlog *backlog);

/* Frees it; its forwarding has no spool_state any more. */
void spool_pending_free(struct spool_pending *pending);

#endif
