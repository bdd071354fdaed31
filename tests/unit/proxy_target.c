/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "proxy/target.h"
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
    {"/?/a/../b//c;d\\", "/?/a/../b//c;d%5C"},
    /* RFC 3986, section 2.3 and 6.2.2: unreserved characters decoded, the rest in upper case */
    {"/%61%70%69/%7euser/%2D%2e%5f-._~", "/api/~user/-._-._~"},
    {"/%41%5A%30%39", "/AZ09"},
    {"/a%3fb%26c", "/a%3Fb%26c"},
    {"/a%2bb+c%20d", "/a%2Bb+c%20d"},
    {"/a%25b%252fc", "/a%25b%252fc"},
    {"/x?a=%2f%2F%3b%5c%26", "/x?a=%2F%2F%3B%5C%26"},
    {"/x?a=%61%6d%70&b=%23", "/x?a=amp&b=%23"},
    {"/a!$&'()*+,=:@b", "/a!$&'()*+,=:@b"},
    {"/a%21%24%26%27%28%29%2a%2b%2c%3d%3a%40b", "/a%21%24%26%27%28%29%2A%2B%2C%3D%3A%40b"},
    /* what may not stand in a URL */
    {"/a|b\"c<d>e^f`g{h}[i]", "/a%7Cb%22c%3Cd%3Ee%5Ef%60g%7Bh%7D%5Bi%5D"},
    {"/a?x=[1|2]\"", "/a?x=%5B1%7C2%5D%22"},
    /* UTF-8, encoded or not */
    {"/gr\xc3\xbc\xc3\x9f"
     "e",
     "/gr%C3%BC%C3%9Fe"},
    {"/%c3%bc?n=%e2%82%ac", "/%C3%BC?n=%E2%82%AC"},
    {"/\xc3%bc", "/%C3%BC"},
    {"/%f0%9f%98%80", "/%F0%9F%98%80"},
    {"/%ed%9f%bf%ee%80%80", "/%ED%9F%BF%EE%80%80"},
    {"/%f4%8f%bf%bf%c2%80%e0%a0%80%f0%90%80%80", "/%F4%8F%BF%BF%C2%80%E0%A0%80%F0%90%80%80"},
    /* dots that are no dot segments */
    {"/...", "/..."},
    {"/.a/a./..a/a..", "/.a/a./..a/a.."},
    {"/%2e%2e%2e/x", "/.../x"},
    {"/a?../..", "/a?../.."},
    {"/a%252e%252e/b", "/a%252e%252e/b"},
    /* the absolute-form, of whatever host */
    {"http://tb.example.org:8080/api/x?a=%2f", "/api/x?a=%2F"},
    {"HTTPS://tb.example.org/api/x", "/api/x"},
    {"http://tb.example.org", "/"},
    {"http://tb.example.org?a=b", "/?a=b"},
    {"http://tb.example.org/", "/"},
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

/* clang-format off */
static const char *const bad[] = {
    /* no origin-form */
    "", "api", "*", "localhost:8282", "?a=b", "%2Fapi", ".", "ftp://localhost/api", "http:/api", "http:api",
    "ws://localhost/api", "file:///api", "http://localhost#a", "http://localhost//api",
    "\\api",
    /* slashes and what is taken for one */
    "/a%2Fb", "/a%2fb", "/%2F", "/%2fetc", "/a%5Cb", "/a%5cb", "/a\\b", "/\\", "/api/..%2fb", "/api/..%5cb",
    /* parameters of a segment */
    "/a;b", "/a;x=y/b", "/a%3Bb", "/a%3bb", "/;", "/a;", "/..;/b",
    /* dot segments, raw, encoded, mixed */
    "/.", "/..", "/./", "/../", "/a/.", "/a/..", "/a/./b", "/a/../b", "/%2e", "/%2E%2e", "/a/%2e%2E/b",
    "/a/.%2e/b", "/a/%2e./b", "/a/%2e/b", "/a/..?x", "/a/%2e?x", "/.?x",
    /* empty segments */
    "//", "//a", "/a//", "/a//b", "/a//?x", "///", "//?x",
    /* control characters, in the path and the query */
    "/a%00b", "/%00", "/a?b=%00", "/a%0ab", "/a%0d%0ab", "/a\nb", "/a\rb", "/a\tb", "/a\x1b/", "/a\x7f/",
    "/a%7fb", "/a%1Fb", "/a?b=%0d%0a", "/a?b=\r\nX: y", "/a?b=%7F", "/a?b=\x01",
    /* spaces */
    "/a b", "/a?b= c", " /a", "/a ",
    /* percent-encoding */
    "/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%", "/a%2", "/%%41", "/%u0041", "/% 41", "/%-1", "/%+1", "/%0x",
    "/a?%", "/a?%4", "/a?%zz", "/%4?1",
    /* not UTF-8: overlong */
    "/%c0%af", "/%c0%80", "/%c1%bf", "/%e0%80%af", "/%e0%9f%bf", "/%f0%80%80%af", "/%f0%8f%bf%bf", "/\xc0\xaf",
    "/a?b=%c0%af",
    /* surrogates, past U+10FFFF, no first byte at all */
    "/%ed%a0%80", "/%ed%bf%bf", "/\xed\xa0\x80", "/a?b=%ed%a0%80", "/%f4%90%80%80", "/%f5%80%80%80",
    "/%f8%88%80%80%80", "/%ff", "/%fe", "/\xff",
    /* lone and missing continuations */
    "/%80", "/%bf", "/%c3", "/%c3x", "/%c3/a", "/%c3?a", "/%e2%82", "/%e2%82/", "/%f0%9f%98", "/%e2x%82%ac", "/\xc3",
    "/a?b=%c3", "/a?b=\xc3", "/a?b=%c3&c=%bc",
    /* fragments */
    "/a#b", "/#", "/a?b#c", "#", "/a%41#",
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

/* The length counts in the canonical form. */
START_TEST(the_longest_target_and_one_byte_more)
{
    static const char *const heads[] = {"/", "/a?b="};
    static const char *const units[] = {"x", "%41", "\xc3\xbc"};
    static const size_t sizes[] = {1, 1, 6};
    char raw[4 * TARGET_MAX_BYTES];
    size_t head, unit, more;

    for (head = 0; head < ARRAY_SIZE(heads); head++)
        for (unit = 0; unit < ARRAY_SIZE(units); unit++)
            for (more = 0; more <= 1; more++) {
                struct target target;
                const char *reason = NULL;
                size_t length = strlen(heads[head]);
                char *end = stpcpy(raw, heads[head]);

                for (; length + sizes[unit] <= TARGET_MAX_BYTES; length += sizes[unit])
                    end = stpcpy(end, units[unit]);
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
    const char *raw, *canonical;
} tokens[] = {
    {"/api/ws?token=secret", "/api/ws?"},
    {"/api/ws/plugins/telemetry?token=secret", "/api/ws/plugins/telemetry?"},
    {"/api/ws?a=1&token=secret&b=2", "/api/ws?a=1&b=2"},
    {"/api/ws?token=secret&b=2", "/api/ws?b=2"},
    {"/api/ws?a=1&token=secret", "/api/ws?a=1"},
    {"/api/ws?token=a&token=b&c=d&token=e", "/api/ws?c=d"},
    {"/api/ws?token", "/api/ws?"},
    {"/api/ws?token=", "/api/ws?"},
    {"/api/ws?%74%6fken=secret&a=1", "/api/ws?a=1"},
    {"/%61pi/w%73?token=secret", "/api/ws?"},
    {"/api/ws?tokens=1&Token=2&atoken=3&a=token=4", "/api/ws?tokens=1&Token=2&atoken=3&a=token=4"},
    {"/api/ws/", "/api/ws/"},
    {"/api/wsx?token=secret", "/api/wsx?token=secret"},
    {"/api/noauth/activate?token=secret", "/api/noauth/activate?token=secret"},
    {"/ws/api/ws?token=secret", "/ws/api/ws?token=secret"},
    {"/api/WS?token=secret", "/api/WS?token=secret"},
};

START_TEST(the_token_is_left_out_on_websocket_paths_only)
{
    struct target target;
    const char *reason = NULL;

    ck_assert_msg(target_parse(tokens[_i].raw, &target, &reason) == 0, "%s: %s", tokens[_i].raw, reason);
    ck_assert_str_eq(target.text.data, tokens[_i].canonical);
    ck_assert_uint_eq(target.text.len, strlen(tokens[_i].canonical));
    target_free(&target);
}
END_TEST

/* A random target of pieces that are near the limits of what is taken. */
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

/* Only what RFC 3986 allows, no dot segment, nothing empty, and nothing that a second parse would change. */
static void assert_canonical(const char *raw, const struct target *first)
{
    const char *text = first->text.data;
    struct target second;
    const char *reason = NULL;
    const char *c;

    for (c = text; *c; c++)
        ck_assert_msg(((unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f) && !strchr("\"#<>\\^`{|}", *c),
                      "%s gives %s", raw, text);
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
    int i, taken = 0;

    for (i = 0; i < 50000; i++) {
        const char *raw = random_target(heads[_i]);
        const char *reason = NULL;
        struct target target;

        if (target_parse(raw, &target, &reason) == 0) {
            assert_canonical(raw, &target);
            taken++;
        }
        target_free(&target);
    }
    ck_assert_int_gt(taken, 1000); /* of the random ones enough are good */
}
END_TEST

Suite *target_suite(void)
{
    TCase *tests;
    Suite *suite = unit_suite_create("target", &tests);

    tcase_add_loop_test(tests, good_targets_in_their_canonical_form, 0, (int)ARRAY_SIZE(good));
    tcase_add_loop_test(tests, bad_targets_are_refused_with_a_reason, 0, (int)ARRAY_SIZE(bad));
    tcase_add_test(tests, the_longest_target_and_one_byte_more);
    tcase_add_loop_test(tests, the_token_is_left_out_on_websocket_paths_only, 0, (int)ARRAY_SIZE(tokens));
    tcase_add_loop_test(tests, a_canonical_form_is_its_own_canonical_form, 0, 4);
    return suite;
}
