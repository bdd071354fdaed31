/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_writer.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include "base/thread.h"

/* ---- in the writer's thread ---- */

static void post(struct spool_writer *writer)
{
    uint64_t one = 1;

    while (write(writer->watch.fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

static int64_t oldest_ms(struct spool_file *file)
{
    CLEANUP(spool_row_free_pointer) struct spool_row *row = NULL;

    return spool_file_oldest(file, &row) == 0 ? row->arrived_ms : 0;
}

static struct spool_facts read_facts(struct spool_file *file)
{
    if (!file->db)
        return (struct spool_facts){0};
    return (struct spool_facts){file->totals, spool_file_disk_bytes(file), file->commits, oldest_ms(file)};
}

static void run_works(struct spool_file *file, struct list *works)
{
    struct spool_work *work;

    list_for_each(work, works, link) {
        work->result = work->run(work, file);
        if (spool_file_failed(file))
            return;
    }
}

static void set_results(struct list *works, int result)
{
    struct spool_work *work;

    list_for_each(work, works, link)
        work->result = result;
}

/* 0; or the error of the file with which all WORKS have failed. */
static int run_transaction(struct spool_file *file, struct list *works)
{
    int r = spool_file_begin(file);

    if (r == 0) {
        run_works(file, works);
        r = spool_file_commit(file);
    }
    if (r < 0)
        set_results(works, r);
    return r;
}

/* Returns -EUCLEAN if one has found the file damaged; those after it are not executed then. */
static int run_one_by_one(struct spool_file *file, struct list *works)
{
    struct list left, one;
    int r = 0;

    list_init(&left);
    list_init(&one);
    list_take_all(&left, works);
    while (!list_is_empty(&left)) {
        struct list *first = left.next;

        list_remove(first);
        list_append(&one, first);
        if (r == -EUCLEAN)
            set_results(&one, r);
        else
            r = run_transaction(file, &one);
        list_take_all(works, &one);
    }
    return r;
}

static void replace(struct spool_writer *writer)
{
    struct tb_error err = {0};

    spool_file_replace(&writer->file, &err);
    pthread_mutex_lock(&writer->lock);
    writer->was_replaced = true;
    writer->error = err;
    pthread_mutex_unlock(&writer->lock);
}

/* Of a file that knows of no write. An earlier one may be lost, and nobody who asks for one of its writes
 * must be told what became of another. */
static int64_t first_number(void)
{
    uint64_t random;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
        random = (uint64_t)clock_wall_ms();
    return 1 + (int64_t)(random % SPOOL_WRITER_NUMBERS);
}

static void open_file(struct spool_writer *writer)
{
    struct tb_error err = {0};
    int64_t next = 0;
    int r = spool_file_open(&writer->file, writer->directory, &err);

    if (r == 0 && (r = spool_file_next_number(&writer->file, &next)) < 0) {
        tb_error_set(&err, r, "%s: %s", writer->directory, strerror(-r));
        spool_file_close(&writer->file);
    }
    pthread_mutex_lock(&writer->lock);
    writer->error = err;
    writer->next_number = r == 0 && next == 1 ? first_number() : next;
    writer->has_opened = true;
    pthread_mutex_unlock(&writer->lock);
}

/* Rows would be stored in a file that nobody finds again. */
static void leave_file(struct spool_writer *writer)
{
    bool is_lost = spool_file_leave(&writer->file);

    pthread_mutex_lock(&writer->lock);
    writer->was_replaced |= is_lost;
    pthread_mutex_unlock(&writer->lock);
    open_file(writer);
}

static void execute(struct spool_writer *writer, struct list *works)
{
    struct spool_file *file = &writer->file;
    int r;

    if (file->db && spool_file_has_moved(file))
        leave_file(writer);
    if (!file->db) {
        set_results(works, writer->error.code);
        return;
    }
    r = run_transaction(file, works);
    if (r < 0 && r != -EUCLEAN && works->next->next != works)
        r = run_one_by_one(file, works);
    if (r == -EUCLEAN)
        replace(writer);
}

/* Waits for works. False: there are none, and no more will come. */
static bool take_works(struct spool_writer *writer, struct list *ret)
{
    pthread_mutex_lock(&writer->lock);
    while (list_is_empty(&writer->works) && !writer->stopping)
        pthread_cond_wait(&writer->changed, &writer->lock);
    list_take_all(ret, &writer->works);
    pthread_mutex_unlock(&writer->lock);
    return !list_is_empty(ret);
}

static void note_facts(struct spool_writer *writer)
{
    struct spool_facts facts = read_facts(&writer->file);

    pthread_mutex_lock(&writer->lock);
    writer->facts = facts;
    pthread_mutex_unlock(&writer->lock);
}

static void give_results(struct spool_writer *writer, struct list *works)
{
    note_facts(writer);
    pthread_mutex_lock(&writer->lock);
    list_take_all(&writer->results, works);
    pthread_mutex_unlock(&writer->lock);
    post(writer);
}

static bool has_works(struct spool_writer *writer)
{
    bool has;

    pthread_mutex_lock(&writer->lock);
    has = !list_is_empty(&writer->works) || writer->stopping;
    pthread_mutex_unlock(&writer->lock);
    return has;
}

/* Nobody waits for it. */
static void maintain(struct spool_writer *writer)
{
    while (writer->file.db && spool_file_maintain(&writer->file)) {
        note_facts(writer);
        if (has_works(writer))
            return;
    }
}

static void *writer_thread(void *arg)
{
    struct spool_writer *writer = arg;
    struct list works;

    list_init(&works);
    open_file(writer);
    give_results(writer, &works);
    while (take_works(writer, &works)) {
        execute(writer, &works);
        give_results(writer, &works);
        maintain(writer);
    }
    spool_file_close(&writer->file);
    return NULL;
}

/* ---- in the loop's thread ---- */

struct news {
    struct list results;
    struct tb_error error;
    int64_t next_number;
    bool has_opened, was_replaced;
};

static void take_news(struct spool_writer *writer, struct news *ret)
{
    pthread_mutex_lock(&writer->lock);
    *ret = (struct news){.error = writer->error,
                         .next_number = writer->next_number,
                         .has_opened = writer->has_opened,
                         .was_replaced = writer->was_replaced};
    list_init(&ret->results);
    list_take_all(&ret->results, &writer->results);
    writer->has_opened = writer->was_replaced = false;
    pthread_mutex_unlock(&writer->lock);
}

static void tell_done(struct spool_writer *writer, struct list *works)
{
    struct spool_work *work;

    list_for_each_safe(work, works, link) {
        list_remove(&work->link);
        writer->held -= work->bytes > 0;
        writer->held_bytes -= work->bytes;
        work->done(work, work->result);
    }
}

static void deliver(struct spool_writer *writer)
{
    struct news news;

    take_news(writer, &news);
    if (news.was_replaced && writer->replaced)
        writer->replaced(writer, &news.error);
    if (news.has_opened && writer->opened)
        writer->opened(writer, news.next_number, &news.error);
    tell_done(writer, &news.results);
}

static void writer_has_news(struct watch *watch, uint32_t events)
{
    uint64_t count;

    (void)events;
    while (read(watch->fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    deliver(CONTAINER_OF(watch, struct spool_writer, watch));
}

int spool_writer_submit(struct spool_writer *writer, struct spool_work *work)
{
    if (work->bytes > 0 &&
        (writer->held >= SPOOL_WRITER_WORKS_MAX || work->bytes > SPOOL_WRITER_BYTES_MAX - writer->held_bytes))
        return -EAGAIN;
    writer->held += work->bytes > 0;
    writer->held_bytes += work->bytes;
    pthread_mutex_lock(&writer->lock);
    list_append(&writer->works, &work->link);
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    return 0;
}

struct spool_facts spool_writer_facts(struct spool_writer *writer)
{
    struct spool_facts facts;

    pthread_mutex_lock(&writer->lock);
    facts = writer->facts;
    pthread_mutex_unlock(&writer->lock);
    return facts;
}

/* Those that came while others were done, after the thread had ended. */
static void refuse_works(struct spool_writer *writer)
{
    struct list works;

    list_init(&works);
    while (!list_is_empty(&writer->works)) {
        list_take_all(&works, &writer->works);
        set_results(&works, -ESHUTDOWN);
        tell_done(writer, &works);
    }
}

static void free_parts(struct spool_writer *writer)
{
    loop_remove(writer->loop, &writer->watch);
    close_fd(&writer->watch.fd);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->changed);
    free(TAKE_PTR(writer->directory));
    writer->loop = NULL;
}

static int start(struct spool_writer *writer)
{
    int r;

    if (!writer->directory)
        return -ENOMEM;
    if (writer->watch.fd < 0)
        return -errno;
    r = loop_add(writer->loop, &writer->watch, EPOLLIN);
    return r == 0 ? thread_start(&writer->thread, writer_thread, writer) : r;
}

int spool_writer_start(struct spool_writer *writer, struct loop *loop, const char *directory,
                       struct tb_error *err)
{
    int r;

    *writer = (struct spool_writer){.loop = loop, .opened = writer->opened, .replaced = writer->replaced};
    writer->directory = strdup(directory);
    writer->watch = (struct watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = writer_has_news};
    list_init(&writer->works);
    list_init(&writer->results);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->changed, NULL);
    r = start(writer);
    if (r == 0)
        return 0;
    free_parts(writer);
    return tb_error_set(err, r, "cannot start the spool's thread: %s", strerror(-r));
}

void spool_writer_stop(struct spool_writer *writer)
{
    if (!writer->loop)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    deliver(writer);
    refuse_works(writer);
    free_parts(writer);
}
