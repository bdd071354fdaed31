/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/log.h"
#include "proxy/config/values.h"
#include "proxy/forward/forward.h"
#include "proxy/spool/spool_admission.h"
#include "proxy/spool/spool_left.h"
#include "proxy/spool/spool_look.h"
#include "proxy/spool/spool_room.h"
#include "proxy/spool/spool_wait.h"

static struct spool *spool_of(struct spool_writer *writer)
{
    return CONTAINER_OF(writer, struct spool, writer);
}

/* ---- the file ---- */

static void log_unusable(const struct spool *spool)
{
    log_error("spool: %s; what must be stored in it is answered with 503", spool->error.message);
}

/* At the start, spool_open() says it. */
static void set_state(struct spool *spool, const struct tb_error *err)
{
    bool is_new = strcmp(spool->error.message, err->message) != 0;

    spool->is_open = err->code == 0;
    spool->error = *err;
    if (spool->is_open)
        return;
    if (is_new && spool->services->spool)
        log_unusable(spool);
    if (!spool->closing)
        loop_timer_start(&spool->services->loop, &spool->reopen_timer, SPOOL_REOPEN_MS);
}

static void spool_opened(struct spool_writer *writer, int64_t next_number, const struct tb_error *err)
{
    struct spool *spool = spool_of(writer);
    bool was_missing = spool->error.code != 0;

    spool->is_opening = false;
    set_state(spool, err);
    spool_wait_wake(&spool->waiting);
    if (!spool->is_open)
        return;
    if (was_missing)
        log_info("spool: %s can be used now", spool->directory);
    if (spool->next_number < next_number)
        spool->next_number = next_number;
    spool_look_at_all(spool);
    spool_room_count(spool);
}

static void spool_replaced(struct spool_writer *writer, const struct tb_error *err)
{
    struct spool *spool = spool_of(writer);

    spool->damaged_ms = clock_wall_ms();
    metrics_count(spool->services->metrics, METRICS_SPOOL_DAMAGED, 1);
    spool_entities_forget(&spool->entities);
    spool_bounds_count(&spool->room.bounds, NULL, 0);
    set_state(spool, err);
}

static void spool_reopen(struct timer *timer)
{
    struct spool *spool = CONTAINER_OF(timer, struct spool, reopen_timer);
    struct tb_error err = TB_ERROR_INIT;

    spool_writer_stop(&spool->writer);
    if (spool_writer_start(&spool->writer, &spool->services->loop, spool->directory, &err) < 0)
        set_state(spool, &err);
}

static int wait_for_file(struct spool *spool)
{
    struct pollfd news = {.fd = spool->writer.watch.fd, .events = POLLIN};
    int r;

    while ((r = poll(&news, 1, SPOOL_OPEN_MS)) < 0)
        if (errno != EINTR)
            return -errno;
    spool->is_opening = r == 0;
    if (spool->is_opening) {
        log_info("spool: the file in %s is large, and still being opened; what must be stored waits",
                 spool->directory);
        tb_error_set(&spool->error, -EAGAIN, "the file in %s is still being opened", spool->directory);
        return 0;
    }
    spool->writer.watch.ready(&spool->writer.watch, EPOLLIN);
    return spool->error.code == -EBUSY || spool->error.code == -ENOMEM ? spool->error.code : 0;
}

static int open_file(struct spool *spool, struct tb_error *err)
{
    char directory[PATH_MAX];
    int r = config_spool_directory(spool->services->config, directory);

    if (r < 0)
        return tb_error_set(err, r, "spool.directory: the path is too long");
    spool->directory = strdup(directory);
    if (!spool->directory)
        return tb_error_set(err, -ENOMEM, "out of memory");
    r = spool_writer_start(&spool->writer, &spool->services->loop, directory, err);
    if (r < 0)
        return r;
    r = wait_for_file(spool);
    if (r < 0)
        tb_error_set(err, r, "spool: %s", spool->error.message);
    return r;
}

/* ---- the turn of what waits ---- */

static int spool_send(struct forward_spool *hooks)
{
    return spool_delivery_send(&CONTAINER_OF(hooks, struct spool, hooks)->delivery);
}

static int64_t spool_ready_ms(struct forward_spool *hooks)
{
    return spool_delivery_ready_ms(&CONTAINER_OF(hooks, struct spool, hooks)->delivery);
}

/* ---- */

int spool_open(struct spool *spool, struct services *services, struct tb_error *err)
{
    int r;

    if (services->config->spool.mode == SPOOL_MODE_OFF) {
        spool_left_tell(services->config);
        return 0;
    }
    spool->services = services;
    spool->next_number = 1;
    list_init(&spool->waiting);
    list_init(&spool->asks);
    spool->reopen_timer.expired = spool_reopen;
    services->principals.shares.storing.max = quota_part(SPOOL_WRITER_BYTES_MAX);
    spool_admission_open(spool);
    spool_room_configure(spool);
    spool_entities_open(&spool->entities, SPOOL_DELIVERY_ENTITIES, SPOOL_DELIVERY_BYTES);
    spool_look_open(spool);
    spool->hooks.send = spool_send;
    spool->hooks.ready_ms = spool_ready_ms;
    spool_delivery_open(&spool->delivery, spool);
    spool_age_open(&spool->age, spool);
    spool->writer.opened = spool_opened;
    spool->writer.replaced = spool_replaced;
    r = open_file(spool, err);
    if (r < 0)
        return r;
    services->spool = spool;
    services->forward->spool = &spool->hooks;
    if (!spool->is_open && !spool->is_opening)
        log_unusable(spool);
    return 0;
}

void spool_configure(struct spool *spool)
{
    if (!spool->services) /* never opened */
        return;
    spool_room_configure(spool);
    if (!spool->is_open && !spool->is_opening) /* the administrator may have mended it */
        loop_timer_start(&spool->services->loop, &spool->reopen_timer, 0);
}

void spool_close(struct spool *spool)
{
    if (!spool->services) /* never opened */
        return;
    spool->closing = true;
    spool_delivery_close(&spool->delivery);
    spool_age_close(&spool->age);
    spool_writer_stop(&spool->writer);
    spool_delivery_free(&spool->delivery);
    loop_timer_stop(&spool->services->loop, &spool->reopen_timer);
    spool_look_close(spool);
    spool_entities_free(&spool->entities);
    spool_bounds_free(&spool->room.bounds);
    spool->services->forward->spool = NULL;
    spool->services->spool = NULL;
    free(TAKE_PTR(spool->directory));
}
