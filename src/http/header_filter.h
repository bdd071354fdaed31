/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which headers pass: to the server those on an allow-list, to the local program all but those that
 * belong to one connection or would weaken the local side.
 */
#ifndef TB_HTTP_HEADER_FILTER_H
#define TB_HTTP_HEADER_FILTER_H

#include <stdbool.h>

/* Whether the request header NAME passes. EXTRA is a comma-separated list of more names that pass
 * (forward.request_headers). Credentials, Host, Origin and what belongs to one connection never pass,
 * whatever EXTRA says, nor do names in CONNECTION, the request's Connection header or NULL. */
bool filter_request_header(const char *name, const char *extra, const char *connection);

/* Whether the response header LINE, "Name: value", passes. CONNECTION is the response's Connection header, or
 * NULL. */
bool filter_response_header(const char *line, const char *connection);

#endif
