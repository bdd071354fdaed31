/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/util.h"
#include "ctl/parameter.h"
#include "ctl/types.h"
#include "unit.h"

enum { TEXT, BOOL, INT, LONG, DOUBLE, UUID, COLOUR, LIST, SMALL, RATIO };

/* A table of types alone: index 0 is TB_KIND_NONE. */
static const char strings[] = "\0someName\0red\0green\0Colour";
static const struct tb_type types[] = {
    {TB_KIND_NONE, 0, 0},
    {TB_KIND_STRING, 0, 0},
    {TB_KIND_BOOL, 0, 0},
    {TB_KIND_INT32, 0, 0},
    {TB_KIND_INT64, 0, 0},
    {TB_KIND_DOUBLE, 0, 0},
    {TB_KIND_STRING, TB_FORMAT_UUID, 0},
    {TB_KIND_STRING, 0, 1},
    {TB_KIND_LIST, 0, 3},
};
static const uint32_t values[] = {10, 14};
static const struct tb_enum enums[] = {{20, 0, 2}};
static const struct tb_bounds bounds[] = {
    {INT64_MIN, INT64_MAX, 0, UINT32_MAX, 0, 0},
    {1, 100, 0, UINT32_MAX, 0, 0},
    {0, 1, 0, UINT32_MAX, 0, 0},
};
static const tb_api api = {
    .strings = strings,
    .types = types,
    .enums = enums,
    .enum_values = values,
    .bounds = bounds,
};
static const struct tb_parameter parameters[] = {
    [TEXT] = {.name = 1, .type = 1},
    [BOOL] = {.name = 1, .type = 2},
    [INT] = {.name = 1, .type = 3},
    [LONG] = {.name = 1, .type = 4},
    [DOUBLE] = {.name = 1, .type = 5},
    [UUID] = {.name = 1, .type = 6},
    [COLOUR] = {.name = 1, .type = 7},
    [LIST] = {.name = 1, .type = 8},
    [SMALL] = {.name = 1, .type = 3, .bounds = 1},
    [RATIO] = {.name = 1, .type = 5, .bounds = 2},
};

/* TEXT becomes the JSON EXPECTED. */
static const struct {
    int parameter;
    const char *text;
    const char *expected;
} good[] = {
    {TEXT, "", "\"\""},
    {TEXT, "a b", "\"a b\""},
    {TEXT, "1", "\"1\""},
    {BOOL, "true", "true"},
    {BOOL, "false", "false"},
    {INT, "2147483647", "2147483647"},
    {INT, "-2147483648", "-2147483648"},
    {LONG, "9223372036854775807", "9223372036854775807"},
    {LONG, "-9223372036854775808", "-9223372036854775808"},
    {DOUBLE, "1.5", "1.5"},
    {DOUBLE, "-1e3", "-1000.0"},
    {DOUBLE, ".5", "0.5"},
    {UUID, "784f394c-42b6-435a-983c-b7beff2784f9", "\"784f394c-42b6-435a-983c-b7beff2784f9\""},
    {UUID, "784F394C-42B6-435A-983C-B7BEFF2784F9", "\"784F394C-42B6-435A-983C-B7BEFF2784F9\""},
    {COLOUR, "red", "\"red\""},
    {LIST, "7", "7"},
    {SMALL, "1", "1"},
    {SMALL, "100", "100"},
    {RATIO, "0", "0.0"},
    {RATIO, "1", "1.0"},
};

static const struct {
    int parameter;
    const char *text;
    const char *message;
} bad[] = {
    {TEXT, "\xff", "text in UTF-8"},
    {BOOL, "TRUE", "true or false"},
    {BOOL, "", "true or false"},
    {INT, "2147483648", "32-bit"},
    {INT, "-2147483649", "32-bit"},
    {INT, "", "integer"},
    {INT, " 1", "integer"},
    {INT, "1 ", "integer"},
    {INT, "+1", "integer"},
    {INT, "1.0", "integer"},
    {INT, "0x10", "integer"},
    {LONG, "9223372036854775808", "integer"},
    {DOUBLE, "nan", "a number"},
    {DOUBLE, "inf", "a number"},
    {DOUBLE, "1e999", "a number"},
    {DOUBLE, "1,5", "a number"},
    {UUID, "784f394c-42b6-435a-983c-b7beff2784f", "a UUID"},
    {UUID, "784f394c-42b6-435a-983c-b7beff2784f99", "a UUID"},
    {UUID, "784f394cx42b6-435a-983c-b7beff2784f9", "a UUID"},
    {UUID, "784f394c-42b6-435a-983c-b7beff2784fg", "a UUID"},
    {COLOUR, "gren", "expected one of red, green; did you mean green?"},
    {COLOUR, "RED", "did you mean red?"},
    {LIST, "x", "integer"},
    {SMALL, "0", "1 to 100"},
    {SMALL, "101", "1 to 100"},
    {RATIO, "1.5", "0 to 1"},
    {RATIO, "-0.5", "0 to 1"},
};

START_TEST(a_right_value_is_converted)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(good); i++) {
        struct tb_error err = TB_ERROR_INIT;
        json_t *value = NULL;
        char *text;

        ck_assert_int_eq(parameter_parse(&api, &parameters[good[i].parameter], good[i].text, &value, &err),
                         0);
        text = json_dumps(value, JSON_ENCODE_ANY);
        ck_assert_str_eq(text, good[i].expected);
        free(text);
        json_decref(value);
        tb_error_clear(&err);
    }
}
END_TEST

START_TEST(a_wrong_value_is_refused)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tb_error err = TB_ERROR_INIT;
        json_t *value = NULL;

        ck_assert_int_eq(parameter_parse(&api, &parameters[bad[i].parameter], bad[i].text, &value, &err),
                         -EINVAL);
        ck_assert_ptr_null(value);
        ck_assert_msg(strncmp(err.message, "--some-name: ", 13) == 0 && strstr(err.message, bad[i].message),
                      "\"%s\": %s", bad[i].text, err.message);
        tb_error_clear(&err);
    }
}
END_TEST

START_TEST(only_a_list_takes_several_values)
{
    struct tb_error err = TB_ERROR_INIT;
    json_t *object = json_object();
    json_t *scalar = json_object();

    ck_assert_int_eq(parameter_add(&api, &parameters[LIST], "1", true, object, &err), 0);
    ck_assert_int_eq(parameter_add(&api, &parameters[LIST], "2", true, object, &err), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "someName")), 2);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(object, "someName"), 1)), 2);
    ck_assert_int_eq(parameter_add(&api, &parameters[INT], "1", true, scalar, &err), 0);
    ck_assert_int_eq(parameter_add(&api, &parameters[INT], "2", true, scalar, &err), -EEXIST);
    ck_assert_str_eq(err.message, "--some-name is given twice");
    ck_assert_int_eq(json_integer_value(json_object_get(scalar, "someName")), 1);
    json_decref(object);
    json_decref(scalar);
    tb_error_clear(&err);
}
END_TEST

START_TEST(a_list_of_values_is_cut_to_fit)
{
    char text[64];

    ck_assert_str_eq(enum_words(&api, enums, text, sizeof(text)), "red, green");
    ck_assert_str_eq(enum_words(&api, enums, text, 14), "red, ...");
}
END_TEST

UNIT_SUITE(ctl_parameter)
{
    TCase *tests;
    Suite *suite = unit_suite_create("ctl: parameter", &tests);

    tcase_add_test(tests, a_right_value_is_converted);
    tcase_add_test(tests, a_wrong_value_is_refused);
    tcase_add_test(tests, only_a_list_takes_several_values);
    tcase_add_test(tests, a_list_of_values_is_cut_to_fit);
    return suite;
}
