/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"

START_TEST(characters_are_counted)
{
    ck_assert_int_eq(utf8_count("", 0), 0);
    ck_assert_int_eq(utf8_count("abc", 3), 3);
    ck_assert_int_eq(utf8_count("a\0c", 3), 3);
    ck_assert_int_eq(utf8_count("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 9), 3);
    ck_assert_int_eq(utf8_count("\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80", 9),
                     3); /* the lowest of each length */
    ck_assert_int_eq(utf8_count("\xdf\xbf\xed\x9f\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf", 12), 4); /* the highest */
    ck_assert_int_eq(utf8_count("\xee\x80\x80", 3), 1);
}
END_TEST

START_TEST(invalid_utf8_is_refused)
{
    static const char *const texts[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe2\x82",
        "\xe2(\xac",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x9f\x98",
        "\xf0\x9f\x98(",
        "\xff",
        "a\xfe",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++)
        ck_assert_msg(utf8_count(texts[i], strlen(texts[i])) == -EILSEQ, "text %zu", i);
    ck_assert_int_eq(utf8_count("\xc3\xbc", 1), -EILSEQ);
}
END_TEST

/* Any two to four bytes: jansson's opinion is the same. */
START_TEST(random_bytes_are_judged_as_jansson_does)
{
    int i;

    for (i = 0; i < 200000; i++) {
        char text[5] = {(char)(unit_random() | 0x80), (char)unit_random(), (char)unit_random(),
                        (char)unit_random(), 0};

        text[1 + unit_random() % 4] = '\0';
        ck_assert_int_eq(utf8_count(text, strlen(text)) >= 0, unit_is_utf8(text));
    }
}
END_TEST

START_TEST(a_byte_order_mark_has_three_bytes)
{
    ck_assert_uint_eq(utf8_mark_length("\xef\xbb\xbfx", 4), 3);
    ck_assert_uint_eq(utf8_mark_length("\xef\xbb\xbf", 3), 3);
    ck_assert_uint_eq(utf8_mark_length("\xef\xbb\xbf", 2), 0);
    ck_assert_uint_eq(utf8_mark_length("\xef\xbb\xbe", 3), 0);
    ck_assert_uint_eq(utf8_mark_length("", 0), 0);
}
END_TEST

START_TEST(controls_are_masked)
{
    static const char *const controls[] = {"\x01",         "\x1f",         "\x7f",
                                           "\xc2\x80",     "\xc2\x9f",     "\xe2\x80\xa8",
                                           "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"};
    static const char *const others[] = {" ",
                                         "~",
                                         "\xc2\xa0",
                                         "\xc3\x80",
                                         "\xe2\x80\xa7",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\xa5",
                                         "\xe2\x81\xaa",
                                         "\xe3\x80\xa8"};
    char text[8];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(controls); i++) {
        snprintf(text, sizeof(text), "%sb", controls[i]);
        utf8_mask(text);
        ck_assert_str_eq(text, "?b");
    }
    for (i = 0; i < ARRAY_SIZE(others); i++) {
        snprintf(text, sizeof(text), "%s", others[i]);
        utf8_mask(text);
        ck_assert_str_eq(text, others[i]);
    }
}
END_TEST

START_TEST(what_is_not_utf8_is_masked)
{
    static const char *const pairs[][2] = {
        {"gr\xfc\xdf", "gr??"},
        {"\xe6\x97\xa5 \xf0\x9f\x99\x82", "\xe6\x97\xa5 \xf0\x9f\x99\x82"},
        {"x\xe6\x97", "x??"},
        {"\xe2\x80", "??"},
        {"\xc2", "?"},
        {"\xe6\x97x", "??x"},
        {"\xc0\xaf \xed\xa0\x80", "?? ???"},
        {"\xf0\x9f\x99\n", "????"},
        {"", ""},
    };
    char text[32];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(pairs); i++) {
        snprintf(text, sizeof(text), "%s", pairs[i][0]);
        utf8_mask(text);
        ck_assert_str_eq(text, pairs[i][1]);
    }
}
END_TEST

UNIT_SUITE(utf8)
{
    TCase *tests;
    Suite *suite = unit_suite_create("utf8", &tests);

    tcase_add_test(tests, characters_are_counted);
    tcase_add_test(tests, invalid_utf8_is_refused);
    tcase_add_test(tests, random_bytes_are_judged_as_jansson_does);
    tcase_add_test(tests, a_byte_order_mark_has_three_bytes);
    tcase_add_test(tests, controls_are_masked);
    tcase_add_test(tests, what_is_not_utf8_is_masked);
    return suite;
}
