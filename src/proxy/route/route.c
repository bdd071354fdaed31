/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route/route.h"

#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"

#define ANY_METHOD NULL

/* Not TRACE: the server's response would show the credential. */
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/* The first row that matches decides. */
static const struct {
    const char *method;
    const char *path;
    enum route_kind kind;
    const char *allow; /* for other methods, which get 405; NULL: they continue with the next row */
} routes[] = {
    {"GET", "/-/live", ROUTE_LIVE, "GET"},
    {"GET", "/-/ready", ROUTE_READY, "GET"},
    {"GET", "/-/status", ROUTE_STATUS, "GET"},
    {"GET", "/-/metrics", ROUTE_METRICS, "GET"},
    {"GET", "/-/subscribe/*/*", ROUTE_SUBSCRIBE, "GET"},
    {"POST", "/api/auth/login", ROUTE_LOGIN, "POST"},
    {"POST", "/api/auth/token", ROUTE_LOGIN, "POST"},
    {"POST", "/api/auth/logout", ROUTE_LOGOUT, "POST"},
    {ANY_METHOD, "/api/v1/**", ROUTE_FORWARD_ANONYMOUS, NULL},
    {ANY_METHOD, "/api", ROUTE_FORWARD, NULL},
    {ANY_METHOD, "/api/**", ROUTE_FORWARD, NULL},
    {ANY_METHOD, "/v3/api-docs", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/v3/api-docs/**", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/swagger-ui.html", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/swagger-ui/**", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/swagger-resources", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/swagger-resources/**", ROUTE_FORWARD_PAGE, NULL},
    {ANY_METHOD, "/webjars/**", ROUTE_FORWARD_PAGE, NULL},
};

const char *route_method(const char *method)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(methods); i++)
        if (strcmp(methods[i], method) == 0)
            return methods[i];
    return NULL;
}

/* HEAD is served wherever GET is (RFC 9110, section 9.3.2). */
static bool method_fits(const char *wanted, const char *method)
{
    return !wanted || strcmp(wanted, method) == 0 ||
           (strcmp(wanted, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

struct route route_find(const char *method, const char *path, size_t path_length)
{
    size_t i;

    if (!route_method(method))
        return (struct route){ROUTE_NOT_ALLOWED, METHODS};
    for (i = 0; i < ARRAY_SIZE(routes); i++) {
        if (!path_matches(routes[i].path, path, path_length))
            continue;
        if (method_fits(routes[i].method, method))
            return (struct route){routes[i].kind, NULL};
        if (routes[i].allow)
            return (struct route){ROUTE_NOT_ALLOWED, routes[i].allow};
    }
    return (struct route){ROUTE_UNKNOWN, NULL};
}

bool route_has_websocket(const char *path, size_t path_length)
{
    return path_matches("/api/ws", path, path_length) || path_matches("/api/ws/**", path, path_length);
}

struct route route_preflight(void)
{
    return (struct route){ROUTE_PREFLIGHT, METHODS};
}
