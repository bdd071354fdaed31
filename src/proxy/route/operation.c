/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route/operation.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"

/* Length of the segment that begins at TEXT, which ends at END. */
static size_t segment_length(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));

    return (size_t)((slash ? slash : end) - text);
}

bool path_matches(const char *pattern, const char *path, size_t length)
{
    const char *end = path + length;

    for (; *pattern; pattern++) {
        size_t segment;

        if (path == end || *path++ != *pattern)
            return false;
        if (pattern[0] != '/' || pattern[1] != '*')
            continue;
        pattern++;
        if (pattern[1] == '*')
            return true;
        segment = segment_length(path, end);
        if (segment == 0)
            return false;
        path += segment;
    }
    /* some servers, or proxies before them, ignore a final slash */
    return path == end || (path + 1 == end && *path == '/');
}

/* The child of NODE for the LENGTH bytes at SEGMENT, or NULL. */
static const struct operation_node *child_named(const struct operation_node *node, const char *segment,
                                                size_t length)
{
    size_t low = node->first_child, high = low + node->child_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = operation_texts + operation_nodes[middle].segment;
        size_t name_length = strlen(name);
        int order = memcmp(name, segment, name_length < length ? name_length : length);

        if (order == 0 && name_length == length)
            return &operation_nodes[middle];
        if (order < 0 || (order == 0 && name_length < length))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Matches an operation with METHOD, or one of any method that is always in one of SETS. */
struct wanted {
    int method; /* -1: any */
    unsigned sets;
};

static bool is_wanted(const struct operation *operation, struct wanted wanted)
{
    return wanted.method >= 0 ? operation->method == wanted.method
                              : operation->sets & wanted.sets && operation->condition == CONDITION_ALWAYS;
}

static const struct operation *operation_of(const struct operation_node *node, struct wanted wanted)
{
    size_t i;

    for (i = node->first_operation; i < (size_t)node->first_operation + node->operation_count; i++)
        if (is_wanted(&operations[i], wanted))
            return &operations[i];
    return NULL;
}

/* PATH is what follows NODE: nothing, or a slash and more. As deep as the tree. */
static const struct operation *find_below(const struct operation_node *node, struct wanted wanted,
                                          const char *path, const char *end)
{
    const struct operation_node *child;
    const struct operation *found = NULL;
    size_t length;

    if (path == end)
        return operation_of(node, wanted);
    path++;
    length = segment_length(path, end);
    child = child_named(node, path, length);
    if (child)
        found = find_below(child, wanted, path + length, end);
    if (!found && node->variable && length > 0)
        found = find_below(&operation_nodes[node->variable], wanted, path + length, end);
    return found;
}

static const struct operation *find(struct wanted wanted, const char *path, size_t length)
{
    const struct operation *found;

    if (length == 0 || *path != '/')
        return NULL;
    found = find_below(operation_nodes, wanted, path, path + length);
    /* some servers, or proxies before them, ignore a final slash */
    if (!found && length > 1 && path[length - 1] == '/')
        found = find_below(operation_nodes, wanted, path, path + length - 1);
    return found;
}

static int method_of(const char *name)
{
    static const struct {
        const char *name;
        enum tb_method method;
    } methods[] = {
        {"GET", TB_GET},     {"HEAD", TB_GET},      {"POST", TB_POST},       {"PUT", TB_PUT},
        {"PATCH", TB_PATCH}, {"DELETE", TB_DELETE}, {"OPTIONS", TB_OPTIONS},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(methods); i++)
        if (strcmp(methods[i].name, name) == 0)
            return (int)methods[i].method;
    return -1;
}

const struct operation *operation_find(const char *method, const char *path, size_t length)
{
    int wanted = method_of(method);

    return wanted < 0 ? NULL : find((struct wanted){wanted, 0}, path, length);
}

bool operation_at_path_is_in(const char *path, size_t length, unsigned sets)
{
    return find((struct wanted){-1, sets}, path, length) != NULL;
}

enum tb_retry operation_retry(const struct operation *operation, const char *method, const char *path,
                              size_t length)
{
    /* A newer server may have operations here that no document has. */
    static const char *const acting[] = {"/api/rule-engine/**", "/api/v1/**"};
    size_t i;

    if (operation)
        return (enum tb_retry)operation->retry;
    for (i = 0; i < ARRAY_SIZE(acting); i++)
        if (strcmp(method, "POST") == 0 && path_matches(acting[i], path, length))
            return TB_RETRY_NEVER;
    return TB_RETRY_FREE;
}
