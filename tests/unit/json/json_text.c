/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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

static void assert_part(struct json_part part, const char *expected)
{
    ck_assert_msg(part.length == strlen(expected) && memcmp(part.text, expected, part.length) == 0,
                  "%.*s is not %s", (int)part.length, part.text, expected);
}

START_TEST(elements_and_members_in_their_order)
{
    static const char array[] = " [ 1 ,[2,3], {\"a\":[]} ,\"]\"] ",
                      object[] = "{ \"a\" : 1 ,\"b\":{\"c\":2}}";
    struct json_part whole = json_text_value(array, strlen(array)), name, value;
    const char *at = whole.text, *end = array + strlen(array);
    static const char *const elements[] = {"1", "[2,3]", "{\"a\":[]}", "\"]\""};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(elements); i++) {
        ck_assert(json_text_next_element(&at, end, &value));
        assert_part(value, elements[i]);
    }
    ck_assert(!json_text_next_element(&at, end, &value));
    at = object;
    end = object + strlen(object);
    ck_assert(json_text_next_member(&at, end, &name, &value));
    assert_part(name, "\"a\"");
    assert_part(value, "1");
    ck_assert(json_text_next_member(&at, end, &name, &value));
    assert_part(name, "\"b\"");
    assert_part(value, "{\"c\":2}");
    ck_assert(!json_text_next_member(&at, end, &name, &value));
}
END_TEST

START_TEST(nothing_is_in_what_is_empty)
{
    static const char *const empty[] = {"[]", " [ ] ", "{}", " {\n}"};
    struct json_part name, value;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(empty); i++) {
        const char *at = empty[i], *end = at + strlen(at);

        ck_assert(!json_text_next_element(&at, end, &value));
        at = empty[i];
        ck_assert(!json_text_next_member(&at, end, &name, &value));
    }
}
END_TEST

/* The value called "key"; NULL: R. */
static const struct {
    const char *object, *value;
    int r;
} members[] = {
    {"{\"key\":1}", "1", 0},
    {" { \"a\":{\"key\":2} , \"key\" : [1] } ", "[1]", 0},
    {"{\"\\u006bey\":1}", "1", 0},
    {"{\"\\u006B\\u0065\\u0079\":\"x\"}", "\"x\"", 0},
    {"{}", NULL, -ENOENT},
    {"{\"a\":{\"key\":2}}", NULL, -ENOENT},
    {"{\"ke\":1,\"keys\":2,\"\":3}", NULL, -ENOENT},
    {"{\"key\\u0000\":1}", NULL, -ENOENT},
    {"{\"key\\\\\":1}", NULL, -ENOENT},
    {"{\"\\u016bey\":1}", NULL, -ENOENT},
    {"[\"key\",1]", NULL, -ENOENT},
    {"\"key\"", NULL, -ENOENT},
    {"1", NULL, -ENOENT},
    {"{\"key\":1,\"key\":1}", NULL, -EEXIST},
    {"{\"key\":1,\"a\":0,\"\\u006bey\":2}", NULL, -EEXIST},
    {"{\"Key\":1}", NULL, -EEXIST},
    {"{\"key\":1,\"KEY\":2}", NULL, -EEXIST},
    {"{\"\\u004bey\":1,\"key\":2}", NULL, -EEXIST},
};

START_TEST(a_member_by_its_name)
{
    struct json_part value = {NULL, 0};
    int r = json_text_member(json_text_value(members[_i].object, strlen(members[_i].object)), "key", &value);

    ck_assert_msg(r == members[_i].r, "%s: %d", members[_i].object, r);
    if (r == 0)
        assert_part(value, members[_i].value);
}
END_TEST

START_TEST(a_string_as_text)
{
    static const struct {
        const char *value, *text;
    } strings[] = {
        {"\"\"", ""},
        {"\"a\\u0062\\n\"", "ab\n"},
        {"\"\\u00e9\"", "\xc3\xa9"},
        {"\"\\u0000\"", NULL},
        {"\"\\ud83d\"", NULL},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"1", NULL},
        {"null", NULL},
        {"[\"a\"]", NULL},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        char *text = json_text_string((struct json_part){strings[i].value, strlen(strings[i].value)});

        ck_assert_pstr_eq(text, strings[i].text);
        free(text);
    }
}
END_TEST

START_TEST(a_string_without_its_escapes)
{
    static const struct {
        const char *string, *text;
    } strings[] = {
        {"\"\"", ""},
        {"\"a\xc3\xa9\"", "a\xc3\xa9"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
        {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\"\\ud800x\\udc00\"", "\xed\xa0\x80x\xed\xb0\x80"},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        struct json_part part = {strings[i].string, strlen(strings[i].string)};
        char *out = malloc(part.length);
        size_t length = json_text_decode(part, out);

        ck_assert_msg(length == strlen(strings[i].text) && memcmp(out, strings[i].text, length) == 0,
                      "%s: %.*s", strings[i].string, (int)length, out);
        free(out);
    }
}
END_TEST

START_TEST(code_units)
{
    static const char text[] = "\\u00eF", bad[] = "\\u00g0";

    ck_assert_int_eq(json_text_unit(text, text + 6), 0xef);
    ck_assert_int_eq(json_text_unit(text, text + 5), -1);
    ck_assert_int_eq(json_text_unit(text + 1, text + 6), -1);
    ck_assert_int_eq(json_text_unit(bad, bad + 6), -1);
}
END_TEST

UNIT_SUITE(json_text)
{
    TCase *tests;
    Suite *suite = unit_suite_create("json_text", &tests);

    tcase_add_loop_test(tests, the_end_of_a_value_is_found, 0, (int)ARRAY_SIZE(values));
    tcase_add_test(tests, blanks_are_skipped);
    tcase_add_test(tests, elements_and_members_in_their_order);
    tcase_add_test(tests, nothing_is_in_what_is_empty);
    tcase_add_loop_test(tests, a_member_by_its_name, 0, (int)ARRAY_SIZE(members));
    tcase_add_test(tests, a_string_as_text);
    tcase_add_test(tests, a_string_without_its_escapes);
    tcase_add_test(tests, code_units);
    return suite;
}
