/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of an edition and version. */
#ifndef TB_SIM_OPERATION_LOOKUP_H
#define TB_SIM_OPERATION_LOOKUP_H

#include <tbclient/table.h>

#include "sim/http/servlet_request.h"

/* The tables of an edition ("ce", "pe", "paas", in either case) and version, or NULL. */
const struct tb_api *api_find(const char *edition, const char *version);

/* The operation that the target means for a method, or NULL. RET_LITERALS: how exact the match is (struct
 * path_match). HEAD counts as GET. */
const struct tb_operation *operation_find(const struct tb_api *api, const struct request *rq,
                                          const char *method, unsigned *ret_literals);
/* The path variable NAME of the operation's template, decoded, or NULL. */
const char *operation_var(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          const char *name);
/* Whether an operation of API has that method and template, whatever the names of its variables. */
bool operation_exists(const struct tb_api *api, const char *method, const char *path);
/* The same for the tables of all editions and versions. */
bool operation_exists_anywhere(const char *method, const char *path);

#endif
