/* SPDX-License-Identifier: Apache-2.0 */
#include "http/origin.h"

#include <string.h>
#include <strings.h>

struct origin {
    bool tls;
    const char *host;
    size_t host_length;
    const char *port;   /* after the colon */
    size_t port_length; /* 0: the scheme's default */
};

static size_t scheme_length(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
}

size_t origin_length(const char *url)
{
    size_t scheme = scheme_length(url);

    return scheme ? scheme + strcspn(url + scheme, "/?#") : 0;
}

static bool parse(const char *url, struct origin *ret)
{
    size_t scheme = scheme_length(url), length = origin_length(url) - scheme;
    const char *host = url + scheme, *own_port = scheme == 8 ? "443" : "80";
    const char *colon = memrchr(host, ':', length);

    if (colon && memchr(colon, ']', length - (size_t)(colon - host))) /* within an IPv6 address */
        colon = NULL;
    *ret = (struct origin){scheme == 8, host, length, NULL, 0};
    if (colon) {
        ret->host_length = (size_t)(colon - host);
        ret->port = colon + 1;
        ret->port_length = length - ret->host_length - 1;
        if (ret->port_length == strlen(own_port) && memcmp(ret->port, own_port, ret->port_length) == 0)
            ret->port_length = 0;
    }
    return ret->host_length > 0;
}

bool origin_is_same(const char *url, const char *server)
{
    struct origin a, b;

    if (!parse(url, &a) || !parse(server, &b))
        return false;
    if (a.tls != b.tls && (a.tls || a.port_length > 0))
        return false;
    return a.host_length == b.host_length && strncasecmp(a.host, b.host, a.host_length) == 0 &&
           a.port_length == b.port_length &&
           (a.port_length == 0 || memcmp(a.port, b.port, a.port_length) == 0);
}
