/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_take.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "proxy/forward/forward.h"
#include "proxy/spool/spool_boot.h"
#include "proxy/spool/spool_origin.h"
#include "proxy/spool/spool_reply.h"
#include "proxy/spool/spool_report.h"
#include "proxy/spool/spool_room.h"
#include "upstream/stamp.h"

/* What a write takes in memory beside its body, about. So that one user's many small ones leave a place for
 * those of others, too. */
#define TAKE_BYTES 1024

struct spool_take {
    struct spool_work work;
    struct spool *spool;
    struct exchange *exchange; /* NULL: its client has gone */
    struct spool_backlog *backlog;
    struct principal *principal; /* whose shares have the following */
    size_t quota_bytes;          /* of bodies */
    size_t storing;              /* bytes */
    struct spool_amount room;    /* in the spool */
    struct spool_drop drop;
    struct spool_row *row;
    bool may_have_run;
};

/* ---- the row ---- */

static char *copy(const char *text, bool *failed)
{
    char *result = strdup(text ? text : "");

    *failed |= !result;
    return result;
}

static int64_t waited_ms(const struct exchange *exchange)
{
    return exchange->services->loop.now_ms - exchange->dispatched_ms;
}

/* All but its body. */
static struct spool_row *make_row(const struct exchange *exchange, const struct spool_arrival *arrival)
{
    const struct head *head = &exchange->head;
    const struct upstream *upstream = &exchange->services->upstream;
    CLEANUP(spool_row_free_pointer) struct spool_row *row = spool_row_new();
    char name[PRINCIPAL_NAME_MAX];
    bool failed = false;

    if (!row)
        return NULL;
    principal_name(peer_user(exchange->peer), name, sizeof(name));
    row->id = spool_last_id(arrival->number);
    row->arrived_ms = upstream_clock_now_ms(&upstream->clock) - waited_ms(exchange); /* as for its age */
    row->entity = copy(arrival->write.entity, &failed);
    row->principal = copy(name, &failed);
    row->server_url = copy(spool_origin_url(upstream), &failed);
    row->tenant = copy(spool_origin_tenant(upstream), &failed);
    row->operation = copy(operation_id(head->operation), &failed);
    row->scope = copy(arrival->write.scope, &failed);
    row->target = copy(head->target.text.data, &failed);
    row->content_type = copy(headers_find(&head->headers, MHD_HTTP_HEADER_CONTENT_TYPE), &failed);
    return failed ? NULL : TAKE_PTR(row);
}

/* Its values get the time of their arrival. */
static int stamp(struct exchange *exchange)
{
    int64_t now_ms = telemetry_stamp_ms(&exchange->services->upstream.clock, exchange->head.target.text.data);

    return telemetry_stamp_in_place(&exchange->inbound.body, now_ms - waited_ms(exchange),
                                    &exchange->peer->principal->shares.bodies);
}

/* A body without times keeps the time of its arrival as one that the next answer of the server explains. */
static int set_time(struct exchange *exchange, const struct spool_arrival *arrival, struct spool_row *row)
{
    if (arrival->write.kind != SPOOL_TELEMETRY || arrival->is_stamped)
        return 0;
    if (upstream_clock_is_certain(&exchange->services->upstream.clock) || !*spool_boot_id())
        return stamp(exchange);
    row->boot_id = strdup(spool_boot_id());
    row->boot_ms = exchange->dispatched_ms;
    return row->boot_id ? 0 : -ENOMEM;
}

/* ---- storing ---- */

static int take_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_take *take = CONTAINER_OF(work, struct spool_take, work);

    return spool_room_store(file, take->row, &take->drop);
}

static void take_free(struct spool_take *take)
{
    quota_give_back(&take->principal->shares.bodies, take->quota_bytes);
    quota_give_back(&take->principal->shares.storing, take->storing);
    principal_release(take->principal);
    spool_row_free_pointer(&take->row);
    free(take);
}

/* The entity has the row in the file now, or never. */
static void leave_backlog(struct spool_take *take, bool is_stored)
{
    struct spool_entities *entities = &take->spool->entities;

    take->backlog->storing--;
    if (is_stored)
        spool_entities_has_got_rows(entities, take->backlog);
    spool_entities_tidy(entities, take->backlog);
}

static void note_result(struct spool *spool, int result)
{
    struct tb_error err = TB_ERROR_INIT;

    if (!spool->is_open || result == -EMSGSIZE || result == -EDQUOT)
        return; /* it is said already, or concerns this write alone */
    if (result < 0)
        tb_error_set(&err, result, "%s: %s", spool->directory, strerror(-result));
    if (result < 0 && strcmp(err.message, spool->error.message) != 0)
        log_error("spool: a write could not be stored, and its client got an error: %s", err.message);
    else if (result == 0 && spool->error.code != 0)
        log_info("spool: writes are stored again");
    spool->error = err;
}

static void take_done(struct spool_work *work, int result)
{
    struct spool_take *take = CONTAINER_OF(work, struct spool_take, work);
    struct spool *spool = take->spool;
    struct services *services = spool->services;

    leave_backlog(take, result == 0);
    spool_room_stored(spool, take->row, take->room, &take->drop, result == 0);
    note_result(spool, result);
    if (result == 0) {
        spool_count(services, METRICS_SPOOL_STORED, 1);
        spool_delivery_wake(&spool->delivery, take->row->entity);
        forward_wake_in(services->forward, 0);
    }
    if (take->exchange && result == 0)
        spool_reply_stored(take->exchange, spool_number(take->row->id));
    else if (take->exchange)
        spool_reply_not_stored(take->exchange, result, spool->error.message, take->may_have_run);
    take_free(take);
}

static int enter_backlog(struct spool_take *take, const struct spool_row *row)
{
    int r = spool_entities_get(&take->spool->entities, row->principal, row->entity, &take->backlog);

    if (r == 0)
        take->backlog->storing++;
    return r;
}

static struct spool_take *take_new(struct spool *spool, struct exchange *exchange)
{
    struct spool_take *take = calloc(1, sizeof(*take));

    if (!take)
        return NULL;
    take->work = (struct spool_work){.run = take_run, .done = take_done};
    take->work.bytes = exchange->inbound.body.len + SPOOL_ROW_BYTES;
    take->spool = spool;
    take->exchange = exchange;
    take->principal = principal_keep(exchange->peer->principal);
    return take;
}

static void move_body(struct spool_take *take, struct spool_row *row)
{
    take->quota_bytes = take->exchange->inbound.body.len;
    inbound_take(take->exchange, &row->body);
}

/* Nothing is stored after all; ROW is the caller's again. */
static void take_back(struct spool_take *take)
{
    take->exchange->state = NULL;
    leave_backlog(take, false);
    spool_room_stored(take->spool, take->row, take->room, &take->drop, false);
    take->row = NULL;
    take_free(take);
}

static int take_share(struct spool_take *take)
{
    size_t bytes = take->work.bytes + TAKE_BYTES;

    if (!quota_take(&take->principal->shares.storing, bytes))
        return -EAGAIN;
    take->storing = bytes;
    return 0;
}

/* A place for ROW in all shares of its user. */
static int take_shares(struct spool_take *take, const struct spool_row *row)
{
    int r = take_share(take);

    if (r == 0)
        r = enter_backlog(take, row);
    if (r < 0)
        return r;
    take->room = (struct spool_amount){1, take->work.bytes + spool_file_names_max(row)};
    r = spool_room_take(take->spool, row->principal, take->room, &take->drop);
    if (r < 0)
        leave_backlog(take, false);
    return r;
}

/* Returns 0, -EAGAIN, -EDQUOT, -EMFILE or -ENOMEM: then ROW is still the caller's. */
static int submit(struct spool *spool, struct exchange *exchange, const struct spool_arrival *arrival,
                  struct spool_row *row)
{
    struct spool_take *take = take_new(spool, exchange);
    int r = take ? take_shares(take, row) : -ENOMEM;

    if (r < 0) {
        if (take)
            take_free(take);
        return r;
    }
    move_body(take, row);
    take->row = row;
    take->may_have_run = arrival->may_have_run;
    exchange->state = take;
    r = spool_writer_submit(&spool->writer, &take->work);
    if (r < 0)
        take_back(take);
    return r;
}

static const char *text_of(int result)
{
    return result == -EAGAIN    ? "too many writes wait for the disk"
           : result == -ENOBUFS ? "no room for the body (limits.max_buffered_bytes)"
                                : strerror(-result);
}

/* ---- the handler ---- */

static void spool_take_leave(struct exchange *exchange)
{
    struct spool_take *take = TAKE_PTR(exchange->state);

    if (take)
        take->exchange = NULL;
}

static const struct handler spool_take_handler = {.name = "spool", .leave = spool_take_leave};

void spool_take(struct spool *spool, struct exchange *exchange, const struct spool_arrival *arrival)
{
    CLEANUP(spool_row_free_pointer) struct spool_row *row = NULL;
    const char *reason;
    int r;

    exchange_hand_over(exchange, &spool_take_handler);
    if (!spool->is_open) {
        spool_reply_not_stored(exchange, spool->error.code, spool->error.message, arrival->may_have_run);
        return;
    }
    if (spool_write_check(arrival->write.kind, &exchange->inbound.body, &reason) < 0) {
        spool_reply_bad(exchange, reason);
        return;
    }
    row = make_row(exchange, arrival);
    r = row ? set_time(exchange, arrival, row) : -ENOMEM;
    if (r == 0 && exchange->inbound.body.len > SPOOL_BODY_MAX)
        r = -EMSGSIZE;
    if (r == 0)
        r = submit(spool, exchange, arrival, row);
    if (r == 0)
        TAKE_PTR(row);
    else
        spool_reply_not_stored(exchange, r, text_of(r), arrival->may_have_run);
}
