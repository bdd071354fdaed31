/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "http/headers.h"
#include "unit.h"

static struct headers headers;

static void set_up(void)
{
    headers = (struct headers)HEADERS_INIT;
}

static void tear_down(void)
{
    headers_free(&headers);
}

static int add(const char *name, const char *value)
{
    return headers_add(&headers, name, strlen(name), value, strlen(value));
}

START_TEST(lines_come_back_in_order)
{
    static const char *const lines[] = {"Accept: */*", "X-Empty: ", "Link: <http://a/>: b",
                                        "accept: text/html"};
    const char *line = NULL;
    size_t i;

    ck_assert_ptr_null(headers_next(&headers, NULL));
    ck_assert_int_eq(add("Accept", "*/*"), 0);
    ck_assert_int_eq(add("X-Empty", ""), 0);
    ck_assert_int_eq(add("Link", "<http://a/>: b"), 0);
    ck_assert_int_eq(headers_add(&headers, "accept-this", 6, "text/html;q=1", 9), 0);
    for (i = 0; i < ARRAY_SIZE(lines); i++) {
        line = headers_next(&headers, line);
        ck_assert_str_eq(line, lines[i]);
    }
    ck_assert_ptr_null(headers_next(&headers, line));
}
END_TEST

START_TEST(finding_is_without_case_and_takes_the_first)
{
    ck_assert_ptr_null(headers_find(&headers, "Accept"));
    ck_assert_int_eq(add("Content-Type", "text/plain"), 0);
    ck_assert_int_eq(add("Content", "short"), 0);
    ck_assert_int_eq(add("CONTENT", "second"), 0);
    ck_assert_int_eq(add("X-Empty", ""), 0);
    ck_assert_str_eq(headers_find(&headers, "content-TYPE"), "text/plain");
    ck_assert_str_eq(headers_find(&headers, "content"), "short");
    ck_assert_str_eq(headers_find(&headers, "x-empty"), "");
    ck_assert_ptr_null(headers_find(&headers, "Content-Type-Options"));
    ck_assert_ptr_null(headers_find(&headers, "Conten"));
    ck_assert_ptr_null(headers_find(&headers, "text/plain"));
}
END_TEST

START_TEST(a_line_knows_its_name_and_value)
{
    char shorter[sizeof("Location")] =
        "Loc"; /* the compiler warns of an array that is too short for the name */

    ck_assert(header_is("Location: http://host:80/", "location"));
    ck_assert(!header_is("Location: x", "Locatio"));
    ck_assert(!header_is("Location: x", "Location:"));
    ck_assert(!header_is(shorter, "Location"));
    ck_assert_str_eq(header_value("Location: http://host:80/"), "http://host:80/");
    ck_assert_str_eq(header_value("Empty: "), "");
}
END_TEST

START_TEST(the_number_of_headers_is_limited)
{
    const char *line = NULL;
    size_t count = 0;

    while (headers.count < HEADERS_MAX_COUNT)
        ck_assert_int_eq(add("A", "b"), 0);
    ck_assert_int_eq(add("A", "b"), -EMSGSIZE);
    ck_assert_uint_eq(headers.count, HEADERS_MAX_COUNT);
    while ((line = headers_next(&headers, line)))
        count++;
    ck_assert_uint_eq(count, HEADERS_MAX_COUNT);
}
END_TEST

/* Name, ": ", value and the NUL: the list may hold HEADERS_MAX_BYTES of these. */
START_TEST(the_size_of_a_list_is_limited)
{
    static char value[HEADERS_MAX_BYTES];
    size_t rest = HEADERS_MAX_BYTES - sizeof("First: x") - sizeof("Big: ");

    memset(value, 'v', sizeof(value));
    ck_assert_int_eq(add("First", "x"), 0);
    ck_assert_int_eq(headers_add(&headers, "Big", 3, value, rest + 1), -EMSGSIZE);
    ck_assert_uint_eq(headers.count, 1);
    ck_assert_ptr_null(headers_find(&headers, "Big"));
    ck_assert_int_eq(headers_add(&headers, "Big", 3, value, rest), 0);
    ck_assert_uint_eq(strlen(headers_find(&headers, "Big")), rest);
    ck_assert_int_eq(add("", ""), -EMSGSIZE);
    ck_assert_str_eq(headers_find(&headers, "First"), "x");
}
END_TEST

START_TEST(a_line_is_replaced)
{
    ck_assert_int_eq(headers_replace(&headers, "B", "1"), 0);
    ck_assert_int_eq(add("A", "x"), 0);
    ck_assert_int_eq(add("b", "2"), 0);
    ck_assert_int_eq(add("C", "y"), 0);
    ck_assert_int_eq(headers_replace(&headers, "B", "3"), 0);
    ck_assert_uint_eq(headers.count, 3);
    ck_assert_uint_eq(headers.text.len, sizeof("A: x") + sizeof("C: y") + sizeof("B: 3"));
    ck_assert_int_eq(memcmp(headers.text.data, "A: x\0C: y\0B: 3", headers.text.len), 0);
}
END_TEST

START_TEST(a_list_that_would_be_too_large_is_not_changed)
{
    static char value[HEADERS_MAX_BYTES];

    memset(value, 'v', sizeof(value) - 1);
    ck_assert_int_eq(add("A", "x"), 0);
    ck_assert_int_eq(headers_replace(&headers, "A", value), -EMSGSIZE);
    ck_assert_str_eq(headers_find(&headers, "A"), "x");
    ck_assert_uint_eq(headers.count, 1);
}
END_TEST

START_TEST(cleared_and_freed_lists_are_empty_and_usable)
{
    int round;

    for (round = 0; round < 4; round++) {
        ck_assert_int_eq(add("A", "b"), 0);
        ck_assert_str_eq(headers_find(&headers, "a"), "b");
        if (round % 2)
            headers_free(&headers);
        else
            headers_clear(&headers);
        ck_assert_uint_eq(headers.count, 0);
        ck_assert_ptr_null(headers_next(&headers, NULL));
        ck_assert_ptr_null(headers_find(&headers, "a"));
    }
}
END_TEST

START_TEST(a_list_has_its_entries_in_any_case)
{
    ck_assert(header_list_contains("Upgrade", "upgrade"));
    ck_assert(header_list_contains(" keep-alive ,\tUpgrade,", "upgrade"));
    ck_assert(header_list_has("close", "Close: x", 5));
    ck_assert(!header_list_contains("", "close"));
    ck_assert(!header_list_contains(", ,", ""));
    ck_assert(!header_list_contains("closed, disclose", "close"));
}
END_TEST

UNIT_SUITE(headers)
{
    TCase *tests;
    Suite *suite = unit_suite_create("headers", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lines_come_back_in_order);
    tcase_add_test(tests, finding_is_without_case_and_takes_the_first);
    tcase_add_test(tests, a_line_knows_its_name_and_value);
    tcase_add_test(tests, the_number_of_headers_is_limited);
    tcase_add_test(tests, the_size_of_a_list_is_limited);
    tcase_add_test(tests, a_list_has_its_entries_in_any_case);
    tcase_add_test(tests, a_line_is_replaced);
    tcase_add_test(tests, a_list_that_would_be_too_large_is_not_changed);
    tcase_add_test(tests, cleared_and_freed_lists_are_empty_and_usable);
    return suite;
}
