/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define DEVICE "784f394c-42b6-435a-983c-b7beff2784f9"
#define UPPER  "784F394C-42B6-435A-983C-B7BEFF2784F9"
#define BEGIN  "/api/plugins/telemetry/"

static const struct {
    const char *method, *path;
    enum spool_kind kind;
    const char *entity, *scope;
} writes[] = {
    {"POST", BEGIN "DEVICE/" DEVICE "/timeseries/ANY", SPOOL_TELEMETRY, "DEVICE:" DEVICE, "ANY"},
    {"POST", BEGIN "DEVICE/" UPPER "/timeseries/ANY/", SPOOL_TELEMETRY, "DEVICE:" DEVICE, "ANY"},
    {"POST", BEGIN "DEVICE/1-2-3-4-A/timeseries/ANY", SPOOL_TELEMETRY,
     "DEVICE:00000001-0002-0003-0004-00000000000a", "ANY"},
    {"POST", BEGIN "DEVICE/00000001-2-3-4-00000000000a/timeseries/ANY", SPOOL_TELEMETRY,
     "DEVICE:00000001-0002-0003-0004-00000000000a", "ANY"},
    {"POST", BEGIN "DEVICE/f00000001-20002-+3-4-a/timeseries/ANY", SPOOL_TELEMETRY,
     "DEVICE:00000001-0002-0003-0004-00000000000a", "ANY"},
    {"POST", BEGIN "8000000000000000-2-3-4-a/SERVER_SCOPE", SPOOL_ATTRIBUTES,
     "DEVICE:8000000000000000-2-3-4-a", "SERVER_SCOPE"},
    {"POST", BEGIN "1-2-3-4/SERVER_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:1-2-3-4", "SERVER_SCOPE"},
    {"POST", BEGIN "1-2-3-4-a-/SERVER_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:1-2-3-4-a-", "SERVER_SCOPE"},
    {"POST", BEGIN "1--3-4-a/SERVER_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:1--3-4-a", "SERVER_SCOPE"},
    {"POST", BEGIN "00000000001-2-3-4-000000000000000000a/SERVER_SCOPE", SPOOL_ATTRIBUTES,
     "DEVICE:00000000001-2-3-4-000000000000000000a", "SERVER_SCOPE"}, /* 37 letters */
    {"POST", BEGIN "%D9%A1-2-3-4-a/SERVER_SCOPE", SPOOL_NOTHING, "", ""},
    {"POST", BEGIN "ASSET/" DEVICE "/timeseries/ANY/3600", SPOOL_TELEMETRY, "ASSET:" DEVICE, "ANY"},
    {"POST", BEGIN DEVICE "/SHARED_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:" DEVICE, "SHARED_SCOPE"},
    {"POST", BEGIN "DEVICE/" DEVICE "/SERVER_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:" DEVICE, "SERVER_SCOPE"},
    {"POST", BEGIN "DEVICE/" DEVICE "/attributes/SERVER_SCOPE", SPOOL_ATTRIBUTES, "DEVICE:" DEVICE,
     "SERVER_SCOPE"},
    {"DELETE", BEGIN "DEVICE/" DEVICE "/timeseries/delete", SPOOL_DELETE, "DEVICE:" DEVICE, ""},
    {"DELETE", BEGIN "DEVICE/" DEVICE "/SERVER_SCOPE", SPOOL_DELETE, "DEVICE:" DEVICE, "SERVER_SCOPE"},
    {"DELETE", BEGIN DEVICE "/SERVER_SCOPE", SPOOL_DELETE, "DEVICE:" DEVICE, "SERVER_SCOPE"},
    {"GET", BEGIN "DEVICE/" DEVICE "/values/timeseries", SPOOL_NOTHING, "", ""},
    {"POST", "/api/v1/token/telemetry", SPOOL_NOTHING, "", ""},
    {"POST", "/api/device", SPOOL_NOTHING, "", ""},
    {"DELETE", "/api/device/" DEVICE, SPOOL_NOTHING, "", ""},
    {"POST", "/api/unknown", SPOOL_NOTHING, "", ""},
};

START_TEST(the_path_says_which_entity_is_written)
{
    const char *path = writes[_i].path;
    struct spool_write write =
        spool_write_read(operation_find(writes[_i].method, path, strlen(path)), path, strlen(path));

    ck_assert_msg(write.kind == writes[_i].kind, "%s: %d", path, write.kind);
    if (write.kind != SPOOL_NOTHING) {
        ck_assert_str_eq(write.entity, writes[_i].entity);
        ck_assert_str_eq(write.scope, writes[_i].scope);
    }
}
END_TEST

/* COUNT letters in place of the id. */
static enum spool_kind kind_of_long_id(int count)
{
    char path[400];
    int length = snprintf(path, sizeof(path), BEGIN "DEVICE/%0*d/timeseries/ANY", count, 0);

    return spool_write_read(operation_find("POST", path, (size_t)length), path, (size_t)length).kind;
}

START_TEST(an_id_that_is_too_long_is_none)
{
    int most = SPOOL_ENTITY_MAX - 1 - (int)strlen("DEVICE:");

    ck_assert_int_eq(kind_of_long_id(most), SPOOL_TELEMETRY);
    ck_assert_int_eq(kind_of_long_id(most + 1), SPOOL_NOTHING);
}
END_TEST

static const struct {
    enum spool_kind kind;
    const char *body;
    bool right;
} bodies[] = {
    {SPOOL_TELEMETRY, "{\"a\":1}", true},
    {SPOOL_TELEMETRY, " [{\"ts\":1,\"values\":{\"a\":1}}, {\"b\":null}] ", true},
    {SPOOL_TELEMETRY, "[]", true}, /* the server says that it is empty */
    {SPOOL_TELEMETRY, "{\"a\":1,\"a\":99999999999999999999999}", true},
    {SPOOL_TELEMETRY, "[{\"a\":1},2]", false},
    {SPOOL_TELEMETRY, "[[{\"a\":1}]]", false},
    {SPOOL_TELEMETRY, "1", false},
    {SPOOL_TELEMETRY, "", false},
    {SPOOL_TELEMETRY, "{\"a\":1", false},
    {SPOOL_TELEMETRY, "{a:1}", false},
    {SPOOL_ATTRIBUTES, "{\"a\":null}", true},
    {SPOOL_ATTRIBUTES, "{}", true},
    {SPOOL_ATTRIBUTES, "[{\"a\":1}]", false},
    {SPOOL_ATTRIBUTES, "\"a\"", false},
    {SPOOL_ATTRIBUTES, "a=1", false},
};

START_TEST(a_body_must_have_the_form_of_its_kind)
{
    struct buf body = {.data = (char *)(uintptr_t)bodies[_i].body, .len = strlen(bodies[_i].body)};
    const char *reason = NULL;

    ck_assert_int_eq(spool_write_check(bodies[_i].kind, &body, &reason), bodies[_i].right ? 0 : -EBADMSG);
    ck_assert_ptr_nonnull(reason);
}
END_TEST

UNIT_SUITE(spool_write)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_write", &tests);

    tcase_add_loop_test(tests, the_path_says_which_entity_is_written, 0, ARRAY_SIZE(writes));
    tcase_add_test(tests, an_id_that_is_too_long_is_none);
    tcase_add_loop_test(tests, a_body_must_have_the_form_of_its_kind, 0, ARRAY_SIZE(bodies));
    return suite;
}
