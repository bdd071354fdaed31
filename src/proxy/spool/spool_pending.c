/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_pending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/spool/spool_keys.h"
#include "proxy/store/spool_row.h"

struct lost {
    struct list link;
    struct spool_keys keys;
};

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
    list_init(&pending->lost);
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

static void lose(struct spool_pending *earlier, const struct spool_pending *later)
{
    struct lost *lost = calloc(1, sizeof(*lost));

    if (lost && keys_of(later, &lost->keys) == 0)
        list_append(&earlier->lost, &lost->link);
    else
        free(lost);
}

void spool_pending_acknowledged(const struct spool_pending *pending)
{
    struct spool_pending *other;

    if (!is_of_attributes(&pending->write))
        return;
    list_for_each(other, &pending->backlog->pending, link)
        if (other->number < pending->number && other->write.kind == SPOOL_ATTRIBUTES &&
            strcmp(other->write.scope, pending->write.scope) == 0)
            lose(other, pending);
}

int spool_pending_remove_lost(const struct spool_pending *pending, struct buf *body)
{
    const struct lost *lost;
    int left = -1;

    list_for_each(lost, &pending->lost, link) {
        struct buf rest = BUF_INIT(body->max);

        left = spool_keys_remove(&lost->keys, body->data, body->len, &rest);
        if (left <= 0)
            return left;
        buf_free(body);
        *body = rest;
    }
    return left;
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
    return !backlog || list_is_empty(&backlog->pending)
               ? INT64_MAX
               : spool_first_id(CONTAINER_OF(backlog->pending.next, struct spool_pending, link)->number);
}

void spool_pending_free(struct spool_pending *pending)
{
    while (!list_is_empty(&pending->lost)) {
        struct lost *lost = CONTAINER_OF(pending->lost.next, struct lost, link);

        list_remove(&lost->link);
        spool_keys_free(&lost->keys);
        free(lost);
    }
    if (pending->forwarding) {
        pending->forwarding->spool_state = NULL;
        pending->forwarding->order_key = NULL;
        pending->forwarding->may_be_spooled = false;
    }
    list_remove(&pending->link);
    spool_entities_tidy(pending->entities, pending->backlog);
    free(pending);
}
