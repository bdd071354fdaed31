/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_ask.h"

#include <errno.h>

#include "spool_delivery_world.h"

#define ASKS 20

static struct asked {
    struct spool_ask ask;
    unsigned place; /* of all that were done, from 1 on; 0: it was not */
} asks[ASKS], other;

static unsigned done_count;

static int ask_run(struct spool_work *work, struct spool_file *file)
{
    (void)work;
    (void)file;
    return 0;
}

static void ask_done(struct spool_work *work, int result)
{
    struct spool_ask *ask = CONTAINER_OF(work, struct spool_ask, work);

    ck_assert_int_eq(result, 0);
    CONTAINER_OF(ask, struct asked, ask)->place = ++done_count;
    spool_ask_ended(&spool, ask);
}

static void ask(struct asked *asked, int64_t user)
{
    *asked = (struct asked){.ask = {.work = {.run = ask_run, .done = ask_done}, .user = user}};
    spool_ask(&spool, &asked->ask);
}

static void set_up(void)
{
    unsigned i;

    delivery_open();
    world_run(&world, SECOND_MS);
    done_count = 0;
    for (i = 0; i < ASKS; i++)
        ask(&asks[i], 1000);
}

static void tear_down(void)
{
    delivery_close();
}

static void wait_for(unsigned count)
{
    while (done_count < count) {
        ck_assert_uint_le(list_count(&spool.writer.works), SPOOL_ASKS_MAX + 1);
        world_run(&world, 1);
    }
}

START_TEST(the_writer_has_few_of_each_user)
{
    unsigned i;

    ck_assert_uint_eq(list_count(&spool.writer.works), SPOOL_ASKS_MAX);
    ask(&other, 1001);
    ck_assert_uint_eq(list_count(&spool.writer.works), SPOOL_ASKS_MAX + 1);
    wait_for(ASKS + 1);
    ck_assert_uint_eq(other.place, SPOOL_ASKS_MAX + 1);
    for (i = 1; i < ASKS; i++)
        ck_assert_uint_gt(asks[i].place, asks[i - 1].place);
    ck_assert(list_is_empty(&spool.asks));
}
END_TEST

START_TEST(one_that_waits_can_be_withdrawn)
{
    ck_assert(!spool_ask_withdraw(&asks[SPOOL_ASKS_MAX - 1].ask));
    ck_assert(spool_ask_withdraw(&asks[SPOOL_ASKS_MAX].ask));
    wait_for(ASKS - 1);
    ck_assert_uint_eq(asks[SPOOL_ASKS_MAX].place, 0);
    ck_assert_uint_eq(asks[ASKS - 1].place, ASKS - 1);
    ck_assert(list_is_empty(&spool.asks));
}
END_TEST

UNIT_SUITE(spool_ask)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_ask", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_writer_has_few_of_each_user);
    tcase_add_test(tcase, one_that_waits_can_be_withdrawn);
    return suite;
}
