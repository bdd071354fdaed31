/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/idle_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proxy/exchange/header_room.h"
#include "unit.h"

#define LENGTH ((size_t)CONNECTION_MEMORY_BYTES)

/* Memory that has been used and contains zeroes again, with an unreadable page behind it. */
static char *memory_new(void)
{
    char *memory = mmap(NULL, LENGTH + (size_t)getpagesize(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    ck_assert_int_eq(mprotect(memory + LENGTH, (size_t)getpagesize(), PROT_NONE), 0);
    memset(memory, 'x', LENGTH);
    memset(memory, 0, LENGTH);
    return memory;
}

static void memory_free(char *memory)
{
    munmap(memory, LENGTH + (size_t)getpagesize());
}

static size_t resident_pages(char *memory)
{
    unsigned char pages[CONNECTION_MEMORY_BYTES / 4096];
    size_t count = LENGTH / (size_t)getpagesize(), resident = 0, i;

    ck_assert_int_eq(mincore(memory, LENGTH, pages), 0);
    for (i = 0; i < count; i++)
        resident += pages[i] & 1;
    return resident;
}

/* qemu's emulation of a user process has no process_vm_readv(): there, nothing is given back. */
static bool memory_can_be_looked_at(void)
{
    char from = 'x', to;
    struct iovec local = {&to, 1}, remote = {&from, 1};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 || errno != ENOSYS;
}

START_TEST(zeroes_are_given_back_and_remain)
{
    char *memory = memory_new();
    size_t i;

    ck_assert_uint_eq(resident_pages(memory), LENGTH / (size_t)getpagesize());
    idle_memory_give_back(memory);
    if (memory_can_be_looked_at())
        ck_assert_uint_eq(resident_pages(memory), 0);
    for (i = 0; i < LENGTH; i++)
        ck_assert_int_eq(memory[i], 0);
    memory_free(memory);
}
END_TEST

START_TEST(anything_else_stays)
{
    static const size_t places[] = {0, 1, 4095, 4096, LENGTH / 2, LENGTH - 1};
    char *memory = memory_new();

    memory[places[_i]] = 'x';
    idle_memory_give_back(memory);
    ck_assert_int_eq(memory[places[_i]], 'x');
    memory_free(memory);
}
END_TEST

START_TEST(what_cannot_be_read_is_left_alone)
{
    char *memory = memory_new();

    idle_memory_give_back(memory + getpagesize());
    ck_assert_uint_eq(resident_pages(memory), LENGTH / (size_t)getpagesize());
    memory_free(memory);
    idle_memory_give_back(memory);
    idle_memory_give_back(NULL);
}
END_TEST

START_TEST(only_whole_pages_are_given_back)
{
    char *memory = memory_new();

    idle_memory_give_back(memory + 16); /* it would end within the unreadable page */
    if (memory_can_be_looked_at())
        ck_assert_uint_eq(resident_pages(memory), 1);
    memory_free(memory);
}
END_TEST

UNIT_SUITE(idle_memory)
{
    TCase *tests;
    Suite *suite = unit_suite_create("idle_memory", &tests);

    tcase_add_test(tests, zeroes_are_given_back_and_remain);
    tcase_add_loop_test(tests, anything_else_stays, 0, 6);
    tcase_add_test(tests, what_cannot_be_read_is_left_alone);
    tcase_add_test(tests, only_whole_pages_are_given_back);
    return suite;
}
