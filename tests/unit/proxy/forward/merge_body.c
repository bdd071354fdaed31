/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/forward/merge_body.h"
#include "unit.h"

#define PARTS_MAX 3
#define DEPTH_MAX 2048 /* jansson's */

#define ONE "{\"ts\":1,\"values\":{\"a\":1}}"
#define TWO "{\"ts\":2,\"values\":{\"b\":2}}"

static const char *const telemetry[] = {
    ONE,
    " \r\n\t" ONE "\n",
    "[" ONE "]",
    " [ " ONE " ,\n" TWO " ] ",
    "{\"values\":{\"a\":1},\"x\":null,\"ts\":5.5}",
    "{\"ts\":1,\"values\":{\"a\":\"}\",\"b\":[{}],\"c\":{\"d\":null},\"e\":true}}",
    "{\"ts\":1,\"values\":{\"a\":9.9e307}}",
};

static const char *const no_telemetry[] = {
    "{}",
    "[]",
    "{\"a\":1}",
    "{\"ts\":1}",
    "{\"values\":{\"a\":1}}",
    "{\"ts\":1,\"values\":{}}",
    "{\"ts\":1,\"values\":1}",
    "{\"ts\":1,\"values\":[1]}",
    "{\"ts\":1,\"values\":null}",
    "{\"ts\":\"1\",\"values\":{\"a\":1}}",
    "{\"ts\":null,\"values\":{\"a\":1}}",
    "{\"ts\":1,\"values\":{\"a\":1,\"b\":null}}",
    "{\"ts\":1,\"values\":{\"a\":1},\"values\":{}}",
    "{\"ts\":1,\"ts\":2,\"values\":{\"a\":1}}",
    "{\"ts\":1,\"Ts\":2,\"values\":{\"a\":1}}",
    "[" ONE ",{}]",
    "[{\"a\":1}," ONE "]",
    "[" ONE ",[" TWO "]]",
    "[" ONE ",1]",
    "[[" ONE "]]",
};

static const char *const attributes[] = {
    "{\"a\":1}",
    " { \"a\" : 1 , \"b\" : \"x\" } \r\n",
    "{\"a\":1,\"a\":2}",
    "{\"\":0}",
    "{\"ts\":1,\"values\":{}}",
    "{\"a\":9223372036854775807,\"b\":-9223372036854775807}",
    "{\"a\":9.22337203685477580e18,\"b\":0.0}",
    "{\"a\":[null],\"b\":{\"c\":null},\"d\":false}",
    "{\"a\":[1e30,-0.0e-10]}",
};

static const char *const no_attributes[] = {
    "{}",
    "[]",
    "[{\"a\":1}]",
    "{\"a\":null}",
    "{\"a\":1,\"b\":null}",
    "{\"a\":1,\"a\":null}",
    "{\"a\":null,\"a\":2}",
    "{\"a\":9223372036854775808}",
    "{\"a\":-9223372036854775808}",
    "{\"a\":1e19}",
    "{\"a\":\"x\",\"b\":1e300}",
    "{\"a\":1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000}",
};

/* Invalid for either kind. X is replaced by a body of the kind. */
static const char *const broken[] = {
    "", " ", "x", "1", "null", "\"s\"", "{", "[", "X,", "XX", "X]", "Xx", "\xef\xbb\xbfX", "[X,]",
};

/* In place of a value. */
static const char *const broken_values[] = {
    "1e400",    "1e308",        "01",          "NaN",         "'a'", "\"\n\"", "\"\\x\"",
    "\"\xff\"", "\"\xc0\x80\"", "\"\\ud800\"", "\"\\u0000\"", "1,",  "",
};

static void assert_check(enum merge_kind kind, const char *text, size_t length, int expected)
{
    char *body = malloc(length); /* of exactly that length, for AddressSanitizer */

    memcpy(body, text, length);
    ck_assert_msg(merge_check(kind, body, length) == expected, "%.*s is not %d", (int)length, text, expected);
    free(body);
}

static void assert_all(enum merge_kind kind, const char *const *texts, size_t count, int expected)
{
    size_t i;

    for (i = 0; i < count; i++) {
        assert_check(kind, texts[i], strlen(texts[i]), expected);
        assert_check(MERGE_NONE, texts[i], strlen(texts[i]), -EBADMSG);
    }
}

START_TEST(bodies_that_can_be_merged_and_that_cannot)
{
    assert_all(MERGE_TELEMETRY, telemetry, ARRAY_SIZE(telemetry), 0);
    assert_all(MERGE_TELEMETRY, no_telemetry, ARRAY_SIZE(no_telemetry), -EBADMSG);
    assert_all(MERGE_ATTRIBUTES, attributes, ARRAY_SIZE(attributes), 0);
    assert_all(MERGE_ATTRIBUTES, no_attributes, ARRAY_SIZE(no_attributes), -EBADMSG);
}
END_TEST

static void assert_broken(enum merge_kind kind, const char *form, const char *part)
{
    const char *x = strchr(form, 'X');
    struct buf text = BUF_INIT(1000);

    if (x)
        buf_append_format(&text, "%.*s%s%s", (int)(x - form), form, part, x + 1);
    else
        buf_append_string(&text, form);
    assert_check(kind, text.data, text.len, -EBADMSG);
    buf_free(&text);
}

START_TEST(not_a_body)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(broken); i++) {
        assert_broken(MERGE_TELEMETRY, broken[i], ONE);
        assert_broken(MERGE_ATTRIBUTES, broken[i], "{\"a\":1}");
    }
    for (i = 0; i < ARRAY_SIZE(broken_values); i++) {
        assert_broken(MERGE_TELEMETRY, "{\"ts\":1,\"values\":{\"a\":X}}", broken_values[i]);
        assert_broken(MERGE_ATTRIBUTES, "{\"a\":X}", broken_values[i]);
    }
    assert_broken(MERGE_ATTRIBUTES, "{X:1}", "\"\\u0000\"");
    assert_check(MERGE_ATTRIBUTES, "{\"a\":1}\0", 8, -EBADMSG);
    ck_assert_int_eq(merge_check(MERGE_TELEMETRY, NULL, 0), -EBADMSG); /* an empty buffer */
}
END_TEST

static void assert_merged(enum merge_kind kind, const struct buf *parts, size_t count, const char *expected)
{
    const struct buf *bodies[PARTS_MAX];
    struct buf out = BUF_INIT(1 << 20);
    size_t i;

    for (i = 0; i < count; i++)
        bodies[i] = &parts[i];
    ck_assert_int_eq(merge_bodies(kind, bodies, count, &out), 0);
    ck_assert_str_eq(out.data, expected);
    ck_assert_uint_eq(out.len, strlen(expected));
    ck_assert_int_eq(merge_check(kind, out.data, out.len), 0);
    buf_free(&out);
}

static const struct {
    enum merge_kind kind;
    const char *parts[PARTS_MAX], *expected;
} merged[] = {
    {MERGE_TELEMETRY, {ONE}, "[" ONE "]"},
    {MERGE_TELEMETRY, {ONE, ONE}, "[" ONE "," ONE "]"},
    {MERGE_TELEMETRY,
     {" [ " TWO " , " ONE " ] ", "\r\n" ONE "\t", "[" TWO "]"},
     "[" TWO "," ONE "," ONE "," TWO "]"},
    {MERGE_TELEMETRY,
     {"[{ \"ts\" : 1e0 , \"values\" : { \"a\" : \"]}\\\"\" , \"b\" : 1.10 } }]", ONE},
     "[{ \"ts\" : 1e0 , \"values\" : { \"a\" : \"]}\\\"\" , \"b\" : 1.10 } }," ONE "]"},
    {MERGE_ATTRIBUTES, {"{\"a\":1}"}, "{\"a\":1}"},
    {MERGE_ATTRIBUTES, {" { \"a\" : 1.10 , \"b\":2 } ", "{\"c\":3}"}, "{\"a\" : 1.10,\"b\":2,\"c\":3}"},
    {MERGE_ATTRIBUTES, {"{\"a\":1,\"b\":2}", "{\"a\":3}"}, "{\"b\":2,\"a\":3}"},
    {MERGE_ATTRIBUTES,
     {"{\"a\":1,\"b\":2}", "{\"\\u0061\":\"}\"}", "{\"c\":[\",\"]}"},
     "{\"b\":2,\"\\u0061\":\"}\",\"c\":[\",\"]}"},
    {MERGE_ATTRIBUTES, {"{\"a\":1,\"b\":2,\"\\u0061\":3}"}, "{\"b\":2,\"\\u0061\":3}"},
    {MERGE_ATTRIBUTES,
     {"{\"\xc3\xa9\":1}", "{\"\\u00e9\":2}", "{\"\\u00E9\":3,\"\":4}"},
     "{\"\\u00E9\":3,\"\":4}"},
    {MERGE_ATTRIBUTES,
     {"{\"\\ud83d\\ude00\":1,\"A\":2}", "{\"\xf0\x9f\x98\x80\":3,\"a\":4}"},
     "{\"A\":2,\"\xf0\x9f\x98\x80\":3,\"a\":4}"},
    {MERGE_ATTRIBUTES,
     {"{\"8yn0iYCKYHlIj4-BwPqk\":1,\"x\":0,\"GReLUrM4wMqfg9yzV3KQ\":2}", /* the same hash */
      "{\"8yn0iYCKYHlIj4-BwPqk\":3}"},
     "{\"x\":0,\"GReLUrM4wMqfg9yzV3KQ\":2,\"8yn0iYCKYHlIj4-BwPqk\":3}"},
    {MERGE_ATTRIBUTES, {"{\"a\":1}", "{\"b\":2}", "{\"b\":3,\"a\":4}"}, "{\"b\":3,\"a\":4}"},
};

START_TEST(one_body_of_several)
{
    struct buf parts[PARTS_MAX];
    size_t count;

    for (count = 0; count < PARTS_MAX && merged[_i].parts[count]; count++) {
        parts[count] = (struct buf)BUF_INIT(1000);
        ck_assert_int_eq(buf_append_string(&parts[count], merged[_i].parts[count]), 0);
        ck_assert_int_eq(merge_check(merged[_i].kind, parts[count].data, parts[count].len), 0);
    }
    assert_merged(merged[_i].kind, parts, count, merged[_i].expected);
    while (count > 0)
        buf_free(&parts[--count]);
}
END_TEST

static void assert_maximum(enum merge_kind kind, const char *first, const char *second, size_t length)
{
    struct buf parts[] = {BUF_INIT(1000), BUF_INIT(1000)};
    const struct buf *bodies[] = {&parts[0], &parts[1]};
    size_t max;

    buf_append_string(&parts[0], first);
    buf_append_string(&parts[1], second);
    for (max = 0; max <= length + 1; max++) {
        struct buf out = BUF_INIT(max);

        ck_assert_int_eq(merge_bodies(kind, bodies, 2, &out), max < length ? -EMSGSIZE : 0);
        ck_assert_uint_eq(out.len, max < length ? 0 : length);
        buf_free(&out);
    }
    buf_free(&parts[0]);
    buf_free(&parts[1]);
}

START_TEST(the_maximum_of_the_merged_body)
{
    assert_maximum(MERGE_TELEMETRY, " [" ONE "," TWO " ]", ONE, strlen("[" ONE "," TWO "," ONE "]"));
    assert_maximum(MERGE_ATTRIBUTES, "{\"a\":1,\"b\":2}", "{ \"a\":3}", strlen("{\"b\":2,\"a\":3}"));
}
END_TEST

START_TEST(deep_values)
{
    int depth, i;

    for (depth = DEPTH_MAX - 2; depth <= DEPTH_MAX; depth++) {
        struct buf part = BUF_INIT(10000);

        buf_append_string(&part, "{\"a\":");
        for (i = 0; i < 2 * depth; i++)
            buf_append(&part, i < depth ? "[" : "]", 1);
        buf_append_string(&part, "}");
        assert_check(MERGE_ATTRIBUTES, part.data, part.len, depth < DEPTH_MAX ? 0 : -EBADMSG);
        if (depth < DEPTH_MAX)
            assert_merged(MERGE_ATTRIBUTES, &part, 1, part.data);
        buf_free(&part);
    }
}
END_TEST

/* Merges COUNT members in two bodies, with the first one twice. Returns the CPU time in ms. */
static double merge_members(int count)
{
    struct buf parts[] = {BUF_INIT(4 << 20), BUF_INIT(4 << 20)}, out = BUF_INIT(4 << 20);
    const struct buf *bodies[] = {&parts[0], &parts[1], &parts[0]};
    json_t *parsed;
    clock_t start;
    double taken;
    int i;

    for (i = 0; i < count; i++)
        buf_append_format(&parts[i % 2], "%c\"key%d\":%d", i < 2 ? '{' : ',', i, i);
    buf_append_string(&parts[0], "}");
    buf_append_string(&parts[1], "}");
    start = clock();
    ck_assert_int_eq(merge_check(MERGE_ATTRIBUTES, parts[0].data, parts[0].len), 0);
    ck_assert_int_eq(merge_bodies(MERGE_ATTRIBUTES, bodies, 3, &out), 0);
    taken = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;
    ck_assert_uint_eq(out.len, parts[0].len + parts[1].len - 1);
    parsed = json_loadb(out.data, out.len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    ck_assert_int_eq((int)json_object_size(parsed), count);
    json_decref(parsed);
    buf_free(&parts[0]);
    buf_free(&parts[1]);
    buf_free(&out);
    return taken;
}

/* Searching for each key among all others would take about 400 times as long. */
START_TEST(many_members)
{
    double few = merge_members(5000);
    double many = merge_members(100000);

    ck_assert_msg(many < 100 * few + 100, "%.1f ms and %.1f ms", few, many);
}
END_TEST

UNIT_SUITE(merge)
{
    TCase *tests;
    Suite *suite = unit_suite_create("merge", &tests);

    tcase_add_test(tests, bodies_that_can_be_merged_and_that_cannot);
    tcase_add_test(tests, not_a_body);
    tcase_add_loop_test(tests, one_body_of_several, 0, (int)ARRAY_SIZE(merged));
    tcase_add_test(tests, the_maximum_of_the_merged_body);
    tcase_add_test(tests, deep_values);
    tcase_add_test(tests, many_members);
    return suite;
}
