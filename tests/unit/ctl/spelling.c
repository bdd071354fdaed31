/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/spelling.h"
#include "base/util.h"
#include "unit.h"

static const struct {
    const char *name;
    const char *kebab;
} names[] = {
    {"pageSize", "page-size"},
    {"page", "page"},
    {"deviceId", "device-id"},
    {"startTs", "start-ts"},
    {"useURLName", "use-url-name"},
    {"If-None-Match", "if-none-match"},
    {"entity_id", "entity-id"},
    {"X-TB-Key", "x-tb-key"},
    {"strIpV4Address", "str-ip-v4-address"},
    {"URL", "url"},
    {"", ""},
};

START_TEST(names_in_kebab_case)
{
    char kebab[NAME_MAX_BYTES];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++)
        ck_assert_str_eq(kebab_case(names[i].name, kebab), names[i].kebab);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_cut)
{
    char name[2 * NAME_MAX_BYTES], kebab[NAME_MAX_BYTES];
    size_t i;

    for (i = 0; i < sizeof(name) - 1; i++)
        name[i] = i % 2 ? 'a' : 'B';
    name[i] = '\0';
    kebab_case(name, kebab);
    ck_assert_uint_ge(strlen(kebab), NAME_MAX_BYTES - 3);
    ck_assert_uint_lt(strlen(kebab), NAME_MAX_BYTES);
    ck_assert_mem_eq(kebab, "ba-ba-ba", 8);
}
END_TEST

START_TEST(a_word_matches_both_forms)
{
    ck_assert(is_named("pageSize", "pageSize"));
    ck_assert(is_named("pageSize", "page-size"));
    ck_assert(!is_named("pageSize", "pagesize"));
    ck_assert(!is_named("pageSize", "page-siz"));
    ck_assert(!is_named("pageSize", "page-size-"));
}
END_TEST

static const char *best(const char *word, const char *first, const char *second)
{
    struct nearest nearest = nearest_to(word);

    nearest_try(&nearest, first);
    nearest_try(&nearest, second);
    return nearest.best;
}

START_TEST(the_nearest_candidate_is_found)
{
    char long_word[NAME_MAX_BYTES + 1];

    ck_assert_str_eq(best("saveDevcie", "saveAsset", "saveDevice"), "saveDevice");
    ck_assert_str_eq(best("SAVEDEVICE", "saveDevices", "saveDevice"), "saveDevice");
    ck_assert_str_eq(best("getDevise", "getEdgeList", "getDeviceById"), "getDeviceById");
    ck_assert_str_eq(best("getDevise", "getDeviceById", "getDevice"), "getDevice");
    ck_assert_ptr_null(best("zzz", "saveDevice", "saveAsset"));
    memset(long_word, 'a', NAME_MAX_BYTES);
    long_word[NAME_MAX_BYTES] = '\0';
    ck_assert_ptr_null(best(long_word, long_word, "a"));
    ck_assert_str_eq(best(long_word + 1, long_word + 2, "a"), long_word + 2);
}
END_TEST

START_TEST(the_hint_is_a_question_or_empty)
{
    struct nearest nearest = nearest_to("page-siz");
    char hint[64];

    ck_assert_str_eq(nearest_hint(&nearest, "--", hint, sizeof(hint)), "");
    nearest_try(&nearest, "page-size");
    ck_assert_str_eq(nearest_hint(&nearest, "--", hint, sizeof(hint)), "; did you mean --page-size?");
}
END_TEST

UNIT_SUITE(ctl_spelling)
{
    TCase *tests;
    Suite *suite = unit_suite_create("ctl: spelling", &tests);

    tcase_add_test(tests, names_in_kebab_case);
    tcase_add_test(tests, a_name_that_is_too_long_is_cut);
    tcase_add_test(tests, a_word_matches_both_forms);
    tcase_add_test(tests, the_nearest_candidate_is_found);
    tcase_add_test(tests, the_hint_is_a_question_or_empty);
    return suite;
}
