/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a URL that says which server: scheme, host and port (RFC 3986, section 3; RFC 9110,
 * section 4.2).
 */
#ifndef TB_HTTP_ORIGIN_H
#define TB_HTTP_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of "http://host:port" or "https://host:port" at the beginning of URL; 0 where it has none. */
size_t origin_length(const char *url);

/*
 * Whether URL is on the server of SERVER, another URL. Scheme and host are compared without case; a port that
 * is left out is the scheme's own. An http URL without a port is also on an https server without one: a
 * program that knows a proxy asks it for https with CONNECT only, and a server behind something that speaks
 * TLS for it may write http. It is not so the other way round.
 */
bool origin_is_same(const char *url, const char *server);

#endif
