/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject.h"

#include "base/util.h"
#include "unit.h"

#define OWN   "5ca1ab1e-feed-4bad-8add-c0ffee5ca1ab"
#define OTHER "784f394c-42b6-435a-983c-b7beff2784f9"

static const struct own_user own = {OWN, "a@example.org", AUTHORITY_TENANT_ADMIN};

/* Privileged: whether it is in SET_SESSION or SET_ACCOUNT. */
static const struct {
    const char *method, *path, *body;
    bool privileged;
} cases[] = {
    {"GET", "/api/user/" OWN, "", false},
    {"DELETE", "/api/user/" OWN, "", true},
    {"DELETE", "/api/user/5CA1AB1E-FEED-4BAD-8ADD-C0FFEE5CA1AB", "", true},
    {"DELETE", "/api/user/" OTHER, "", false},
    {"DELETE", "/api/user/" OTHER "/", "", false},
    {"DELETE", "/api/user/5ca1ab1e-feed-4bad-8add-c0ffee5ca1a", "", true},
    {"DELETE", "/api/user/5ca1ab1eXfeed-4bad-8add-c0ffee5ca1ab", "", true},
    {"POST", "/api/owner/TENANT/" OTHER "/USER/" OWN, "", true},
    {"POST", "/api/owner/TENANT/" OTHER "/USER/" OTHER, "", false},
    {"POST", "/api/owner/TENANT/" OTHER "/USER/1-1-1-1-1", "", true},
    {"GET", "/api/admin/settings/jwt", "", true},
    {"GET", "/api/admin/settings/Jwt/", "", true},
    {"GET", "/api/admin/settings/jwt%20", "", true},
    {"GET", "/api/admin/settings/jwts", "", false},
    {"POST", "/api/admin/settings", "{\"key\":\"mail\"}", false},
    {"POST", "/api/admin/settings", "{\"key\":\"jwt\"}", true},
    {"POST", "/api/admin/settings", "{\"key\":\"jwt\\u0000\"}", true},
    {"POST", "/api/admin/settings", "", true},
    {"POST", "/api/admin/settings", NULL, true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}}", false},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":\"" OTHER "\"}", true},
    {"POST", "/api/user", "{\"authority\":\"CUSTOMER_USER\"}", false},
    {"POST", "/api/user", "{\"authority\":\"TENANT_ADMIN\"}", true},
    {"POST", "/api/user", "{\"authority\":\"CUSTOMER_USER\",\"authority\":\"TENANT_ADMIN\"}", true},
    {"POST", "/api/user", "{\"authority\":\"TENANT_ADMIN\",\"authority\":\"CUSTOMER_USER\"}", true},
    {"POST", "/api/user", NULL, true},
    {"DELETE", "/api/apiKey/" OTHER, "", false},
    {"GET", "/api/user/" OTHER "/activationLink", "", true},
};

static unsigned sets_of(size_t i, const struct policy_facts *facts)
{
    size_t length = strlen(cases[i].path);
    const struct operation *operation = operation_find(cases[i].method, cases[i].path, length);

    ck_assert_msg(operation != NULL, "%s", cases[i].path);
    return policy_sets(operation, cases[i].path, length, facts);
}

START_TEST(sets_depend_on_the_request)
{
    struct policy_facts facts = {.own = own, .body = cases[_i].body};
    unsigned sets;

    facts.body_length = facts.body ? strlen(facts.body) : 0;
    sets = sets_of((size_t)_i, &facts);
    ck_assert_msg(!!(sets & (SET_SESSION | SET_ACCOUNT)) == cases[_i].privileged, "%s %s is %x",
                  cases[_i].method, cases[_i].path, sets);
    ck_assert(!(sets & SET_READ) != !(sets & SET_WRITE));
}
END_TEST

START_TEST(while_the_own_user_is_not_known_each_may_be_it)
{
    struct policy_facts facts = {.body = "{\"authority\":\"CUSTOMER_USER\"}", .body_length = 29};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++)
        if (strncmp(cases[i].method, "GET", 3) != 0 && !strstr(cases[i].path, "apiKey") &&
            !strstr(cases[i].path, "settings"))
            ck_assert_msg(sets_of(i, &facts) & SET_ACCOUNT, "%s", cases[i].path);
}
END_TEST

START_TEST(with_an_api_key_each_key_may_be_it)
{
    struct policy_facts facts = {.own = own, .has_api_key = true};
    const char *path = "/api/apiKey/" OTHER;

    ck_assert(policy_sets(operation_find("DELETE", path, strlen(path)), path, strlen(path), &facts) &
              SET_ACCOUNT);
}
END_TEST

static const struct {
    const char *method, *path;
    unsigned sets;
} unknown[] = {
    {"GET", "/api/new", SET_READ},
    {"HEAD", "/api/new", SET_READ},
    {"OPTIONS", "/api/new", SET_READ},
    {"POST", "/api/new", SET_WRITE},
    {"GETX", "/api/new", SET_WRITE},
    {"OPTIONS", "/api/user/" OWN "/token", SET_READ | SET_SESSION},
    {"PUT", "/api/user/" OWN "/token", SET_WRITE | SET_SESSION},
    {"POST", "/api/signup/new", SET_WRITE | SET_SESSION},
    {"GET", "/api/signup/new", SET_READ},
};

START_TEST(what_is_in_no_document_goes_by_its_method)
{
    struct policy_subject subject =
        policy_subject_of(NULL, unknown[_i].method, unknown[_i].path, strlen(unknown[_i].path));

    ck_assert_ptr_null(subject.id);
    ck_assert_msg(subject.sets == unknown[_i].sets, "%s %s: %x", unknown[_i].method, unknown[_i].path,
                  subject.sets);
}
END_TEST

START_TEST(authorities_have_an_order)
{
    ck_assert(policy_has_less(AUTHORITY_CUSTOMER_USER, AUTHORITY_TENANT_ADMIN));
    ck_assert(policy_has_less(AUTHORITY_TENANT_ADMIN, AUTHORITY_SYS_ADMIN));
    ck_assert(!policy_has_less(AUTHORITY_TENANT_ADMIN, AUTHORITY_TENANT_ADMIN));
    ck_assert(!policy_has_less(AUTHORITY_SYS_ADMIN, AUTHORITY_TENANT_ADMIN));
    ck_assert(!policy_has_less(AUTHORITY_UNKNOWN, AUTHORITY_SYS_ADMIN));
    ck_assert(!policy_has_less(AUTHORITY_CUSTOMER_USER, AUTHORITY_UNKNOWN));
}
END_TEST

UNIT_SUITE(policy_subject)
{
    TCase *tests;
    Suite *suite = unit_suite_create("policy_subject", &tests);

    tcase_add_loop_test(tests, sets_depend_on_the_request, 0, (int)ARRAY_SIZE(cases));
    tcase_add_test(tests, while_the_own_user_is_not_known_each_may_be_it);
    tcase_add_test(tests, with_an_api_key_each_key_may_be_it);
    tcase_add_loop_test(tests, what_is_in_no_document_goes_by_its_method, 0, (int)ARRAY_SIZE(unknown));
    tcase_add_test(tests, authorities_have_an_order);
    return suite;
}
