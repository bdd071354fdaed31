/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --jq: prints what an expression of jq makes of an answer.
 *
 * libjq ends the program if memory is short, and overflows the stack if values are nested deeply. So it runs
 * in a child process.
 */
#ifndef TB_CTL_JQ_FILTER_H
#define TB_CTL_JQ_FILTER_H

#include "ctl/output.h"
#include "json/json_text.h"

/* TB_ERROR_USAGE if EXPRESSION is not one. */
int jq_check(const char *expression, struct tb_error *err);

/* Prints the results of EXPRESSION for VALUE, or if EACH for every element of the array VALUE: strings
 * without quotes, all else as JSON, each on a line of its own. Warns if jq cannot hold all digits of a number
 * in VALUE. */
int jq_print(const char *expression, struct json_part value, bool each, bool compact, struct output *output,
             struct tb_error *err);

#endif
