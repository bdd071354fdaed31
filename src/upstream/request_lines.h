/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header lines of a request, as a transfer takes them.
 */
#ifndef TB_UPSTREAM_REQUEST_LINES_H
#define TB_UPSTREAM_REQUEST_LINES_H

#include "http/headers.h"
#include "upstream/credential.h"

/* Those of HEADERS and the CREDENTIAL (NULL: none), which must outlive the list; ended by NULL. To be freed;
 * NULL if there is no memory. */
const char **request_lines_new(const struct headers *headers, const struct credential *credential);

#endif
