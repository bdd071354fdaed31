/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/question.h"
#include "proxy/policy/subject_body.h"

#include "base/buf.h"
#include "unit.h"
#include "json/json_check.h"

#define OWN   "5ca1ab1e-feed-4bad-8add-c0ffee5ca1ab"
#define OTHER "784f394c-42b6-435a-983c-b7beff2784f9"
#define GROUP "/api/entityGroup/" OTHER

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
    {"POST", "/api/owner/TENANT/" OTHER "/USER/" OTHER, "", true},
    {"POST", "/api/owner/TENANT/" OTHER "/USER/1-1-1-1-1", "", true},
    {"GET", "/api/admin/settings/jwt", "", true},
    {"GET", "/api/admin/settings/Jwt/", "", true},
    {"GET", "/api/admin/settings/jwt%20", "", true},
    {"GET", "/api/admin/settings/jwts", "", false},
    {"POST", "/api/admin/settings", "{\"key\":\"mail\"}", true},
    {"POST", "/api/admin/settings/testMail", "{\"key\":\"mail\"}", true},
    {"GET", "/api/admin/settings/mail", "", false},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":\"b@example.org\"}", false},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":\"a@example.org\"}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":\"A@Example.org\"}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":\" a@example.org\"}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":\"\\u212a@example.org\"}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", "{\"email\":[\"b@example.org\"]}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", "{}", true},
    {"POST", "/api/noauth/resetPasswordByEmail", NULL, true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":\"" OTHER "\"}", true},
    {"POST", "/api/user", "{\"authority\":\"CUSTOMER_USER\"}", false},
    {"POST", "/api/user", "{\"authority\":\"TENANT_ADMIN\"}", true},
    {"POST", "/api/user", "{\"authority\":\"CUSTOMER_USER\",\"authority\":\"TENANT_ADMIN\"}", true},
    {"POST", "/api/user", "{\"authority\":\"TENANT_ADMIN\",\"authority\":\"CUSTOMER_USER\"}", true},
    {"POST", "/api/user", NULL, true},
    {"POST", "/api/oauth2/client", "{}", true},
    {"POST", "/api/domain", "{}", true},
    {"PUT", "/api/domain/" OTHER "/oauth2Clients", "[]", true},
    {"DELETE", "/api/domain/" OTHER, "", false},
    {"POST", "/api/owner/TENANT/" OTHER "/DEVICE/" OTHER, "[]", false},
    {"POST", "/api/owner/TENANT/" OTHER "/user/" OTHER, "[]", true},
    {"POST", "/api/owner/TENANT/" OTHER "/USER%20/" OTHER, "[]", true},
    {"POST", "/api/owner/CUSTOMER/" OTHER "/USER/" OTHER, "[]", false},
    {"POST", "/api/owner/CUSTOMER/" OTHER "/USER/" OWN, "[]", true},
    {"POST", GROUP "/addEntities", "[\"" OTHER "\",\"" OTHER "\"]", false},
    {"POST", GROUP "/addEntities", "[\"" OTHER "\",\"" OWN "\"]", true},
    {"POST", GROUP "/deleteEntities", "[]", false},
    {"POST", GROUP "/deleteEntities", "[\"" OTHER "\"]", false},
    {"POST", GROUP "/deleteEntities", "[\"5CA1AB1E-FEED-4BAD-8ADD-C0FFEE5CA1AB\"]", true},
    {"POST", GROUP "/deleteEntities", "[\"1-1-1-1-1\"]", true},
    {"POST", GROUP "/deleteEntities", "[1]", true},
    {"POST", GROUP "/deleteEntities", "\"" OTHER "\"", true},
    {"POST", GROUP "/deleteEntities", NULL, true},
    {"DELETE", GROUP, "", true},
    {"POST", "/api/role", "{\"name\":\"x\"}", false},
    {"POST", "/api/role", "{\"id\":null}", false},
    {"POST", "/api/role", "{\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/role", "[]", true},
    {"DELETE", "/api/role/" OTHER, "", true},
    {"POST", "/api/groupPermission", "{}", true},
    {"DELETE", "/api/groupPermission/" OTHER, "", true},
    {"POST", "/api/trendz/config", "{}", true},
    {"GET", "/api/trendz/healthcheck", "", false},
    /* names with escapes, and in other cases */
    {"POST", "/api/user", "{\"\\u0069d\":null,\"\\u0061uthority\":\"CUSTOMER_USER\"}", false},
    {"POST", "/api/user", "{\"\\u0069d\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"\\u0069d\":{\"id\":\"" OWN "\"},\"authority\":\"CUSTOMER_USER\"}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"\\u0035ca1ab1e-feed-4bad-8add-c0ffee5ca1ab\"}}", true},
    {"POST", "/api/user", "{\"Id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{\"ID\":{\"id\":\"" OWN "\"},\"authority\":\"CUSTOMER_USER\"}", true},
    /* the same name twice: the server takes the last, another reader the first */
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"},\"id\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OWN "\"},\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\",\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\",\"\\u0069d\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":null,\"id\":{\"id\":\"" OWN "\"},\"authority\":\"CUSTOMER_USER\"}", true},
    {"POST", "/api/user", "{\"x\":1,\"x\":2,\"id\":{\"id\":\"" OTHER "\",\"entityType\":\"USER\"}}", true},
    {"POST", "/api/admin/settings", "{\"key\":\"mail\",\"key\":\"jwt\"}", true},
    {"POST", "/api/admin/settings", "{\"key\":\"mail\",\"\\u006bey\":\"jwt\"}", true},
    {"POST", "/api/admin/settings", "{\"\\u006bey\":\"jwt\"}", true},
    {"POST", "/api/admin/settings", "{\"key\":\"\\u006awt\"}", true},
    {"POST", "/api/admin/settings", "{\"key\":\"mail\",\"Key\":\"jwt\"}", true},
    /* elsewhere than where it counts */
    {"POST", "/api/user",
     "{\"x\":{"
     "\"id\":{\"id\":\"" OTHER "\"}}}",
     true},
    {"POST", "/api/user", "{\"x\":\"\\\",\\\"id\\\":{}\",\"id\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "[{\"id\":{\"id\":\"" OTHER "\"}}]", true},
    {"POST", "/api/user", "{\"id\":[{\"id\":\"" OTHER "\"}]}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":{\"id\":\"" OTHER "\"}}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":null}}", true},
    {"POST", "/api/user", "{\"id\":{}}", true},
    {"POST", "/api/user", "{\"id\":null,\"authority\":\"CUSTOMER_USER\"}", false},
    {"POST", "/api/user", "{\"authority\":[\"CUSTOMER_USER\"]}", true},
    /* not JSON, or with more around it */
    {"POST", "/api/user", "\xef\xbb\xbf{\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}}{\"id\":{\"id\":\"" OWN "\"}}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}}x", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}", true},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"},}", true},
    {"POST", "/api/user", "{'id':{\"id\":\"" OWN "\"},\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{/*\"*/\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "{\"x\":\"\xff\",\"id\":{\"id\":\"" OTHER "\"}}", true},
    {"POST", "/api/user", "", true},
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

/* {"x": [[...]], "id": another user} of LENGTH bytes, with DEPTH brackets in x. */
static bool is_privileged(size_t depth, size_t length)
{
    static const char tail[] = ",\"id\":{\"id\":\"" OTHER "\"}}";
    const struct operation *operation = operation_find("POST", "/api/user", 9);
    struct policy_facts facts = {.own = own};
    struct buf body = BUF_INIT(1 << 20);
    unsigned sets;
    size_t i;

    buf_append_string(&body, "{\"x\":");
    for (i = 0; i < 2 * depth; i++)
        buf_append(&body, i < depth ? "[" : "]", 1);
    while (body.len + strlen(tail) < length)
        buf_append(&body, " ", 1);
    buf_append_string(&body, tail);
    facts.body = body.data;
    facts.body_length = body.len;
    sets = policy_sets(operation, "/api/user", 9, &facts);
    buf_free(&body);
    return sets & SET_ACCOUNT; /* in SET_SESSION it is until the user has been looked up */
}

START_TEST(a_body_that_is_too_deep_or_too_large_is_not_known)
{
    ck_assert(!is_privileged(JSON_CHECK_DEPTH_MAX - 1, 0));
    ck_assert(is_privileged(JSON_CHECK_DEPTH_MAX, 0));
    ck_assert(!is_privileged(1, POLICY_BODY_MAX_BYTES));
    ck_assert(is_privileged(1, POLICY_BODY_MAX_BYTES + 1));
}
END_TEST

START_TEST(while_the_own_user_is_not_known_each_may_be_it)
{
    struct policy_facts facts = {.body = "{\"authority\":\"CUSTOMER_USER\"}", .body_length = 29};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++)
        if (strncmp(cases[i].path, "/api/user", 9) == 0 && strncmp(cases[i].method, "GET", 3) != 0)
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
    {"PUT", "/api/oauth2/client", SET_WRITE | SET_ACCOUNT},
    {"GET", "/api/oauth2/client", SET_READ},
};

START_TEST(what_is_in_no_document_goes_by_its_method)
{
    struct policy_subject subject;

    ck_assert(policy_subject_of(ROUTE_FORWARD, NULL, unknown[_i].method, unknown[_i].path,
                                strlen(unknown[_i].path), &subject));
    ck_assert_ptr_null(subject.id);
    ck_assert_msg(subject.sets == unknown[_i].sets, "%s %s: %x", unknown[_i].method, unknown[_i].path,
                  subject.sets);
}
END_TEST

START_TEST(some_routes_are_not_judged)
{
    struct policy_subject subject;

    ck_assert(policy_subject_of(ROUTE_TUNNEL, NULL, "GET", "/api/ws", 7, &subject));
    ck_assert_str_eq(subject.id, POLICY_WEBSOCKET);
    ck_assert(policy_subject_of(ROUTE_SUBSCRIBE, NULL, "GET", "/-/subscribe/a/b", 16, &subject));
    ck_assert_str_eq(subject.id, POLICY_SUBSCRIBE);
    ck_assert(policy_subject_of(ROUTE_FORWARD_PAGE, NULL, "GET", "/v3/api-docs", 12, &subject));
    ck_assert(policy_subject_of(ROUTE_FORWARD_ANONYMOUS, NULL, "GET", "/api/v1/x", 9, &subject));
    ck_assert(!policy_subject_of(ROUTE_LIVE, NULL, "GET", "/-/live", 7, &subject));
    ck_assert(!policy_subject_of(ROUTE_LOGIN, NULL, "POST", "/api/auth/login", 15, &subject));
    ck_assert(!policy_subject_of(ROUTE_UNKNOWN, NULL, "GET", "/x", 2, &subject));
}
END_TEST

/* What the server is asked; "": nothing. */
static const struct {
    const char *method, *path, *body, *question;
} questions[] = {
    {"GET", "/api/user/" OTHER "/activationLink", "", "/api/user/" OTHER},
    {"GET", "/api/user/" OWN "/activationLink", "", ""},
    {"GET", "/api/user/1-1-1-1-1/activationLink", "", ""},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"},\"authority\":\"CUSTOMER_USER\"}",
     "/api/user/" OTHER},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"},\"authority\":\"TENANT_ADMIN\"}", ""},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "\"}}", ""},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OWN "\"},\"authority\":\"CUSTOMER_USER\"}", ""},
    {"POST", "/api/user", "{\"id\":{\"id\":\"" OTHER "/..\"},\"authority\":\"CUSTOMER_USER\"}", ""},
    {"POST", "/api/user", "{\"authority\":\"TENANT_ADMIN\"}", ""},
    {"POST", "/api/user", NULL, ""},
    {"DELETE", GROUP, "", GROUP},
    {"DELETE", "/api/entityGroup/1-1-1-1-1", "", ""},
    {"DELETE", "/api/role/" OTHER, "", ""},
};

START_TEST(what_only_the_server_knows_is_asked)
{
    struct policy_facts facts = {.own = own, .body = questions[_i].body};
    size_t length = strlen(questions[_i].path);
    char question[POLICY_QUESTION_BYTES] = "";

    facts.body_length = facts.body ? strlen(facts.body) : 0;
    ck_assert(policy_question(operation_find(questions[_i].method, questions[_i].path, length),
                              questions[_i].path, length, &facts, question) == (*question != '\0'));
    ck_assert_str_eq(question, questions[_i].question);
}
END_TEST

static const struct {
    const char *method, *path, *answer;
    bool harmless;
} answers[] = {
    {"GET", "/api/user/" OTHER "/activationLink", "{\"authority\":\"CUSTOMER_USER\"}", true},
    {"GET", "/api/user/" OTHER "/activationLink", "{\"authority\":\"TENANT_ADMIN\"}", false},
    {"GET", "/api/user/" OTHER "/activationLink", "{\"type\":\"DEVICE\"}", false},
    {"POST", "/api/user", "{\"authority\":\"CUSTOMER_USER\"}", true},
    {"POST", "/api/user", "[]", false},
    {"DELETE", GROUP, "{\"type\":\"DEVICE\"}", true},
    {"DELETE", GROUP, "{\"type\":\"USER\"}", false},
    {"DELETE", GROUP, "{\"type\":1}", false},
    {"DELETE", GROUP, "{\"authority\":\"CUSTOMER_USER\"}", false},
};

START_TEST(an_answer_rules_out_what_it_shows_harmless)
{
    json_t *answer = json_loads(answers[_i].answer, 0, NULL);
    const struct operation *operation =
        operation_find(answers[_i].method, answers[_i].path, strlen(answers[_i].path));

    ck_assert((policy_ruled_out_by_answer(operation, answer, &own) != 0) == answers[_i].harmless);
    ck_assert_uint_eq(policy_ruled_out_by_answer(operation, NULL, &own), 0);
    json_decref(answer);
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
    tcase_add_test(tests, a_body_that_is_too_deep_or_too_large_is_not_known);
    tcase_add_test(tests, while_the_own_user_is_not_known_each_may_be_it);
    tcase_add_test(tests, with_an_api_key_each_key_may_be_it);
    tcase_add_loop_test(tests, what_is_in_no_document_goes_by_its_method, 0, (int)ARRAY_SIZE(unknown));
    tcase_add_test(tests, some_routes_are_not_judged);
    tcase_add_loop_test(tests, what_only_the_server_knows_is_asked, 0, (int)ARRAY_SIZE(questions));
    tcase_add_loop_test(tests, an_answer_rules_out_what_it_shows_harmless, 0, (int)ARRAY_SIZE(answers));
    tcase_add_test(tests, authorities_have_an_order);
    return suite;
}
