/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_entities.h"

#include <stdio.h>

#include "unit.h"

static struct spool_entities entities;

static void set_up(void)
{
    entities = (struct spool_entities){.all_known = true};
}

static void tear_down(void)
{
    spool_entities_free(&entities);
}

static bool has_rows(const char *key)
{
    return spool_entities_has_rows(&entities, spool_entities_find(&entities, key));
}

START_TEST(an_entity_has_rows_while_some_are_in_the_file_or_on_the_way)
{
    struct spool_backlog *backlog;

    ck_assert(!has_rows("DEVICE:a"));
    backlog = spool_entities_get(&entities, "DEVICE:a");
    ck_assert_ptr_eq(spool_entities_get(&entities, "DEVICE:a"), backlog);
    ck_assert(!has_rows("DEVICE:a"));
    backlog->storing++;
    ck_assert(has_rows("DEVICE:a"));
    ck_assert(!has_rows("DEVICE:b"));
    spool_entities_set_rows(&entities, "DEVICE:a", true);
    backlog->storing--;
    ck_assert(has_rows("DEVICE:a"));
    spool_entities_set_rows(&entities, "DEVICE:a", false);
    ck_assert(!has_rows("DEVICE:a"));
    ck_assert_uint_eq(entities.count, 0);
}
END_TEST

START_TEST(the_end_of_older_rows_says_nothing_of_those_on_the_way)
{
    struct spool_backlog *backlog = spool_entities_get(&entities, "DEVICE:a");

    backlog->has_rows = true;
    backlog->storing = 1;
    spool_entities_set_rows(&entities, "DEVICE:a", false);
    ck_assert(has_rows("DEVICE:a"));
    ck_assert_ptr_eq(spool_entities_find(&entities, "DEVICE:a"), backlog);
}
END_TEST

START_TEST(a_record_stays_while_something_refers_to_it)
{
    struct spool_backlog *backlog = spool_entities_get(&entities, "DEVICE:a");
    struct list pending;

    list_append(&backlog->pending, &pending);
    spool_entities_tidy(&entities, backlog);
    ck_assert_uint_eq(entities.count, 1);
    list_remove(&pending);
    backlog->delivering = true;
    spool_entities_tidy(&entities, backlog);
    ck_assert_uint_eq(entities.count, 1);
    backlog->delivering = false;
    spool_entities_tidy(&entities, backlog);
    ck_assert_uint_eq(entities.count, 0);
}
END_TEST

static void add(unsigned number)
{
    char key[32];

    snprintf(key, sizeof(key), "DEVICE:%u", number);
    spool_entities_set_rows(&entities, key, true);
}

START_TEST(beyond_the_bound_any_entity_may_have_rows)
{
    unsigned i;

    for (i = 0; i < SPOOL_ENTITIES_MAX; i++)
        add(i);
    ck_assert(entities.all_known && !entities.lost_one);
    ck_assert(!has_rows("DEVICE:new"));
    ck_assert_ptr_null(spool_entities_get(&entities, "DEVICE:new"));
    ck_assert(entities.all_known);
    add(i);
    ck_assert(!entities.all_known && entities.lost_one);
    ck_assert(has_rows("DEVICE:new"));
    ck_assert_uint_eq(entities.count, SPOOL_ENTITIES_MAX);
    spool_entities_set_rows(&entities, "DEVICE:0", false);
    ck_assert_uint_eq(entities.count, SPOOL_ENTITIES_MAX - 1);
    ck_assert(!entities.all_known);
}
END_TEST

START_TEST(a_new_file_has_no_rows)
{
    struct spool_backlog *backlog = spool_entities_get(&entities, "DEVICE:a");

    backlog->storing = 1;
    add(1);
    entities.all_known = false;
    spool_entities_forget(&entities);
    ck_assert(!has_rows("DEVICE:1"));
    ck_assert(has_rows("DEVICE:a"));
    ck_assert_uint_eq(entities.count, 1);
}
END_TEST

UNIT_SUITE(spool_entities)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_entities", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_entity_has_rows_while_some_are_in_the_file_or_on_the_way);
    tcase_add_test(tests, the_end_of_older_rows_says_nothing_of_those_on_the_way);
    tcase_add_test(tests, a_record_stays_while_something_refers_to_it);
    tcase_add_test(tests, beyond_the_bound_any_entity_may_have_rows);
    tcase_add_test(tests, a_new_file_has_no_rows);
    return suite;
}
