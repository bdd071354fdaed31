/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct segment {
    const char *text;
    size_t length;
};

/* A path and the template of its operation, segment by segment. */
struct walk {
    const char *pattern, *pattern_end, *path, *path_end; /* what is left; after a slash */
    struct segment wanted, found;
};

static struct walk walk_begin(const struct operation *operation, const char *path, size_t length)
{
    const char *pattern = operation_path(operation);

    return (struct walk){pattern + 1, pattern + strlen(pattern), path + 1, path + length, {0}, {0}};
}

/* The segment at *AT, which is after a slash; moves *AT to the next one. False: there is none. */
static bool next_segment(const char **at, const char *end, struct segment *ret)
{
    const char *slash;

    if (*at >= end)
        return false;
    slash = memchr(*at, '/', (size_t)(end - *at));
    *ret = (struct segment){*at, (size_t)((slash ? slash : end) - *at)};
    *at = slash ? slash + 1 : end;
    return true;
}

static bool walk_next(struct walk *walk)
{
    return next_segment(&walk->pattern, walk->pattern_end, &walk->wanted) &&
           next_segment(&walk->path, walk->path_end, &walk->found);
}

/* The server also reads an id without its leading zeros, so only its canonical text can be compared. */
static bool is_id(struct segment id)
{
    size_t i;

    if (id.length != POLICY_ID_LENGTH)
        return false;
    for (i = 0; i < id.length; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? id.text[i] != '-'
                                                    : !isxdigit((unsigned char)id.text[i]))
            return false;
    return true;
}

static bool is_id_variable(struct segment pattern)
{
    static const char suffix[] = "Id}";
    size_t length = sizeof(suffix) - 1;

    return pattern.length > length && *pattern.text == '{' &&
           memcmp(pattern.text + pattern.length - length, suffix, length) == 0;
}

static bool is_text(struct segment segment, const char *text)
{
    return segment.length == strlen(text) && strncasecmp(segment.text, text, segment.length) == 0;
}

bool policy_may_be_own(const char *id, size_t length, const struct own_user *own)
{
    return !is_id((struct segment){id, length}) || strncasecmp(id, own->id, POLICY_ID_LENGTH) == 0;
}

bool policy_path_may_name_own(const struct operation *operation, const char *path, size_t length,
                              const struct own_user *own)
{
    struct walk walk = walk_begin(operation, path, length);

    while (walk_next(&walk))
        if (is_id_variable(walk.wanted) && policy_may_be_own(walk.found.text, walk.found.length, own))
            return true;
    return false;
}

bool policy_id_in_path(const struct operation *operation, const char *path, size_t length,
                       char ret[POLICY_ID_LENGTH + 1])
{
    struct walk walk = walk_begin(operation, path, length);

    while (walk_next(&walk))
        if (is_id_variable(walk.wanted) && is_id(walk.found)) {
            memcpy(ret, walk.found.text, POLICY_ID_LENGTH);
            ret[POLICY_ID_LENGTH] = '\0';
            return true;
        }
    return false;
}

/* Beside TEXT, what is still encoded counts, because the server may decode it to anything. */
static bool may_be(struct segment segment, const char *text)
{
    return memchr(segment.text, '%', segment.length) || is_text(segment, text);
}

bool policy_path_may_be_user(const struct operation *operation, const char *path, size_t length)
{
    struct walk walk = walk_begin(operation, path, length);

    while (walk_next(&walk))
        if (is_text(walk.wanted, "{entityType}"))
            return may_be(walk.found, "USER");
    return true;
}

bool policy_path_may_be_signing_key(const char *path, size_t length)
{
    static const char prefix[] = "/api/admin/settings/";
    const char *at = path + strlen(prefix);
    struct segment key;

    return length <= strlen(prefix) || !next_segment(&at, path + length, &key) || may_be(key, "jwt");
}
