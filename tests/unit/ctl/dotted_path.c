/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/dotted_path.h"
#include "base/util.h"
#include "unit.h"

static const struct {
    const char *path;
    const char *names[4]; /* ended by NULL */
} good[] = {
    {"a", {"a"}},
    {"id.id", {"id", "id"}},
    {"data.0.name", {"data", "0", "name"}},
    {"a\\.b.c\\\\", {"a.b", "c\\"}},
    {"a\\b", {"a\\b"}},
    {" ", {" "}},
};

START_TEST(names_are_found_one_by_one)
{
    char name[DOTTED_NAME_MAX];
    size_t i, j;

    for (i = 0; i < ARRAY_SIZE(good); i++) {
        const char *at = good[i].path;

        ck_assert(dotted_is_valid(at));
        for (j = 0; good[i].names[j]; j++) {
            ck_assert(dotted_next(&at, name));
            ck_assert_str_eq(name, good[i].names[j]);
        }
        ck_assert_str_eq(at, "");
        ck_assert(!dotted_next(&at, name));
    }
}
END_TEST

START_TEST(names_that_are_empty_or_too_long)
{
    static const char *const bad[] = {"", ".", ".a", "a.", "a..b"};
    char path[DOTTED_NAME_MAX + 1];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(!dotted_is_valid(bad[i]), "%s", bad[i]);
    memset(path, 'a', DOTTED_NAME_MAX);
    path[DOTTED_NAME_MAX] = '\0';
    ck_assert(!dotted_is_valid(path));
    path[DOTTED_NAME_MAX - 1] = '\0';
    ck_assert(dotted_is_valid(path));
}
END_TEST

START_TEST(indexes_are_numbers)
{
    static const char *const bad[] = {"", "-1", "+1", "1a", "a", " 1", "1000000", "0000000"};
    size_t i, index;

    ck_assert(dotted_index("0", &index));
    ck_assert_uint_eq(index, 0);
    ck_assert(dotted_index("999999", &index));
    ck_assert_uint_eq(index, 999999);
    for (i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(!dotted_index(bad[i], &index), "%s", bad[i]);
}
END_TEST

UNIT_SUITE(dotted_path)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("dotted_path", &tcase);

    tcase_add_test(tcase, names_are_found_one_by_one);
    tcase_add_test(tcase, names_that_are_empty_or_too_long);
    tcase_add_test(tcase, indexes_are_numbers);
    return suite;
}
