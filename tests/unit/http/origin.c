/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/util.h"
#include "http/origin.h"
#include "unit.h"

static const struct {
    const char *url;
    size_t length;
} lengths[] = {
    {"http://a", 8},
    {"http://a/b", 8},
    {"https://a:1?b", 11},
    {"HTTP://a#b", 8},
    {"http://[::1]:80/", 15},
    {"http://", 7},
    {"http:///x", 7},
    {"/http://a", 0},
    {"", 0},
    {"ftp://a/", 0},
    {"http:/a", 0},
    {"http//a", 0},
    {"a", 0},
    {"*", 0},
    {"ws://a/", 0},
};

START_TEST(the_origin_ends_where_the_path_begins)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(lengths); i++)
        ck_assert_msg(origin_length(lengths[i].url) == lengths[i].length, "%s", lengths[i].url);
}
END_TEST

static const struct {
    const char *url, *server;
    bool same;
} pairs[] = {
    {"http://a:8080/x", "http://a:8080", true},
    {"HTTP://A:8080", "http://a:8080/tb/", true},
    {"http://a", "http://a:80", true},
    {"http://a:80/", "http://a", true},
    {"http://a:/", "http://a", true}, /* RFC 3986, section 6.2.3 */
    {"https://a:443/", "https://a/", true},
    {"http://[::1]:8080/", "http://[::1]:8080", true},
    {"http://[::1]/", "http://[::1]:80", true},
    {"http://[::A]/", "http://[::a]", true},
    /* http for https, at their own ports only */
    {"http://a/", "https://a/", true},
    {"http://a:80/", "https://a:443/", true},
    {"https://a/", "http://a/", false},
    {"http://a:443/", "https://a/", false},
    {"http://a:8443/", "https://a:8443/", false},
    {"https://a:8443/", "https://a:8443/", true},
    /* others */
    {"http://a:8080", "http://a", false},
    {"http://a:808", "http://a:8080", false},
    {"http://a:80800", "http://a:8080", false},
    {"http://a:08080", "http://a:8080", false},
    {"http://ab:8080", "http://a:8080", false},
    {"http://a.:8080", "http://a:8080", false},
    {"http://a.b:8080", "http://a:8080", false},
    {"http://u@a:8080", "http://a:8080", false},
    {"http://u:p@a:8080", "http://a:8080", false},
    {"http://a:8080@b", "http://a:8080", false},
    {"http://a:8080\\@b", "http://a:8080", false},
    {"http://a :8080", "http://a:8080", false},
    {"http://a:8080 ", "http://a:8080", false},
    {"http://[::1]:8080/", "http://[::1]", false},
    {"http://::1:8080/", "http://[::1]:8080", false},
    {"http://", "http://", false},
    {"http://:80", "http://:80", false},
    {"ftp://a", "ftp://a", false},
    {"a:8080", "http://a:8080", false},
    {"/x", "http://a:8080", false},
    {"//a:8080/x", "http://a:8080", false},
    {"", "http://a:8080", false},
};

START_TEST(urls_of_the_same_server)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(pairs); i++)
        ck_assert_msg(origin_is_same(pairs[i].url, pairs[i].server) == pairs[i].same, "%s and %s",
                      pairs[i].url, pairs[i].server);
}
END_TEST

#define LONG_HOST LABEL LABEL LABEL LABEL "x" /* 253 bytes */
#define LABEL     "abcdefghi.abcdefghi.abcdefghi.abcdefghi.abcdefghi.abcdefghi.abc"

static const struct {
    const char *text;
    bool is_host, is_origin;
} exact[] = {
    {"localhost", true, false},
    {"host.docker.internal", true, false},
    {"172.17.0.1", true, false},
    {"a_b-c", true, false},
    {LONG_HOST, true, false},
    {LONG_HOST "x", false, false},
    {"localhost:8282", false, false},
    {"[::1]", false, false},
    {"*", false, false},
    {"http://localhost:3000", false, true},
    {"http://localhost", false, true},
    {"https://grafana.example.org", false, true},
    {"https://grafana.example.org:8443", false, true},
    {"https://x:80", false, true},
    {"http://[::1]:3000", false, true},
    {"HTTP://LocalHost:65535", false, true},
    {"http://" LONG_HOST ":3000", false, true},
    {"http://" LONG_HOST "x", false, false},
    {"http://localhost:80", false, false},
    {"https://localhost:443", false, false},
    {"http://localhost/", false, false},
    {"http://localhost:3000/x", false, false},
    {"http://localhost:", false, false},
    {"http://localhost:65536", false, false},
    {"http://localhost:03000", false, false},
    {"http://localhost:300000", false, false},
    {"http://localhost:3000:1", false, false},
    {"http://[::1", false, false},
    {"http://[]", false, false},
    {"http://user@localhost", false, false},
    {"http://*.example.org", false, false},
    {"http://", false, false},
    {"ftp://localhost", false, false},
    {"file://", false, false},
    {"null", true, false},
};

/* In a list, as in the configuration. */
START_TEST(an_origin_is_written_as_browsers_write_it)
{
    static const char *const ends[] = {"", ", http://b", " ", "\t,x"};
    const char *text = exact[_i].text;
    char list[400];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(ends); i++) {
        snprintf(list, sizeof(list), "%s%s", text, ends[i]);
        ck_assert_msg(host_is_name(list, strlen(text)) == exact[_i].is_host, "%s", list);
        ck_assert_msg(origin_is_exact(list, strlen(text)) == exact[_i].is_origin, "%s", list);
    }
}
END_TEST

UNIT_SUITE(origin)
{
    TCase *tests;
    Suite *suite = unit_suite_create("origin", &tests);

    tcase_add_test(tests, the_origin_ends_where_the_path_begins);
    tcase_add_test(tests, urls_of_the_same_server);
    tcase_add_loop_test(tests, an_origin_is_written_as_browsers_write_it, 0, (int)ARRAY_SIZE(exact));
    return suite;
}
