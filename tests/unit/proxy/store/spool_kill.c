/* SPDX-License-Identifier: Apache-2.0 */
/* A process that writes is killed at any moment, again and again: what it was told is stored is there, once,
 * and what it was told is deleted is not. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/store/spool_writer.h"
#include "spool_world.h"
#include "unit.h"

#define KILLS       10
#define LONG_KILLS  200
#define IN_FLIGHT   64
#define NUMBERS_MAX (1024 * 1024)
#define LAG         500   /* rows that stay before the first is deleted */
#define LIFE_US     20000 /* the longest, of a writer */

/* ---- the writer, a process of its own ---- */

/* Told on the pipe: a write that is stored, or if it is negative, deleted. */
struct told {
    int64_t number;
};

struct job {
    struct spool_work work;
    int64_t number;
    struct spool_row *row; /* NULL: the write is deleted */
};

static struct loop loop;
static struct spool_writer writer;
static struct job jobs[IN_FLIGHT];
static int64_t next_number, next_end;
static int pipe_fd;

static int job_run(struct spool_work *work, struct spool_file *file)
{
    struct job *job = CONTAINER_OF(work, struct job, work);
    struct spool_answer answer = {.at_ms = clock_wall_ms(), .status = 200};

    return job->row ? spool_file_insert(file, job->row)
                    : spool_file_end(file, spool_last_id(job->number), SPOOL_DELIVERED, &answer);
}

static void submit(struct job *job)
{
    bool ends = next_end < next_number - LAG && unit_random() % 2;

    job->number = ends ? next_end++ : next_number++;
    job->row = ends ? NULL : world_row(job->number, "entity", world_body(job->number, unit_random() % 6000));
    job->work.bytes = 1;
    if (spool_writer_submit(&writer, &job->work) < 0)
        _exit(2);
}

/* A row that the writer before was about to delete may be gone. */
static void job_done(struct spool_work *work, int result)
{
    struct job *job = CONTAINER_OF(work, struct job, work);
    struct told told = {job->row ? job->number : -job->number};

    if (result < 0 && !(result == -ENOENT && !job->row))
        _exit(3);
    if (write(pipe_fd, &told, sizeof(told)) != sizeof(told))
        _exit(4);
    if (job->row)
        spool_row_free(TAKE_PTR(job->row));
    submit(job);
}

static void writer_opened(struct spool_writer *of, int64_t number, const struct tb_error *err)
{
    size_t i;

    (void)of;
    if (err->code < 0) {
        fprintf(stderr, "%s\n", err->message);
        _exit(5);
    }
    next_number = number < NUMBERS_MAX ? number : 1; /* a file without writes begins at random */
    for (i = 0; i < IN_FLIGHT; i++) {
        jobs[i] = (struct job){.work = {.run = job_run, .done = job_done}};
        submit(&jobs[i]);
    }
}

static void write_for_ever(int fd, int64_t first_end)
{
    pipe_fd = fd;
    next_end = first_end;
    writer = (struct spool_writer){.opened = writer_opened};
    if (loop_init(&loop) < 0 || spool_writer_start(&writer, &loop, world_path_of("."), NULL) < 0)
        _exit(6);
    while (loop_turn(&loop, -1) == 0)
        ;
    _exit(7);
}

/* ---- the test ---- */

/* Of each number: stored, deleted, or neither. */
static char known[NUMBERS_MAX];
static int64_t told_count;

static void read_told(int fd)
{
    struct told told;

    while (read(fd, &told, sizeof(told)) == sizeof(told)) {
        int64_t number = told.number < 0 ? -told.number : told.number;

        ck_assert_int_lt(number, NUMBERS_MAX);
        ck_assert(told.number < 0 ? known[number] != 'd' : known[number] == 0);
        known[number] = told.number < 0 ? 'd' : 's';
        told_count++;
    }
}

static int64_t first_stored(void)
{
    int64_t number = 1;

    while (number < NUMBERS_MAX - 1 && known[number] != 's')
        number++;
    return known[number] == 's' ? number : 1;
}

/* It lives until it has told something, if it WAITS, and then for up to LIFE_US. */
static void kill_one(bool waits)
{
    struct pollfd poll_told = {.events = POLLIN};
    int fds[2], status;
    pid_t child;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    child = fork();
    if (child == 0)
        write_for_ever(fds[1], first_stored());
    close(fds[1]);
    poll_told.fd = fds[0];
    if (waits)
        ck_assert_int_eq(poll(&poll_told, 1, 100000), 1);
    usleep((useconds_t)unit_random() % LIFE_US); /* the moment is what is random */
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "the writer ended with %d", WEXITSTATUS(status));
    read_told(fds[0]);
    close(fds[0]);
}

static void check_row(const struct spool_row *row, char *seen)
{
    int64_t number = spool_number(row->id);

    ck_assert_int_eq(seen[number], 0);
    seen[number] = 1;
    ck_assert_int_ne(known[number], 'd');
    ck_assert_int_eq(
        strncmp(row->body.data ? row->body.data : "", world_body(number, row->body.len), row->body.len), 0);
}

/* A row that was stored is missing: that it was about to be deleted, the file knows. */
static void check_end(struct spool_file *file, int64_t number)
{
    struct list parts;

    list_init(&parts);
    ck_assert_int_eq(spool_file_find(file, number, false, SIZE_MAX, &parts), 0);
    ck_assert_msg(!list_is_empty(&parts), "write %lld is lost", (long long)number);
    ck_assert_int_eq(CONTAINER_OF(parts.next, struct spool_row, link)->state, SPOOL_DELIVERED);
    spool_rows_free(&parts);
    known[number] = 'd';
}

/* What was on its way when the writer was killed is there, or not. */
static void compare(struct spool_file *file, const char *seen)
{
    int64_t number;

    for (number = 1; number < NUMBERS_MAX; number++) {
        if (known[number] == 's' && !seen[number])
            check_end(file, number);
        if (known[number] == 0 && seen[number])
            known[number] = 's';
    }
}

static void check_file(void)
{
    static char seen[NUMBERS_MAX];
    struct spool_row *row;
    struct spool_file file;
    struct list rows;

    memset(seen, 0, sizeof(seen));
    list_init(&rows);
    world_open(&file);
    ck_assert_int_eq(spool_file_list(&file, 0, -1, true, (struct spool_page){SIZE_MAX, SIZE_MAX, 0}, &rows),
                     0);
    list_for_each(row, &rows, link)
        check_row(row, seen);
    compare(&file, seen);
    spool_rows_free(&rows);
    spool_file_close(&file);
}

START_TEST(killed_at_any_moment)
{
    int i, kills = getenv("TB_LONG") ? LONG_KILLS : unit_rounds(KILLS);

    world_directory();
    for (i = 0; i < kills; i++) {
        kill_one(i % 8 < 7);
        check_file();
    }
    ck_assert_int_ge(told_count, kills - kills / 8);
    ck_assert_int_eq(world_count_damaged(), 0);
}
END_TEST

UNIT_SUITE(spool_kill)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_kill", &tests);

    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, killed_at_any_moment);
    return suite;
}
