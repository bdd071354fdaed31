/* SPDX-License-Identifier: Apache-2.0 */
/* An operation that is found at a path has a template with the path's segments; no byte behind the path is
 * read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/route/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t segment_length(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));

    return (size_t)((slash ? slash : end) - text);
}

static bool fits(const char *pattern, const char *path, size_t length)
{
    const char *pattern_end = pattern + strlen(pattern), *end = path + length;

    for (;; pattern++, path++) {
        size_t wanted = segment_length(pattern, pattern_end), have = segment_length(path, end);

        if (*pattern == '{' ? have == 0 : wanted != have || memcmp(pattern, path, have) != 0)
            return false;
        pattern += wanted;
        path += have;
        if (pattern == pattern_end || path == end)
            return (pattern == pattern_end && path == end) ||
                   (pattern == pattern_end && path + 1 == end); /* a final slash */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                          "PATCH", "DELETE", "OPTIONS", "TRACE"};
    const char *method = methods[size ? data[0] % 8 : 0];
    size_t length = size ? size - 1 : 0;
    char *path = malloc(length + !length); /* of its very length, for the address sanitizer */
    const struct operation *found;

    if (!path)
        return 0;
    if (length)
        memcpy(path, data + 1, length);
    found = operation_find(method, path, length);
    if (found && !fits(operation_path(found), path, length))
        abort();
    if (found && found->condition == 0 && found->sets && !operation_at_path_is_in(path, length, found->sets))
        abort();
    operation_retry(found, method, path, length);
    free(path);
    return 0;
}
