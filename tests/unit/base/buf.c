/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>

#include "base/buf.h"
#include "unit.h"

START_TEST(zeroed_memory_is_an_empty_buffer)
{
    struct buf buf = {.max = 3};

    buf_clear(&buf);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(buf_append(&buf, "abc", 3), 0);
    ck_assert_str_eq(buf.data, "abc");
    buf_free(&buf);
}
END_TEST

START_TEST(appends_join_and_end_in_nul)
{
    struct buf buf = BUF_INIT(100);

    ck_assert_int_eq(buf_append(&buf, "a\0b", 3), 0);
    ck_assert_int_eq(buf_append_string(&buf, "cd"), 0);
    ck_assert_int_eq(buf_append_format(&buf, "%d-%s", 42, "x"), 0);
    ck_assert_uint_eq(buf.len, 9);
    ck_assert_mem_eq(buf.data, "a\0bcd42-x", 10);
    buf_free(&buf);
}
END_TEST

START_TEST(an_empty_append_makes_an_empty_string)
{
    struct buf buf = BUF_INIT(0);

    ck_assert_int_eq(buf_append(&buf, NULL, 0), 0);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_str_eq(buf.data, "");
    ck_assert_int_eq(buf_append(&buf, "x", 1), -EMSGSIZE);
    ck_assert_str_eq(buf.data, "");
    buf_free(&buf);
}
END_TEST

/* One way of appending N bytes at a time. */
static int append_n(struct buf *buf, const char *text, size_t n, int way)
{
    char copy[64];

    memcpy(copy, text, n);
    copy[n] = '\0';
    switch (way) {
    case 0:
        return buf_append(buf, copy, n);
    case 1:
        return buf_append_string(buf, copy);
    default:
        return buf_append_format(buf, "%s", copy);
    }
}

START_TEST(the_maximum_is_reached_and_not_passed)
{
    static const char text[] = "0123456789abcdef";
    size_t first, n;

    for (first = 0; first <= 10; first++)
        for (n = 0; first + n <= 12; n++) {
            struct buf buf = BUF_INIT(10);
            bool fits = first + n <= 10;

            ck_assert_int_eq(append_n(&buf, text, first, _i), 0);
            ck_assert_int_eq(append_n(&buf, text + first, n, _i), fits ? 0 : -EMSGSIZE);
            ck_assert_uint_eq(buf.len, fits ? first + n : first);
            ck_assert_mem_eq(buf.data, text, buf.len);
            ck_assert_int_eq(buf.data[buf.len], '\0');
            buf_free(&buf);
        }
}
END_TEST

START_TEST(a_length_beyond_all_memory_is_refused)
{
    struct buf buf = BUF_INIT(100);

    ck_assert_int_eq(buf_append_string(&buf, "keep"), 0);
    ck_assert_int_eq(buf_append(&buf, "x", SIZE_MAX), -EMSGSIZE);
    ck_assert_int_eq(buf_append(&buf, "x", SIZE_MAX - 4), -EMSGSIZE);
    ck_assert_str_eq(buf.data, "keep");
    buf_free(&buf);
}
END_TEST

START_TEST(growing_keeps_the_bytes)
{
    struct buf buf = BUF_INIT(100000);
    size_t i;

    for (i = 0; i < buf.max; i++)
        ck_assert_int_eq(buf_append(&buf, (unsigned char[]){(unsigned char)(i * 7)}, 1), 0);
    ck_assert_int_eq(buf_append(&buf, "x", 1), -EMSGSIZE);
    ck_assert_uint_eq(buf.len, 100000);
    for (i = 0; i < buf.len; i++)
        ck_assert_uint_eq((unsigned char)buf.data[i], (unsigned char)(i * 7));
    ck_assert_int_eq(buf.data[buf.len], '\0');
    buf_free(&buf);
}
END_TEST

START_TEST(a_long_format_fits)
{
    struct buf buf = BUF_INIT(5000);

    ck_assert_int_eq(buf_append_format(&buf, "%4999d|", 7), 0);
    ck_assert_uint_eq(buf.len, 5000);
    ck_assert_str_eq(buf.data + 4997, " 7|");
    buf_free(&buf);
}
END_TEST

START_TEST(clear_keeps_the_memory)
{
    struct buf buf = BUF_INIT(100);
    size_t capacity;

    ck_assert_int_eq(buf_append_string(&buf, "first"), 0);
    capacity = buf.capacity;
    buf_clear(&buf);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_uint_eq(buf.capacity, capacity);
    ck_assert_str_eq(buf.data, "");
    ck_assert_int_eq(buf_append_string(&buf, "2nd"), 0);
    ck_assert_str_eq(buf.data, "2nd");
    buf_free(&buf);
}
END_TEST

START_TEST(freed_buffers_are_usable_again)
{
    struct buf buf = BUF_INIT(10);
    int round;

    for (round = 0; round < 4; round++) {
        ck_assert_int_eq(buf_append_string(&buf, "0123456789"), 0);
        if (round % 2)
            buf_free(&buf);
        else
            buf_free_secret(&buf);
        ck_assert_ptr_null(buf.data);
        ck_assert_uint_eq(buf.len, 0);
        ck_assert_uint_eq(buf.max, 10);
    }
    buf_free(&buf);
    buf_free_secret(&buf);
}
END_TEST

UNIT_SUITE(buf)
{
    TCase *tests;
    Suite *suite = unit_suite_create("buf", &tests);

    tcase_add_test(tests, zeroed_memory_is_an_empty_buffer);
    tcase_add_test(tests, appends_join_and_end_in_nul);
    tcase_add_test(tests, an_empty_append_makes_an_empty_string);
    tcase_add_loop_test(tests, the_maximum_is_reached_and_not_passed, 0, 3);
    tcase_add_test(tests, a_length_beyond_all_memory_is_refused);
    tcase_add_test(tests, growing_keeps_the_bytes);
    tcase_add_test(tests, a_long_format_fits);
    tcase_add_test(tests, clear_keeps_the_memory);
    tcase_add_test(tests, freed_buffers_are_usable_again);
    return suite;
}
