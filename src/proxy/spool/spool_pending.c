/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_pending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/spool/spool_keys.h"
#include "proxy/store/spool_row.h"

static bool is_of_attributes(const struct spool_write *write)
{
    return write->kind == SPOOL_ATTRIBUTES || (write->kind == SPOOL_DELETE && *write->scope);
}

struct spool_pending *spool_pending_new(struct spool_entities *entities, const struct spool_write *write,
                                        struct forwarding *forwarding, int64_t number)
{
    struct spool_backlog *backlog;
    struct spool_pending *pending;
    char name[PRINCIPAL_NAME_MAX];

    principal_name(peer_user(forwarding->exchange->peer), name, sizeof(name));
    if (spool_entities_get(entities, name, write->entity, &backlog) < 0)
        return NULL;
    pending = calloc(1, sizeof(*pending));
    if (!pending) {
        spool_entities_tidy(entities, backlog);
        return NULL;
    }
    pending->entities = entities;
    pending->backlog = backlog;
    pending->forwarding = forwarding;
    pending->number = number;
    pending->write = *write;
    pending->quota = &forwarding->exchange->peer->principal->shares.bodies;
    pending->left = SPOOL_PENDING_WHOLE;
    list_append(&backlog->pending, &pending->link);
    forwarding->spool_state = pending;
    if (is_of_attributes(write)) {
        snprintf(pending->order_key, sizeof(pending->order_key), "%s\n%s", write->entity, write->scope);
        forwarding->order_key = pending->order_key;
    }
    return pending;
}

/* ---- keys ---- */

static int keys_of(const struct spool_pending *pending, struct spool_keys *ret)
{
    const struct exchange *exchange = pending->forwarding->exchange;
    const char *query = strchr(exchange->head.target.text.data, '?');

    return pending->write.kind == SPOOL_DELETE
               ? spool_keys_of_query(query ? query + 1 : "", ret)
               : spool_keys_of_body(exchange->inbound.body.data, exchange->inbound.body.len, ret);
}

static void drop_rest(struct spool_pending *pending)
{
    quota_give_back(pending->quota, pending->rest.len);
    buf_free(&pending->rest);
}

/* What is left of EARLIER without KEYS. */
static void lose(struct spool_pending *earlier, const struct spool_keys *keys)
{
    const struct buf *body =
        earlier->left == SPOOL_PENDING_WHOLE ? &earlier->forwarding->exchange->inbound.body : &earlier->rest;
    struct buf rest = BUF_INIT(body->max);
    int left = spool_keys_remove(keys, body->data, body->len, &rest);

    drop_rest(earlier);
    if (left > 0 && !quota_take(earlier->quota, rest.len))
        left = -ENOBUFS;
    earlier->left = left;
    if (left > 0)
        earlier->rest = rest;
    else
        buf_free(&rest);
}

static bool is_replaced(const struct spool_pending *earlier, const struct spool_pending *later)
{
    return earlier->number < later->number && earlier->write.kind == SPOOL_ATTRIBUTES &&
           strcmp(earlier->write.scope, later->write.scope) == 0 && earlier->left > 0;
}

void spool_pending_acknowledged(const struct spool_pending *pending)
{
    CLEANUP(spool_keys_free) struct spool_keys keys = {NULL, NULL, 0};
    struct spool_pending *other;
    int r;

    if (!is_of_attributes(&pending->write))
        return;
    r = keys_of(pending, &keys);
    list_for_each(other, &pending->backlog->pending, link) {
        if (!is_replaced(other, pending))
            continue;
        if (r == 0)
            lose(other, &keys);
        else
            other->left = -ENODATA;
    }
}

int spool_pending_take_rest(struct spool_pending *pending, struct buf *body)
{
    if (pending->left > 0 && pending->left != SPOOL_PENDING_WHOLE) {
        quota_give_back(pending->quota, body->len);
        buf_free(body);
        *body = pending->rest;
        pending->rest = (struct buf)BUF_INIT(body->max);
    }
    return pending->left;
}

/* ---- order ---- */

struct spool_pending *spool_pending_unsent(const struct spool_backlog *backlog)
{
    struct spool_pending *pending;

    list_for_each(pending, &backlog->pending, link)
        if (pending->forwarding && (pending->forwarding->state == FORWARDING_WAITING ||
                                    pending->forwarding->state == FORWARDING_BACKING_OFF))
            return pending;
    return NULL;
}

/* Also what came before a delete: the delete itself waits for rows that came before it. */
int64_t spool_pending_before_id(const struct spool_backlog *backlog)
{
    return list_is_empty(&backlog->pending)
               ? INT64_MAX
               : spool_first_id(CONTAINER_OF(backlog->pending.next, struct spool_pending, link)->number);
}

void spool_pending_free(struct spool_pending *pending)
{
    drop_rest(pending);
    if (pending->forwarding) {
        pending->forwarding->spool_state = NULL;
        pending->forwarding->order_key = NULL;
        pending->forwarding->may_be_spooled = false;
    }
    list_remove(&pending->link);
    spool_entities_tidy(pending->entities, pending->backlog);
    free(pending);
}
