/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/util.h"
#include "http/header_filter.h"
#include "unit.h"

/* As the configuration's help says. */
static const char *const forwarded[] = {
    "Accept",   "Accept-Encoding",   "Accept-Language", "Content-Type", "Content-Encoding",
    "If-Match", "If-Modified-Since", "If-None-Match",   "If-Range",     "If-Unmodified-Since",
    "Range",    "User-Agent",        "X-Mobile-Token",
};

/* Credentials, Host, Origin, and what belongs to one connection (RFC 9110, section 7.6.1). */
static const char *const never[] = {
    "Authorization", "X-Authorization",   "Cookie",           "Proxy-Authorization", "Host",
    "Origin",        "Connection",        "Proxy-Connection", "Keep-Alive",          "TE",
    "Trailer",       "Transfer-Encoding", "Upgrade",          "HTTP2-Settings",      "Content-Length",
};

START_TEST(some_headers_always_pass)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(forwarded); i++)
        ck_assert_msg(filter_request_header(forwarded[i], "", NULL), "%s", forwarded[i]);
    ck_assert(filter_request_header("accept", "", NULL));
    ck_assert(filter_request_header("CONTENT-TYPE", "", "keep-alive"));
}
END_TEST

START_TEST(other_headers_do_not_pass)
{
    static const char *const others[] = {"X-Anything",     "Acceptx",         "Accep", "",
                                         "Sec-Fetch-Site", "X-Forwarded-For", "If"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(others); i++)
        ck_assert_msg(!filter_request_header(others[i], "", NULL), "%s", others[i]);
    for (i = 0; i < ARRAY_SIZE(never); i++)
        ck_assert_msg(!filter_request_header(never[i], "", NULL), "%s", never[i]);
}
END_TEST

START_TEST(headers_in_the_configuration_pass)
{
    static const char *const lists[] = {
        "X-One", "x-one", "X-Two, X-One", "X-One,X-Two", " X-One ,\tX-Two ", ",,X-One,,"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        ck_assert_msg(filter_request_header("X-One", lists[i], NULL), "%s", lists[i]);
        ck_assert_msg(!filter_request_header("X-On", lists[i], NULL), "%s", lists[i]);
        ck_assert_msg(!filter_request_header("X-One-More", lists[i], NULL), "%s", lists[i]);
        ck_assert_msg(!filter_request_header("", lists[i], NULL), "%s", lists[i]);
    }
    ck_assert(!filter_request_header("X-One", " , ", NULL));
}
END_TEST

START_TEST(some_never_pass_whatever_the_configuration_says)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(never); i++) {
        char list[64];

        snprintf(list, sizeof(list), "X-One, %s", never[i]);
        ck_assert_msg(!filter_request_header(never[i], list, NULL), "%s", never[i]);
    }
    ck_assert(!filter_request_header("x-AUTHORIZATION", "X-Authorization", NULL));
}
END_TEST

START_TEST(headers_named_by_connection_do_not_pass)
{
    ck_assert(!filter_request_header("Accept", "", "close, accept"));
    ck_assert(!filter_request_header("X-One", "X-One", "X-One"));
    ck_assert(!filter_request_header("Range", "", "keep-alive,\tRANGE ,x"));
    ck_assert(filter_request_header("Accept", "", "close, accept-encoding"));
    ck_assert(filter_request_header("Accept", "", ""));
}
END_TEST

START_TEST(response_headers_pass_unless_they_weaken_the_local_side)
{
    static const char *const dropped[] = {
        "Connection: close",
        "Keep-Alive: timeout=60",
        "Proxy-Connection: close",
        "TE: trailers",
        "Trailer: X",
        "Transfer-Encoding: chunked",
        "Upgrade: h2c",
        "Content-Length: 5",
        "Set-Cookie: JSESSIONID=1",
        "Strict-Transport-Security: max-age=1",
        "Alt-Svc: h3=\":443\"",
        "Access-Control-Allow-Origin: *",
        "access-control-allow-credentials: true",
        "ACCESS-CONTROL-EXPOSE-HEADERS: x",
    };
    static const char *const kept[] = {
        "Content-Type: application/json",
        "ETag: \"x\"",
        "Date: x",
        "Content-Encoding: gzip",
        "Location: /api/x",
        "Retry-After: 5",
        "X-Connection: y",
        "Connectionx: y",
        "Vary: Origin",
        "Cache-Control: no-cache",
        "Content-Disposition: attachment",
        "X-Content-Type-Options: nosniff",
        "Content-Range: bytes 0-1/2",
        "Empty: ",
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(dropped); i++)
        ck_assert_msg(!filter_response_header(dropped[i], NULL), "%s", dropped[i]);
    for (i = 0; i < ARRAY_SIZE(kept); i++)
        ck_assert_msg(filter_response_header(kept[i], NULL), "%s", kept[i]);
}
END_TEST

/* RFC 9110, section 7.6.1: an intermediary removes what Connection names, in answers too. */
START_TEST(response_headers_named_by_connection_do_not_pass)
{
    ck_assert(!filter_response_header("X-One: 1", "close, x-one"));
    ck_assert(!filter_response_header("ETag: x", "ETag"));
    ck_assert(filter_response_header("X-On: 1", "close, x-one"));
    ck_assert(filter_response_header("X-One: X-Two", "X-Two"));
    ck_assert(filter_response_header("X-One: 1", ""));
    ck_assert(!filter_response_header("Set-Cookie: a=b", "keep-alive"));
}
END_TEST

UNIT_SUITE(filter)
{
    TCase *tests;
    Suite *suite = unit_suite_create("filter", &tests);

    tcase_add_test(tests, some_headers_always_pass);
    tcase_add_test(tests, other_headers_do_not_pass);
    tcase_add_test(tests, headers_in_the_configuration_pass);
    tcase_add_test(tests, some_never_pass_whatever_the_configuration_says);
    tcase_add_test(tests, headers_named_by_connection_do_not_pass);
    tcase_add_test(tests, response_headers_pass_unless_they_weaken_the_local_side);
    tcase_add_test(tests, response_headers_named_by_connection_do_not_pass);
    return suite;
}
