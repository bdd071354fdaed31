/* SPDX-License-Identifier: Apache-2.0 */
/* From left to right a literal segment wins over a variable, whatever the order of the table. */
#include "sim/controller/controller_mapping.h"

#include <stdlib.h>
#include <string.h>

#include "sim/controller/controller_table.h"
#include "sim/controller/generated_answers.h"
#include "sim/spec/operation_lookup.h"
#include "sim/spec/path_template.h"

/* The rows that mapping_restrict() has left out. */
static bool *left_out;

static bool same_method(const struct mapping *r, const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    return strcmp(r->method, method) == 0;
}

void mapping_restrict(const struct tb_api *api)
{
    left_out = xcalloc(n_mappings, sizeof(*left_out));
    for (size_t i = 0; i < n_mappings; i++)
        left_out[i] = !operation_exists(api, mappings[i].method, mappings[i].path) &&
                      operation_exists_anywhere(mappings[i].method, mappings[i].path);
}

void mapping_unrestrict(void)
{
    free(left_out);
    left_out = NULL;
}

static const struct mapping *find_row(struct request *rq, unsigned *ret_literals)
{
    const struct mapping *best = NULL;
    struct path_match m;

    *ret_literals = 0;
    for (size_t i = 0; i < n_mappings; i++) {
        const struct mapping *r = &mappings[i];

        if (left_out[i] || !same_method(r, rq->method) || !path_matches(r->path, rq, &m) ||
            (best && m.literals <= *ret_literals))
            continue;
        best = r;
        *ret_literals = m.literals;
        memcpy(rq->vars, m.vars, sizeof(m.vars));
    }
    return best;
}

const struct mapping *mapping_find(const struct tb_api *api, struct request *rq)
{
    unsigned row_literals, literals;
    const struct mapping *row = find_row(rq, &row_literals);

    rq->op = operation_find(api, rq, rq->method, &literals);
    if (!rq->op || (row && row_literals > literals)) {
        rq->op = NULL;
        return row;
    }
    if (row && row_literals == literals)
        return row;
    return rq->op->flags & TB_ANONYMOUS ? &generated_open_mapping : &generated_mapping;
}

static bool has_method(const struct tb_api *api, const struct request *rq, const char *method)
{
    unsigned literals;
    struct path_match m;

    for (size_t i = 0; i < n_mappings; i++) {
        if (!left_out[i] && same_method(&mappings[i], method) && path_matches(mappings[i].path, rq, &m))
            return true;
    }
    return operation_find(api, rq, method, &literals) != NULL;
}

char *mapping_allow(const struct tb_api *api, struct request *rq, const char *separator, bool with_options)
{
    static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    struct buf allow = XBUF_INIT;
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
        xbuf_append_string(&allow, allow.len > 0 ? separator : "");
        xbuf_append_string(&allow, methods[m]);
    }
    if (!any)
        return NULL;
    return xbuf_take(&allow, NULL);
}
