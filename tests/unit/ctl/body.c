/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include <tbclient/value.h>

#include "base/util.h"
#include "ctl/body_set.h"
#include "ctl/editions.h"
#include "ctl/page.h"
#include "unit.h"
#include "json/json_read.h"
#include "json/json_write.h"

/* The tables of PE. */
static const tb_api *api(void)
{
    return editions[edition_find("pe")].api;
}

static const tb_operation *operation(const char *id)
{
    const tb_operation *found = tb_operation_find(api(), id);

    ck_assert_ptr_nonnull(found);
    return found;
}

static json_t *json(const char *text)
{
    json_t *value = json_read(text, strlen(text), JSON_READ_EXACT, NULL);

    ck_assert_ptr_nonnull(value);
    return value;
}

static void assert_json(const json_t *value, const char *expected)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(100000);

    ck_assert_int_eq(json_write(&text, value), 0);
    ck_assert_str_eq(text.data, expected);
}

/* Members of the body of an operation, one after the other. */
static const struct {
    const char *operation; /* NULL: any JSON */
    const char *members[4][2];
    const char *body;
} sets[] = {
    {"saveDevice", {{"name", "1"}, {"label", "null"}}, "{\"name\":\"1\",\"label\":\"null\"}"},
    {"saveDevice", {{"version", "12"}}, "{\"version\":12}"},
    {"saveDevice", {{"name", "a"}, {"name", "b"}}, "{\"name\":\"b\"}"},
    {"saveDevice",
     {{"additionalInfo.a.b", "1e5"}, {"additionalInfo.c", "1 2"}},
     "{\"additionalInfo\":{\"a\":{\"b\":1e5},\"c\":\"1 2\"}}"},
    {"saveDevice",
     {{"id", "{\"id\":\"x\"}"}, {"id.entityType", "DEVICE"}},
     "{\"id\":{\"id\":\"x\",\"entityType\":\"DEVICE\"}}"},
    /* Members of a variant, whether it is known already or not. */
    {"countEntitiesByQuery",
     {{"entityFilter.type", "deviceType"},
      {"entityFilter.deviceTypes", "[\"1\"]"},
      {"entityFilter.deviceNameFilter", "2"}},
     "{\"entityFilter\":{\"type\":\"deviceType\",\"deviceTypes\":[\"1\"],\"deviceNameFilter\":\"2\"}}"},
    {"countEntitiesByQuery",
     {{"entityFilter.deviceNameFilter", "2"}},
     "{\"entityFilter\":{\"deviceNameFilter\":\"2\"}}"},
    {"findEntityDataByQuery",
     {{"entityFields.0.key", "1"}, {"entityFields.1.key", "2"}, {"entityFields.0.type", "x"}},
     "{\"entityFields\":[{\"key\":\"1\",\"type\":\"x\"},{\"key\":\"2\"}]}"},
    {"addEntitiesToEntityGroup", {{"0", "1"}, {"1", "2"}}, "[\"1\",\"2\"]"},
    {NULL, {{"a", TB_VERBATIM "1"}}, "{\"a\":\"" TB_VERBATIM "1\"}"},
    {"saveDevice", {{"name", TB_VERBATIM}}, "{\"name\":\"" TB_VERBATIM "\"}"},
    {NULL, {{"a", "1.10"}, {"b", "\"1\""}, {"c.0", "x"}}, "{\"a\":1.10,\"b\":\"1\",\"c\":{\"0\":\"x\"}}"},
};

START_TEST(members_are_set_by_their_type)
{
    size_t i, j;

    for (i = 0; i < ARRAY_SIZE(sets); i++) {
        unsigned type = sets[i].operation ? operation(sets[i].operation)->body_type : BODY_TYPE_ANY;
        struct tb_error err = TB_ERROR_INIT;
        json_t *body = NULL;

        unit_capture();
        for (j = 0; j < 4 && sets[i].members[j][0]; j++)
            ck_assert_int_eq(body_set(api(), type, &body, sets[i].members[j][0], sets[i].members[j][1], &err),
                             0);
        ck_assert_str_eq(unit_captured(), "");
        assert_json(body, sets[i].body);
        json_decref(body);
    }
}
END_TEST

START_TEST(members_that_do_not_fit)
{
    static const char *const bad[][2] = {
        {"version", "x"}, {"version", "\"1\" 2"},     {"id", "x"},     {"name", "\xff"},
        {"a..b", "1"},    {"additionalInfo", "\xff"}, {"name.x", "1"}, {TB_VERBATIM "1", "1"},
    };
    json_t *body = json("{\"name\":\"a\"}");
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tb_error err = TB_ERROR_INIT;

        ck_assert_int_eq(
            body_set(api(), operation("saveDevice")->body_type, &body, bad[i][0], bad[i][1], &err), -EINVAL);
        ck_assert_msg(strncmp(err.message, "--set ", 6) == 0, "%s", err.message);
    }
    assert_json(body, "{\"name\":\"a\"}");
    json_decref(body);
}
END_TEST

START_TEST(where_the_page_is)
{
    json_t *parameters = json_object(), *body = NULL;
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_ptr_eq(page_link(api(), operation("getTenantDevices"), parameters, &body, &err), parameters);
    ck_assert_ptr_null(body);
    ck_assert_ptr_null(page_link(api(), operation("getUser"), parameters, &body, &err));
    ck_assert_ptr_null(
        page_link(api(), operation("findAvailableEntityKeysByQuery"), parameters, &body, &err));
    ck_assert_ptr_nonnull(page_link(api(), operation("findEntityDataByQuery"), parameters, &body, &err));
    assert_json(body, "{\"pageLink\":{}}");
    json_object_set_new(json_object_get(body, "pageLink"), "page", json_integer(3));
    ck_assert_ptr_eq(page_link(api(), operation("findAlarmDataByQuery"), parameters, &body, &err),
                     json_object_get(body, "pageLink"));
    assert_json(body, "{\"pageLink\":{\"page\":3}}");
    json_decref(body);
    body = json("[]");
    ck_assert_ptr_null(page_link(api(), operation("findEntityDataByQuery"), parameters, &body, &err));
    json_decref(body);
    json_decref(parameters);
}
END_TEST

/* TEXT as a page; COUNT -1: it is none. */
static const struct {
    const char *text;
    int count;
    int64_t total;
    bool has_next;
} pages[] = {
    {" {\"data\":[1, 2],\"totalElements\":5,\"hasNext\":true} ", 2, 5, true},
    {"{\"data\":[],\"hasNext\":false}", 0, -1, false},
    {"{\"data\":[1]}", 1, -1, false},
    {"{\"data\":[1],\"data\":[2,3,4]}", 3, -1, false},
    {"{\"data\":[],\"hasNext\":true}", -1, 0, false},
    {"{\"data\":{}}", -1, 0, false},
    {"[]", -1, 0, false},
    {"x", -1, 0, false},
};

START_TEST(pages_are_read)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(pages); i++) {
        CLEANUP(buf_free) struct buf text = BUF_INIT(1000);
        struct tb_error err = TB_ERROR_INIT;
        struct page page;

        ck_assert_int_eq(buf_append_string(&text, pages[i].text), 0);
        ck_assert_int_eq(page_read(&text, &page, &err), pages[i].count < 0 ? -EBADMSG : 0);
        if (pages[i].count < 0)
            continue;
        ck_assert_int_eq((int)page.count, pages[i].count);
        ck_assert_int_eq(page.total, pages[i].total);
        ck_assert_int_eq(page.has_next, pages[i].has_next);
    }
}
END_TEST

UNIT_SUITE(body)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("body", &tcase);

    tcase_add_test(tcase, members_are_set_by_their_type);
    tcase_add_test(tcase, members_that_do_not_fit);
    tcase_add_test(tcase, where_the_page_is);
    tcase_add_test(tcase, pages_are_read);
    return suite;
}
