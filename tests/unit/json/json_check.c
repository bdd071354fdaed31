/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "unit.h"
#include "json/json_read.h"

/* Of exactly the text's length, for AddressSanitizer. */
static bool check(const char *text, size_t length, unsigned flags)
{
    char *copy = malloc(length + (length == 0));
    bool is_json;

    memcpy(copy, text, length);
    is_json = json_check(copy, length, flags);
    free(copy);
    return is_json;
}

static const char *const json[] = {
    "0",
    "-0",
    "1.5",
    "1E5",
    "-1.25e-7",
    "true",
    "false",
    "null",
    "\"\"",
    "[]",
    "{}",
    " \t\r\n[ ] ",
    "[1,2]",
    "[[],{},[{}]]",
    "{\"a\":1}",
    " { \"a\" : [ 1 , 2 ] , \"b\" : { } } ",
    "{\"\":{\"\":[[]]}}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uFFFF\"",
    "\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "\"]}\"",
    "{\"a\":1,\"a\":2}",
};

static const char *const no_json[] = {
    "",
    " ",
    "x",
    "01",
    "+1",
    "1.",
    ".5",
    "-",
    "1e",
    "0x1",
    "1 2",
    "tru",
    "True",
    "nullx",
    "NaN",
    "'a'",
    "\"",
    "\"a",
    "\"\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u123",
    "\"\n\"",
    "\"\x1f\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xc3\"",
    "\xef\xbb\xbf{}",
    "[",
    "{",
    "]",
    "}",
    "[}",
    "{]",
    "[1}",
    "{\"a\":1]",
    "[1,]",
    "[,1]",
    "[,]",
    "[1 2]",
    "[1,,2]",
    "[\"a\":1]",
    "{1}",
    "{1:2}",
    "{a:1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,2}",
    "[]]",
    "{}{}",
    "{}x",
    "[1]//",
    "/**/[1]",
};

START_TEST(what_is_json_and_what_is_not)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(json); i++)
        ck_assert_msg(check(json[i], strlen(json[i]), 0) &&
                          check(json[i], strlen(json[i]), JSON_CHECK_STORABLE),
                      "%s", json[i]);
    for (i = 0; i < ARRAY_SIZE(no_json); i++)
        ck_assert_msg(!check(no_json[i], strlen(no_json[i]), 0), "%s", no_json[i]);
    ck_assert(!json_check(NULL, 0, 0));
    ck_assert(!check("{}\0", 3, 0));
    ck_assert(!check("1\0", 2, 0));
    ck_assert(!check("\"\0\"", 3, 0));
}
END_TEST

static const char *const not_storable[] = {
    "\"\\u0000\"",         "{\"a\\u0000\":1}",         "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"",
    "\"\\ud83dx\\ude00\"", "\"\\ud83d\\ud83d\"",       "1e308",       "-1E308",      "1e400",
    "0.001e311",           "[1e99999999999999999999]",
};

static const char *const storable[] = {
    "\"\\ud83d\\ude00\"", "9.9e307", "0e999", "0.0e400", "1e-400", "12345678901234567890123", "\"\\u0001\"",
};

START_TEST(what_any_reader_can_hold)
{
    struct buf digits = BUF_INIT(1000);
    size_t i;

    for (i = 0; i < ARRAY_SIZE(not_storable); i++) {
        ck_assert_msg(check(not_storable[i], strlen(not_storable[i]), 0), "%s", not_storable[i]);
        ck_assert_msg(!check(not_storable[i], strlen(not_storable[i]), JSON_CHECK_STORABLE), "%s",
                      not_storable[i]);
    }
    for (i = 0; i < ARRAY_SIZE(storable); i++)
        ck_assert_msg(check(storable[i], strlen(storable[i]), JSON_CHECK_STORABLE), "%s", storable[i]);
    for (i = 1; i <= 309; i++) {
        buf_append(&digits, "9", 1);
        ck_assert_int_eq(check(digits.data, digits.len, JSON_CHECK_STORABLE), i <= 308);
    }
    buf_free(&digits);
}
END_TEST

static bool check_depth(size_t depth, char open, char close)
{
    char *text = malloc(5 * depth);
    size_t i, length = 0;
    bool is_json;

    for (i = 0; i < depth; i++) {
        text[length++] = open;
        if (open == '{' && i + 1 < depth) {
            memcpy(text + length, "\"\":", 3);
            length += 3;
        }
    }
    for (i = 0; i < depth; i++)
        text[length++] = close;
    is_json = check(text, length, 0);
    free(text);
    return is_json;
}

START_TEST(the_depth_is_bounded)
{
    ck_assert(check_depth(JSON_CHECK_DEPTH_MAX, '[', ']'));
    ck_assert(!check_depth(JSON_CHECK_DEPTH_MAX + 1, '[', ']'));
    ck_assert(check_depth(JSON_CHECK_DEPTH_MAX, '{', '}'));
    ck_assert(!check_depth(JSON_CHECK_DEPTH_MAX + 1, '{', '}'));
    ck_assert(!check_depth(1000000, '[', ']'));
}
END_TEST

/* Every text that is cut or changed in one place: jansson, with what json_read() puts in quotes for it, says
 * the same. */
START_TEST(jansson_agrees)
{
    static const char signs[] = "\"\\{}[],: \n-0.e1tufx\xc3\xa9\x01";
    char text[200];
    int i;

    for (i = 0; i < 200000; i++) {
        const char *from = json[unit_random() % ARRAY_SIZE(json)];
        size_t length = strlen(from), n = 1 + unit_random() % 3;
        json_t *read;

        memcpy(text, from, length);
        while (length > 0 && n-- > 0)
            text[unit_random() % length] = signs[unit_random() % (sizeof(signs) - 1)];
        length -= length > 0 && unit_random() % 4 == 0;
        read = json_read(text, length, 0, NULL);
        ck_assert_msg(json_check(text, length, 0) == (read != NULL), "%.*s", (int)length, text);
        json_decref(read);
    }
}
END_TEST

UNIT_SUITE(json_check)
{
    TCase *tests;
    Suite *suite = unit_suite_create("json_check", &tests);

    tcase_add_test(tests, what_is_json_and_what_is_not);
    tcase_add_test(tests, what_any_reader_can_hold);
    tcase_add_test(tests, the_depth_is_bounded);
    tcase_add_test(tests, jansson_agrees);
    return suite;
}
