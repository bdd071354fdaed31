/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_read.h"

#include <errno.h>
#include <stdio.h>

#include <tbclient/value.h>

#include "base/util.h"
#include "unit.h"
#include "json/json_write.h"

#define V TB_VERBATIM

/* TEXT in memory of its very length, for the address sanitizer. */
static json_t *read_text(const char *text, size_t length, unsigned flags)
{
    char *copy = malloc(length ? length : 1);
    json_error_t error = {.line = 0};
    json_t *value;

    memcpy(copy, text, length);
    value = json_read(copy, length, flags, &error);
    ck_assert_msg(value || *error.text, "%s", text);
    free(copy);
    return value;
}

static void assert_written(const json_t *value, const char *expected)
{
    struct buf out = BUF_INIT(1000000);

    ck_assert_int_eq(buf_append_string(&out, "before"), 0);
    ck_assert_int_eq(json_write(&out, value), 0);
    ck_assert_str_eq(out.data + 6, expected);
    buf_free(&out);
}

static const struct {
    const char *text;
    const char *values, *exact; /* the value as jansson writes it, NULL: as the text */
} rows[] = {
    {"12", NULL, NULL},
    {"[1.5,-0.0,true,null,\"\"]", NULL, NULL},
    {"1E400", "\"" V "1E400\"", "\"" V "1E400\""},
    {"[1E400 ,89010303310033979663]", "[\"" V "1E400\",\"" V "89010303310033979663\"]",
     "[\"" V "1E400\",\"" V "89010303310033979663\"]"},
    {"{\"a\":-0}", "{\"a\":\"" V "-0\"}", "{\"a\":\"" V "-0\"}"},
    {"[1.50]", "[1.5]", "[\"" V "1.50\"]"},
    {"{\"a\":1e5}", "{\"a\":100000.0}", "{\"a\":\"" V "1e5\"}"},
    {"[\"1E400\",\"\\\"1E400\"]", "[\"1E400\",\"\\\"1E400\"]", "[\"1E400\",\"\\\"1E400\"]"},
    {"{\"1E400\":\"x\\\\\"}", NULL, NULL},
    {"[\"a\\u0000b\"]", "[\"a\\u0000b\"]", "[\"" V "\\\"a\\\\u0000b\\\"\"]"},
    {"{\"a\\u0000\" :1}", "{\"" V "\\\"a\\\\u0000\\\"\":1}", "{\"" V "\\\"a\\\\u0000\\\"\":1}"},
    {"[\"\\\\u0000\"]", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]"},
    {"[\"\\ud83d\\ude00\"]", "[\"\xf0\x9f\x98\x80\"]", "[\"\xf0\x9f\x98\x80\"]"},
    {"[\"\\ud83d\"]", "[\"" V "\\\"\\\\ud83d\\\"\"]", "[\"" V "\\\"\\\\ud83d\\\"\"]"},
    {"[\"\\uDE00\\ud83d\"]", "[\"" V "\\\"\\\\uDE00\\\\ud83d\\\"\"]",
     "[\"" V "\\\"\\\\uDE00\\\\ud83d\\\"\"]"},
    {"[\"\\ud83d\\ud83d\\ude00\"]", "[\"" V "\\\"\\\\ud83d\\\\ud83d\\\\ude00\\\"\"]",
     "[\"" V "\\\"\\\\ud83d\\\\ud83d\\\\ude00\\\"\"]"},
    {"[\"\\ud83dx\\n\"]", "[\"" V "\\\"\\\\ud83dx\\\\n\\\"\"]", "[\"" V "\\\"\\\\ud83dx\\\\n\\\"\"]"},
    {"\"\\ufdD0\"", "\"" V "\\\"\\\\ufdD0\\\"\"", "\"" V "\\\"\\\\ufdD0\\\"\""},
    {"\"" V "1\"", "\"" V "\\\"" V "1\\\"\"", "\"" V "\\\"" V "1\\\"\""},
    {"\"x" V "1\"", NULL, NULL},
};

/* What was read is written as it was; exact, with all characters. */
START_TEST(values_that_jansson_cannot_hold_are_verbatim)
{
    const char *text = rows[_i].text, *expected[] = {rows[_i].values, rows[_i].exact};
    unsigned flags;

    for (flags = 0; flags <= JSON_READ_EXACT; flags++) {
        json_t *value = read_text(text, strlen(text), flags), *again;
        char *dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        struct buf out = BUF_INIT(1000);

        ck_assert_ptr_nonnull(value);
        ck_assert_str_eq(dumped, expected[flags] ? expected[flags] : text);
        ck_assert_int_eq(json_write(&out, value), 0);
        again = read_text(out.data, out.len, flags);
        ck_assert_msg(json_equal(again, value), "%s", out.data);
        json_decref(again);
        json_decref(value);
        free(dumped);
        buf_free(&out);
    }
}
END_TEST

/* The quotes do not turn anything into JSON; and a number is not a name. */
static const char *const wrong[] = {
    "",
    " ",
    "1E400 1E400",
    "[1E400",
    "1E400]",
    "{1E400:1}",
    "{-0 :1}",
    "{89010303310033979663\n:1}",
    "{\"a\" 1E400}",
    "{\"a\":1E400 \"b\":1}",
    "{1E400}",
    "[1E400x]",
    "[x1E400]",
    "[+1E400]",
    "[.1E400]",
    "[1E400.]",
    "[--1E400]",
    "[1E400-]",
    "[01E400]",
    "[1E]",
    "[1.E400]",
    "[-]",
    "[1E400,]",
    "\"\\ud83d",
    "[\"\\ud83d\\q\"]",
    "[\"\\ud83d\n\"]",
    "[\"\\ud83d\xff\"]",
    "[\"\\ud83d\\u12g4\"]",
    "[\"\\u0000\\\"]",
    "[\"\\u00\"]",
    "[\"" V "\xff\"]",
    "[\"" V "\t\"]",
    "{\"\\u0000\" 1}",
    "nul1E400",
    "[\"a\"1E400]",
    "[1E400\"a\"]",
    "[\"\\ud83d\"\"\\ud83d\"]",
    "\xef\xbb\xbf[1E400]",
    "[1E400 /* x */]",
    "['1E400']",
    "[Infinity,1E400]",
    "[NaN,1E400]",
};

START_TEST(no_text_ends_at_its_beginning)
{
    const char *none[] = {NULL, "", "1"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(none); i++) {
        json_error_t error = {.line = 0};

        ck_assert_ptr_null(json_read(none[i], 0, 0, &error));
        ck_assert_int_eq(error.position, 0);
        ck_assert_int_eq(error.line, 1);
        ck_assert_int_eq(error.column, 1);
        ck_assert_str_eq(error.text, "the text ends too early");
    }
}
END_TEST

START_TEST(text_that_is_not_json_is_refused)
{
    unsigned flags;

    for (flags = 0; flags <= JSON_READ_EXACT; flags++) {
        ck_assert_msg(!read_text(wrong[_i], strlen(wrong[_i]), flags), "%s", wrong[_i]);
        ck_assert_ptr_null(json_read(wrong[_i], strlen(wrong[_i]), flags, NULL));
    }
    ck_assert_ptr_null(json_read(NULL, 0, 0, NULL));
    ck_assert_ptr_null(read_text("[1E400]\0", 8, 0));
    ck_assert_ptr_null(read_text("[\"\\ud83d\0\"]", 11, 0));
    ck_assert_ptr_null(read_text("[1E400,\0]", 9, 0));
    ck_assert_ptr_null(read_text("[1\0]", 4, 0));
    ck_assert_ptr_null(read_text("1\0", 2, 0));
}
END_TEST

START_TEST(a_name_used_twice)
{
    static const char text[] = "{\"a\":1E400,\"a\":2E400}";
    json_t *value = read_text(text, strlen(text), 0);

    assert_written(value, "{\"a\":2E400}");
    json_decref(value);
}
END_TEST

/* As deep as jansson goes, and no deeper. */
START_TEST(the_depth_is_limited)
{
    enum { MOST = 2047 }; /* and the number in them */
    static char text[2 * MOST + 20];
    int depth;

    for (depth = MOST; depth <= MOST + 1; depth++) {
        json_t *value;

        memset(text, '[', (size_t)depth);
        strcpy(text + depth, "1E400");
        memset(text + depth + 5, ']', (size_t)depth);
        value = read_text(text, 2 * (size_t)depth + 5, JSON_READ_EXACT);
        ck_assert(!value == (depth > MOST));
        if (value)
            assert_written(value, text);
        json_decref(value);
    }
}
END_TEST

START_TEST(values_that_cannot_be_written_are_refused)
{
    json_t *array = json_array(), *text = json_string_nocheck("\xff"), *mark = json_string(V "1,2");
    json_t *name = json_pack("{s:i}", V "1", 2);
    struct buf out = BUF_INIT(10), small = BUF_INIT(4);

    ck_assert_int_eq(buf_append_string(&out, "before"), 0);
    ck_assert_int_eq(json_write(&out, text), -EINVAL);
    ck_assert_int_eq(json_write(&out, mark), -EINVAL);
    ck_assert_int_eq(json_write(&out, name), -EINVAL);
    ck_assert_int_eq(json_write(&out, NULL), -EINVAL);
    json_array_append_new(array, json_string("12"));
    ck_assert_int_eq(json_write(&out, array), -EMSGSIZE);
    ck_assert_int_eq(json_write(&small, array), -EMSGSIZE);
    json_array_append(array, array);
    json_array_append_new(array, json_pack("[O]", array));
    ck_assert_int_eq(json_write(&out, array), -EINVAL);
    ck_assert_str_eq(out.data, "before");
    json_array_clear(array);
    assert_written(array, "[]");
    json_decref(array);
    json_decref(text);
    json_decref(mark);
    json_decref(name);
    buf_free(&out);
    buf_free(&small);
}
END_TEST

START_TEST(the_length_of_a_string)
{
    static const struct {
        const char *text;
        size_t length;
    } strings[] = {{"\"\"", 2},   {"\"a\",", 3},  {"\"\\\"\"", 4}, {"\"\\u00e9\"", 8}, {"\"\\\\\"\"", 4},
                   {"", 0},       {"a", 0},       {"\"", 0},       {"\"\\\"", 0},      {"\"\\u00\"", 0},
                   {"\"\n\"", 0}, {"\"\\a\"", 0}, {"\"\\", 0},     {"\"\\u00e\"", 0},  {"\"\x7f\"", 3}};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        size_t length = strlen(strings[i].text);
        char *text = malloc(length ? length : 1);

        memcpy(text, strings[i].text, length);
        ck_assert_msg(json_read_string(text, text + length) == strings[i].length, "%s", strings[i].text);
        free(text);
    }
}
END_TEST

START_TEST(a_text_is_never_taken_for_json)
{
    static const char *const texts[][2] = {{"a\"", "\"a\\\"\""},
                                           {"", "\"\""},
                                           {TB_VERBATIM "1", "\"" TB_VERBATIM "1\""},
                                           {TB_VERBATIM "\"", "\"" TB_VERBATIM "\\\"\""},
                                           {TB_VERBATIM, "\"" TB_VERBATIM "\""}};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf out = BUF_INIT(100);
        json_t *value = json_read_text(texts[i][0]);

        ck_assert_int_eq(json_write(&out, value), 0);
        ck_assert_str_eq(out.data, texts[i][1]);
        json_decref(value);
        buf_free(&out);
    }
    ck_assert_ptr_null(json_read_text("\xff"));
}
END_TEST

UNIT_SUITE(json_read)
{
    TCase *tests;
    Suite *suite = unit_suite_create("json_read", &tests);

    tcase_add_test(tests, no_text_ends_at_its_beginning);
    tcase_add_loop_test(tests, values_that_jansson_cannot_hold_are_verbatim, 0, (int)ARRAY_SIZE(rows));
    tcase_add_loop_test(tests, text_that_is_not_json_is_refused, 0, (int)ARRAY_SIZE(wrong));
    tcase_add_test(tests, a_name_used_twice);
    tcase_add_test(tests, the_depth_is_limited);
    tcase_add_test(tests, values_that_cannot_be_written_are_refused);
    tcase_add_test(tests, the_length_of_a_string);
    tcase_add_test(tests, a_text_is_never_taken_for_json);
    return suite;
}
