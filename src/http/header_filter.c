/* SPDX-License-Identifier: Apache-2.0 */
#include "http/header_filter.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "http/headers.h"

static const char *const forwarded[] = {
    "Accept",   "Accept-Encoding",   "Accept-Language", "Content-Type", "Content-Encoding",
    "If-Match", "If-Modified-Since", "If-None-Match",   "If-Range",     "If-Unmodified-Since",
    "Range",    "User-Agent",        "X-Mobile-Token",
};

/* Never forwarded to the server: credentials, what the server would reflect (Origin), what tbproxyd sends
 * itself, and what belongs to one connection (RFC 9110, section 7.6.1; HTTP2-Settings and Upgrade would turn
 * it into HTTP/2). */
static const char *const kept_back[] = {
    "Authorization",
    "Connection",
    "Content-Length",
    "Cookie",
    "Expect",
    "Host",
    "HTTP2-Settings",
    "Keep-Alive",
    "Origin",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Referer",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "X-Authorization",
};

/* Never returned to the local program: what belongs to the server's connection or is written again, what
 * would let web pages in (CORS), a cookie of a session that is not the program's, and promises about the
 * server's own host. */
static const char *const dropped[] = {
    "Alt-Svc",
    "Connection",
    "Content-Length",
    "Keep-Alive",
    "Proxy-Connection",
    "Set-Cookie",
    "Strict-Transport-Security",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
};

static bool contains(const char *const *names, size_t count, const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (header_name_is(name, length, names[i]))
            return true;
    return false;
}

bool filter_request_header(const char *name, const char *extra, const char *connection)
{
    size_t length = strlen(name);

    if (connection && header_list_has(connection, name, length))
        return false;
    if (contains(forwarded, ARRAY_SIZE(forwarded), name, length))
        return true;
    return header_list_has(extra, name, length) && !contains(kept_back, ARRAY_SIZE(kept_back), name, length);
}

bool filter_response_header(const char *line, const char *connection)
{
    size_t length = strcspn(line, ":");

    if (connection && header_list_has(connection, line, length))
        return false;
    return !contains(dropped, ARRAY_SIZE(dropped), line, length) &&
           strncasecmp(line, "Access-Control-", strlen("Access-Control-")) != 0;
}
