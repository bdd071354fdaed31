/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/util.h"
#include "proxy/listen/browser_guard.h"
#include "unit.h"

#define PORT     8282
#define OWN      "localhost:8282"
#define UPSTREAM "http://tb.example.org:8080/"

enum { PASS = 0, BAD_REQUEST = 400, FORBIDDEN = 403, MISDIRECTED = 421 }; /* RFC 9110, sections 15.5 */

static const struct {
    unsigned port;
    const char *host;
    int status;
} hosts[] = {
    {PORT, "localhost:8282", PASS},
    {PORT, "LocalHost:8282", PASS},
    {PORT, "127.0.0.1:8282", PASS},
    {PORT, "[::1]:8282", PASS},
    {80, "localhost", PASS},
    {80, "127.0.0.1", PASS},
    {80, "[::1]", PASS},
    {80, "LOCALHOST:80", PASS},
    {65535, "localhost:65535", PASS},
    {PORT, NULL, BAD_REQUEST},
    {PORT, "localhost", PASS},
    {PORT, "127.0.0.1", PASS},
    {PORT, "[::1]", PASS},
    {PORT, "localhost:8283", PASS},
    {PORT, "localhost:828", PASS},
    {PORT, "localhost.", PASS},
    {PORT, "localhost.:8282", PASS},
    {PORT, "LOCALHOST.:9999", PASS},
    {PORT, "127.0.0.1:9999", PASS},
    {PORT, "[::1]:9999", PASS},
    {PORT, "localhost:65535", PASS},
    {80, "localhost:8080", PASS},
    {PORT, "localhost:65536", MISDIRECTED},
    {PORT, "localhost:82820", MISDIRECTED},
    {PORT, "localhost:008282", MISDIRECTED},
    {PORT, "localhost:8282:8282", MISDIRECTED},
    {PORT, "localhost: 8282", MISDIRECTED},
    {PORT, "localhost:+8282", MISDIRECTED},
    {PORT, "localhost:0x50", MISDIRECTED},
    {PORT, "localhost..", MISDIRECTED},
    {PORT, "127.0.0.1.", MISDIRECTED},
    {PORT, "127.0.0.2", MISDIRECTED},
    {PORT, "[::1", MISDIRECTED},
    {PORT, "[::1]8282", MISDIRECTED},
    {PORT, "localhost.evil.example", MISDIRECTED},
    {PORT, "localhost:", PASS}, /* RFC 3986, section 3.2.3: a port may be empty */
    {PORT, "[::1]:", PASS},
    {PORT, "localhost::", MISDIRECTED},
    {PORT, "evil.example:", MISDIRECTED},
    {PORT, "localhost:8282,evil.example", MISDIRECTED},
    {PORT, "localhost:8282 ", MISDIRECTED},
    {PORT, "", MISDIRECTED},
    {80, "localhost:", PASS},
    /* names that can be made to resolve to this host */
    {PORT, "evil.example:8282", MISDIRECTED},
    {PORT, "localhost.evil.example:8282", MISDIRECTED},
    {PORT, "127.0.0.1.evil.example:8282", MISDIRECTED},
    {PORT, "evil.example", MISDIRECTED},
    {PORT, "user@localhost:8282", MISDIRECTED},
    {PORT, "xlocalhost:8282", MISDIRECTED},
    {PORT, "192.168.1.10:8282", MISDIRECTED},
    {PORT, "0.0.0.0:8282", MISDIRECTED},
    {PORT, "::1:8282", MISDIRECTED},
    {PORT, "[::]:8282", MISDIRECTED},
    {PORT, "a-name-that-is-far-longer-than-any-of-this-hosts-own-names.evil.example:8282", MISDIRECTED},
    /* a Unix socket: any */
    {0, "evil.example", PASS},
    {0, "", PASS},
    {0, NULL, BAD_REQUEST},
};

static void assert_listener(const struct origin_headers *headers, const struct guarded_listener *listener,
                            bool http_1_0, int expected)
{
    const char *reason = "unset";
    int status = browser_guard_check(headers, listener, http_1_0, &reason);

    ck_assert_int_eq(status, expected);
    if (status != 0) {
        ck_assert_ptr_nonnull(reason);
        ck_assert_str_ne(reason, "unset");
        ck_assert_uint_gt(strlen(reason), 0);
    }
}

static void assert_guard(const struct origin_headers *headers, unsigned port, bool http_1_0, int expected)
{
    assert_listener(headers, &(struct guarded_listener){port, UPSTREAM, "", ""}, http_1_0, expected);
}

START_TEST(the_host_is_this_hosts_own)
{
    assert_guard(&(struct origin_headers){.host = hosts[_i].host}, hosts[_i].port, false, hosts[_i].status);
}
END_TEST

/* RFC 9112, section 3.2: only HTTP/1.0 may lack Host; one that is sent is checked. */
START_TEST(http_1_0_may_lack_a_host)
{
    assert_guard(&(struct origin_headers){.host = NULL}, PORT, true, PASS);
    assert_guard(&(struct origin_headers){.host = NULL}, 0, true, PASS);
    assert_guard(&(struct origin_headers){.host = OWN}, PORT, true, PASS);
    assert_guard(&(struct origin_headers){.host = "evil.example"}, PORT, true, MISDIRECTED);
    assert_guard(&(struct origin_headers){.origin = "http://evil.example"}, PORT, true, FORBIDDEN);
}
END_TEST

static const struct {
    const char *target;
    unsigned port;
    int status;
} targets[] = {
    {"http://tb.example.org:8080/api/x", PORT, PASS},
    {"http://TB.example.org:8080/api/x", PORT, PASS},
    {"http://tb.example.org:8080", PORT, PASS},
    {"http://localhost:8282/api/x", PORT, PASS},
    {"http://[::1]:8282/api/x", PORT, PASS},
    {"http://tb.example.org:8080/api/x", 0, PASS},
    /* a Unix socket has no port of its own */
    {"http://localhost:8282/api/x", 0, PASS},
    {"http://localhost/-/live", 0, PASS},
    {"http://localhost", 0, PASS},
    {"HTTP://LOCALHOST:/api/x", 0, PASS},
    {"http://localhost.?a=b", 0, PASS},
    {"http://127.0.0.1:1/api/x", 0, PASS},
    {"http://[::1]:65535/api/x", 0, PASS},
    {"http://localhost:65536/api/x", 0, MISDIRECTED},
    {"http://localhost:/api/x", PORT, MISDIRECTED},
    {"https://localhost/api/x", 0, MISDIRECTED},
    {"http://localhost.evil.example/api/x", 0, MISDIRECTED},
    {"http://localhost@evil.example/api/x", 0, MISDIRECTED},
    {"http://localhost:80@evil.example/api/x", 0, MISDIRECTED},
    {"http://evil.example/http://localhost/", 0, MISDIRECTED},
    {"http:///api/x", 0, MISDIRECTED},
    {"http://tb.example.org/api/x", PORT, MISDIRECTED},
    {"https://tb.example.org:8080/api/x", PORT, MISDIRECTED},
    {"https://localhost:8282/api/x", PORT, MISDIRECTED},
    {"http://localhost:8283/api/x", PORT, MISDIRECTED},
    {"http://user@tb.example.org:8080/api/x", PORT, MISDIRECTED},
    {"http://tb.example.org:8080@evil.example/", PORT, MISDIRECTED},
    {"http://evil.example/http://tb.example.org:8080/", PORT, MISDIRECTED},
    {"http:///api/x", PORT, MISDIRECTED},
};

/* RFC 9112, section 3.2.2: Host is ignored with an absolute-form target, but is required. */
static void assert_target(const char *target, unsigned port, int status)
{
    static const char *const names[] = {OWN, "evil.example", "tb.example.org:8080", ""};
    struct origin_headers headers = {.target = target};
    size_t i;

    assert_guard(&headers, port, true, status);
    assert_guard(&headers, port, false, BAD_REQUEST);
    for (i = 0; i < ARRAY_SIZE(names); i++) {
        headers.host = names[i];
        assert_guard(&headers, port, false, status);
    }
    headers.origin = "http://evil.example";
    assert_guard(&headers, port, false, status ? status : port == 0 ? PASS : FORBIDDEN);
}

START_TEST(an_absolute_form_target_is_on_the_server_or_here)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(targets); i++)
        assert_target(targets[i].target, targets[i].port, targets[i].status);
}
END_TEST

static const struct {
    const char *url;
    int status;
} urls[] = {
    {"http://localhost:8282", PASS},
    {"http://127.0.0.1:8282", PASS},
    {"http://[::1]:8282", PASS},
    {"HTTP://LOCALHOST:8282", PASS},
    {"null", FORBIDDEN},
    {"", FORBIDDEN},
    {"http://", FORBIDDEN},
    {"https://localhost:8282", FORBIDDEN},
    {"http://localhost", FORBIDDEN},
    {"http://localhost:8080", FORBIDDEN},
    {"http://evil.example", FORBIDDEN},
    {"http://evil.example:8282", FORBIDDEN},
    {"http://localhost:8282.evil.example", FORBIDDEN},
    {"http://localhost:8282@evil.example", FORBIDDEN},
    {"http://evil.example/http://localhost:8282", FORBIDDEN},
    {"file://", FORBIDDEN},
    {"localhost:8282", FORBIDDEN},
    {"chrome-extension://abcdef", FORBIDDEN},
    {" http://localhost:8282", FORBIDDEN},
};

START_TEST(an_origin_is_this_listeners_own)
{
    assert_guard(&(struct origin_headers){.host = OWN, .origin = urls[_i].url}, PORT, false, urls[_i].status);
    assert_guard(&(struct origin_headers){.host = OWN, .referer = urls[_i].url}, PORT, false,
                 urls[_i].status);
}
END_TEST

/* "ssh -L 9999:localhost:8282": the page's own requests name that port, as Host does. */
START_TEST(a_page_on_a_port_that_is_passed_on_is_the_listeners_own)
{
    static const char host[] = "localhost:9999", other[] = "tb.example.org:8080";

    assert_guard(&(struct origin_headers){NULL, host, "http://localhost:9999", "http://LOCALHOST:9999/?a",
                                          "same-origin", NULL},
                 PORT, false, PASS);
    assert_guard(&(struct origin_headers){.host = host, .origin = "http://localhost:9998"}, PORT, false,
                 FORBIDDEN);
    assert_guard(&(struct origin_headers){.host = host, .origin = "https://localhost:9999"}, PORT, false,
                 FORBIDDEN);
    assert_guard(&(struct origin_headers){.host = host, .referer = "http://localhost:9999@evil/"}, PORT,
                 false, FORBIDDEN);
    /* an absolute-form target: Host was not checked */
    assert_guard(
        &(struct origin_headers){.target = UPSTREAM, .host = other, .origin = "http://tb.example.org:8080"},
        PORT, false, FORBIDDEN);
}
END_TEST

START_TEST(a_referer_has_a_path)
{
    static const char *const own[] = {"http://localhost:8282/", "http://localhost:8282/swagger-ui/?a=b",
                                      "http://127.0.0.1:8282?x", "http://[::1]:8282/#y"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(own); i++)
        assert_guard(&(struct origin_headers){.host = OWN, .referer = own[i]}, PORT, false, PASS);
    assert_guard(&(struct origin_headers){.host = OWN, .referer = "http://evil.example/localhost:8282"}, PORT,
                 false, FORBIDDEN);
    assert_guard(&(struct origin_headers){.host = "localhost", .referer = "http://localhost/x"}, 80, false,
                 PASS);
}
END_TEST

/* Fetch Metadata, which every browser sends. */
START_TEST(sec_fetch_site_names_other_sites)
{
    static const struct {
        const char *site;
        int status;
    } sites[] = {
        {"same-origin", PASS},    {"none", PASS},  {"cross-site", FORBIDDEN},
        {"same-site", FORBIDDEN}, {"", FORBIDDEN}, {"something-new", FORBIDDEN},
        {"none,none", FORBIDDEN},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(sites); i++)
        assert_guard(&(struct origin_headers){.host = OWN, .sec_fetch_site = sites[i].site}, PORT, false,
                     sites[i].status);
}
END_TEST

START_TEST(one_bad_header_is_enough)
{
    assert_guard(&(struct origin_headers){NULL, OWN, "http://" OWN, "http://" OWN "/", "same-origin", NULL},
                 PORT, false, PASS);
    assert_guard(&(struct origin_headers){NULL, OWN, "http://evil", "http://" OWN "/", "same-origin", NULL},
                 PORT, false, FORBIDDEN);
    assert_guard(&(struct origin_headers){NULL, OWN, "http://" OWN, "http://evil/", "same-origin", NULL},
                 PORT, false, FORBIDDEN);
    assert_guard(&(struct origin_headers){NULL, OWN, "http://" OWN, "http://" OWN "/", "cross-site", NULL},
                 PORT, false, FORBIDDEN);
}
END_TEST

static const struct {
    struct origin_headers headers;
    int status;
} listed[] = {
    {{.host = "host.docker.internal"}, PASS},
    {{.host = "Host.Docker.Internal:8282"}, PASS},
    {{.host = "host.docker.internal:99"}, PASS},
    {{.host = "tb"}, PASS},
    {{.host = "localhost"}, PASS},
    {{.host = "docker.internal"}, MISDIRECTED},
    {{.host = "host.docker.internal."}, MISDIRECTED},
    {{.host = "host.docker.internal.evil.example"}, MISDIRECTED},
    {{.host = "host.docker.internal,tb"}, MISDIRECTED},
    {{.host = "host.docker.internal:x"}, MISDIRECTED},
    {{.host = ","}, MISDIRECTED},
    {{.host = ":8282"}, MISDIRECTED},
    /* its own pages under such a name */
    {{.host = "tb:8282", .origin = "http://tb:8282", .referer = "http://tb:8282/x"}, PASS},
    {{.host = "tb:8282", .origin = "http://tb"}, FORBIDDEN},
    {{.host = "tb:8282", .origin = "https://tb:8282"}, FORBIDDEN},
    {{.target = "http://tb:8282/x", .host = "x"}, PASS},
    /* pages that may ask */
    {{.host = OWN, .origin = "http://localhost:3000"}, PASS},
    {{.host = OWN, .origin = "https://grafana.example", .sec_fetch_site = "cross-site"}, PASS},
    {{.host = OWN, .origin = "http://localhost:3000", .sec_fetch_site = "same-site"}, PASS},
    {{.host = OWN, .origin = "http://localhost:3000", .referer = "http://localhost:3000/d/1?x"}, PASS},
    {{.host = "evil.example", .origin = "http://localhost:3000"}, MISDIRECTED},
    {{.host = OWN, .origin = "http://localhost:3000", .referer = "http://evil.example/"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost:3000", .referer = "http://localhost:3000@evil.example/"},
     FORBIDDEN},
    {{.host = OWN, .origin = "http://evil.example", .referer = "http://localhost:3000/"}, FORBIDDEN},
    {{.host = OWN, .referer = "http://localhost:3000/", .sec_fetch_site = "same-site"}, FORBIDDEN},
    {{.host = OWN, .referer = "http://localhost:3000/"}, FORBIDDEN},
    {{.host = OWN, .sec_fetch_site = "same-site"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost:3000", .service_worker = "script"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost:3001"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost"}, FORBIDDEN},
    {{.host = OWN, .origin = "https://localhost:3000"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost:3000/"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://localhost:3000, https://grafana.example"}, FORBIDDEN},
    {{.host = OWN, .origin = "http://grafana.example"}, FORBIDDEN},
    {{.host = OWN, .origin = "https://grafana.example.evil.example"}, FORBIDDEN},
    {{.host = OWN, .origin = "null"}, FORBIDDEN},
    {{.host = OWN, .origin = ""}, FORBIDDEN},
    {{.host = OWN, .origin = ","}, FORBIDDEN},
    {{.host = OWN, .origin = "http://host.docker.internal"}, FORBIDDEN},
};

START_TEST(names_and_origins_can_be_added)
{
    static const struct guarded_listener listener = {PORT, UPSTREAM, "host.docker.internal, tb",
                                                     "http://localhost:3000,https://grafana.example"};

    assert_listener(&listed[_i].headers, &listener, false, listed[_i].status);
}
END_TEST

/* https://w3c.github.io/ServiceWorker/#service-worker-script-request */
START_TEST(a_service_worker_is_refused)
{
    assert_guard(&(struct origin_headers){.host = OWN, .service_worker = "script"}, PORT, false, FORBIDDEN);
    assert_guard(&(struct origin_headers){NULL, OWN, NULL, "http://" OWN "/", "same-origin", ""}, PORT, false,
                 FORBIDDEN);
    assert_guard(&(struct origin_headers){.host = OWN, .service_worker = "script"}, 0, false, PASS);
}
END_TEST

/* No browser can connect to it, and WebSocket programs send an Origin by themselves. */
START_TEST(headers_are_not_checked_on_a_unix_socket)
{
    assert_guard(&(struct origin_headers){NULL, "any", "http://localhost", NULL, NULL, NULL}, 0, false, PASS);
    assert_guard(&(struct origin_headers){NULL, "any", "http://evil", "http://evil/", "cross-site", "script"},
                 0, false, PASS);
    assert_guard(&(struct origin_headers){NULL, NULL, "http://evil", NULL, NULL, NULL}, 0, false,
                 BAD_REQUEST);
    assert_guard(&(struct origin_headers){"http://evil/", "any", NULL, NULL, NULL, NULL}, 0, false,
                 MISDIRECTED);
}
END_TEST

UNIT_SUITE(browser_guard)
{
    TCase *tests;
    Suite *suite = unit_suite_create("browser_guard", &tests);

    tcase_add_loop_test(tests, the_host_is_this_hosts_own, 0, (int)ARRAY_SIZE(hosts));
    tcase_add_test(tests, http_1_0_may_lack_a_host);
    tcase_add_test(tests, an_absolute_form_target_is_on_the_server_or_here);
    tcase_add_loop_test(tests, an_origin_is_this_listeners_own, 0, (int)ARRAY_SIZE(urls));
    tcase_add_test(tests, a_page_on_a_port_that_is_passed_on_is_the_listeners_own);
    tcase_add_test(tests, a_referer_has_a_path);
    tcase_add_test(tests, sec_fetch_site_names_other_sites);
    tcase_add_test(tests, one_bad_header_is_enough);
    tcase_add_loop_test(tests, names_and_origins_can_be_added, 0, (int)ARRAY_SIZE(listed));
    tcase_add_test(tests, a_service_worker_is_refused);
    tcase_add_test(tests, headers_are_not_checked_on_a_unix_socket);
    return suite;
}
