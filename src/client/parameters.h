/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a call as JSON values, in the order of the operation's rows: from the arguments of a
 * typed function, or from an object by name.
 */
#ifndef TB_CLIENT_PARAMETERS_H
#define TB_CLIENT_PARAMETERS_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#define PARAMETERS_MAX 255 /* parameter_count has 8 bits */

struct parameters {
    unsigned count;
    json_t *values[PARAMETERS_MAX]; /* NULL: absent */
};

/* From what tb_invoke() takes. The parameter called SKIP, if not NULL, is left out, even if it is required.
 */
int parameters_from_arguments(const tb_api *api, const tb_operation *operation, const void *const *arguments,
                              const void *params, const char *skip, struct parameters *ret, tb_error *err);

/* From what tb_call() takes. TB_ERROR_USAGE names a member that is not a parameter. OBJECT may be NULL. */
int parameters_from_object(const tb_api *api, const tb_operation *operation, const json_t *object,
                           struct parameters *ret, tb_error *err);

/* PARAMETERS may be all zeros. */
void parameters_free(struct parameters *parameters);

#endif
