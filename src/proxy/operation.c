/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/operation.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"

/* The server's asynchronous operations that change something and are not harmless to repeat (saving or
 * deleting an attribute twice is). The reads among them, and all plain operations, are free. */
static const struct {
    const char *method;
    const char *path;
    enum repeat repeat;
} operations[] = {
    {"POST", "/api/plugins/telemetry/*/*/timeseries/*", REPEAT_STAMPED},   /* saveEntityTelemetry */
    {"POST", "/api/plugins/telemetry/*/*/timeseries/*/*", REPEAT_STAMPED}, /* saveEntityTelemetryWithTTL */
    {"POST", "/api/rpc/oneway/*", REPEAT_NEVER},
    {"POST", "/api/rpc/twoway/*", REPEAT_NEVER},
    {"POST", "/api/plugins/rpc/oneway/*", REPEAT_NEVER},
    {"POST", "/api/plugins/rpc/twoway/*", REPEAT_NEVER},
    {"POST", "/api/rule-engine/**", REPEAT_NEVER},
    {"POST", "/api/customer/device/*/claim", REPEAT_NEVER},
    {"DELETE", "/api/customer/device/*/claim", REPEAT_NEVER},
    {"POST", "/api/edge/sync/*", REPEAT_NEVER},
    {"POST", "/api/entities/vc/version", REPEAT_NEVER},
    {"POST", "/api/entities/vc/entity", REPEAT_NEVER},
    {"POST", "/api/admin/repositorySettings", REPEAT_NEVER},
    {"DELETE", "/api/admin/repositorySettings", REPEAT_NEVER},
    {"POST", "/api/admin/repositorySettings/checkAccess", REPEAT_NEVER},
    {"POST", "/api/ai/model/chat", REPEAT_NEVER},
    {"POST", "/api/v1/**", REPEAT_NEVER}, /* the device API: values get their time when they arrive */
};

/* Length of the segment that begins at TEXT, which ends at END. */
static size_t segment_length(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));

    return (size_t)((slash ? slash : end) - text);
}

bool path_matches(const char *pattern, const char *path, size_t length)
{
    const char *end = path + length;
    const char *pattern_end = pattern + strlen(pattern);

    for (;;) {
        size_t wanted = segment_length(pattern, pattern_end);
        size_t have = segment_length(path, end);

        if (wanted == 2 && memcmp(pattern, "**", 2) == 0)
            return true;
        if (!(wanted == 1 && *pattern == '*' && have > 0) &&
            (wanted != have || memcmp(pattern, path, have) != 0))
            return false;
        pattern += wanted;
        path += have;
        if (path == end)
            return pattern == pattern_end;
        if (pattern ==
            pattern_end) /* some servers, or what stands before them, take a final slash for nothing */
            return path + 1 == end;
        pattern++;
        path++;
    }
}

enum repeat operation_repeat(const char *method, const char *path, size_t path_length)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(operations); i++)
        if (strcmp(operations[i].method, method) == 0 && path_matches(operations[i].path, path, path_length))
            return operations[i].repeat;
    return REPEAT_FREE;
}
