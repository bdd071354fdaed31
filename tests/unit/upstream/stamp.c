/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "unit.h"
#include "upstream/stamp.h"

#define TS      INT64_C(1795415381123)
#define TS_TEXT "1795415381123"

/* The body that is given on has the meaning of EXPECTED, and to stamp it again changes nothing. */
static void assert_stamped(const char *body, size_t length, const char *expected)
{
    struct buf out = BUF_INIT(100000), again = BUF_INIT(100000);
    json_t *wanted = json_loads(expected, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    json_t *got;

    ck_assert_msg(telemetry_stamp(body, length, TS, &out) == 1, "%.*s", (int)length, body);
    got = json_loadb(out.data, out.len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(got, wanted), "%.*s gives %s", (int)length, body, out.data);
    ck_assert_int_eq(telemetry_stamp(out.data, out.len, TS + 1, &again), 0);
    json_decref(got);
    json_decref(wanted);
    buf_free(&out);
    buf_free(&again);
}

#define STAMPED(element) "{\"ts\":" TS_TEXT ",\"values\":" element "}"

static const struct {
    const char *body, *expected;
} stamped[] = {
    {"{\"a\":1}", STAMPED("{\"a\":1}")},
    {" \r\n\t{ \"a\" : 1 } \n", STAMPED("{\"a\":1}")},
    {"[{\"a\":1}]", "[" STAMPED("{\"a\":1}") "]"},
    {"[{\"a\":1},{\"b\":2},{}]", "[" STAMPED("{\"a\":1}") "," STAMPED("{\"b\":2}") ",{}]"},
    {" [ {\"a\":1} , \n {\"b\":2} ] ", "[" STAMPED("{\"a\":1}") "," STAMPED("{\"b\":2}") "]"},
    {"[{\"ts\":5,\"values\":{\"a\":1}},{\"b\":2}]",
     "[{\"ts\":5,\"values\":{\"a\":1}}," STAMPED("{\"b\":2}") "]"},
    {"[{\"b\":2}, {\"ts\":5,\"values\":{\"a\":1}} ]",
     "[" STAMPED("{\"b\":2}") ",{\"ts\":5,\"values\":{\"a\":1}}]"},
    /* only both keys make a timed element */
    {"{\"ts\":5}", STAMPED("{\"ts\":5}")},
    {"{\"values\":{\"a\":1}}", STAMPED("{\"values\":{\"a\":1}}")},
    {"{\"a\":{\"ts\":5,\"values\":{}}}", STAMPED("{\"a\":{\"ts\":5,\"values\":{}}}")},
    {"[{\"ts\":5},{\"values\":1}]", "[" STAMPED("{\"ts\":5}") "," STAMPED("{\"values\":1}") "]"},
    /* nested, and strings that look like structure */
    {"{\"a\":{\"b\":[1,[2,{\"c\":{}}],{}]}}", STAMPED("{\"a\":{\"b\":[1,[2,{\"c\":{}}],{}]}}")},
    {"[{\"a\":\"}\"},{\"b\":\"]\"},{\"c\":\"{[,\"}]",
     "[" STAMPED("{\"a\":\"}\"}") "," STAMPED("{\"b\":\"]\"}") "," STAMPED("{\"c\":\"{[,\"}") "]"},
    {"[{\"a\":\"\\\"}\"},{\"b\":\"\\\\\"},{\"c\\\"}\":\"\\\\\\\"\"}]",
     "[" STAMPED("{\"a\":\"\\\"}\"}") "," STAMPED("{\"b\":\"\\\\\"}") "," STAMPED(
         "{\"c\\\"}\":\"\\\\\\\"\"}") "]"},
    {"{\"a\":\"\\u007d\\u0022\",\"b\":\"\\u0000\"}", STAMPED("{\"a\":\"}\\\"\",\"b\":\"\\u0000\"}")},
    {"{\"gr\xc3\xbc\xc3\x9f\":\"\xe2\x82\xac\"}", STAMPED("{\"gr\xc3\xbc\xc3\x9f\":\"\xe2\x82\xac\"}")},
    {"{\"a\":true,\"b\":null,\"c\":\"\"}", STAMPED("{\"a\":true,\"b\":null,\"c\":\"\"}")},
};

START_TEST(every_element_gets_its_time)
{
    assert_stamped(stamped[_i].body, strlen(stamped[_i].body), stamped[_i].expected);
}
END_TEST

/* Byte for byte, whatever JSON allows. */
START_TEST(numbers_and_texts_that_jansson_does_not_take)
{
    static const char *const bodies[] = {
        "{\"iccid\":89010303310033979663}",
        "{\"a\":1E400,\"b\":-0}",
        "{\"a\":[0.1000000000000000055,1.10]}",
        "{\"a\":\"\\u0000\",\"b\\u0000\":1}",
        "{\"a\":\"\\ud83d\"}",
        "{\"\\ud83d\":{\"b\":[-1e-400]}}",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct buf out = BUF_INIT(1000), expected = BUF_INIT(1000), again = BUF_INIT(1000);

        ck_assert_int_eq(telemetry_stamp(bodies[i], strlen(bodies[i]), TS, &out), 1);
        buf_append_format(&expected, "{\"ts\":" TS_TEXT ",\"values\":%s}", bodies[i]);
        ck_assert_str_eq(out.data, expected.data);
        ck_assert_int_eq(telemetry_stamp(out.data, out.len, TS, &again), 0);
        buf_clear(&out);
        buf_clear(&expected);
        buf_append_format(&again, "[{\"b\":2},%s]", bodies[i]);
        ck_assert_int_eq(telemetry_stamp(again.data, again.len, TS, &out), 1);
        buf_append_format(&expected,
                          "[{\"ts\":" TS_TEXT ",\"values\":{\"b\":2}},{\"ts\":" TS_TEXT ",\"values\":%s}]",
                          bodies[i]);
        ck_assert_str_eq(out.data, expected.data);
        buf_free(&out);
        buf_free(&expected);
        buf_free(&again);
    }
}
END_TEST

START_TEST(bodies_whose_elements_all_have_a_time_stay)
{
    static const char *const bodies[] = {
        "{\"ts\":5,\"values\":{\"a\":1}}",
        " { \"values\" : {} , \"ts\" : 5 } ",
        "[{\"ts\":5,\"values\":{\"a\":1}},{\"ts\":6,\"values\":{\"a\":2}}]",
        /* nothing to time */
        "[]",
        " [ ] ",
        "{}",
        " { } ",
        "[{}]",
        "[{\"ts\":5,\"values\":{}},{}]",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct buf out = BUF_INIT(1000);

        ck_assert_msg(telemetry_stamp(bodies[i], strlen(bodies[i]), TS, &out) == 0, "%s", bodies[i]);
        buf_free(&out);
    }
}
END_TEST

START_TEST(what_is_no_telemetry_is_told)
{
    static const char *const bodies[] = {
        "",
        " ",
        "x",
        "1",
        "null",
        "true",
        "\"s\"",
        "[1]",
        "[[{}]]",
        "[{},1]",
        "[{\"a\":1},null]",
        "{",
        "[",
        "{}x",
        "{}{}",
        "[{}",
        "[{},]",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\xff}",
        "{\"a\":\"\xff\"}",
        "{\"a\"}",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct buf out = BUF_INIT(1000);

        ck_assert_msg(telemetry_stamp(bodies[i], strlen(bodies[i]), TS, &out) == -EBADMSG, "%s", bodies[i]);
        buf_free(&out);
    }
}
END_TEST

/* Numbers keep their digits: the element's bytes are in the new body as they were. */
START_TEST(an_element_keeps_its_bytes)
{
    static const char *const elements[] = {
        "{\"a\":1.10,\"b\":-0.0,\"c\":1E5,\"d\":0.1e-7,\"e\":100}",
        "{\"a\":9223372036854775808,\"b\":-9223372036854775809,\"c\":1234567890123456789012.3456789}",
        "{ \"a\" :\t1.0 ,\r\n \"b\":\"\\u00e9\\/\" }",
        "{\"a\":1,\"a\":2}",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(elements); i++) {
        struct buf out = BUF_INIT(10000), array = BUF_INIT(10000);

        ck_assert_int_eq(telemetry_stamp(elements[i], strlen(elements[i]), TS, &out), 1);
        ck_assert_ptr_nonnull(strstr(out.data, elements[i]));
        buf_clear(&out);
        ck_assert_int_eq(buf_append_format(&array, "[{\"x\":1}, %s ]", elements[i]), 0);
        ck_assert_int_eq(telemetry_stamp(array.data, array.len, TS, &out), 1);
        ck_assert_ptr_nonnull(strstr(out.data, elements[i]));
        buf_free(&out);
        buf_free(&array);
    }
}
END_TEST

/* No double holds it: passed on with its digits, or refused as telemetry, but never as another number. */
START_TEST(a_number_beyond_all_doubles)
{
    static const char body[] = "{\"a\":1e400}";
    struct buf out = BUF_INIT(1000);
    int r = telemetry_stamp(body, strlen(body), TS, &out);

    if (r == 1)
        ck_assert_ptr_nonnull(strstr(out.data, "1e400"));
    else
        ck_assert_int_eq(r, -EBADMSG);
    buf_free(&out);
}
END_TEST

START_TEST(the_length_bounds_the_body)
{
    static const char body[] = {'{', '"', 'a', '"', ':', '1', '}', 'x', '{'};
    struct buf out = BUF_INIT(1000);

    assert_stamped(body, 7, STAMPED("{\"a\":1}"));
    ck_assert_int_eq(telemetry_stamp(body, 8, TS, &out), -EBADMSG);
    ck_assert_int_eq(telemetry_stamp("{}\0{}", 5, TS, &out), -EBADMSG);
    buf_free(&out);
}
END_TEST

START_TEST(the_maximum_of_the_new_body)
{
    static const char body[] = "[{\"a\":1},{\"b\":2}]";
    struct buf enough = BUF_INIT(1000);
    size_t max;

    ck_assert_int_eq(telemetry_stamp(body, strlen(body), TS, &enough), 1);
    for (max = 0; max <= enough.len; max++) {
        struct buf out = BUF_INIT(max);

        ck_assert_int_eq(telemetry_stamp(body, strlen(body), TS, &out), max < enough.len ? -EMSGSIZE : 1);
        buf_free(&out);
    }
    buf_free(&enough);
}
END_TEST

/* A random value, not too deep. */
static json_t *random_value(int depth)
{
    static const char *const strings[] = {"",   "}",        "\"",    "\\", "[{\"",
                                          "\n", "\xc3\xbc", "\\\"]", "ts", "values"};
    json_t *value;
    unsigned i, count = unit_random() % 4;

    switch (unit_random() % (depth > 0 ? 6 : 4)) {
    case 0:
        return json_real((double)unit_random() / 7);
    case 1:
        return json_boolean(unit_random() % 2);
    case 2:
        return json_null();
    case 3:
        return json_string(strings[unit_random() % ARRAY_SIZE(strings)]);
    case 4:
        value = json_array();
        for (i = 0; i < count; i++)
            json_array_append_new(value, random_value(depth - 1));
        return value;
    default:
        value = json_object();
        for (i = 0; i < count; i++)
            json_object_set_new(value, strings[unit_random() % ARRAY_SIZE(strings)], random_value(depth - 1));
        return value;
    }
}

START_TEST(random_bodies)
{
    int i;

    for (i = 0; i < 3000; i++) {
        json_t *body = json_array(), *expected = json_array();
        unsigned count = 1 + unit_random() % 4;
        bool any = false;
        char *text, *expected_text;

        while (count-- > 0) {
            json_t *element = json_object();
            bool timed = unit_random() % 3 == 0;

            json_object_set_new(element, "k", random_value(3));
            if (timed)
                element = json_pack("{s:I,s:o}", "ts", (json_int_t)7, "values", element);
            any = any || !timed;
            json_array_append(body, element);
            json_array_append_new(expected,
                                  timed ? json_incref(element)
                                        : json_pack("{s:I,s:O}", "ts", (json_int_t)TS, "values", element));
            json_decref(element);
        }
        text = json_dumps(body, JSON_INDENT(unit_random() % 4));
        expected_text = json_dumps(expected, 0);
        if (any)
            assert_stamped(text, strlen(text), expected_text);
        free(text);
        free(expected_text);
        json_decref(body);
        json_decref(expected);
    }
}
END_TEST

UNIT_SUITE(stamp)
{
    TCase *tests;
    Suite *suite = unit_suite_create("stamp", &tests);

    tcase_add_loop_test(tests, every_element_gets_its_time, 0, (int)ARRAY_SIZE(stamped));
    tcase_add_test(tests, numbers_and_texts_that_jansson_does_not_take);
    tcase_add_test(tests, bodies_whose_elements_all_have_a_time_stay);
    tcase_add_test(tests, what_is_no_telemetry_is_told);
    tcase_add_test(tests, an_element_keeps_its_bytes);
    tcase_add_test(tests, a_number_beyond_all_doubles);
    tcase_add_test(tests, the_length_bounds_the_body);
    tcase_add_test(tests, the_maximum_of_the_new_body);
    tcase_add_test(tests, random_bodies);
    return suite;
}
