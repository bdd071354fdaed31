/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/call_timeout.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"
#include "unit.h"

#define LEAST_MS 1000
#define NOW_MS   INT64_C(1795415381000)

static int64_t timeout_of(const char *method, const char *target, const char *text, int64_t least_ms)
{
    struct target parsed = {.text.max = TARGET_MAX_BYTES, .path_length = strcspn(target, "?")};
    struct buf body = BUF_INIT(SIZE_MAX - 1);
    int64_t ms;

    ck_assert_int_eq(buf_append_string(&parsed.text, target), 0);
    ck_assert_int_eq(buf_append_string(&body, text ? text : ""), 0);
    ms = call_timeout_ms(method, &parsed, text ? &body : NULL, least_ms, NOW_MS);
    buf_free(&parsed.text);
    buf_free(&body);
    return ms;
}

static const struct {
    const char *method, *target, *body;
    int64_t ms;
} calls[] = {
    {"POST", "/api/rpc/twoway/1", "{\"method\":\"m\",\"timeout\":70000}", 75000},
    {"POST", "/api/rpc/oneway/1", "{\"timeout\":70000}", 75000},
    {"POST", "/api/plugins/rpc/twoway/1", "{\"timeout\":70000}", 75000},
    {"POST", "/api/plugins/rpc/oneway/1", "{\"timeout\":70000}", 75000},
    {"POST", "/api/rpc/twoway/1/", "{\"timeout\":70000}", 75000},
    {"POST", "/api/rpc/twoway/1?timeout=90000", "{\"timeout\":70000}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":0}", 5000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":294999}", 299999},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":295000}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":295001}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":1e9}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":9223372036854775807}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":7e4}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":99999999999999999999999}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":\"70000\"}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":\"99999999999999999999999\"}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":1,\"timeout\":70000}", 75000}, /* the last one counts */
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":70000,\"params\":\"\\u0000\"}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":70000,\"params\":89010303310033979663}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":70000,\"params\":1E400}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"expirationTime\":1795415451000}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"expirationTime\":1795415451000,\"timeout\":1}", 75000},
    {"POST", "/api/rpc/twoway/1", "{\"expirationTime\":1795415380999}", LEAST_MS}, /* it has expired */
    {"POST", "/api/rpc/twoway/1", "{\"expirationTime\":\"soon\"}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"expirationTime\":9e300}", 300000},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":-1}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":-1e300}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":\"-70000\"}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":\"\"}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":\"70000x\"}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":null}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":true}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":[70000]}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"params\":{\"timeout\":70000}}", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "[70000]", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "{\"timeout\":70000", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", "", LEAST_MS},
    {"POST", "/api/rpc/twoway/1", NULL, LEAST_MS},
    {"GET", "/api/rpc/twoway/1", "{\"timeout\":70000}", LEAST_MS},
    {"POST", "/api/device", "{\"timeout\":70000}", LEAST_MS},
    {"POST", "/api/ai/model/chat", "{\"chatModelConfig\":{\"timeoutSeconds\":70}}", 75000},
    {"POST", "/api/ai/model/chat", "{\"chatModelConfig\":{\"timeoutSeconds\":0.5}}", 5500},
    {"POST", "/api/ai/model/chat", "{\"chatModelConfig\":{\"timeoutSeconds\":1e308}}", 300000},
    {"POST", "/api/ai/model/chat", "{\"chatModelConfig\":{}}", LEAST_MS},
    {"POST", "/api/ai/model/chat", "{\"timeoutSeconds\":70}", LEAST_MS},
    {"POST", "/api/rule-engine/DEVICE/1/70000", "{}", 75000},
    {"POST", "/api/rule-engine/DEVICE/1/70000/", NULL, 75000},
    {"POST", "/api/rule-engine/DEVICE/1/Main/70000", "{}", 75000},
    {"POST", "/api/rule-engine/DEVICE/1/99999999999999999999999", "{}", 300000},
    {"POST", "/api/rule-engine/DEVICE/1/-70000", "{}", LEAST_MS},
    {"POST", "/api/rule-engine/DEVICE/70000", "{}", LEAST_MS},
    {"POST", "/api/rule-engine/", "{}", LEAST_MS},
    {"GET", "/api/v1/token/rpc?timeout=90000", NULL, 95000},
    {"GET", "/api/v1/token/attributes/updates?timeout=90000", NULL, 95000},
    {"GET", "/api/v1/token/rpc?a=b&timeout=90000&c", NULL, 95000},
    {"GET", "/api/v1/token/rpc?timeout=90000&timeout=1", NULL, 95000},
    {"GET", "/api/v1/token/rpc?timeout=1&timeout=90000", NULL, 5001}, /* the first one counts */
    {"GET", "/api/v1/token/rpc?timeout=99999999999999999999999", NULL, 300000},
    {"GET", "/api/v1/token/rpc?timeout=-1", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?timeout=", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?timeout", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?timeout=1e9", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?xtimeout=90000", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc?&&", NULL, LEAST_MS},
    {"GET", "/api/v1/token/rpc", NULL, LEAST_MS},
    {"POST", "/api/v1/token/rpc?timeout=90000", "{}", LEAST_MS},
    {"GET", "/api/device?timeout=90000", NULL, LEAST_MS},
};

START_TEST(a_call_can_name_its_timeout)
{
    int64_t ms = timeout_of(calls[_i].method, calls[_i].target, calls[_i].body, LEAST_MS);

    ck_assert_msg(ms == calls[_i].ms, "%s %s: %lld", calls[_i].target, calls[_i].body ? calls[_i].body : "",
                  (long long)ms);
}
END_TEST

START_TEST(it_never_shortens_the_timeout)
{
    ck_assert_int_eq(timeout_of("GET", "/api/v1/t/rpc?timeout=54999", NULL, 60000), 60000);
    ck_assert_int_eq(timeout_of("GET", "/api/v1/t/rpc?timeout=55001", NULL, 60000), 60001);
    ck_assert_int_eq(timeout_of("GET", "/api/v1/t/rpc?timeout=1000000", NULL, 400000), 400000);
}
END_TEST

START_TEST(a_body_is_read_up_to_its_limit)
{
    static const char text[] = "{\"timeout\":70000}";
    static char body[CALL_TIMEOUT_BODY_MAX + 2];

    memset(body, ' ', CALL_TIMEOUT_BODY_MAX);
    memcpy(body, text, strlen(text));
    ck_assert_int_eq(timeout_of("POST", "/api/rpc/twoway/1", body, LEAST_MS), 75000);
    body[CALL_TIMEOUT_BODY_MAX] = ' ';
    ck_assert_int_eq(timeout_of("POST", "/api/rpc/twoway/1", body, LEAST_MS), LEAST_MS);
}
END_TEST

/* PATH with 70000 in place of its variables. */
static void fill_in(const char *path, char *ret)
{
    for (; *path; path++) {
        if (*path != '{') {
            *ret++ = *path;
            continue;
        }
        ret = stpcpy(ret, "70000");
        path = strchr(path, '}');
    }
    *ret = '\0';
}

START_TEST(every_operation_whose_path_has_a_timeout_is_known)
{
    char path[500];
    size_t i, found = 0;

    for (i = 0; i < operation_count; i++) {
        if (!strstr(operation_path(&operations[i]), "{timeout}"))
            continue;
        found++;
        ck_assert_int_eq(operations[i].method, TB_POST);
        fill_in(operation_path(&operations[i]), path);
        ck_assert_msg(timeout_of("POST", path, NULL, LEAST_MS) == 75000, "%s", path);
    }
    ck_assert_uint_ge(found, 2);
}
END_TEST

UNIT_SUITE(call_timeout)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call_timeout", &tests);

    tcase_add_loop_test(tests, a_call_can_name_its_timeout, 0, (int)ARRAY_SIZE(calls));
    tcase_add_test(tests, it_never_shortens_the_timeout);
    tcase_add_test(tests, a_body_is_read_up_to_its_limit);
    tcase_add_test(tests, every_operation_whose_path_has_a_timeout_is_known);
    return suite;
}
