/* SPDX-License-Identifier: Apache-2.0 */
#include "client/arena.h"

#include <errno.h>

#include <tbclient/value.h>

#include "unit.h"

START_TEST(null_can_be_freed)
{
    tb_free(NULL);
}
END_TEST

START_TEST(the_first_allocation_frees_all)
{
    struct arena *arena;
    json_t *owned = json_string("kept");
    void *memory;
    int i;

    ck_assert_int_eq(arena_create(40, 1 << 24, json_incref(owned), &arena), 0);
    for (i = 0; i < 10000; i++) {
        size_t size = unit_random() % (i % 100 == 0 ? 20000 : 200);
        static const char zeros[20000];

        ck_assert_int_eq(arena_alloc(arena, size, &memory), 0);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % _Alignof(int64_t), 0);
        ck_assert_mem_eq(memory, zeros, size);
        memset(memory, 0xff, size); /* the next one must be zeroed again */
    }
    ck_assert_uint_eq(owned->refcount, 2);
    tb_free(arena_value(arena));
    ck_assert_uint_eq(owned->refcount, 1);
    json_decref(owned);
}
END_TEST

START_TEST(the_maximum_of_one_block)
{
    struct arena *arena;
    void *memory;

    ck_assert_int_eq(arena_create(65, 64, NULL, &arena), -EMSGSIZE);
    ck_assert_int_eq(arena_create(SIZE_MAX, SIZE_MAX, NULL, &arena), -EMSGSIZE);
    ck_assert_int_eq(arena_create(64, 64, NULL, &arena), 0);
    ck_assert_int_eq(arena_alloc(arena, 0, &memory), 0);
    ck_assert_int_eq(arena_alloc(arena, 1, &memory), -EMSGSIZE);
    tb_free(arena_value(arena));
}
END_TEST

START_TEST(the_maximum_of_all_blocks)
{
    struct arena *arena;
    void *memory;

    ck_assert_int_eq(arena_create(4096, 100000, NULL, &arena), 0);
    ck_assert_int_eq(arena_alloc(arena, 50000, &memory), 0);
    ck_assert_int_eq(arena_alloc(arena, 45912, &memory), -EMSGSIZE);
    ck_assert_int_eq(arena_alloc(arena, 45904, &memory), 0);
    memset(memory, 1, 45904);
    ck_assert_int_eq(arena_alloc(arena, 8, &memory), -EMSGSIZE);
    ck_assert_int_eq(arena_alloc(arena, SIZE_MAX, &memory), -EMSGSIZE);
    ck_assert_int_eq(arena_alloc(arena, SIZE_MAX / 2, &memory), -EMSGSIZE);
    tb_free(arena_value(arena));
}
END_TEST

UNIT_SUITE(arena)
{
    TCase *tests;
    Suite *suite = unit_suite_create("arena", &tests);

    tcase_add_test(tests, null_can_be_freed);
    tcase_add_test(tests, the_first_allocation_frees_all);
    tcase_add_test(tests, the_maximum_of_one_block);
    tcase_add_test(tests, the_maximum_of_all_blocks);
    return suite;
}
