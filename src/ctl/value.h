/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text of an option to the value of a parameter, by the tables.
 */
#ifndef TB_CTL_VALUE_H
#define TB_CTL_VALUE_H

#include <jansson.h>

#include "base/error.h"
#include "ctl/catalog.h"

/* TEXT as a value of PARAMETER, or of one element where that is a list; a new reference in *RET. -EINVAL with
 * what was expected, for a person who gave TEXT with --OPTION. */
int value_parse(const tb_api *api, const struct tb_parameter *parameter, const char *text, json_t **ret,
                struct tb_error *err);

/* Puts TEXT as the value of PARAMETER into PARAMETERS; of a list, as one element more. -EEXIST for another
 * that is given twice. */
int value_add(const tb_api *api, const struct tb_parameter *parameter, const char *text, json_t *parameters,
              struct tb_error *err);

/* Adds the values of LIST ("A, B, C") to TEXT, at most until SIZE. Returns RET. */
const char *enum_words(const tb_api *api, const struct tb_enum *list, char *ret, size_t size);

#endif
