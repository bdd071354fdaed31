/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/policy.h"

#include "base/util.h"
#include "unit.h"

static struct policy_item allow[] = {{.text = "read", .sets = SET_READ, .line = 2},
                                     {.text = "account", .sets = SET_ACCOUNT, .line = 3},
                                     {.text = "getUserToken", .line = 4},
                                     {.text = "user-controller", .line = 5}};
static struct policy_item deny[] = {{.text = "credentials", .sets = SET_CREDENTIALS, .line = 6},
                                    {.text = "getUsers", .line = 7}};
static char name[] = "tested", file[] = "/etc/x.conf";

static const struct policy tested = {
    .name = name,
    .file = file,
    .line = 1,
    .allow = {allow, ARRAY_SIZE(allow)},
    .deny = {deny, ARRAY_SIZE(deny)},
};

static const struct {
    struct policy_subject subject;
    const char *reason;
} cases[] = {
    {{"getDevice", "x", SET_READ}, "allows read (/etc/x.conf, line 2)"},
    {{"saveDevice", "x", SET_WRITE}, "does not allow it (/etc/x.conf, line 1)"},
    {{"saveUser", "user-controller", SET_WRITE}, "allows user-controller (/etc/x.conf, line 5)"},
    {{"getX", "x", SET_READ | SET_CREDENTIALS}, "denies credentials (/etc/x.conf, line 6)"},
    {{"getUsers", "user-controller", SET_READ}, "denies getUsers (/etc/x.conf, line 7)"},
    {{"deleteUser", "user-controller", SET_WRITE | SET_ACCOUNT}, "allows account (/etc/x.conf, line 3)"},
    {{"getLink", "user-controller", SET_READ | SET_SESSION}, "does not allow session (/etc/x.conf, line 1)"},
    {{"getUserToken", "x", SET_READ | SET_SESSION}, "allows read (/etc/x.conf, line 2)"},
    {{"saveX", "x", SET_WRITE | SET_SESSION | SET_ACCOUNT}, "does not allow session (/etc/x.conf, line 1)"},
    {{NULL, NULL, SET_READ}, "allows read (/etc/x.conf, line 2)"},
    {{NULL, NULL, SET_WRITE},
     "does not allow it (/etc/x.conf, line 1); only the policy \"default\" allows writes "
     "that are in no document of the API"},
};

START_TEST(a_verdict_has_a_reason)
{
    struct policy_verdict verdict = policy_judge(&tested, &cases[_i].subject);
    char reason[POLICY_REASON_MAX_BYTES];
    const char *prefix = "the policy \"tested\" ";

    policy_print_reason(&verdict, reason, sizeof(reason));
    ck_assert_str_eq(reason + strlen(prefix), cases[_i].reason);
    ck_assert(verdict.allowed == (strncmp(cases[_i].reason, "allows", 6) == 0));
}
END_TEST

/* No policy of the configuration allows them, whatever it says. */
START_TEST(only_the_default_allows_writes_in_no_document)
{
    struct policy_item all = {.text = name, .sets = 0xff};
    struct policy policy = {.name = name, .allow = {&all, 1}};
    struct policy_subject subject = {.sets = SET_WRITE};

    ck_assert(policy_judge(&policy_default, &subject).allowed);
    ck_assert(!policy_judge(&policy, &subject).allowed);
    subject.id = "saveDevice";
    ck_assert(policy_judge(&policy, &subject).allowed);
    subject.sets = SET_WRITE | SET_ACCOUNT;
    ck_assert(!policy_judge(&policy_default, &subject).allowed);
    subject.sets = SET_READ | SET_SESSION;
    ck_assert(!policy_judge(&policy_default, &subject).allowed);
}
END_TEST

UNIT_SUITE(policy)
{
    TCase *tests;
    Suite *suite = unit_suite_create("policy", &tests);

    tcase_add_loop_test(tests, a_verdict_has_a_reason, 0, (int)ARRAY_SIZE(cases));
    tcase_add_test(tests, only_the_default_allows_writes_in_no_document);
    return suite;
}
