/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/util.h"
#include "proxy/operation.h"
#include "unit.h"

#define ID        "784f394c-42b6-435a-983c-b7beff2784f9"
#define TELEMETRY "/api/plugins/telemetry/DEVICE/" ID

/* The operations that a real server executes asynchronously, with a path of each. Repeated freely: reads, and
 * saving and deleting attributes, which does no harm twice. */
static const struct {
    const char *operation, *method, *path;
    enum repeat repeat;
} operations[] = {
    {"getAttributeKeys", "GET", TELEMETRY "/keys/attributes", REPEAT_FREE},
    {"getAttributeKeysByScope", "GET", TELEMETRY "/keys/attributes/SERVER_SCOPE", REPEAT_FREE},
    {"getAttributes", "GET", TELEMETRY "/values/attributes", REPEAT_FREE},
    {"getAttributesByScope", "GET", TELEMETRY "/values/attributes/SHARED_SCOPE", REPEAT_FREE},
    {"getTimeseriesKeys", "GET", TELEMETRY "/keys/timeseries", REPEAT_FREE},
    {"getLatestTimeseries", "GET", TELEMETRY "/values/timeseries", REPEAT_FREE},
    {"getTimeseriesHistory", "GET", TELEMETRY "/values/timeseries/history", REPEAT_FREE},
    {"getTimeseriesByReadTsKvQueries", "POST", TELEMETRY "/values/timeseries", REPEAT_FREE},
    {"saveDeviceAttributes", "POST", "/api/plugins/telemetry/" ID "/SERVER_SCOPE", REPEAT_FREE},
    {"saveEntityAttributesV1", "POST", TELEMETRY "/SERVER_SCOPE", REPEAT_FREE},
    {"saveEntityAttributesV2", "POST", TELEMETRY "/attributes/SERVER_SCOPE", REPEAT_FREE},
    {"saveEntityTelemetry", "POST", TELEMETRY "/timeseries/ANY", REPEAT_STAMPED},
    {"saveEntityTelemetry", "POST", "/api/plugins/telemetry/ASSET/" ID "/timeseries/LATEST_TELEMETRY",
     REPEAT_STAMPED},
    {"saveEntityTelemetryWithTTL", "POST", TELEMETRY "/timeseries/ANY/86400", REPEAT_STAMPED},
    {"deleteEntityTimeseries", "DELETE", TELEMETRY "/timeseries/delete", REPEAT_FREE},
    {"deleteDeviceAttributes", "DELETE", "/api/plugins/telemetry/" ID "/SERVER_SCOPE", REPEAT_FREE},
    {"deleteEntityAttributes", "DELETE", TELEMETRY "/SERVER_SCOPE", REPEAT_FREE},
    {"handleOneWayDeviceRPCRequestV1", "POST", "/api/plugins/rpc/oneway/" ID, REPEAT_NEVER},
    {"handleTwoWayDeviceRPCRequestV1", "POST", "/api/plugins/rpc/twoway/" ID, REPEAT_NEVER},
    {"handleOneWayDeviceRPCRequestV2", "POST", "/api/rpc/oneway/" ID, REPEAT_NEVER},
    {"handleTwoWayDeviceRPCRequestV2", "POST", "/api/rpc/twoway/" ID, REPEAT_NEVER},
    {"getPersistedRpcByDevice", "GET", "/api/rpc/persistent/device/" ID, REPEAT_FREE},
    {"handleRuleEngineRequestForUser", "POST", "/api/rule-engine/", REPEAT_NEVER},
    {"handleRuleEngineRequestForEntity", "POST", "/api/rule-engine/DEVICE/" ID, REPEAT_NEVER},
    {"handleRuleEngineRequestForEntityWithTimeout", "POST", "/api/rule-engine/DEVICE/" ID "/5000",
     REPEAT_NEVER},
    {"handleRuleEngineRequestForEntityWithQueueAndTimeout", "POST",
     "/api/rule-engine/DEVICE/" ID "/Main/5000", REPEAT_NEVER},
    {"claimDevice", "POST", "/api/customer/device/Boiler%20Room/claim", REPEAT_NEVER},
    {"reClaimDevice", "DELETE", "/api/customer/device/Boiler/claim", REPEAT_NEVER},
    {"syncEdge", "POST", "/api/edge/sync/" ID, REPEAT_NEVER},
    {"findAvailableEntityKeysByQuery", "POST", "/api/entitiesQuery/find/keys", REPEAT_FREE},
    {"findAvailableEntityKeysByQueryV2", "POST", "/api/v2/entitiesQuery/find/keys", REPEAT_FREE},
    {"saveEntitiesVersion", "POST", "/api/entities/vc/version", REPEAT_NEVER},
    {"loadEntitiesVersion", "POST", "/api/entities/vc/entity", REPEAT_NEVER},
    {"listVersions", "GET", "/api/entities/vc/version", REPEAT_FREE},
    {"listEntityTypeVersions", "GET", "/api/entities/vc/version/DEVICE", REPEAT_FREE},
    {"listEntityVersions", "GET", "/api/entities/vc/version/DEVICE/" ID, REPEAT_FREE},
    {"listAllEntitiesAtVersion", "GET", "/api/entities/vc/entity/4f2a", REPEAT_FREE},
    {"listEntitiesAtVersion", "GET", "/api/entities/vc/entity/DEVICE/4f2a", REPEAT_FREE},
    {"getEntityDataInfo", "GET", "/api/entities/vc/info/4f2a/DEVICE/" ID, REPEAT_FREE},
    {"compareEntityDataToVersion", "GET", "/api/entities/vc/diff/DEVICE/" ID, REPEAT_FREE},
    {"getVersionCreateRequestStatus", "GET", "/api/entities/vc/version/" ID "/status", REPEAT_FREE},
    {"getVersionLoadRequestStatus", "GET", "/api/entities/vc/entity/" ID "/status", REPEAT_FREE},
    {"listBranches", "GET", "/api/entities/vc/branches", REPEAT_FREE},
    {"saveRepositorySettings", "POST", "/api/admin/repositorySettings", REPEAT_NEVER},
    {"deleteRepositorySettings", "DELETE", "/api/admin/repositorySettings", REPEAT_NEVER},
    {"checkRepositoryAccess", "POST", "/api/admin/repositorySettings/checkAccess", REPEAT_NEVER},
    {"sendChatRequest", "POST", "/api/ai/model/chat", REPEAT_NEVER},
    /* the device API: a value gets its time when it arrives */
    {"postTelemetry", "POST", "/api/v1/A1_TEST_TOKEN/telemetry", REPEAT_NEVER},
    {"postAttributes", "POST", "/api/v1/A1_TEST_TOKEN/attributes", REPEAT_NEVER},
    {"postRpcRequest", "POST", "/api/v1/A1_TEST_TOKEN/rpc", REPEAT_NEVER},
    {"getAttributes", "GET", "/api/v1/A1_TEST_TOKEN/attributes", REPEAT_FREE},
    /* plain ones are refused before they are executed */
    {"saveDevice", "POST", "/api/device", REPEAT_FREE},
    {"deleteDevice", "DELETE", "/api/device/" ID, REPEAT_FREE},
    {"getRepositorySettings", "GET", "/api/admin/repositorySettings", REPEAT_FREE},
    {"deleteRpc", "DELETE", "/api/rpc/persistent/" ID, REPEAT_FREE},
    {"assignDeviceToCustomer", "POST", "/api/customer/" ID "/device/" ID, REPEAT_FREE},
    {"countEntitiesByQuery", "POST", "/api/entitiesQuery/count", REPEAT_FREE},
    {"saveEdge", "POST", "/api/edge", REPEAT_FREE},
};

START_TEST(what_a_429_means)
{
    enum repeat repeat =
        operation_repeat(operations[_i].method, operations[_i].path, strlen(operations[_i].path));

    ck_assert_msg(repeat == operations[_i].repeat, "%s is %d", operations[_i].operation, (int)repeat);
}
END_TEST

START_TEST(the_path_ends_before_the_query)
{
    const char *target = "/api/rpc/twoway/" ID "?x=/y";

    ck_assert_int_eq(operation_repeat("POST", target, strcspn(target, "?")), REPEAT_NEVER);
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

START_TEST(a_pattern_fits_or_not)
{
    ck_assert_msg(path_matches(patterns[_i].pattern, patterns[_i].path, strlen(patterns[_i].path)) ==
                      patterns[_i].fits,
                  "%s with %s", patterns[_i].pattern, patterns[_i].path);
}
END_TEST

/* LENGTH bounds the path; no NUL need follow. */
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

Suite *operation_suite(void)
{
    TCase *tests;
    Suite *suite = unit_suite_create("operation", &tests);

    tcase_add_loop_test(tests, what_a_429_means, 0, (int)ARRAY_SIZE(operations));
    tcase_add_test(tests, the_path_ends_before_the_query);
    tcase_add_loop_test(tests, a_pattern_fits_or_not, 0, (int)ARRAY_SIZE(patterns));
    tcase_add_test(tests, a_path_ends_at_its_length);
    return suite;
}
