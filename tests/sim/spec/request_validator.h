/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a request by the specification, as a server would. */
#pragma once

#include <tbclient/table.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* What is wrong with a request; begins as zeros. */
struct judgement {
    json_t *faults; /* texts; NULL: nothing */
    int status;     /* that a server answers the first one with: 400 or 500 */
};

void judge(const struct tb_api *api, const struct tb_operation *op, const struct request *rq, bool strict,
           struct judgement *ret);
void judgement_add(struct judgement *j, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void judgement_free(struct judgement *j);

/* multipart.c: the parts of a multipart body against the members of its type. */
void judge_multipart(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                     bool strict, struct judgement *j);
