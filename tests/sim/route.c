/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the row: literals win over variables from left to right, whatever the order of the table. The table
 * itself is in routes.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strchrnul */
#endif
#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "routes.h"

struct match {
    const char *vars[MAX_VARS];
    unsigned literals; /* one bit for each segment, the first one highest */
};

static bool match_segments(const char *template, char *const *segments, size_t n, struct match *ret)
{
    size_t n_vars = 0;

    for (size_t i = 0; i < n; i++) {
        if (*template != '/')
            return false;
        const char *end = strchrnul(++template, '/');
        size_t len = (size_t)(end - template);

        if (*template == '{') {
            if (*segments[i] == '\0' || n_vars == MAX_VARS)
                return false;
            ret->vars[n_vars++] = segments[i];
        } else if (strlen(segments[i]) != len || memcmp(segments[i], template, len) != 0) {
            return false;
        } else {
            ret->literals |= 1U << (MAX_SEGMENTS - i);
        }
        template = end;
    }
    return *template == '\0';
}

static bool match(const struct route *r, const struct request *rq, struct match *ret)
{
    *ret = (struct match){};
    /* one path of the API ends in a slash (/api/rule-engine/); elsewhere a slash at the end is another path
     */
    if (rq->trailing_slash)
        return strcmp(r->path, rq->path) == 0;
    return !ends_with(r->path, "/") && match_segments(r->path, rq->segments, rq->n_segments, ret);
}

static bool same_method(const struct route *r, const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    return strcmp(r->method, method) == 0;
}

const struct route *route_find(struct request *rq)
{
    const struct route *best = NULL;
    unsigned best_literals = 0;
    struct match m;

    for (size_t i = 0; i < n_routes; i++) {
        const struct route *r = &routes[i];

        if (!same_method(r, rq->method) || !match(r, rq, &m) || (best && m.literals <= best_literals))
            continue;
        best = r;
        best_literals = m.literals;
        memcpy(rq->vars, m.vars, sizeof m.vars);
    }
    return best;
}

char *route_allow(struct request *rq, const char *separator, bool with_options)
{
    static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    struct buf allow = {};
    bool any = false;

    for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
        bool has = false;
        struct match unused;

        if (strcmp(methods[m], "OPTIONS") == 0)
            has = with_options && any;
        else if (strcmp(methods[m], "HEAD") != 0 || with_options)
            for (size_t i = 0; i < n_routes && !has; i++)
                has = same_method(&routes[i], methods[m]) && match(&routes[i], rq, &unused);
        if (!has)
            continue;
        any = true;
        buf_puts(&allow, allow.len > 0 ? separator : "");
        buf_puts(&allow, methods[m]);
    }
    if (!any)
        return NULL;
    return buf_take(&allow, NULL);
}
