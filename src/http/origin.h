/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The origin of a URL: scheme, host and port (RFC 3986, section 3; RFC 9110, section 4.2).
 */
#ifndef TB_HTTP_ORIGIN_H
#define TB_HTTP_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* The length of "http://host:port" or "https://host:port" at the beginning of URL; 0 if there is none. */
size_t origin_length(const char *url);

/*
 * Whether URL is on the server of SERVER, another URL. Scheme and host are compared without case; a missing
 * port is the scheme's default. An http URL without a port is also on an https server without one, because a
 * program with a proxy setting uses CONNECT for https, and a server behind a TLS terminator may write http.
 * The reverse is not true.
 */
bool origin_is_same(const char *url, const char *server);

#define HOST_MAX_BYTES 253 /* RFC 1035, section 2.3.4 */

/* Whether TEXT (LENGTH bytes, which a comma, a blank or a NUL ends) is a host name or an IPv4 address. */
bool host_is_name(const char *text, size_t length);

/* Whether TEXT (ended like that) is an origin as browsers write it: without a path, and without the port that
 * the scheme has anyway. */
bool origin_is_exact(const char *text, size_t length);

#endif
