/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "http/target.h"
#include "unit.h"

static const struct {
    const char *raw, *canonical;
} good[] = {
    {"/", "/"},
    {"/api", "/api"},
    {"/api/", "/api/"},
    {"/api/device/7?b=2&a=1", "/api/device/7?b=2&a=1"},
    {"/api?", "/api?"},
    {"/?a=b?c=d", "/?a=b?c=d"},
    /* RFC 3986, section 2.3 and 6.2.2: unreserved characters decoded, the rest in upper case */
    {"/%61%70%69/%7euser/%2D%2e%5f-._~", "/api/~user/-._-._~"},
    {"/%41%5A%30%39", "/AZ09"},
    {"/a%3fb%26c", "/a%3Fb%26c"},
    {"/a%2bb+c%20d", "/a%2Bb+c%20d"},
    {"/a%25b%252fc", "/a%25b%252fc"},
    {"/a!$&'()*+,=:@b", "/a!$&'()*+,=:@b"},
    {"/a%21%24%26%27%28%29%2a%2b%2c%3d%3a%40b", "/a%21%24%26%27%28%29%2A%2B%2C%3D%3A%40b"},
    /* what may not stand in a URL */
    {"/a|b\"c<d>e^f`g{h}[i]", "/a%7Cb%22c%3Cd%3Ee%5Ef%60g%7Bh%7D%5Bi%5D"},
    /* UTF-8, encoded or not */
    {"/gr\xc3\xbc\xc3\x9f"
     "e",
     "/gr%C3%BC%C3%9Fe"},
    {"/%c3%bc", "/%C3%BC"},
    {"/\xc3%bc", "/%C3%BC"},
    {"/%f0%9f%98%80", "/%F0%9F%98%80"},
    {"/%ed%9f%bf%ee%80%80", "/%ED%9F%BF%EE%80%80"},
    {"/%f4%8f%bf%bf%c2%80%e0%a0%80%f0%90%80%80", "/%F4%8F%BF%BF%C2%80%E0%A0%80%F0%90%80%80"},
    /* dots that are no dot segments */
    {"/...", "/..."},
    {"/.a/a./..a/a..", "/.a/a./..a/a.."},
    {"/%2e%2e%2e/x", "/.../x"},
    {"/a%252e%252e/b", "/a%252e%252e/b"},
    /* the absolute-form, of whatever host */
    {"http://tb.example.org:8080/api/x?a=%2f", "/api/x?a=%2f"},
    {"HTTPS://tb.example.org/api/x", "/api/x"},
    {"http://tb.example.org", "/"},
    {"http://tb.example.org?a=b", "/?a=b"},
    {"http://tb.example.org/", "/"},
    /* a canonical path before a query that is not looked at */
    {"/%61pi/x?%61", "/api/x?%61"},
    {"/a%3fb?c?d%3f", "/a%3Fb?c?d%3f"},
};

START_TEST(good_targets_in_their_canonical_form)
{
    struct target target;
    const char *reason = NULL;

    ck_assert_msg(target_parse(good[_i].raw, &target, &reason) == 0, "%s: %s", good[_i].raw, reason);
    ck_assert_str_eq(target.text.data, good[_i].canonical);
    ck_assert_uint_eq(target.text.len, strlen(good[_i].canonical));
    ck_assert_uint_eq(target.path_length, strcspn(good[_i].canonical, "?"));
    target_free(&target);
}
END_TEST

/* Whatever the server makes of it. */
static const char *const queries[] = {
    "",
    "a",
    "a=",
    "=b",
    "&&a=1&",
    "a=b?c=d",
    "b=2&a=1&b=2",
    /* no dot segments, no slashes, no parameters of a segment */
    "/a/../b//c;d\\",
    "../..",
    "a=%2f%2F%3b%5c%26/%2e%2e/",
    /* in either case, encoded without need */
    "%61=%7e%7E&b=%41%2d",
    "a=%C3%BC&b=%c3%bc",
    "a=%00&b=%0d%0a&c=%7f&d=%20+",
    /* no percent-encoding */
    "%",
    "textSearch=%",
    "textSearch=%zz",
    "a=%4",
    "a=%4g&b=%g4",
    "a=%%41",
    "a=%u0041",
    "a=%+1%-1%0x",
    /* no UTF-8 */
    "a=%C3%28",
    "a=%c0%af&b=%ed%a0%80&c=%ff",
    "a=%c3&c=%bc",
    "a=\xc3",
    "a=\xff\xc0\xaf\x80",
    /* what may not stand in a URL */
    "gr\xc3\xbc\xc3\x9f=\xe2\x82\xac",
    "q={\"a\":[1|2]}<>^`\\'",
    "a#b",
    "#",
};

START_TEST(a_query_passes_as_it_came)
{
    static const char *const paths[] = {"/", "/api/device", "http://tb.example.org"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(paths); i++) {
        struct target target;
        const char *reason = NULL;
        char raw[200];

        snprintf(raw, sizeof(raw), "%s?%s", paths[i], queries[_i]);
        ck_assert_msg(target_parse(raw, &target, &reason) == 0, "%s: %s", raw, reason);
        ck_assert_uint_eq(target.path_length, i == 2 ? 1 : strlen(paths[i]));
        ck_assert_int_eq(target.text.data[target.path_length], '?');
        ck_assert_str_eq(target.text.data + target.path_length + 1, queries[_i]);
        target_free(&target);
    }
}
END_TEST

/* clang-format off */
static const char *const bad[] = {
    /* no origin-form */
    "", "api", "*", "localhost:8282", "?a=b", "%2Fapi", ".", "ftp://localhost/api", "http:/api", "http:api",
    "ws://localhost/api", "file:///api", "http://localhost#a", "http://localhost//api",
    "\\api",
    /* slashes, and characters that are taken for one */
    "/a%2Fb", "/a%2fb", "/%2F", "/%2fetc", "/a%5Cb", "/a%5cb", "/a\\b", "/\\", "/api/..%2fb", "/api/..%5cb",
    /* parameters of a segment */
    "/a;b", "/a;x=y/b", "/a%3Bb", "/a%3bb", "/;", "/a;", "/..;/b",
    /* dot segments, raw, encoded, mixed */
    "/.", "/..", "/./", "/../", "/a/.", "/a/..", "/a/./b", "/a/../b", "/%2e", "/%2E%2e", "/a/%2e%2E/b",
    "/a/.%2e/b", "/a/%2e./b", "/a/%2e/b", "/a/..?x", "/a/%2e?x", "/.?x",
    /* empty segments */
    "//", "//a", "/a//", "/a//b", "/a//?x", "///", "//?x",
    /* control characters, in the query only raw */
    "/a%00b", "/%00", "/a%0ab", "/a%0d%0ab", "/a\nb", "/a\rb", "/a\tb", "/a\x1b/", "/a\x7f/",
    "/a%7fb", "/a%1Fb", "/a?b=\r\nX: y", "/a?b=\n", "/a?\t", "/a?b=\x1f", "/a?b=\x7f", "/a?b=\x01",
    /* spaces */
    "/a b", "/a?b= c", " /a", "/a ",
    /* percent-encoding */
    "/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%", "/a%2", "/%%41", "/%u0041", "/% 41", "/%-1", "/%+1", "/%0x",
    "/%4?1", "/%?41",
    /* not UTF-8: overlong */
    "/%c0%af", "/%c0%80", "/%c1%bf", "/%e0%80%af", "/%e0%9f%bf", "/%f0%80%80%af", "/%f0%8f%bf%bf", "/\xc0\xaf",
    /* surrogates, past U+10FFFF, no first byte at all */
    "/%ed%a0%80", "/%ed%bf%bf", "/\xed\xa0\x80", "/%f4%90%80%80", "/%f5%80%80%80",
    "/%f8%88%80%80%80", "/%ff", "/%fe", "/\xff",
    /* lone and missing continuations */
    "/%80", "/%bf", "/%c3", "/%c3x", "/%c3/a", "/%c3?a", "/%e2%82", "/%e2%82/", "/%f0%9f%98", "/%e2x%82%ac", "/\xc3",
    /* fragments */
    "/a#b", "/#", "/a#?b", "#", "/a%41#",
};
/* clang-format on */

START_TEST(bad_targets_are_refused_with_a_reason)
{
    struct target target;
    const char *reason = NULL;
    int r = target_parse(bad[_i], &target, &reason);

    ck_assert_msg(r == -EINVAL, "%s gives %d, %s", bad[_i], r,
                  target.text.data ? target.text.data : "nothing");
    ck_assert_ptr_nonnull(reason);
    ck_assert_uint_gt(strlen(reason), 0);
    target_free(&target);
}
END_TEST

/* What counts is the length of the canonical path and of the query as it came. */
static const struct {
    const char *head, *unit;
    size_t size; /* of the unit, when it has passed */
} longest[] = {
    {"/", "x", 1},     {"/", "%41", 1},     {"/", "\xc3\xbc", 6},
    {"/a?b=", "x", 1}, {"/a?b=", "%41", 3}, {"/a?b=", "\xc3\xbc", 2},
};

START_TEST(the_longest_target_and_one_byte_more)
{
    char raw[4 * TARGET_MAX_BYTES];
    size_t more;

    for (more = 0; more <= 1; more++) {
        struct target target;
        const char *reason = NULL;
        size_t length = strlen(longest[_i].head);
        char *end = stpcpy(raw, longest[_i].head);

        for (; length + longest[_i].size <= TARGET_MAX_BYTES; length += longest[_i].size)
            end = stpcpy(end, longest[_i].unit);
        for (; length < TARGET_MAX_BYTES + more; length++)
            end = stpcpy(end, "y");
        ck_assert_int_eq(target_parse(raw, &target, &reason), more ? -EMSGSIZE : 0);
        if (!more)
            ck_assert_uint_eq(target.text.len, TARGET_MAX_BYTES);
        target_free(&target);
    }
}
END_TEST

static const struct {
    const char *raw, *passed;
} tokens[] = {
    {"/api/ws?token=secret", "/api/ws"},
    {"/api/ws/plugins/telemetry?token=secret", "/api/ws/plugins/telemetry"},
    {"/api/ws?a=1&token=secret&b=2", "/api/ws"},
    /* the server finds it in all of these */
    {"/api/ws?%74%6fken=secret&a=1", "/api/ws"},
    {"/api/ws?%74oken%3Dsecret", "/api/ws"},
    {"/api/ws?a=%26token%3dsecret", "/api/ws"},
    {"/api/ws?xtoken=secret", "/api/ws"},
    {"/%61pi/w%73?token=secret", "/api/ws"},
    {"http://tb.example.org/api/ws?token=secret", "/api/ws"},
    {"/api/ws/?token=secret", "/api/ws/"},
    {"/api/ws?", "/api/ws"},
    {"/api/ws/", "/api/ws/"},
    {"/api/wsx?token=secret", "/api/wsx?token=secret"},
    {"/api/noauth/activate?token=secret", "/api/noauth/activate?token=secret"},
    {"/ws/api/ws?token=secret", "/ws/api/ws?token=secret"},
    {"/api/WS?token=secret", "/api/WS?token=secret"},
};

START_TEST(the_query_is_left_out_on_websocket_paths_only)
{
    struct target target;
    const char *reason = NULL;

    ck_assert_msg(target_parse(tokens[_i].raw, &target, &reason) == 0, "%s: %s", tokens[_i].raw, reason);
    ck_assert_str_eq(target.text.data, tokens[_i].passed);
    ck_assert_uint_eq(target.text.len, strlen(tokens[_i].passed));
    ck_assert_uint_eq(target.path_length, strcspn(tokens[_i].passed, "?"));
    target_free(&target);
}
END_TEST

/* A random target of pieces that are close to what is refused. */
static const char *random_target(const char *head)
{
    /* clang-format off */
    static const char *const pieces[] = {
        "/", "/", "a", "B", "7", "%41", "%2e", ".", "..", "/.", "%2F", "%c3%bc", "\xc3\xbc", "%c3", "\xbc", "%25", "%",
        "?", "&", "&", "=", "token=x", "token", "%74oken", "|", " ", "+", "~", "%7e", ";", "\\", "#", "%00", "api/ws",
    };
    /* clang-format on */
    static char text[200];
    char *end = stpcpy(text, head);
    unsigned count = unit_random() % 9;

    while (count-- > 0)
        end = stpcpy(end, pieces[unit_random() % ARRAY_SIZE(pieces)]);
    return text;
}

/* In the path only what RFC 3986 allows, no dot segment, nothing empty; in the query nothing that ends the
 * request line; and nothing that a second parse would change. */
static void assert_canonical(const char *raw, const struct target *first)
{
    const char *text = first->text.data;
    struct target second;
    const char *reason = NULL;
    const char *c;

    for (c = text; *c; c++)
        ck_assert_msg((unsigned char)*c > 0x20 && *c != 0x7f, "%s gives %s", raw, text);
    for (c = text; c < text + first->path_length; c++)
        ck_assert_msg((unsigned char)*c < 0x7f && !strchr("\"#<>?\\^`{|}", *c), "%s gives %s", raw, text);
    for (c = text; c + 1 < text + first->path_length; c++)
        ck_assert_msg(memcmp(c, "//", 2) != 0, "%s gives %s", raw, text);
    ck_assert_msg(target_parse(text, &second, &reason) == 0, "%s gives %s: %s", raw, text, reason);
    ck_assert_msg(strcmp(text, second.text.data) == 0, "%s gives %s gives %s", raw, text, second.text.data);
    ck_assert_uint_eq(first->path_length, second.path_length);
    target_free(&second);
}

START_TEST(a_canonical_form_is_its_own_canonical_form)
{
    static const char *const heads[] = {"", "/", "/x?", "/api/ws?"};
    int i, taken = 0, rounds = unit_rounds(50000);

    for (i = 0; i < rounds; i++) {
        const char *raw = random_target(heads[_i]);
        const char *reason = NULL;
        struct target target;

        if (target_parse(raw, &target, &reason) == 0) {
            assert_canonical(raw, &target);
            taken++;
        }
        target_free(&target);
    }
    ck_assert_int_gt(taken, rounds / 50); /* of the random ones enough are good */
}
END_TEST

UNIT_SUITE(target)
{
    TCase *tests;
    Suite *suite = unit_suite_create("target", &tests);

    tcase_add_loop_test(tests, good_targets_in_their_canonical_form, 0, (int)ARRAY_SIZE(good));
    tcase_add_loop_test(tests, a_query_passes_as_it_came, 0, (int)ARRAY_SIZE(queries));
    tcase_add_loop_test(tests, bad_targets_are_refused_with_a_reason, 0, (int)ARRAY_SIZE(bad));
    tcase_add_loop_test(tests, the_longest_target_and_one_byte_more, 0, (int)ARRAY_SIZE(longest));
    tcase_add_loop_test(tests, the_query_is_left_out_on_websocket_paths_only, 0, (int)ARRAY_SIZE(tokens));
    tcase_add_loop_test(tests, a_canonical_form_is_its_own_canonical_form, 0, 4);
    return suite;
}
