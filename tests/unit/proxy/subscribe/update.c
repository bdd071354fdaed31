/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/update.h"

#include <errno.h>

#include "base/util.h"
#include "unit.h"

static void parse(const char *text, struct update *ret)
{
    ck_assert_int_eq(update_parse(text, strlen(text), ret), 0);
}

START_TEST(points_by_ascending_time)
{
    struct update update;
    size_t i;

    parse("{\"subscriptionId\":7,\"errorCode\":0,\"errorMsg\":null,\"data\":{\"b\":[[3,\"x\"],[1,\"y\"]],"
          "\"a\":[[3,\"z\"],[2,null]]},\"latestValues\":{\"a\":3}}",
          &update);
    ck_assert_int_eq(update.id, 7);
    ck_assert_int_eq(update.error_code, 0);
    ck_assert_str_eq(update.error, "");
    ck_assert_uint_eq(update.count, 4);
    for (i = 1; i < update.count; i++)
        ck_assert(update.points[i - 1].ts_ms <= update.points[i].ts_ms);
    ck_assert_str_eq(update.points[1].key, "a");
    ck_assert(json_is_null(update.points[1].value));
    ck_assert_uint_eq(update_group(update.points, 4), 1);
    ck_assert_uint_eq(update_group(update.points + 2, 2), 2);
    update_free(&update);
}
END_TEST

START_TEST(an_error)
{
    struct update update;

    parse("{\"subscriptionId\":16,\"errorCode\":1,\"errorMsg\":\"Failed to fetch data!\",\"data\":null}",
          &update);
    ck_assert_int_eq(update.error_code, 1);
    ck_assert_str_eq(update.error, "Failed to fetch data!");
    ck_assert_uint_eq(update.count, 0);
    update_free(&update);
}
END_TEST

/* Found by fuzz_update: a number beyond jansson's is held as a string. */
START_TEST(an_error_that_is_not_a_text)
{
    struct update update;

    parse("{\"subscriptionId\":16,\"errorCode\":1,\"errorMsg\":2e52}", &update);
    ck_assert_str_eq(update.error, "");
    update_free(&update);
}
END_TEST

static const char *const no_updates[] = {
    "",
    "nope",
    "[]",
    "{}",
    "null",
    "{\"subscriptionId\":1}",
    "{\"errorCode\":0}",
    "{\"subscriptionId\":\"1\",\"errorCode\":0}",
    "{\"subscriptionId\":1.5,\"errorCode\":0}",
    "{\"subscriptionId\":1,\"errorCode\":null}",
    "{\"subscriptionId\":1,\"errorCode\":0",
    "{\"subscriptionId\":1,\"errorCode\":0,\"data\":{\"a\":[[1,\"\xff\"]]}}",
};

START_TEST(not_an_update)
{
    struct update update;

    ck_assert_int_eq(update_parse(no_updates[_i], strlen(no_updates[_i]), &update), -EBADMSG);
    update_free(&update);
}
END_TEST

/* Anything that is not a point is left out. */
static const char *const no_points[] = {
    "null", "[]", "1", "{\"a\":1}", "{\"a\":[1,null,{},[],[1],[\"1\",\"x\"],[null,\"x\"],[1.5,\"x\"]]}",
};

START_TEST(not_a_point)
{
    struct update update;
    char text[200];

    snprintf(text, sizeof(text), "{\"subscriptionId\":1,\"errorCode\":0,\"data\":%s}", no_points[_i]);
    parse(text, &update);
    ck_assert_uint_eq(update.count, 0);
    update_free(&update);
}
END_TEST

static const struct {
    const char *text;
    int64_t id;
} beginnings[] = {
    {"{\"subscriptionId\":12,\"errorCode\"", 12},
    {"{\"subscriptionId\":12", 12},
    {"{\"subscriptionId\":", -1},
    {"{\"subscriptionId\":x", -1},
    {"{\"cmdId\":12}", -1},
    {"", -1},
};

START_TEST(the_id_of_a_beginning)
{
    ck_assert_int_eq(update_id_of(beginnings[_i].text, strlen(beginnings[_i].text)), beginnings[_i].id);
}
END_TEST

/* It ends above all ids in use. */
START_TEST(a_very_long_id)
{
    static const char text[] = "{\"subscriptionId\":99999999999999999999999999999999";

    ck_assert(update_id_of(text, strlen(text)) >= INT32_MAX);
}
END_TEST

static void assert_event(int64_t id, const struct point *points, size_t count, const char *text)
{
    struct buf out = BUF_INIT(1000);

    ck_assert_int_eq(event_write(&out, id, points, count), 0);
    ck_assert_str_eq(out.data, text);
    buf_free(&out);
}

START_TEST(an_event)
{
    json_t *text = json_string("2\n\"\xc3\xa9"), *null = json_null();
    struct point points[] = {{1795415670063, "a", text}, {1795415670063, "b\n", null}};

    assert_event(
        1795415670063, points, 1,
        "id: 1795415670063\ndata: {\"ts\":1795415670063,\"values\":{\"a\":\"2\\n\\\"\xc3\xa9\"}}\n\n");
    assert_event(
        5, points, 2,
        "id: 5\ndata: {\"ts\":1795415670063,\"values\":{\"a\":\"2\\n\\\"\xc3\xa9\",\"b\\n\":null}}\n\n");
    json_decref(text);
}
END_TEST

/* Values and keys are passed on byte for byte. */
START_TEST(values_that_jansson_cannot_hold)
{
    struct update update;

    parse(
        "{\"subscriptionId\":7,\"errorCode\":0,\"x\":1E400,\"data\":{\"a\":[[3,89010303310033979663]],\"b\":[[3,"
        "\"\\u0000\"]],\"c\\u0000\":[[3,1.10]],\"d\":[[3,{\"e\":[-0,\"\\ud83d\",26.5]}]]}}",
        &update);
    ck_assert_uint_eq(update.count, 4);
    assert_event(
        3, update.points, 4,
        "id: 3\ndata: {\"ts\":3,\"values\":{\"a\":89010303310033979663,\"b\":\"\\u0000\",\"c\\u0000\":1.10,"
        "\"d\":{\"e\":[-0,\"\\ud83d\",26.5]}}}\n\n");
    update_free(&update);
}
END_TEST

START_TEST(an_event_fits_or_is_left_out)
{
    static const char text[] = "id: 1\ndata: {\"ts\":1,\"values\":{\"a\":\"x\"}}\n\n";
    json_t *value = json_string("x");
    struct point point = {1, "a", value};
    struct buf out = BUF_INIT(2 * (sizeof(text) - 1));

    ck_assert_int_eq(event_write(&out, 1, &point, 1), 0);
    ck_assert_int_eq(event_write(&out, 1, &point, 1), 0);
    ck_assert_int_eq(event_write(&out, 1, &point, 1), -EMSGSIZE);
    ck_assert_uint_eq(out.len, 2 * (sizeof(text) - 1));
    out.max++;
    ck_assert_int_eq(event_write(&out, 1, &point, 1), -EMSGSIZE);
    ck_assert_uint_eq(out.len, 2 * (sizeof(text) - 1));
    json_decref(value);
    buf_free(&out);
}
END_TEST

START_TEST(the_last_event)
{
    struct buf out = BUF_INIT(200);

    ck_assert_int_eq(event_write_end(&out, "it is\nover"), 0);
    ck_assert_str_eq(out.data, "event: end\ndata: {\"message\":\"it is\\nover\"}\n\n");
    buf_clear(&out);
    ck_assert_int_eq(event_write_end(&out, "\xff"), 0);
    ck_assert_str_eq(out.data, "event: end\ndata: {\"message\":\"(text that is not UTF-8)\"}\n\n");
    buf_free(&out);
}
END_TEST

static const struct {
    const char *text;
    int64_t id; /* -1: none */
} ids[] = {
    {"0", 0},
    {"1795415670063", 1795415670063},
    {"9223372036854775807", INT64_MAX},
    {"9223372036854775808", -1},
    {"", -1},
    {"-1", -1},
    {"+1", -1},
    {" 1", -1},
    {"1 ", -1},
    {"1,2", -1},
    {"0x1", -1},
};

START_TEST(an_id)
{
    int64_t id = -1;

    ck_assert_int_eq(event_parse_id(ids[_i].text, &id), ids[_i].id < 0 ? -EINVAL : 0);
    ck_assert_int_eq(id, ids[_i].id);
}
END_TEST

UNIT_SUITE(update)
{
    TCase *tests;
    Suite *suite = unit_suite_create("update", &tests);

    tcase_add_test(tests, points_by_ascending_time);
    tcase_add_test(tests, an_error);
    tcase_add_test(tests, an_error_that_is_not_a_text);
    tcase_add_loop_test(tests, not_an_update, 0, (int)ARRAY_SIZE(no_updates));
    tcase_add_loop_test(tests, not_a_point, 0, (int)ARRAY_SIZE(no_points));
    tcase_add_loop_test(tests, the_id_of_a_beginning, 0, (int)ARRAY_SIZE(beginnings));
    tcase_add_test(tests, a_very_long_id);
    tcase_add_test(tests, an_event);
    tcase_add_test(tests, values_that_jansson_cannot_hold);
    tcase_add_test(tests, an_event_fits_or_is_left_out);
    tcase_add_test(tests, the_last_event);
    tcase_add_loop_test(tests, an_id, 0, (int)ARRAY_SIZE(ids));
    return suite;
}
