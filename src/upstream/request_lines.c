/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/request_lines.h"

const char **request_lines_new(const struct headers *headers, const struct credential *credential)
{
    const char **lines = calloc(headers->count + 2, sizeof(*lines));
    size_t count = 0;
    const char *line;

    if (!lines)
        return NULL;
    if (credential)
        lines[count++] = credential->header;
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        lines[count++] = line;
    return lines;
}
