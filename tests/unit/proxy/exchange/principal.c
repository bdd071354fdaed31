/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/principal.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

#define NOW_MS      INT64_C(1000000)
#define INTERVAL_MS (1000 / PRINCIPAL_HANDSHAKES_PER_SECOND)
#define MAX_MS      30000

static struct principals principals;

static void set_up(void)
{
    memset(&principals, 0, sizeof(principals));
    principals_open(&principals);
}

static void tear_down(void)
{
    principals_close(&principals);
    ck_assert(list_is_empty(&principals.list));
}

START_TEST(a_user_is_one_principal)
{
    struct principal *alice = principal_get(&principals, 1000, NOW_MS);
    struct principal *unknown = principal_get(&principals, PRINCIPAL_UNKNOWN, NOW_MS);
    struct principal *root = principal_get(&principals, 0, NOW_MS);

    ck_assert_ptr_eq(principal_get(&principals, 1000, NOW_MS), alice);
    ck_assert_ptr_ne(unknown, root);
    principal_release(alice);
    principal_release(alice);
    principal_release(unknown);
    principal_release(root);
    ck_assert(list_is_empty(&principals.list));
}
END_TEST

START_TEST(keys_are_told_apart)
{
    struct principal unknown = {.user = PRINCIPAL_UNKNOWN}, root = {.user = 0}, last = {.user = UINT32_MAX};
    uint64_t keys[] = {principal_key(&unknown, false), principal_key(&unknown, true),
                       principal_key(&root, false),    principal_key(&root, true),
                       principal_key(&last, false),    principal_key(&last, true)};
    size_t i, k;

    for (i = 0; i < ARRAY_SIZE(keys); i++)
        for (k = 0; k < i; k++)
            ck_assert_uint_ne(keys[i], keys[k]);
}
END_TEST

START_TEST(names)
{
    char name[PRINCIPAL_NAME_MAX];

    principal_name(UINT32_MAX, name, sizeof(name));
    ck_assert_str_eq(name, "uid:4294967295");
    principal_name(PRINCIPAL_UNKNOWN, name, sizeof(name));
    ck_assert_str_eq(name, "unknown");
}
END_TEST

START_TEST(handshakes_have_a_pace)
{
    struct principal *alice = principal_get(&principals, 1000, NOW_MS);
    int64_t i;

    for (i = 0; i < PRINCIPAL_HANDSHAKES; i++)
        ck_assert_int_eq(principal_next_handshake_ms(alice, NOW_MS, MAX_MS), 0);
    for (i = 1; i <= MAX_MS / INTERVAL_MS; i++)
        ck_assert_int_eq(principal_next_handshake_ms(alice, NOW_MS, MAX_MS), i * INTERVAL_MS);
    ck_assert_int_eq(principal_next_handshake_ms(alice, NOW_MS, MAX_MS), -EBUSY);
    ck_assert_int_eq(principal_next_handshake_ms(alice, NOW_MS + MAX_MS, MAX_MS), INTERVAL_MS);
    principal_release(alice);
}
END_TEST

/* Otherwise closing everything would be a way around the pace. */
START_TEST(the_pace_is_remembered)
{
    struct principal *alice = principal_get(&principals, 1000, NOW_MS);
    int64_t due_ms;

    while (principal_next_handshake_ms(alice, NOW_MS, 0) == 0)
        ;
    due_ms = alice->handshakes.due_ns / BUCKET_NS_PER_MS;
    principal_release(alice);
    ck_assert_ptr_eq(principal_get(&principals, 1000, NOW_MS), alice);
    ck_assert_int_eq(principal_next_handshake_ms(alice, NOW_MS, 0), -EBUSY);
    principal_release(alice);
    principal_release(principal_get(&principals, 1001, due_ms - 1));
    ck_assert(!list_is_empty(&principals.list));
    principal_release(principal_get(&principals, 1001, due_ms)); /* now it is forgotten */
    ck_assert(list_is_empty(&principals.list));
}
END_TEST

UNIT_SUITE(principal)
{
    TCase *tests;
    Suite *suite = unit_suite_create("principal", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_user_is_one_principal);
    tcase_add_test(tests, keys_are_told_apart);
    tcase_add_test(tests, names);
    tcase_add_test(tests, handshakes_have_a_pace);
    tcase_add_test(tests, the_pace_is_remembered);
    return suite;
}
