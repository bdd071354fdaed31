/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"
#include "json/json_read.h"

static bool check(const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1); /* of its very length, for the address sanitizer */
    bool is;

    memcpy(copy, text, length);
    is = json_check(copy, length);
    free(copy);
    return is;
}

static const char *const valid[] = {
    "1",
    " -0.5e+7\r\n",
    "1e999",
    "89010303310033979663",
    "true",
    "\tfalse",
    "null ",
    "\"\"",
    "\"\\u0000\\ud83d\\\"\"",
    "\"\xc3\xa9\"",
    "[]",
    "{ }",
    "[ [ ] , [1,{}] ]",
    "{\"a\" : {\"b\":[1,2,\"c\"]} , \"\":null,\"a\":[{}]}",
};

static const char *const invalid[] = {
    "",
    " ",
    "nul",
    "truefalse",
    "01",
    "1.",
    "-",
    "+1",
    "1 2",
    "\"",
    "\"\\q\"",
    "\"\n\"",
    "\"\xff\"",
    "\"\\u00g0\"",
    "[",
    "]",
    "[1",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{1:2}",
    "{a:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\",1}",
    "[]]",
    "\xef\xbb\xbf[]",
    "{\"a\":1}x",
    "'a'",
    "[1]//",
    "NaN",
};

START_TEST(json_is_known)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(valid); i++)
        ck_assert_msg(check(valid[i], strlen(valid[i])), "%s", valid[i]);
    for (i = 0; i < ARRAY_SIZE(invalid); i++)
        ck_assert_msg(!check(invalid[i], strlen(invalid[i])), "%s", invalid[i]);
    ck_assert(!check("1\0", 2));
    ck_assert(!check("[\0]", 3));
}
END_TEST

/* DEPTH arrays, the innermost with a scalar or empty. */
static bool check_depth(size_t depth, bool is_empty)
{
    char text[2 * JSON_CHECK_DEPTH + 16];
    json_t *value;
    bool is;

    memset(text, '[', depth);
    text[depth] = is_empty ? ' ' : '1';
    memset(text + depth + 1, ']', depth);
    is = check(text, 2 * depth + 1);
    value = json_read(text, 2 * depth + 1, 0, NULL);
    ck_assert_int_eq(is, value != NULL);
    json_decref(value);
    return is;
}

START_TEST(the_depth_is_bounded_as_jansson_bounds_it)
{
    ck_assert(check_depth(JSON_CHECK_DEPTH, true));
    ck_assert(!check_depth(JSON_CHECK_DEPTH + 1, true));
    ck_assert(check_depth(JSON_CHECK_DEPTH - 1, false));
    ck_assert(!check_depth(JSON_CHECK_DEPTH, false));
}
END_TEST

/* Replaces, removes or repeats a byte. */
static size_t change(char *text, size_t length)
{
    static const char bytes[] = "{}[]\",:\\u0019.eE+- \tntf\xc3\xa9";
    size_t at = length > 0 ? unit_random() % length : 0;

    switch (length > 0 ? unit_random() % 3 : 2) {
    case 0:
        text[at] = bytes[unit_random() % (sizeof(bytes) - 1)];
        return length;
    case 1:
        memmove(text + at, text + at + 1, length - at - 1);
        return length - 1;
    default:
        memmove(text + at + 1, text + at, length - at);
        text[at] = bytes[unit_random() % (sizeof(bytes) - 1)];
        return length + 1;
    }
}

START_TEST(it_is_what_json_read_accepts)
{
    int round, changes;

    for (round = 0; round < unit_rounds(200000); round++) {
        char text[100];
        const char *from = valid[unit_random() % ARRAY_SIZE(valid)];
        size_t length = strlen(from);
        json_t *value;

        memcpy(text, from, length);
        for (changes = (int)(unit_random() % 4); changes > 0; changes--)
            length = change(text, length);
        value = json_read(text, length, 0, NULL);
        if (check(text, length) != (value != NULL))
            ck_abort_msg("%.*s", (int)length, text);
        json_decref(value);
    }
}
END_TEST

UNIT_SUITE(json_check)
{
    TCase *tests;
    Suite *suite = unit_suite_create("json_check", &tests);

    tcase_add_test(tests, json_is_known);
    tcase_add_test(tests, the_depth_is_bounded_as_jansson_bounds_it);
    tcase_add_test(tests, it_is_what_json_read_accepts);
    return suite;
}
