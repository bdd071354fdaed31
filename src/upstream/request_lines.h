/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header lines of a request, as libcurl wants them.
 */
#ifndef TB_UPSTREAM_REQUEST_LINES_H
#define TB_UPSTREAM_REQUEST_LINES_H

#include "upstream/credential.h"
#include "upstream/transport.h"

/* The lines for TRANSFER: that of CREDENTIAL (NULL: none), HEADERS, and those that keep libcurl from adding
 * its own. They point into CREDENTIAL and HEADERS. Free with free(). NULL: out of memory. */
struct curl_slist *request_lines_new(const struct transfer *transfer, const struct headers *headers,
                                     const struct credential *credential);

#endif
