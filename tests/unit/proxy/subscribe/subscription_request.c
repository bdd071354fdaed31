/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_request.h"

#include <errno.h>

#include "base/util.h"
#include "unit.h"

#define ID     "784f394c-42b6-435a-983c-b7beff2784f9"
#define DEVICE "/-/subscribe/DEVICE/" ID

static int parse(const char *target, const char *id, struct subscription_request *ret)
{
    const char *reason = NULL;
    int r = subscription_request_parse(target, strcspn(target, "?"), id, ret, &reason);

    ck_assert(r == 0 || (reason && *reason));
    return r;
}

static const struct {
    const char *target, *type, *scope, *keys;
} good[] = {
    {DEVICE, "DEVICE", NULL, ""},
    {DEVICE "?", "DEVICE", NULL, ""},
    {DEVICE "?keys=b,a,b,c", "DEVICE", NULL, "a,b,c"},
    {DEVICE "?keys=a%20b,a+c&scope=SERVER_SCOPE", "DEVICE", "SERVER_SCOPE", "a b,a c"},
    {DEVICE "?scope=CLIENT_SCOPE&&keys=%C3%A9", "DEVICE", "CLIENT_SCOPE", "\xc3\xa9"},
    {DEVICE "?scope=SHARED_SCOPE", "DEVICE", "SHARED_SCOPE", ""},
    {DEVICE "?keys=100%25,50%", "DEVICE", NULL, "100%,50%"},
    /* the query as the program wrote it */
    {DEVICE "?%6bey%73=%c3%a9%2C\xc3\xa9z", "DEVICE", NULL, "\xc3\xa9,\xc3\xa9z"},
    {DEVICE "?s%63ope=SERVER%5fSCOPE&keys=%zz,{|}#", "DEVICE", "SERVER_SCOPE", "%zz,{|}#"},
    {"/-/subscribe/NOTIFICATION_TEMPLATE/784F394C-42B6-435A-983C-B7BEFF2784F9", "NOTIFICATION_TEMPLATE", NULL,
     ""},
    {"/-/subscribe/API_USAGE_STATE/" ID, "API_USAGE_STATE", NULL, ""},
};

START_TEST(accepted_requests)
{
    struct subscription_request request;

    ck_assert_int_eq(parse(good[_i].target, NULL, &request), 0);
    ck_assert_str_eq(request.target.entity_type, good[_i].type);
    ck_assert_str_eq(request.target.entity_id, ID);
    ck_assert_str_eq(request.target.keys, good[_i].keys);
    ck_assert_pstr_eq(request.target.scope, good[_i].scope);
    ck_assert_int_eq(request.since_ms, -1);
    subscription_request_free(&request);
}
END_TEST

static const char *const bad[] = {
    "/-/subscribe/device/" ID,
    "/-/subscribe/DEVICES/" ID,
    "/-/subscribe/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/" ID,
    "/-/subscribe/DEVICE/" ID "0",
    "/-/subscribe/DEVICE/784f394c-42b6-435a-983c-b7beff2784f",
    "/-/subscribe/DEVICE/784f394c-42b6-435a-983c-b7beff2784fg",
    "/-/subscribe/DEVICE/784f394c042b6-435a-983c-b7beff2784f9",
    DEVICE "?keys",
    DEVICE "?keys=",
    DEVICE "?keys=,",
    DEVICE "?keys=a,",
    DEVICE "?keys=a&keys=a",
    DEVICE "?scope=",
    DEVICE "?scope=server_scope",
    DEVICE "?scope=LATEST_TELEMETRY",
    DEVICE "?scope=SERVER_SCOPE&scope=SERVER_SCOPE",
    DEVICE "?key=a",
    DEVICE "?=a",
    DEVICE "?Keys=a",
    DEVICE "?%4bEYS=a",
    /* not valid as a key */
    DEVICE "?keys=a%00b",
    DEVICE "?keys=a%0ab",
    DEVICE "?keys=%7f",
    DEVICE "?keys=%C3%28",
    DEVICE "?keys=\xff",
    DEVICE "?keys%00=a",
    DEVICE "?scope=SERVER_SCOPE%00",
};

START_TEST(refused)
{
    struct subscription_request request;

    ck_assert_int_eq(parse(bad[_i], NULL, &request), -EINVAL);
    subscription_request_free(&request);
}
END_TEST

START_TEST(last_event_id)
{
    struct subscription_request request;

    ck_assert_int_eq(parse(DEVICE, "12", &request), 0);
    ck_assert_int_eq(request.since_ms, 12);
    subscription_request_free(&request);
    ck_assert_int_eq(parse(DEVICE, "", &request), 0); /* as if it were not there */
    ck_assert_int_eq(request.since_ms, -1);
    subscription_request_free(&request);
    ck_assert_int_eq(parse(DEVICE, "x", &request), -EINVAL);
    subscription_request_free(&request);
}
END_TEST

static int parse_keys(int count)
{
    struct buf target = BUF_INIT(4096);
    struct subscription_request request;
    int i, r;

    buf_append_string(&target, DEVICE "?keys=k");
    for (i = 1; i < count; i++)
        buf_append_format(&target, ",k%d", i);
    r = parse(target.data, NULL, &request);
    subscription_request_free(&request);
    buf_free(&target);
    return r;
}

START_TEST(most_keys)
{
    ck_assert_int_eq(parse_keys(SUBSCRIPTION_KEYS_MAX), 0);
    ck_assert_int_eq(parse_keys(SUBSCRIPTION_KEYS_MAX + 1), -EINVAL);
}
END_TEST

UNIT_SUITE(subscription_request)
{
    TCase *tests;
    Suite *suite = unit_suite_create("subscription_request", &tests);

    tcase_add_loop_test(tests, accepted_requests, 0, (int)ARRAY_SIZE(good));
    tcase_add_loop_test(tests, refused, 0, (int)ARRAY_SIZE(bad));
    tcase_add_test(tests, last_event_id);
    tcase_add_test(tests, most_keys);
    return suite;
}
