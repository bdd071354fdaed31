/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"
#include "json/json_text.h"

static const char *const values[] = {
    "1",
    "-0.5e+7",
    "true",
    "null",
    "\"\"",
    "\"a\"",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"]\"",
    "\"}, {\"",
    "\"\\u0022\"",
    "\"\xc3\xa9\"",
    "[]",
    "{}",
    "[[],[]]",
    "[ \"]\" , 2 ]",
    "{\"a\":{\"}\":[{}]}}",
    "{\"\\\"}\":\"{\"}",
    "[\"\\\\\",\"\\\\\\\"]\"]",
};

/* What may stand behind a value. */
static const char *const behind[] = {"", ",1", "]", "}", " ", "\t]", "\r", "\n", " , \"x\":2}"};

START_TEST(the_end_of_a_value_is_found)
{
    size_t length = strlen(values[_i]), i;

    for (i = 0; i < ARRAY_SIZE(behind); i++) {
        size_t whole = length + strlen(behind[i]);
        char *text = malloc(whole); /* of its very length, for the address sanitizer */

        memcpy(text, values[_i], length);
        memcpy(text + length, behind[i], whole - length);
        ck_assert_int_eq(json_text_value_end(text, text + whole) - text, (int)length);
        free(text);
    }
}
END_TEST

START_TEST(blanks_are_skipped)
{
    static const char text[] = " \t\r\n x ";

    ck_assert_ptr_eq(json_text_skip_blanks(text, text + 7), text + 5);
    ck_assert_ptr_eq(json_text_skip_blanks(text, text + 3), text + 3);
    ck_assert_ptr_eq(json_text_skip_blanks(text + 5, text + 7), text + 5);
    ck_assert_ptr_eq(json_text_skip_blanks(text + 7, text + 7), text + 7);
}
END_TEST

UNIT_SUITE(json_text)
{
    TCase *tests;
    Suite *suite = unit_suite_create("json_text", &tests);

    tcase_add_loop_test(tests, the_end_of_a_value_is_found, 0, (int)ARRAY_SIZE(values));
    tcase_add_test(tests, blanks_are_skipped);
    return suite;
}
