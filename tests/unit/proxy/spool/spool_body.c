/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/spool/spool_keys.h"
#include "unit.h"

static struct buf first, second;

static void set_up(void)
{
    first.max = second.max = 100000;
}

static void tear_down(void)
{
    buf_free(&first);
    buf_free(&second);
}

static int halve(bool is_telemetry, const char *body)
{
    buf_clear(&first);
    buf_clear(&second);
    return spool_body_halve(is_telemetry, body, strlen(body), &first, &second);
}

static const struct {
    bool is_telemetry;
    const char *body, *first, *second;
} halves[] = {
    {false, "{\"a\":1,\"b\":2}", "{\"a\":1}", "{\"b\":2}"},
    {false, " { \"a\" : 1 , \"b\":[2, 3],\"a\":{}} ", "{\"a\" : 1}", "{\"b\":[2, 3],\"a\":{}}"},
    {true, "[{\"ts\":1,\"values\":{\"a\":1}},{\"ts\":2,\"values\":{\"a\":1e5}}]",
     "[{\"ts\":1,\"values\":{\"a\":1}}]", "[{\"ts\":2,\"values\":{\"a\":1e5}}]"},
    {true, "[1, [2],\"3\"]", "[1]", "[[2],\"3\"]"},
    {true, "[{\"ts\":1,\"values\":{\"a\":1,\"b\":\"x\"}}]", "{\"ts\":1,\"values\":{\"a\":1}}",
     "{\"ts\":1,\"values\":{\"b\":\"x\"}}"},
    {true, "{\"values\": {\"a\":1,\"b\":2,\"c\":3} , \"ts\": 1 }", "{\"values\": {\"a\":1} , \"ts\": 1 }",
     "{\"values\": {\"b\":2,\"c\":3} , \"ts\": 1 }"},
};

START_TEST(a_body_is_cut_into_halves)
{
    ck_assert_int_eq(halve(halves[_i].is_telemetry, halves[_i].body), 1);
    ck_assert_str_eq(first.data, halves[_i].first);
    ck_assert_str_eq(second.data, halves[_i].second);
}
END_TEST

static const struct {
    bool is_telemetry;
    const char *body;
    int result;
} whole[] = {
    {false, "{}", 0},
    {false, "{\"a\":1}", 0},
    {false, "[{\"a\":1,\"b\":2}]", -EBADMSG},
    {false, "1", -EBADMSG},
    {false, "", -EBADMSG},
    {false, "{\"a\":1,\"b\":2", -EBADMSG},
    {true, "[]", 0},
    {true, "[{\"ts\":1,\"values\":{\"a\":1}}]", 0},
    {true, "{\"ts\":1,\"values\":{}}", 0},
    {true, "{\"ts\":1,\"values\":[1,2]}", -EBADMSG},
    {true, "{\"ts\":1,\"values\":{\"a\":1},\"values\":{\"b\":1}}", -EBADMSG},
    {true, "{\"a\":1,\"b\":2}", -EBADMSG},
    {true, "[1]", -EBADMSG},
    {true, "\"text\"", -EBADMSG},
};

START_TEST(a_body_stays_whole)
{
    ck_assert_int_eq(halve(whole[_i].is_telemetry, whole[_i].body), whole[_i].result);
    ck_assert_uint_eq(first.len, 0);
    ck_assert_uint_eq(second.len, 0);
}
END_TEST

START_TEST(no_room_for_a_half)
{
    second.max = 6;
    ck_assert_int_eq(halve(false, "{\"a\":1,\"b\":2}"), -EMSGSIZE);
    ck_assert_uint_eq(first.len, 0);
    second.max = 7;
    ck_assert_int_eq(halve(false, "{\"a\":1,\"b\":2}"), 1);
}
END_TEST

/* ---- keys ---- */

static struct buf out;

static int remove_keys(struct spool_keys *keys, const char *body)
{
    int r;

    out.max = 100000;
    buf_clear(&out);
    r = spool_keys_remove(keys, body, strlen(body), &out);
    spool_keys_free(keys);
    return r;
}

static const struct {
    const char *written, *body, *left;
    int count;
} removals[] = {
    {"{\"a\":1}", "{\"a\":2}", "", 0},
    {"{\"a\":1,\"b\":1}", "{\"b\":2,\"a\":2,\"b\":3}", "", 0},
    {"{\"a\":1}", " {\"a\":2, \"b\" : 1.0,\"c\":[ ]}", "{\"b\" : 1.0,\"c\":[ ]}", 2},
    {"{\"A\":1,\"aa\":1,\"\":1}", "{\"a\":2}", "{\"a\":2}", 1},
    {"{\"\":1}", "{\"\":2,\"a\":1}", "{\"a\":1}", 1},
    {"{\"\\u0061\":1,\"\\u00e4\\n\":2}", "{\"a\":2,\"\xc3\xa4\\u000a\":1,\"x\":0}", "{\"x\":0}", 1},
    {"{}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}", 2},
    {"{\"a\":1}", "{}", "", 0},
};

START_TEST(keys_that_were_written_later_are_taken_out)
{
    struct spool_keys keys;
    const char *written = removals[_i].written;

    ck_assert_int_eq(spool_keys_of_body(written, strlen(written), &keys), 0);
    ck_assert_int_eq(remove_keys(&keys, removals[_i].body), removals[_i].count);
    ck_assert_str_eq(out.data ? out.data : "", removals[_i].left);
    buf_free(&out);
}
END_TEST

static const struct {
    const char *query, *left;
} deletions[] = {
    {"keys=a,b", "{\"a b\":4,\"c\":3,\"\":5}"},
    {"keys=a,,b,", "{\"a b\":4,\"c\":3,\"\":5}"},
    {"keys=a&scope=x&keys=b", "{\"a b\":4,\"c\":3,\"\":5}"},
    {"keys=a%2Cb", "{\"a b\":4,\"c\":3,\"\":5}"},
    {"keys=a+b&key=a", "{\"a\":1,\"b\":2,\"c\":3,\"\":5}"},
    {"keys=", "{\"a\":1,\"b\":2,\"a b\":4,\"c\":3,\"\":5}"},
    {"", "{\"a\":1,\"b\":2,\"a b\":4,\"c\":3,\"\":5}"},
};

START_TEST(keys_that_were_deleted_later_are_taken_out)
{
    struct spool_keys keys;

    ck_assert_int_eq(spool_keys_of_query(deletions[_i].query, &keys), 0);
    ck_assert_int_gt(remove_keys(&keys, "{\"a\":1,\"b\":2,\"a b\":4,\"c\":3,\"\":5}"), 0);
    ck_assert_str_eq(out.data, deletions[_i].left);
    buf_free(&out);
}
END_TEST

START_TEST(what_is_not_attributes_has_no_keys)
{
    static const char *const others[] = {"", "[]", "[{\"a\":1}]", "1", "{", "{\"a\":1}x", "{a:1}"};
    struct spool_keys keys = {NULL, NULL, 0};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(others); i++) {
        ck_assert_int_eq(spool_keys_of_body(others[i], strlen(others[i]), &keys), -EBADMSG);
        ck_assert_int_eq(remove_keys(&keys, others[i]), -EBADMSG);
    }
    ck_assert_int_eq(spool_keys_of_query("keys=%00", &keys), -EINVAL);
    buf_free(&out);
}
END_TEST

#define MANY 50000

/* A search for each key in a list of all would take minutes. */
START_TEST(many_keys_take_little_time)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(SIZE_MAX / 2);
    struct spool_keys keys;
    int i;

    for (i = 0; i < MANY; i++)
        ck_assert_int_eq(buf_append_format(&body, "%c\"%05d\":0", i ? ',' : '{', i * 7 % MANY), 0);
    ck_assert_int_eq(buf_append_string(&body, "}"), 0);
    ck_assert_int_eq(spool_keys_of_body(body.data, body.len, &keys), 0);
    ck_assert_uint_eq(keys.count, MANY);
    ck_assert_int_eq(remove_keys(&keys, body.data), 0);
    buf_free(&out);
}
END_TEST

UNIT_SUITE(spool_body)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_body", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_body_is_cut_into_halves, 0, (int)ARRAY_SIZE(halves));
    tcase_add_loop_test(tests, a_body_stays_whole, 0, (int)ARRAY_SIZE(whole));
    tcase_add_test(tests, no_room_for_a_half);
    tcase_add_loop_test(tests, keys_that_were_written_later_are_taken_out, 0, (int)ARRAY_SIZE(removals));
    tcase_add_loop_test(tests, keys_that_were_deleted_later_are_taken_out, 0, (int)ARRAY_SIZE(deletions));
    tcase_add_test(tests, what_is_not_attributes_has_no_keys);
    tcase_add_test(tests, many_keys_take_little_time);
    return suite;
}
