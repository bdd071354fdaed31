/* SPDX-License-Identifier: Apache-2.0 */
/* The generated tree of operations, compared with the tables of all documents and with a search without a
 * tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"
#include "unit.h"

#define ID        "784f394c-42b6-435a-983c-b7beff2784f9"
#define PATH_SIZE 2048
#define DEPTH_MAX 32 /* gen/generator/routes.py */
#define ROUTED_FLAGS                                                                                         \
    (TB_ANONYMOUS | TB_PAGED | TB_ASYNCHRONOUS | TB_CREDENTIAL | TB_ATTRIBUTE_WRITE | TB_ACTS)

/* The headers of two versions cannot be included together. */
extern const tb_api tb_ce_4_3_1_2, tb_ce_4_3_1_3, tb_ce_4_4_0, tb_pe_4_3_1_2, tb_pe_4_4_0, tb_paas_4_3_1_2,
    tb_paas_4_4_0;

static const tb_api *const documents[] = {&tb_ce_4_3_1_2, &tb_ce_4_3_1_3,   &tb_ce_4_4_0,  &tb_pe_4_3_1_2,
                                          &tb_pe_4_4_0,   &tb_paas_4_3_1_2, &tb_paas_4_4_0};

/* The bit of API in operation.editions. */
static unsigned document_bit(const tb_api *api)
{
    size_t i;

    for (i = 0; i < operation_document_count; i++)
        if (strcmp(operation_documents[i].edition, api->edition) == 0 &&
            strcmp(operation_documents[i].version, api->version) == 0)
            return 1u << i;
    ck_abort_msg("%s %s is not routed", api->edition, api->version);
}

static size_t segment_length(const char *text)
{
    return strcspn(text, "/");
}

/* TEMPLATE with each variable replaced by the segment of OTHER in its place, or else by ID. */
static void fill(const char *template, const char *other, char ret[PATH_SIZE])
{
    size_t used = 0;

    while (*template) {
        size_t length = segment_length(++template), other_length = 0;
        const char *text = *template == '{' ? ID : template;
        size_t text_length = *template == '{' ? strlen(ID) : length;

        if (other && *other) {
            other_length = segment_length(++other);
            if (*template == '{' && *other != '{' && other_length) {
                text = other;
                text_length = other_length;
            }
        }
        used += (size_t)snprintf(ret + used, PATH_SIZE - used, "/%.*s", (int)text_length, text);
        ck_assert_uint_lt(used, PATH_SIZE);
        template += length;
        if (other)
            other += other_length;
    }
}

static const struct operation *find(const char *method, const char *path)
{
    return operation_find(method, path, strlen(path));
}

static void check_row(const tb_api *api, const tb_operation *row)
{
    const char *id = api->strings + row->id, *template = api->strings + row->path;
    const char *method = tb_method_name((enum tb_method)row->method);
    const struct operation *found;
    char path[PATH_SIZE];

    fill(template, NULL, path);
    found = find(method, path);
    ck_assert_msg(found != NULL, "%s %s: %s is not found", method, path, id);
    ck_assert_str_eq(operation_id(found), id);
    ck_assert_str_eq(operation_tag(found), api->strings + row->tag);
    ck_assert_int_eq(found->method, row->method);
    ck_assert_int_eq(found->retry, row->retry);
    ck_assert_int_eq(found->flags, row->flags & ROUTED_FLAGS);
    ck_assert_msg(found->editions & document_bit(api), "%s: not in %s %s", id, api->edition, api->version);
    ck_assert_int_eq(operation_retry(found, method, path, strlen(path)), row->retry);
    ck_assert(!(found->sets & SET_READ) != !(found->sets & SET_WRITE));
    if (found->condition == CONDITION_ALWAYS)
        ck_assert(operation_at_path_is_in(path, strlen(path), found->sets));
    if (row->method == TB_GET)
        ck_assert_ptr_eq(find("HEAD", path), found);
    ck_assert_ptr_null(find("TRACE", path));
    if (path[strlen(path) - 1] != '/') {
        strcat(path, "/");
        found = find(method, path);
        ck_assert_msg(found != NULL, "%s %s is not found", method, path);
        strcat(path, "/");
        ck_assert_ptr_null(find(method, path));
    }
}

START_TEST(every_operation_of_a_document_is_found)
{
    const tb_api *api = documents[_i];
    size_t i;

    ck_assert_uint_gt(api->operation_count, 500);
    for (i = 0; i < api->operation_count; i++)
        check_row(api, &api->operations[i]);
}
END_TEST

/* Every row is in the documents that its bits name. */
START_TEST(a_row_is_in_its_documents)
{
    const tb_api *api = documents[_i];
    unsigned bit = document_bit(api);
    size_t i, count = 0;

    for (i = 0; i < operation_count; i++)
        if (operations[i].editions & bit) {
            ck_assert_ptr_nonnull(tb_operation_find(api, operation_id(&operations[i])));
            count++;
        }
    ck_assert_uint_eq(count, api->operation_count);
}
END_TEST

/* How well TEMPLATE matches PATH: higher the earlier it has a literal segment; -1: it does not match. */
static int64_t rank(const char *template, const char *path)
{
    int64_t rank = 0;
    int depth = 0;

    while (*template && *path) {
        size_t wanted = segment_length(++template), have = segment_length(++path);
        bool variable = *template == '{';

        if (variable ? have == 0 : wanted != have || memcmp(template, path, have) != 0)
            return -1;
        if (!variable)
            rank |= INT64_C(1) << (62 - depth);
        depth++;
        template += wanted;
        path += have;
    }
    return *template || *path ? -1 : rank;
}

static const struct operation *find_without_tree(unsigned method, const char *path)
{
    const struct operation *best = NULL;
    int64_t best_rank = -1;
    size_t i;

    for (i = 0; i < operation_count; i++) {
        int64_t its = operations[i].method == method ? rank(operation_path(&operations[i]), path) : -1;

        if (its > best_rank) {
            best = &operations[i];
            best_rank = its;
        }
    }
    return best;
}

/* The tree and a plain search agree for every path that matches two templates, with any method. */
START_TEST(literals_are_preferred_if_templates_overlap)
{
    size_t i, j, overlaps = 0;
    size_t step = 10 / (size_t)unit_rounds(10); /* all, or every tenth */

    for (i = 0; i < operation_count; i += step)
        for (j = 0; j < operation_count; j++) {
            const char *other = operation_path(&operations[j]);
            unsigned method = operations[i].method;
            char path[PATH_SIZE];

            fill(operation_path(&operations[i]), other, path);
            if (i == j || rank(other, path) < 0)
                continue;
            overlaps++;
            ck_assert_msg(find(tb_method_name((enum tb_method)method), path) ==
                              find_without_tree(method, path),
                          "%s %s", operation_id(&operations[i]), path);
        }
    ck_assert_uint_gt(overlaps, 100);
}
END_TEST

static const struct {
    const char *method, *path, *id; /* NULL: none */
} cases[] = {
    /* a literal is preferred to a variable */
    {"GET", "/api/device/types", "getDeviceTypes"},
    {"GET", "/api/device/" ID, "getDeviceById"},
    {"GET", "/api/device/typesx", "getDeviceById"},
    {"GET", "/api/device/type", "getDeviceById"},
    {"GET", "/api/entities/vc/version/" ID "/status", "getVersionCreateRequestStatus"},
    {"GET", "/api/entities/vc/version/DEVICE/" ID, "listEntityVersions"},
    /* the literal leads to nothing, so the variable is tried */
    {"POST", "/api/customer/device/device/" ID, "assignDeviceToCustomer"},
    {"POST", "/api/customer/device/Boiler/claim", "claimDevice"},
    {"DELETE", "/api/device/types", "deleteDevice"},
    {"DELETE", "/api/customer/device/" ID, "unassignDeviceFromCustomer"},
    /* the device API, which only the document of a running server has */
    {"GET", "/api/v1/A1_TEST_TOKEN/attributes", "getDeviceAttributes"},
    {"GET", "/api/v1/A1_TEST_TOKEN/attributes/updates", "subscribeToAttributes"},
    {"GET", "/api/v1/A1_TEST_TOKEN/firmware", "getFirmware"},
    {"GET", "/api/v1/A1_TEST_TOKEN/rpc", "subscribeToCommands"},
    {"GET", "/api/v1/A1_TEST_TOKEN/software", "getSoftware"},
    {"POST", "/api/v1/A1_TEST_TOKEN/attributes", "postDeviceAttributes"},
    {"POST", "/api/v1/A1_TEST_TOKEN/claim", "saveClaimingInfo"},
    {"POST", "/api/v1/A1_TEST_TOKEN/rpc", "postRpcRequest"},
    {"POST", "/api/v1/A1_TEST_TOKEN/rpc/7", "replyToCommand"},
    {"POST", "/api/v1/A1_TEST_TOKEN/telemetry", "postTelemetry"},
    {"POST", "/api/v1/provision", "provisionDevice"},
    {"POST", "/api/v1/provision/telemetry", "postTelemetry"},
    {"GET", "/api/v1/provision", NULL},
    {"GET", "/api/v1/A1_TEST_TOKEN/telemetry", NULL},
    /* a slash at the end */
    {"GET", "/api/device/types/", "getDeviceTypes"},
    {"POST", "/api/rule-engine/", "handleRuleEngineRequestForUser"},
    {"POST", "/api/rule-engine", NULL},
    {"GET", "/api/device/types//", NULL},
    /* methods */
    {"HEAD", "/api/device/types", "getDeviceTypes"},
    {"HEAD", "/api/device", NULL},
    {"PUT", "/api/device/types", NULL},
    {"TRACE", "/api/device/types", NULL},
    {"get", "/api/device/types", NULL},
    {"", "/api/device/types", NULL},
    /* not in the API */
    {"GET", "", NULL},
    {"GET", "/", NULL},
    {"GET", "//", NULL},
    {"GET", "/api", NULL},
    {"GET", "/api/", NULL},
    {"GET", "api/device/types", NULL},
    {"GET", "/API/device/types", NULL},
    {"GET", "//api/device/types", NULL},
    {"GET", "/api//device/types", NULL},
    {"GET", "/api/device//credentials", NULL},
    {"GET", "/api/devic", NULL},
    {"GET", "/api/device/types/and/more", NULL},
};

START_TEST(a_path_leads_to_its_operation)
{
    const struct operation *found = find(cases[_i].method, cases[_i].path);
    const char *id = found ? operation_id(found) : "none";

    ck_assert_msg(strcmp(id, cases[_i].id ? cases[_i].id : "none") == 0, "%s %s: %s", cases[_i].method,
                  cases[_i].path, id);
}
END_TEST

/* A search is as deep as the tree, not as the path. */
START_TEST(no_template_is_deeper_than_the_limit)
{
    enum { SEGMENTS = 4000 };
    char *path = malloc(2 * SEGMENTS + 1);
    size_t i, deepest = 0;

    ck_assert_ptr_nonnull(path);
    for (i = 0; i < operation_count; i++) {
        const char *c;
        size_t depth = 0;

        for (c = operation_path(&operations[i]); *c; c++)
            depth += *c == '/';
        if (depth > deepest)
            deepest = depth;
    }
    ck_assert_uint_ge(deepest, 8);
    ck_assert_uint_le(deepest, DEPTH_MAX);
    for (i = 0; i < SEGMENTS; i++)
        memcpy(path + 2 * i, "/a", 2);
    path[2 * SEGMENTS] = '\0';
    for (i = 0; i <= 2 * SEGMENTS; i += i < 100 ? 1 : 100)
        ck_assert_ptr_null(operation_find("GET", path, i));
    memset(path, '/', 2 * SEGMENTS);
    ck_assert_ptr_null(find("GET", path));
    free(path);
}
END_TEST

/* LENGTH ends the path; the bytes after it are not read. */
START_TEST(a_path_ends_at_its_length)
{
    static const char text[] = "/api/device/types/and/more";
    size_t length;

    for (length = 0; length <= strlen(text); length++) {
        char *path = malloc(length + !length);
        const struct operation *found;
        const char *wanted = length > 18                       ? "none"
                             : length >= 17                    ? "getDeviceTypes"
                             : length > strlen("/api/device/") ? "getDeviceById"
                                                               : "none";

        ck_assert_ptr_nonnull(path);
        memcpy(path, text, length);
        found = operation_find("GET", path, length);
        ck_assert_msg(strcmp(found ? operation_id(found) : "none", wanted) == 0, "%.*s", (int)length, text);
        free(path);
    }
}
END_TEST

/* NUL is a byte like others here, although no accepted target contains one. */
START_TEST(a_nul_does_not_end_a_segment)
{
    static const char path[] = "/api\0\0/device/types", last[] = "/api/device/types\0";

    ck_assert_ptr_null(operation_find("GET", path, sizeof(path) - 1));
    ck_assert_str_eq(operation_id(operation_find("GET", last, sizeof(last) - 1)), "getDeviceById");
    ck_assert_str_eq(operation_id(operation_find("GET", last, sizeof(last) - 2)), "getDeviceTypes");
}
END_TEST

UNIT_SUITE(router)
{
    TCase *tests;
    Suite *suite = unit_suite_create("router", &tests);

    tcase_add_loop_test(tests, every_operation_of_a_document_is_found, 0, (int)ARRAY_SIZE(documents));
    tcase_add_loop_test(tests, a_row_is_in_its_documents, 0, (int)ARRAY_SIZE(documents));
    tcase_add_test(tests, literals_are_preferred_if_templates_overlap);
    tcase_add_loop_test(tests, a_path_leads_to_its_operation, 0, (int)ARRAY_SIZE(cases));
    tcase_add_test(tests, no_template_is_deeper_than_the_limit);
    tcase_add_test(tests, a_path_ends_at_its_length);
    tcase_add_test(tests, a_nul_does_not_end_a_segment);
    return suite;
}
