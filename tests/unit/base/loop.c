/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include "base/loop.h"
#include "base/util.h"
#include "unit.h"

struct probe {
    struct watch watch;
    struct timer timer;
    struct probe *removed; /* what the callback removes */
    unsigned calls;
    uint32_t events;
    unsigned order;
};

static struct loop loop;
static struct probe probes[3];
static unsigned order;

static void ready(struct watch *watch, uint32_t events)
{
    struct probe *probe = CONTAINER_OF(watch, struct probe, watch);

    probe->calls++;
    probe->events = events;
    probe->order = ++order;
    if (probe->removed)
        loop_remove(&loop, &probe->removed->watch);
}

static void expired(struct timer *timer)
{
    struct probe *probe = CONTAINER_OF(timer, struct probe, timer);

    probe->calls++;
    probe->order = ++order;
}

static void set_up(void)
{
    size_t i;

    order = 0;
    ck_assert_int_eq(loop_init(&loop), 0);
    for (i = 0; i < ARRAY_SIZE(probes); i++) {
        probes[i] = (struct probe){.watch.ready = ready, .timer.expired = expired};
        probes[i].watch.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* readable until it is read */
        ck_assert_int_ge(probes[i].watch.fd, 0);
    }
}

static void tear_down(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(probes); i++)
        close(probes[i].watch.fd);
    loop_close(&loop);
}

START_TEST(a_ready_watch_is_called_until_it_is_removed)
{
    ck_assert_int_eq(loop_turn(&loop, 0), 0);
    ck_assert_int_eq(loop_add(&loop, &probes[0].watch, EPOLLIN), 0);
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_uint_eq(probes[0].calls, 2);
    ck_assert_uint_eq(probes[0].events, EPOLLIN);
    ck_assert_int_eq(loop_change(&loop, &probes[0].watch, EPOLLOUT), 0);
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_uint_eq(probes[0].events, EPOLLOUT);
    loop_remove(&loop, &probes[0].watch);
    ck_assert_int_eq(loop_turn(&loop, 0), 0);
    ck_assert_uint_eq(probes[0].calls, 3);
}
END_TEST

START_TEST(a_removed_watch_gets_no_more_events)
{
    ck_assert_int_eq(loop_add(&loop, &probes[0].watch, EPOLLIN), 0);
    ck_assert_int_eq(loop_add(&loop, &probes[1].watch, EPOLLIN), 0);
    probes[0].removed = &probes[1];
    probes[1].removed = &probes[0];
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_uint_eq(probes[0].calls + probes[1].calls, 1);
}
END_TEST

START_TEST(timers_come_before_watches)
{
    ck_assert_int_eq(loop_add(&loop, &probes[0].watch, EPOLLIN), 0);
    loop_timer_start(&loop, &probes[1].timer, 0);
    loop_timer_start(&loop, &probes[2].timer, 3600000);
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_uint_eq(probes[1].order, 1);
    ck_assert_uint_eq(probes[0].order, 2);
    ck_assert_uint_eq(probes[2].calls, 0);
    loop_timer_stop(&loop, &probes[2].timer);
    ck_assert_int_eq(timers_next(&loop.timers), INT64_MAX);
}
END_TEST

START_TEST(a_timer_ends_the_wait_and_is_not_early)
{
    int64_t start_ms = loop.now_ms;

    loop_timer_start(&loop, &probes[0].timer, 2);
    while (probes[0].calls == 0)
        ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_int_ge(loop.now_ms, start_ms + 2);
    ck_assert_uint_eq(probes[0].calls, 1);
}
END_TEST

static void interrupt(int number)
{
    static const uint64_t one = 1;

    (void)number;
    if (write(probes[0].watch.fd, &one, sizeof(one)) < 0)
        abort();
}

START_TEST(what_came_with_a_signal_is_not_left_for_the_next_turn)
{
    const struct sigaction action = {.sa_handler = interrupt};
    const struct itimerval soon = {.it_value.tv_usec = 10000};
    uint64_t count;

    ck_assert_int_eq(read(probes[0].watch.fd, &count, sizeof(count)), sizeof(count));
    ck_assert_int_eq(loop_add(&loop, &probes[0].watch, EPOLLIN), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    ck_assert_int_eq(loop_turn(&loop, -1), 0);
    ck_assert_uint_eq(probes[0].calls, 1);
    ck_assert_ptr_ne(signal(SIGALRM, SIG_DFL), SIG_ERR);
}
END_TEST

START_TEST(a_time_is_printed_in_utc)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1764429944123, "2025-11-29T15:25:44.123Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "292278994-08-17T07:12:55.807Z"},
    };
    char text[CLOCK_TEXT_BYTES];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        if (sizeof(time_t) < sizeof(rows[i].ms) && rows[i].ms / 1000 > INT32_MAX)
            continue; /* armhf: the system's own time ends in 2038 */
        clock_format(rows[i].ms, text);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

UNIT_SUITE(loop)
{
    TCase *tests;
    Suite *suite = unit_suite_create("loop", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_ready_watch_is_called_until_it_is_removed);
    tcase_add_test(tests, a_removed_watch_gets_no_more_events);
    tcase_add_test(tests, timers_come_before_watches);
    tcase_add_test(tests, a_timer_ends_the_wait_and_is_not_early);
    tcase_add_test(tests, what_came_with_a_signal_is_not_left_for_the_next_turn);
    tcase_add_test(tests, a_time_is_printed_in_utc);
    return suite;
}
