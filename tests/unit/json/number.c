/* SPDX-License-Identifier: Apache-2.0 */
#include "json/number.h"
#include "json/number_text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tbclient/value.h>

#include "base/util.h"
#include "unit.h"

START_TEST(the_length_of_a_number)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        {"0", 1},   {"-0", 2},  {"10", 2},    {"1.5", 3},      {"-1.5e-7", 7}, {"1E+400", 6},
        {"0e0", 3}, {"1,2", 1}, {"0.10]", 4}, {"", 0},         {"-", 0},       {"01", 0},
        {"-01", 0}, {".5", 0},  {"1.", 0},    {"1.e5", 0},     {"1e", 0},      {"1e+", 0},
        {"+1", 0},  {"--1", 0}, {"e5", 0},    {"Infinity", 0}, {"\"1\"", 0},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t size = strlen(rows[i].text);
        char *text = malloc(size + 1); /* of its very length, for the address sanitizer */

        memcpy(text, rows[i].text, size);
        text = realloc(text, size ? size : 1);
        ck_assert_msg(number_length(text, text + size) == rows[i].length, "%s", rows[i].text);
        free(text);
    }
}
END_TEST

/* Found by fuzz_url: a program may put the mark of what is verbatim before any text. */
START_TEST(only_a_number_is_one)
{
    static const char *const texts[] = {"", "2/../x", "1 ", "1e", "\"1\"", "abc"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        char text[32];
        json_t *value;

        snprintf(text, sizeof(text), TB_VERBATIM "%s", texts[i]);
        value = json_string(text);
        ck_assert_msg(!number_is(value), "%s", texts[i]);
        ck_assert_double_eq(number_of(value), 0);
        json_decref(value);
    }
}
END_TEST

static const struct {
    const char *text;
    bool is_held, is_usual;
} kinds[] = {
    {"0", true, true},
    {"-1", true, true},
    {"9223372036854775807", true, true},
    {"9223372036854775808", false, false},
    {"-9223372036854775808", true, true},
    {"-9223372036854775809", false, false},
    {"89010303310033979663", false, false},
    {"-0", false, false},
    {"0.0", true, true},
    {"-0.0", true, true},
    {"0.00", true, false},
    {"0e5", true, false},
    {"26.5", true, true},
    {"26.50", true, false},
    {"100.0", true, true},
    {"1.10", true, false},
    {"1e5", true, false},
    {"100000.0", true, true},
    {"9999999.0", true, true},
    {"1.0E7", true, true},
    {"10000000.0", true, false},
    {"1.0e7", true, false},
    {"1.0E+7", true, false},
    {"1.23456789E7", true, true},
    {"0.001", true, true},
    {"0.0012", true, true},
    {"9.99E-4", true, true},
    {"0.000999", true, false},
    {"0.1", true, true},
    {"0.30000000000000004", true, true},
    {"0.3000000000000000", true, false},
    {"0.10000000000000001", true, false}, /* 17 digits of the double that is written 0.1 */
    {"0.1000000000000000055", false, false},
    {"0.10000000000000003", true, true},
    {"0.10000000000000004", false, false}, /* no double */
    {"9007199254740993.0", false, false},
    {"9007199254740992.0", true, false},
    {"9.007199254740992E15", true, true},
    {"5.684341886080802E-14", true, true}, /* 2^-44, though 16 digits that are nearer to it end in 1 */
    {"5.684341886080801E-14", true, true}, /* the double before */
    {"5.6843418860808015E-14", true, false},
    {"1.7976931348623157E308", true, true},
    {"1E400", false, false},
    {"-1E400", false, false},
    {"1E309", false, false},
    {"1e-400", false, false},
    {"4.9E-324", true, true},
    {"5e-324", true, false},
    {"3e-324", false, false},
    {"2.2250738585072014E-308", true, true},
    {"1e99999999999999999999", false, false},
    {"1e-99999999999999999999", false, false},
    {"0e99999999999999999999", true, false},
};

START_TEST(numbers_that_jansson_can_hold)
{
    const char *text = kinds[_i].text;
    size_t length = strlen(text);
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    char usual[NUMBER_TEXT_MAX];

    ck_assert_msg(number_is_held(text, length) == kinds[_i].is_held, "%s", text);
    ck_assert_msg(number_is_usual(text, length) == kinds[_i].is_usual, "%s", text);
    if (json_is_real(value)) {
        ck_assert(number_of_text(text, length) == json_real_value(value));
        number_write(json_real_value(value), usual);
        ck_assert_msg((strcmp(usual, text) == 0) == kinds[_i].is_usual, "%s, %s", text, usual);
    }
    ck_assert(value || !kinds[_i].is_held);
    json_decref(value);
}
END_TEST

/* As Double.toString() of Java writes them. */
START_TEST(doubles_are_written_as_the_server_writes_them)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {100, "100.0"},
        {1234567, "1234567.0"},
        {9999999.999, "9999999.999"},
        {1e7, "1.0E7"},
        {-1.5e10, "-1.5E10"},
        {0.001, "0.001"},
        {0.00099, "9.9E-4"},
        {1e-5, "1.0E-5"},
        {1e22, "1.0E22"},
        {1e23, "1.0E23"},
        {DBL_MAX, "1.7976931348623157E308"},
        {DBL_MIN, "2.2250738585072014E-308"},
        {4.9e-324, "4.9E-324"},
        {-1e-323, "-9.9E-324"},
        {0x1p-44, "5.684341886080802E-14"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789012345680.0, "1.2345678901234568E17"},
    };
    char text[NUMBER_TEXT_MAX];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_uint_eq(number_write(rows[i].value, text), strlen(rows[i].text));
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(every_double_comes_back)
{
    int i, rounds = unit_rounds(50000);

    for (i = 0; i < rounds; i++) {
        uint64_t bits = (uint64_t)unit_random() << 32 | unit_random();
        char text[NUMBER_TEXT_MAX];
        double value, back;
        size_t length;

        memcpy(&value, &bits, sizeof(bits));
        if (!isfinite(value))
            continue;
        length = number_write(value, text);
        ck_assert_uint_eq(strlen(text), length);
        ck_assert_uint_eq(number_length(text, text + length), length);
        back = number_of_text(text, length);
        ck_assert_msg(memcmp(&back, &value, sizeof(value)) == 0, "%s", text);
        ck_assert_msg(number_is_held(text, length) && number_is_usual(text, length), "%s", text);
    }
}
END_TEST

/* However many digits: the last one decides. */
START_TEST(long_numbers)
{
    enum { ZEROS = 100000 };
    static char text[ZEROS + 100];
    size_t length;

    length =
        (size_t)sprintf(text, "9007199254740993."); /* half way between two doubles; the even one counts */
    memset(text + length, '0', ZEROS);
    text[length += ZEROS] = '\0';
    ck_assert(number_of_text(text, length) == 9007199254740992.0);
    text[length - 1] = '1';
    ck_assert(number_of_text(text, length) == 9007199254740994.0);
    ck_assert(!number_is_held(text, length) && !number_is_usual(text, length));
    memset(text, '1', ZEROS);
    length = ZEROS + (size_t)sprintf(text + ZEROS, "e-%d", ZEROS - 1);
    ck_assert(number_of_text(text, length) == 1.1111111111111112);
    length = (size_t)sprintf(text, "0.");
    memset(text + length, '0', ZEROS);
    length += ZEROS;
    length += (size_t)sprintf(text + length, "5e%d", ZEROS + 1);
    ck_assert(number_of_text(text, length) == 5.0 && number_is_held(text, length));
}
END_TEST

static json_t *verbatim(const char *text)
{
    return json_sprintf(TB_VERBATIM "%s", text);
}

START_TEST(whole_numbers)
{
    static const struct {
        const char *text;
        int r;
        int64_t number;
    } rows[] = {
        {"-0", 0, 0},
        {"1e2", 0, 100},
        {"-3.0", 0, -3},
        {"0.00", 0, 0},
        {"120e-1", 0, 12},
        {"9223372036854775807.0", 0, INT64_MAX},
        {"922337203685477580700e-2", 0, INT64_MAX},
        {"9223372036854775808", -ERANGE, 0},
        {"-9223372036854775808.0", 0, INT64_MIN},
        {"-9223372036854775809", -ERANGE, 0},
        {"9007199254740993.0", 0, INT64_C(9007199254740993)},
        {"99999999999999999999", -ERANGE, 0},
        {"18446744073709551617", -ERANGE, 0},
        {"1E400", -ERANGE, 0},
        {"0e400", 0, 0},
        {"1e18", 0, INT64_C(1000000000000000000)},
        {"1e19", -ERANGE, 0},
        {"1.5", -EBADMSG, 0},
        {"1e-400", -EBADMSG, 0},
        {"0.10", -EBADMSG, 0},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *value = verbatim(rows[i].text);
        int64_t number = 0;

        ck_assert_msg(number_integer(value, INT64_MIN, INT64_MAX, &number) == rows[i].r, "%s", rows[i].text);
        ck_assert_int_eq(number, rows[i].number);
        json_decref(value);
    }
}
END_TEST

START_TEST(values_that_are_numbers)
{
    json_t *rows[] = {json_integer(3),  json_real(3),      verbatim("3e0"),
                      json_string("3"), verbatim("\"3\""), json_null()};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert(number_is(rows[i]) == (i < 3));
        ck_assert(number_of(rows[i]) == (i < 3 ? 3.0 : 0.0));
        json_decref(rows[i]);
    }
    ck_assert(!number_is(NULL) && number_of(NULL) == 0.0);
}
END_TEST

UNIT_SUITE(number)
{
    TCase *tests;
    Suite *suite = unit_suite_create("number", &tests);

    tcase_add_test(tests, the_length_of_a_number);
    tcase_add_test(tests, only_a_number_is_one);
    tcase_add_loop_test(tests, numbers_that_jansson_can_hold, 0, (int)ARRAY_SIZE(kinds));
    tcase_add_test(tests, doubles_are_written_as_the_server_writes_them);
    tcase_add_test(tests, every_double_comes_back);
    tcase_add_test(tests, long_numbers);
    tcase_add_test(tests, whole_numbers);
    tcase_add_test(tests, values_that_are_numbers);
    return suite;
}
