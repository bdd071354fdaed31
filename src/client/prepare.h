/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call made ready from the arguments of a typed function, or from JSON.
 */
#ifndef TB_CLIENT_PREPARE_H
#define TB_CLIENT_PREPARE_H

#include "client/call.h"

/* CALL is to be freed with call_free(), after an error too. Errors name the operation and what does not fit.
 * SKIP is the name of a parameter that is left out; NULL: none. */
int prepare_typed(struct call *call, const tb_api *api, unsigned operation, const void *const *arguments,
                  const void *params, const char *skip, tb_error *err);
int prepare_json(struct call *call, const tb_api *api, const char *operation, json_t *parameters,
                 json_t *body, tb_error *err);

#endif
