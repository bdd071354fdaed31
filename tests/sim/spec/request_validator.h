/* SPDX-License-Identifier: Apache-2.0 */
/* Validates a request by the specification, as a server does. */
#ifndef TB_SIM_REQUEST_VALIDATOR_H
#define TB_SIM_REQUEST_VALIDATOR_H

#include <tbclient/table.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* What is wrong with a request. Zeroed memory: nothing yet. */
struct validation {
    json_t *errors; /* an array of strings; NULL: none */
    int status;     /* of a server's answer to the first one: 400 or 500 */
};

void validate_request(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                      bool strict, struct validation *validation);
void validation_add(struct validation *validation, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void validation_free(struct validation *validation);

/* multipart_validator.c: the parts of the body against the members of its type. */
void validate_multipart(const struct tb_api *api, const struct tb_operation *op, const struct request *rq,
                        bool strict, struct validation *validation);

#endif
