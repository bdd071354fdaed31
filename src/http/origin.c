/* SPDX-License-Identifier: Apache-2.0 */
#include "http/origin.h"

#include <stdlib.h>
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

static const char host_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

bool host_is_name(const char *text, size_t length)
{
    return length > 0 && length <= HOST_MAX_BYTES && strspn(text, host_characters) == length;
}

/* The length of the host that TEXT begins with; 0: none. */
static size_t host_length(const char *text)
{
    size_t length;

    if (*text != '[')
        return strspn(text, host_characters);
    length = strspn(text + 1, "0123456789abcdefABCDEF:.");
    return length > 0 && text[1 + length] == ']' ? length + 2 : 0;
}

static bool is_port(const char *text, size_t length, const char *default_port)
{
    return *text != '0' && length > 0 && length <= 5 && strspn(text, "0123456789") == length &&
           strtoul(text, NULL, 10) <= 65535 &&
           (length != strlen(default_port) || memcmp(text, default_port, length) != 0);
}

bool origin_is_exact(const char *text, size_t length)
{
    size_t scheme = scheme_length(text), host = scheme ? host_length(text + scheme) : 0;
    const char *port = text + scheme + host;

    if (host == 0 || host > HOST_MAX_BYTES)
        return false;
    length -= scheme + host;
    return length == 0 || (*port == ':' && is_port(port + 1, length - 1, scheme == 8 ? "443" : "80"));
}
