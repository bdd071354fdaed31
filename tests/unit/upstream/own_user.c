/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/own_user.h"

#include "base/util.h"
#include "unit.h"

static const struct {
    const char *text, *id, *name;
    enum authority authority;
} users[] = {
    {"{\"sub\":\"a@example.org\",\"userId\":\"1\",\"scopes\":[\"TENANT_ADMIN\"]}", "1", "a@example.org",
     AUTHORITY_TENANT_ADMIN},
    {"{\"id\":{\"id\":\"2\"},\"email\":\"b@example.org\",\"authority\":\"SYS_ADMIN\"}", "2", "b@example.org",
     AUTHORITY_SYS_ADMIN},
    {"{\"id\":{\"id\":\"3\"},\"email\":\"c@example.org\",\"authority\":\"CUSTOMER_USER\"}", "3",
     "c@example.org", AUTHORITY_CUSTOMER_USER},
    {"{\"sub\":\"d@example.org\",\"scopes\":[\"tenant_admin\"]}", NULL, "d@example.org", AUTHORITY_UNKNOWN},
    {"{\"id\":\"5\",\"email\":\"e@example.org\",\"authority\":1}", NULL, "e@example.org", AUTHORITY_UNKNOWN},
    {"{\"scopes\":\"SYS_ADMIN\",\"userId\":6}", NULL, NULL, AUTHORITY_UNKNOWN},
    {"null", NULL, NULL, AUTHORITY_UNKNOWN},
};

START_TEST(a_user_is_read_from_a_token_or_an_answer)
{
    json_t *json = json_loads(users[_i].text, JSON_DECODE_ANY, NULL);
    struct own_user user = own_user_read(json);

    ck_assert_pstr_eq(user.id, users[_i].id);
    ck_assert_pstr_eq(user.name, users[_i].name);
    ck_assert_int_eq((int)user.authority, (int)users[_i].authority);
    json_decref(json);
}
END_TEST

START_TEST(without_a_session_nothing_is_known)
{
    struct own_user user = own_user_read(NULL);

    ck_assert_ptr_null(user.id);
    ck_assert_ptr_null(user.name);
    ck_assert_int_eq((int)user.authority, (int)AUTHORITY_UNKNOWN);
}
END_TEST

UNIT_SUITE(own_user)
{
    TCase *tests;
    Suite *suite = unit_suite_create("own_user", &tests);

    tcase_add_loop_test(tests, a_user_is_read_from_a_token_or_an_answer, 0, (int)ARRAY_SIZE(users));
    tcase_add_test(tests, without_a_session_nothing_is_known);
    return suite;
}
