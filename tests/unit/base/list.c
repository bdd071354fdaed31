/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/list.h"
#include "unit.h"

struct item {
    char name;
    struct list link;
};

static struct item items[6];

static void set_up(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(items); i++) {
        items[i].name = (char)('a' + i);
        list_init(&items[i].link);
    }
}

/* The names in the list, forwards; that they are the same backwards is checked on the way. */
static const char *names(struct list *head)
{
    static char text[ARRAY_SIZE(items) + 1];
    struct list *link;
    size_t n = 0;

    for (link = head->next; link != head; link = link->next) {
        ck_assert_uint_lt(n, ARRAY_SIZE(items));
        ck_assert_ptr_eq(link->next->previous, link);
        ck_assert_ptr_eq(link->previous->next, link);
        text[n++] = CONTAINER_OF(link, struct item, link)->name;
    }
    text[n] = '\0';
    return text;
}

static void append(struct list *head, const char *which)
{
    for (; *which; which++)
        list_append(head, &items[*which - 'a'].link);
}

/* The names that a loop visits. */
static const char *visited(const struct list *head)
{
    static char text[ARRAY_SIZE(items) + 1];
    const struct item *item;
    size_t n = 0;

    list_for_each(item, head, link)
        text[n++] = item->name;
    text[n] = '\0';
    return text;
}

START_TEST(items_stay_in_order)
{
    struct list head;

    list_init(&head);
    ck_assert(list_is_empty(&head));
    ck_assert_str_eq(names(&head), "");
    append(&head, "cab");
    ck_assert(!list_is_empty(&head));
    ck_assert_str_eq(names(&head), "cab");
}
END_TEST

START_TEST(items_can_be_removed_anywhere_and_twice)
{
    struct list head;

    list_init(&head);
    append(&head, "abcd");
    list_remove(&items[1].link);
    ck_assert_str_eq(names(&head), "acd");
    list_remove(&items[1].link);
    ck_assert_str_eq(names(&head), "acd");
    ck_assert(list_is_empty(&items[1].link));
    list_remove(&items[0].link);
    list_remove(&items[3].link);
    ck_assert_str_eq(names(&head), "c");
    append(&head, "a");
    ck_assert_str_eq(names(&head), "ca");
    list_remove(&items[2].link);
    list_remove(&items[0].link);
    ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(all_items_can_be_taken)
{
    static const struct {
        const char *to, *from, *result;
    } rows[] = {
        {"", "", ""}, {"ab", "", "ab"}, {"", "ab", "ab"}, {"a", "b", "ab"}, {"abc", "def", "abcdef"},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        struct list to, from;

        set_up();
        list_init(&to);
        list_init(&from);
        append(&to, rows[i].to);
        append(&from, rows[i].from);
        list_take_all(&to, &from);
        ck_assert_str_eq(names(&to), rows[i].result);
        ck_assert(list_is_empty(&from));
        if (*rows[i].result)
            list_remove(&items[0].link);
        append(&to, "a");
        ck_assert_int_eq(CONTAINER_OF(to.previous, struct item, link)->name, 'a');
    }
}
END_TEST

START_TEST(a_loop_visits_each_item_in_order)
{
    struct list head;

    list_init(&head);
    ck_assert_str_eq(visited(&head), "");
    append(&head, "b");
    ck_assert_str_eq(visited(&head), "b");
    append(&head, "ac");
    ck_assert_str_eq(visited(&head), "bac");
}
END_TEST

START_TEST(a_loop_visits_what_its_body_appends)
{
    struct list head;
    struct item *item;
    size_t count = 0;

    list_init(&head);
    append(&head, "a");
    list_for_each(item, &head, link) {
        count++;
        if (item->name == 'a')
            append(&head, "b");
    }
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(a_loop_passes_over_what_its_body_removes_ahead)
{
    struct list head;
    struct item *item;
    size_t count = 0;

    list_init(&head);
    append(&head, "abc");
    list_for_each(item, &head, link) {
        count++;
        list_remove(&items[1].link);
    }
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(loops_nest_and_can_be_left)
{
    struct list head;
    struct item *outer, *inner;
    size_t pairs = 0;

    list_init(&head);
    append(&head, "abc");
    list_for_each(outer, &head, link) {
        list_for_each(inner, &head, link)
            pairs++;
        if (outer->name == 'b')
            break;
    }
    ck_assert_uint_eq(pairs, 6);
    ck_assert_int_eq(outer->name, 'b');
}
END_TEST

START_TEST(a_safe_loop_may_remove_its_item)
{
    struct list head;
    struct item *item;

    list_init(&head);
    list_for_each_safe(item, &head, link)
        ck_abort_msg("an empty list has no items");
    append(&head, "abcd");
    list_for_each_safe(item, &head, link)
        if (item->name != 'b')
            list_remove(&item->link);
    ck_assert_str_eq(names(&head), "b");
    list_for_each_safe(item, &head, link) {
        list_remove(&item->link);
        memset(item, 0xff, sizeof(*item)); /* as free() might */
    }
    ck_assert(list_is_empty(&head));
}
END_TEST

UNIT_SUITE(list)
{
    TCase *tests;
    Suite *suite = unit_suite_create("list", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, items_stay_in_order);
    tcase_add_test(tests, items_can_be_removed_anywhere_and_twice);
    tcase_add_test(tests, all_items_can_be_taken);
    tcase_add_test(tests, a_loop_visits_each_item_in_order);
    tcase_add_test(tests, a_loop_visits_what_its_body_appends);
    tcase_add_test(tests, a_loop_passes_over_what_its_body_removes_ahead);
    tcase_add_test(tests, loops_nest_and_can_be_left);
    tcase_add_test(tests, a_safe_loop_may_remove_its_item);
    return suite;
}
