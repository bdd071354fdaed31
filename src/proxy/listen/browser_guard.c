/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/browser_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "http/headers.h"
#include "http/origin.h"

#define PORT_DIGITS 5
#define PORT_MAX    65535

/* The length of the host at the beginning of AUTHORITY (LENGTH bytes); a port or anything else may follow. */
static size_t host_length(const char *authority, size_t length)
{
    char end = *authority == '[' ? ']' : ':';
    const char *found = memchr(authority, end, length);

    return !found ? length : (size_t)(found - authority) + (end == ']');
}

/* Whether HOST (LENGTH bytes) is a loopback name or one of HOSTS. No foreign web page has such a name. */
static bool is_own_name(const char *host, size_t length, const char *hosts)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++)
        if (strlen(names[i]) == length && strncasecmp(names[i], host, length) == 0)
            return true;
    return header_list_has(hosts, host, length);
}

/* Whether TEXT (LENGTH bytes), which follows a host, is PORT. Port 80 may be left out. */
static bool is_own_port(const char *text, size_t length, unsigned port)
{
    char own[PORT_DIGITS + 2];
    size_t own_length = (size_t)snprintf(own, sizeof(own), ":%u", port);

    return (length == 0 && port == 80) || (length == own_length && memcmp(own, text, length) == 0);
}

/* Whether TEXT (LENGTH bytes), which follows a host, is empty or a port, which may itself be empty (RFC 3986,
 * section 3.2.3). */
static bool is_port_or_nothing(const char *text, size_t length)
{
    size_t digits;

    if (length == 0)
        return true;
    digits = strspn(text + 1, "0123456789");
    return *text == ':' && digits == length - 1 && digits <= PORT_DIGITS &&
           strtoul(text + 1, NULL, 10) <= PORT_MAX;
}

/* Whether AUTHORITY (LENGTH bytes) has an own name and any port: "ssh -L 9999:localhost:8282" uses another
 * port than the listener's. */
static bool has_own_name(const char *authority, size_t length, const char *hosts)
{
    size_t host = host_length(authority, length);
    bool is_absolute = host == strlen("localhost.") && strncasecmp(authority, "localhost.", host) == 0;

    return (is_absolute || is_own_name(authority, host, hosts)) &&
           is_port_or_nothing(authority + host, length - host);
}

/* Whether URL (a target, an Origin or a Referer) is on this listener. A Unix socket has no port. */
static bool is_own_url(const char *url, const struct guarded_listener *listener)
{
    static const char scheme[] = "http://";
    size_t skip = strlen(scheme), length, host;

    if (strncasecmp(url, scheme, skip) != 0)
        return false;
    url += skip;
    length = strcspn(url, "/?#");
    if (listener->port == 0)
        return has_own_name(url, length, listener->hosts);
    host = host_length(url, length);
    return is_own_name(url, host, listener->hosts) && is_own_port(url + host, length - host, listener->port);
}

/* Whether URL is of the page's own origin: it names what the Host header names, which is_for_us() has
 * checked. The browser may have connected to a port that is passed on to this one. */
static bool is_of_host(const char *url, const struct origin_headers *headers)
{
    static const char scheme[] = "http://";
    size_t skip = strlen(scheme), length;

    if (headers->target || !headers->host || strncasecmp(url, scheme, skip) != 0)
        return false;
    length = strcspn(url + skip, "/?#");
    return length == strlen(headers->host) && strncasecmp(url + skip, headers->host, length) == 0;
}

static bool is_own_page(const char *url, const struct origin_headers *headers,
                        const struct guarded_listener *listener)
{
    return is_own_url(url, listener) || is_of_host(url, headers);
}

/* Whether the request is for this listener or for the server. Sets *REASON in any case. */
static bool is_for_us(const struct origin_headers *headers, const struct guarded_listener *listener,
                      const char **reason)
{
    if (headers->target) {
        *reason = "the target is on another host: only the server of upstream.url can be reached";
        return is_own_url(headers->target, listener) || origin_is_same(headers->target, listener->upstream);
    }
    *reason = "the Host header names another host; use localhost, 127.0.0.1 or [::1], or see listen.hosts";
    return listener->port == 0 || !headers->host ||
           has_own_name(headers->host, strlen(headers->host), listener->hosts);
}

/* Whether it comes from a page of an origin that may ask. Such a request says so by Origin; one without is
 * not made to be read by a page. */
static bool is_from_listed(const struct origin_headers *headers, const char *origins)
{
    return headers->origin && header_list_contains(origins, headers->origin) &&
           (!headers->referer || header_list_has(origins, headers->referer, origin_length(headers->referer)));
}

/* Whether it comes from the listener's own pages, or from no page. */
static bool is_from_us(const struct origin_headers *headers, const struct guarded_listener *listener)
{
    const char *site = headers->sec_fetch_site;

    return (!headers->origin || is_own_page(headers->origin, headers, listener)) &&
           (!headers->referer || is_own_page(headers->referer, headers, listener)) &&
           (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0);
}

int browser_guard_check(const struct origin_headers *headers, const struct guarded_listener *listener,
                        bool http_1_0, const char **reason)
{
    *reason = "the Host header is missing";
    if (!headers->host && !http_1_0)
        return 400;
    if (!is_for_us(headers, listener, reason))
        return 421;
    *reason = NULL;
    if (listener->port == 0)
        return 0;
    *reason = "service workers are refused";
    if (headers->service_worker)
        return 403;
    *reason = "requests from web pages of other sites are refused; see listen.origins";
    if (!is_from_us(headers, listener) && !is_from_listed(headers, listener->origins))
        return 403;
    *reason = NULL;
    return 0;
}
