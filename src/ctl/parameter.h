/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of an operation, and their values from the command line.
 */
#ifndef TB_CTL_PARAMETER_H
#define TB_CTL_PARAMETER_H

#include <jansson.h>

#include "base/error.h"
#include "ctl/editions.h"

/* The name of OPERATION's parameter I, as in requests. I must be less than parameter_count. */
const char *parameter_name(const tb_api *api, const tb_operation *operation, unsigned i);

/* The parameter of OPERATION that WORD names, as in requests or in kebab case; or NULL. */
const struct tb_parameter *parameter_find(const tb_api *api, const tb_operation *operation, const char *word);

/* Whether the LENGTH bytes of WORD name a parameter that the operation ID has in any edition. */
bool is_parameter(const char *id, const char *word, size_t length);

/* Converts TEXT to the value of PARAMETER, or of one element if it is a list; *RET is a new reference.
 * -EINVAL with a message that says what was expected. */
int parameter_parse(const tb_api *api, const struct tb_parameter *parameter, const char *text, json_t **ret,
                    struct tb_error *err);

/* Adds TEXT to PARAMETERS as the value of PARAMETER, or as another element if it is a list, of JSON or
 * comma-separated. Unless it is CHECKED, any TEXT is sent as it is. -EEXIST if PARAMETER is not a list and
 * has a value already. */
int parameter_add(const tb_api *api, const struct tb_parameter *parameter, const char *text, bool checked,
                  json_t *parameters, struct tb_error *err);

#endif
