/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a call as JSON, one for each row of the operation's parameters: from the arguments of a
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

/* As tb_invoke() takes them. Only the parameter called SKIP (NULL: none) may be missing where it is required.
 */
int parameters_from_arguments(const tb_api *api, const tb_operation *operation, const void *const *arguments,
                              const void *params, const char *skip, struct parameters *ret, tb_error *err);

/* As tb_call() takes them. TB_ERROR_USAGE names a member that is no parameter. OBJECT may be NULL. */
int parameters_from_object(const tb_api *api, const tb_operation *operation, const json_t *object,
                           struct parameters *ret, tb_error *err);

/* Also of memory of zeros. */
void parameters_free(struct parameters *parameters);

#endif
