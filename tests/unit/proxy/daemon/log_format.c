/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/daemon/log_format.h"
#include "unit.h"

static void set_up(void)
{
    struct config config = {.log = {.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON}};

    log_configure(&config);
}

static void tear_down(void)
{
    log_set_sink(NULL);
}

/* What was logged since unit_capture(): one line, an object. */
static json_t *captured(void)
{
    const char *line = unit_captured();
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(object && json_is_object(object), "%s", line);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    return object;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

START_TEST(a_message_is_an_object_with_its_fields)
{
    const struct log_field fields[] = {{"OPERATION", "saveDevice", 0}, {"UPSTREAM_MS", NULL, 12}};
    json_t *object;
    int part[7];
    char end;

    unit_capture();
    log_write_fields(LOG_LEVEL_WARNING, fields, ARRAY_SIZE(fields), "with \"quotes\"");
    object = captured();
    ck_assert_uint_eq(json_object_size(object), 5);
    ck_assert_str_eq(text_of(object, "level"), "warning");
    ck_assert_str_eq(text_of(object, "message"), "with \"quotes\"");
    ck_assert_str_eq(text_of(object, "operation"), "saveDevice");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "upstream_ms")), 12);
    ck_assert_int_eq(sscanf(text_of(object, "time"), "%4d-%2d-%2dT%2d:%2d:%2d.%3d%c", &part[0], &part[1],
                            &part[2], &part[3], &part[4], &part[5], &part[6], &end),
                     8);
    ck_assert_int_eq(end, 'Z');
    json_decref(object);
}
END_TEST

START_TEST(what_is_not_utf_8_is_written_all_the_same)
{
    const struct log_field fields[] = {{"METHOD", "\xff", 0}};
    json_t *object;

    unit_capture();
    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "gr\xfc\xdf");
    object = captured();
    ck_assert_str_eq(text_of(object, "message"), "gr??");
    ck_assert_str_eq(text_of(object, "method"), "?");
    json_decref(object);
}
END_TEST

START_TEST(the_longest_message_is_one_line)
{
    char text[3000];
    json_t *object;

    memset(text, '"', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    unit_capture();
    log_info("%s", text);
    object = captured();
    ck_assert_uint_eq(strlen(text_of(object, "message")), 1023);
    json_decref(object);
}
END_TEST

START_TEST(a_reload_brings_back_lines_of_text)
{
    struct config config = {.log = {.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_AUTO}};
    char expected[100];

    unsetenv("JOURNAL_STREAM");
    log_configure(&config);
    unit_capture();
    log_info("text");
    snprintf(expected, sizeof(expected), "%s: text\n", program_invocation_short_name);
    ck_assert_str_eq(unit_captured(), expected);
}
END_TEST

UNIT_SUITE(log_format)
{
    TCase *tests;
    Suite *suite = unit_suite_create("log_format", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_message_is_an_object_with_its_fields);
    tcase_add_test(tests, what_is_not_utf_8_is_written_all_the_same);
    tcase_add_test(tests, the_longest_message_is_one_line);
    tcase_add_test(tests, a_reload_brings_back_lines_of_text);
    return suite;
}
