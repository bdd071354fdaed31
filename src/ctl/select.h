/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints an answer that is JSON, or the part of it that --field or --jq selects.
 */
#ifndef TB_CTL_SELECT_H
#define TB_CTL_SELECT_H

#include "ctl/arguments.h"
#include "ctl/output.h"
#include "json/json_text.h"

/* Refuses what can be refused before the call: TB_ERROR_USAGE. */
int select_check(const struct arguments *arguments, struct tb_error *err);

/* Whether a part is selected. */
bool select_is_given(const struct arguments *arguments);

/* Prints VALUE, which is valid JSON, with a line end. */
int select_print(const struct arguments *arguments, struct json_part value, struct output *output,
                 struct tb_error *err);

/* Prints what is selected of each element of the array VALUE. */
int select_print_each(const struct arguments *arguments, struct json_part array, struct output *output,
                      struct tb_error *err);

#endif
