/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the row: literals win over variables from left to right, whatever the order of the table. The table
 * itself is in routes.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strchrnul */
#endif
#include "sim/controller/controller_mapping.h"

#include <stdlib.h>
#include <string.h>

#include "sim/controller/controller_table.h"
#include "sim/controller/generated_answers.h"
#include "sim/spec/operation_lookup.h"

/* Rows that route_restrict() has left out. */
static bool *left_out;

static bool match_segments(const char *template, char *const *segments, size_t n, struct match *ret)
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
            if (n_vars < MAX_VARS)
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

bool path_match(const char *template, const struct request *rq, struct match *ret)
{
    *ret = (struct match){};
    /* one path of the API ends in a slash (/api/rule-engine/); elsewhere a slash at the end is another path
     */
    if (rq->trailing_slash)
        return strcmp(template, rq->path) == 0;
    return !ends_with(template, "/") && match_segments(template, rq->segments, rq->n_segments, ret);
}

static bool same_method(const struct route *r, const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    return strcmp(r->method, method) == 0;
}

void route_restrict(const struct tb_api *api)
{
    left_out = xcalloc(n_routes, sizeof *left_out);
    for (size_t i = 0; i < n_routes; i++)
        left_out[i] = !operation_exists(api, routes[i].method, routes[i].path) &&
                      operation_exists_anywhere(routes[i].method, routes[i].path);
}

void route_forget(void)
{
    free(left_out);
    left_out = NULL;
}

static const struct route *find_row(struct request *rq, unsigned *ret_literals)
{
    const struct route *best = NULL;
    struct match m;

    *ret_literals = 0;
    for (size_t i = 0; i < n_routes; i++) {
        const struct route *r = &routes[i];

        if (left_out[i] || !same_method(r, rq->method) || !path_match(r->path, rq, &m) ||
            (best && m.literals <= *ret_literals))
            continue;
        best = r;
        *ret_literals = m.literals;
        memcpy(rq->vars, m.vars, sizeof m.vars);
    }
    return best;
}

const struct route *route_find(const struct tb_api *api, struct request *rq)
{
    unsigned row_literals, literals;
    const struct route *row = find_row(rq, &row_literals);

    rq->op = operation_find(api, rq, rq->method, &literals);
    if (!rq->op || (row && row_literals > literals)) {
        rq->op = NULL;
        return row;
    }
    if (row && row_literals == literals)
        return row;
    return rq->op->flags & TB_ANONYMOUS ? &generated_open_route : &generated_route;
}

static bool has_method(const struct tb_api *api, const struct request *rq, const char *method)
{
    unsigned literals;
    struct match m;

    for (size_t i = 0; i < n_routes; i++) {
        if (!left_out[i] && same_method(&routes[i], method) && path_match(routes[i].path, rq, &m))
            return true;
    }
    return operation_find(api, rq, method, &literals) != NULL;
}

char *route_allow(const struct tb_api *api, struct request *rq, const char *separator, bool with_options)
{
    static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    struct buf allow = {};
    bool any = false;

    for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
        bool has = false;

        if (strcmp(methods[m], "OPTIONS") == 0)
            has = with_options && any;
        else if (strcmp(methods[m], "HEAD") != 0 || with_options)
            has = has_method(api, rq, methods[m]);
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
