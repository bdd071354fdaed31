/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route/route.h"

#include <string.h>

#include "base/util.h"
#include "proxy/route/operation.h"

#define ANY_METHOD NULL

/* Not TRACE: the server's response would show the credential. */
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

#define API       LISTENER_API
#define ADMIN     LISTENER_ADMIN
#define ADMIN_TCP LISTENER_ADMIN_TCP
#define ANY_ADMIN (LISTENER_ADMIN | LISTENER_ADMIN_TCP)
#define STATUS    (LISTENER_API_STATUS | ANY_ADMIN)
#define ALL       (LISTENER_API | ANY_ADMIN)

#define READING "GET, HEAD"

/* Of the rows that are on the listener, the first that matches decides. */
static const struct row {
    unsigned on;
    const char *method;
    const char *path;
    enum route_kind kind;
    const char *allow; /* for other methods, which get 405; NULL: they continue with the next row */
    const char *about; /* NULL: not listed */
} routes[] = {
    {ADMIN, "GET", "/", ROUTE_LIST, READING, NULL},
    {ADMIN_TCP, "GET", "/", ROUTE_PAGE, READING, "The status page, for a browser."},
    {ADMIN_TCP, "GET", "/page.css", ROUTE_PAGE, READING, NULL},
    {ADMIN_TCP, "GET", "/page.js", ROUTE_PAGE, READING, NULL},
    {ADMIN_TCP, "GET", "/operations.json", ROUTE_PAGE, READING,
     "The server's operations, as the page shows them."},
    {API, ANY_METHOD, "/", ROUTE_UNKNOWN, NULL, NULL},
    {ANY_ADMIN, "GET", "/-", ROUTE_LIST, READING, "What is here."},
    {ALL, "GET", "/-/live", ROUTE_LIVE, READING, "Whether tbproxyd runs."},
    {ALL, "GET", "/-/ready", ROUTE_READY, READING,
     "Whether requests can be sent to the server; if not, why not."},
    {ALL, "GET", "/-/startup", ROUTE_STARTUP, READING,
     "Whether tbproxyd has been ready since it was started."},
    {STATUS, "GET", "/-/status", ROUTE_STATUS, READING,
     "The state of tbproxyd: limits, queue, clients, servers, and requests that failed lately."},
    {STATUS, "GET", "/-/metrics", ROUTE_METRICS, READING, "Counters and histograms for Prometheus."},
    {ANY_ADMIN, "GET", "/-/events", ROUTE_EVENTS, READING,
     "The same as /-/status, as an event once a second."},
    {ADMIN, "GET", "/-/trace", ROUTE_TRACE, READING,
     "An event for each request that is answered; ?client=uid:1000&operation=saveDevice&status=5xx&method=POST"
     " selects."},
    {ADMIN, "POST", "/-/session/renew", ROUTE_RENEW, "POST",
     "Renews the session with the server, and answers when that has ended."},
    {ADMIN, "POST", "/-/reload", ROUTE_RELOAD, "POST",
     "Reads the configuration again, and answers what has changed."},
    {ADMIN, "POST", "/-/log-level", ROUTE_LOG_LEVEL, "POST",
     "Sets the level of the log until the next reload or restart: {\"level\":\"debug\"}."},
    {ADMIN, "GET", "/-/spool", ROUTE_SPOOL_LIST, READING,
     "What the spool has, a page at a time; ?state=aside&client=uid:1000&entity=ENTITY selects, &bodies=true adds the"
     " bodies, &after=NEXT is the next page."},
    {ADMIN, "POST", "/-/spool/retry", ROUTE_SPOOL_RETRY, "POST",
     "What was set aside waits again; selected as above, or by ?number=NUMBER."},
    {ADMIN, "POST", "/-/spool/drop", ROUTE_SPOOL_DROP, "POST", "Drops what is selected in the same way."},
    {ALL, "GET", "/-/spool/*", ROUTE_SPOOL_WRITE, NULL,
     "What became of a write; the number is in the Location of the answer to it."},
    {API, "GET", "/-/subscribe/*/*", ROUTE_SUBSCRIBE, READING, NULL},
    {API, "POST", "/api/auth/login", ROUTE_LOGIN, "POST", NULL},
    {API, "POST", "/api/auth/token", ROUTE_LOGIN, "POST", NULL},
    {API, "POST", "/api/auth/logout", ROUTE_LOGOUT, "POST", NULL},
    {API, ANY_METHOD, "/api/v1/**", ROUTE_FORWARD_ANONYMOUS, NULL, NULL},
    {API, ANY_METHOD, "/api", ROUTE_FORWARD, NULL, NULL},
    {API, ANY_METHOD, "/api/**", ROUTE_FORWARD, NULL, NULL},
    {ADMIN_TCP, "GET", "/api/v1/**", ROUTE_FORWARD_ANONYMOUS, READING, NULL},
    {ADMIN_TCP, "GET", "/api/**", ROUTE_FORWARD, READING, "The server's API, as policy.tcp allows."},
    {API, ANY_METHOD, "/v3/api-docs", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/v3/api-docs/**", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/swagger-ui.html", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/swagger-ui/**", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/swagger-resources", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/swagger-resources/**", ROUTE_FORWARD_PAGE, NULL, NULL},
    {API, ANY_METHOD, "/webjars/**", ROUTE_FORWARD_PAGE, NULL, NULL},
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

struct route route_find(unsigned listener, const char *method, const char *path, size_t path_length)
{
    unsigned elsewhere = 0;
    size_t i;

    if (!route_method(method))
        return (struct route){.kind = ROUTE_NOT_ALLOWED, .allow = METHODS};
    for (i = 0; i < ARRAY_SIZE(routes); i++) {
        const struct row *row = &routes[i];

        if (!path_matches(row->path, path, path_length))
            continue;
        if (!(row->on & listener))
            elsewhere |= row->on;
        else if (method_fits(row->method, method))
            return (struct route){.kind = row->kind};
        else if (row->allow)
            return (struct route){.kind = ROUTE_NOT_ALLOWED, .allow = row->allow};
    }
    return (struct route){.kind = elsewhere ? ROUTE_ELSEWHERE : ROUTE_UNKNOWN, .on = elsewhere};
}

bool route_next_listed(unsigned listener, size_t *position, const char **method, const char **path,
                       const char **about)
{
    while (*position < ARRAY_SIZE(routes)) {
        const struct row *row = &routes[(*position)++];

        if (!(row->on & listener) || !row->about)
            continue;
        *method = row->method;
        *path = row->path;
        *about = row->about;
        return true;
    }
    return false;
}

bool route_has_websocket(const char *path, size_t path_length)
{
    return path_matches("/api/ws", path, path_length) || path_matches("/api/ws/**", path, path_length);
}

struct route route_preflight(void)
{
    return (struct route){.kind = ROUTE_PREFLIGHT, .allow = METHODS};
}
