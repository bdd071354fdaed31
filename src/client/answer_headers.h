/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the headers of an answer say about its body.
 */
#ifndef TB_CLIENT_ANSWER_HEADERS_H
#define TB_CLIENT_ANSWER_HEADERS_H

#include <stdint.h>

#include "http/headers.h"

/* The Content-Type, or "". */
const char *answer_content_type(const struct headers *headers);

/* The Content-Length, or -1. */
int64_t answer_length(const struct headers *headers);

/* The file name that Content-Disposition suggests, without a path; "" if there is none that is safe to use.
 */
void answer_file_name(const struct headers *headers, char *ret, size_t size);

#endif
