/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"
#include "unit.h"

#define ID        "784f394c-42b6-435a-983c-b7beff2784f9"
#define TELEMETRY "/api/plugins/telemetry/DEVICE/" ID

/* The operations that a real server executes asynchronously, with a path of each. Retried freely: reads, and
 * saving and deleting attributes, which does no harm twice. */
static const struct {
    const char *operation, *method, *path;
    enum tb_retry retry;
} cases[] = {
    {"getAttributeKeys", "GET", TELEMETRY "/keys/attributes", TB_RETRY_FREE},
    {"getAttributeKeysByScope", "GET", TELEMETRY "/keys/attributes/SERVER_SCOPE", TB_RETRY_FREE},
    {"getAttributes", "GET", TELEMETRY "/values/attributes", TB_RETRY_FREE},
    {"getAttributesByScope", "GET", TELEMETRY "/values/attributes/SHARED_SCOPE", TB_RETRY_FREE},
    {"getTimeseriesKeys", "GET", TELEMETRY "/keys/timeseries", TB_RETRY_FREE},
    {"getLatestTimeseries", "GET", TELEMETRY "/values/timeseries", TB_RETRY_FREE},
    {"getTimeseriesHistory", "GET", TELEMETRY "/values/timeseries/history", TB_RETRY_FREE},
    {"getTimeseriesByReadTsKvQueries", "POST", TELEMETRY "/values/timeseries", TB_RETRY_FREE},
    {"saveDeviceAttributes", "POST", "/api/plugins/telemetry/" ID "/SERVER_SCOPE", TB_RETRY_FREE},
    {"saveEntityAttributesV1", "POST", TELEMETRY "/SERVER_SCOPE", TB_RETRY_FREE},
    {"saveEntityAttributesV2", "POST", TELEMETRY "/attributes/SERVER_SCOPE", TB_RETRY_FREE},
    {"saveEntityTelemetry", "POST", TELEMETRY "/timeseries/ANY", TB_RETRY_STAMPED},
    {"saveEntityTelemetry", "POST", "/api/plugins/telemetry/ASSET/" ID "/timeseries/LATEST_TELEMETRY",
     TB_RETRY_STAMPED},
    {"saveEntityTelemetryWithTTL", "POST", TELEMETRY "/timeseries/ANY/86400", TB_RETRY_STAMPED},
    {"deleteEntityTimeseries", "DELETE", TELEMETRY "/timeseries/delete", TB_RETRY_FREE},
    {"deleteDeviceAttributes", "DELETE", "/api/plugins/telemetry/" ID "/SERVER_SCOPE", TB_RETRY_FREE},
    {"deleteEntityAttributes", "DELETE", TELEMETRY "/SERVER_SCOPE", TB_RETRY_FREE},
    {"handleOneWayDeviceRPCRequestV1", "POST", "/api/plugins/rpc/oneway/" ID, TB_RETRY_NEVER},
    {"handleTwoWayDeviceRPCRequestV1", "POST", "/api/plugins/rpc/twoway/" ID, TB_RETRY_NEVER},
    {"handleOneWayDeviceRPCRequestV2", "POST", "/api/rpc/oneway/" ID, TB_RETRY_NEVER},
    {"handleTwoWayDeviceRPCRequestV2", "POST", "/api/rpc/twoway/" ID, TB_RETRY_NEVER},
    {"getPersistedRpcByDevice", "GET", "/api/rpc/persistent/device/" ID, TB_RETRY_FREE},
    {"handleRuleEngineRequestForUser", "POST", "/api/rule-engine/", TB_RETRY_NEVER},
    {"handleRuleEngineRequestForEntity", "POST", "/api/rule-engine/DEVICE/" ID, TB_RETRY_NEVER},
    {"handleRuleEngineRequestForEntityWithTimeout", "POST", "/api/rule-engine/DEVICE/" ID "/5000",
     TB_RETRY_NEVER},
    {"handleRuleEngineRequestForEntityWithQueueAndTimeout", "POST",
     "/api/rule-engine/DEVICE/" ID "/Main/5000", TB_RETRY_NEVER},
    {"claimDevice", "POST", "/api/customer/device/Boiler%20Room/claim", TB_RETRY_NEVER},
    {"reClaimDevice", "DELETE", "/api/customer/device/Boiler/claim", TB_RETRY_NEVER},
    {"syncEdge", "POST", "/api/edge/sync/" ID, TB_RETRY_NEVER},
    {"findAvailableEntityKeysByQuery", "POST", "/api/entitiesQuery/find/keys", TB_RETRY_FREE},
    {"findAvailableEntityKeysByQueryV2", "POST", "/api/v2/entitiesQuery/find/keys", TB_RETRY_FREE},
    {"saveEntitiesVersion", "POST", "/api/entities/vc/version", TB_RETRY_NEVER},
    {"loadEntitiesVersion", "POST", "/api/entities/vc/entity", TB_RETRY_NEVER},
    {"listVersions", "GET", "/api/entities/vc/version", TB_RETRY_FREE},
    {"listEntityTypeVersions", "GET", "/api/entities/vc/version/DEVICE", TB_RETRY_FREE},
    {"listEntityVersions", "GET", "/api/entities/vc/version/DEVICE/" ID, TB_RETRY_FREE},
    {"listAllEntitiesAtVersion", "GET", "/api/entities/vc/entity/4f2a", TB_RETRY_FREE},
    {"listEntitiesAtVersion", "GET", "/api/entities/vc/entity/DEVICE/4f2a", TB_RETRY_FREE},
    {"getEntityDataInfo", "GET", "/api/entities/vc/info/4f2a/DEVICE/" ID, TB_RETRY_FREE},
    {"compareEntityDataToVersion", "GET", "/api/entities/vc/diff/DEVICE/" ID, TB_RETRY_FREE},
    {"getVersionCreateRequestStatus", "GET", "/api/entities/vc/version/" ID "/status", TB_RETRY_FREE},
    {"getVersionLoadRequestStatus", "GET", "/api/entities/vc/entity/" ID "/status", TB_RETRY_FREE},
    {"listBranches", "GET", "/api/entities/vc/branches", TB_RETRY_FREE},
    {"saveRepositorySettings", "POST", "/api/admin/repositorySettings", TB_RETRY_NEVER},
    {"deleteRepositorySettings", "DELETE", "/api/admin/repositorySettings", TB_RETRY_NEVER},
    {"checkRepositoryAccess", "POST", "/api/admin/repositorySettings/checkAccess", TB_RETRY_NEVER},
    {"sendChatRequest", "POST", "/api/ai/model/chat", TB_RETRY_NEVER},
    /* the device API: a value gets its timestamp when it arrives */
    {"postTelemetry", "POST", "/api/v1/A1_TEST_TOKEN/telemetry", TB_RETRY_NEVER},
    {"postDeviceAttributes", "POST", "/api/v1/A1_TEST_TOKEN/attributes", TB_RETRY_NEVER},
    {"postRpcRequest", "POST", "/api/v1/A1_TEST_TOKEN/rpc", TB_RETRY_NEVER},
    {"replyToCommand", "POST", "/api/v1/A1_TEST_TOKEN/rpc/7", TB_RETRY_NEVER},
    {"saveClaimingInfo", "POST", "/api/v1/A1_TEST_TOKEN/claim", TB_RETRY_NEVER},
    {"provisionDevice", "POST", "/api/v1/provision", TB_RETRY_NEVER},
    {"getDeviceAttributes", "GET", "/api/v1/A1_TEST_TOKEN/attributes", TB_RETRY_FREE},
    {"subscribeToAttributes", "GET", "/api/v1/A1_TEST_TOKEN/attributes/updates", TB_RETRY_FREE},
    {"subscribeToCommands", "GET", "/api/v1/A1_TEST_TOKEN/rpc", TB_RETRY_FREE},
    {"getFirmware", "GET", "/api/v1/A1_TEST_TOKEN/firmware", TB_RETRY_FREE},
    {"getSoftware", "GET", "/api/v1/A1_TEST_TOKEN/software", TB_RETRY_FREE},
    {"none", "POST", "/api/v1/A1_TEST_TOKEN/of/a/newer/server", TB_RETRY_NEVER},
    /* synchronous ones are refused before they are executed */
    {"saveDevice", "POST", "/api/device", TB_RETRY_FREE},
    {"deleteDevice", "DELETE", "/api/device/" ID, TB_RETRY_FREE},
    {"getRepositorySettings", "GET", "/api/admin/repositorySettings", TB_RETRY_FREE},
    {"deleteRpc", "DELETE", "/api/rpc/persistent/" ID, TB_RETRY_FREE},
    {"assignDeviceToCustomer", "POST", "/api/customer/" ID "/device/" ID, TB_RETRY_FREE},
    {"countEntitiesByQuery", "POST", "/api/entitiesQuery/count", TB_RETRY_FREE},
    {"saveEdge", "POST", "/api/edge", TB_RETRY_FREE},
};

static enum tb_retry retry_of(const char *method, const char *path, size_t length)
{
    return operation_retry(operation_find(method, path, length), method, path, length);
}

START_TEST(what_a_429_means)
{
    const struct operation *operation =
        operation_find(cases[_i].method, cases[_i].path, strlen(cases[_i].path));
    enum tb_retry retry = retry_of(cases[_i].method, cases[_i].path, strlen(cases[_i].path));

    ck_assert_str_eq(operation ? operation_id(operation) : "none", cases[_i].operation);
    ck_assert_msg(retry == cases[_i].retry, "%s is %d", cases[_i].operation, (int)retry);
}
END_TEST

START_TEST(the_path_ends_before_the_query)
{
    const char *target = "/api/rpc/twoway/" ID "?x=/y";

    ck_assert_int_eq(retry_of("POST", target, strcspn(target, "?")), TB_RETRY_NEVER);
}
END_TEST

static const struct {
    const char *pattern, *path;
    bool fits;
} patterns[] = {
    {"/a", "/a", true},
    {"/a", "/A", false},
    {"/a", "/ab", false},
    {"/ab", "/a", false},
    {"/a", "/a/", true},
    {"/a/*/c", "/a/b/c/", true},
    {"/a/*", "/a//", false},
    {"/a", "/a/b", false},
    {"/", "/", true},
    {"/*", "/x", true},
    {"/*", "/", false},
    {"/*", "/x/y", false},
    {"/a/*/c", "/a/b/c", true},
    {"/a/*/c", "/a//c", false},
    {"/a/*/c", "/a/b/d", false},
    {"/a/*/c", "/a/b", false},
    {"/a/*/c", "/a/b/c/d", false},
    {"/a/**", "/a/b/", true},
    {"/a/**", "/a/b", true},
    {"/a/**", "/a/b/c/d", true},
    {"/a/**", "/a/", true},
    {"/a/**", "/ab/c", false},
    {"/a/*/**", "/a/b/c", true},
    {"/a/*/**", "/a/b/", true},
    {"/a/*/**", "/a", false},
    {"/a/*", "/a/**", true},
    {"/a/x*", "/a/xy", false},
    {"/**", "/", true},
    {"/a/*/*", "/a/b/c", true},
};

START_TEST(a_pattern_matches_or_not)
{
    ck_assert_msg(path_matches(patterns[_i].pattern, patterns[_i].path, strlen(patterns[_i].path)) ==
                      patterns[_i].fits,
                  "%s with %s", patterns[_i].pattern, patterns[_i].path);
}
END_TEST

/* LENGTH ends the path; a NUL is not needed. */
START_TEST(a_path_ends_at_its_length)
{
    static const char path[] = {'/', 'a', '/', 'b'};

    ck_assert(path_matches("/a/b", path, 4));
    ck_assert(path_matches("/a/*", path, 4));
    ck_assert(path_matches("/a", path, 3));
    ck_assert(path_matches("/a", path, 2));
    ck_assert(!path_matches("/a/b", path, 3));
}
END_TEST

UNIT_SUITE(operation)
{
    TCase *tests;
    Suite *suite = unit_suite_create("operation", &tests);

    tcase_add_loop_test(tests, what_a_429_means, 0, (int)ARRAY_SIZE(cases));
    tcase_add_test(tests, the_path_ends_before_the_query);
    tcase_add_loop_test(tests, a_pattern_matches_or_not, 0, (int)ARRAY_SIZE(patterns));
    tcase_add_test(tests, a_path_ends_at_its_length);
    return suite;
}
