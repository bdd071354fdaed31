/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_delivery_world.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "proxy/spool/spool_slot.h"

#define WRITER_MIN_MS 1 /* of a transaction */
#define WRITER_MAX_MS 8

struct world world;
struct spool spool;
int delivery_file_error;

static char directory[300];
static unsigned serials;
static int64_t number; /* of the last write */
static struct spool_row *aside;

/* ---- in place of spool_writer.c ---- */

static struct timer commit_timer;

static int run(struct spool_file *file, struct spool_work *work)
{
    int r = delivery_file_error ? delivery_file_error : work->run(work, file);

    return spool_file_failed(file) ? file->failure : r;
}

static void run_alone(struct spool_file *file, struct spool_work *work)
{
    int r;

    WORLD_ASSERT(spool_file_begin(file) == 0);
    work->result = run(file, work);
    r = spool_file_commit(file);
    work->result = r < 0 ? r : work->result;
}

/* If one undoes the transaction, each has one of its own. */
static void run_works(struct spool_writer *writer, struct list *works)
{
    struct spool_file *file = &writer->file;
    struct spool_work *work;

    WORLD_ASSERT(spool_file_begin(file) == 0);
    list_for_each(work, works, link) {
        work->result = run(file, work);
        if (spool_file_failed(file))
            break;
    }
    if (spool_file_commit(file) == 0)
        return;
    list_for_each(work, works, link)
        run_alone(file, work);
}

static void commit(struct timer *timer)
{
    struct list works;
    struct spool_work *work;

    (void)timer;
    list_init(&works);
    list_take_all(&works, &spool.writer.works);
    run_works(&spool.writer, &works);
    list_for_each_safe(work, &works, link) {
        list_remove(&work->link);
        work->done(work, work->result);
    }
}

static void opened(struct watch *watch, uint32_t events)
{
    struct spool_writer *writer = CONTAINER_OF(watch, struct spool_writer, watch);
    struct tb_error err = {0};

    (void)events;
    writer->opened(writer, number + 1, &err);
}

int spool_writer_start(struct spool_writer *writer, struct loop *loop, const char *path, struct tb_error *err)
{
    writer->loop = loop;
    writer->watch = (struct watch){.fd = eventfd(1, EFD_CLOEXEC), .ready = opened};
    list_init(&writer->works);
    commit_timer.expired = commit;
    return spool_file_open(&writer->file, path, err);
}

void spool_writer_stop(struct spool_writer *writer)
{
    while (!list_is_empty(&writer->works))
        commit(NULL);
    loop_timer_stop(writer->loop, &commit_timer);
    spool_file_close(&writer->file);
    close_fd(&writer->watch.fd);
    writer->watch.fd = -1;
}

int spool_writer_submit(struct spool_writer *writer, struct spool_work *work)
{
    list_append(&writer->works, &work->link);
    if (!timer_is_started(&commit_timer))
        loop_timer_start(writer->loop, &commit_timer,
                         WRITER_MIN_MS + unit_random() % (WRITER_MAX_MS - WRITER_MIN_MS + 1));
    return 0;
}

struct spool_facts spool_writer_facts(struct spool_writer *writer)
{
    return (struct spool_facts){.totals = writer->file.totals};
}

/* ---- in place of upstream.c ---- */

struct upstream_server_state upstream_server_state(const struct upstream *upstream, size_t index)
{
    (void)upstream;
    return (struct upstream_server_state){.url = index == 0 ? DELIVERY_URL : NULL};
}

/* ---- */

static void remove_files(void)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(directory);
}

static void count_calls(unsigned *calls, int64_t *tokens)
{
    const struct spool_slot *slot;

    *calls += (unsigned)spool.delivery.in_flight;
    list_for_each(slot, &spool.delivery.slots, link)
        *tokens += slot->state == SPOOL_SLOT_CALLING ? slot->cost : 0;
}

static void open_spool(void)
{
    struct tb_error err = {0};

    memset(&spool, 0, sizeof(spool));
    ck_assert_msg(spool_open(&spool, &world.services, &err) == 0, "%s", err.message);
}

void delivery_open(void)
{
    snprintf(directory, sizeof(directory), "%s-delivery", unit_directory());
    remove_files();
    world_open(&world);
    world.count_others = count_calls;
    world.config.spool.mode = SPOOL_MODE_ALWAYS;
    world.config.spool.directory = directory;
    world.config.spool.max_rows = 100000;
    world.config.spool.max_bytes = 100000000;
    world.config.upstream.hold_ms = 10000;
    serials = 0;
    number = 0;
    delivery_file_error = 0;
    open_spool();
}

void delivery_close(void)
{
    spool_close(&spool);
    world_close(&world);
    if (aside)
        spool_row_free(TAKE_PTR(aside));
    remove_files();
}

void delivery_restart(void)
{
    spool_close(&spool);
    open_spool();
}

static void add_body(struct spool_row *row, const struct delivery_write *write)
{
    char values[100];

    snprintf(values, sizeof(values), "{\"w%u\":%u%s}", write->writer, write->serial,
             write->bad ? ",\"bad\":1" : "");
    if (write->body)
        buf_append_string(&row->body, write->body);
    else if (write->kind == ATTRIBUTES || write->boot_id)
        buf_append_string(&row->body, values);
    else
        buf_append_format(&row->body, "{\"ts\":%u,\"values\":%s}", 1000 + write->serial, values);
}

static struct spool_row *row_of(const struct delivery_write *write)
{
    struct spool_row *row = spool_row_new();
    char text[200];

    row->id = spool_last_id(++number);
    row->arrived_ms = WORLD_EPOCH_MS + world_now(&world);
    snprintf(text, sizeof(text), "DEVICE:%u", write->entity);
    row->entity = strdup(text);
    row->principal = strdup(write->principal ? write->principal : "uid:1000");
    row->server_url = strdup(write->url ? write->url : DELIVERY_URL);
    row->tenant = strdup(write->tenant ? write->tenant : "");
    row->operation = strdup(write->kind == TELEMETRY ? "saveEntityTelemetry" : "saveEntityAttributesV1");
    row->scope = strdup(write->kind == TELEMETRY ? "" : "SERVER_SCOPE");
    snprintf(text, sizeof(text), "/api/plugins/telemetry/DEVICE/%u/%s", write->entity,
             write->kind == TELEMETRY ? "timeseries/ANY" : "attributes/SERVER_SCOPE");
    row->target = strdup(write->target ? write->target : text);
    row->content_type = strdup("application/json");
    row->boot_id = write->boot_id ? strdup(write->boot_id) : NULL;
    row->boot_ms = write->boot_ms;
    add_body(row, write);
    return row;
}

void delivery_store(const struct delivery_write *write)
{
    struct spool_row *row = row_of(write);

    WORLD_ASSERT(spool_file_begin(&spool.writer.file) == 0);
    WORLD_ASSERT(spool_file_insert(&spool.writer.file, row) == 0);
    WORLD_ASSERT(spool_file_commit(&spool.writer.file) == 0);
    spool_look_found(&spool, row);
    spool_delivery_wake(&spool.delivery, row->entity);
    spool_row_free(row);
}

void delivery_store_bad(unsigned entity, unsigned serial)
{
    delivery_store(&(struct delivery_write){.entity = entity, .writer = 1, .serial = serial, .bad = true});
}

void delivery_store_many(unsigned entity, unsigned count)
{
    while (count-- > 0)
        delivery_store(&(struct delivery_write){.entity = entity, .serial = ++serials});
}

unsigned delivery_serial(void)
{
    return serials;
}

size_t delivery_rows(enum spool_state state)
{
    return (size_t)spool.writer.file.totals.rows[state];
}

const struct spool_row *delivery_aside(void)
{
    struct list rows;

    if (aside)
        spool_row_free(TAKE_PTR(aside));
    list_init(&rows);
    WORLD_ASSERT(
        spool_file_list(&spool.writer.file, 0, SPOOL_ASIDE, true, (struct spool_page){1, 1, 0}, &rows) == 0);
    if (list_is_empty(&rows))
        return NULL;
    aside = CONTAINER_OF(rows.next, struct spool_row, link);
    list_remove(&aside->link);
    return aside;
}

void delivery_run_all(int64_t max_ms)
{
    int64_t end_ms = world_now(&world) + max_ms;

    while (delivery_rows(SPOOL_WAITING) > 0 && world_now(&world) < end_ms)
        world_run(&world, 10);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 0);
    world_run(&world, 100);
    ck_assert_uint_eq(spool.delivery.in_flight, 0);
}

void delivery_assert_stored(unsigned serial, unsigned count)
{
    for (; count > 0; serial++, count--) {
        WORLD_ASSERT(world.server.writes[serial].executions == 1);
        WORLD_ASSERT(world.server.writes[serial].ts_ms == 1000 + (int64_t)serial);
    }
}
