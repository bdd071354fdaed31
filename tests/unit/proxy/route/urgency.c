/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route/urgency.h"

#include <errno.h>

#include "base/util.h"
#include "proxy/forward/queue.h"
#include "unit.h"

static const struct operation *save_device(void)
{
    static const char path[] = "/api/device";

    return operation_find("POST", path, strlen(path));
}

static const struct operation *get_device(void)
{
    static const char path[] = "/api/device/784f394c-42b6-435a-983c-b7beff2784f9";

    return operation_find("GET", path, strlen(path));
}

static const struct {
    const char *text;
    unsigned save, get;
} levels[] = {
    {"", 3, 3},
    {" \t\n", 3, 3},
    {"saveDevice=1", 1, 3},
    {"saveDevice=0", 0, 3},
    {"saveDevice=7", 7, 3},
    {"  saveDevice = 1 ,\n", 1, 3},
    {"device-controller=5", 5, 5},
    {"saveDevice=1,device-controller=5", 1, 5}, /* an id goes before its tag */
    {"device-controller=5,saveDevice=1", 1, 5},
    {"saveDevice=1, saveDevice=2", 2, 3}, /* a later word before an earlier one */
    {"device-controller=1, device-controller=2", 2, 2},
    {"asset-controller=0", 3, 3},
};

START_TEST(operations_have_levels)
{
    struct urgencies urgencies = {0};
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_msg(urgencies_parse(levels[_i].text, &urgencies, &err) == 0, "%s", err.message);
    ck_assert_uint_eq(urgency_of(&urgencies, save_device()), levels[_i].save);
    ck_assert_uint_eq(urgency_of(&urgencies, get_device()), levels[_i].get);
    ck_assert_uint_eq(urgency_of(&urgencies, NULL), URGENCY_DEFAULT);
    urgencies_free(&urgencies);
}
END_TEST

/* The message quotes the word. */
static const struct {
    const char *text, *named;
} mistakes[] = {
    {"saveDevice", "\"saveDevice\""},
    {"saveDevice=", "\"saveDevice=\""},
    {"saveDevice= ", "\"saveDevice=\""},
    {"saveDevice=8", "\"saveDevice=8\""},
    {"saveDevice=-1", "\"saveDevice=-1\""},
    {"saveDevice=12", "\"saveDevice=12\""},
    {"saveDevice=1 2", "\"saveDevice=1 2\""},
    {"saveDevice==1", "\"saveDevice==1\""},
    {"=1", "\"=1\""},
    {"saveDevice=1,,", "\"\""},
    {",", "\"\""},
    {"getDeviceById=2, savedevice=1", "\"savedevice\""},
    {"saveDevice1=1", "\"saveDevice1\""},
    {"save=1", "\"save\""},
};

START_TEST(a_mistake_is_named_and_changes_nothing)
{
    uint8_t before = 0;
    struct urgencies urgencies = {&before};
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(urgencies_parse(mistakes[_i].text, &urgencies, &err), -EINVAL);
    ck_assert_msg(strstr(err.message, mistakes[_i].named) == err.message, "%s: %s", mistakes[_i].text,
                  err.message);
    ck_assert_ptr_eq(urgencies.levels, &before);
}
END_TEST

START_TEST(without_levels_all_have_the_default)
{
    struct urgencies urgencies = {0};

    ck_assert_uint_eq(urgency_of(&urgencies, save_device()), URGENCY_DEFAULT);
    urgencies_free(&urgencies);
    urgencies_free(&urgencies);
}
END_TEST

UNIT_SUITE(urgency)
{
    TCase *tests;
    Suite *suite = unit_suite_create("urgency", &tests);

    tcase_add_loop_test(tests, operations_have_levels, 0, (int)ARRAY_SIZE(levels));
    tcase_add_loop_test(tests, a_mistake_is_named_and_changes_nothing, 0, (int)ARRAY_SIZE(mistakes));
    tcase_add_test(tests, without_levels_all_have_the_default);
    return suite;
}
