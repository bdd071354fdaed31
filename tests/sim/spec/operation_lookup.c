/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/spec/operation_lookup.h"

#include <string.h>
#include <strings.h>

#include "sim/spec/path_template.h"
#include "sim/spec/schema_validator.h"

extern const struct tb_api tb_ce_4_4_0, tb_ce_4_3_1_2, tb_pe_4_4_0, tb_pe_4_3_1_2, tb_paas_4_4_0,
    tb_paas_4_3_1_2;

static const struct tb_api *const apis[] = {&tb_ce_4_4_0,   &tb_ce_4_3_1_2, &tb_pe_4_4_0,
                                            &tb_pe_4_3_1_2, &tb_paas_4_4_0, &tb_paas_4_3_1_2};

static const char *const methods[] = {
    [TB_GET] = "GET",       [TB_POST] = "POST", [TB_PUT] = "PUT",         [TB_PATCH] = "PATCH",
    [TB_DELETE] = "DELETE", [TB_HEAD] = "HEAD", [TB_OPTIONS] = "OPTIONS",
};

const struct tb_api *api_find(const char *edition, const char *version)
{
    for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
        if (strcasecmp(apis[i]->edition, edition) == 0 && streq(apis[i]->version, version))
            return apis[i];
    }
    return NULL;
}

/* Whether every path variable has the declared type, which distinguishes templates that differ in names only.
 */
static bool fits(const struct tb_api *api, const struct tb_operation *op, const struct request *rq)
{
    for (size_t i = 0; i < op->parameter_count; i++) {
        const struct tb_parameter *p = &api->parameters[op->first_parameter + i];
        const char *value =
            p->location == TB_IN_PATH ? operation_var(api, op, rq, api_text(api, p->name)) : NULL;
        CLEANUP(schema_error_free) struct schema_error why = SCHEMA_ERROR_INIT;
        bool ok = !value || schema_check_text(api, p->type, p->bounds, value, &why) == 0;

        if (!ok)
            return false;
    }
    return true;
}

const struct tb_operation *operation_find(const struct tb_api *api, const struct request *rq,
                                          const char *method, unsigned *ret_literals)
{
    const struct tb_operation *best = NULL;
    struct path_match m;

    *ret_literals = 0;
    if (streq(method, "HEAD"))
        method = "GET";
    for (size_t i = 0; i < api->operation_count; i++) {
        const struct tb_operation *op = &api->operations[i];

        if (!streq(methods[op->method], method) || !path_matches(api_text(api, op->path), rq, &m) ||
            (best && m.literals < *ret_literals) ||
            (best && m.literals == *ret_literals && fits(api, best, rq)))
            continue;
        best = op;
        *ret_literals = m.literals;
    }
    return best;
}

const char *operation_var(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          const char *name)
{
    const char *template = api_text(api, op->path);

    for (size_t i = 0; i < rq->n_segments && *template; i++) {
        const char *end = strchrnul(++template, '/');

        if (*template == '{' && strncmp(template + 1, name, strlen(name)) == 0 &&
            template[strlen(name) + 1] == '}')
            return rq->segments[i];
        template = end;
    }
    return NULL;
}

bool operation_exists(const struct tb_api *api, const char *method, const char *path)
{
    for (size_t i = 0; i < api->operation_count; i++) {
        const struct tb_operation *op = &api->operations[i];

        if (streq(methods[op->method], method) && path_template_equals(api_text(api, op->path), path))
            return true;
    }
    return false;
}

bool operation_exists_anywhere(const char *method, const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
        if (operation_exists(apis[i], method, path))
            return true;
    }
    return false;
}
