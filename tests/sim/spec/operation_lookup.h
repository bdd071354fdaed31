/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the chosen edition and version. */
#pragma once

#include <tbclient/table.h>

#include "sim/http/servlet_request.h"

/* The tables of an edition ("ce", "pe", "paas") and version; NULL: there are none. */
const struct tb_api *api_choose(const char *edition, const char *version);

/* The operation that the target means for a method, NULL if none. *ret_literals tells how exact the match is
 * (path_match). HEAD is GET. */
const struct tb_operation *operation_find(const struct tb_api *api, const struct request *rq,
                                          const char *method, unsigned *ret_literals);
/* The path variable called NAME in the operation's template, decoded; NULL: it has none. */
const char *operation_var(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                          const char *name);
/* Whether some operation of API has that method and template, whatever its variables are called. */
bool operation_exists(const struct tb_api *api, const char *method, const char *path);
/* Whether an operation of that method and template is in the tables of any edition. */
bool operation_exists_anywhere(const char *method, const char *path);
