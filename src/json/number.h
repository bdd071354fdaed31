/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as JSON values: jansson's own, and those that it cannot hold (TB_VERBATIM, tbclient/value.h).
 */
#ifndef TB_JSON_NUMBER_H
#define TB_JSON_NUMBER_H

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>

#define NUMBER_OUT_OF_RANGE "the number is not between %" PRId64 " and %" PRId64

/* Whether VALUE is a number, of either kind. */
bool number_is(const json_t *value);

/* The nearest double, infinite if VALUE is too large for one; 0 if it is not a number. */
double number_of(const json_t *value);

/* The whole number VALUE, which may be written as 3, 3.0 or 3e0. -EBADMSG: it is not one; -ERANGE: it is not
 * between MIN and MAX. */
int number_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret);

#endif
