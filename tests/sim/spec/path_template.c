/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/spec/path_template.h"

#include <string.h>

static bool match_segments(const char *template, char *const *segments, size_t n, struct path_match *ret)
{
    size_t n_vars = 0;

    for (size_t i = 0; i < n; i++) {
        if (*template != '/')
            return false;
        const char *end = strchrnul(++template, '/');
        size_t len = (size_t)(end - template);

        if (*template == '{') {
            if (*segments[i] == '\0')
                return false;
            if (n_vars < VARS_MAX)
                ret->vars[n_vars++] = segments[i];
        } else if (strlen(segments[i]) != len || memcmp(segments[i], template, len) != 0) {
            return false;
        } else {
            ret->literals |= 1U << (SEGMENTS_MAX - i);
        }
        template = end;
    }
    return *template == '\0';
}

bool path_matches(const char *template, const struct request *rq, struct path_match *ret)
{
    *ret = (struct path_match){};
    /* one path of the API ends with a slash (/api/rule-engine/); elsewhere the slash makes it another path */
    if (rq->trailing_slash)
        return strcmp(template, rq->path) == 0;
    return !ends_with(template, "/") && match_segments(template, rq->segments, rq->n_segments, ret);
}

bool path_template_equals(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++) {
        if (*a == '{') {
            a = strchrnul(a, '}');
            b = strchrnul(b, '}');
        }
    }
    return *a == *b;
}
