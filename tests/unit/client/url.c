/* SPDX-License-Identifier: Apache-2.0 */
#include "client/url.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>

#include "../common/small_api.h"
#include "base/util.h"
#include "client/parameters.h"
#include "client/warnings.h"
#include "unit.h"

static struct buf target;
static struct headers headers;
static tb_error err;
static char warned[TB_ERROR_MESSAGE_MAX]; /* the last warning */

static void keep_warning(void *context, const char *message)
{
    ck_assert_ptr_eq(context, warned);
    snprintf(warned, sizeof(warned), "%s", message);
}

static const tb_client_options heard = {.warning = keep_warning, .warning_context = warned};
static struct warnings warnings;

static void set_up(void)
{
    target = (struct buf)BUF_INIT(URL_TARGET_MAX);
    headers = (struct headers)HEADERS_INIT;
    err = (tb_error)TB_ERROR_INIT;
    warnings = (struct warnings){.options = &heard, .operation = "op"};
    *warned = '\0';
}

static void tear_down(void)
{
    buf_free(&target);
    headers_free(&headers);
    tb_error_clear(&err);
}

static int build_json(unsigned name, json_t *object)
{
    const tb_api *api = small_api();
    const tb_operation *operation = &api->operations[small_operation(name)];
    struct parameters found = {0};
    int r = parameters_from_object(api, operation, object, &found, &err);

    buf_clear(&target);
    headers_clear(&headers);
    if (r == 0)
        r = url_build(api, operation, found.values, NULL, &target, &headers, &warnings, &err);
    parameters_free(&found);
    json_decref(object);
    return r;
}

static int build_typed(unsigned name, const void *const *arguments, const void *params, const char *skip)
{
    const tb_api *api = small_api();
    const tb_operation *operation = &api->operations[small_operation(name)];
    struct parameters found = {0};
    int r = parameters_from_arguments(api, operation, arguments, params, skip, &found, &err);

    buf_clear(&target);
    headers_clear(&headers);
    if (r == 0)
        r = url_build(api, operation, found.values, skip, &target, &headers, &warnings, &err);
    parameters_free(&found);
    return r;
}

static void assert_refused(int r, const char *word)
{
    ck_assert_int_lt(r, 0);
    ck_assert_int_eq(err.kind, TB_ERROR_USAGE);
    ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
    tb_error_clear(&err);
}

static void assert_warned(int r, const char *message)
{
    ck_assert_msg(r == 0, "%s", err.message);
    ck_assert_str_eq(warned, message);
    *warned = '\0';
    warnings.count = 0;
}

START_TEST(all_but_unreserved_characters_of_the_path_are_encoded)
{
    static const char unreserved[] = "ABCXYZabcxyz0189-._~";
    const void *arguments[1];
    char expected[20], text[2] = "";
    int c;

    for (c = 1; c < 128; c++) {
        text[0] = (char)c;
        arguments[0] = text;
        if (c == '.') /* by itself, it is a dot segment */
            continue;
        ck_assert_msg(build_typed(SMALL_DEVICE, arguments, NULL, NULL) == 0, "%d: %s", c, err.message);
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-_~", c))
            snprintf(expected, sizeof(expected), "/api/device/%c", c);
        else
            snprintf(expected, sizeof(expected), "/api/device/%%%02X", (unsigned)c);
        ck_assert_str_eq(target.data, expected);
    }
    arguments[0] = unreserved;
    ck_assert_int_eq(build_typed(SMALL_DEVICE, arguments, NULL, NULL), 0);
    ck_assert_str_eq(target.data, "/api/device/ABCXYZabcxyz0189-._~");
    arguments[0] = "\xc3\xa4";
    ck_assert_int_eq(build_typed(SMALL_DEVICE, arguments, NULL, NULL), 0);
    ck_assert_str_eq(target.data, "/api/device/%C3%A4");
}
END_TEST

START_TEST(path_values_that_servers_normalise_are_refused)
{
    static const char *const values[] = {"", ".", ".."};
    static const char *const good[] = {"...", ".a", "a..", " "};
    const void *arguments[1];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(values); i++) {
        arguments[0] = values[i];
        assert_refused(build_typed(SMALL_DEVICE, arguments, NULL, NULL), "deviceId");
    }
    for (i = 0; i < ARRAY_SIZE(good); i++) {
        arguments[0] = good[i];
        ck_assert_int_eq(build_typed(SMALL_DEVICE, arguments, NULL, NULL), 0);
    }
    arguments[0] = NULL;
    assert_refused(build_typed(SMALL_DEVICE, arguments, NULL, NULL), "deviceId");
    assert_refused(build_json(SMALL_DEVICE, json_pack("{s:n}", "deviceId")), "deviceId");
    assert_refused(build_json(SMALL_DEVICE, json_pack("{s:s#}", "deviceId", "a\0b", 3)), "deviceId");
    assert_warned(build_json(SMALL_DEVICE, json_pack("{s:i}", "deviceId", 3)),
                  "op: deviceId: a string was expected, not a number");
    ck_assert_str_eq(target.data, "/api/device/3");
}
END_TEST

START_TEST(every_type_has_its_text)
{
    static const char *const ids[] = {"a b", "c&d=e", "", "+"};
    static int64_t numbers[] = {INT64_MIN, -1, 9007199254740993, INT64_MAX};
    tb_int64 times[ARRAY_SIZE(numbers)];
    small_search_params params = {
        .active = TB_SET(true),
        .factor = TB_SET(0.1),
        .ids = {ARRAY_SIZE(ids), (const char **)(uintptr_t)ids},
        .limit = TB_SET(100),
        .order = "SIDEWAYS", /* from a newer server */
        .trace = "t-1 \xc3\xa4",
        .times = {ARRAY_SIZE(times), times},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(times); i++)
        times[i] = (tb_int64)TB_SET(numbers[i]);
    ck_assert_msg(build_typed(SMALL_SEARCH, NULL, &params, NULL) == 0, "%s", err.message);
    ck_assert_str_eq(target.data,
                     "/api/search?active=true&factor=0.1&ids=a%20b&ids=c%26d%3De&ids=&ids=%2B&limit=100"
                     "&order=SIDEWAYS&times=-9223372036854775808&times=-1&times=9007199254740993"
                     "&times=9223372036854775807");
    ck_assert_str_eq(headers_find(&headers, "X-Trace"), "t-1 \xc3\xa4");
    ck_assert_int_eq(build_typed(SMALL_SEARCH, NULL, NULL, NULL), 0);
    ck_assert_str_eq(target.data, "/api/search");
    params = (small_search_params){.active = TB_SET(false)};
    ck_assert_int_eq(build_typed(SMALL_SEARCH, NULL, &params, NULL), 0);
    ck_assert_str_eq(target.data, "/api/search?active=false");
}
END_TEST

/* Also in a locale with a decimal comma, if this machine has one. */
START_TEST(doubles_are_preserved)
{
    static const double numbers[] = {0.1, 1e300, -2.5, 1.0 / 3, 5e-324, 123456789012345680.0, 0};
    size_t i;

    if (_i == 1 && !setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        return;
    for (i = 0; i < ARRAY_SIZE(numbers) + 1000; i++) {
        double number = i < ARRAY_SIZE(numbers) ? numbers[i] : unit_random() / (unit_random() + 1.0);
        small_search_params params = {.factor = TB_SET(number)};
        const char *text;

        ck_assert_int_eq(build_typed(SMALL_SEARCH, NULL, &params, NULL), 0);
        text = strchr(target.data, '=') + 1;
        ck_assert_ptr_null(strchr(text, ','));
        setlocale(LC_NUMERIC, "C");
        if (!strstr(text, "%2B"))
            ck_assert(strtod(text, NULL) == number);
        if (_i == 1)
            setlocale(LC_NUMERIC, "de_DE.UTF-8");
    }
    setlocale(LC_NUMERIC, "C");
}
END_TEST

/* The server decides. */
START_TEST(what_is_out_of_bounds_is_a_warning)
{
    small_search_params params = {.limit = TB_SET(1)};
    small_devices_params devices = {.text_search = "0123456789"};
    int32_t page = 0, page_size = 10;
    const void *arguments[] = {&page_size, &page};

    ck_assert_int_eq(build_typed(SMALL_SEARCH, NULL, &params, NULL), 0);
    ck_assert_str_eq(warned, "");
    params.limit.value = 0;
    assert_warned(build_typed(SMALL_SEARCH, NULL, &params, NULL),
                  "op: limit: the number is not between 1 and 100");
    params.limit.value = 101;
    assert_warned(build_typed(SMALL_SEARCH, NULL, &params, NULL),
                  "op: limit: the number is not between 1 and 100");
    ck_assert_str_eq(target.data, "/api/search?limit=101");
    ck_assert_int_eq(build_typed(SMALL_DEVICES, arguments, &devices, NULL), 0);
    ck_assert_str_eq(target.data, "/api/tenant/devices?pageSize=10&page=0&textSearch=0123456789");
    devices.text_search = "0123456789a";
    assert_warned(build_typed(SMALL_DEVICES, arguments, &devices, NULL),
                  "op: textSearch: 11 characters, more than 10");
    devices.text_search =
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"; /* ten */
    ck_assert_int_eq(build_typed(SMALL_DEVICES, arguments, &devices, NULL), 0);
    devices.text_search = "\xff";
    assert_refused(build_typed(SMALL_DEVICES, arguments, &devices, NULL), "textSearch");
}
END_TEST

START_TEST(headers_cannot_break_their_line)
{
    static const char *const bad[] = {"a\r\nX: y", "a\nb", "\x7f", "\x01"};
    small_search_params params = {0};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        params.trace = bad[i];
        assert_refused(build_typed(SMALL_SEARCH, NULL, &params, NULL), "X-Trace");
    }
    params.trace = "a\tb";
    ck_assert_int_eq(build_typed(SMALL_SEARCH, NULL, &params, NULL), 0);
}
END_TEST

START_TEST(the_target_has_a_limit)
{
    size_t fits = URL_TARGET_MAX - strlen("/api/device/");
    char *text = malloc(fits + 2);
    const void *arguments[] = {text};

    ck_assert_ptr_nonnull(text);
    memset(text, 'a', fits + 1);
    text[fits + 1] = '\0';
    assert_refused(build_typed(SMALL_DEVICE, arguments, NULL, NULL), "8192");
    text[fits] = '\0';
    ck_assert_int_eq(build_typed(SMALL_DEVICE, arguments, NULL, NULL), 0);
    ck_assert_uint_eq(target.len, URL_TARGET_MAX);
    free(text);
}
END_TEST

START_TEST(json_parameters_are_checked_by_name_and_type)
{
    ck_assert_int_eq(build_json(SMALL_SEARCH, json_pack("{s:b,s:[s,s],s:i,s:n,s:s}", "active", 1, "ids", "x",
                                                        "y", "limit", 7, "order", "X-Trace", "t")),
                     0);
    ck_assert_str_eq(target.data, "/api/search?active=true&ids=x&ids=y&limit=7");
    ck_assert_str_eq(headers_find(&headers, "X-Trace"), "t");
    assert_refused(build_json(SMALL_SEARCH, json_pack("{s:i}", "limits", 7)), "limits");
    assert_refused(build_json(SMALL_SEARCH, json_pack("{s:i,s:i}", "limit", 7, "limits", 7)), "limits");
    assert_warned(build_json(SMALL_SEARCH, json_pack("{s:s}", "limit", "7")),
                  "op: limit: a whole number was expected, not a string");
    assert_refused(build_json(SMALL_SEARCH, json_pack("{s:{}}", "ids")), "ids");
    assert_refused(build_json(SMALL_SEARCH, json_pack("{s:[[]]}", "ids")), "ids");
    assert_refused(build_json(SMALL_SEARCH, json_array()), "object");
    ck_assert_int_eq(build_json(SMALL_SEARCH, NULL), 0);
}
END_TEST

START_TEST(a_skipped_parameter_is_added_later)
{
    int32_t page_size = 10;
    const void *arguments[] = {&page_size, NULL};

    assert_warned(build_typed(SMALL_DEVICES, arguments, NULL, NULL), "op: page: required, but not set");
    ck_assert_int_eq(build_typed(SMALL_DEVICES, arguments, NULL, "page"), 0);
    ck_assert_str_eq(target.data, "/api/tenant/devices?pageSize=10");
    ck_assert_int_eq(url_add_number(&target, "page", 3, &err), 0);
    ck_assert_str_eq(target.data, "/api/tenant/devices?pageSize=10&page=3");
    buf_clear(&target);
    ck_assert_int_eq(buf_append_string(&target, "/x"), 0);
    ck_assert_int_eq(url_add_number(&target, "page", 0, &err), 0);
    ck_assert_str_eq(target.data, "/x?page=0");
}
END_TEST

static const tb_client_options unchecked = {.warning = keep_warning, .no_check = true};

/* Only what a URL cannot have is refused. */
START_TEST(without_a_check)
{
    warnings.options = &unchecked;
    ck_assert_int_eq(build_json(SMALL_SEARCH, json_pack("{s:[i,i],s:i}", "limit", 7, 8, "active", 101)), 0);
    ck_assert_str_eq(target.data, "/api/search?active=101&limit=7&limit=8");
    assert_refused(build_json(SMALL_SEARCH, json_pack("{s:{}}", "limit")), "limit");
    assert_refused(build_json(SMALL_DEVICE, NULL), "deviceId");
}
END_TEST

START_TEST(warnings_are_counted)
{
    json_t *ids = json_array();
    int i;

    for (i = 0; i < WARNINGS_MAX; i++)
        json_array_append_new(ids, json_integer(i));
    ck_assert_int_eq(build_json(SMALL_SEARCH, json_pack("{s:O}", "ids", ids)), 0);
    ck_assert_str_eq(warned, "op: ids: [15]: a string was expected, not a number");
    warnings.count = 0;
    json_array_append_new(ids, json_integer(i));
    ck_assert_int_eq(build_json(SMALL_SEARCH, json_pack("{s:o}", "ids", ids)), 0);
    ck_assert_str_eq(warned, "op: ids: [15]: a string was expected, not a number");
    ck_assert_int_eq(warnings.count, WARNINGS_MAX);
}
END_TEST

UNIT_SUITE(url)
{
    TCase *tests;
    Suite *suite = unit_suite_create("url", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_but_unreserved_characters_of_the_path_are_encoded);
    tcase_add_test(tests, path_values_that_servers_normalise_are_refused);
    tcase_add_test(tests, every_type_has_its_text);
    tcase_add_loop_test(tests, doubles_are_preserved, 0, 2);
    tcase_add_test(tests, what_is_out_of_bounds_is_a_warning);
    tcase_add_test(tests, without_a_check);
    tcase_add_test(tests, warnings_are_counted);
    tcase_add_test(tests, headers_cannot_break_their_line);
    tcase_add_test(tests, the_target_has_a_limit);
    tcase_add_test(tests, json_parameters_are_checked_by_name_and_type);
    tcase_add_test(tests, a_skipped_parameter_is_added_later);
    return suite;
}
