/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_store DIRECTORY SECONDS: how many rows a second the spool stores there, with 1, 8 and 64 of them on
 * their way; beside them, how often a second pwrite() and fdatasync() of as many bytes run on the same disk.
 * And what a row takes on the disk. One line of JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "proxy/store/spool_writer.h"

#define BODY          "{\"ts\":1764446123456,\"values\":{\"temperature\":21.5}}"
#define IN_FLIGHT_MAX 64
#define ENTITIES      100
#define FLUSHES       200

struct insertion {
    struct spool_work work;
    struct spool_row *row;
};

static struct loop loop;
static struct spool_writer writer;
static struct insertion insertions[IN_FLIGHT_MAX];
static int64_t next_number, stored, until_us;
static size_t on_their_way;
static bool is_open;

static void fail(const char *what, int error)
{
    fprintf(stderr, "spool_store: %s: %s\n", what, strerror(error));
    exit(EXIT_FAILURE);
}

static int insertion_run(struct spool_work *work, struct spool_file *file)
{
    return spool_file_insert(file, CONTAINER_OF(work, struct insertion, work)->row);
}

/* For one of ENTITIES. */
static char *entity_text(const char *before, int64_t number, const char *after)
{
    char text[200];

    snprintf(text, sizeof(text), "%s784f394c-42b6-435a-983c-b7beff2700%02d%s", before,
             (int)(number % ENTITIES), after);
    return strdup(text);
}

static void give(struct insertion *insertion)
{
    struct spool_row *row = spool_row_new();
    int64_t number = next_number++;

    row->id = spool_last_id(number);
    row->arrived_ms = clock_wall_ms();
    row->entity = entity_text("DEVICE/", number, "");
    row->principal = strdup("uid 1000");
    row->server_url = strdup("https://thingsboard.example:443");
    row->tenant = strdup("13814000-1dd2-11b2-8080-808080808080");
    row->operation = strdup("saveEntityTelemetry");
    row->target = entity_text("/api/plugins/telemetry/DEVICE/", number, "/timeseries/ANY?scope=ANY");
    row->content_type = strdup("application/json");
    buf_append_string(&row->body, BODY);
    insertion->row = row;
    insertion->work.bytes = row->body.len;
    if (spool_writer_submit(&writer, &insertion->work) < 0)
        fail("too many", EAGAIN);
    on_their_way++;
}

static void insertion_done(struct spool_work *work, int result)
{
    struct insertion *insertion = CONTAINER_OF(work, struct insertion, work);

    if (result < 0)
        fail("a row", -result);
    spool_row_free(insertion->row);
    on_their_way--;
    stored++;
    if (clock_boot_us() < until_us)
        give(insertion);
}

static void writer_opened(struct spool_writer *of, int64_t number, const struct tb_error *err)
{
    (void)of;
    if (err->code < 0)
        fail(err->message, -err->code);
    next_number = number;
    is_open = true;
}

static void turn(void)
{
    int r = loop_turn(&loop, -1);

    if (r < 0)
        fail("epoll", -r);
}

static double cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Bytes as large as a commit of one row: a few pages. */
static double flushes_per_second(const char *directory)
{
    static const char block[16384];
    int fd = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600), i;
    int64_t begin;

    if (fd < 0 || posix_fallocate(fd, 0, FLUSHES * (off_t)sizeof(block)) || fdatasync(fd) < 0)
        fail(directory, errno);
    begin = clock_boot_us();
    for (i = 0; i < FLUSHES; i++)
        if (pwrite(fd, block, sizeof(block), i * (off_t)sizeof(block)) < 0 || fdatasync(fd) < 0)
            fail(directory, errno);
    close(fd);
    return FLUSHES * 1e6 / (double)(clock_boot_us() - begin);
}

static void measure(int in_flight, int seconds)
{
    int64_t begin = clock_boot_us(), commits = spool_writer_facts(&writer).commits, elapsed;
    double cpu = cpu_us();
    int i;

    stored = 0;
    until_us = begin + seconds * INT64_C(1000000);
    for (i = 0; i < in_flight; i++) {
        insertions[i].work = (struct spool_work){.run = insertion_run, .done = insertion_done};
        give(&insertions[i]);
    }
    while (on_their_way > 0)
        turn();
    elapsed = clock_boot_us() - begin;
    printf("\"rows_per_second_%d\": %.0f, \"rows_per_commit_%d\": %.1f, \"cpu_us_per_row_%d\": %.1f, ",
           in_flight, (double)stored * 1e6 / (double)elapsed, in_flight,
           (double)stored / (double)(spool_writer_facts(&writer).commits - commits), in_flight,
           (cpu_us() - cpu) / (double)stored);
}

int main(int argc, char **argv)
{
    static const int in_flight[] = {1, 8, 64};
    struct spool_facts facts;
    struct tb_error err;
    size_t i;

    if (argc != 3) {
        fprintf(stderr, "Usage: spool_store DIRECTORY SECONDS\n");
        return 2;
    }
    writer.opened = writer_opened;
    if (loop_init(&loop) < 0 || spool_writer_start(&writer, &loop, argv[1], &err) < 0)
        fail("start", EINVAL);
    while (!is_open)
        turn();
    printf("{");
    for (i = 0; i < ARRAY_SIZE(in_flight); i++) {
        printf("\"flushes_per_second_%d\": %.0f, ", in_flight[i], flushes_per_second(argv[1]));
        measure(in_flight[i], atoi(argv[2]));
    }
    facts = spool_writer_facts(&writer);
    printf("\"rows\": %lld, \"body_bytes\": %zu, \"disk_bytes_per_row\": %.1f}\n",
           (long long)facts.totals.rows[SPOOL_WAITING], strlen(BODY),
           (double)facts.disk_bytes / (double)facts.totals.rows[SPOOL_WAITING]);
    spool_writer_stop(&writer);
    loop_close(&loop);
    return 0;
}
