/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tbproxyd with a spool on virtual time, between programs that write and a server that comes and
 * goes, refuses and loses answers: things happen in random order, and tbproxyd is stopped or killed in
 * between. Whatever happens, nothing that was acknowledged is lost, doubled or overwritten by something
 * older.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/fuzzed_daemon.h"
#include "../fuzz/virtual_time.h"
#include "ledger.h"
#include "scheduled_program.h"
#include "scheduled_server.h"
#include "scheduled_spool.h"
#include "unit.h"

#define SCHEDULES      10
#define LONG_SCHEDULES 30
#define ACTIONS        300
#define SETTLE_MS      INT64_C(7200000) /* within this everything has come, once the server is there */
#define THREAD_US      20               /* to wait for the spool's thread */

enum stage { ACTING, STOPPING, KILLED, SETTLING, SETTLED };

static struct {
    enum stage stage;
    unsigned actions; /* that are left */
    int64_t wait_ms;  /* before the next */
    int64_t until_ms; /* of SETTLING */
    bool was_killed;
    unsigned kills, stops;
    struct daemon daemon;
    struct scheduled_program programs[LEDGER_PROGRAMS];
    struct scheduled_server server;
} world;

/* ---- actions ---- */

/* Of tbproxyd's own random delays. */
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags);

ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags)
{
    size_t i;

    (void)flags;
    for (i = 0; i < length; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)unit_random();
    return (ssize_t)length;
}

static void leave_all(void)
{
    size_t i;

    for (i = 0; i < LEDGER_PROGRAMS; i++)
        program_leave(&world.programs[i], clock_wall_ms());
}

/* From now on nobody sees what it does; its files will be what they are now. */
static void kill_daemon(void)
{
    spool_files_keep();
    leave_all();
    server_end_all(&world.server);
    world.server.is_away = true;
    world.stage = KILLED;
    world.was_killed = true;
    world.kills++;
    daemon_begin_drain(&world.daemon);
}

static unsigned choose(unsigned count)
{
    return unit_random() % count;
}

static void let_write(void)
{
    static const char *const wishes[] = {"", "", "", "respond-async", "wait=0", "wait=2"};
    static const enum write_kind kinds[] = {
        WRITE_STAMPED,   WRITE_STAMPED,   WRITE_BARE,      WRITE_BARE,       WRITE_ARRAY,     WRITE_POISONED,
        WRITE_ATTRIBUTE, WRITE_ATTRIBUTE, WRITE_ATTRIBUTE, DELETE_TELEMETRY, DELETE_ATTRIBUTE};

    program_write(&world.programs[choose(LEDGER_PROGRAMS)], fuzzed_daemon_path("socket"),
                  kinds[choose(sizeof(kinds) / sizeof(*kinds))],
                  wishes[choose(sizeof(wishes) / sizeof(*wishes))], clock_wall_ms());
    world.wait_ms = 1 + choose(3);
}

static void change_server(void)
{
    world.server.is_away = !world.server.is_away;
    if (world.server.is_away)
        server_end_all(&world.server);
}

static void let_time_pass(void)
{
    static const int64_t most_ms[] = {20, 20, 300, 3000, 30000, 900000};

    world.wait_ms = 1 + choose((unsigned)most_ms[choose(sizeof(most_ms) / sizeof(*most_ms))]);
}

static void act(void)
{
    unsigned what = choose(100);

    if (what < 70)
        let_write();
    else if (what < 74)
        change_server();
    else if (what < 77)
        world.server.unkind = choose(3) * 30;
    else if (what < 79)
        program_leave(&world.programs[choose(LEDGER_PROGRAMS)], clock_wall_ms());
    else if (what == 79) {
        world.stage = STOPPING;
        world.stops++;
        daemon_begin_drain(&world.daemon);
    } else if (what == 80) {
        kill_daemon();
    } else {
        let_time_pass();
    }
}

/* ---- time ---- */

static bool move(void)
{
    int64_t now_ms = clock_wall_ms();
    bool moved = server_move(&world.server);
    size_t i;

    for (i = 0; i < LEDGER_PROGRAMS; i++)
        moved |= program_move(&world.programs[i], now_ms);
    return moved;
}

static bool programs_wait(void)
{
    size_t i;

    for (i = 0; i < LEDGER_PROGRAMS; i++)
        if (world.programs[i].mark)
            return true;
    return false;
}

static void settle(void)
{
    struct spool_facts facts = spool_writer_facts(&world.daemon.spool.writer);

    if (programs_wait() || facts.totals.rows[SPOOL_WAITING] > 0 || !ledger_is_settled()) {
        if (virtual_time_ms() < world.until_ms)
            return;
        fprintf(stderr, "it does not settle\n");
    }
    world.stage = SETTLED;
    daemon_begin_drain(&world.daemon);
}

static int64_t world_idle(int64_t max_ms)
{
    int64_t passed_ms = max_ms < 0 ? 1000 : max_ms;

    if (move())
        return -1;
    if (spool_works()) {
        usleep(THREAD_US);
        return -1;
    }
    if (world.stage == SETTLING)
        settle();
    if (world.stage != ACTING)
        return passed_ms;
    if (world.wait_ms > 0) {
        if (world.wait_ms < passed_ms)
            passed_ms = world.wait_ms;
        world.wait_ms -= passed_ms;
        return passed_ms;
    }
    if (world.actions == 0) {
        world.stage = SETTLING;
        world.server.is_away = false;
        world.server.unkind = 0;
        world.until_ms = virtual_time_ms() + SETTLE_MS;
    } else {
        world.actions--;
        act();
    }
    return -1;
}

/* ---- a schedule ---- */

static void live(const char *const settings[])
{
    bool was_away = world.server.is_away;

    fuzzed_daemon_start(&world.daemon, 0, settings);
    must(daemon_run(&world.daemon) == 0);
    if (world.stage == KILLED)
        world.server.is_away = was_away;
    daemon_close(&world.daemon);
    leave_all();
    server_end_all(&world.server);
}

static void begin(void)
{
    size_t i;

    ledger_clear();
    world.stage = ACTING;
    world.actions = ACTIONS;
    world.wait_ms = 0;
    world.was_killed = false;
    for (i = 0; i < LEDGER_PROGRAMS; i++)
        world.programs[i] = (struct scheduled_program){.number = (unsigned)i, .fd = -1};
    world.server.is_away = choose(4) == 0;
    world.server.unkind = choose(3) * 30;
    server_begin(&world.server);
    virtual_time_begin(world_idle);
}

static void play(const char *mode)
{
    char directory[200], mode_setting[40];
    const char *settings[] = {directory, mode_setting, "spool.after_ms=200", "spool.max_body_bytes=1500",
                              NULL};

    snprintf(directory, sizeof(directory), "spool.directory=%s", fuzzed_daemon_path("spool"));
    snprintf(mode_setting, sizeof(mode_setting), "spool.mode=%s", mode);
    begin();
    live(settings);
    while (world.stage != SETTLED) {
        if (world.stage == KILLED)
            spool_files_restore();
        world.stage = ACTING;
        live(settings);
    }
    virtual_time_end();
    spool_files_check();
    ledger_check(!world.was_killed);
    spool_files_remove();
}

static void play_many(const char *mode)
{
    int i, count = getenv("TB_LONG") ? LONG_SCHEDULES : unit_rounds(SCHEDULES);
    time_t end_s = time(NULL) + (getenv("TB_FAULT_SECONDS") ? atoi(getenv("TB_FAULT_SECONDS")) : 0);

    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0); /* a disk that need not be waited for */
    fuzzed_daemon_prepare();
    server_open(&world.server, fuzzed_daemon_path("server"));
    for (i = 0; i < count || time(NULL) < end_s; i++)
        play(mode);
    printf(
        "# figure: %s: %d schedules, %u kills, %u stops; %u writes: %u answered with 202, %u with 200, %u without; "
        "0 lost, 0 doubled, %u sent again\n",
        mode, i, world.kills, world.stops, ledger_counts.writes, ledger_counts.taken, ledger_counts.stored,
        ledger_counts.unknown, ledger_counts.repeated);
    fflush(stdout);
    virtual_time_begin(NULL); /* Check measures how long it took */
    must(ledger_counts.taken > 0);
}

START_TEST(outage)
{
    play_many("outage");
}
END_TEST

START_TEST(always)
{
    play_many("always");
}
END_TEST

UNIT_SUITE(schedules)
{
    TCase *tests;
    Suite *suite = unit_suite_create("schedules", &tests);

    tcase_set_timeout(tests, 7200);
    tcase_add_test(tests, outage);
    tcase_add_test(tests, always);
    return suite;
}
