/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/fifo.h"
#include "unit.h"

#define MAX 10

static struct fifo fifo;

static void set_up(void)
{
    fifo = (struct fifo)FIFO_INIT(MAX);
}

static void tear_down(void)
{
    fifo_free(&fifo);
}

static void append(const char *text)
{
    ck_assert_int_eq(fifo_append(&fifo, text, strlen(text)), 0);
}

static void check_waiting(const char *text)
{
    ck_assert_uint_eq(fifo_length(&fifo), strlen(text));
    ck_assert_int_eq(fifo_is_empty(&fifo), *text == '\0');
    ck_assert_mem_eq(fifo_data(&fifo), text, strlen(text));
}

START_TEST(bytes_leave_in_the_order_in_which_they_came)
{
    char data[MAX];

    check_waiting("");
    append("abc");
    append("");
    append("de");
    check_waiting("abcde");
    fifo_consume(&fifo, 0);
    fifo_consume(&fifo, 2);
    check_waiting("cde");
    append("f");
    ck_assert_uint_eq(fifo_read(&fifo, data, 3), 3);
    ck_assert_mem_eq(data, "cde", 3);
    ck_assert_uint_eq(fifo_read(&fifo, data, sizeof(data)), 1);
    ck_assert_mem_eq(data, "f", 1);
    ck_assert_uint_eq(fifo_read(&fifo, data, sizeof(data)), 0);
    check_waiting("");
}
END_TEST

START_TEST(the_maximum_counts_what_waits)
{
    append("0123456789");
    ck_assert_int_eq(fifo_append(&fifo, "x", 1), -EMSGSIZE);
    check_waiting("0123456789");
    fifo_consume(&fifo, 1);
    ck_assert_int_eq(fifo_append(&fifo, "xy", 2), -EMSGSIZE);
    append("x");
    check_waiting("123456789x");
    fifo_consume(&fifo, 9); /* now it is moved to the front */
    ck_assert_int_eq(fifo_append(&fifo, "0123456789", 10), -EMSGSIZE);
    append("012345678");
    check_waiting("x012345678");
}
END_TEST

START_TEST(an_empty_one_has_no_memory)
{
    append("abc");
    fifo_consume(&fifo, 3);
    ck_assert_ptr_null(fifo.bytes.data);
    append("0123456789");
    check_waiting("0123456789");
    fifo_free(&fifo);
    check_waiting("");
    ck_assert_ptr_null(fifo.bytes.data);
    append("abc");
}
END_TEST

START_TEST(a_tail_is_bounded_like_append)
{
    append("abcdef");
    fifo_consume(&fifo, 2);
    ck_assert_int_eq(buf_append(fifo_tail(&fifo), "0123456", 7), -EMSGSIZE);
    check_waiting("cdef");
    ck_assert_int_eq(buf_append_format(fifo_tail(&fifo), "%06d", 7), 0);
    check_waiting("cdef000007");
    ck_assert_int_eq(buf_append(fifo_tail(&fifo), "x", 1), -EMSGSIZE);
}
END_TEST

/* Against a copy of all bytes; with a maximum that the memory passes several times. */
START_TEST(any_order_of_calls_keeps_the_bytes_and_bounds_the_memory)
{
    static char sent[200000];
    size_t in = 0, out = 0, i;

    fifo.max = 1000;
    for (i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 7 + i / 251);
    for (i = 0; in < sizeof(sent) - 400; i++) {
        size_t length = i * 37 % 400, gone;

        if (in - out + length <= fifo.max) {
            ck_assert_int_eq(fifo_append(&fifo, sent + in, length), 0);
            in += length;
        } else {
            ck_assert_int_eq(fifo_append(&fifo, sent + in, length), -EMSGSIZE);
        }
        gone = i * 53 % 400 < in - out ? i * 53 % 400 : in - out;
        fifo_consume(&fifo, gone);
        out += gone;
        ck_assert_uint_eq(fifo_length(&fifo), in - out);
        ck_assert_mem_eq(fifo_data(&fifo), sent + out, in - out);
        ck_assert_uint_le(fifo.bytes.capacity, 4 * fifo.max + 256);
    }
}
END_TEST

UNIT_SUITE(fifo)
{
    TCase *tests;
    Suite *suite = unit_suite_create("fifo", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, bytes_leave_in_the_order_in_which_they_came);
    tcase_add_test(tests, the_maximum_counts_what_waits);
    tcase_add_test(tests, an_empty_one_has_no_memory);
    tcase_add_test(tests, a_tail_is_bounded_like_append);
    tcase_add_test(tests, any_order_of_calls_keeps_the_bytes_and_bounds_the_memory);
    return suite;
}
