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

START_TEST(removing_anywhere_and_twice)
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

START_TEST(taking_all)
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

UNIT_SUITE(list)
{
    TCase *tests;
    Suite *suite = unit_suite_create("list", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, items_stay_in_order);
    tcase_add_test(tests, removing_anywhere_and_twice);
    tcase_add_test(tests, taking_all);
    return suite;
}
