/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/util.h"
#include "proxy/route/route.h"
#include "unit.h"

#define API (LISTENER_API | LISTENER_API_STATUS)

#define ID "784f394c-42b6-435a-983c-b7beff2784f9"

/* Methods are separated by blanks. */
static const struct {
    const char *methods, *path;
    enum route_kind kind;
} rows[] = {
    {"GET HEAD POST PUT PATCH DELETE OPTIONS", "/api/device", ROUTE_FORWARD},
    {"GET HEAD POST PUT PATCH DELETE OPTIONS", "/api/", ROUTE_FORWARD},
    {"GET HEAD POST PUT PATCH DELETE OPTIONS", "/api", ROUTE_FORWARD},
    {"GET", "/api/tenant/devices", ROUTE_FORWARD},
    {"GET POST", "/api/something/new/in/a/later/version", ROUTE_FORWARD},
    {"GET", "/api/auth/user", ROUTE_FORWARD},
    {"GET", "/api/ws", ROUTE_FORWARD},
    {"GET", "/api/v10/x", ROUTE_FORWARD},
    {"GET", "/api/v2/entitiesQuery/find/keys", ROUTE_FORWARD},
    {"GET", "/v3/api-docs", ROUTE_FORWARD_PAGE},
    {"GET", "/v3/api-docs/swagger-config", ROUTE_FORWARD_PAGE},
    {"GET", "/swagger-ui.html", ROUTE_FORWARD_PAGE},
    {"GET", "/swagger-ui/index.html", ROUTE_FORWARD_PAGE},
    {"GET", "/swagger-resources", ROUTE_FORWARD_PAGE},
    {"GET", "/swagger-resources/configuration/ui", ROUTE_FORWARD_PAGE},
    {"GET", "/webjars/swagger-ui/swagger-ui.css", ROUTE_FORWARD_PAGE},
    {"GET POST", "/api/v1/A1_TEST_TOKEN/attributes", ROUTE_FORWARD_ANONYMOUS},
    {"POST", "/api/v1/A1_TEST_TOKEN/telemetry", ROUTE_FORWARD_ANONYMOUS},
    {"POST", "/api/v1/provision", ROUTE_FORWARD_ANONYMOUS},
    {"GET HEAD", "/-/subscribe/DEVICE/" ID, ROUTE_SUBSCRIBE},
    {"POST PUT DELETE", "/-/subscribe/DEVICE/" ID, ROUTE_NOT_ALLOWED},
    {"POST", "/api/auth/login", ROUTE_LOGIN},
    {"POST", "/api/auth/token", ROUTE_LOGIN},
    {"POST", "/api/auth/logout", ROUTE_LOGOUT},
    {"POST", "/api/auth/changePassword", ROUTE_FORWARD},
    {"GET HEAD", "/api/user/" ID "/token", ROUTE_FORWARD},
    {"POST", "/api/apiKey", ROUTE_FORWARD},
    {"GET HEAD POST", "/api/admin/jwtSettings", ROUTE_FORWARD},
    /* a slash at the end is ignored */
    {"POST", "/api/auth/login/", ROUTE_LOGIN},
    {"POST", "/api/auth/changePassword/", ROUTE_FORWARD},
    {"GET", "/api/user/" ID "/token/", ROUTE_FORWARD},
    {"POST", "/api/apiKey/", ROUTE_FORWARD},
    {"GET", "/-/live/", ROUTE_LIVE},
    {"GET", "/api/user/" ID, ROUTE_FORWARD},
    {"GET", "/api/user/tokens", ROUTE_FORWARD},
    {"GET DELETE", "/api/apiKey/" ID, ROUTE_FORWARD},
    {"GET HEAD", "/-/live", ROUTE_LIVE},
    {"GET HEAD", "/-/ready", ROUTE_READY},
    {"GET", "/", ROUTE_UNKNOWN},
    {"GET", "/API/device", ROUTE_UNKNOWN},
    {"GET", "/apix/device", ROUTE_UNKNOWN},
    {"GET", "/apix", ROUTE_UNKNOWN},
    {"GET", "/ap", ROUTE_UNKNOWN},
    {"GET HEAD", "/-/startup", ROUTE_STARTUP},
    {"GET HEAD", "/-/status", ROUTE_STATUS},
    {"GET HEAD", "/-/metrics", ROUTE_METRICS},
    {"GET HEAD", "/-/spool/17", ROUTE_SPOOL_WRITE},
    {"GET HEAD", "/-/spool/x", ROUTE_SPOOL_WRITE},
    {"POST DELETE", "/-/spool/17", ROUTE_UNKNOWN},
    {"GET POST", "/-/spool", ROUTE_ELSEWHERE},
    {"POST", "/-/spool/retry", ROUTE_ELSEWHERE},
    {"POST", "/-/spool/drop", ROUTE_ELSEWHERE},
    {"GET", "/-/spool/17/x", ROUTE_UNKNOWN},
    {"GET", "/-/", ROUTE_ELSEWHERE},
    {"GET", "/-", ROUTE_ELSEWHERE},
    {"GET", "/-/livex", ROUTE_UNKNOWN},
    {"GET", "/oauth2Login", ROUTE_UNKNOWN},
    {"GET", "/login", ROUTE_UNKNOWN},
    {"GET", "/v3/api-docsx", ROUTE_UNKNOWN},
    {"GET", "/static/api/device", ROUTE_UNKNOWN},
};

START_TEST(who_answers)
{
    const char *rest = rows[_i].methods;

    while (*rest) {
        size_t length = strcspn(rest, " ");
        char method[16] = "";
        struct route route;

        memcpy(method, rest, length);
        route = route_find(API, method, rows[_i].path, strlen(rows[_i].path));
        ck_assert_msg(route.kind == rows[_i].kind, "%s %s is %d", method, rows[_i].path, (int)route.kind);
        rest += length + (rest[length] == ' ');
    }
}
END_TEST

static const struct {
    const char *method, *path, *allow;
} not_allowed[] = {
    {"GET", "/api/auth/login", "POST"},     {"PUT", "/api/auth/token", "POST"},
    {"DELETE", "/api/auth/logout", "POST"}, {"POST", "/-/live", "GET"},
    {"DELETE", "/-/ready", "GET"},
};

START_TEST(other_methods_of_known_paths)
{
    struct route route =
        route_find(API, not_allowed[_i].method, not_allowed[_i].path, strlen(not_allowed[_i].path));

    ck_assert_int_eq(route.kind, ROUTE_NOT_ALLOWED);
    ck_assert_ptr_nonnull(strstr(route.allow, not_allowed[_i].allow));
}
END_TEST

/* Methods are case-sensitive (RFC 9110, section 9.1). TRACE would show the credential. */
START_TEST(methods_that_are_never_forwarded)
{
    static const char *const methods[] = {"TRACE", "CONNECT", "get", "Post", "PROPFIND", "", "GETX", "GE"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(methods); i++) {
        struct route route = route_find(API, methods[i], "/api/device", strlen("/api/device"));

        ck_assert_msg(route.kind == ROUTE_NOT_ALLOWED, "%s", methods[i]);
        ck_assert_ptr_nonnull(strstr(route.allow, "DELETE"));
    }
}
END_TEST

/* What each kind of listener has: of API, with and without status.on_api, the admin socket, and
 * admin.address. */
static const struct {
    const char *method, *path;
    enum route_kind api, quiet_api, admin, admin_tcp;
} places[] = {
    {"GET", "/", ROUTE_UNKNOWN, ROUTE_UNKNOWN, ROUTE_LIST, ROUTE_PAGE},
    {"POST", "/", ROUTE_UNKNOWN, ROUTE_UNKNOWN, ROUTE_NOT_ALLOWED, ROUTE_NOT_ALLOWED},
    {"GET", "/page.js", ROUTE_ELSEWHERE, ROUTE_ELSEWHERE, ROUTE_ELSEWHERE, ROUTE_PAGE},
    {"GET", "/-/", ROUTE_ELSEWHERE, ROUTE_ELSEWHERE, ROUTE_LIST, ROUTE_LIST},
    {"GET", "/-/live", ROUTE_LIVE, ROUTE_LIVE, ROUTE_LIVE, ROUTE_LIVE},
    {"GET", "/-/ready", ROUTE_READY, ROUTE_READY, ROUTE_READY, ROUTE_READY},
    {"GET", "/-/startup", ROUTE_STARTUP, ROUTE_STARTUP, ROUTE_STARTUP, ROUTE_STARTUP},
    {"GET", "/-/status", ROUTE_STATUS, ROUTE_ELSEWHERE, ROUTE_STATUS, ROUTE_STATUS},
    {"POST", "/-/status", ROUTE_NOT_ALLOWED, ROUTE_ELSEWHERE, ROUTE_NOT_ALLOWED, ROUTE_NOT_ALLOWED},
    {"GET", "/-/metrics", ROUTE_METRICS, ROUTE_ELSEWHERE, ROUTE_METRICS, ROUTE_METRICS},
    {"GET", "/-/subscribe/DEVICE/" ID, ROUTE_SUBSCRIBE, ROUTE_SUBSCRIBE, ROUTE_ELSEWHERE, ROUTE_ELSEWHERE},
    {"POST", "/api/auth/login", ROUTE_LOGIN, ROUTE_LOGIN, ROUTE_ELSEWHERE, ROUTE_NOT_ALLOWED},
    {"GET", "/api/device/" ID, ROUTE_FORWARD, ROUTE_FORWARD, ROUTE_ELSEWHERE, ROUTE_FORWARD},
    {"HEAD", "/api/device/" ID, ROUTE_FORWARD, ROUTE_FORWARD, ROUTE_ELSEWHERE, ROUTE_FORWARD},
    {"POST", "/api/device", ROUTE_FORWARD, ROUTE_FORWARD, ROUTE_ELSEWHERE, ROUTE_NOT_ALLOWED},
    {"DELETE", "/api/device/" ID, ROUTE_FORWARD, ROUTE_FORWARD, ROUTE_ELSEWHERE, ROUTE_NOT_ALLOWED},
    {"GET", "/api/v1/TOKEN/attributes", ROUTE_FORWARD_ANONYMOUS, ROUTE_FORWARD_ANONYMOUS, ROUTE_ELSEWHERE,
     ROUTE_FORWARD_ANONYMOUS},
    {"POST", "/api/v1/TOKEN/telemetry", ROUTE_FORWARD_ANONYMOUS, ROUTE_FORWARD_ANONYMOUS, ROUTE_ELSEWHERE,
     ROUTE_NOT_ALLOWED},
    {"GET", "/swagger-ui.html", ROUTE_FORWARD_PAGE, ROUTE_FORWARD_PAGE, ROUTE_ELSEWHERE, ROUTE_ELSEWHERE},
    {"GET", "/-/nothing", ROUTE_UNKNOWN, ROUTE_UNKNOWN, ROUTE_UNKNOWN, ROUTE_UNKNOWN},
};

START_TEST(who_answers_on_which_listener)
{
    const unsigned listeners[] = {API, LISTENER_API, LISTENER_ADMIN, LISTENER_ADMIN_TCP};
    const enum route_kind wanted[] = {places[_i].api, places[_i].quiet_api, places[_i].admin,
                                      places[_i].admin_tcp};
    const char *path = places[_i].path;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(listeners); i++) {
        struct route route = route_find(listeners[i], places[_i].method, path, strlen(path));

        ck_assert_msg(route.kind == wanted[i], "%s %s on %u is %d", places[_i].method, path, listeners[i],
                      (int)route.kind);
        if (route.kind == ROUTE_ELSEWHERE)
            ck_assert_uint_eq(route.on & listeners[i], 0);
    }
}
END_TEST

/* Each one that is listed is there, and each listener lists something of its own. */
START_TEST(what_is_listed_is_there)
{
    const unsigned listeners[] = {LISTENER_ADMIN, LISTENER_ADMIN_TCP};
    const char *method, *path, *about;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(listeners); i++) {
        size_t position = 0, count = 0;

        for (; route_next_listed(listeners[i], &position, &method, &path, &about); count++) {
            ck_assert_int_lt(route_find(listeners[i], method, path, strlen(path)).kind, ROUTE_NOT_ALLOWED);
            ck_assert_int_eq(about[strlen(about) - 1], '.');
        }
        ck_assert_uint_ge(count, 6);
    }
}
END_TEST

START_TEST(the_path_ends_where_the_query_begins)
{
    ck_assert_int_eq(route_find(API, "GET", "/-/live?x=y", strlen("/-/live")).kind, ROUTE_LIVE);
    ck_assert_int_eq(route_find(API, "POST", "/api/auth/login?x", strlen("/api/auth/login")).kind,
                     ROUTE_LOGIN);
    ck_assert_int_eq(route_find(API, "GET", "/api/device", 3).kind, ROUTE_UNKNOWN);
}
END_TEST

UNIT_SUITE(route)
{
    TCase *tests;
    Suite *suite = unit_suite_create("route", &tests);

    tcase_add_loop_test(tests, who_answers, 0, (int)ARRAY_SIZE(rows));
    tcase_add_loop_test(tests, other_methods_of_known_paths, 0, (int)ARRAY_SIZE(not_allowed));
    tcase_add_test(tests, methods_that_are_never_forwarded);
    tcase_add_test(tests, the_path_ends_where_the_query_begins);
    tcase_add_loop_test(tests, who_answers_on_which_listener, 0, (int)ARRAY_SIZE(places));
    tcase_add_test(tests, what_is_listed_is_there);
    return suite;
}
