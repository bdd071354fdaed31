/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_entities.h"

#include <errno.h>
#include <stdio.h>

#include "unit.h"

#define SLOTS 6
#define BYTES (1024 * 1024)

static struct spool_entities entities;

static void set_up(void)
{
    entities = (struct spool_entities){.all_known = true};
    spool_entities_open(&entities, SLOTS, BYTES);
}

static void tear_down(void)
{
    spool_entities_free(&entities);
}

/* NULL: no share is left. */
static struct spool_backlog *get(const char *name, const char *key)
{
    struct spool_backlog *backlog = NULL;
    int r = spool_entities_get(&entities, name, key, &backlog);

    ck_assert(r == 0 || r == -EMFILE);
    return backlog;
}

static bool has_rows(const char *key)
{
    return spool_entities_has_rows(&entities, spool_entities_find(&entities, key));
}

START_TEST(an_entity_has_rows_while_some_are_in_the_file_or_on_the_way)
{
    struct spool_backlog *backlog;

    ck_assert(!has_rows("DEVICE:a"));
    backlog = get("uid:1", "DEVICE:a");
    ck_assert_ptr_eq(get("uid:1", "DEVICE:a"), backlog);
    ck_assert(!has_rows("DEVICE:a"));
    backlog->storing++;
    ck_assert(has_rows("DEVICE:a"));
    ck_assert(!has_rows("DEVICE:b"));
    spool_entities_found_rows(&entities, "uid:1", "DEVICE:a");
    backlog->storing--;
    ck_assert(has_rows("DEVICE:a"));
    spool_entities_has_lost_rows(&entities, "DEVICE:a");
    ck_assert(!has_rows("DEVICE:a"));
    ck_assert_uint_eq(entities.records.used, 0);
}
END_TEST

START_TEST(the_end_of_older_rows_says_nothing_of_those_on_the_way)
{
    struct spool_backlog *backlog = get("uid:1", "DEVICE:a");

    backlog->has_rows = true;
    backlog->storing = 1;
    spool_entities_has_lost_rows(&entities, "DEVICE:a");
    ck_assert(has_rows("DEVICE:a"));
    ck_assert_ptr_eq(spool_entities_find(&entities, "DEVICE:a"), backlog);
}
END_TEST

START_TEST(a_record_stays_while_something_refers_to_it)
{
    struct spool_backlog *backlog = get("uid:1", "DEVICE:a");
    struct list pending;

    list_append(&backlog->pending, &pending);
    spool_entities_tidy(&entities, backlog);
    ck_assert_uint_eq(entities.records.used, 1);
    list_remove(&pending);
    spool_entities_set_slot(&entities, backlog, (struct spool_slot *)&pending);
    spool_entities_tidy(&entities, backlog);
    ck_assert_uint_eq(entities.records.used, 1);
    spool_entities_set_slot(&entities, backlog, NULL);
    ck_assert_uint_eq(entities.records.used, 0);
}
END_TEST

static void add(const char *name, unsigned number)
{
    char key[32];

    snprintf(key, sizeof(key), "DEVICE:%s:%u", name, number);
    spool_entities_found_rows(&entities, name, key);
}

static unsigned add_all(const char *name)
{
    unsigned count = 0;
    char key[32];

    do
        snprintf(key, sizeof(key), "DEVICE:%s:%u", name, count++);
    while (get(name, key));
    return count - 1;
}

START_TEST(one_user_leaves_records_to_others)
{
    ck_assert_uint_eq(add_all("uid:1"), SPOOL_ENTITIES_MAX);
    ck_assert_ptr_nonnull(get("uid:1", "DEVICE:uid:1:0"));
    ck_assert_uint_gt(add_all("uid:2"), SPOOL_ENTITIES_MAX / 12);
    ck_assert_uint_gt(add_all("uid:3"), 0);
    ck_assert(entities.all_known);
    ck_assert(!has_rows("DEVICE:new"));
}
END_TEST

/* Only the file can have more. */
START_TEST(beyond_its_share_any_entity_may_have_rows)
{
    unsigned i;

    for (i = 0; i < SPOOL_ENTITIES_MAX; i++)
        add("uid:1", i);
    ck_assert(entities.all_known && !entities.lost_one);
    add("uid:1", i);
    ck_assert(!entities.all_known && entities.lost_one);
    ck_assert(has_rows("DEVICE:new"));
    spool_entities_has_lost_rows(&entities, "DEVICE:uid:1:0");
    ck_assert_uint_eq(entities.records.used, SPOOL_ENTITIES_MAX - 1);
    ck_assert(!entities.all_known);
    ck_assert_ptr_nonnull(get("uid:2", "DEVICE:b"));
}
END_TEST

/* ---- turns ---- */

static struct spool_backlog *next(const char *name)
{
    struct spool_backlog *backlog = spool_entities_next(&entities, NULL);

    ck_assert_ptr_nonnull(backlog);
    ck_assert_str_eq(backlog->owner->name, name);
    spool_entities_set_slot(&entities, backlog, (struct spool_slot *)backlog);
    return backlog;
}

START_TEST(users_have_their_turns_one_after_the_other)
{
    unsigned i;

    for (i = 0; i < 1000; i++)
        add("uid:1", i);
    add("uid:2", 1);
    add("uid:2", 2);
    next("uid:1");
    next("uid:2");
    next("uid:1");
    next("uid:2");
    next("uid:1");
}
END_TEST

START_TEST(one_user_leaves_slots_to_others)
{
    struct spool_backlog *first;
    unsigned i;

    for (i = 0; i < 1000; i++)
        add("uid:1", i);
    first = next("uid:1");
    for (i = 1; i < SLOTS; i++)
        next("uid:1");
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    ck_assert(spool_entities_others_wait(&entities, first->owner));
    add("uid:2", 1);
    next("uid:2");
    spool_entities_set_slot(&entities, first, NULL);
    ck_assert_ptr_ne(next("uid:1"), first); /* it is behind the others */
}
END_TEST

START_TEST(one_user_leaves_bytes_to_others)
{
    struct quota *share;

    add("uid:1", 1);
    add("uid:1", 2);
    share = &next("uid:1")->owner->bytes;
    quota_add(share, BYTES - SPOOL_ENTITIES_BATCH + 1);
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    quota_give_back(share, 1);
    ck_assert_ptr_nonnull(spool_entities_next(&entities, NULL));
    quota_add(share, 10 * BYTES); /* its rows are larger than they may be */
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    add("uid:2", 1);
    add("uid:2", 2);
    share = &next("uid:2")->owner->bytes;
    quota_add(share, 1);
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    quota_give_back(share, 1);
    next("uid:2");
}
END_TEST

START_TEST(an_entity_of_two_users_has_the_turn_of_the_one_who_has_fewer)
{
    struct spool_backlog *backlog;
    unsigned i;

    for (i = 0; i < 1000; i++)
        add("uid:1", i);
    backlog = get("uid:2", "DEVICE:uid:1:900");
    ck_assert_str_eq(backlog->owner->name, "uid:2");
    ck_assert_ptr_eq(get("uid:1", "DEVICE:uid:1:900"), backlog);
    next("uid:1");
    ck_assert_ptr_eq(next("uid:2"), backlog);
    get("uid:3", "DEVICE:uid:1:900");
    ck_assert_str_eq(backlog->owner->name, "uid:2");
    spool_entities_set_slot(&entities, backlog, NULL);
    spool_entities_has_lost_rows(&entities, backlog->key);
    ck_assert_uint_eq(entities.records.used, 999);
    next("uid:1");
}
END_TEST

START_TEST(what_rests_has_no_turn)
{
    struct spool_backlog *backlog;

    add("uid:1", 1);
    backlog = next("uid:1");
    spool_entities_set_slot(&entities, backlog, NULL);
    spool_entities_rest(&entities, backlog, 5000);
    add("uid:1", 1);
    ck_assert(!spool_entities_end_rest(&entities, 4999));
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    ck_assert(spool_entities_end_rest(&entities, 5000));
    ck_assert_ptr_eq(next("uid:1"), backlog);
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
}
END_TEST

/* Another user, who has fewer, writes to it. */
START_TEST(what_rests_goes_on_resting_with_its_new_owner)
{
    struct spool_backlog *backlog;

    add("uid:1", 1);
    add("uid:1", 2);
    add("uid:1", 3);
    backlog = next("uid:1");
    spool_entities_set_slot(&entities, backlog, NULL);
    spool_entities_rest(&entities, backlog, 5000);
    get("uid:2", backlog->key);
    next("uid:1");
    next("uid:1");
    ck_assert_ptr_null(spool_entities_next(&entities, NULL));
    ck_assert(spool_entities_end_rest(&entities, 5000));
    ck_assert_ptr_eq(next("uid:2"), backlog);
}
END_TEST

START_TEST(a_new_file_has_no_rows)
{
    struct spool_backlog *backlog = get("uid:1", "DEVICE:a");

    backlog->storing = 1;
    add("uid:1", 1);
    entities.all_known = false;
    spool_entities_forget(&entities);
    ck_assert(!has_rows("DEVICE:uid:1:1"));
    ck_assert(has_rows("DEVICE:a"));
    ck_assert_uint_eq(entities.records.used, 1);
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
    tcase_add_test(tests, one_user_leaves_records_to_others);
    tcase_add_test(tests, beyond_its_share_any_entity_may_have_rows);
    tcase_add_test(tests, users_have_their_turns_one_after_the_other);
    tcase_add_test(tests, one_user_leaves_slots_to_others);
    tcase_add_test(tests, one_user_leaves_bytes_to_others);
    tcase_add_test(tests, an_entity_of_two_users_has_the_turn_of_the_one_who_has_fewer);
    tcase_add_test(tests, what_rests_has_no_turn);
    tcase_add_test(tests, what_rests_goes_on_resting_with_its_new_owner);
    tcase_add_test(tests, a_new_file_has_no_rows);
    return suite;
}
