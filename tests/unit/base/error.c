/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/error.h"
#include "unit.h"

START_TEST(set_formats_and_returns_the_code)
{
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(err.code, 0);
    ck_assert_str_eq(err.message, "");
    ck_assert_int_eq(tb_error_set(&err, -ENOENT, "%s is %d", "x", 7), -ENOENT);
    ck_assert_int_eq(err.code, -ENOENT);
    ck_assert_str_eq(err.message, "x is 7");
    ck_assert_int_eq(tb_error_set(NULL, -EINVAL, "nobody reads this"), -EINVAL);
}
END_TEST

START_TEST(prefixes_gather_in_front)
{
    struct tb_error err = TB_ERROR_INIT;

    tb_error_set(&err, -EACCES, "no entry");
    ck_assert_int_eq(tb_error_prefix(&err, "file %d", 3), -EACCES);
    ck_assert_int_eq(tb_error_prefix(&err, "loading"), -EACCES);
    ck_assert_str_eq(err.message, "loading: file 3: no entry");
    ck_assert_int_eq(err.code, -EACCES);
}
END_TEST

START_TEST(a_long_message_is_cut)
{
    struct tb_error err = TB_ERROR_INIT;
    char text[2 * TB_ERROR_MESSAGE_MAX];

    memset(text, 'm', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    tb_error_set(&err, -EINVAL, "%s", text);
    ck_assert_uint_eq(strlen(err.message), TB_ERROR_MESSAGE_MAX - 1);
    ck_assert_int_eq(tb_error_prefix(&err, "front"), -EINVAL);
    ck_assert_uint_eq(strlen(err.message), TB_ERROR_MESSAGE_MAX - 1);
    ck_assert_int_eq(strncmp(err.message, "front: mmm", 10), 0);
}
END_TEST

/* Every length of prefix around the size of the message: cut, never beyond, and the prefix wins. */
START_TEST(a_long_prefix_is_cut)
{
    size_t length;

    for (length = TB_ERROR_MESSAGE_MAX - 12; length < TB_ERROR_MESSAGE_MAX + 4; length++) {
        struct tb_error err = TB_ERROR_INIT;
        char prefix[2 * TB_ERROR_MESSAGE_MAX];
        size_t kept = length < TB_ERROR_MESSAGE_MAX - 1 ? length : TB_ERROR_MESSAGE_MAX - 1;

        memset(prefix, 'p', length);
        prefix[length] = '\0';
        tb_error_set(&err, -EINVAL, "message");
        ck_assert_int_eq(tb_error_prefix(&err, "%s", prefix), -EINVAL);
        ck_assert_uint_lt(strlen(err.message), TB_ERROR_MESSAGE_MAX);
        ck_assert_int_eq(strncmp(err.message, prefix, kept), 0);
    }
}
END_TEST

START_TEST(a_cut_message_is_still_utf8)
{
    struct tb_error err = TB_ERROR_INIT;
    char text[TB_ERROR_MESSAGE_MAX + 100];
    size_t i;

    for (i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[i] = '\0';
    tb_error_set(&err, -EINVAL, "%s", text);
    ck_assert(unit_is_utf8(err.message));
    tb_error_set(&err, -EINVAL, "x%s", text);
    ck_assert(unit_is_utf8(err.message));
    tb_error_prefix(&err, "p");
    ck_assert(unit_is_utf8(err.message));
    tb_error_prefix(&err, "pp");
    ck_assert(unit_is_utf8(err.message));
}
END_TEST

UNIT_SUITE(error)
{
    TCase *tests;
    Suite *suite = unit_suite_create("error", &tests);

    tcase_add_test(tests, set_formats_and_returns_the_code);
    tcase_add_test(tests, prefixes_gather_in_front);
    tcase_add_test(tests, a_long_message_is_cut);
    tcase_add_test(tests, a_long_prefix_is_cut);
    tcase_add_test(tests, a_cut_message_is_still_utf8);
    return suite;
}
