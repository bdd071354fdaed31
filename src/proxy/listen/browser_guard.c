/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/browser_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "http/origin.h"

static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

#define AUTHORITY_MAX 32

#define PORT_DIGITS 5
#define PORT_MAX    65535

/* Whether AUTHORITY (LENGTH bytes) is a loopback name with PORT. Port 80 may be left out. */
static bool is_own(const char *authority, size_t length, unsigned port)
{
    char own[AUTHORITY_MAX];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        size_t own_length = (size_t)snprintf(own, sizeof(own), "%s:%u", names[i], port);

        if (own_length == length && strncasecmp(own, authority, length) == 0)
            return true;
        if (port == 80 && strlen(names[i]) == length && strncasecmp(names[i], authority, length) == 0)
            return true;
    }
    return false;
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

/* Whether HOST (LENGTH bytes) is a loopback name with any port: "ssh -L 9999:localhost:8282" uses another
 * port than the listener's. No foreign web page has such a name. */
static bool is_loopback(const char *host, size_t length)
{
    static const char *const loopback[] = {"localhost", "localhost.", "127.0.0.1", "[::1]"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(loopback); i++)
        if (strncasecmp(loopback[i], host, strlen(loopback[i])) == 0 &&
            is_port_or_nothing(host + strlen(loopback[i]), length - strlen(loopback[i])))
            return true;
    return false;
}

/* Whether URL (a target, an Origin or a Referer) is on this listener. A Unix socket (PORT 0) has no port. */
static bool is_own_url(const char *url, unsigned port)
{
    static const char scheme[] = "http://";
    size_t skip = strlen(scheme), length;

    if (strncasecmp(url, scheme, skip) != 0)
        return false;
    url += skip;
    length = strcspn(url, "/?#");
    return port == 0 ? is_loopback(url, length) : is_own(url, length, port);
}

/* Whether the request is for this listener or for the server. Sets *REASON in any case. */
static bool is_for_us(const struct origin_headers *headers, unsigned port, const char *upstream,
                      const char **reason)
{
    if (headers->target) {
        *reason = "the target is on another host: only the server of upstream.url can be reached";
        return is_own_url(headers->target, port) || origin_is_same(headers->target, upstream);
    }
    *reason = "the Host header names another host; use localhost, 127.0.0.1 or [::1]";
    return port == 0 || !headers->host || is_loopback(headers->host, strlen(headers->host));
}

int browser_guard_check(const struct origin_headers *headers, unsigned port, const char *upstream,
                        bool http_1_0, const char **reason)
{
    const char *site = headers->sec_fetch_site;

    *reason = "the Host header is missing";
    if (!headers->host && !http_1_0)
        return 400;
    if (!is_for_us(headers, port, upstream, reason))
        return 421;
    *reason = NULL;
    if (port == 0)
        return 0;
    *reason = "service workers are refused";
    if (headers->service_worker)
        return 403;
    *reason = "requests from web pages of other sites are refused";
    if (headers->origin && !is_own_url(headers->origin, port))
        return 403;
    if (headers->referer && !is_own_url(headers->referer, port))
        return 403;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return 403;
    *reason = NULL;
    return 0;
}
