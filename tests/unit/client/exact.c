/* SPDX-License-Identifier: Apache-2.0 */
/* What was decoded and not changed is encoded with the same numbers and texts, character by character. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include <tbclient/codec.h>

#include "base/util.h"
#include "sample_api.h"
#include "unit.h"

static void *decode(unsigned type, const char *text)
{
    tb_error err = TB_ERROR_INIT;
    void *value = NULL;
    int r = tb_decode(&sample_api, type, text, strlen(text), &value, &err);

    ck_assert_msg(r == 0, "%s: %s", text, err.message);
    return value;
}

static void assert_encoded(unsigned type, const void *value, const char *expected)
{
    tb_error err = TB_ERROR_INIT;
    char *text = NULL;
    int r = tb_encode(&sample_api, type, value, &text, NULL, &err);

    ck_assert_msg(r == 0, "%s", err.message);
    ck_assert_str_eq(text, expected);
    free(text);
}

/* Asserts that TEXT, whose members are in the order of the structure, is encoded with the same characters. */
static void assert_survives(unsigned type, const char *text)
{
    void *value = decode(type, text);

    assert_encoded(type, value, text);
    tb_free(value);
}

/* JSON that jansson or a double cannot hold, or would write with other characters. */
static const char *const numbers[] = {
    "89010303310033979663",
    "-9223372036854775809",
    "12345678901234567890123",
    "1E400",
    "-1e-400",
    "-0",
    "0.1000000000000000055",
    "9007199254740993.0",
    "1.10",
    "1e5",
    "1E+5",
    "1.0E10",
    "0.10",
    "-0.0",
    "0.000",
    "0e7",
    "100.0",
    "12345678.5",
    "0.00012",
    "5e-324",
    "1.7976931348623157E308",
    "26.5",
    "7",
    "3.141592653589793238462643383279502884197",
    "123456789012345678901234567890e-29",
};

START_TEST(numbers_are_preserved)
{
    const char *number = numbers[_i];
    char text[400];

    snprintf(text, sizeof(text), "{\"ratio\":%s,\"unknown\":[{\"a\":%s},%s]}",
             strcmp(number, "26.5") ? "1.50" : number, number, number);
    assert_survives(SAMPLE_ALL, text);
    snprintf(text, sizeof(text), "{\"info\":{\"b\":{\"a\":[1,%s]},\"c\":%s}}", number, number);
    assert_survives(SAMPLE_ALL, text);
    snprintf(text, sizeof(text), "{\"info\":%s,\"jsons\":[null,%s,\"x\"],\"zeta\":%s}", number, number,
             number);
    assert_survives(SAMPLE_ALL, text);
    snprintf(text, sizeof(text), "{\"doubles\":[%s,null,%s],\"next\":{\"values\":[{\"x\":%s}]}}", number,
             number, number);
    assert_survives(SAMPLE_ALL, text);
    snprintf(text, sizeof(text), "[null,{\"info\":%s},{\"zeta\":%s}]", number, number);
    assert_survives(SAMPLE_ALL_LIST, text);
}
END_TEST

START_TEST(members_are_preserved)
{
    assert_survives(SAMPLE_ALL,
                    "{\"longs\":[1e2,3.0,null],\"maps\":{\"m\":{\"i\":1E0}},\"matrix\":[[1.0,-0]],"
                    "\"plain\":3.00,\"wide\":9.223372036854775807e18}");
}
END_TEST

START_TEST(changed_numbers_have_the_usual_form)
{
    sample_all *all =
        decode(SAMPLE_ALL, "{\"doubles\":[1.10,2.20],\"longs\":[1e2,3.0],\"name\":\"abc\",\"plain\":3.00,"
                           "\"ratio\":2.50,\"wide\":1e3,\"zeta\":1.10}");

    all->name = "abcd";
    all->ratio.value = 2.25;
    all->wide.value = 1001;
    all->doubles.items[1].value = 2e7;
    all->longs.count = 1;
    assert_encoded(SAMPLE_ALL, all,
                   "{\"doubles\":[1.10,2.0E7],\"longs\":[1e2],\"name\":\"abcd\",\"plain\":3.00,"
                   "\"ratio\":2.25,\"wide\":1001,\"zeta\":1.10}");
    all->ratio = (tb_double)TB_SET(INFINITY); /* not from JSON */
    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, all, &(char *){NULL}, NULL, NULL), -EINVAL);
    tb_free(all);
}
END_TEST

/* If one member of free JSON is changed, all others keep their text. */
START_TEST(changed_free_json)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"info\":{\"a\":1.10,\"list\":[1e5,0.10,{\"z\":2.0E0}],\"iccid\":"
                                         "89010303310033979663,\"b\":1e5},\"zeta\":{\"a\":1.10,\"b\":1}}");
    json_t *info = all->info, *list = json_object_get(info, "list");

    ck_assert_double_eq(json_real_value(json_object_get(info, "a")), 1.1);
    ck_assert_double_eq(json_real_value(json_array_get(list, 0)), 1e5);
    ck_assert_str_eq(tb_verbatim(json_string_value(json_object_get(info, "iccid"))), "89010303310033979663");
    ck_assert_double_eq(json_real_value(json_object_get(tb_kept(&all->object, "zeta"), "a")), 1.1);
    json_object_set_new(info, "b", json_integer(6));
    json_object_set_new(info, "new", json_real(1e7));
    json_array_set_new(list, 1, json_string("0.10"));
    assert_encoded(SAMPLE_ALL, all,
                   "{\"info\":{\"a\":1.10,\"list\":[1e5,\"0.10\",{\"z\":2.0E0}],\"iccid\":"
                   "89010303310033979663,\"b\":6,\"new\":1.0E7},\"zeta\":{\"a\":1.10,\"b\":1}}");
    json_array_insert_new(list, 0, json_null()); /* moved elements keep their value */
    json_object_del(info, "a");
    assert_encoded(SAMPLE_ALL, all,
                   "{\"info\":{\"list\":[null,100000.0,\"0.10\",{\"z\":2.0}],\"iccid\":"
                   "89010303310033979663,\"b\":6,\"new\":1.0E7},\"zeta\":{\"a\":1.10,\"b\":1}}");
    tb_free(all);
}
END_TEST

/* A structure may be copied and put into another, with the text of its numbers. */
START_TEST(copied_structures)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"info\":1.10,\"ratio\":1.50,\"zeta\":1e5}");
    sample_all copy = *all, outer = {.next = &copy, .plain = TB_SET(1)}, bare = *all;

    copy.name = "copy";
    assert_encoded(SAMPLE_ALL, &outer,
                   "{\"next\":{\"info\":1.10,\"name\":\"copy\",\"ratio\":1.50,\"zeta\":1e5},"
                   "\"plain\":1}");
    bare.object = (tb_object){NULL, NULL};
    assert_encoded(SAMPLE_ALL, &bare, "{\"info\":1.1,\"ratio\":1.5}");
    tb_free(all);
}
END_TEST

START_TEST(a_double_beyond_its_range)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"doubles\":[1E400,-1E400,1e-400]}");

    ck_assert(isinf(all->doubles.items[0].value) && all->doubles.items[0].value > 0);
    ck_assert(isinf(all->doubles.items[1].value) && all->doubles.items[1].value < 0);
    ck_assert_double_eq(all->doubles.items[2].value, 0);
    assert_encoded(SAMPLE_ALL, all, "{\"doubles\":[1E400,-1E400,1e-400]}");
    tb_free(all);
}
END_TEST

/* Texts that C strings and names cannot hold are verbatim. */
START_TEST(texts_that_cannot_be_held)
{
    static const char text[] =
        "{\"attributes\":{\"a\\u0000\":\"\\ud83d\"},\"info\":[\"a\\u0000b\",\"\\udc00\\ud83d\"],"
        "\"labels\":[\"\\u0000\"],\"name\":\"a\\u0000b\",\"\\u0000\":{\"\\uD800\":\"\\ud83d\"}}";
    sample_all *all = decode(SAMPLE_ALL, text);

    ck_assert_str_eq(all->name, TB_VERBATIM "\"a\\u0000b\"");
    ck_assert_str_eq(tb_verbatim(all->labels.items[0]), "\"\\u0000\"");
    ck_assert_str_eq(tb_verbatim(all->attributes.items[0].key), "\"a\\u0000\"");
    ck_assert_str_eq(tb_verbatim(all->attributes.items[0].value), "\"\\ud83d\"");
    ck_assert_uint_eq(json_string_length(json_array_get(all->info, 0)), 3); /* jansson can hold it */
    ck_assert_str_eq(tb_verbatim(json_string_value(json_array_get(all->info, 1))), "\"\\udc00\\ud83d\"");
    ck_assert_str_eq(tb_verbatim(all->object.kept->name), "\"\\u0000\"");
    assert_encoded(SAMPLE_ALL, all, text);
    all->name = "abc";
    all->labels.count = 0;
    all->labels.items = NULL;
    assert_encoded(SAMPLE_ALL, all,
                   "{\"attributes\":{\"a\\u0000\":\"\\ud83d\"},\"info\":[\"a\\u0000b\","
                   "\"\\udc00\\ud83d\"],\"name\":\"abc\",\"\\u0000\":{\"\\uD800\":\"\\ud83d\"}}");
    tb_free(all);
}
END_TEST

/* A text that begins with TB_VERBATIM is distinguished from verbatim JSON, however it is written. */
START_TEST(tb_verbatim_in_a_text)
{
    sample_all *all =
        decode(SAMPLE_ALL, "{\"info\":[\"\\uFDD01\",\"" TB_VERBATIM "2\",\"x" TB_VERBATIM "3\"],"
                           "\"name\":\"" TB_VERBATIM "4\",\"" TB_VERBATIM "5\":6}");

    ck_assert_str_eq(tb_verbatim(json_string_value(json_array_get(all->info, 0))), "\"\\uFDD01\"");
    ck_assert_str_eq(tb_verbatim(all->name), "\"" TB_VERBATIM "4\"");
    assert_encoded(SAMPLE_ALL, all,
                   "{\"info\":[\"\\uFDD01\",\"" TB_VERBATIM "2\",\"x" TB_VERBATIM "3\"],"
                   "\"name\":\"" TB_VERBATIM "4\",\"" TB_VERBATIM "5\":6}");
    tb_free(all);
}
END_TEST

START_TEST(programs_may_make_verbatim_json)
{
    static const char *const good[] = {"89010303310033979663", "1.10", "-0", "\"\\ud83d\"",
                                       "\"a\\u0000\\\"b\""};
    static const char *const bad[] = {
        "",         "01", "1 ", " 1", "1e", "true", "[1]", "\"", "\"a\"b\"", "\"\\x\"", "\"a\",\"b\":\"c\"",
        "1,\"b\":2"};
    char text[100], expected[100];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(good); i++) {
        sample_all all = {.info = json_sprintf(TB_VERBATIM "%s", good[i])};

        snprintf(expected, sizeof(expected), "{\"info\":%s}", good[i]);
        assert_encoded(SAMPLE_ALL, &all, expected);
        json_decref(all.info);
    }
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        tb_error err = TB_ERROR_INIT;
        sample_all all = {.info = json_sprintf(TB_VERBATIM "%s", bad[i])};
        char *encoded;

        ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, &all, &encoded, NULL, &err), -EINVAL);
        ck_assert_int_eq(err.kind, TB_ERROR_USAGE);
        json_decref(all.info);
        snprintf(text, sizeof(text), TB_VERBATIM "%s", bad[i]);
        all = (sample_all){.color = text};
        ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, &all, &encoded, NULL, NULL), -EINVAL);
        all = (sample_all){.object.kept = &(tb_member){.name = text, .value = json_null()}};
        ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, &all, &encoded, NULL, NULL), -EINVAL);
    }
}
END_TEST

/* A number is not accepted as a text or name. */
START_TEST(a_number_stays_a_number)
{
    sample_all all = {.color = TB_VERBATIM "12"};
    tb_member member = {.name = TB_VERBATIM "12", .value = json_null()};
    tb_error err = TB_ERROR_INIT;
    char *encoded;

    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, &all, &encoded, NULL, &err), -EINVAL);
    ck_assert_str_eq(err.message, "color: a string was expected, not a number");
    all = (sample_all){.object.kept = &member};
    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, &all, &encoded, NULL, NULL), -EINVAL);
}
END_TEST

UNIT_SUITE(exact)
{
    TCase *tests;
    Suite *suite = unit_suite_create("exact", &tests);

    tcase_add_loop_test(tests, numbers_are_preserved, 0, (int)ARRAY_SIZE(numbers));
    tcase_add_test(tests, members_are_preserved);
    tcase_add_test(tests, changed_numbers_have_the_usual_form);
    tcase_add_test(tests, changed_free_json);
    tcase_add_test(tests, copied_structures);
    tcase_add_test(tests, a_double_beyond_its_range);
    tcase_add_test(tests, texts_that_cannot_be_held);
    tcase_add_test(tests, tb_verbatim_in_a_text);
    tcase_add_test(tests, programs_may_make_verbatim_json);
    tcase_add_test(tests, a_number_stays_a_number);
    return suite;
}
