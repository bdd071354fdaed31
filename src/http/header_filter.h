/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which headers pass: from the local program to the server by an allow-list, from the server back all but
 * those that belong to one connection or would weaken the local side.
 */
#ifndef TB_HTTP_HEADER_FILTER_H
#define TB_HTTP_HEADER_FILTER_H

#include <stdbool.h>

/* EXTRA: further names, separated by commas (forward.request_headers). Credentials, Host, Origin and what
 * belongs to one connection never pass, whatever EXTRA says, nor do headers that CONNECTION, the request's
 * Connection header or NULL, names. */
bool filter_request_header(const char *name, const char *extra, const char *connection);

/* LINE: "Name: value"; CONNECTION: the answer's Connection header, or NULL. */
bool filter_response_header(const char *line, const char *connection);

#endif
